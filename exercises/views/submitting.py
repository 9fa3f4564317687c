"""Check, send, take back, set aside, pick up again."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from exercises import definition as definitions
from exercises import schedule
from exercises.actions import pausing, responding
from exercises.actions.rounds import hidden_now, is_wordless
from exercises.definition import Item, ItemKind
from exercises.forms import items as forms
from exercises.forms.drafts import whole_number
from exercises.models import FlagKind
from exercises.queries import homework as homeworks
from exercises.views import wording
from exercises.views.client_pages import (
    Work,
    actor_of,
    for_clients,
    open_work,
    show,
    therapist_of,
    way_to_letter,
)
from exercises.views.turns import before, said_row
from exercises.visibility import OpenedEntry
from exercises.workflow import Status
from practice.errors import NotPossible

SENT_BACK = "open"
# So many of a log's moments are named before it is sent; all of them are a link away.
MOMENTS_LISTED = 10
# And of each so many words.
MOMENT_WORDS = 40


@require_GET
@for_clients
def check(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show everything once more before it is sent."""
    work = open_work(request, pk)
    if not work.is_open:
        return redirect("homework", pk=pk)
    return _check_page(request, work, is_sent_back=SENT_BACK in request.GET)


@require_POST
@for_clients
def submit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Hand it in; a second tap, a second tab and a bad line change nothing."""
    actor = actor_of(request)
    homework = homeworks.homework(actor, pk)
    if Status(homework.status) in {Status.REVIEWED, Status.SKIPPED, Status.EXPIRED}:
        return redirect("homework", pk=pk)
    try:
        result = responding.submit(by=actor, at=now(), homework=homework)
    except NotPossible as refusal:
        if refusal.code != "gaps":
            raise
        # On an address of its own, so that Back and a reload show it again instead of sending.
        return redirect(f"{reverse('check', kwargs={'pk': pk})}?{SENT_BACK}")
    return redirect("ended" if result is responding.SubmitResult.ENDED else "sent", pk=pk)


@require_GET
@for_clients
def sent(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say that it arrived and what happens next."""
    work = open_work(request, pk)
    if work.homework.status != Status.SUBMITTED or work.current is None:
        return redirect("homework", pk=pk)
    carer = therapist_of(work.actor)
    therapist = carer.name
    at, zone = now(), work.actor.zone
    opened = work.current.response.opened_at
    points = [
        _("What %(name)s writes back will be here.") % {"name": therapist},
        _("%(only)s can read it.") % {"only": carer.only},
        *(
            [_("Your partner sees nothing of it, and not that you sent it.")]
            if work.is_shared
            else []
        ),
        _("It has been opened (%(when)s), so it stays as you sent it.")
        % {"when": wording.when(opened, at, zone)}
        if opened
        else _("Until %(name)s opens it you can take it back and change it.") % {"name": therapist},
    ]
    submitted = work.homework.submitted_at or at
    days = {schedule.local_time(moment, zone).date() for moment in (submitted, at)}
    return show(
        request,
        "sent",
        {
            "when_text": wording.sentence(wording.when(submitted, at, zone)),
            "title": _("It’s with %(name)s now") % {"name": therapist},
            "is_today": len(days) == 1,
            "points": points,
            "take_back_url": "" if opened else work.url("take_back"),
            "copy_url": work.url("save_copy"),
            "letter": way_to_letter(work),
            "after_url": work.url("after_check"),
            "therapist": therapist,
            "round": work.homework.round,
            "chosen": work.current.after_check,
            "landings": _landings(),
        },
    )


