"""The page of one client, and of a couple: what is open, what came in, what changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from clients import queries as client_queries
from clients.actions import noting
from clients.models import Client, Couple
from clients.permissions import may_care_for
from exercises import schedule
from exercises.actions import reviewing
from exercises.models import Homework
from exercises.queries import homework as homeworks
from exercises.views import curves, wording
from exercises.views.desk import faces, for_carers, names, part_of, title_of
from exercises.views.ground import language
from exercises.workflow import Status
from practice.actors import ActorRequest
from practice.queries.paging import pages
from practice.queries.people import invitation_of_client


@for_carers
@require_GET
def client_page(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Show one client."""
    actor, at = request.actor, now()
    client: Any = client_queries.record_for_staff(actor, pk)
    couple = client_queries.couple_with(actor, client)
    course = homeworks.course(actor, client, request.GET.get("after"))
    span, weeks = reviewing.read_numbers(
        by=actor, at=at, clients=[client], before=request.GET.get("before")
    )
    return render(
        request,
        "exercises/therapist/client.html",
        {
            "client": client,
            "couple": couple,
            "couple_names": names(couple) if couple else "",
            "people": [{"letter": client.name_to_call[:1], "part": part_of(client, couple)}],
            "cares": client.cares,
            "reads_along": bool(actor.supervises) and not client.cares,
            "head": _head(client, couple, at, actor.zone),
            "now": [_line(row, at, actor.zone) for row in course.now],
            "past": [_line(row, at, actor.zone) for row in course.past],
            **pages(request, course.past),
            "at": at,
            "invitation": None if client.joined_at else invitation_of_client(actor, client.pk),
            "charts": curves.of_one(weeks[client.pk]),
            "span": curves.span(request, actor, span, at),
            "consent_text": _consent(client, actor.zone),
            "topics": noting.read_topics(by=actor, at=at, client=client),
            "reminders": _reminders(client, at, actor.zone),
        },
    )


@for_carers
@require_GET
def couple_page(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Show a couple: each one's own account beside the other's, never subtracted."""
    actor, at = request.actor, now()
    couple = client_queries.couple_of(actor, pk)
    pair = [couple.first, couple.second]
    span, weeks = reviewing.read_numbers(
        by=actor, at=at, clients=pair, before=request.GET.get("before")
    )
    rows = homeworks.of_couple(actor, couple)
    cares = all(may_care_for(actor, one) for one in pair)
    return render(
        request,
        "exercises/therapist/couple.html",
        {
            "couple": couple,
            "title": names(couple),
            "people": faces(couple.first, couple),
            "head": _couple_head(couple, at, actor.zone),
            "cares": cares,
            "reads_along": bool(actor.supervises) and not cares,
            "items": _under_way(rows, couple, at, actor.zone),
            "pair": pair,
            "clearances": [(one, client_queries.clearance(actor, one)) for one in pair],
            "at": at,
            "charts": curves.of_two([(one.name_to_call, weeks[one.pk]) for one in pair]),
            "span": curves.span(request, actor, span, at),
        },
    )


def _head(client: Client, couple: Couple | None, at: datetime, zone: str) -> str:
    parts = []
    if client.discharged_at:
        day = wording.day(client.discharged_at, zone)
        parts.append(_("Care ended on %(day)s") % {"day": day})
    elif not client.joined_at:
        parts.append(_("Not joined yet"))
    if session := client_queries.next_session(client, couple, at):
        when = wording.plain_when(session, zone)
        parts.append(_("Next session: %(when)s") % {"when": when})
    return " · ".join(parts)


def _consent(client: Any, zone: str) -> str:
    """Say when a client has withdrawn their consent; it matters to whoever writes to them next."""
    if client.consented or client.consent_withdrawn_at is None:
        return ""
    return _("%(name)s withdrew their consent on %(day)s.") % {
        "name": client.name_to_call,
        "day": wording.day(client.consent_withdrawn_at, zone),
    }


def _reminders(client: Any, at: datetime, zone: str) -> str:
    """Say how this client wants to be reminded."""
    preference = getattr(client, "preference", None)
    if preference is None:
        return _("They choose when they join.")
    if preference.suppressed_at:
        return _("Their address takes no mail.")
    if not preference.by_email:
        return _("No e-mail, by their own choice.")
    if preference.paused_until and preference.paused_until > at:
        return _("Paused until %(day)s.") % {"day": wording.day(preference.paused_until, zone)}
    said = {"time": f"{preference.reminder_time:%H:%M}", "zone": client.zone.replace("_", " ")}
    return _("By e-mail at %(time)s, %(zone)s.") % said


def _couple_head(couple: Couple, at: Any, zone: str) -> str:
    if couple.next_session_at and couple.next_session_at >= at:
        when = wording.plain_when(couple.next_session_at, zone)
        return _("Next session: %(when)s") % {"when": when}
    return ""


def state_text(row: Homework, at: Any, zone: str) -> str:
    """Say where a homework stands, without a word of a draft."""
    if row.status == Status.SUBMITTED:
        sent = wording.when(row.submitted_at, at, zone) if row.submitted_at else ""
        return _("sent %(when)s, waits for you") % {"when": sent}
    texts = {
        Status.SCHEDULED: _("opens %(when)s") % {"when": wording.plain_when(row.opens_at, zone)},
        Status.OPEN: _("not in yet"),
        Status.IN_PROGRESS: _("not in yet"),
        Status.RETURNED: _("going deeper, not in yet"),
        Status.REVIEWED: _("read and answered"),
        Status.SKIPPED: _("set aside"),
        Status.EXPIRED: _("let go"),
        Status.WITHDRAWN: _("withdrawn"),
    }
    return texts[Status(row.status)]


def _line(row: Homework, at: Any, zone: str) -> dict[str, Any]:
    waits = row.status == Status.SUBMITTED
    return {
        "title": title_of(row, language()),
        "text": state_text(row, at, zone),
        "due": wording.plain_when(row.due_at, zone) if row.due_at and row.due_at > at else "",
        "opened": wording.plain_day(schedule.local_time(row.opens_at, zone)),
        "href": reverse("review" if waits else "homework_page", args=[row.pk]),
        "waits": waits,
    }


def _under_way(
    rows: Sequence[Homework], couple: Couple, at: Any, zone: str
) -> list[dict[str, Any]]:
    found: dict[Any, dict[str, Any]] = {}
    for row in rows:
        item = found.setdefault(
            row.assignment_id, {"title": title_of(row, language()), "lines": []}
        )
        waits = row.status == Status.SUBMITTED
        item["lines"].append(
            {
                "letter": row.client.name_to_call[:1],
                "part": part_of(row.client, couple),
                "text": state_text(row, at, zone),
                "muted": not waits,
                "href": reverse("review" if waits else "homework_page", args=[row.pk]),
                "link": _("Review") if waits else pgettext("a deed", "Open"),
            }
        )
    return list(found.values())
