"""Move a homework: permission, table, compare-and-swap, step row and audit row, always together."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from clients.actions.turns import lock_clients
from exercises.models import Homework, Step
from exercises.permissions import require
from exercises.workflow import BY_MOVE, Move
from practice.actions import auditing
from practice.actors import Actor
from practice.errors import NotPossible


def catch_up(homework: Homework) -> None:
    """Learn where a homework stands by now; nobody moves it until this transaction ends.

    Who comes second waits here, and goes on from what the first has left.
    """
    # The client's row first, as everywhere (docs/architecture.md): an answer may yet ask for a human.
    lock_clients([homework.client_id])
    told = ("status", "revision", "round", "submitted_at")
    fresh = Homework.objects.select_for_update(no_key=True).only(*told).get(pk=homework.pk)
    for name in told:
        setattr(homework, name, getattr(fresh, name))


def apply_move(
    homework: Homework,
    move: Move,
    *,
    by: Actor,
    at: datetime,
    items: Sequence[str] = (),
    **changes: Any,
) -> None:
    """Make one move. Raises PermissionDenied, or NotPossible when the table or a race forbids it.

    Runs inside the calling action's transaction. `changes` are columns that change with it.
    """
    require(by, move, homework)
    rule = BY_MOVE[move]
    source, target = homework.status, rule.leads_to(homework.round)
    moved = source in rule.sources and Homework.objects.filter(
        pk=homework.pk, revision=homework.revision, status=source
    ).update(status=target, revision=F("revision") + 1, **changes)
    if not moved:
        raise NotPossible(_("This has already moved on. Open it again to see where it is."))
    homework.revision += 1
    homework.status = target
    for name, value in changes.items():
        setattr(homework, name, value)
    Step.objects.create(
        practice_id=homework.practice_id,
        homework=homework,
        revision=homework.revision,
        move=move,
        source=source,
        target=target,
        round=homework.round,
        user_id=by.user_id,
        at=at,
        items=list(items),
    )
    auditing.record(
        by=by,
        at=at,
        action=f"homework.{move}",
        object_kind="homework",
        object_id=homework.pk,
        client_id=homework.client_id,
        round=homework.round,
    )