@require_POST
@for_clients
def after_check(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Keep how one feels after sending, if one wants to tell."""
    actor = actor_of(request)
    homework = homeworks.homework(actor, pk)
    feeling = request.POST.get("after", "")
    number = whole_number(request.POST.get("round", ""))
    try:
        responding.tell_after(by=actor, homework=homework, feeling=feeling, number=number)
        messages.success(request, _("Noted. Thank you for saying so."))
    except NotPossible as refusal:
        messages.info(request, refusal.message)
    return redirect("sent", pk=pk)


@require_POST
@for_clients
def take_back(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Open what was sent again, as long as it was not read."""
    actor = actor_of(request)
    homework = homeworks.homework(actor, pk)
    if homework.status == Status.SUBMITTED and responding.take_back(
        by=actor, at=now(), homework=homework
    ):
        messages.success(request, _("It is back with you. Send it again whenever you like."))
    return redirect("check", pk=pk)


@require_POST
@for_clients
def set_aside(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Finish the whole without sending: bring it to the session, or let it go."""
    actor = actor_of(request)
    homework = homeworks.homework(actor, pk)
    if homework.status != Status.SKIPPED:  # the page says as what it was set aside before
        for_session = request.POST.get("how") != "let_go"
        pausing.set_aside(by=actor, at=now(), homework=homework, for_session=for_session)
    return redirect("homework", pk=pk)


@require_POST
@for_clients
def pick_up(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take up again what was set aside; what was written is still there."""
    actor = actor_of(request)
    homework = homeworks.homework(actor, pk)
    if homework.status in {Status.SKIPPED, Status.EXPIRED}:
        pausing.pick_up(by=actor, at=now(), homework=homework)
    work = open_work(request, pk)
    # Who had not begun reads first what comes.
    return redirect(work.continue_url if work.is_open and work.is_begun else work.url("homework"))


@require_GET
@for_clients
def ended(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End kindly, with help at hand: an answer matters more than the exercise."""
    work = open_work(request, pk, or_withdrawn=True)
    # Whether there was such an answer is not to be seen from here, by whoever holds the phone.
    if work.is_open:
        return redirect("homework", pk=pk)
    therapist = therapist_of(work.actor)
    is_gone = work.homework.status == Status.WITHDRAWN
    return show(
        request,
        "ended",
        {
            "therapist": therapist.name,
            "only": therapist.only_carers,
            "nobody": therapist.is_nobody,
            "is_safety": _is_safety(work),
            "back_url": "" if is_gone else work.url("homework"),
        },
    )


def _check_page(request: HttpRequest, work: Work, *, is_sent_back: bool) -> HttpResponse:
    therapist = therapist_of(work.actor)
    missing = {item.key for item in work.missing}
    shown, let_go = {item.key for item in work.items}, _let_go(work)
    turns = before(work, work.items)
    rows = [
        _check_row(work, item, missing) | {"before": turns.get(item.key, ())}
        if item.key in shown
        else {"key": item.key, "label": item.text.get(work.language), "is_let_go": True}
        for item in work.definition.items
        if item.key in shown | let_go and item.kind is not ItemKind.DISPLAY
    ]
    if work.definition.is_journal and not any(item.kind is ItemKind.LOG for item in work.items):
        rows.insert(0, log_row(work, work.definition.open_logs[0]))
    add_url = _add_url(work)
    if add_url and len(rows) == 1:
        rows[0]["change_url"] = ""  # the button leads there
    errors = [
        {"id": f"row-{item.key}", "text": item.text.get(work.language)}
        for item in work.missing
        if is_sent_back
    ]
    context = {
        "work": work,
        "rows": rows,
        "therapist": therapist.name,
        "errors": errors,
        "open_count": len(missing),
        "is_again": work.homework.round > 1,
        "remarks": _remarks(work),
        "back_url": work.url("step", number=len(work.steps)) if work.steps else work.continue_url,
        "steps": len(work.steps),
        "submit_url": work.url("submit"),
        "only": forms.disclosures(work.items, therapist.only),
        "is_shared": work.is_shared,
        "aside_url": work.url("set_aside"),
        "add_url": add_url,
    }
    return show(request, "check", context, status=422 if errors else 200)


def _add_url(work: Work) -> str:
    """Return where to go deeper first, when it was given back for that and nothing was added yet."""
    if work.homework.status != Status.RETURNED or work.moments or not work.steps:
        return ""
    added = any(not definitions.is_empty(kept.value) for kept in work.words.values())
    return "" if added else work.url("step", number=1)


def _let_go(work: Work) -> frozenset[str]:
    """Return the questions that are asked no more, with words under them that sending lets go of."""
    return hidden_now(work.homework, work.rounds).keys if work.current else frozenset()


def _check_row(work: Work, item: Item, missing: set[str]) -> dict[str, Any]:
    if item.kind is ItemKind.LOG:
        return log_row(work, item)
    step, words = work.step_of(item.key), work.words.get(item.key)
    url = work.url("step", number=step.number if step else 1) + "?from=check"
    row = {
        "key": item.key,
        "label": item.text.get(work.language),
        "change_url": url,
        "missing": item.key in missing,
    } | said_row(work, item, words)
    if words is not None and words.unsaid is not None:
        row |= {"is_let_go": True, "verb": _("Answer it after all")}
    return row


def moments_said(count: int) -> dict[str, Any]:
    """Say how many moments there are."""
    text = _("None yet. That is fine.")
    if count:
        text = _("One moment") if count == 1 else _("%(n)d moments") % {"n": count}
    return {"lines": [text], "muted": not count}


def log_row(work: Work, item: Item) -> dict[str, Any]:
    """Return a log as a row of the check: its last moments, each with a way to change it."""
    count = len(work.moments)
    said = moments_said(count)
    if count > MOMENTS_LISTED:
        said["lines"] = [_("%(n)d moments, these last:") % {"n": count}]
    return said | {
        "key": item.key,
        "label": item.text.get(work.language),
        "change_url": work.url("entries"),
        "moments": [moment_link(work, one) for one in reversed(work.moments[-MOMENTS_LISTED:])],
        "missing": False,
        "verb": "" if count else _("Note a moment"),
    }


def moment_link(work: Work, moment: OpenedEntry) -> dict[str, Any]:
    """Say when a moment was, what it says, and where to change it."""
    asked = moment.asked(work.definition)
    when = wording.when(moment.entry.happened_at, now(), work.actor.zone)
    return {
        "when_text": wording.sentence(when),
        "text": _in_short(work, moment, asked),
        "is_let_go": any(
            not is_wordless(one) for key, one in moment.words.items() if key not in asked
        ),
        "edit_url": work.url("entry", entry=moment.entry.pk),
    }


def _in_short(work: Work, moment: OpenedEntry, asked: Collection[str]) -> str:
    log = work.definition.log(moment.entry.log_key)
    lines = [
        line
        for item in (log.items if log else ())
        if log and item is not log.when and item.key in moment.words and item.key in asked
        for line in work.lines(item, moment.words[item.key].value)
        if line.strip()
    ]
    return Truncator(" · ".join(lines)).words(MOMENT_WORDS, truncate="…")


def _remarks(work: Work) -> list[dict[str, str]]:
    """Return friendly remarks on what was written; none of them holds anything up."""
    found = []
    for item in work.items:
        kept = work.words.get(item.key)
        step = work.step_of(item.key)
        if not item.hints or kept is None or step is None:
            continue
        for text in definitions.hints(item, kept.value, work.values, work.language):
            url = work.url("step", number=step.number) + "?from=check"
            found.append({"label": item.text.get(work.language), "text": text, "url": url})
    return found


def _is_safety(work: Work) -> bool:
    """Say whether a safety answer ended it; "talk" answers end it without the alarm."""
    kinds = set(work.homework.flags.values_list("kind", flat=True))
    return FlagKind.TALK not in kinds or FlagKind.SAFETY in kinds


def _landings() -> list[dict[str, str]]:
    return [
        {"text": _("Two minutes of slow breath"), "href": reverse("breath")},
        {"text": _("Put it down for your session"), "href": reverse("topics")},
        {"text": _("Talk to someone now"), "href": reverse("help_now")},
    ]
