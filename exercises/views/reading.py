"""What a client reads afterwards: the therapist's answer, their own copy, and who read them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.formats import date_format
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from clients.permissions import NOBODY
from clients.queries.own import have_cared
from exercises import definition as definitions
from exercises import schedule
from exercises.actions import reviewing
from exercises.definition import Item, ItemKind
from exercises.forms import items as forms
from exercises.queries import homework as homeworks
from exercises.views import wording
from exercises.views.client_pages import (
    Therapist,
    Work,
    actor_of,
    draft_key,
    for_clients,
    open_work,
    say_text,
    show,
    therapist_of,
    way_to_letter,
)
from exercises.views.submitting import moments_said
from exercises.views.turns import in_turn, said_row
from exercises.visibility import OpenedReview, OpenedRound, read_replies
from exercises.workflow import Status
from practice.actors import Actor
from practice.models import AuditEvent
from practice.queries import audit
from practice.queries.paging import pages
from practice.wording import language


@require_GET
@for_clients
def feedback(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show what the therapist wrote, and the places to go deeper."""
    work = open_work(request, pk)
    replies = read_replies(work.actor, [work.homework])[work.homework.pk]
    if not replies:
        return redirect("homework", pk=pk)
    at = now()
    reviewing.note_seen(
        by=work.actor, at=at, homework=work.homework, reviews=[reply.review for reply in replies]
    )
    returned = work.homework.status == Status.RETURNED
    last = replies[-1]
    therapist = therapist_of(work.actor)
    places = [_place(work, one, replies, therapist) for one in work.items] if returned else []
    user = last.review.reviewer.user
    sent_at = last.review.response.submitted_at
    return show(
        request,
        "feedback",
        {
            "work": work,
            "name": user.get_short_name(),
            "sent_text": _("you sent it %(when)s")
            % {"when": wording.when(sent_at, at, work.actor.zone)}
            if sent_at
            else "",
            "has_words": any(reply.words or reply.comments for reply in replies),
            "letters": [_letter(work, reply, at) for reply in reversed(replies)],
            "places": places,
            "places_text": _("One place to go deeper")
            if len(places) == 1
            else _("%(n)d places to go deeper") % {"n": len(places)},
            "single": len(places) == 1 and places[0]["item"] is not None,
            "go_url": work.url("step", number=1),
            "others": _others(work, replies, places),
            "draft_key": draft_key(request) if places else "",
            "say_text": say_text(work, work.items, therapist) if places else "",
            "save_url": work.url("draft"),
            "revision": forms.revision_of(work.items, work.words) if places else 0,
            "copy_url": work.url("save_copy"),
        },
    )


