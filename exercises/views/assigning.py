"""Assign: whom, what, when and a word; from the client's page in a few clicks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from clients.models import Client, tell_apart
from clients.queries import care, parting
from exercises import schedule
from exercises.actions import assigning
from exercises.definition import Definition
from exercises.forms.assign import AssignForm
from exercises.models import Homework
from exercises.queries import homework as homeworks
from exercises.queries import library
from exercises.queries import review as reviews
from exercises.queries.running import (
    count_under_way,
    given_lately,
    having_a_series,
    recently_done,
)
from exercises.views import gate, wording
from exercises.views.target import Target, called
from exercises.views.therapist_pages import (
    consent_text,
    face,
    faces,
    for_therapists,
    part_of,
    reminded,
    session_page,
    waiting_flag_text,
)
from exercises.workflow import Status
from practice.actors import Actor, ActorRequest
from practice.doors.pages import once_per_form, posted, refusals_on, searches
from practice.errors import BadInput
from practice.queries.paging import pages, searched
from practice.wording import clock_of, language

MOST_RUNNING = 2


@for_therapists
@searches
@require_http_methods(["GET", "POST"])
@once_per_form  # a double tap would give it twice, with two mails
def assign(request: ActorRequest) -> HttpResponse:
    """Choose for whom, what and when; sensible defaults stand there already."""
    at = now()
    target = _target(request, at)
    if target is None:
        return _ask_whom(request)
    # Said before anything is typed; of a form that was open meanwhile the action says it beside it.
    if request.method == "GET" and (target.is_unlinked or target.ended):
        return _closed(request, target)
    session = target.session(at)
    form = AssignForm(
        posted(request),
        at=at,
        people=_choices(target),
        session=session,
        zones={str(one.pk): one.zone for one in target.people},
        zone=request.actor.zone,
        initial={
            "when": "session" if session else "week",
            "who": "both",
            "reminders_on": True,
            "exercise": request.GET.get("exercise"),
        },
    )
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            return redirect(_assign(request, form, target, at))
    return _page(request, form, target, at)


def _ask_whom(request: ActorRequest) -> HttpResponse:
    """Ask for whom it is: of what is for two, only for which couple."""
    exercise = _id(request.GET.get("exercise", ""))
    is_for_two = library.is_for_two(request.actor, exercise)
    found = care.clients(
        request.actor,
        search=searched(request),
        only="pairs" if is_for_two else "own",
        after=request.GET.get("after"),
    )
    rows = _whom(found.rows, care.couples_of(request.actor, list(found.rows)))
    return render(
        request,
        "exercises/therapist/assign_whom.html",
        {
            "rows": [row for row in rows if row["key"] == "couple" or not is_for_two],
            "exercise": exercise,
            "is_for_two": is_for_two,
            **pages(request, found),
        },
    )


def _closed(request: ActorRequest, target: Target) -> HttpResponse:
    """Say why nothing can be given here now, and what can be done about it."""
    return render(
        request,
        "exercises/therapist/assign_closed.html",
        {"target": target, "exercise": request.GET.get("exercise", "")},
        status=409,
    )


def _whom(found: Sequence[Client], couples: dict[UUID, Any]) -> list[dict[str, Any]]:
    """Return whom something can be given to: each couple once, above the one it is named after."""
    rows: list[dict[str, Any]] = []
    listed = {client.pk for client in found}
    for client in found:
        couple = couples.get(client.pk)
        # Above the other one where the first is not in this list: on another page, or not looked for.
        is_here = couple and (client.pk == couple.first_id or couple.first_id not in listed)
        if couple and is_here and couple.cares and not Target(None, couple).ended:
            text = _("Together: each gets their own")
            shown = {"name": couple.names, "people": faces(couple), "text": text}
            rows.append({"key": "couple", "pk": couple.pk, **shown})
        shown = {"name": client.name, "people": [face(client, couple)]}
        invited = {"is_invited": client.joined_at is None}
        rows.append({"key": "client", "pk": client.pk, **shown, **invited})
    return rows


def _assign(request: ActorRequest, form: AssignForm, target: Target, at: datetime) -> str:
    """Give it, and return the page that says so."""
    who = form.cleaned_data.get("who", "both")
    single = next((one for one in target.people if str(one.pk) == who), None)
    client = single or (None if target.couple else target.client)
    version = library.newest_version(request.actor, form.cleaned_data["exercise"])
    if single and version.definition.is_for_two:
        text = _("This exercise is for two. Choose “%(both)s”.") % {"both": _("Both, each alone")}
        raise BadInput({"who": [text]})
    people = [single] if single else target.people
    # A browser's Back leads to a form that can be sent again. What is refused anyhow asks nothing.
    if not (form.cleaned_data["twice"] or target.is_unlinked or target.ended):
        if form.schedule().rrule:
            there = having_a_series(request.actor, people, version)
            text = _("There is a series of this for %(names)s already.")
        else:
            there = given_lately(request.actor, people, version, at)
            text = _("This was given to %(names)s a moment ago.")
        form.there = sorted(set(there.values()), key=str)
        if there:
            names = called([one for one in people if one.pk in there])
            raise BadInput({"twice": [text % {"names": names}]})
    assignment = assigning.assign(
        by=request.actor,
        at=at,
        version=version,
        client=client,
        couple=None if single else target.couple,
        when=form.schedule(),
        note=form.cleaned_data["note"],
    )
    return reverse("assignment_sent", args=[assignment.pk])


def _page(request: ActorRequest, form: AssignForm, target: Target, at: datetime) -> HttpResponse:
    query = searched(request)
    chosen = _id(str(form["exercise"].value() or ""))
    options = _options(request, target, query, chosen)
    load = count_under_way(request.actor, target.people)
    context = {
        "form": form,
        "target": target,
        "options": options,
        "query": query,
        "count_text": ngettext("%(n)d exercise", "%(n)d exercises", len(options))
        % {"n": len(options)},
        "chosen": chosen,
        "waits_for": gate.waits_for(request.actor, target.couple, at),
        "not_joined": [one for one in target.people if one.joined_at is None],
        "joined": [one for one in target.people if one.joined_at],
        "zone_text": _zone_text(target, form.session, request.actor.zone),
        "consent_text": _consent(request.actor, target),
        "flags": _open_flags(request.actor, target, at),
        "load": [
            _load_text(one, load[one.pk])
            for one in target.people
            if load.get(one.pk, 0) >= MOST_RUNNING
        ],
        "note_session": session_page(target.people[0], target.couple, back=f"?assign={chosen}"),
        "here": request.get_full_path(),
    }
    if request.headers.get("HX-Request"):  # the search, as one types
        return render(
            request,
            "components/exercise_results.html",
            {"id": "options", "name": "exercise", **context},
        )
    # Of the field as it is shown: one that was sent and refused has been made already.
    form["reminders_on"].help_text = reminded(request.actor, target.people, at)
    return render(
        request, "exercises/therapist/assign.html", context, status=422 if form.is_bound else 200
    )


def _options(
    request: ActorRequest, target: Target, query: str, chosen: str
) -> list[dict[str, Any]]:
    """Return the exercises to choose from, each with what these people did of it before."""
    found = library.library(request.actor, query)
    newest = library.newest_versions(request.actor, list(found.rows))
    done = recently_done(request.actor, target.people)
    tell_apart(one.client for rows in done.values() for one in rows)
    couple = _couple_of(request.actor, target.client) if target.client else None
    return [
        {
            "value": str(row.pk),
            "title": newest[row.pk].definition.title.get(language()),
            "text": _option_text(
                row, newest[row.pk].definition, done.get(row.pk, ()), request.actor.zone
            ),
            "cautions": [text.get(language()) for text in newest[row.pk].definition.cautions],
            "cadence": wording.cadence(newest[row.pk].definition),
            "has_now": [
                (part_of(one.client, target.couple), _has_now(one, request.actor.zone))
                for one in done.get(row.pk, ())
                if one.status in homeworks.MOVABLE
            ],
            "checked": str(row.pk) == chosen and (target.couple is not None or not row.is_pair),
            **(
                _for_two_only(target.client, couple, row.pk)
                if row.is_pair and target.client
                else {}
            ),
        }
        for row in found.rows
    ]


def _couple_of(actor: Actor, client: Client) -> Any:
    """Return the couple one of whom stands here alone, with `cares` (both are one's own)."""
    return care.couples_of(actor, [client]).get(client.pk)


def _has_now(one: Homework, zone: str) -> str:
    """Say that somebody has an exercise already, before it is given to them once more."""
    said = {"name": one.client.name_to_call}
    if one.status == Status.SCHEDULED:
        opens = {"when": wording.opens(one, zone)}
        return _("%(name)s has this already: it opens %(when)s.") % (said | opens)
    if one.due_at is None:
        return _("%(name)s has this now.") % said
    due = {"due": wording.ends(one, zone)}
    return _("%(name)s has this now, until %(due)s.") % (said | due)


def _for_two_only(alone: Any, couple: Any, exercise: UUID) -> dict[str, str]:
    """Say where an exercise for two can be assigned, when one of them stands here alone; `couple` is
    theirs, where both are in reach."""
    if couple is None and alone.linked is None:
        return {
            "disabled_text": _("For two: link a couple first."),
            "disabled_url": reverse("couple_link"),
        }
    if couple is None or not couple.cares or Target(None, couple).ended:
        return {"disabled_text": _("For two: both have to be in your care.")}
    return {
        "disabled_text": _("For two: assign it to %(names)s.") % {"names": couple.names},
        "disabled_url": f"{reverse('assign')}?couple={couple.pk}&exercise={exercise}",
    }


def _open_flags(actor: Actor, target: Target, at: datetime) -> list[str]:
    """Say what asked for a human and still does, before something new is given.

    Of one of two on their own page alone: a page about both may lie open between them.
    """
    if target.client is None:
        return []
    return [
        waiting_flag_text(flag, actor.zone, at)
        for flag in reviews.flags_of(actor, target.client)
        if flag.handled_at is None
    ]


def _consent(actor: Actor, target: Target) -> str:
    """Say that one withdrew their consent; of one of two on their own page alone: a couple's may lie open
    between them."""
    client: Any = target.client
    return consent_text(client, client.consent_withdrawn_at, actor.zone) if client else ""


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
    parts = [wording.minutes(row.minutes, each=definition.is_journal), kind]
    for one in done:
        day = wording.opening_day(one)
        if one.submitted_at:
            day = wording.plain_day(schedule.local_time(one.submitted_at, zone))
        said = {"name": one.client.name_to_call, "day": day}
        if one.status == Status.SCHEDULED:
            parts.append(_("%(name)s has this from %(day)s") % said)
        elif one.status in homeworks.MOVABLE:
            parts.append(_("%(name)s has this now") % said)
        elif one.submitted_at:
            parts.append(_("%(name)s did this on %(day)s") % said)
        else:
            parts.append(_("%(name)s had this on %(day)s") % said)
    return " · ".join(part for part in parts if part)


def _zone_text(target: Target, session: tuple[datetime, UUID] | None, zone: str) -> str:
    """Say whose days these are: a wall time means the client's own clock, wherever staff sit; a
    session's hour is said by one's own."""
    text = _whose_days(target)
    hours = {schedule.local_time(session[0], one.zone) for one in target.people} if session else {}
    if session and hours != {schedule.local_time(session[0], zone)}:
        text += " " + _("The session’s hour: %(zone)s.") % {"zone": clock_of(zone)}
    return text


def _whose_days(target: Target) -> str:
    zones = {clock_of(one.zone) for one in target.people}
    if len(zones) == 1:
        said = {"name": target.name, "zone": zones.pop()}
        if target.couple:
            return _("Days and hours are those where %(name)s live: %(zone)s.") % said
        return _("Days and hours are those where %(name)s lives: %(zone)s.") % said
    said_by = [f"{one.name_to_call}: {clock_of(one.zone)}" for one in target.people]
    return _("Each opens and ends by their own clock.") + " " + " · ".join(said_by) + "."


def _choices(target: Target) -> list[tuple[str, str]]:
    if target.couple is None:
        return []
    return [
        ("both", _("Both, each alone")),
        *((str(one.pk), one.name_to_call) for one in target.people),
    ]


def _target(request: ActorRequest, at: datetime) -> Target | None:
    actor = request.actor
    client, couple = request.GET.get("client"), request.GET.get("couple")
    try:
        if couple:
            return Target(None, care.couple_to_care_for(actor, UUID(couple)))
        if client:
            found = care.client_to_care_for(
                actor,
                UUID(client),
                shared_session_at=care.shared_session(actor, at),
                shared_session_of=care.shared_session(actor, at, name="pk"),
                consent_withdrawn_at=care.consent_withdrawn(),
                linked=parting.links()["linked"],
            )
            return Target(found, None)
    except ValueError as error:
        raise Http404 from error
    return None
