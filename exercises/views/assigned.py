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
from exercises import schedule
from exercises.models import Assignment, Flag, FlagKind, Homework, Step
from exercises.queries import homework as homeworks
from exercises.queries import review as reviews
from exercises.queries.homework import Given
from exercises.queries.running import is_left, still_running
from exercises.views import gate, wording
from exercises.views.assigning import Target, called
from exercises.views.caring import state_text, waits_for_review
from exercises.views.client_pages import title_of
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
from practice.wording import language, listed

# So many of the coming days are named.
SHOWN = 3
# The newest of what was written is with the therapist.
SENT = (Status.SUBMITTED, Status.RETURNED, Status.REVIEWED)


@for_therapists
@require_GET
def assignment_sent(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Say that it is there, or for whom it waits, as it is by now, and how to take it away again."""
    actor, at = request.actor, now()
    found = homeworks.assignment(actor, pk)
    # Of two who were parted since, only who is in reach: the other's state is no matter of one's own.
    target = Target(found.client, found.couple, among_reached(actor, all_of(found)))
    given = homeworks.remaining_of(actor, found, SHOWN + 2)
    walls = _walls(found, given)
    here_now = schedule.local_time(at, given.zone)
    is_later = bool(walls) and walls[0] > here_now
    holders = [one for one in target.people if one.pk in given.holders] or target.people
    waits_for = [one for one in holders if one.joined_at is None] if walls else []
    sent = {} if found.rrule else homeworks.sent(actor, found)
    have = [one for one in holders if one not in waits_for and one.pk not in sent]
    return render(
        request,
        "exercises/therapist/assigned.html",
        {
            "opens": wording.day_named(walls[0]) if is_later else "",
            "opens_today": f"{walls[0]:%H:%M}"
            if is_later and walls[0].date() == here_now.date()
            else "",
            "assignment": found,
            "is_withdrawn": not walls and not given.in_all,
            "title": _with_dates(found, given, actor.zone),
            "again": _again(found, given, walls) if found.rrule and walls else "",
            "who": target.name,
            "have": called(have or target.people),
            "number": len(have) if walls else 0,
            "sent": [
                (one.name_to_call, wording.lately(sent[one.pk], at, actor.zone))
                for one in holders
                if one.pk in sent
            ],
            "waits_for": waits_for,
            "not_cleared": gate.waits_for(actor, found.couple, at)
            if gate.holds(given.rows) and gate.cares_for_both(actor, found.couple)
            else [],
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
    return found is not None and found.revoked_at is None and found.expires_at > at


def _walls(found: Assignment, given: Given) -> list[datetime]:
    """Return when what is left of it opens or opened, as far as it is shown, by their own clock."""
    walls = [schedule.local_time(one.opens_at, given.zone) for one in given.rows]
    if found.rrule and found.goes_on_for(given.client_id):
        coming = found.times(given.zone, limit=given.last_slot + SHOWN + 3)
        walls += [slot.local for slot in coming[given.last_slot + 1 :]]
    return walls


def _with_dates(found: Assignment, given: Given, own: str) -> str:
    """Say what it is and until when."""
    title = found.version.definition.title.get(language())
    first = given.rows[0] if given.rows else None
    if first and first.due_at is None and not found.rrule:
        return _("“%(title)s”, with no end: it stays open until it is sent or you withdraw it.") % {
            "title": title
        }
    if first is None or first.due_at is None:
        return _("“%(title)s”") % {"title": title}
    said = {"title": title, "due": _ends(given, own)}
    if found.rrule and given.in_all > given.to_come:
        return _("“%(title)s”, the next one until %(due)s.") % said
    if found.rrule:
        return _("“%(title)s”, the first one until %(due)s.") % said
    return _("“%(title)s”, until %(due)s.") % said


def _ends(given: Given, own: str) -> str:
    """Say until when, once where it is one moment or one wall time for both."""
    first, other = given.rows[0], given.partners
    if other is None or other.due_at is None or other.due_at == first.due_at:
        return wording.ends(first, own)
    walls = [
        schedule.local_time(one.due_at, one.client.zone) for one in (first, other) if one.due_at
    ]
    if walls[0] == walls[1]:
        return _("%(when)s, each by their own clock") % {"when": wording.until_day(walls[0])}
    return listed([wording.ends(first, own), wording.ends(other, own)])


def _again(found: Assignment, given: Given, walls: Sequence[datetime]) -> str:
    """Say on which days what is left comes again, and how often in all or until when."""
    rule, number = schedule.parse_rrule(found.rrule), _in_all(found, given)
    is_all = number is not None and len(walls) == number - given.in_all + given.to_come
    days = [wording.day_named(wall) for wall in walls[1 : SHOWN + 1]]
    said = {
        "days": ", ".join(days),
        "n": number,
        "until": wording.day_named(rule.until) if rule.until else "",
    }
    if number == 1:
        return _("It comes once.")
    if not days:
        return ""
    if is_all and len(walls) <= SHOWN + 1:
        return _("Then on %(days)s: %(n)d times in all.") % (said | {"days": listed(days)})
    goes_on = found.goes_on_for(given.client_id)
    if number and (rule.count or not goes_on):
        return _("Then on %(days)s and so on: %(n)d times in all.") % said
    if rule.until:
        return _("Then on %(days)s and so on until %(until)s.") % said
    return _("Then on %(days)s and so on, until you withdraw it.") % said


def _in_all(found: Assignment, given: Given) -> int | None:
    """Return how many a series has, planned or not; None: no end is in sight."""
    rule = schedule.parse_rrule(found.rrule)
    if rule.count and found.goes_on_for(given.client_id):
        return rule.count - (given.last_slot + 1 - given.in_all)
    unplanned = found.still_to_plan(given.client_id, given.last_slot, given.zone)
    return None if unplanned is None else given.in_all + len(unplanned)


def _gate(
    actor: Actor, found: Homework, flags: Sequence[Flag], steps: Sequence[Step], at: datetime
) -> dict[str, Any]:
    """Return what is to be said of the gate of couple work; for who cares for its client.

    Who cares for one of two alone learns the rule and no more: the partner's screening is a colleague's.
    """
    couple, said = found.assignment.couple, dict[str, Any]()
    has_lapsed = bool(steps) and steps[-1].move == Move.LAPSE
    if couple and (has_lapsed or gate.holds([found])):
        is_both = gate.cares_for_both(actor, couple)
        said = {"has_lapsed": has_lapsed and is_both, "only_rule": not is_both}
        said["not_cleared"] = gate.waits_for(actor, couple, at) if is_both else []
    if any(flag.kind == FlagKind.SAFETY for flag in flags):
        said["running"] = _running(still_running(actor, found), at, actor.zone)
    return said


def _running(rows: Sequence[Any], at: datetime, zone: str) -> list[dict[str, Any]]:
    """Return what still runs after an answer that did not feel safe, each exercise once, with where
    it can be withdrawn."""
    found: dict[UUID, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda one: (one.opens_at, str(one.pk))):
        where = reverse("assignment_withdraw", args=[row.assignment_id])
        shown = {
            "title": title_of(row),
            "series": bool(row.assignment.rrule),
            "href": f"{where}?homework={row.pk}",
            "lines": [],
        }
        item = found.setdefault(row.assignment_id, shown)
        item["lines"].append(f"{row.client.name_to_call}: {state_text(row, at, zone, cares=True)}")
    return list(found.values())


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
    goes_on = {Move.PICK_UP, Move.SUBMIT}
    if not any(step.move in goes_on and step.at > flag.raised_at for step in steps):
        return ""
    if found.status in SENT:
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
            "goes_on": found.assignment.goes_on_for(found.client_id) or is_left(actor, found),
            **(_gate(actor, found, flags, steps, at) if cares else {}),
            "own_note": found.assignment.assigned_by_id == actor.member_id,
            "can_move": found.status in homeworks.MOVABLE
            and not along
            and not found.client.discharged_at,
            "can_withdraw": found.status in homeworks.MOVABLE and not along,
            "reads_along": along,
        },
    )
