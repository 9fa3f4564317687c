"""The review queue, and answering one round at a time."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from exercises import definition as definitions
from exercises.actions import reviewing
from exercises.definition import Stage
from exercises.forms.review import ReplyForm, draft_from
from exercises.models import Homework
from exercises.permissions import may_review
from exercises.queries import homework as homeworks
from exercises.queries import review as asking
from exercises.views import wording
from exercises.views.desk import (
    answer,
    faces,
    for_carers,
    for_therapists,
    names,
    part_of,
    title_of,
    waited,
)
from exercises.views.ground import language
from exercises.visibility import Reply, RoundWords, read_after_check, read_review
from exercises.workflow import Status
from practice.actors import ActorRequest
from practice.errors import NotPossible, Stale

FILTERS = ("", "couples", "second")


@for_carers
@require_GET
def queue(request: ActorRequest) -> HttpResponse:
    """Show what waits, whose session comes first on top."""
    at, actor = now(), request.actor
    only = request.GET.get("only", "")
    only = only if only in FILTERS else ""
    found = asking.queue(actor, at, only=only, after=request.GET.get("after"))
    counts = asking.counts(actor, at)
    return render(
        request,
        "exercises/therapist/queue.html",
        {
            "rows": [_queue_row(row, at, actor.zone) for row in found.rows],
            "page": found,
            "only": only,
            "filters": _filters(counts, only),
            "count": counts["all"],
            "flags": [
                {
                    "text": _("%(name)s answered something that wants you soon.")
                    % {"name": flag.client.name_to_call},
                    "client": flag.client_id,
                    "pk": flag.pk,
                    "is_safety": flag.kind == "safety",
                }
                for flag in asking.flags(actor)
            ],
            "undo": [
                {
                    "pk": review.pk,
                    "text": _("Sent to %(name)s.")
                    % {"name": review.response.homework.client.name_to_call},
                    "seconds": max(0, int((review.settles_at - at).total_seconds()))
                    if review.settles_at
                    else 0,
                }
                for review in asking.unsettled(actor, at)
            ],
            "sessions": _sessions(found.rows, at, actor.zone),
        },
    )


def _queue_row(row: Homework, at: Any, zone: str) -> dict[str, Any]:
    couple = row.assignment.couple
    who = row.client.name_to_call
    text = _("%(who)s, round %(round)d") % {"who": who, "round": row.round}
    session = getattr(row, "session_at", None)
    return {
        "people": faces(row.client, couple),
        "title": title_of(row, language()),
        "href": reverse("review", args=[row.pk]),
        "text": f"{names(couple)} · {text}" if couple else text,
        "session_text": wording.plain_when(session, zone)
        if session and session != asking.NO_SESSION
        else "",
        "waited_text": waited(row, at, zone),
        "tag": _("Second round") if row.round > 1 else "",
    }


def _filters(counts: dict[str, int], only: str) -> list[dict[str, Any]]:
    labels = {"": _("All"), "couples": _("Couples"), "second": _("Second rounds")}
    keys = {"": "all", "couples": "couples", "second": "second"}
    return [
        {
            "text": labels[key],
            "href": f"{reverse('queue')}?only={key}" if key else reverse("queue"),
            "current": key == only,
            "count": counts[keys[key]],
        }
        for key in FILTERS
    ]


def _sessions(rows: Any, at: Any, zone: str) -> list[dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        couple, session = row.assignment.couple, row.session_at
        if session == asking.NO_SESSION:
            continue
        name = names(couple) if couple else row.client.name_to_call
        href = (
            reverse("couple_page", args=[couple.pk])
            if couple
            else reverse("client_page", args=[row.client_id])
        )
        found.setdefault(
            name, {"when_text": wording.plain_when(session, zone), "name": name, "href": href}
        )
    return list(found.values())[:6]


@for_carers
@require_http_methods(["GET", "POST"])
def review(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Read what was handed in, and answer it."""
    homework = homeworks.homework(request.actor, pk)
    if request.method == "POST":
        return _answer(request, homework)
    return _desk(request, homework)


def _answer(request: ActorRequest, homework: Homework) -> HttpResponse:
    form = ReplyForm(request.POST)
    form.is_valid()  # what a reply lacks is said by the action, beside what was typed
    draft, base = draft_from(request.POST), form.cleaned_data.get("base")
    deed = request.POST.get("send", "next")
    try:
        if deed == "draft":
            reviewing.save_draft(
                by=request.actor, at=now(), homework=homework, draft=draft, base=base
            )
            messages.success(request, _("Kept as a draft. Only you see it."))
            return redirect("review", homework.pk)
        reviewing.send(by=request.actor, at=now(), homework=homework, draft=draft, base=base)
    except NotPossible as refusal:
        return _desk(request, homework, typed=draft, refusal=refusal)
    following = asking.next_waiting(request.actor, now(), homework) if deed == "next" else None
    if following is not None:
        return redirect("review", following.pk)
    return redirect("queue")


