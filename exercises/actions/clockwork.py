"""What time itself does: open what is due to open, settle sent reviews, let old work go.

Every tick is harmless to repeat and to run twice at once: each row is taken with SKIP LOCKED and
moved by compare-and-swap. Runs in each practice's own scope, as the worker.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

from exercises.actions import assigning, erasing, gate, reminding, reviewing
from exercises.actions.moving import move
from exercises.models import Homework, Review
from exercises.workflow import Move, Status
from practice.actions import factors, housekeeping
from practice.actors import system
from practice.errors import records_away
from practice.models import Practice
from practice.tenancy import scope

T = TypeVar("T")
log = logging.getLogger(__name__)
BATCH = 200
# How long something stays "still here if you want it" before it lets itself go.
KEPT_FOR = timedelta(days=28)


def tick(at: datetime) -> int:
    """Do what has come due in every practice; return how many rows moved."""
    return sum(_in_each(_practices(), partial(tick_practice, at=at)))


def tick_practice(practice: UUID, at: datetime) -> int:
    """Do what has come due in one practice."""
    moved = 0
    with scope(practice=practice):
        moved += _settle_reviews(at)
        moved += _open_scheduled(at)
        moved += _let_go(at)
    return moved


def plan(at: datetime) -> None:
    """Plan what repeats, and the daily mails; erase what is due; sweep out what is spent.

    And seal the second factors that an older release, which may still run, has left open.
    """
    practices = _practices()
    _in_each(practices, partial(_plan_practice, at=at))
    _in_each(practices, partial(erasing.erase_due, at=at))
    _unless_it_breaks(partial(housekeeping.sweep, practices, at))
    _unless_it_breaks(factors.seal_new)


def _plan_practice(practice: UUID, at: datetime) -> None:
    with scope(practice=practice):
        assigning.extend(practice, at=at)
        gate.end_for_good(practice, at)
        reminding.plan_daily_for_members(practice, at)
        reminding.replan_changed(practice, at)


def _practices() -> list[UUID]:
    with scope():
        return list(Practice.objects.order_by("pk").values_list("pk", flat=True))


def _in_each(practices: Sequence[UUID], do: Callable[[UUID], T]) -> list[T]:
    """Do it in one practice after the other; what breaks in one holds up no other."""
    done = (_unless_it_breaks(partial(do, practice), practice) for practice in practices)
    return [one for one in done if one is not None]


def _unless_it_breaks(do: Callable[[], T], practice: UUID | None = None) -> T | None:
    """Do it; what breaks is logged, and holds up nothing that comes after it."""
    try:
        return do()
    except Exception as error:
        if records_away(error):
            raise
        left_out = {"practice": practice or "", "code": type(error).__name__}
        log.exception("something was left out of a round", extra=left_out)
    return None


def _settle_reviews(at: datetime) -> int:
    due = list(
        Review.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("reviewer", "response__homework__client", "response__homework__version")
        .filter(sent_at__isnull=False, settled_at=None, settles_at__lte=at)
        .order_by("settles_at", "pk")[:BATCH]
    )
    for review in due:
        reviewing.settle(review, at=at)
    return len(due)


def _open_scheduled(at: datetime) -> int:
    due = list(
        Homework.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("client", "assignment__couple", "assignment__version")
        .defer("assignment__version__body")
        .filter(status=Status.SCHEDULED, opens_at__lte=at)
        .order_by("opens_at", "pk")[:BATCH]
    )
    closed = gate.closed([one.assignment for one in due], at)
    for homework in due:
        if homework.assignment_id not in closed:
            move(homework, Move.OPEN, by=system(homework.practice_id), at=at)
    gate.let_pass([one for one in due if one.assignment_id in closed], at)
    return len(due)


def _let_go(at: datetime) -> int:
    old = list(
        Homework.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("client", "assignment")
        .filter(status__in=[Status.OPEN, Status.IN_PROGRESS], due_at__lte=at - KEPT_FOR)
        .order_by("due_at", "pk")[:BATCH]
    )
    for homework in old:
        move(homework, Move.EXPIRE, by=system(homework.practice_id), at=at)
        reminding.cancel_for_homework(homework.pk, reason="too_late")
    return len(old)
