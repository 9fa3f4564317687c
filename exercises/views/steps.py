"""One thing per screen: begin, answer, skip, pause."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from exercises import definition as definitions
from exercises.actions import responding
from exercises.actions.responding import AnswerInput
from exercises.forms import items as forms
from exercises.forms.drafts import device_name, whole_number
from exercises.models import AnswerOutcome
from exercises.queries.bringing import is_for_session
from exercises.views import wording
from exercises.views.client_pages import (
    Step,
    Therapist,
    Work,
    draft_key,
    for_clients,
    open_work,
    say_text,
    session_words,
    show,
    therapist_of,
    way_to_letter,
)
from exercises.views.drafts import (
    CARRIED,
    FORM_ID,
    KEEPS,
    PAUSE,
    chosen,
    closed_meanwhile,
    conflict_page,
    flagged,
    left_by,
    problems_of,
    touched,
    words_now,
)
from exercises.views.turns import before
from exercises.visibility import OpenedAnswer, read_notes
from exercises.workflow import Status
from practice.doors.giving_back import asks_questions
from practice.errors import Closed, Stale

Data = Mapping[str, list[str]]
# The button that takes a sentence as it would read now.
ANEW = "anew"
_PAGE_OF = {
    Status.SUBMITTED: "sent",
    Status.REVIEWED: "feedback",
    Status.RETURNED: "feedback",
    Status.SKIPPED: "aside",
    Status.EXPIRED: "aside",
}


@require_GET
@for_clients
def homework(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say what comes before it comes: what for, how long, who reads it."""
    work = open_work(request, pk)
    page = _PAGE_OF.get(Status(work.homework.status))
    if page in {"sent", "feedback"}:
        return redirect(page, pk=pk)
    therapist = therapist_of(work.actor)
    if page == "aside":
        return _aside_page(request, work, therapist)
    definition, at = work.definition, now()
    begun = work.is_begun
    return show(
        request,
        "homework",
        {
            "work": work,
            "begun": begun,
            "purpose": definition.purpose.get(work.language),
            "content_note": definition.content_note.get(work.language),
            "takes": work.takes(begun=begun),
            "due_text": wording.due(work.homework.due_at, at, work.actor.zone),
            "only": therapist.only,
            "note": read_notes(work.actor, [work.homework])[work.homework.pk],
            "therapist": therapist.name,
            "initials": therapist.initials,
            "go_url": work.continue_url
            if begun or work.definition.is_journal
            else work.url("step", number=1),
            "about": _about(work),
            "aside_url": work.url("set_aside"),
            "bring_text": wording.bring(session_words(work.actor)),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_clients
@asks_questions(ANEW, *CARRIED)
def step(request: HttpRequest, pk: UUID, number: int) -> HttpResponse:
    """Ask one thing, and keep what is said to it."""
    is_post = request.method == "POST"
    work = open_work(request, pk, or_withdrawn=is_post)
    if not work.is_open:
        return (
            closed_meanwhile(request, work, work.items, work.values)
            if is_post
            else redirect("homework", pk=pk)
        )
    if number < 1:
        raise Http404
    if number > len(work.steps):
        return redirect("check", pk=pk)
    here = work.steps[number - 1]
    if is_post:
        return _answered(request, work, here)
    return _step_page(request, work, here, _data(work, here))


def _aside_page(request: HttpRequest, work: Work, therapist: Therapist) -> HttpResponse:
    """Say that it rests, or waits for the session; what was sent before can be read from here."""
    context = {
        "work": work,
        "for_session": is_for_session(work.homework),
        "therapist": therapist.name,
        "told": therapist.told,
        "is_sent": any(one.response.submitted_at for one in work.rounds),
        "letter": way_to_letter(work),
        "copy_url": work.url("save_copy"),
        "pick_up_url": work.url("pick_up"),
    }
    return show(request, "aside", context)


def _answered(request: HttpRequest, work: Work, here: Step) -> HttpResponse:
    data: Data = dict(request.POST.lists())
    if add_row := request.POST.get("add_row"):
        return _step_page(request, work, here, data, add_row=add_row)
    if (found_anew := _anew(work, here)) and request.POST.get(ANEW) == found_anew["key"]:
        return _taken(request, work, here, {**data, found_anew["key"]: [found_anew["text"]]})
    found = forms.read(here.items, data, work.wall)
    if outcome := _outcome(request):
        return _keep(
            request, work, here, found.values, forms.aside(here.items, outcome, found.values)
        )
    way = left_by(request)
    errors = found.errors if way else problems_of(work, here.items, found, work.words, data)
    if errors:
        return _step_page(request, work, here, data, errors=errors)
    return _keep(request, work, here, found.values)


def _taken(request: HttpRequest, work: Work, here: Step, data: Data) -> HttpResponse:
    """Keep a sentence as it would read now, and show it: taken is kept, as typed is."""
    found = forms.read(here.items, data, work.wall)
    if found.errors:
        return _step_page(request, work, here, data, errors=found.errors)
    return _keep(request, work, here, found.values, stays=True)


def _keep(
    request: HttpRequest,
    work: Work,
    here: Step,
    values: Mapping[str, Any],
    aside: list[AnswerInput] | None = None,
    *,
    stays: bool = False,
) -> HttpResponse:
    """Keep the answer, or that it was set aside; over what another device wrote only when asked."""
    device = device_name(request.POST.get("device"))
    base: dict[str, int] | None = forms.bases(
        here.items, work.words, whole_number(request.POST.get("revision", ""))
    )
    keep = request.POST.get("keep", "")
    if keep in KEEPS:
        values, base = chosen(here.items, values, work.words, keep), None
    said = forms.changed(values, work.words) if aside is None else aside
    if way := left_by(request):
        said = touched(said, here.items, _data(work, here))
    back = work.url("step", number=here.number)
    if base is not None and forms.conflicting(said, work.words, base, device):
        return conflict_page(request, work, here.items, values, work.words, back)
    try:
        if said or not way:  # to look and leave begins nothing
            responding.save(
                by=work.actor,
                at=now(),
                homework=work.homework,
                said=said,
                base=base,
                device=device,
                held=work.current,
            )
    except Stale:  # in the very moment in between
        return conflict_page(request, work, here.items, values, words_now(work), back)
    except Closed:
        fresh = open_work(request, work.homework.pk, or_withdrawn=True)
        return closed_meanwhile(request, fresh, fresh.items, fresh.values)
    if aside is None and not way and flagged(work, here.items, values):
        return redirect("ended", pk=work.homework.pk)
    return _onwards(request, work, here, stays=stays)


def _outcome(request: HttpRequest) -> AnswerOutcome | None:
    if "skip" in request.POST:
        return AnswerOutcome.SKIPPED
    return AnswerOutcome.IN_SESSION if "say" in request.POST else None


def _onwards(request: HttpRequest, work: Work, here: Step, *, stays: bool) -> HttpResponse:
    """Go on from here, with the questions as they are after this answer; or off the page, or stay."""
    to_check = request.POST.get("from") == "check"
    if way := left_by(request):
        return redirect("today" if way == PAUSE else _back(work, here, to_check=to_check))
    if stays:
        step = work.url("step", number=here.number)
        return redirect(f"{step}?from=check" if to_check else step)
    fresh = open_work(request, work.homework.pk)
    return redirect(fresh.after(here.items[-1].key, to_check=to_check))


def _data(work: Work, here: Step) -> Data:
    """Return what stands in the form: what was kept, or a first wording made of other answers."""
    kept = {item.key: work.words[item.key] for item in here.items if item.key in work.words}
    values = {key: one.value if one.unsaid is None else one.unsaid for key, one in kept.items()}
    for item in here.items:
        if item.compose and item.key not in values:
            values[item.key] = definitions.compose(
                work.definition, item, work.values, work.language
            )
    return forms.as_fields(here.items, values, work.language)


def _step_page(
    request: HttpRequest,
    work: Work,
    here: Step,
    data: Data,
    *,
    errors: dict[str, list[str]] | None = None,
    add_row: str = "",
) -> HttpResponse:
    therapist = therapist_of(work.actor)
    look = forms.Look(
        work.language,
        therapist.only,
        therapist.told,
        errors or {},
        hints=_hints(work, here, data),
        inside=definitions.inside_sentences(work.definition, work.language),
        add_row=add_row,
    )
    shown = [forms.show(item, data, look) for item in here.items]
    to_check = "check" in {request.GET.get("from"), request.POST.get("from")}
    asked = [item for item in here.items if item.is_asked]
    # Of the words on this screen alone: where there are none, nothing is saved yet.
    saved = max((kept.row.saved_at for kept in _kept(work, here)), default=None)
    context = {
        "work": work,
        "items": shown,
        "solo": len(shown) == 1,
        "step": here.number,
        "steps": len(work.steps),
        "errors": bool(errors),
        "back_url": _back(work, here, to_check=to_check),
        "saved_text": wording.saved(saved, now(), work.actor.zone) if saved and not errors else "",
        "draft_key": draft_key(request),
        "save_url": work.url("draft"),
        "revision": forms.revision_of(here.items, work.words),
        "keys": " ".join(here.keys),
        "to_check": to_check,
        "asked": bool(asked),
        "say_text": say_text(work, asked, therapist) if asked else "",
        "form_id": FORM_ID if asked else "",
        "before": before(work, here.items).values(),
        "entries_url": work.url("entries"),
        "moments": len(work.moments),
        "state": _state(work, here),
        "anew": _anew(work, here),
    }
    return show(request, "step", context, status=422 if errors else 200)


def _kept(work: Work, here: Step) -> list[OpenedAnswer]:
    found = [work.words[key] for key in here.keys if key in work.words]
    return [words for words in found if not definitions.is_empty(words.value)]


def _state(work: Work, here: Step) -> str:
    """Say that this screen was set aside before, so that nobody wonders where it went."""
    outcomes = {work.words[key].outcome for key in here.keys if key in work.words}
    if outcomes == {AnswerOutcome.SKIPPED}:
        return _("You skipped this one. You can still answer it.")
    if outcomes == {AnswerOutcome.IN_SESSION}:
        return _("You would rather say this than write it. You can still write here.")
    return ""


def _anew(work: Work, here: Step) -> dict[str, str]:
    """Return how a sentence that was reworded would read now, when what it was put together from has
    changed since."""
    for item in here.items:
        kept = work.words.get(item.key)
        if kept is None or kept.outcome != AnswerOutcome.ANSWERED or not item.compose:
            continue
        sources = [work.words[key] for key in definitions.composed_of(item) & work.words.keys()]
        text = definitions.compose(work.definition, item, work.values, work.language)
        is_newer = any(one.row.saved_at > kept.row.saved_at for one in sources)
        if is_newer and kept.value != text:
            return {"key": item.key, "text": text}
    return {}


def _hints(work: Work, here: Step, data: Data) -> dict[str, list[str]]:
    values = forms.read(here.items, data).values
    answers = work.values | values
    return {
        item.key: definitions.hints(item, values.get(item.key), answers, work.language)
        for item in here.items
        if item.hints
    }


def _back(work: Work, here: Step, *, to_check: bool) -> str:
    if to_check:
        return work.url("check")
    if here.number > 1:
        return work.url("step", number=here.number - 1)
    return work.url("entries") if work.definition.is_journal else work.url("homework")


def _about(work: Work) -> list[dict[str, str]]:
    """Return the words that are read once, before the first question or the first moment."""
    return [
        {
            "title": item.title.get(work.language),
            "text": item.text.get(work.language),
            "help": item.help.get(work.language),
        }
        for item in work.opening
    ]
