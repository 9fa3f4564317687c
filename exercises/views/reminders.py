"""The ledger, and the way out of mails without signing in."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import formats
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from clients.actions.joining import switch_off
from clients.models import Client, ContactPreference, ReminderKind
from clients.permissions import may_care_for
from clients.queries import care, own, records
from exercises import emails, schedule
from exercises.models import LEASE, Homework, Reminder, ReminderReason, ReminderState
from exercises.queries.reminders import earlier, homework_of, to_come
from exercises.views import gate, wording
from exercises.views.client_pages import title_of
from practice.actors import Actor, ActorRequest, system
from practice.doors.pages import open_to
from practice.permissions import may_read_caseloads
from practice.queries.paging import Page, pages
from practice.tenancy import enter
from practice.wording import clock_of

# In the address: where the list of what is planned goes on.
PLANNED = "planned"
# The pump needs its minutes; what waits longer is late.
PATIENCE = timedelta(minutes=5)
TONES = {ReminderState.SENT: "pine", ReminderState.FAILED: "lamp", ReminderState.UNKNOWN: "lamp"}
ICONS = {
    ReminderState.PLANNED: "clock",
    ReminderState.CLAIMED: "clock",
    ReminderState.ARMED: "clock",
    ReminderState.SENT: "check",
    ReminderState.SKIPPED: "pause",
    ReminderState.CANCELLED: "check",
}


@require_GET
@open_to(may_read_caseloads)
def reminder_ledger(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Show staff what went to a client, and why."""
    client = care.client_of(request.actor, pk)
    return _ledger(request, client, base="base_staff.html")


@require_GET
def own_ledger(request: ActorRequest) -> HttpResponse:
    """Show a client what came to them, and why."""
    client = own.own_client(request.actor)
    return _ledger(request, client, base="base_client.html")


def _ledger(request: ActorRequest, client: Client, *, base: str) -> HttpResponse:
    at, asked = now(), request.GET
    # Each list goes on by itself; one that does leaves the other out.
    planned = None if "after" in asked else to_come(request.actor, client, asked.get(PLANNED))
    past = None if PLANNED in asked else earlier(request.actor, client, at, asked.get("after"))
    rows = [*(planned or ()), *(past or ())]
    about = list(homework_of(request.actor, client, rows))
    named = {row.pk: title_of(row) for row in about}
    held = _held(request.actor, client, about, at)

    def shown(found: Page[Reminder] | None, key: str) -> dict[str, Any]:
        said = [
            {
                **_row(row, client, at, mine=request.actor.is_client),
                "title": named.get(row.homework_id, "") if row.homework_id else "",
                "held": held.get(row.homework_id, "") if row.homework_id else "",
            }
            for row in found or ()
        ]
        return {"rows": said, **(pages(request, found, key=key) if found is not None else {})}

    return render(
        request,
        "exercises/ledger.html",
        {
            "base": base,
            "client": client,
            "zone": clock_of(client.zone),
            "to_come": shown(planned, PLANNED),
            "earlier": shown(past, "after"),
        },
    )


def _held(actor: Actor, client: Client, about: Sequence[Homework], at: datetime) -> dict[UUID, str]:
    """Say of what is for two and still to open that no mail goes before it does, to who cares for its
    client: who reads along learns of no screening, and to a client it is as if nothing waited."""
    if actor.is_client or not gate.holds(about) or not may_care_for(actor, client):
        return {}
    texts = {
        gate.Held.WAITS: _("Waits until couple work is cleared for both."),
        gate.Held.RULE: _("Goes only if both are cleared for couple work."),
    }
    return {pk: texts[how] for pk, how in gate.held(actor, about, at).items()}


