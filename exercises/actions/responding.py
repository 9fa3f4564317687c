"""What a client writes into a homework: begin, save, submit, take back."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _

from exercises import definition as definitions
from exercises import schedule
from exercises.actions import reminding
from exercises.actions.composing import put_together_anew
from exercises.actions.flagging import raise_flag, unraised
from exercises.actions.moving import apply_move, catch_up
from exercises.actions.rounds import Hidden, asked_now, hidden_now, open_keys, open_round
from exercises.actions.sealing import sealed
from exercises.definition import Item
from exercises.models import Answer, AnswerOutcome, Entry, Homework, ReminderReason, Response
from exercises.permissions import may_answer, require
from exercises.visibility import OpenedRound, opened_value, read_rounds
from exercises.workflow import CLIENTS_TURN, Move, Status
from practice.actors import Actor
from practice.errors import BadInput, Closed, NotPossible, Stale


@dataclass(frozen=True)
class AnswerInput:
    """What someone says to one item: a value, or why there is none.

    Set aside with a value, or over one that was kept, it is found again until the round is sent.
    """

    item_key: str
    value: Any = None
    outcome: AnswerOutcome = AnswerOutcome.ANSWERED


def begin(*, by: Actor, at: datetime, homework: Homework) -> Response:
    """Open the current round for writing; safe to repeat."""
    _require_turn(by, homework)
    with transaction.atomic():
        if homework.status == Status.OPEN:
            catch_up(homework)  # two devices may begin at the same moment
            _require_turn(by, homework)
        response, _created = Response.objects.get_or_create(
            homework=homework,
            round=homework.round,
            defaults={"practice_id": homework.practice_id, "started_at": at},
        )
        if homework.status == Status.OPEN:
            apply_move(homework, Move.BEGIN, by=by, at=at)
    response.homework = homework
    return response


def save(
    *,
    by: Actor,
    at: datetime,
    homework: Homework,
    said: Sequence[AnswerInput],
    base: Mapping[str, int] | None = None,
    device: str = "",
    entry: Entry | None = None,
    held: OpenedRound | None = None,
) -> list[Answer]:
    """Keep what was said to some items in the open round. Raises Http404 for an item not in it.

    `held` is that round when the caller has read it with `hold`: then nothing is read again.

    `base` names, by item key, the revision each text was written on top of. When another device
    saved something else meanwhile, nothing is written and Stale carries both texts; without a
    base the caller has chosen, and its text wins.
    """
    with transaction.atomic():
        response = _held(by=by, at=at, homework=homework, held=held)
        items = _open_items(homework, response, entry)
        if not {one.item_key for one in said} <= items.keys():
            raise Http404
        kept = _kept(response, said, entry, held)
        wall = schedule.local_time(at, by.zone)
        write = partial(_save_one, response, device=device, entry=entry, at=at, wall=wall)
        anew = [] if entry else _anew(by, homework, items, said, held, wall)
        for one in said:
            kept[one.item_key] = write(items[one.item_key], one, kept, base)
        for row, text in anew:
            one = AnswerInput(row.item_key, text)
            write(items[one.item_key], one, {one.item_key: row}, None)
    return [kept[one.item_key] for one in said]


def _anew(
    by: Actor,
    homework: Homework,
    items: Mapping[str, Item],
    said: Sequence[AnswerInput],
    held: OpenedRound | None,
    wall: datetime,
) -> list[tuple[Answer, str]]:
    """Return the sentences that follow what is said now, in the words in which it is kept."""
    values = {
        one.item_key: _clean(items[one.item_key], one.value, wall) if _is_said(one) else None
        for one in said
    }
    return put_together_anew(by=by, homework=homework, said=values, held=held)


def _is_said(one: AnswerInput) -> bool:
    return one.outcome == AnswerOutcome.ANSWERED


class SubmitResult(StrEnum):
    """How a submission ended."""

    IN = "in"
    ALREADY = "already"
    # An answer in the draft wants a human: the exercise ended kindly instead of being sent.
    ENDED = "ended"


def submit(*, by: Actor, at: datetime, homework: Homework) -> SubmitResult:
    """Hand in the open round; handing it in twice changes nothing.

    Raises NotPossible (code `gaps`) when required items are neither answered nor set aside.
    """
    if not may_answer(by, homework):
        raise PermissionDenied
    with transaction.atomic():
        rounds = read_rounds(by, homework, hold=True)
        response = open_round(homework, rounds)
        if response is None:
            # Nothing written yet that one could hold: a second tab waits at the homework itself.
            catch_up(homework)
            if homework.status == Status.SUBMITTED:
                return SubmitResult.ALREADY
            response = begin(by=by, at=at, homework=homework)
            rounds = read_rounds(by, homework, hold=True)
        elif response.submitted_at is not None:
            catch_up(homework)
            return SubmitResult.ALREADY
        elif homework.status == Status.OPEN:
            catch_up(homework)  # another device began it since this one looked
        _require_turn(by, homework)
        if (wanting := unraised(homework, rounds)) is not None:
            key, kind = wanting
            raise_flag(by=by, at=at, homework=homework, item_key=key, kind=kind)
            return SubmitResult.ENDED
        _refuse_gaps(homework, rounds)
        _forget_unsaid(response, rounds[-1])
        _erase_hidden(hidden_now(homework, rounds))
        Entry.objects.filter(pk__in=[one.entry.pk for one in rounds[-1].unwritten]).delete()
        apply_move(homework, Move.SUBMIT, by=by, at=at, submitted_at=at)
        Response.objects.filter(pk=response.pk).update(submitted_at=at)
        reminding.cancel_for_homework(homework.pk, reason=ReminderReason.SUBMITTED)
    reminding.nudge()
    return SubmitResult.IN


def take_back(*, by: Actor, at: datetime, homework: Homework) -> bool:
    """Open a sent round again; say whether this did, and not the first of two taps.

    Raises NotPossible once a therapist has opened it.
    """
    require(by, Move.TAKE_BACK, homework)
    with transaction.atomic():
        rounds = {
            one.round: one
            for one in Response.objects.select_for_update()
            .filter(homework=homework)
            .order_by("round")
        }
        response, before = rounds.get(homework.round), rounds.get(homework.round - 1)
        if response is not None and response.opened_at is not None:
            raise NotPossible(_("It has been opened meanwhile, so it stays as you sent it."))
        if homework.status == Status.SUBMITTED and response and response.submitted_at is None:
            return False
        # How one was after this sending went with it.
        Response.objects.filter(homework=homework, round=homework.round).update(
            submitted_at=None, sealed_after_check=None
        )
        # What was sent before stays sent.
        sent_at = before.submitted_at if before else None
        apply_move(homework, Move.TAKE_BACK, by=by, at=at, submitted_at=sent_at)
        reminding.plan_for_homework(homework, at)
    return True


def tell_after(*, by: Actor, homework: Homework, feeling: str, number: int | None = None) -> None:
    """Say how one is after sending round `number` (default: the newest that was sent): lighter, same
    or heavier. Raises NotPossible for anything else, and where nothing was sent."""
    if not may_answer(by, homework):
        raise PermissionDenied
    if feeling not in {"lighter", "same", "heavier"}:
        raise NotPossible(_("Choose one of the three."))
    sent = Response.objects.filter(homework=homework, submitted_at__isnull=False)
    response = (sent.filter(round=number) if number else sent).order_by("-round").first()
    # Taken back in between, there is nothing that it could be said of.
    if response is None or not sent.filter(pk=response.pk).update(
        sealed_after_check=sealed(response, "sealed_after_check", feeling)
    ):
        raise NotPossible(_("This is back with you. Send it first, then say how you are."))


def _require_turn(by: Actor, homework: Homework) -> None:
    if not may_answer(by, homework):
        raise PermissionDenied
    if Status(homework.status) not in CLIENTS_TURN:
        raise Closed(_("This has been sent or closed, so nothing more can be written into it."))


def _held(
    *, by: Actor, at: datetime, homework: Homework, held: OpenedRound | None = None
) -> Response:
    """Return the open round, locked: in one question at most, but for the very first time."""
    _require_turn(by, homework)
    current = open_round(homework, [held]) if held is not None and held.is_held else None
    if current is not None and homework.status != Status.OPEN:
        _require_unsent(current)
        return current
    rounds = Response.objects.select_for_update()
    response = rounds.filter(homework=homework, round=homework.round).first()
    if response is None or homework.status == Status.OPEN:
        response = begin(by=by, at=at, homework=homework)
        lock(response)
    _require_unsent(response)
    response.homework = homework
    return response


def lock(response: Response) -> None:
    """Order two tabs: the second waits, and finds out when the round was sent meanwhile."""
    _require_unsent(Response.objects.select_for_update().get(pk=response.pk))


def _require_unsent(response: Response) -> None:
    if response.submitted_at is not None:
        raise Closed(_("This has been sent meanwhile."))


def log_of(homework: Homework, log_key: str) -> Item:
    """Return this log among what a homework asks. Raises Http404."""
    for item in homework.version.definition.items:
        if item.key == log_key and item.kind is definitions.ItemKind.LOG:
            return item
    raise Http404


def _open_items(homework: Homework, response: Response, entry: Entry | None) -> dict[str, Item]:
    if entry is not None:
        if entry.response_id != response.pk:
            raise Http404
        asked = log_of(homework, entry.log_key).items
    else:
        open_now = set(open_keys(homework, response))
        asked = tuple(item for item in homework.version.definition.items if item.key in open_now)
    # Nobody answers what is only read, and a log is answered moment by moment.
    return {item.key: item for item in asked if item.is_asked}


def _kept(
    response: Response, said: Sequence[AnswerInput], entry: Entry | None, held: OpenedRound | None
) -> dict[str, Answer]:
    """Return what is there of these answers so far, by item key."""
    if held is not None and held.is_held and entry is None:
        return {key: words.row for key, words in held.words.items()}
    keys = [one.item_key for one in said]
    found = Answer.objects.filter(response=response, entry=entry, item_key__in=keys)
    return {answer.item_key: answer for answer in found.order_by("pk")}


def _forget_unsaid(response: Response, words: OpenedRound) -> None:
    """Erase what was set aside: it is not sent, and nobody is to find it in what was."""
    found = (words.words, *(moment.words for moment in words.moments))
    if any(one.unsaid is not None for said in found for one in said.values()):
        aside = Answer.objects.filter(response=response).exclude(outcome=AnswerOutcome.ANSWERED)
        aside.update(sealed_value=None)


def _erase_hidden(hidden: Hidden) -> None:
    """Erase what its author does not see among what is sent."""
    Entry.objects.filter(pk__in=[one.entry.pk for one in hidden.moments]).delete()
    answers = [*hidden.answers, *(one for found in hidden.within.values() for one in found)]
    if answers:
        Answer.objects.filter(pk__in=[one.row.pk for one in answers]).delete()


def _save_one(
    response: Response,
    item: Item,
    one: AnswerInput,
    kept: Mapping[str, Answer],
    base: Mapping[str, int] | None,
    *,
    device: str,
    entry: Entry | None,
    at: datetime,
    wall: datetime,
) -> Answer:
    is_said, text = _is_said(one), ""
    if is_said or one.value is not None:
        value = _clean(item, one.value, wall)
        text = "" if value is None else json.dumps(value, ensure_ascii=False)
    present = kept.get(one.item_key)
    if present is not None and base is not None:
        _refuse_stale(present, text, one, base.get(one.item_key, 0), device)
    answer = present or Answer(
        practice_id=response.practice_id,
        response=response,
        entry=entry,
        item_key=one.item_key,
        revision=0,
    )
    answer.outcome = one.outcome
    if is_said or text:
        answer.sealed_value = sealed(answer, "sealed_value", text)
    answer.revision += 1
    answer.device = device[:40]
    answer.saved_at = at
    answer.save(force_insert=present is None)
    return answer


def _clean(item: Item, raw: Any, wall: datetime) -> Any:
    try:
        return definitions.clean(item, raw, wall)
    except definitions.AnswerProblem as problem:
        raise BadInput({item.key: [definitions.problem_text(problem, _)]}) from problem


def _refuse_stale(answer: Answer, text: str, one: AnswerInput, base: int, device: str) -> None:
    """Refuse to write over what another device saved, unless it is the same text."""
    if base >= answer.revision or (device and device == answer.device):
        return
    theirs = opened_value(answer)
    if answer.outcome == one.outcome and theirs == (json.loads(text) if text else None):
        return
    raise Stale(
        _("You wrote here and in another tab or device. Keep this one, the other, or both."),
        mine=one.value,
        theirs=theirs,
        revision=answer.revision,
    )


def _refuse_gaps(homework: Homework, rounds: list[OpenedRound]) -> None:
    missing = definitions.missing(
        homework.version.definition,
        OpenedRound.merged(rounds),
        rounds[-1].outcomes,
        is_again=homework.round > 1,
    )
    if {item.key for item in missing} & {item.key for item in asked_now(homework, rounds)}:
        raise NotPossible(
            _(
                "Some questions are still open. Answer them, skip them, or keep them for the session."
            ),
            code="gaps",
        )
