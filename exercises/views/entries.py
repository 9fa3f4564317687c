"""A log: moments one notes in a minute or two, kept until the log is closed."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from exercises import definition as definitions
from exercises import schedule
from exercises.actions import moments, responding
from exercises.definition import Item, ItemKind
from exercises.forms import items as forms
from exercises.forms.drafts import device_name, whole_number
from exercises.models import Entry
from exercises.queries import homework as homeworks
from exercises.views import wording
from exercises.views.client_pages import (
    Therapist,
    Work,
    draft_key,
    for_clients,
    open_work,
    show,
    therapist_of,
)
from exercises.views.drafts import (
    CARRIED,
    FORM_ID,
    KEEPS,
    chosen,
    closed_meanwhile,
    conflict_page,
    flagged,
    keep_draft,
    left_by,
    tell_when,
    touched,
    words_now,
)
from exercises.views.steps import Data
from exercises.visibility import OpenedEntry
from practice.doors.giving_back import asks_questions
from practice.errors import BadInput, Closed, Stale

# Said of a moment's page while it is new: what is kept as one types does not make it an old one.
NEW = "new"
# A moment that is younger than this is still being written down: nothing is asked of "later" yet.
FRESH = timedelta(minutes=5)


@require_GET
@for_clients
def entries(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show the moments so far, room for a new one, and the way to close the log."""
    work = open_work(request, pk)
    if not work.is_open or not work.definition.open_logs:
        return redirect("homework", pk=pk)
    therapist = therapist_of(work.actor)
    logs = [
        {
            "key": log.key,
            "title": log.text.get(work.language),
            "help": log.help.get(work.language),
            "add_text": log.add_text.get(work.language) or _("Note a moment"),
            "moments": [_moment(work, log, one) for one in _newest_first(work, log.key)],
        }
        for log in work.definition.open_logs
    ]
    step = next((one for one in work.steps if any(i.kind is ItemKind.LOG for i in one.items)), None)
    at = now()
    context = {
        "work": work,
        "logs": logs,
        "add_url": work.url("entry_add"),
        "close_url": _close_url(work, step),
        "is_journal": work.definition.is_journal,
        "ripe": _is_ripe(work, at),
        "only": _until_sent(therapist),
        "therapist": therapist.name,
        "aside_url": work.url("set_aside"),
    }
    return show(request, "entries", context)


