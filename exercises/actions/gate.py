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
    """Return the series of which nothing opens any more: the two they are for are linked no more."""
    going_on = _for_parted(practice_id).filter(withdrawn_at=None).exclude(rrule="")
    return going_on.order_by("pk")


def scheduled_in_vain(practice_id: UUID) -> QuerySet[Homework]:
    """Return what is scheduled and will never open for that reason."""
    scheduled = Homework.objects.filter(
        practice_id=practice_id,
        status=Status.SCHEDULED,
        assignment__in=_for_parted(practice_id).values("pk"),
    )
    return scheduled.select_related("client").order_by("opens_at", "pk")


def end(series: Assignment, at: datetime) -> None:
    """Plan no more of a series."""
    series.withdrawn_at = at
    series.save(update_fields=["withdrawn_at"])


def _for_parted(practice_id: UUID) -> QuerySet[Assignment]:
    # By its own version: a newer one of the same exercise may be for one, or for two.
    parted = Q(couple=None) | Q(couple__ended_at__isnull=False)
    return Assignment.objects.filter(
        parted, practice_id=practice_id, version__body__kind__in=sorted(FOR_TWO)
    )
