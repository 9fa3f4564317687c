"""Bring exercise files into a practice's library; safe to repeat, never half done."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from exercises import definition as definitions
from exercises.definition import Definition
from exercises.models import Exercise, ExerciseVersion


def publish(practice_id: UUID, wanted: list[Definition], *, at: datetime) -> int:
    """Make the library of one practice hold these definitions; return how many are new.

    An unchanged definition does nothing; a changed one becomes the next version, and what was
    assigned stays on its own.
    """
    with transaction.atomic():
        return sum(_publish_one(practice_id, definition, at=at) for definition in wanted)


def _publish_one(practice_id: UUID, definition: Definition, *, at: datetime) -> bool:
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
        return False
    ExerciseVersion.objects.create(
        practice_id=practice_id,
        exercise=exercise,
        number=(newest.number if newest else 0) + 1,
        body=definitions.to_json(definition),
        digest=digest,
        published_at=at,
    )
    return True


def _search_text(definition: Definition) -> str:
    texts = [*definition.title.values(), *definition.purpose.values()]
    return " ".join(texts).lower()