@require_POST
@for_clients
def entry_add(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Begin a new moment, now; an empty one that was left is taken up again."""
    work = open_work(request, pk)
    if not work.is_open:
        return redirect("homework", pk=pk)
    key = request.POST.get("log", "")
    log = next((log for log in work.definition.open_logs if key in {"", log.key}), None)
    if log is None:
        raise Http404
    if work.current is None:  # of two taps, the second waits here and finds the moment of the first
        responding.begin(by=work.actor, at=now(), homework=work.homework)
        work = open_work(request, pk)
    unwritten = work.current.unwritten if work.current else []
    empty = next((m.entry for m in unwritten if not m.words and m.entry.log_key == log.key), None)
    at = now()
    if empty is not None:
        moments.move_entry(by=work.actor, at=at, homework=work.homework, entry=empty, to=at)
    entry = empty or moments.add_entry(
        by=work.actor, at=at, homework=work.homework, log_key=log.key, happened_at=at
    )
    return redirect(f"{work.url('entry', entry=entry.pk)}?{NEW}")


@require_http_methods(["GET", "HEAD", "POST"])
@for_clients
@asks_questions(*CARRIED)
def entry(request: HttpRequest, pk: UUID, entry: UUID) -> HttpResponse:
    """One moment on one short screen."""
    is_post = request.method == "POST"
    work = open_work(request, pk, or_withdrawn=is_post)
    # Sent in another tab, or this moment was taken out there: words are shown once more.
    if not work.is_open or (is_post and work.moment(entry) is None):
        return _closed(request, work, entry) if is_post else redirect("homework", pk=pk)
    moment, log = _find(work, entry)
    if not is_post:
        return _page(request, work, log, moment, _data(work, log, moment))
    data: Data = dict(request.POST.lists())
    items = _asked(work, log, moment, data)
    if add_row := request.POST.get("add_row"):
        return _page(request, work, log, moment, data, add_row=add_row)
    found = forms.read(items, data, work.wall)
    # What is left out is left out: a moment has no button to skip with, and needs none.
    errors = found.errors
    if (
        not left_by(request) and request.POST.get("keep") not in KEEPS
    ):  # who chooses between two may choose the other one
        errors = errors or _silence(items, found.values)
    if errors:
        return _page(request, work, log, moment, data, errors=errors)
    try:
        with transaction.atomic():  # the day and the words, or neither
            return _keep(request, work, log, moment, items, found.values)
    except BadInput as refusal:
        if "happened_at" not in refusal.fields:
            raise
        errors = {log.items[0].key: refusal.fields["happened_at"]}
        return _page(request, work, log, moment, data, errors=errors)


@require_POST
@for_clients
def entry_draft(request: HttpRequest, pk: UUID, entry: UUID) -> HttpResponse:
    """Keep what is being typed into one moment."""
    work = open_work(request, pk)
    row = homeworks.entry(work.actor, work.homework, entry)
    moment, log = _find(work, row.pk)
    return keep_draft(request, work, list(log.items), moment.words, entry=row, log=log)


@require_http_methods(["GET", "HEAD", "POST"])
@for_clients
def entry_remove(request: HttpRequest, pk: UUID, entry: UUID) -> HttpResponse:
    """Ask once, then take a moment out."""
    work = open_work(request, pk)
    if not work.is_open:
        return redirect("homework", pk=pk)
    if request.method == "POST" and work.moment(entry) is None:  # gone since the page was shown
        return redirect("entries", pk=pk)
    moment, _log = _find(work, entry)
    if request.method != "POST":
        context = {
            "action": work.url("entry_remove", entry=entry),
            "cancel_url": work.url("entry", entry=entry),
            "back_url": work.url("entry", entry=entry),
            "when_text": _happened(work, moment.entry),
        }
        return show(request, "entry_remove", context)
    moments.remove_entry(by=work.actor, at=now(), homework=work.homework, entry=moment.entry)
    messages.success(request, _("That moment is gone."))
    return redirect("entries", pk=pk)


def _keep(
    request: HttpRequest,
    work: Work,
    log: Item,
    moment: OpenedEntry,
    items: list[Item],
    values: Mapping[str, Any],
) -> HttpResponse:
    device, keep = device_name(request.POST.get("device")), request.POST.get("keep", "")
    base: dict[str, int] | None = forms.bases(
        items, moment.words, whole_number(request.POST.get("revision", ""))
    )
    if keep in KEEPS:
        values, base = chosen(items, values, moment.words, keep), None
    said, is_left = forms.changed(values, moment.words), bool(left_by(request))
    if is_left and not (said := touched(said, items, _data(work, log, moment))):
        return redirect("entries", pk=work.homework.pk)
    back = work.url("entry", entry=moment.entry.pk)
    if base is not None and forms.conflicting(said, moment.words, base, device):
        return conflict_page(request, work, items, values, moment.words, back)
    at = now()
    try:
        responding.save(
            by=work.actor,
            at=at,
            homework=work.homework,
            said=said,
            base=base,
            device=device,
            entry=moment.entry,
        )
    except Stale:  # in the very moment in between
        theirs = words_now(work, moment.entry)
        return conflict_page(request, work, items, values, theirs, back)
    except Closed:
        fresh = open_work(request, work.homework.pk, or_withdrawn=True)
        return _closed(request, fresh, moment.entry.pk)
    tell_when(work, log, moment.entry, values, at)
    if is_left:
        return redirect("entries", pk=work.homework.pk)
    if flagged(work, items, values):
        return redirect("ended", pk=work.homework.pk)
    messages.success(request, _("Noted. That was all."))
    return redirect("entries", pk=work.homework.pk)


def _closed(request: HttpRequest, work: Work, pk: UUID) -> HttpResponse:
    kept = work.moment(pk)
    items = [item for log in work.definition.logs for item in log.items]
    values = {key: one.value for key, one in kept.words.items()} if kept else {}
    return closed_meanwhile(request, work, items, values)


def _find(work: Work, pk: UUID) -> tuple[OpenedEntry, Item]:
    moment = work.moment(pk)
    log = work.definition.log(moment.entry.log_key) if moment else None
    if moment is None or log is None:
        raise Http404
    return moment, log


def _data(work: Work, log: Item, moment: OpenedEntry) -> Data:
    values = {key: one.value for key, one in moment.words.items()}
    if log.when:  # by the clock of now, as the list says it: what was typed may be by another
        local = schedule.local_time(moment.entry.happened_at, work.actor.zone)
        values[log.when.key] = local.strftime("%Y-%m-%dT%H:%M")
    return forms.as_fields(log.items, values, work.language)


def _asked(work: Work, log: Item, moment: OpenedEntry, data: Data) -> list[Item]:
    """Return the questions of this moment; those for later come once there was time."""
    is_fresh = now() - moment.entry.created_at < FRESH
    values = {key: one.value for key, one in moment.words.items()}
    values |= forms.read(log.items, data).values
    return [
        item
        for item in definitions.visible_among(log.items, values)
        if not (item.later_minutes and is_fresh and item.key not in moment.words)
    ]


def _page(
    request: HttpRequest,
    work: Work,
    log: Item,
    moment: OpenedEntry,
    data: Data,
    *,
    errors: dict[str, list[str]] | None = None,
    add_row: str = "",
) -> HttpResponse:
    items = _asked(work, log, moment, data)
    is_new = NEW in request.GET or not moment.words
    therapist = therapist_of(work.actor)
    look = forms.Look(work.language, therapist.only, therapist.told, errors or {}, add_row=add_row)
    context = {
        "work": work,
        "items": [forms.show(item, data, look) for item in items],
        "errors": bool(errors),
        "title_text": _("Change this moment")
        if not is_new
        else log.add_text.get(work.language) or _("Note a moment"),
        "form_id": FORM_ID,
        "saved_text": "",
        "draft_key": draft_key(request),
        "save_url": work.url("entry_draft", entry=moment.entry.pk),
        "revision": forms.revision_of(items, moment.words),
        "keys": " ".join(["entry", str(moment.entry.pk)]),
        "when_key": log.when.key if log.when else "",
        "remove_url": work.url("entry_remove", entry=moment.entry.pk),
        "only": _until_sent(therapist),
    }
    return show(request, "entry", context, status=422 if errors else 200)


def _until_sent(therapist: Therapist) -> str:
    readers = therapist.only[:1].lower() + therapist.only[1:]
    return _("Nobody but you until you send it; then %(readers)s.") % {"readers": readers}


def _newest_first(work: Work, key: str) -> list[OpenedEntry]:
    return [one for one in reversed(work.moments) if one.entry.log_key == key]


def _happened(work: Work, row: Entry) -> str:
    return wording.when(row.happened_at, now(), work.actor.zone)


def _moment(work: Work, log: Item, moment: OpenedEntry) -> dict[str, Any]:
    asked = moment.asked(work.definition)
    lines = [
        {"label": item.text.get(work.language), "text": ", ".join(found)}
        for item in log.items
        if item is not log.when
        and item.key in moment.words
        and item.key in asked
        and (found := work.lines(item, moment.words[item.key].value))
    ]
    when = _happened(work, moment.entry)
    return {
        "when_text": wording.sentence(when),
        "lines": lines,
        "edit_url": work.url("entry", entry=moment.entry.pk),
        "later": [
            item.text.get(work.language)
            for item in log.items
            if item.later_minutes
            and moment.words
            and item.key not in moment.words
            and item.key in asked
        ],
    }


def _silence(items: list[Item], values: Mapping[str, Any]) -> dict[str, list[str]]:
    """Say what to do about a moment of which nothing is said but when."""
    rest = [one for one in items if one.is_asked and one.kind is not ItemKind.DATETIME]
    if rest and all(definitions.is_empty(values.get(one.key)) for one in rest):
        return {rest[0].key: [_("Write or choose one thing, or choose “Remove this moment”.")]}
    return {}


def _is_ripe(work: Work, at: datetime) -> bool:
    """Say whether the log has run as long as was meant."""
    days = next((log.close_after_days for log in work.definition.logs), None)
    return bool(days) and at - work.homework.opens_at >= timedelta(days=days or 0)


def _close_url(work: Work, step: Any) -> str:
    if step is not None:
        return work.url("step", number=step.number)
    return work.url("step", number=work.resume_at) if work.steps else work.url("check")
