"""What time itself does: open what is due to open, settle sent reviews, expire what is long overdue.

Every row moves in a transaction of its own: one that breaks is logged and holds up no other, and
nobody waits for a lock longer than that row takes. Every tick is harmless to repeat and to run
twice at once: each row is taken with SKIP LOCKED and moved by compare-and-swap. Runs in each
practice's own scope, as the worker.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import QuerySet

from clients.actions import erasing as clients_erasing
from exercises.actions import erasing, gate, planning, reminding, reviewing
from exercises.actions.moving import apply_move
from exercises.models import Homework, ReminderReason, Review
from exercises.workflow import Move, Status
from practice.actions import factors, housekeeping
from practice.actors import system
from practice.errors import has_crossed, records_away
from practice.models import Practice
from practice.tenancy import scope

T = TypeVar("T")
# Rows that are due, the first ones first, and what is done to each of them.
Chore = tuple[QuerySet[Any], Callable[[Any], None]]
log = logging.getLogger(__name__)
# So many rows of a kind move before the next practice has its turn.
BATCH = 200
# What breaks stays due, and first in its order; so many are looked at to find a batch that moves.
MOST_LOOKED_AT = 10 * BATCH
# How long something stays "still here if you want it" before it lets itself go.
KEPT_FOR = timedelta(days=28)


def tick(at: datetime) -> int:
    """Do what has come due in every practice; return how many rows moved."""
    return sum(_in_each(_practices(), partial(tick_practice, at=at)))


def tick_practice(practice: UUID, at: datetime) -> int:
    """Do what has come due in one practice."""
    return _do_all(
        practice,
        _settle_reviews(practice, at),
        _open_scheduled(practice, at),
        _expire_overdue(practice, at),
    )


def plan(at: datetime) -> None:
    """Plan what repeats, and the daily mails; erase what is due; sweep out what is spent.

    And seal the second factors that an older release, which may still run, has left open.
    """
    practices = _practices()
    for chore in (extend_series, end_what_was_for_two, plan_daily_mails, replan_changed, erase_due):
        _in_each(practices, partial(chore, at=at))
    _unless_it_breaks(partial(housekeeping.sweep, practices, at))
    _unless_it_breaks(factors.seal_new)


def extend_series(practice: UUID, at: datetime) -> int:
    """Plan the coming occurrences of everything that repeats in one practice."""
    with scope(practice=practice):
        shares = planning.unfinished_shares(practice, at)
    return _each(
        practice,
        ((share.assignment_id, partial(_extend, practice, share, at)) for share in shares),
    )


def _extend(practice: UUID, share: planning.Share, at: datetime) -> bool:
    # Told without asking the database: nearly always, there is nothing to plan.
    if not planning.lacks(share, at):
        return False
    with scope(practice=practice):
        return planning.extend(share, at=at)


def end_what_was_for_two(practice: UUID, at: datetime) -> int:
    """End what was for two who are linked no more: their series, and what has not opened."""
    return _do_all(
        practice,
        (gate.series_in_vain(practice), partial(gate.end, at=at)),
        (gate.scheduled_in_vain(practice), partial(gate.lapse, at=at)),
    )


def plan_daily_mails(practice: UUID, at: datetime) -> int:
    """Plan today's one mail for each therapist of one practice, if anything waits."""
    with scope(practice=practice):
        members = reminding.members_with_daily_mail(practice)
    return _each(
        practice,
        (
            (member.pk, partial(_in_scope, practice, reminding.plan_daily, member, at))
            for member in members
        ),
    )


def replan_changed(practice: UUID, at: datetime) -> int:
    """Move what is planned in one practice to where zone data and clients' choices now put it."""
    with scope(practice=practice):
        changed = reminding.changed_homeworks(practice, most=MOST_LOOKED_AT)
    return _each(
        practice, ((pk, partial(_in_scope, practice, reminding.replan, pk, at)) for pk in changed)
    )


def erase_due(practice: UUID, at: datetime) -> int:
    """Erase every record of one practice that is due; ask for what was kept long enough."""
    with scope(practice=practice):
        whose = Practice.objects.get(pk=practice)
        clients_erasing.request_past_retention(whose, at)
        chore: Chore = (erasing.due(whose, at), partial(erasing.erase, at=at))
        due = _found(chore)
    return _move_each(practice, chore, due)


