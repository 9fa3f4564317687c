"""An answer that wants a human: found, raised, taken on by a therapist, given back."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from exercises import definition as definitions
from exercises.actions.moving import catch_up
from exercises.actions.pausing import put_aside
from exercises.actions.reviewing import UNDO
from exercises.definition import Item
from exercises.models import Flag, FlagKind, Homework
from exercises.permissions import may_answer, may_handle
from exercises.visibility import OpenedRound
from exercises.workflow import CLIENTS_TURN
from practice.actions import auditing
from practice.actors import Actor
from practice.errors import NotPossible


def unraised(homework: Homework, rounds: list[OpenedRound]) -> tuple[str, FlagKind] | None:
    """Return an answer that wants a human and has asked nobody: it never passed its own page.

    Danger counts each time. What is for the therapist counts once: whoever takes the exercise up
    again after that may send it.
    """
    raised = _wanting(_said_in(homework, rounds))
    known = set(homework.flags.values_list("item_key", flat=True)) if raised else set()
    return next(
        (one for one in raised if one[1] is FlagKind.SAFETY or one[0] not in known),
        None,
    )


def raise_if_wanted(
    *,
    by: Actor,
    at: datetime,
    homework: Homework,
    items: Iterable[Item],
    values: Mapping[str, Any],
) -> bool:
    """Raise a flag when one of these answers wants a human, danger before all else; say whether one
    did."""
    wanting = _wanting((item, values.get(item.key)) for item in items)
    for key, kind in wanting[:1]:
        raise_flag(by=by, at=at, homework=homework, item_key=key, kind=kind)
    return bool(wanting)


def raise_flag(
    *, by: Actor, at: datetime, homework: Homework, item_key: str, kind: FlagKind
) -> None:
    """End an exercise kindly and ask for a human: the safety branch.

    To everyone but the therapist it looks like any homework that was set aside. One that was closed
    meanwhile, and is answered from an old tab, stays as it is; the human is asked for all the same,
    and once: a double tap asks nobody twice.
    """
    if not may_answer(by, homework):
        raise PermissionDenied
    with transaction.atomic():
        # Whoever clears couple work at this moment does it before, or learns of this. Whoever closes
        # the homework does it before: what was read of it may be from before that.
        catch_up(homework)
        is_open = homework.status in CLIENTS_TURN
        waiting = homework.flags.filter(item_key=item_key, handled_at=None)
        if not is_open and waiting.exists():
            return
        Flag.objects.create(
            practice_id=homework.practice_id,
            client_id=homework.client_id,
            homework=homework,
            kind=kind,
            item_key=item_key,
            raised_at=at,
        )
        if kind == FlagKind.SAFETY:
            _end_clearance(homework, at)
        if is_open:
            put_aside(by=by, at=at, homework=homework)
        auditing.record(
            by=by,
            at=at,
            action="flag.raised",
            object_kind="homework",
            object_id=homework.pk,
            client_id=homework.client_id,
            kind=str(kind),
        )


def handle_flag(*, by: Actor, at: datetime, flag: Flag) -> None:
    """Say that a human is seeing to it; said twice, it is said once. Raises NotPossible when it is
    a colleague who does."""
    if not may_handle(by, flag):
        raise PermissionDenied
    row = Flag.objects.filter(pk=flag.pk)
    with transaction.atomic():
        if row.filter(handled_at=None).update(handled_at=at, handled_by=by.member_id):
            _note(by, at, "flag.handled", flag)
        elif not row.filter(handled_by=by.member_id).exists():
            raise NotPossible(_("A colleague is seeing to it already."))


def give_back_flag(*, by: Actor, at: datetime, flag: Flag) -> None:
    """Put a flag back on the queue that one took on by a slip, within two minutes.

    Raises NotPossible later than that.
    """
    if not may_handle(by, flag) or flag.handled_by_id not in {None, by.member_id}:
        raise PermissionDenied
    with transaction.atomic():
        given_back = Flag.objects.filter(
            pk=flag.pk, handled_by=by.member_id, handled_at__gt=at - UNDO
        ).update(handled_at=None, handled_by=None)
        if not given_back:
            raise NotPossible(_("This cannot be put back any more."))
        _note(by, at, "flag.given_back", flag)


def _said_in(homework: Homework, rounds: list[OpenedRound]) -> Iterator[tuple[Item, Any]]:
    """Yield what was said to each question, also in moments."""
    definition, values = homework.version.definition, OpenedRound.merged(rounds)
    for item in definition.items:
        yield item, values.get(item.key)
    for moment in (moment for words in rounds for moment in words.moments):
        log = definition.log(moment.entry.log_key)
        for item in log.items if log else ():
            if item.key in moment.words:
                yield item, moment.words[item.key].value


def _wanting(said: Iterable[tuple[Item, Any]]) -> list[tuple[str, FlagKind]]:
    """Return which of these answers want a human, by item key; danger first."""
    found = [(item.key, definitions.safety(item, value)) for item, value in said]
    kinds = [(key, FlagKind(str(kind))) for key, kind in found if kind is not None]
    return sorted(kinds, key=lambda one: one[1] is not FlagKind.SAFETY)


def _end_clearance(homework: Homework, at: datetime) -> None:
    """A safety flag re-opens the question whether couple work is safe."""
    homework.client.clearances.filter(ended_at=None).update(ended_at=at)


def _note(by: Actor, at: datetime, action: str, flag: Flag) -> None:
    auditing.record(
        by=by,
        at=at,
        action=action,
        object_kind="flag",
        object_id=flag.pk,
        client_id=flag.client_id,
    )
