"""The page of one client, and of a couple: what is open, what came in, what changed."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from clients import queries as client_queries
from clients.actions import noting
from clients.models import Client, Couple
from clients.permissions import may_care_for
from exercises import charts, schedule
from exercises.charts import Series
from exercises.models import Homework
from exercises.queries import homework as homeworks
from exercises.queries.series import Weeks, weeks_of
from exercises.views import wording
from exercises.views.desk import faces, for_carers, names, part_of, title_of
from exercises.views.ground import language
from exercises.workflow import Status
from practice.actors import ActorRequest
from practice.queries.people import invitation_of_client


@for_carers
@require_GET
def client_page(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Show one client."""
    actor, at = request.actor, now()
    client: Any = client_queries.record_for_staff(actor, pk)
    couple = client_queries.couple_with(actor, client)
    past = homeworks.history(actor, client, request.GET.get("after"))
    weeks = weeks_of(actor, [client], at)[client.pk]
    topics = client_queries.topics(actor, client)
    return render(
        request,
        "exercises/therapist/client.html",
        {
            "client": client,
            "couple": couple,
            "couple_names": names(couple) if couple else "",
            "people": [{"letter": client.name_to_call[:1], "part": part_of(client, couple)}],
            "cares": client.cares,
            "head": _head(client, at, actor.zone),
            "now": [_line(row, at, actor.zone) for row in homeworks.under_way(actor, client)],
            "past": [_line(row, at, actor.zone) for row in past.rows],
            "page": past,
            "clearance": client_queries.clearance(actor, client),
            "at": at,
            "invitation": None if client.joined_at else invitation_of_client(actor, client.pk),
            "charts": _charts([(client, weeks, "a")]),
            "topics": noting.read_topics(by=actor, at=at, client=client, topics=topics),
        },
    )


@for_carers
@require_GET
def couple_page(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Show a couple: each one's own account beside the other's, never subtracted."""
    actor, at = request.actor, now()
    couple = client_queries.couple_of(actor, pk)
    pair = [couple.first, couple.second]
    weeks = weeks_of(actor, pair, at)
    rows = homeworks.of_couple(actor, couple)
    return render(
        request,
        "exercises/therapist/couple.html",
        {
            "couple": couple,
            "title": names(couple),
            "people": faces(couple.first, couple),
            "head": _couple_head(couple, at, actor.zone),
            "cares": all(may_care_for(actor, one) for one in pair),
            "items": _under_way(rows, couple, at, actor.zone),
            "clearances": [(one, client_queries.clearance(actor, one)) for one in pair],
            "at": at,
            "charts": _charts(
                [(one, weeks[one.pk], part) for one, part in zip(pair, "ab", strict=True)]
            ),
        },
    )


def _head(client: Client, at: Any, zone: str) -> str:
    parts = []
    if client.discharged_at:
        parts.append(_("Discharged"))
    elif not client.joined_at:
        parts.append(_("Not joined yet"))
    if client.next_session_at and client.next_session_at >= at:
        when = wording.plain_when(client.next_session_at, zone)
        parts.append(_("Next session: %(when)s") % {"when": when})
    return " · ".join(parts)


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
                "link": _("Review") if waits else _("Open"),
            }
        )
    return list(found.values())


def _charts(accounts: list[tuple[Client, Weeks, str]]) -> list[dict[str, Any]]:
    """Return the strength of hard moments, and the reassurance log, over weeks."""
    return [
        _chart(
            "closeness",
            _("How close it felt after a hard moment"),
            _("0 to 10, by week"),
            accounts,
            [("close_after", False)],
            10,
        ),
        _chart(
            "asks",
            _("Moments of wanting reassurance"),
            _("noted each week"),
            accounts,
            [("moments", True)],
            None,
        ),
        _chart(
            "strength",
            _("How strong those moments were"),
            _("0 to 10, by week"),
            accounts,
            [("urge", False)],
            10,
        ),
    ]


def _chart(
    key: str,
    title: str,
    range_text: str,
    accounts: list[tuple[Client, Weeks, str]],
    wanted: list[tuple[str, bool]],
    top: float | None,
) -> dict[str, Any]:
    series = [
        Series(client.name_to_call, weeks.counts(name) if count else weeks.means(name), part)
        for client, weeks, part in accounts
        for name, count in wanted
    ]
    said = sum(value is not None for one in series for value in one.values)
    if not said:
        return {"id": key, "title": title, "empty_text": _("No entries in the last ten weeks.")}
    mondays = accounts[0][1].mondays
    columns = [date_format(day, "j M") for day in mondays]
    highest = max(value for one in series for value in one.values if value is not None)
    aria = f"{title}, {range_text}. " + " ".join(
        f"{one.name}: " + ", ".join(_said(value) for value in one.values) + "." for one in series
    )
    return {
        "id": key,
        "title": title,
        "range_text": range_text,
        "summary": _("Their own account. Weeks with an entry: %(count)d.") % {"count": said},
        "aria": aria,
        "sizes": charts.draw(columns, series, top=top or highest),
        "legend": [
            {
                "letter": client.name_to_call[:1],
                "part": part,
                "text": client.name_to_call,
            }
            for client, _weeks, part in accounts
        ],
        "legend_note": _("A gap means no entry."),
        "few_text": _("From five entries on you will see a line.") if charts.few(series) else "",
        "table": {
            "heads": [_("Week of"), *(one.name for one in series)],
            "rows": [
                [column, *(_said(one.values[number]) for one in series)]
                for number, column in enumerate(columns)
            ],
        },
    }


def _said(value: float | None) -> str:
    return _("no entry") if value is None else f"{value:g}"
