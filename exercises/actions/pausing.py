"""Finish without sending, and take up again."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from exercises.actions import reminding
from exercises.actions.moving import apply_move, catch_up
from exercises.models import Homework, ReminderReason, Response
from exercises.permissions import require
from exercises.workflow import BY_MOVE, CLIENTS_TURN, Move, Status
from practice.actors import Actor


def set_aside(*, by: Actor, at: datetime, homework: Homework, for_session: bool = False) -> None:
    """Finish the whole without sending: let it go, or bring it to the session instead; a double tap
    changes nothing twice."""
    require(by, Move.SKIP, homework)
    with transaction.atomic():
        if not _is_done(homework, Status.SKIPPED):
            put_aside(by=by, at=at, homework=homework, for_session=for_session)


def put_aside(*, by: Actor, at: datetime, homework: Homework, for_session: bool = False) -> None:
    """Set aside what the calling transaction has caught up with."""
    apply_move(homework, Move.BRING if for_session else Move.SKIP, by=by, at=at)
    reminding.cancel_for_homework(homework.pk, reason=ReminderReason.NOT_THEIR_TURN)


def let_all_go(*, by: Actor, at: datetime, homeworks: Sequence[Homework]) -> None:
    """Let several go at once. What was sent or set aside meanwhile, by another tab or the same press
    twice, stays as it is."""
    with transaction.atomic():
        # In the order in which they are withdrawn, too.
        held = Homework.objects.select_for_update(of=("self",)).select_related("client")
        wanted = held.filter(pk__in=[one.pk for one in homeworks], status__in=CLIENTS_TURN)
        for homework in wanted.order_by("pk"):
            require(by, Move.SKIP, homework)
            put_aside(by=by, at=at, homework=homework)


def pick_up(*, by: Actor, at: datetime, homework: Homework) -> None:
    """Take something up again that was set aside or let go; what was written is still there, and a
    double tap changes nothing twice.

    Raises NotPossible when it was withdrawn meanwhile.
    """
    require(by, Move.PICK_UP, homework)
    with transaction.atomic():
        if _is_done(homework, BY_MOVE[Move.PICK_UP].leads_to(homework.round)):
            return
        apply_move(homework, Move.PICK_UP, by=by, at=at)
        Response.objects.get_or_create(
            homework=homework,
            round=homework.round,
            defaults={"practice_id": homework.practice_id, "started_at": at},
        )
        reminding.plan_for_homework(homework, at)


def _is_done(homework: Homework, wanted: Status) -> bool:
    """Say whether it has come to stand there only now: the first of two taps was a moment faster."""
    before = homework.status
    catch_up(homework)
    return before != homework.status == wanted
