"""The gate of couple work: what is for two opens only while they are linked and each is cleared, by a
person, recently.

What is scheduled waits alike for both. A day that passes meanwhile is let go for both, without a line
on any page of theirs or a mail: neither can tell that something was held, or on whose account.
"""

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from clients.actions.clearances import cleared
from exercises.actions import reminding
from exercises.actions.moving import apply_move
from exercises.definition import FOR_TWO
from exercises.models import Assignment, Homework
from exercises.workflow import Move, Status
from practice.actors import system

PARTED = Q(couple__ended_at__isnull=False)


def is_closed(given: Assignment, at: datetime) -> bool:
    """Say whether what was given stands behind the gate, and may not open now."""
    if not given.version.definition.is_for_two:
        return False
    if given.couple is None or given.couple.ended_at is not None:
        return True
    pair = {given.couple.first_id, given.couple.second_id}
    return cleared(pair, at) != pair


def let_pass(due: Homework, at: datetime) -> None:
    """Let what was due to open behind the closed gate go, and the partner's of the same time."""
    same_time = Homework.objects.filter(
        assignment=due.assignment_id, slot=due.slot, status=Status.SCHEDULED
    )
    held = same_time.select_for_update(skip_locked=True, of=("self",)).select_related("client")
    for homework in held.order_by("pk"):
        lapse(homework, at)


def lapse(homework: Homework, at: datetime) -> None:
    """Let one go that has not opened."""
    apply_move(homework, Move.LAPSE, by=system(homework.practice_id), at=at)
    reminding.forget(homework.pk)


def series_in_vain(practice_id: UUID) -> QuerySet[Assignment]:
    """Return the series of which nothing opens any more: the two they are for are linked no more, or
    the record of one was erased."""
    going_on = _for_two(practice_id).filter(Q(couple=None) | PARTED, withdrawn_at=None)
    return going_on.exclude(rrule="").order_by("pk")


def scheduled_in_vain(practice_id: UUID) -> QuerySet[Homework]:
    """Return what is scheduled and will never open because the two were parted.

    Where the record of one was erased, it waits for its day, as ever: the mails planned for it would
    be gone from the other's list on the very day of the erasure.
    """
    scheduled = Homework.objects.filter(
        practice_id=practice_id,
        status=Status.SCHEDULED,
        assignment__in=_for_two(practice_id).filter(PARTED).values("pk"),
    )
    return scheduled.select_related("client").order_by("opens_at", "pk")


def end(series: Assignment, at: datetime) -> None:
    """Plan no more of a series."""
    series.withdrawn_at = at
    series.save(update_fields=["withdrawn_at"])


def _for_two(practice_id: UUID) -> QuerySet[Assignment]:
    # By its own version: a newer one of the same exercise may be for one, or for two.
    return Assignment.objects.filter(
        practice_id=practice_id, version__body__kind__in=sorted(FOR_TWO)
    )