def _desk(
    request: ActorRequest,
    homework: Homework,
    *,
    typed: reviewing.Draft | None = None,
    refusal: NotPossible | None = None,
) -> HttpResponse:
    actor, at = request.actor, now()
    rounds = reviewing.open_rounds(by=actor, at=at, homework=homework)
    open_for_reply = homework.status == Status.SUBMITTED and may_review(actor, homework)
    own = asking.own_draft(actor, homework)
    reply = read_review(actor, own) if own else None
    sent = bool(own and own.sent_at)
    draft = typed or _draft_of(reply)
    couple = homework.assignment.couple
    place, total = asking.place_in_queue(actor, at, homework)
    colleague = asking.answered_by(actor, homework)
    replies = [
        one
        for one in (read_review(actor, each) for each in homeworks.reviews_of(actor, homework))
        if one and one.review.sent_at
    ]
    form = ReplyForm(
        initial={
            "letter": draft.words,
            "decision": draft.decision or "reviewed",
            "base": own.revision if own else None,
        }
    )
    blocks = _blocks(homework, rounds, draft, couple)
    return render(
        request,
        "exercises/therapist/review.html",
        {
            "homework": homework,
            "title": title_of(homework, language()),
            "people": faces(homework.client, couple),
            "who": names(couple) if couple else homework.client.name_to_call,
            "name": homework.client.name_to_call,
            "sent_text": wording.when(homework.submitted_at, at, actor.zone)
            if homework.submitted_at
            else "",
            "blocks": blocks,
            "beside": _beside(homework, rounds),
            "moments": _moments(homework, rounds, actor.zone),
            "after_check": read_after_check(actor, homework),
            "form": form,
            "can_reply": open_for_reply and not sent and colleague is None,
            "own_sent": own if sent and own and own.settled_at is None else None,
            "colleague": colleague,
            "kept": draft.words if colleague and draft.words else "",
            "replies": [_shown_reply(one, homework, at, actor.zone) for one in replies],
            "refusal": refusal,
            "theirs": refusal.theirs if isinstance(refusal, Stale) else "",
            "at": place,
            "of": total,
            "couple": couple,
        },
        status=409 if refusal else 200,
    )


def _draft_of(reply: Reply | None) -> reviewing.Draft:
    if reply is None:
        return reviewing.Draft()
    return reviewing.Draft(
        words=reply.words,
        comments=reply.comments,
        returned=reply.returned,
        decision=reply.review.decision,
    )


def _blocks(
    homework: Homework, rounds: list[RoundWords], draft: reviewing.Draft, couple: Any
) -> list[dict[str, Any]]:
    """Return the questions with the newest answer, and the older ones beside it."""
    shown: list[dict[str, Any]] = []
    person = {
        "name": homework.client.name_to_call,
        "letter": homework.client.name_to_call[:1],
        "part": part_of(homework.client, couple),
    }
    for item in homework.version.definition.items:
        if not item.is_asked or item.stage is Stage.RELEASE:
            continue
        said = [one.words[item.key] for one in rounds if item.key in one.words]
        if not said:
            continue
        newest, former = said[-1], said[:-1]
        shown.append(
            {
                "key": item.key,
                "number": len(shown) + 1,
                "question": item.text.get(language()),
                "person": person,
                "answer": answer(item, newest, language()),
                "earlier": [
                    {
                        "label": _("Round %(number)d") % {"number": number + 1},
                        "lines": definitions.describe(item, words.value, language()),
                    }
                    for number, words in enumerate(former)
                ],
                "comment": draft.comments.get(item.key, ""),
                "returned": item.key in draft.returned,
            }
        )
    return shown


def _beside(homework: Homework, rounds: list[RoundWords]) -> list[Any]:
    values: dict[str, Any] = {}
    for one in rounds:
        values |= one.values
    entries = [
        {key: words.value for key, words in moment.words.items()}
        for one in rounds
        for moment in one.moments
    ]
    return list(
        definitions.reviewer_pairs(homework.version.definition, values, language(), entries)
    )


def _moments(homework: Homework, rounds: list[RoundWords], zone: str) -> dict[str, Any] | None:
    logs = homework.version.definition.logs
    moments = [moment for one in rounds for moment in one.moments]
    if not logs or not moments:
        return None
    items = [item for item in logs[0].items if item.is_asked]
    return {
        "heads": [_("When"), *(item.text.get(language()) for item in items)],
        "rows": [
            [
                wording.plain_when(moment.entry.happened_at, zone),
                *(
                    ", ".join(definitions.describe(item, moment.words[item.key].value, language()))
                    if item.key in moment.words
                    else ""
                    for item in items
                ),
            ]
            for moment in moments
        ],
    }


def _shown_reply(reply: Reply, homework: Homework, at: Any, zone: str) -> dict[str, Any]:
    items = {item.key: item for item in homework.version.definition.items}
    review = reply.review
    return {
        "from": review.reviewer.user.get_short_name(),
        "words": reply.words,
        "round": review.response.round,
        "comments": [
            (items[key].text.get(language()), text)
            for key, text in reply.comments.items()
            if key in items
        ],
        "sent_text": wording.when(review.sent_at, at, zone) if review.sent_at else "",
        "seen_text": wording.when(review.seen_at, at, zone) if review.seen_at else "",
    }


@for_therapists
@require_POST
def review_draft(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Keep what is typed while it is typed."""
    homework = homeworks.homework(request.actor, pk)
    form = ReplyForm(request.POST)
    form.is_valid()
    try:
        kept = reviewing.save_draft(
            by=request.actor,
            at=now(),
            homework=homework,
            draft=draft_from(request.POST),
            base=form.cleaned_data.get("base"),
        )
    except Stale as stale:
        return JsonResponse(
            {"mine": stale.mine, "theirs": stale.theirs, "revision": stale.revision}, status=412
        )
    return JsonResponse({"revision": kept.revision})


@for_therapists
@require_POST
def review_undo(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Take back what was sent a moment ago."""
    found = asking.review(request.actor, pk)
    reviewing.undo(by=request.actor, at=now(), review=found)
    messages.success(request, _("Taken back. It is a draft again."))
    return redirect("review", found.response.homework_id)


@for_therapists
@require_POST
def flag_handled(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Say that one is seeing to a flag."""
    reviewing.handle_flag(by=request.actor, at=now(), flag=asking.flag(request.actor, pk))
    messages.success(request, _("Noted that you are seeing to it."))
    return redirect("queue")
