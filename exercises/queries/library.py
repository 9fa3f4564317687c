"""The practice's exercises."""

from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from exercises.models import Exercise, ExerciseVersion
from exercises.permissions import may_see_library
from practice.actors import Actor
from practice.queries.finding import or_404
from practice.queries.paging import Page, page


def exercises(actor: Actor) -> QuerySet[Exercise]:
    """Return the exercises that can be assigned here; none for who doesn't work here."""
    found = Exercise.objects.filter(practice_id=actor.practice_id, retired_at=None)
    return found if may_see_library(actor) else found.none()


def library(actor: Actor, search: str = "", after: str | None = None) -> Page[Exercise]:
    """Return the library, by slug; `search` looks through titles and purposes."""
    found = exercises(actor)
    for word in search.lower().split()[:6]:
        found = found.filter(search_text__contains=word)
    return page(found, order=("slug", "pk"), after=after)


def newest_versions(actor: Actor, found: list[Exercise]) -> dict[UUID, ExerciseVersion]:
    """Return the newest version of each exercise, by exercise id, in one query."""
    newest = (
        ExerciseVersion.objects.filter(exercise=OuterRef("exercise"))
        .order_by("-number")
        .values("pk")[:1]
    )
    versions = ExerciseVersion.objects.filter(
        exercise__in=exercises(actor).filter(pk__in=[exercise.pk for exercise in found]),
        pk=Subquery(newest),
    ).select_related("exercise")
    return {version.exercise_id: version for version in versions.defer("body")}


def newest_version(actor: Actor, exercise_id: UUID) -> ExerciseVersion:
    """Return what an exercise says today. Raises Http404."""
    found = or_404(exercises(actor).filter(pk=exercise_id))
    return newest_versions(actor, [found])[found.pk]


def is_for_two(actor: Actor, exercise_id: str) -> bool:
    """Say whether this is an exercise that only a couple can be given."""
    return bool(exercise_id) and exercises(actor).filter(pk=exercise_id, is_pair=True).exists()


def versions(actor: Actor, exercise: Exercise) -> list[ExerciseVersion]:
    """Return all versions, newest first."""
    found = ExerciseVersion.objects.filter(exercise__in=exercises(actor).filter(pk=exercise.pk))
    return list(found.order_by("-number", "pk"))
