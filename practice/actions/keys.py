"""Replace a practice's data key while the site runs: new key, re-seal in batches, retire the old."""

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models
from django.db.models import BinaryField

from practice.actions import auditing
from practice.actors import system
from practice.crypto import (
    ACTIVE_KEY_SECONDS,
    key_context,
    key_number,
    keyring,
    new_wrapped_key,
    seal,
    unseal,
)
from practice.models import PracticeKey, PracticeOwned
from practice.tenancy import scope

BATCH = 200


def sealed_fields() -> Iterator[tuple[type[PracticeOwned], str]]:
    """Yield every field that holds sealed words, over all models."""
    for model in apps.get_models():
        if issubclass(model, PracticeOwned):
            for field in model._meta.get_fields():
                if isinstance(field, BinaryField) and field.name.startswith("sealed"):
                    yield model, field.name


def begin_rotation(practice: UUID, *, at: datetime) -> int:
    """Add a new key, unless a rotation is under way; return its number.

    Raises KeyTrouble, and changes nothing, when the master key set here opens none of the old ones:
    the site would be given a key that nobody else can open.
    """
    keyring.forget()
    with scope(practice=practice):
        numbers = list(
            PracticeKey.objects.filter(practice_id=practice, retired_at=None)
            .order_by("number")
            .values_list("number", flat=True)
        )
        for number in numbers:
            keyring.numbered(practice, number)
        if len(numbers) > 1:
            return numbers[-1]  # interrupted before: go on where it stopped
        number = max(numbers, default=0) + 1
        PracticeKey.objects.create(
            practice_id=practice, number=number, wrapped=new_wrapped_key(practice, number)
        )
        auditing.record(
            by=system(practice),
            at=at,
            action="keys.rotation_begun",
            object_kind="practice",
            object_id=practice,
            number=number,
        )
    return number


def reseal(practice: UUID, number: int) -> int:
    """Re-seal everything older keys sealed; return how many fields. Safe to repeat."""
    keyring.forget()
    return sum(_reseal_field(practice, number, model, name) for model, name in sealed_fields())


def finish_rotation(practice: UUID, number: int, *, at: datetime, wait: bool = True) -> int:
    """Wait until no process seals with an old key, re-seal what came in, retire the old keys."""
    if wait:
        time.sleep(2 * ACTIVE_KEY_SECONDS)
    late = reseal(practice, number)
    with scope(practice=practice):
        PracticeKey.objects.filter(practice_id=practice, number__lt=number, retired_at=None).update(
            retired_at=at
        )
        auditing.record(
            by=system(practice),
            at=at,
            action="keys.rotated",
            object_kind="practice",
            object_id=practice,
            number=number,
        )
    return late


def open_all() -> int:
    """Open every key of every practice once; return how many. Raises KeyTrouble at the first that stays shut.

    As the database's owner, before whom no wall stands: after a restore.
    """
    places = list(PracticeKey.objects.order_by("pk").values_list("practice_id", "number"))
    for practice, number in places:
        keyring.numbered(practice, number)
    return len(places)


def rewrap(practice: UUID) -> int:
    """Wrap a practice's data keys anew under the first master key; return how many."""
    keyring.forget()
    with scope(practice=practice):
        rows = list(PracticeKey.objects.filter(practice_id=practice).order_by("number"))
        for row in rows:
            context = key_context(practice, row.number)
            plain = keyring.wrapper.unwrap(bytes(row.wrapped), context)
            PracticeKey.objects.filter(pk=row.pk).update(
                wrapped=keyring.wrapper.wrap(plain, context)
            )
    return len(rows)


def _reseal_field(practice: UUID, number: int, model: type[models.Model], name: str) -> int:
    done, last = 0, None
    while True:
        with scope(practice=practice):
            rows: models.QuerySet[Any] = (
                models.QuerySet(model)
                .filter(**{"practice_id": practice, f"{name}__isnull": False})
                .order_by("pk")
            )
            if last is not None:
                rows = rows.filter(pk__gt=last)
            batch = list(rows.values_list("pk", name)[:BATCH])
            for pk, box in batch:
                done += _reseal_one(practice, number, model, name, pk, bytes(box))
        if len(batch) < BATCH:
            return done
        last = batch[-1][0]


def _reseal_one(
    practice: UUID, number: int, model: type[models.Model], name: str, pk: object, box: bytes
) -> bool:
    if key_number(box) >= number:
        return False
    place = {
        "practice": practice,
        "table": model._meta.db_table,
        "row": pk,
        "field": name,
    }
    fresh = seal(unseal(box, **place), **place)  # type: ignore[arg-type]  # as unpacked above
    # Only if nobody wrote in between: their text is newer, and sealed anew already.
    return bool(models.QuerySet(model).filter(**{"pk": pk, name: box}).update(**{name: fresh}))
