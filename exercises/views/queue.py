"""The queue: what waits for a therapist, who comes next, and what wants a human."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from clients.models import Couple, tell_apart
from clients.queries import care
from exercises.actions import flagging
from exercises.queries import review as asking
from exercises.views import wording
from exercises.views.client_pages import title_of
from exercises.views.therapist_pages import (
    face,
    faces,
    flag_card,
    for_carers,
    for_therapists,
    page_of,
    taken_on,
    undo_offers,
)
from practice.actors import ActorRequest
from practice.queries.paging import pages

FILTERS = ("", "couples", "second")
# So many of the next hours stand beside the queue.
HOURS = 8


@for_carers
@require_GET
def queue(request: ActorRequest) -> HttpResponse:
    """Show what waits, whose session comes first on top."""
    at, actor = now(), request.actor
    if not actor.is_therapist:  # who only supervises has nothing to answer
        return redirect("client_list")
    only = request.GET.get("only", "")
    only = only if only in FILTERS else ""
    found = asking.queue(actor, at, only=only, after=request.GET.get("after"))
    counts = asking.counts(actor, at)
    hours, all_hours = asking.hours(actor, at, HOURS)
    flags = asking.flags(actor)
    couples = care.couples_of(actor, [row.client for row in found.rows])
    return render(
        request,
        "exercises/therapist/queue.html",
        {
            "rows": [
                _queue_row(row, couples.get(row.client_id), at, actor.zone) for row in found.rows
            ],
            "filters": _filters(counts, only),
            "count": counts["all"],
            "shown": counts[only or "all"],
            "waiting_count": counts["all"] + (flags[0].of if flags else 0),  # the frame's
            "flags": [
                flag_card(
                    flag,
                    _("%(name)s answered something that wants you soon.")
                    % {"name": flag.client.name_in_lists},
                )
                for flag in flags
            ],
            "undo": undo_offers(actor, at),
            "handled": taken_on(request, at),
            "sessions": [_session(hour, at, actor.zone) for hour in hours],
            "more_sessions": all_hours - len(hours),
            **pages(request, found),
            "caught_up": _caught_up(hours, at, actor.zone) if not counts["all"] else "",
            "has_clients": not (counts["all"] or flags) and asking.has_clients(actor),
        },
    )


def _start(only: str) -> str:
    return f"{reverse('queue')}?only={only}" if only else reverse("queue")


def _caught_up(hours: list[asking.Hour], at: datetime, zone: str) -> str:
    """Say when somebody comes next, so that an empty queue is an answer and not a riddle."""
    if not hours:
        return ""
    return _("Next session: %(when)s") % {"when": wording.lately(hours[0].at, at, zone)}


def _queue_row(row: Any, partner_of: Couple | None, at: Any, zone: str) -> dict[str, Any]:
    # Of two who were parted only who is in reach is named.
    couple = row.assignment.couple
    couple = couple if couple and partner_of and partner_of.pk == couple.pk else None
    if couple:
        tell_apart([row.client, *couple.pair])
    who = row.client.name_to_call if couple else row.client.name_in_lists
    text = _("%(who)s, round %(round)d") % {"who": who, "round": row.round}
    session = getattr(row, "session_at", None)
    colleague = getattr(row, "colleague", "")
    return {
        "people": faces(couple) if couple else [face(row.client, partner_of)],
        "title": title_of(row),
        "href": reverse("review", args=[row.pk]),
        "text": f"{couple.names_in_lists} · {text}" if couple else text,
        "session_text": wording.session(session, at, zone)
        if session and session != asking.NO_SESSION
        else "",
        "waited_text": wording.waits(row.submitted_at, at) if row.submitted_at else "",
        "tag": _("Second round") if row.round > 1 else "",
        "busy": _("%(name)s is writing") % {"name": colleague} if colleague else "",
        "draft": _("Your draft") if row.drafted else "",
    }


def _filters(counts: dict[str, int], only: str) -> list[dict[str, Any]]:
    labels = {"": _("All"), "couples": _("For two"), "second": _("Second rounds")}
    return [
        {
            "text": labels[key],
            "href": _start(key),
            "current": key == only,
            "count": counts[key or "all"],
        }
        for key in FILTERS
    ]


def _session(hour: asking.Hour, at: datetime, zone: str) -> dict[str, str]:
    couple, client = hour.couple, hour.client
    return {
        "when_text": wording.session(hour.at, at, zone),
        "name": couple.names_in_lists if couple else client.name_in_lists,
        "href": page_of(client, couple),
    }


@for_therapists
@require_POST
def flag_handled(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Say that one is seeing to a flag, on the queue or on the page of whose it is (`?on=`)."""
    flag = asking.flag(request.actor, pk)
    flagging.handle_flag(by=request.actor, at=now(), flag=flag)
    # With the way to undo it: nobody else would see it any more.
    where = (
        reverse("client_page", args=[flag.client_id]) if request.GET.get("on") else reverse("queue")
    )
    return redirect(f"{where}?handled={pk}")


@for_therapists
@require_POST
def flag_undo(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Put a flag back that one took on a moment ago."""
    flagging.give_back_flag(by=request.actor, at=now(), flag=asking.flag(request.actor, pk))
    messages.success(request, _("It is back on top of your queue."))
    return redirect("queue")
