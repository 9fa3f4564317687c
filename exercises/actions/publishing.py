"""Bring exercise files into a practice's library; safe to repeat, never half done."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from exercises import definition as definitions
from exercises.definition import Definition
from exercises.models import Exercise, ExerciseVersion


@dataclass(frozen=True)
class Published:
    """A version that is new."""

    slug: str
    number: int
    # Keys of the version before that it does not have. A renamed one looks like this, and its
    # charts begin anew.
    gone: tuple[str, ...]


def publish(practice_id: UUID, wanted: list[Definition], *, at: datetime) -> list[Published]:
    """Make the library of one practice hold these definitions; return the versions that are new.

    An unchanged definition does nothing; a changed one becomes the next version, and what was
    assigned stays on its own.
    """
    with transaction.atomic():
        found = [_publish_one(practice_id, definition, at=at) for definition in wanted]
    return [one for one in found if one]


def retire(practice_id: UUID, slug: str, *, at: datetime) -> bool:
    """Take an exercise out of one practice's library; what was assigned goes on. Say whether it
    was there. Published again, it is back."""
    found = Exercise.objects.filter(practice_id=practice_id, slug=slug, retired_at=None)
    return bool(found.update(retired_at=at))


def _publish_one(practice_id: UUID, definition: Definition, *, at: datetime) -> Published | None:
    facts = {
        "search_text": _search_text(definition),
        "is_pair": definition.is_for_two,
        "is_log": bool(definition.open_logs),
        "minutes": definition.minutes,
        "retired_at": None,
    }
    exercise, _created = Exercise.objects.update_or_create(
        practice_id=practice_id,
        slug=definition.slug,
        defaults=facts,
        create_defaults={**facts, "created_at": at},
    )
    digest = definitions.digest(definition)
    newest = ExerciseVersion.objects.filter(exercise=exercise).order_by("-number").first()
    if newest and newest.digest == digest:
        return None
    number = newest.number + 1 if newest else 1
    ExerciseVersion.objects.create(
        practice_id=practice_id,
        exercise=exercise,
        number=number,
        body=definitions.to_json(definition),
        digest=digest,
        published_at=at,
    )
    kept = {item.key for item in definition.walk()}
    before = newest.definition.walk() if newest else ()
    gone = tuple(item.key for item in before if item.key not in kept)
    return Published(definition.slug, number, gone)


def _search_text(definition: Definition) -> str:
    texts = [*definition.title.values(), *definition.purpose.values()]
    return " ".join(texts).lower()
