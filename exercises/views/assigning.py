"""Assign, withdraw, move a date: from the client's page in a few clicks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_GET, require_http_methods

from clients import queries as client_queries
from clients.models import Client, Couple
from exercises import schedule
from exercises.actions import assigning
from exercises.definition import Definition
from exercises.forms.assign import AssignForm, DueForm
from exercises.models import Assignment, Flag, FlagKind, Homework, Step
from exercises.queries import homework as homeworks
from exercises.queries import library
from exercises.queries import review as reviews
from exercises.queries.homework import recently_done, running
from exercises.views import wording
from exercises.views.caring import state_text, waits_for_review
from exercises.views.desk import (
    faces,
    for_carers,
    for_therapists,
    part_of,
    reads_along,
    title_of,
)
from exercises.views.ground import language
from exercises.visibility import read_note
from exercises.workflow import Move
from practice.actors import ActorRequest
from practice.doors.pages import once, posted, refuse, searches
from practice.errors import NotPossible
from practice.queries.paging import pages, searched
from practice.wording import clock_of

MOST_RUNNING = 2


@dataclass(frozen=True)
class Target:
    """For whom: one client, or a couple."""

    client: Client | None
    couple: Couple | None

    @property
    def people(self) -> list[Client]:
        if self.couple:
            return [self.couple.first, self.couple.second]
        return [self.client] if self.client else []

    @property
    def name(self) -> str:
        return self.couple.names if self.couple else self.people[0].name_to_call

    @property
    def back(self) -> str:
        if self.couple:
            return reverse("couple_page", args=[self.couple.pk])
        return reverse("client_page", args=[self.people[0].pk])

    def session(self, at: datetime) -> datetime | None:
        """Return when they come next, one of a couple also with their partner."""
        if self.couple:
            to_come = self.couple.next_session_at
            return to_come if to_come and to_come > at else None
        return wording.next_session(self.people[0], at)


@for_therapists
@searches
@require_http_methods(["GET", "POST"])
def assign(request: ActorRequest) -> HttpResponse:
    """Choose for whom, what and when; sensible defaults stand there already."""
    at = now()
    target = _target(request, at)
    if target is None:
        found = client_queries.clients(
            request.actor, search=searched(request), after=request.GET.get("after")
        )
        couples = client_queries.couples_of(request.actor, list(found.rows))
        rows = _whom(found.rows, couples)
        return render(
            request,
            "exercises/therapist/assign_whom.html",
            {
                "rows": rows,
                "exercise": request.GET.get("exercise", ""),
                **pages(request, found),
            },
        )
    session = target.session(at)
    form = AssignForm(
        posted(request),
        people=_choices(target),
        session=session,
        zones=[one.zone for one in target.people],
        initial={
            "when": "session" if session else "week",
            "who": "both",
            "reminders_on": True,
            "exercise": request.GET.get("exercise"),
        },
    )
    if request.method == "POST" and form.is_valid():
        done = _assign(request, form, target, at)
        if done is not None:
            return done
    return _page(request, form, target, at)


def _whom(found: Sequence[Client], couples: dict[UUID, Couple]) -> list[dict[str, Any]]:
    """Return whom something can be given to: each couple once, above the first of the two."""
    rows: list[dict[str, Any]] = []
    for client in found:
        couple = couples.get(client.pk)
        if couple and all(row["pk"] != couple.pk for row in rows):
            text = _("Together: each gets their own")
            shown = {"name": couple.names, "people": faces(client, couple), "text": text}
            rows.append({"key": "couple", "pk": couple.pk, **shown})
        person = {"letter": client.name_to_call[:1], "part": part_of(client, couple)}
        shown = {"name": client.name, "people": [person]}
        rows.append({"key": "client", "pk": client.pk, **shown})
    return rows


def _assign(
    request: ActorRequest, form: AssignForm, target: Target, at: datetime
) -> HttpResponse | None:
    who = form.cleaned_data.get("who", "both")
    single = next((one for one in target.people if str(one.pk) == who), None)
    client = single or (None if target.couple else target.client)
    couple = None if single else target.couple

    def give() -> str:
        assignment = assigning.assign(
            by=request.actor,
            at=at,
            version=library.newest_version(request.actor, form.cleaned_data["exercise"]),
            client=client,
            couple=couple,
            when=form.schedule(at),
            note=form.cleaned_data["note"],
        )
        return reverse("assignment_sent", args=[assignment.pk])

    try:
        # A double tap would give it twice, with two mails.
        return redirect(once(request, give))
    except NotPossible as refusal:
        refuse(form, refusal)
        return None


def _page(request: ActorRequest, form: AssignForm, target: Target, at: datetime) -> HttpResponse:
    query = searched(request)
    found = library.library(request.actor, query)
    newest = library.newest_versions(request.actor, list(found.rows))
    done = recently_done(request.actor, target.people)
    chosen = _id(str(form["exercise"].value() or ""))
    couple = client_queries.couple_with(request.actor, target.client) if target.client else None
    options = [
        {
            "value": str(row.pk),
            "title": newest[row.pk].definition.title.get(language()),
            "text": _option_text(
                row, newest[row.pk].definition, done.get(row.pk, ()), request.actor.zone
            ),
            "checked": str(row.pk) == chosen and (target.couple is not None or not row.is_pair),
            **(_for_two_only(couple, row.pk) if row.is_pair and not target.couple else {}),
        }
        for row in found.rows
    ]
    load = running(request.actor, target.people)
    template = "exercise_results" if request.headers.get("HX-Request") else ""
    context = {
        "form": form,
        "target": target,
        "options": options,
        "query": query,
        "count_text": ngettext("%(n)d exercise", "%(n)d exercises", len(options))
        % {"n": len(options)},
        "chosen": chosen,
        "clearance": client_queries.standing(request.actor, target.couple) if target.couple else [],
        "at": at,
        "zone_text": _zone_text(target),
        "load": [
            _load_text(one, load[one.pk])
            for one in target.people
            if load.get(one.pk, 0) >= MOST_RUNNING
        ],
        "here": request.get_full_path(),
    }
    if template:
        return render(
            request,
            "components/exercise_results.html",
            {"id": "options", "name": "exercise", **context},
        )
    return render(
        request, "exercises/therapist/assign.html", context, status=422 if form.is_bound else 200
    )


def _for_two_only(couple: Couple | None, exercise: UUID) -> dict[str, str]:
    """Say where an exercise for two can be assigned, when one of them stands here alone."""
    if couple is None:
        return {"disabled_text": _("For two: assign it from a couple’s page.")}
    return {
        "disabled_text": _("For two: assign it to %(names)s.") % {"names": couple.names},
        "disabled_url": f"{reverse('assign')}?couple={couple.pk}&exercise={exercise}",
    }


def _load_text(client: Client, number: int) -> str:
    return ngettext(
        "%(name)s has %(n)d thing open. Fewer often works better.",
        "%(name)s has %(n)d things open. Fewer often works better.",
        number,
    ) % {"name": client.name_to_call, "n": number}


def _id(text: str) -> str:
    """Return the id somebody's link or form names, if it is one."""
    try:
        return str(UUID(text))
    except ValueError:
        return ""


