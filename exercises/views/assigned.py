"""What was assigned, and where each homework of it stands."""

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from clients.models import Client
from clients.permissions import among_reached, may_care_for
from exercises.models import Assignment, Flag, FlagKind, Homework, Step
from exercises.queries import given as assignments
from exercises.queries import homework as homeworks
from exercises.queries import review as reviews
from exercises.queries.running import still_running
from exercises.views import gate, wording
from exercises.views.client_pages import title_of
from exercises.views.lines import state_text, still_runs, waits_for_review
from exercises.views.shares import LISTED, alike, share_of, told, with_dates
from exercises.views.target import Target, called
from exercises.views.therapist_pages import (
    flag_text,
    for_carers,
    for_therapists,
    reads_along,
)
from exercises.visibility import read_notes
from exercises.workflow import CLIENTS_TURN, Move, Status
from practice.actors import Actor, ActorRequest
from practice.queries import people

# Where what was sent is: with the therapist, or come back from there.
SENT = (Status.SUBMITTED, Status.RETURNED, Status.REVIEWED)


@for_therapists
@require_GET
def assignment_sent(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Say that it is there, or for whom it waits, as it is by now, and how to take it away again."""
    actor, at = request.actor, now()
    found = assignments.assignment(actor, pk)
    # Of two who were parted since, only who is in reach: the other's state is no matter of one's own.
    target = Target(found.client, found.couple, among_reached(actor, all_of(found)))
    given = assignments.remaining_of(actor, found, LISTED + 1)
    shares = [share_of(one, found, given[one.pk], at) for one in target.people if one.pk in given]
    left = [share for share in shares if share.walls]
    holders = [share.client for share in shares if share.walls or share.given.in_all]
    waits_for = [share.client for share in left if share.client.joined_at is None]
    sent = {} if found.rrule else assignments.sent(actor, found)
    # Who cares for one of two is told the rule alone: the other's screening is a colleague's.
    is_gated = any(gate.holds(share.given.rows) for share in left)
    is_both = gate.cares_for_both(actor, found.couple) if is_gated else False
    not_cleared = gate.waits_for(actor, found.couple, at) if is_both else []
    return render(
        request,
        "exercises/therapist/assigned.html",
        {
            "assignment": found,
            "is_withdrawn": not holders,
            "title": with_dates(found, [], actor.zone),
            "parts": [
                told(
                    found,
                    group,
                    actor.zone,
                    is_held=is_gated and (not is_both or bool(not_cleared)),
                )
                for group in alike(left)
            ],
            "number": len(left) - len(waits_for),
            "only_rule": is_gated and not is_both,
            "who": called(holders or target.people),
            "back_to": target.name,
            "sent": [
                (one.name_to_call, wording.lately(sent[one.pk], at, actor.zone))
                for one in target.people
                if one.pk in sent
            ],
            "waits_for": waits_for,
            "not_cleared": not_cleared,
            "uninvited": [one for one in waits_for if not _is_invited(actor, one, at)],
            "back": back_of(found),
        },
    )


def all_of(found: Assignment) -> list[UUID]:
    """Return to whom it was given."""
    return [one.pk for one in Target(found.client, found.couple).people]


def back_of(found: Any) -> str:
    """Return the couple's page, or the client's: of two who were parted since, the one in reach."""
    if found.couple_opens:
        return reverse("couple_page", args=[found.couple_id])
    return reverse("client_page", args=[found.in_reach])


def _is_invited(actor: Actor, client: Client, at: datetime) -> bool:
    """Say whether a link is out with which they can join."""
    found = people.invitation_of_client(actor, client.pk)
    return found is not None and found.opens(at)


def _gate(
    actor: Actor, found: Homework, flags: Sequence[Flag], steps: Sequence[Step], at: datetime
) -> dict[str, Any]:
    """Return what is to be said of the gate of couple work; for who cares for its client.

    Who cares for one of two alone learns the rule and no more: the partner's screening is a colleague's.
    """
    couple, said = found.assignment.couple, dict[str, Any]()
    has_lapsed = bool(steps) and steps[-1].move == Move.LAPSE
    if gate.holds([found]) or (couple and has_lapsed):
        is_both = gate.cares_for_both(actor, couple)
        said = {"has_lapsed": has_lapsed and is_both, "only_rule": not is_both}
        said["not_cleared"] = gate.waits_for(actor, couple, at) if is_both else []
    if any(flag.kind == FlagKind.SAFETY for flag in flags):
        rows = still_running(actor, found.client_id, found.version.exercise_id)
        said["running"] = still_runs(rows, at, actor.zone)
    return said


def _happened(step: Step) -> str:
    """Say what became of a homework, as something that is over."""
    texts = {
        Move.OPEN: pgettext("what happened", "Assigned"),
        Move.SUBMIT: pgettext("what happened", "Sent"),
        Move.TAKE_BACK: pgettext("what happened", "Taken back"),
        Move.SKIP: pgettext("what happened", "Set aside"),
        Move.BRING: _("Set aside, to talk about it in the session"),
        Move.PICK_UP: pgettext("what happened", "Picked up again"),
        Move.REVIEW: pgettext("what happened", "Answered"),
        Move.RETURN: pgettext("what happened", "Returned, to go deeper"),
        Move.WITHDRAW: pgettext("what happened", "Withdrawn"),
        # The same word: that couple work waited is not for who reads along.
        Move.LAPSE: pgettext("what happened", "Withdrawn"),
        Move.EXPIRE: pgettext("what happened", "Let go"),
    }
    return texts.get(Move(step.move), step.get_target_display())


def _story(steps: list[Step], flags: list[Flag]) -> list[tuple[str, datetime]]:
    """Return what happened, oldest first, with what asked for a human and who took it on."""
    told = [(_happened(step), step.at) for step in steps]
    for flag in flags:
        told.append((flag_text(flag), flag.raised_at))
        if flag.handled_by and flag.handled_at:
            said = {"name": flag.handled_by.user.get_full_name()}
            told.append((_("%(name)s took it on") % said, flag.handled_at))
    return sorted(told, key=itemgetter(1))


def _since(found: Homework, steps: list[Step], flag: Flag) -> str:
    """Say where it is if it was picked up again after it asked for a human: "open" or "sent"."""
    goes_on = {Move.PICK_UP, Move.SUBMIT, Move.TAKE_BACK}
    since = [step.move for step in steps if step.move in goes_on and step.at > flag.raised_at]
    if not since:
        return ""
    if since[-1] == Move.SUBMIT and found.status in SENT:
        return "sent"
    return "open" if found.status in CLIENTS_TURN else ""


@for_carers
@require_GET
def homework_page(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Show where one homework stands; never a word of a draft."""
    actor, at = request.actor, now()
    found = homeworks.homework(actor, pk)
    cares = may_care_for(actor, found.client)
    along = reads_along(actor, cares=cares)
    flags, steps = reviews.flags_on(actor, found), homeworks.steps(actor, found)
    flag = next((flag for flag in flags if flag.handled_at is None), None)
    return render(
        request,
        "exercises/therapist/homework.html",
        {
            "homework": found,
            "title": title_of(found),
            "state": state_text(found, at, actor.zone, cares=cares),
            "due": wording.ends(found, actor.zone)
            if found.due_at and found.status in homeworks.MOVABLE
            else "",
            "steps": _story(steps, flags),
            "note": read_notes(actor, [found])[found.pk],
            "flag": flag,
            "since": _since(found, steps, flag) if flag else "",
            "has_rounds": found.submitted_at is not None,
            "waits": waits_for_review(found),
            # What ended, in whatever way, is not sent any more.
            "may_come": found.submitted_at is None and found.status in homeworks.MOVABLE,
            "goes_on": found.assignment.goes_on_for(found.client_id)
            or assignments.is_left(actor, found),
            **(_gate(actor, found, flags, steps, at) if cares else {}),
            "own_note": found.assignment.assigned_by_id == actor.member_id,
            "can_move": found.status in homeworks.MOVABLE
            and not along
            and not found.client.discharged_at,
            "can_withdraw": found.status in homeworks.MOVABLE and not along,
            "reads_along": along,
        },
    )
