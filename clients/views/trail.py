"""The trail, for admins: who did what to which record when; names and ids, never a word."""

import csv
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from clients.forms import TrailFilter
from clients.queries import records
from practice.actions import auditing
from practice.actors import Actor, ActorRequest
from practice.doors.pages import open_to, rate_limited, searches
from practice.forms.policies import setting_names
from practice.models import AuditEvent, Role
from practice.permissions import may_administer
from practice.queries import audit as asking
from practice.queries.paging import HIDDEN, Page, pages
from practice.queries.people import BY_NAME, members
from practice.wording import KINDS, act_text, clock_of

EXPORT_LIMIT = 50_000
# So many of those who are called so are named above the trail.
MOST_NAMED = 20
# What an address says that leads to the file, and to the page that offers it. The question who it
# is leads back to that page: led to the file, the browser would keep it and stay at the question.
FILE, READY = "csv", "ready"


def _as(request: HttpRequest) -> str:
    return request.GET.get("as", "")


def _address(request: HttpRequest, wanted: str) -> str:
    asked = request.GET.copy()
    asked.pop("after", None)
    if HIDDEN in asked:
        asked.pop("q", None)
    asked["as"] = wanted
    return f"?{asked.urlencode()}"


@searches
@require_GET
@open_to(may_administer)
@reauthentication_required(enabled=lambda request: _as(request) in {FILE, READY})  # type: ignore[untyped-decorator]  # allauth's
def audit(request: ActorRequest) -> HttpResponse:
    """Show who did what to which record when; offer it as a file, and hand that out."""
    form = TrailFilter(request.GET, people=list(members(request.actor).order_by(*BY_NAME)))
    whose = _whose(request.actor, form) if form.is_valid() else {}
    # What cannot be understood narrows nothing: it finds nothing, rather than everything.
    understood = form.is_valid()
    if "client" in form.cleaned_data and not understood:  # a name nobody has: whose they were stays
        whose = records.meant(request.actor, pk=form.cleaned_data["client"])
    if "client" in form.errors:  # no field of the page: an address that somebody made up
        raise Http404
    wanted = _wanted(request.actor, form, whose) if understood else {}
    if understood and _as(request) == FILE:
        return _export(request, wanted)
    found: Page[AuditEvent] = Page(rows=(), after=None, is_first=True)
    if understood:
        found = asking.trail(request.actor, request.GET.get("after"), **wanted)
    return render(
        request,
        "practice/audit.html",
        {
            **pages(request, found),
            "form": form,
            "whose": [(pk, name) for pk, name in whose.items() if name][:MOST_NAMED],
            "export_url": _address(request, READY),
            "file_url": _address(request, FILE) if understood and _as(request) == READY else "",
            "zone": clock_of(request.actor.zone),
            "rows": _rows(request.actor, list(found.rows)),
        },
        status=200 if understood else 422,
    )


def _whose(actor: Actor, form: TrailFilter) -> dict[UUID, str]:
    """Return the clients whose part of the trail is wanted, by name; none: everybody's.

    A name that is looked for goes before the client from whose link one came.
    """
    said = form.cleaned_data
    if not said["name"] and (said["record"] or not said["client"]):
        return {}
    whose = records.meant(actor, name=said["name"], pk=said["client"])
    if not whose:
        form.add_error(
            "q", _("No client has these letters in their name, and no record has this id.")
        )
    return whose


def _wanted(actor: Actor, form: TrailFilter, whose: dict[UUID, str]) -> dict[str, Any]:
    said = {
        name: form.cleaned_data[name] for name in ("person", "action", "record", "since", "until")
    }
    return said | {"whose": records.trail_of(actor, list(whose)) if whose else None}


def _rows(actor: Actor, events: list[AuditEvent]) -> list[dict[str, Any]]:
    """Say lines of the trail in words: the page and the file say the same."""
    names = asking.names(events)
    concerned = asking.seats(actor, events) | records.names_in(actor, events)
    return [_row(event, names, concerned) for event in events]


def _row(event: AuditEvent, names: dict[int, str], concerned: dict[str, str]) -> dict[str, Any]:
    who = names.get(event.user_id or 0, "") or _nameless(event, concerned)
    whom = event.client_id or event.detail.get("couple") or event.object_id
    whose = concerned.get(str(whom), "")
    return {
        "when": event.at,
        "who": who,
        "act": act_text(event.action),
        "which": [*setting_names(event.detail.get("fields", "")), *_given(event, concerned)],
        "to": concerned.get(event.detail.get("to", ""), ""),
        "with": concerned.get(event.detail.get("partner", ""), ""),
        "object": KINDS.get(event.object_kind, event.object_kind),
        "whose": whose if whose != who else "",
        "reference": event.object_id,
        "client": event.client_id,
        "client_name": concerned.get(str(event.client_id), ""),
    }


def _nameless(event: AuditEvent, concerned: dict[str, str]) -> str:
    """Say who did what nobody's account stands for: a client whose account went with their record, or
    who stopped their mails without signing in; else Homeward itself."""
    if event.actor_kind == "client":
        return concerned.get(str(event.client_id), "") or _("A client, erased")
    return _("Homeward")


def _given(event: AuditEvent, concerned: dict[str, str]) -> list[str]:
    """Say which roles somebody was given, and whose caseloads to read."""
    labels = dict(Role.choices)
    roles = [str(labels.get(one, one)) for one in event.detail.get("roles", "").split(",") if one]
    names = [concerned.get(one, _("A colleague")) for one in asking.whose_caseloads(event)]
    return [*roles, *(_("reads along with %(name)s") % {"name": name} for name in names)]


@rate_limited
def _export(request: ActorRequest, wanted: dict[str, Any]) -> HttpResponse:
    events = list(asking.events(request.actor, **wanted).order_by("seq")[:EXPORT_LIMIT])
    auditing.record(
        by=request.actor,
        at=now(),
        action="audit.exported",
        object_kind="practice",
        object_id=request.practice.pk,
        rows=len(events),
    )
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="audit.csv"'
    csv.writer(response).writerows(_lines(events, _rows(request.actor, events)))
    return response


def _lines(events: list[AuditEvent], rows: list[dict[str, Any]]) -> Iterator[list[str]]:
    """Give each line as programs know it (codes and ids), and beside it as the page says it."""
    codes = ["at (UTC)", "who", "what", "kind", "record", "client", "to"]
    yield [*codes, "what in words", "which", "on what", "whose", "client's name", "with"]
    for event, row in zip(events, rows, strict=True):
        said = (row["to"], row["act"], ", ".join(row["which"]), row["object"], row["whose"])
        yield [
            event.at.isoformat(),
            harmless(row["who"]),
            event.action,
            event.object_kind,
            event.object_id,
            str(event.client_id or ""),
            *(harmless(str(text)) for text in (*said, row["client_name"], row["with"])),
        ]


def harmless(cell: str) -> str:
    """Keep a spreadsheet from taking a name for a formula (OWASP, CSV injection)."""
    return f"'{cell}" if cell.strip()[:1] in set("=+-@＝＋－＠") else cell