def _option_text(row: Any, definition: Definition, done: Sequence[Homework], zone: str) -> str:
    kind = _("with a log") if row.is_log else ""
    if row.is_pair or definition.is_journal:
        kind = _("for two, each alone") if row.is_pair else _("a log")
    parts = [_("%(n)d min") % {"n": row.minutes}, kind]
    for one in done:
        day = wording.plain_day(schedule.local_time(one.submitted_at or one.opens_at, zone))
        said = {"name": one.client.name_to_call, "day": day}
        if one.status in homeworks.MOVABLE:
            parts.append(_("%(name)s has this now") % said)
        elif one.submitted_at:
            parts.append(_("%(name)s did this on %(day)s") % said)
        else:
            parts.append(_("%(name)s had this on %(day)s") % said)
    return " · ".join(part for part in parts if part)


def _zone_text(target: Target) -> str:
    """Say whose days these are: a wall time means the client's own clock, wherever staff sit."""
    zones = {clock_of(one.zone) for one in target.people}
    if len(zones) == 1:
        said = {"name": target.name, "zone": zones.pop()}
        if target.couple:
            return _("Days and hours are those where %(name)s live: %(zone)s.") % said
        return _("Days and hours are those where %(name)s lives: %(zone)s.") % said
    said_by = [f"{one.name_to_call}: {clock_of(one.zone)}" for one in target.people]
    return _("Each opens and ends by their own clock.") + " " + " · ".join(said_by)


def _choices(target: Target) -> list[tuple[str, str]]:
    if target.couple is None:
        return []
    return [
        ("both", _("Both, each alone")),
        *((str(one.pk), one.name_to_call) for one in target.people),
    ]


