"""How one homework is told on a line of a therapist's page: where it stands, and what still runs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clients.models import Couple, tell_apart
from exercises import schedule
from exercises.models import Homework
from exercises.permissions import can_go_back
from exercises.queries import homework as homeworks
from exercises.queries.bringing import is_for_session
from exercises.views import wording
from exercises.views.client_pages import title_of
from exercises.views.therapist_pages import face, part_of
from exercises.workflow import CLIENTS_TURN, Status


def waits_for_review(row: Any) -> bool:
    """Say whether what was handed in still wants an answer (see `homeworks.under_way_and_past`)."""
    return row.status == Status.SUBMITTED and not row.is_answered


def state_text(row: Homework, at: Any, zone: str, *, cares: bool, is_gated: bool = False) -> str:
    """Say where a homework stands, without a word of a draft, to who cares or reads along; of what
    `is_gated`, that it opens only while both are cleared."""
    if row.status == Status.SUBMITTED:
        sent = wording.lately(row.submitted_at, at, zone) if row.submitted_at else ""
        if not waits_for_review(row):
            if not can_go_back(row):
                return _("sent %(when)s, the answer is kept in the record") % {"when": sent}
            return _("sent %(when)s, the answer is on its way") % {"when": sent}
        if not cares:
            return _("sent %(when)s, not answered yet") % {"when": sent}
        return _("sent %(when)s, waits for you") % {"when": sent}
    if row.client.discharged_at and row.status in homeworks.MOVABLE:
        return _("not in; care has ended")
    if row.client.joined_at is None and row.status in CLIENTS_TURN:
        return _("waits until they join")
    texts = {
        Status.SCHEDULED: _opens(row, is_gated=is_gated) % {"when": wording.opens(row, zone)},
        Status.OPEN: _("not in yet"),
        Status.IN_PROGRESS: _("not in yet"),
        Status.RETURNED: _("going deeper, not in yet"),
        Status.REVIEWED: _("read and answered"),
        Status.SKIPPED: _("would rather talk about it in the session")
        if is_for_session(row)
        else _("set aside"),
        Status.EXPIRED: _("let go"),
        Status.WITHDRAWN: _("withdrawn"),
    }
    return texts[Status(row.status)]


def _opens(row: Homework, *, is_gated: bool) -> str:
    if is_gated and row.version.definition.is_for_two:
        return _("opens %(when)s, if both are cleared for couple work")
    return _("opens %(when)s")


def line(
    row: Homework,
    at: Any,
    zone: str,
    couple: Couple | None = None,
    *,
    cares: bool,
    is_gated: bool = False,
) -> dict[str, Any]:
    if couple:
        tell_apart([row.client, *couple.pair])
    text = state_text(row, at, zone, cares=cares, is_gated=is_gated)
    is_in = row.status == Status.SUBMITTED
    if row.status in homeworks.MOVABLE and not row.client.discharged_at:
        is_there = row.client.joined_at is not None or row.status == Status.SCHEDULED
        if is_there and row.due_at and row.due_at > at:
            text += " · " + _("until %(due)s") % {"due": wording.ends(row, zone, at)}
        text += _following(row)
    return {
        "title": title_of(row),
        "text": text,
        "opened": _opened(row),
        "href": reverse("review" if is_in else "homework_page", args=[row.pk]),
        "waits": waits_for_review(row),
        "name": row.client.name_to_call,
        **face(row.client, couple),
    }


def _following(row: Any) -> str:
    """Say how many more of a series come after its next one, planned yet or not."""
    if row.status != Status.SCHEDULED:
        return ""
    zone = row.client.zone
    unplanned = row.assignment.still_to_plan(row.client_id, row.last_slot, zone)
    if unplanned is None:
        return " · " + _("and so on")
    number = (row.more or 0) + len(unplanned)
    if not number:
        return ""
    last = unplanned[-1].local if unplanned else schedule.local_time(row.last_opens_at, zone)
    text = ngettext("and %(n)d more, on %(last)s", "and %(n)d more until %(last)s", number)
    return " · " + text % {"n": number, "last": wording.plain_day(last)}


def _opened(row: Homework) -> str:
    """Say from which day a homework is; what was withdrawn may never have opened."""
    said = {"day": wording.opening_day(row)}
    if row.status == Status.WITHDRAWN:
        return _("for %(day)s") % said
    return _("assigned %(day)s") % said


def under_way(rows: Sequence[Homework], couple: Any, at: Any, zone: str) -> list[dict[str, Any]]:
    """Return what the two have to do, each exercise once, with where each of them stands."""
    found: dict[Any, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda one: part_of(one.client, couple)):
        told = line(row, at, zone, couple, cares=couple.cares)
        item = found.setdefault(row.assignment_id, {"title": told["title"], "lines": []})
        link = _("Review") if told["waits"] and couple.cares else ""
        item["lines"].append(told | {"muted": not told["waits"], "link": link})
    return list(found.values())


def still_runs(rows: Sequence[Any], at: datetime, zone: str) -> list[dict[str, Any]]:
    """Return what still runs after an answer that did not feel safe, each exercise once, with where
    it can be withdrawn."""
    found: dict[UUID, dict[str, Any]] = {}
    tell_apart(row.client for row in rows)
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
