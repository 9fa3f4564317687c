"""The ledger, and the way out of mails without signing in."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from clients import queries as client_queries
from clients.actions.joining import switch_off
from clients.models import Client
from exercises import emails, schedule
from exercises.models import Reminder, ReminderState
from exercises.queries.reminders import ledger
from practice.actors import ActorRequest, system
from practice.permissions import may_read_caseloads
from practice.queries.paging import pages
from practice.tenancy import enter


@require_GET
def reminder_ledger(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Show staff what went to a client, and why."""
    if not may_read_caseloads(request.actor):
        raise PermissionDenied
    client = client_queries.client_of(request.actor, pk)
    return _ledger(request, client, base="base_staff.html")


@require_GET
def own_ledger(request: ActorRequest) -> HttpResponse:
    """Show a client what came to them, and why."""
    client = client_queries.own_client(request.actor)
    return _ledger(request, client, base="base_client.html")


def _ledger(request: ActorRequest, client: Client, *, base: str) -> HttpResponse:
    found = ledger(request.actor, client, request.GET.get("after"))
    return render(
        request,
        "exercises/ledger.html",
        {
            "base": base,
            "client": client,
            **pages(request, found),
            "rows": [_row(row) for row in found.rows],
        },
    )


def _row(row: Reminder) -> dict[str, Any]:
    state = ReminderState(row.state)
    planned = row.next_at if state is ReminderState.PLANNED else None
    return {
        "kind": row.get_kind_display(),
        "planned": row.local_at,
        "zone": row.zone.replace("_", " "),
        "state": state.label,
        "reason": row.get_reason_display() if row.reason else "",
        "sent_at": schedule.local_time(row.sent_at, row.zone) if row.sent_at else None,
        "next_at": schedule.local_time(planned, row.zone) if planned else None,
        "tone": {ReminderState.SENT: "pine", ReminderState.PLANNED: "lamp"}.get(state, "line"),
    }


@csrf_exempt  # RFC 8058: the mail program posts without cookies, and this only switches mail off
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def stop_mails(request: HttpRequest, token: str) -> HttpResponse:
    """Switch one kind of mail off: a POST does it, looking changes nothing."""
    stop = emails.read_unsubscribe(token)
    if stop is None:
        raise Http404
    if request.method == "POST":
        enter(stop.practice_id)
        client = client_queries.for_unsubscribe(system(stop.practice_id), stop.client_id)
        switch_off(client=client, kind="" if request.POST.get("all") else stop.kind, at=now())
    return render(request, "exercises/stop.html", {"done": request.method == "POST"})
