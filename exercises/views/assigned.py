"""What was assigned: see where it stands, withdraw it, move its date."""

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_GET, require_http_methods

from clients.models import Client
from clients.permissions import among_reached, may_care_for
from exercises import schedule
from exercises.actions import assigning, rescheduling
from exercises.actions.assigning import Part
from exercises.forms.assign import DaysForm, WithdrawForm
from exercises.models import Assignment, Flag, Homework, Step
from exercises.queries import homework as homeworks
from exercises.queries import review as reviews
from exercises.queries.homework import Given
from exercises.views import wording
from exercises.views.assigning import Target
from exercises.views.caring import state_text, waits_for_review
from exercises.views.desk import (
    flag_text,
    for_carers,
    for_therapists,
    reads_along,
)
from exercises.views.ground import title_of
from exercises.visibility import read_notes
from exercises.workflow import Move, Status
from practice.actors import Actor, ActorRequest
from practice.doors.pages import form_page, posted, refusals_on
from practice.errors import NotPossible
from practice.queries import people
from practice.wording import clock_of, language, listed

# So many of the coming days are named.
SHOWN = 3


@for_therapists
@require_GET
def assignment_sent(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Say that it is there, or for whom it waits, as it is by now, and how to take it away again."""
    actor, at = request.actor, now()
    found = homeworks.assignment(actor, pk)
    target = Target(found.client, found.couple)
    given = homeworks.given(actor, found, SHOWN + 2)
    walls = _walls(found, given)
    is_later = bool(walls) and walls[0] > schedule.local_time(at, given.zone)
    # Of two who were parted since, only who is in reach: the other's state is no matter of one's own.
    near = among_reached(actor, [one.pk for one in target.people])
    here = [one for one in target.people if one.pk in near]
    waits_for = [one for one in here if one.joined_at is None] if walls else []
    have = [one for one in here if one not in waits_for]
    return render(
        request,
        "exercises/therapist/assigned.html",
        {
            "opens": wording.plain_day(walls[0]) if is_later else "",
            "assignment": found,
            "is_withdrawn": not walls and not given.in_all,
            "title": _with_dates(found, given),
            "again": _again(found, given, walls) if found.rrule and walls else "",
            "who": target.name,
            "have": have[0].name_to_call if len(have) == 1 else target.name,
            "number": len(have) if walls else 0,
            "waits_for": waits_for,
            "uninvited": [one for one in waits_for if not _is_invited(actor, one, at)],
            "back": _back(found),
        },
    )


def _back(found: Any) -> str:
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
    if found.rrule and not found.withdrawn_at:
        coming = found.times(given.zone, limit=given.last_slot + SHOWN + 3)
        walls += [slot.local for slot in coming[given.last_slot + 1 :]]
    return walls


def _with_dates(found: Assignment, given: Given) -> str:
    """Say what it is and until when, by their own clock."""
    title = found.version.definition.title.get(language())
    first = given.rows[0] if given.rows else None
    if first is None or first.due_local is None:
        return title
    said = {"title": title, "due": wording.until_day(first.due_local.replace(tzinfo=None))}
    if found.rrule and given.in_all > given.to_come:
        return _("%(title)s, the next one until %(due)s.") % said
    if found.rrule:
        return _("%(title)s, the first one until %(due)s.") % said
    return _("%(title)s, until %(due)s.") % said


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
    if number and (rule.count or found.withdrawn_at):
        return _("Then on %(days)s and so on: %(n)d times in all.") % said
    if rule.until:
        return _("Then on %(days)s and so on until %(until)s.") % said
    return _("Then on %(days)s and so on, until you withdraw it.") % said


def _in_all(found: Assignment, given: Given) -> int | None:
    """Return how many a series has, planned or not; None: no end is in sight."""
    rule = schedule.parse_rrule(found.rrule)
    if rule.count and not found.withdrawn_at:
        return rule.count - (given.last_slot + 1 - given.in_all)
    unplanned = found.still_to_plan(given.last_slot, given.zone)
    return None if unplanned is None else given.in_all + len(unplanned)


@for_therapists
@require_http_methods(["GET", "POST"])
def assignment_withdraw(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Take an assignment back, after saying what that means: of a series, this one, later ones or all.

    Once it is asked for from one homework (`?homework=`), that is what "this one" means.
    """
    found = homeworks.assignment(request.actor, pk)
    target = Target(found.client, found.couple)
    here = _named(request, found)
    series = homeworks.to_withdraw(request.actor, found) if found.rrule else {}
    parts = _parts(series, here) if here else []
    if here and found.rrule and not parts:
        raise NotPossible(_("This has already moved on. Open it again to see where it is."))
    form = WithdrawForm(posted(request), parts=parts, initial={"part": Part.ONE}) if parts else None
    if request.method == "POST" and (form is None or form.is_valid()):
        part = Part(form.cleaned_data["part"]) if form else Part.ALL
        slot = here.slot if here else 0
        assigning.withdraw(by=request.actor, at=now(), assignment=found, part=part, slot=slot)
        messages.success(
            request, _("Withdrawn. What they wrote stays in the copy of their record.")
        )
        return redirect(_back(found))
    return render(
        request,
        "exercises/therapist/withdraw.html",
        {
            "title": found.version.definition.title.get(language()),
            "form": form,
            "whole": _whole(series) if series and not parts else "",
            "for_two": target.couple is not None,
            "who": target.name,
            "back": reverse("homework_page", args=[here.pk]) if here else _back(found),
        },
        status=422 if form and form.is_bound else 200,
    )


def _named(request: ActorRequest, found: Assignment) -> Homework | None:
    """Return the homework of this assignment from which somebody came. Raises Http404."""
    named = request.GET.get("homework")
    if not named:
        return None
    try:
        homework = homeworks.homework(request.actor, UUID(named))
    except ValueError as error:
        raise Http404 from error
    if homework.assignment_id != found.pk:
        raise Http404
    return homework


def _parts(series: dict[int, Any], here: Homework) -> list[tuple[str, str]]:
    """Return what can be taken back of a series, seen from one of its times."""
    if here.slot not in series:
        return []
    parts = [(Part.ONE.value, _("Only this one, %(day)s") % {"day": _opens(here)})]
    later = {slot: row for slot, row in series.items() if slot > here.slot}
    number, last = _ahead(series, later)
    is_first = here.slot == min(series)
    if number is None and not is_first:
        parts.append((Part.LATER.value, _("This one and all that come after it. No more follow.")))
    elif number and not is_first:
        text = ngettext(
            "This one and the one after it, %(last)s. No more follow.",
            "This one and the %(n)d after it, until %(last)s. No more follow.",
            number,
        )
        parts.append((Part.LATER.value, text % {"n": number, "last": last}))
    return [*parts, (Part.ALL.value, _whole(series))]


def _whole(series: dict[int, Any]) -> str:
    """Say how many times a series has that can be taken back, and which."""
    number, last = _ahead(series, series)
    said = {"n": number, "first": _opens(series[min(series)]), "last": last}
    if number is None:
        return _("All of this series from %(first)s on. No more follow.") % said
    return (
        ngettext(
            "The one that is left of this series, %(first)s. No more follow.",
            "All %(n)d of this series, %(first)s to %(last)s. No more follow.",
            number,
        )
        % said
    )


def _ahead(series: dict[int, Any], planned: dict[int, Any]) -> tuple[int | None, str]:
    """Return how many these are with those still to be planned, and the day of the last; None where
    no end is in sight."""
    one = next(iter(series.values()))
    unplanned = one.assignment.still_to_plan(one.last_slot, one.zone)
    if unplanned is None:
        return None, ""
    if unplanned:
        return len(planned) + len(unplanned), wording.day_named(unplanned[-1].local)
    return len(planned), _opens(planned[max(planned)]) if planned else ""


def _opens(row: Homework) -> str:
    return wording.day_named(schedule.local_time(row.opens_at, row.zone))


def _happened(step: Step) -> str:
    """Say what became of a homework, as something that is over."""
    texts = {
        Move.OPEN: pgettext("what happened", "Given"),
        Move.SUBMIT: pgettext("what happened", "Sent"),
        Move.TAKE_BACK: pgettext("what happened", "Taken back"),
        Move.SKIP: pgettext("what happened", "Set aside"),
        Move.PICK_UP: pgettext("what happened", "Picked up again"),
        Move.REVIEW: pgettext("what happened", "Answered"),
        Move.RETURN: pgettext("what happened", "Returned, to go deeper"),
        Move.WITHDRAW: pgettext("what happened", "Withdrawn"),
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


@for_carers
@require_GET
def homework_page(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Show where one homework stands; never a word of a draft."""
    actor, at = request.actor, now()
    found = homeworks.homework(actor, pk)
    along = reads_along(actor, cares=may_care_for(actor, found.client))
    flags = reviews.flags_on(actor, found)
    return render(
        request,
        "exercises/therapist/homework.html",
        {
            "homework": found,
            "title": title_of(found),
            "state": state_text(found, at, actor.zone),
            "due": wording.until_day(schedule.local_time(found.due_at, actor.zone))
            if found.due_at and found.status in homeworks.MOVABLE
            else "",
            "steps": _story(homeworks.steps(actor, found), flags),
            "note": read_notes(actor, [found])[found.pk],
            "flag": next((flag for flag in flags if flag.handled_at is None), None),
            "has_rounds": found.submitted_at is not None,
            "waits": waits_for_review(found),
            # What ended, in whatever way, is not sent any more.
            "may_come": found.submitted_at is None and found.status in homeworks.MOVABLE,
            "own_note": found.assignment.assigned_by_id == actor.member_id,
            "can_move": found.status in homeworks.MOVABLE and not along,
            "reads_along": along,
        },
    )


@for_therapists
@require_http_methods(["GET", "POST"])
def homework_due(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Give another day to finish by."""
    found = homeworks.homework(request.actor, pk)
    is_open = found.status != Status.SCHEDULED
    form = DaysForm(
        posted(request),
        is_open=is_open,
        is_endless=found.due_local is None,
        initial={
            "opens": schedule.local_time(found.opens_at, found.zone).date(),
            "due": found.due_local.date() if found.due_local else None,
        },
    )
    text = (
        _("The evening of that day where %(name)s lives: %(zone)s.")
        if is_open
        else _("The morning and the evening of these days where %(name)s lives: %(zone)s.")
    )
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            rescheduling.reschedule(by=request.actor, at=now(), homework=found, **form.walls())
            messages.success(request, _("Saved. Reminders follow."))
            return redirect("homework_page", found.pk)
    return form_page(
        request,
        form,
        title=_("Another day"),
        button=_("Save"),
        text=text % {"name": found.client.name_to_call, "zone": clock_of(found.zone)},
        back=reverse("homework_page", args=[found.pk]),
        back_to=title_of(found),
    )