def _target(request: ActorRequest, at: datetime) -> Target | None:
    client, couple = request.GET.get("client"), request.GET.get("couple")
    try:
        if couple:
            return Target(None, client_queries.couple_of(request.actor, UUID(couple)))
        if client:
            return Target(client_queries.client_with_session(request.actor, UUID(client), at), None)
    except ValueError as error:
        raise Http404 from error
    return None


@for_therapists
@require_GET
def assignment_sent(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Say that it is there, and how to take it away again."""
    found = homeworks.assignment(request.actor, pk)
    back = Target(found.client, found.couple)
    wall = found.opens_local.replace(tzinfo=None)
    opens_later = wall > schedule.local_time(now(), back.people[0].zone)
    return render(
        request,
        "exercises/therapist/assigned.html",
        {
            "opens": wording.plain_day(wall) if opens_later else "",
            "assignment": found,
            "title": _with_dates(found),
            "who": back.name,
            "back": back.back,
        },
    )


def _with_dates(found: Assignment) -> str:
    """Say what it is and until when, by their own clock."""
    title = found.version.definition.title.get(language())
    if found.due_local is None:
        return title
    said = {
        "title": title,
        "due": date_format(found.due_local.replace(tzinfo=None), _("D j M, H:i")),
    }
    if found.rrule:
        return _("%(title)s, the first one until %(due)s.") % said
    return _("%(title)s, until %(due)s.") % said


@for_therapists
@require_http_methods(["GET", "POST"])
def assignment_withdraw(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Take an assignment back, after saying what that means."""
    found = homeworks.assignment(request.actor, pk)
    back = Target(found.client, found.couple)
    if request.method == "POST":
        assigning.withdraw(by=request.actor, at=now(), assignment=found)
        messages.success(request, _("Withdrawn. What they wrote is kept for them."))
        return redirect(back.back)
    return render(
        request,
        "exercises/therapist/withdraw.html",
        {
            "title": found.version.definition.title.get(language()),
            "for_two": back.couple is not None,
            "who": back.name,
            "back": back.back,
        },
    )


def _happened(step: Step) -> str:
    """Say what became of a homework, as something that is over."""
    texts = {
        Move.OPEN: pgettext("what happened", "Opened"),
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
    """Return what happened, oldest first, with what asked for a human and who saw to it."""
    told = [(_happened(step), step.at) for step in steps]
    for flag in flags:
        what = (
            _("Said they do not feel safe")
            if flag.kind == FlagKind.SAFETY
            else _("Came to a place that asks for a talk with you")
        )
        told.append((what, flag.raised_at))
        if flag.handled_by and flag.handled_at:
            said = {"name": flag.handled_by.user.get_full_name()}
            told.append((_("%(name)s saw to it") % said, flag.handled_at))
    return sorted(told, key=itemgetter(1))


@for_carers
@require_GET
def homework_page(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Show where one homework stands; never a word of a draft."""
    actor, at = request.actor, now()
    found = homeworks.homework(actor, pk)
    along = reads_along(actor, found.client)
    flags = reviews.flags_on(actor, found)
    return render(
        request,
        "exercises/therapist/homework.html",
        {
            "homework": found,
            "title": title_of(found, language()),
            "state": state_text(found, at, actor.zone),
            "due": wording.plain_when(found.due_at, actor.zone)
            if found.due_at and found.status in homeworks.MOVABLE
            else "",
            "steps": _story(homeworks.steps(actor, found), flags),
            "note": read_note(actor, found.assignment, found),
            "flag": next((flag for flag in flags if flag.handled_at is None), None),
            "has_rounds": found.submitted_at is not None,
            "waits": waits_for_review(found),
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
    form = DueForm(
        posted(request),
        initial={"due": found.due_local.date() if found.due_local else None},
    )
    if request.method == "POST" and form.is_valid():
        try:
            assigning.move_due(by=request.actor, at=now(), homework=found, due_local=form.local())
        except NotPossible as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _("Saved. Reminders follow."))
            return redirect("homework_page", found.pk)
    return render(
        request,
        "practice/form.html",
        {
            "form": form,
            "title": _("Another day"),
            "button": _("Save"),
            "text": _("The evening of that day where %(name)s lives: %(zone)s.")
            % {"name": found.client.name_to_call, "zone": clock_of(found.zone)},
            "back": reverse("homework_page", args=[found.pk]),
            "back_to": title_of(found, language()),
        },
        status=422 if form.is_bound else 200,
    )
