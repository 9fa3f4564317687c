"""Read what was handed in, and answer it: one round at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clients.models import tell_apart
from exercises.actions import reviewing
from exercises.forms.review import ReplyForm, draft_from
from exercises.models import Homework
from exercises.permissions import can_go_back, may_review
from exercises.queries import homework as homeworks
from exercises.queries import review as asking
from exercises.views import answers, wording
from exercises.views.client_pages import title_of
from exercises.views.therapist_pages import (
    consent_text,
    ended_text,
    faces,
    for_carers,
    for_therapists,
    mark,
    page_of,
    part_of,
    reads_along,
    undo_offers,
    waited,
)
from exercises.visibility import OpenedReview, read_replies
from exercises.workflow import Status
from practice.actors import Actor, ActorRequest
from practice.errors import BadInput, NotPossible, Stale
from practice.wording import both


@for_carers
@require_http_methods(["GET", "POST"])
def review(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Read what was handed in, and answer it."""
    homework = homeworks.to_review(request.actor, pk)
    if request.method == "POST":
        return _answer(request, homework)
    return _desk(request, homework)


def _answer(request: ActorRequest, homework: Any) -> HttpResponse:
    form = ReplyForm(request.POST)
    form.is_valid()  # what a reply lacks is said by the action, beside what was typed
    draft, deed = draft_from(request.POST), request.POST.get("send", "next")
    base, number = form.cleaned_data.get("base"), form.cleaned_data.get("round")
    keep = reviewing.save_draft if deed == "draft" else reviewing.send
    try:
        kept = keep(
            by=request.actor, at=now(), homework=homework, draft=draft, base=base, number=number
        )
    except NotPossible as refusal:
        return _desk(request, homework, typed=Typed(draft, number or homework.round, refusal))
    if deed == "draft":
        messages.success(request, _("Kept as a draft. Only you see it."))
        return redirect("review", homework.pk)
    following = asking.next_waiting(request.actor, now(), homework) if deed == "next" else None
    if following is not None:
        # With the way back: what was just sent can be undone from there, too.
        return redirect(f"{reverse('review', args=[following.pk])}?sent={kept.pk}")
    return redirect("queue")


@dataclass(frozen=True)
class Typed:
    """What was typed for which round, and why it could not go."""

    draft: reviewing.Draft
    number: int
    refusal: NotPossible


def _desk(request: ActorRequest, homework: Any, typed: Typed | None = None) -> HttpResponse:
    actor, at = request.actor, now()
    rounds = reviewing.open_rounds(by=actor, at=at, homework=homework)
    replies = read_replies(actor, [homework])[homework.pk]
    current = [one for one in replies if one.review.response.round == homework.round]
    own = next((one for one in current if one.review.reviewer_id == actor.member_id), None)
    answered = next((one.review for one in current if one.review.sent_at), None)
    can_reply = (
        homework.status == Status.SUBMITTED
        and answered is None
        and may_review(actor, homework, cares=homework.cares)
    )
    draft = _draft_of(own) if can_reply else reviewing.Draft()
    refusal = typed.refusal if typed else None
    in_form = typed if can_reply and typed and typed.number == homework.round else None
    if in_form:
        draft = in_form.draft
    too_long = refusal.fields if in_form and isinstance(refusal, BadInput) else {}
    is_own = bool(answered and answered.reviewer_id == actor.member_id)
    couple = homework.assignment.couple
    part = part_of(homework.client, couple) if couple else homework.part
    both_near = couple if homework.both_near else None
    if both_near:
        tell_apart([homework.client, *both_near.pair])
    shown = answers.blocks(homework, rounds, replies, draft, part, too_long)
    return render(
        request,
        "exercises/therapist/review.html",
        {
            **_case(request, homework, at),
            "people": faces(both_near) if both_near else [mark(homework.client, part)],
            "felt": answers.felt(rounds),
            "blocks": shown,
            "new": _new(homework, shown),
            "beside": answers.beside(homework, rounds),
            "days": answers.days(homework, rounds, at, actor.zone),
            "form": _reply_form(homework, draft, own, too_long),
            "problems": [
                {
                    "id": f"c-{block['key']}",
                    "text": _("Your comment on “%(question)s”: %(problem)s")
                    % {"question": block["question"], "problem": problem},
                }
                for block in shown
                for problem in block["errors"]
            ],
            "can_reply": can_reply,
            "own_sent": answered if is_own and answered and not answered.settled_at else None,
            "colleague": answered if answered and not is_own else None,
            "kept": answers.kept(homework, replies, actor.member_id),
            "replies": [
                answers.sent_reply(one, homework, at, actor.zone)
                for one in replies
                if one.review.sent_at
            ],
            "refusal": refusal,
            "refused": _refused(typed, replies, actor, at),
            "reopen": bool(shown) and refusal is not None and refusal.code == "nothing_reopened",
            "lost": None if in_form else _unkept(homework, typed),
            "theirs": _theirs(homework, typed),
        },
        status=422 if isinstance(refusal, BadInput) else 409 if refusal else 200,
    )


