"""The gate of couple work: what is for two opens only while they are linked and each is cleared, by a
person, recently.

What is scheduled waits alike for both. A day that passes meanwhile is let go for both, without a line
on any page of theirs or a mail: neither can tell that something was held, or on whose account.

Whoever opens it holds both clients' rows while they look and open, as do who clears one of them and the
answer that ends this: it opens before that answer or not at all, and for both alike.
"""

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from clients.actions.clearances import cleared
from clients.actions.turns import lock_clients
from clients.models import Client
from exercises.actions import reminding
from exercises.actions.moving import apply_move
from exercises.definition import FOR_TWO
from exercises.models import Assignment, Homework
from exercises.workflow import Move, Status
from practice.actors import system

PARTED = Q(couple__ended_at__isnull=False)


def is_closed(given: Assignment, at: datetime) -> bool:
    """Say whether what was given stands behind the gate, and may not open now."""
    pair = _pair(given)
    return is_gated(given) and (not pair or cleared(pair, at) != pair)


def is_gated(given: Assignment) -> bool:
    """Say whether what was given opens only through the gate."""
    return given.version.definition.is_for_two


def hold(given: Assignment) -> None:
    """Keep the gate as it is until this transaction ends, before anything else is held."""
    if is_gated(given):
        lock_clients(_pair(given))


def open_or_let_pass(due: Homework, at: datetime) -> None:
    """Open what is due behind the gate, the partner's too if its time has come; let it go for both
    where the gate is closed.

    The clock, which calls this, holds a homework already and so waits for nobody: while somebody is at
    one of the rows, all of it stays for the next round.
    """
    given = due.assignment
    same_time = Homework.objects.filter(
        assignment=given, slot=due.slot, status=Status.SCHEDULED
    ).order_by("pk")
    held = same_time.select_for_update(skip_locked=True, of=("self",)).select_related("client")
    rows = list(held) if _holds(_pair(given)) else []
    if len(rows) < same_time.count():
        return
    is_shut = is_closed(given, at)
    for homework in rows:
        if is_shut:
            lapse(homework, at)
        elif homework.opens_at <= at:
            apply_move(homework, Move.OPEN, by=system(homework.practice_id), at=at)


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


def _pair(given: Assignment) -> set[UUID]:
    """Return for whom it is, while they are linked."""
    if given.couple is None or given.couple.ended_at is not None:
        return set()
    return {given.couple.first_id, given.couple.second_id}


def _holds(pair: set[UUID]) -> bool:
    """Hold these clients' rows as `lock_clients` does, without waiting; say whether that was possible."""
    rows = Client.objects.select_for_update(no_key=True, skip_locked=True).filter(pk__in=pair)
    return len(rows) == len(pair)


def _for_two(practice_id: UUID) -> QuerySet[Assignment]:
    # By its own version: a newer one of the same exercise may be for one, or for two.
    return Assignment.objects.filter(
        practice_id=practice_id, version__body__kind__in=sorted(FOR_TWO)
    )