def _row(row: Reminder, client: Client, at: datetime, *, mine: bool) -> dict[str, Any]:
    state = ReminderState(row.state)
    is_late = state is ReminderState.PLANNED and row.next_at < at - PATIENCE
    goes = state is ReminderState.PLANNED and not is_late
    return {
        # The minutes by which mails of one hour are spread are the clockwork's own business.
        "when": _about(row) if goes else _when(row.local_at),
        "zone": "" if row.zone == client.zone else clock_of(row.zone),
        "what": _what(row, mine=mine),
        "state": _("Not sent yet") if is_late else state.label,
        "as_planned": goes,
        "earlier": _earlier(row, client) if goes else "",
        "tone": "lamp" if is_late else TONES.get(state, "line"),
        "icon": "circle-alert" if is_late else ICONS.get(state, "circle-alert"),
        "reason": _why(row, client, mine=mine),
        "sent_at": _sent(row, row.sent_at) if row.sent_at else "",
    }


def _about(row: Reminder) -> str:
    """Say when it goes: the hour that was meant, or the one it was put off to."""
    meant = schedule.without_spread(row.next_at, row.local_at, row.zone)
    local = schedule.local_time(meant, row.zone)
    return f"{formats.date_format(local, _('D j M'))}, {wording.about(meant, row.zone)}"


def _when(local: datetime) -> str:
    return str(formats.date_format(local, _("D j M, H:i")))


def _sent(row: Reminder, at: datetime) -> str:
    """Say when it went; of the day it was meant for, the hour is enough."""
    local = schedule.local_time(at, row.zone)
    return f"{local:%H:%M}" if local.date() == row.local_at.date() else _when(local)


def _what(row: Reminder, *, mine: bool) -> str:
    """Say which mail it was, to its reader or to their therapist."""
    if row.kind == ReminderKind.ANSWERED and not mine:
        return _("Your reply is there")
    return ReminderKind(row.kind).said


def _earlier(row: Reminder, client: Client) -> str:
    """Say why it comes before the hour that was chosen: what it reminds of is over by then."""
    chosen: ContactPreference | None = getattr(client, "preference", None)
    if chosen is None or row.kind != ReminderKind.DUE_TODAY or row.not_after is None:
        return ""
    if row.local_at.time() >= chosen.reminder_time:
        return ""
    return _("Earlier than %(hour)s, because it runs until %(end)s.") % {
        "hour": f"{chosen.reminder_time:%H:%M}",
        "end": wording.clock(row.not_after, row.zone),
    }


def _why(row: Reminder, client: Client, *, mine: bool) -> str:
    """Say what held it back, to its reader or to their therapist."""
    if row.reason == ReminderReason.NO_ADDRESS and (
        client.joined_at is None or row.next_at < client.joined_at + LEASE
    ):
        # An address nobody has confirmed gets no mail but the invitation.
        return _("You had not joined yet") if mine else _("They had not joined yet")
    if row.reason == ReminderReason.SUBMITTED:
        return _("You had already sent it") if mine else _("They had already sent it")
    return str(row.get_reason_display()) if row.reason else ""


@csrf_exempt  # RFC 8058: the mail program posts without cookies, and this only switches mail off
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def stop_mails(request: HttpRequest, token: str) -> HttpResponse:
    """Switch one kind of mail off: a POST does it, looking changes nothing."""
    stop = emails.read_unsubscribe(token)
    if stop is None:
        raise Http404
    kind = "" if request.POST.get("all") else stop.kind
    enter(stop.practice_id)
    client = records.for_unsubscribe(system(stop.practice_id), stop.client_id)
    if request.method == "POST":
        switch_off(client=client, kind=kind, at=now())
        return render(request, "exercises/stop.html", {"done": True, "kind": _kind(kind)})
    wishes = client.preference
    said = {
        "kind": _kind(kind if wishes.by_email else ""),
        "stopped": not wishes.by_email or kind in wishes.kinds_off,
    }
    return render(request, "exercises/stop.html", said)


def _kind(kind: str) -> str:
    """Name a kind of mail to whoever holds the mail as its reader's page does, but for when it ends:
    by no word more than the mail itself."""
    if kind == ReminderKind.DUE_SOON:
        return _("Before the last day")
    return ReminderKind(kind).said if kind else ""