def _case(request: ActorRequest, homework: Any, at: datetime) -> dict[str, Any]:
    """Return whose homework it is, and what lies around it: the partner's, the queue's next."""
    actor, client, couple = request.actor, homework.client, homework.assignment.couple
    place = asking.place_in_queue(actor, at, homework)
    # Of two who were parted only who is in reach is named.
    both_near = couple if homework.both_near else None
    partner = both_near.partner_of(client) if both_near else None
    return {
        "homework": homework,
        "title": title_of(homework),
        "who": both(both_near.first.name, both_near.second.name) if both_near else client.name,
        # A couple's page opens for whoever reaches both, and is about two who are linked.
        "who_url": page_of(client, couple if homework.part else None),
        "undo": undo_offers(actor, at) if "sent" in request.GET else [],
        "name": client.name_to_call,
        "sent_text": waited(homework.submitted_at, at, actor.zone),
        "partners": homework.partners_pk,
        "partners_name": partner.name_to_call if partner else "",
        "partners_text": waited(homework.partners_sent_at, at, actor.zone),
        "place": place,
        "waiting_count": homework.waiting,  # the frame's, which need not ask again
        "couple": couple,
        "reads_along": reads_along(actor, cares=homework.cares),
        "ended_text": ended_text(client, actor.zone),
        "consent_text": consent_text(client, homework.consent_withdrawn_at, actor.zone),
    }


def _reply_form(
    homework: Homework,
    draft: reviewing.Draft,
    own: OpenedReview | None,
    too_long: Mapping[str, Sequence[str]],
) -> ReplyForm:
    back = can_go_back(homework)
    said = {
        "letter": draft.words,
        "decision": (back and draft.decision) or "reviewed",
        "base": own.review.revision if own else 0,
        "round": homework.round,
    }
    if "words" not in too_long:
        return ReplyForm(initial=said, can_go_back=back)
    form = ReplyForm(said, can_go_back=back)
    for text in too_long["words"]:
        form.add_error("letter", text)
    return form


def _new(homework: Homework, blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what was answered in this round, where answers of rounds before stand above it."""
    new = [block for block in blocks if block["round"] == homework.round]
    return new if len(new) < len(blocks) else []


def _refused(typed: Typed | None, replies: list[OpenedReview], actor: Actor, at: datetime) -> str:
    """Say why it could not go; where another of one's own replies has gone, which one that was."""
    if typed is None:
        return ""
    gone = next(
        (
            one.review
            for one in replies
            if one.review.reviewer_id == actor.member_id
            and one.review.response.round == typed.number
            and one.review.sent_at
        ),
        None,
    )
    if gone is None or gone.sent_at is None:
        return typed.refusal.message
    if gone.settled_at:
        text = _("Your other reply, from %(when)s, was sent, and has reached the client.")
    else:
        text = _(
            "Your other reply, from %(when)s, was sent. Take that one back first to change it."
        )
    return text % {"when": wording.lately(gone.sent_at, at, actor.zone)}


def _unkept(homework: Homework, typed: Typed | None) -> dict[str, Any] | None:
    """Return what was typed and does not stand in the form, when it is in no draft either."""
    if typed is None or typed.refusal.code == "answered_by_colleague":
        return None
    draft = typed.draft
    return answers.said(homework, draft.words, draft.comments, draft.returned)


def _theirs(homework: Homework, typed: Typed | None) -> dict[str, Any] | None:
    """Return all the other tab wrote."""
    if typed is None or not isinstance(typed.refusal, Stale):
        return None
    theirs: Any = typed.refusal.theirs or {}
    return answers.said(
        homework, theirs.get("words", ""), theirs.get("comments", {}), theirs.get("returned", ())
    )


def _draft_of(reply: OpenedReview | None) -> reviewing.Draft:
    if reply is None or reply.review.sent_at:
        return reviewing.Draft()
    return reviewing.Draft(
        words=reply.words,
        comments=reply.comments,
        returned=reply.returned,
        decision=reply.review.decision,
    )


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
            number=form.cleaned_data.get("round"),
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
