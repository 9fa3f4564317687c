"""How what is typed is kept: drafts, two devices, what is wrong, and what wants a human."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from exercises import definition as definitions
from exercises import schedule
from exercises.actions import flagging, moments, responding
from exercises.definition import Item
from exercises.forms import items as forms
from exercises.forms.drafts import LARGEST, Draft, parse_draft
from exercises.models import AnswerOutcome, Entry
from exercises.queries import homework as homeworks
from exercises.views import wording
from exercises.views.client_pages import (
    Work,
    for_clients,
    open_work,
    show,
)
from exercises.visibility import OpenedAnswer
from exercises.workflow import SHOWN_TO_CLIENT
from practice.errors import BadInput, Stale


@require_POST
@for_clients
def draft(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Keep what is being typed into some of the items."""
    work = open_work(request, pk)
    return keep_draft(request, work, work.items, work.words)


def keep_draft(
    request: HttpRequest,
    work: Work,
    among: list[Item],
    words: Mapping[str, OpenedAnswer],
    entry: Entry | None = None,
    log: Item | None = None,
) -> HttpResponse:
    """Save a draft: 200 kept, 412 another device wrote, 409 closed, 422 not yet readable."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
        return _problem(413, "too_large")
    # A form with parts was taken in by the search for its token, and is no draft.
    has_parts = request.content_type == "multipart/form-data"
    sent = None if has_parts else parse_draft(request.body)
    if sent is None:
        return _problem(400, "malformed")
    if not work.is_open:
        return _problem(409, "closed")
    items = sent.items(among)
    found = forms.read(items, sent.fields, work.wall)
    said = forms.changed(found.values, words)
    base = forms.bases(items, words, sent.revision)
    said = [one for one in said if not forms.before_aside(one, words, base, sent.device)]
    if forms.conflicting(said, words, base, sent.device):
        return _conflict_data(work, items, words, sent)
    at, errors = now(), dict(found.errors)
    if said:
        try:
            saved = responding.save(
                by=work.actor,
                at=at,
                homework=work.homework,
                said=said,
                base=base,
                device=sent.device,
                entry=entry,
                held=work.current,
            )
        except Stale:  # in the very moment in between
            return _conflict_data(work, items, words_now(work, entry), sent)
        revisions = {one.item_key: one.revision for one in saved}
        errors |= _no_such_time(work, log, entry, found.values, at)
    else:
        revisions = {}
    kept = {key: one.revision for key, one in words.items()} | revisions
    revision = sum(kept.get(item.key, 0) for item in items)
    if errors:
        return _problem(422, "unreadable", errors=errors, revision=revision)
    text = wording.saved(at, at, work.actor.zone)
    return JsonResponse({"revision": revision, "saved_at_text": text})


def tell_when(
    work: Work, log: Item | None, entry: Entry | None, values: Mapping[str, Any], at: datetime
) -> None:
    """Let a moment be when its form says, by its client's own clock of now; untouched, it stays."""
    said = values.get(log.when.key) if log and log.when else None
    if entry is None or not isinstance(said, str):
        return
    wall = datetime.fromisoformat(said).replace(tzinfo=None)
    shown = schedule.local_time(entry.happened_at, work.actor.zone)
    if wall != shown.replace(tzinfo=None, second=0, microsecond=0):
        to = schedule.resolve(wall, work.actor.zone).astimezone(UTC)
        moments.move_entry(by=work.actor, at=at, homework=work.homework, entry=entry, to=to)


def _no_such_time(
    work: Work, log: Item | None, entry: Entry | None, values: Mapping[str, Any], at: datetime
) -> dict[str, list[str]]:
    """Let a moment be when its form says; return what is wrong with a time that cannot be: the words
    are kept, the time is not."""
    try:
        tell_when(work, log, entry, values, at)
    except BadInput as refusal:
        return {log.when.key: next(iter(refusal.fields.values()))} if log and log.when else {}
    return {}


def words_now(work: Work, entry: Entry | None = None) -> Mapping[str, OpenedAnswer]:
    """Return what another device has written by now."""
    fresh = Work(work.actor, homeworks.homework(work.actor, work.homework.pk))
    if entry is None:
        return fresh.words
    moment = fresh.moment(entry.pk)
    return moment.words if moment else {}


def problems_of(
    work: Work,
    items: list[Item],
    found: forms.Read,
    words: Mapping[str, OpenedAnswer],
    data: Mapping[str, list[str]],
) -> dict[str, list[str]]:
    """Return what stops these items: unreadable words, and silence where words are needed."""
    settled = {key for key, one in words.items() if one.outcome != AnswerOutcome.ANSWERED}
    values = dict(found.values)
    if work.homework.round > 1:
        values |= {k: v for k, v in work.values.items() if definitions.is_empty(values.get(k))}
    asked = [one for one in items if one.key not in settled and one.key not in found.errors]
    return found.errors | forms.gaps(asked, values, data, is_again=work.homework.round > 1)