@require_GET
@for_clients
def save_copy(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one's own words on a page to print or keep."""
    work = open_work(request, pk)
    rounds = []
    for one in work.rounds:
        rows = [
            {"label": item.text.get(work.language)} | said_row(work, item, one.words.get(item.key))
            for item in work.definition.items
            if item.is_asked and item.key in one.words
        ]
        sent_at = one.response.submitted_at
        rounds.append(
            {
                "number": one.response.round,
                "sent_text": _("Sent: %(when)s") % {"when": _full(work, sent_at)}
                if sent_at
                else _("Not sent yet"),
                "rows": rows,
                "moments": [
                    moment for log in work.definition.logs for moment in _moments(work, one, log)
                ],
            }
        )
    context = {
        "work": work,
        "rounds": rounds,
        "letter": way_to_letter(work),
        "back_url": work.url("homework"),
    }
    return show(request, "copy", context)


@require_GET
@for_clients
def who_read_me(request: HttpRequest) -> HttpResponse:
    """Show a client who read which of their words, and when."""
    actor = actor_of(request)
    found = audit.reads_of(actor, actor.client_id or NOBODY, request.GET.get("after"))
    return show(request, "readers", {"rows": _reads(actor, found.rows), **pages(request, found)})


def _reads(actor: Actor, found: Sequence[AuditEvent]) -> list[dict[str, str]]:
    """Say what was read, by whom and when: who read the same thing twice in a day is one row."""
    names, carers = audit.names(list(found)), have_cared(actor)
    for user in names.keys() - carers:
        names[user] = _("%(name)s (supervisor)") % {"name": names[user]}
    titles = homeworks.titles(actor, [one.object_id for one in found], language())
    what = {
        "read.exported": _("Your whole record, as a copy"),
        "read.numbers": _("Your charts"),
        "read.topics": _("What you want to talk about"),
    }
    this_year = schedule.local_time(now(), actor.zone).year
    rows: dict[tuple[str, str, date], list[str]] = {}
    for one in found:
        local = schedule.local_time(one.at, actor.zone)
        thing = what.get(one.action) or titles.get(one.object_id) or _("What you sent")
        times = rows.setdefault((thing, names.get(one.user_id or 0, ""), local.date()), [])
        if (clock := date_format(local, "H:i")) not in times:
            times.insert(0, clock)
    return [
        {"what": thing, "text": ", ".join([name, _day(day, this_year), *times])}
        for (thing, name, day), times in rows.items()
    ]


def _day(day: date, this_year: int) -> str:
    return str(date_format(day, _("l j F") if day.year == this_year else _("l j F Y")))


def _place(
    work: Work, item: Item, replies: Sequence[OpenedReview], therapist: Therapist
) -> dict[str, Any]:
    """Return one returned item: what was written and what was asked, by turns, and room to add."""
    step = work.step_of(item.key)
    values = {item.key: work.words[item.key].value} if item.key in work.words else {}
    look = forms.Look(work.language, therapist.only, therapist.told)
    parts, shown = in_turn(work, item, work.earlier, replies), None
    earlier = any("of" in part and not part["muted"] for part in parts)
    kept_text = (
        _("What you first wrote stays as it was. Your addition is kept beside it.")
        if earlier
        else ""
    )
    if item.is_asked:
        data = forms.as_fields([item], values, work.language)
        text = _("Add to your answer") if earlier else _("Your answer")
        shown = forms.show(item, data, look) | {"text": text, "help": kept_text}
    return {
        "key": item.key,
        "label": item.text.get(work.language),
        "parts": parts,
        "earlier": earlier,
        "kept_text": kept_text,
        "item": shown,
        "url": work.url("entries")
        if item.kind is ItemKind.LOG
        else work.url("step", number=step.number if step else 1),
    }


def _letter(work: Work, reply: OpenedReview, at: Any) -> dict[str, str]:
    user = reply.review.reviewer.user
    name, settled = user.get_short_name(), reply.review.settled_at or at
    return {
        "label": _("What %(name)s wrote") % {"name": name},
        "text": reply.words,
        "initials": wording.initials(user.get_full_name()),
        "signed": f"{name}, {wording.when(settled, at, work.actor.zone)}",
    }


def _others(
    work: Work, replies: list[OpenedReview], places: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the other answers with what was said to them, all rounds beside each other."""
    taken = {place["key"] for place in places}
    rows = []
    for item in work.definition.items:
        if item.key in taken or item.kind is ItemKind.DISPLAY:
            continue
        parts = in_turn(work, item, work.rounds, replies)
        if moments := [one for words in work.rounds for one in _moments(work, words, item)]:
            parts.insert(0, moments_said(len(moments)) | {"moments": moments})
        if parts:
            rows.append({"label": item.text.get(work.language), "parts": parts})
    return sorted(rows, key=lambda row: not any("author" in part for part in row["parts"]))


def _moments(work: Work, one: OpenedRound, log: Item) -> list[dict[str, Any]]:
    """Return what was noted in one round of a log: when is said once, above each."""
    return [
        {
            "when": _full(work, moment.entry.happened_at),
            "lines": [
                {
                    "label": item.text.get(work.language),
                    "text": "\n".join(work.lines(item, words.value)),
                }
                for item in log.items
                if item is not log.when
                and (words := moment.words.get(item.key)) is not None
                and not definitions.is_empty(words.value)
            ],
        }
        for moment in one.moments
        if moment.entry.log_key == log.key
    ]


def _full(work: Work, at: datetime) -> str:
    """Return day and time as one keeps them: no "yesterday"."""
    return f"{wording.day(at, work.actor.zone, now())}, {wording.clock(at, work.actor.zone)}"