def _practices() -> list[UUID]:
    with scope():
        return list(Practice.objects.order_by("pk").values_list("pk", flat=True))


def _in_each(practices: Sequence[UUID], do: Callable[[UUID], T]) -> list[T]:
    """Do it in one practice after the other; what breaks in one holds up no other."""
    done = (_unless_it_breaks(partial(do, practice), practice) for practice in practices)
    return [one for one in done if one is not None]


def _each(practice: UUID, deeds: Iterable[tuple[UUID, Callable[[], bool]]]) -> int:
    """Do one deed after the other, each named by its row, until a batch has moved; say how many
    did. What breaks in one holds up no other."""
    moved = 0
    for row, deed in deeds:
        if moved == BATCH:
            break
        moved += bool(_unless_it_breaks(deed, practice, row))
    return moved


def _in_scope(practice: UUID, do: Callable[..., bool], *given: object) -> bool:
    with scope(practice=practice):
        return do(*given)


def _unless_it_breaks(
    do: Callable[[], T], practice: UUID | None = None, row: UUID | None = None
) -> T | None:
    """Do it; what breaks is logged, and holds up nothing that comes after it."""
    try:
        return do()
    except Exception as error:
        if records_away(error) and not has_crossed(error):
            raise
        left_out = {"practice": practice or "", "row": row or "", "code": type(error).__name__}
        log.exception("something was left out of a round", extra=left_out)
    return None


def _do_all(practice: UUID, *chores: Chore) -> int:
    # One transaction for all the questions: nearly always, nothing is due.
    with scope(practice=practice):
        due = [_found(chore) for chore in chores]
    return sum(_move_each(practice, *one) for one in zip(chores, due, strict=True))


def _found(chore: Chore) -> list[UUID]:
    """Return the rows that are due, the first ones first."""
    return list(chore[0].values_list("pk", flat=True)[:MOST_LOOKED_AT])


def _move_each(practice: UUID, chore: Chore, rows: list[UUID]) -> int:
    """Move each of these rows, in a transaction of its own; say how many did."""
    return _each(practice, ((pk, partial(_move_one, practice, chore, pk)) for pk in rows))


def _move_one(practice: UUID, chore: Chore, pk: UUID) -> bool:
    due, do = chore
    with scope(practice=practice):
        # Not found: it has moved meanwhile, or somebody else is at it.
        row = due.select_for_update(skip_locked=True, of=("self",)).filter(pk=pk).first()
        if row is not None:
            do(row)
    return row is not None


def _settle_reviews(practice: UUID, at: datetime) -> Chore:
    due = (
        Review.objects.select_related(
            "reviewer", "response__homework__client", "response__homework__version"
        )
        .filter(practice_id=practice, sent_at__isnull=False, settled_at=None, settles_at__lte=at)
        .order_by("settles_at", "pk")
    )
    return due, partial(reviewing.settle, at=at)


def _open_scheduled(practice: UUID, at: datetime) -> Chore:
    due = (
        Homework.objects.select_related("client", "assignment__couple", "assignment__version")
        .defer("assignment__version__body")
        .filter(practice_id=practice, status=Status.SCHEDULED, opens_at__lte=at)
        .order_by("opens_at", "pk")
    )

    def open_it(homework: Homework) -> None:
        if gate.is_gated(homework.assignment):
            gate.open_or_let_pass(homework, at)
        else:
            apply_move(homework, Move.OPEN, by=system(practice), at=at)

    return due, open_it


def _expire_overdue(practice: UUID, at: datetime) -> Chore:
    due = (
        Homework.objects.select_related("client", "assignment")
        .filter(
            practice_id=practice,
            status__in=[Status.OPEN, Status.IN_PROGRESS],
            due_at__lte=at - KEPT_FOR,
        )
        .order_by("due_at", "pk")
    )

    def expire(homework: Homework) -> None:
        apply_move(homework, Move.EXPIRE, by=system(practice), at=at)
        reminding.cancel_for_homework(homework.pk, reason=ReminderReason.TOO_LATE)

    return due, expire