def conflict_page(
    request: HttpRequest,
    work: Work,
    items: list[Item],
    mine: Mapping[str, Any],
    words: Mapping[str, OpenedAnswer],
    back_url: str,
) -> HttpResponse:
    """Show both texts and let the person choose; what was typed here travels along, hidden."""
    theirs = {key: one.value for key, one in words.items()}
    carried = forms.as_fields(items, mine, work.language)
    asked = [item for item in items if item.is_asked]

    def side(values: Mapping[str, Any]) -> list[dict[str, str]]:
        return [
            {
                "label": item.text.get(work.language),
                "text": "\n".join(work.lines(item, values.get(item.key))) or "–",
            }
            for item in asked
        ]

    context = {
        "back_url": back_url,
        "can_join": all(
            forms.can_join(item, mine.get(item.key), theirs.get(item.key)) for item in asked
        ),
        "mine": side(mine),
        "theirs": side(theirs),
        "hidden": [(name, value) for name, all_ in carried.items() for value in all_],
        "device": request.POST.get("device", ""),
        "from": request.POST.get("from", ""),
        "leave": left_by(request),
    }
    return show(request, "conflict", context, status=409)


# What a form for answers carries beside them.
CARRIED = ("revision", "device", "from", "keep", "add_row", "leave")
# The ways off a page of questions that are no answer: what stands there goes along, as a draft.
FORM_ID, PAUSE, BACK = "answers", "pause", "back"
# What a choice between two texts may be.
KEEPS = frozenset({"mine", "theirs", "both"})


def chosen(
    items: list[Item], mine: Mapping[str, Any], words: Mapping[str, OpenedAnswer], keep: str
) -> dict[str, Any]:
    """Return the values after the choice between two devices: this one, the other, or both."""
    theirs = {key: one.value for key, one in words.items()}
    if keep == "mine":
        return dict(mine)
    if keep == "theirs":
        return {key: theirs.get(key) for key in mine}
    by_key = {item.key: item for item in items}
    return {key: forms.joined(by_key[key], mine[key], theirs.get(key)) for key in mine}


def left_by(request: HttpRequest) -> str:
    """Return by which of these ways somebody leaves; empty for who goes on."""
    way = request.POST.get("leave", "")
    return way if way in {PAUSE, BACK} else ""


def touched(
    said: list[responding.AnswerInput], items: list[Item], shown: Mapping[str, list[str]]
) -> list[responding.AnswerInput]:
    """Return what of this was changed on a page that showed `shown`: to look at a question and leave
    is neither to answer it as it was offered nor to take back that it was skipped."""
    before = forms.read(items, shown).values
    return [one for one in said if one.value != before.get(one.item_key)]


def flagged(work: Work, items: list[Item], values: Mapping[str, Any]) -> bool:
    """End the exercise kindly when an answer wants a human; say whether it did."""
    return flagging.raise_if_wanted(
        by=work.actor, at=now(), homework=work.homework, items=items, values=values
    )


def closed_meanwhile(
    request: HttpRequest, work: Work, items: list[Item], kept: Mapping[str, Any]
) -> HttpResponse:
    """Answer an old tab: fear counts even so; other words that are kept nowhere are shown once more."""
    values = forms.read(items, dict(request.POST.lists())).values
    if flagged(work, items, values):
        return redirect("ended", pk=work.homework.pk)
    lost = [
        item
        for item in items
        if not definitions.is_empty(values.get(item.key)) and values[item.key] != kept.get(item.key)
    ]
    if not lost:
        return redirect("homework", pk=work.homework.pk)
    rows = [(item.text.get(work.language), work.lines(item, values[item.key])) for item in lost]
    is_there = work.homework.status in SHOWN_TO_CLIENT
    context = {
        "rows": rows,
        "text": "\n\n".join("\n".join([label, *lines]) for label, lines in rows),
        "is_part_kept": any(not definitions.is_empty(kept.get(item.key)) for item in lost),
        "back_url": work.url("homework") if is_there else reverse("today"),
    }
    return show(request, "closed", context, status=409)


def _conflict_data(
    work: Work, items: list[Item], words: Mapping[str, OpenedAnswer], sent: Draft
) -> HttpResponse:
    theirs = {item.key: words[item.key].value for item in items if item.key in words}
    return JsonResponse(
        {
            "mine": sent.fields,
            "theirs": forms.as_fields(items, theirs, work.language),
            "revision": forms.revision_of(items, words),
        },
        status=412,
    )


def _problem(status: int, code: str, **more: Any) -> HttpResponse:
    return JsonResponse(
        {"status": status, "code": code, **more},
        status=status,
        content_type="application/problem+json",
    )
