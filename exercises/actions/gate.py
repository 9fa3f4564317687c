"""The gate of couple work: what is for two opens only while they are linked and each is cleared, by a
person, recently.

What is scheduled waits alike for both. A day that passes meanwhile is let go for both, without a line
on any page of theirs or a mail: neither can tell that something was held, or on whose account.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from clients.actions.clearances import cleared
from exercises.actions import reminding
from exercises.actions.moving import apply_move
from exercises.models import Assignment, ExerciseVersion, Homework
from exercises.workflow import Move, Status
from practice.actors import system

BATCH = 200


def is_for_two(version: ExerciseVersion) -> bool:
    """Say whether this exercise stands behind the gate."""
    return version.definition.kind in {"pair", "joint"}


def closed(given: Iterable[Assignment], at: datetime) -> set[UUID]:
    """Return which of these assignments may not open now, with one question at most."""
    couples = {one.pk: one.couple for one in given if is_for_two(one.version)}
    people = {pk for two in couples.values() if two for pk in (two.first_id, two.second_id)}
    clear = cleared(people, at) if people else set()
    return {
        pk
        for pk, two in couples.items()
        if two is None or two.ended_at is not None or not {two.first_id, two.second_id} <= clear
    }


def let_pass(due: Sequence[Homework], at: datetime) -> None:
    """Let what was due to open behind the closed gate go, and the partner's of the same time."""
    for assignment, slot in {(one.assignment_id, one.slot) for one in due}:
        _lapse(Q(assignment=assignment, slot=slot), at)


def end_for_good(practice_id: UUID, at: datetime) -> int:
    """Let go what will never open: the two it is for are linked no more; say how many went."""
    parted = Q(couple=None) | Q(couple__ended_at__isnull=False)
    never = Assignment.objects.filter(
        parted, practice_id=practice_id, version__exercise__is_pair=True
    )
    Assignment.objects.filter(pk__in=never.values("pk"), withdrawn_at=None).exclude(
        rrule=""
    ).update(withdrawn_at=at)
    return _lapse(Q(assignment__in=never.values("pk")), at)


def _lapse(which: Q, at: datetime) -> int:
    rows = Homework.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        which, status=Status.SCHEDULED
    )
    found = list(rows.select_related("client").order_by("pk")[:BATCH])
    for homework in found:
        apply_move(homework, Move.LAPSE, by=system(homework.practice_id), at=at)
        reminding.forget(homework.pk)
    return len(found)
