"""The review queue, and answering one round at a time."""

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
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clients.models import Couple
from clients.queries import care
from exercises.actions import flagging, reviewing
from exercises.forms.review import ReplyForm, draft_from
from exercises.models import Homework
from exercises.permissions import may_review
from exercises.queries import homework as homeworks
from exercises.queries import review as asking
from exercises.views import answers, wording
from exercises.views.desk import (
    consent_text,
    face,
    faces,
    flag_card,
    for_carers,
    for_therapists,
    mark,
    page_of,
    part_of,
    reads_along,
    waited,
)
from exercises.views.ground import title_of
from exercises.visibility import Reply, read_replies
from exercises.workflow import Status
from practice.actors import Actor, ActorRequest
from practice.errors import BadInput, NotPossible, Stale
from practice.queries.paging import pages
from practice.wording import both

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
            "undo": _undo(actor, at),
            "handled": _handled(request, at),
            "sessions": [_session(hour, at, actor.zone) for hour in hours],
            "more_sessions": all_hours - len(hours),
            **pages(request, found),
            "caught_up": _caught_up(hours, at, actor.zone) if not counts["all"] else "",
            "has_clients": not (counts["all"] or flags) and asking.has_clients(actor),
        },
    )


def _undo(actor: Actor, at: datetime) -> list[dict[str, Any]]:
    """Return what was sent a moment ago and can be taken back, whatever page one is on now."""
    return [
        {
            "pk": review.pk,
            "text": _("Sent to %(name)s.") % {"name": review.response.homework.client.name_to_call},
            "seconds": max(0, int((review.settles_at - at).total_seconds()))
            if review.settles_at
            else 0,
        }
        for review in asking.unsettled(actor, at)
    ]


def _handled(request: ActorRequest, at: datetime) -> dict[str, Any] | None:
    """Return the flag that one took on a moment ago, while it can be put back."""
    try:
        pk = UUID(request.GET.get("handled", ""))
    except ValueError:
        return None
    until = asking.taken_on_until(request.actor, pk, reviewing.UNDO)
    if until is None or until <= at:
        return None
    return {"pk": pk, "seconds": int((until - at).total_seconds())}


def _start(only: str) -> str:
    return f"{reverse('queue')}?only={only}" if only else reverse("queue")


def _caught_up(hours: list[asking.Hour], at: datetime, zone: str) -> str:
    """Say when somebody comes next, so that an empty queue is an answer and not a riddle."""
    if not hours:
        return ""
    return _("Next session: %(when)s") % {"when": wording.when(hours[0].at, at, zone)}


def _queue_row(row: Any, partner_of: Couple | None, at: Any, zone: str) -> dict[str, Any]:
    # Of two who were parted only who is in reach is named.
    couple = row.assignment.couple
    couple = couple if couple and partner_of and partner_of.pk == couple.pk else None
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
    shown = answers.blocks(homework, rounds, replies, draft, part, too_long)
    return render(
        request,
        "exercises/therapist/review.html",
        {
            **_case(request, homework, at),
            "people": faces(both_near) if both_near else [mark(homework.client, part)],
            "after_check": rounds[-1].after_check,
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
    return {
        "homework": homework,
        "title": title_of(homework),
        "who": both(both_near.first.name, both_near.second.name) if both_near else client.name,
        # A couple's page opens for whoever reaches both, and is about two who are linked.
        "who_url": page_of(client, couple if homework.part else None),
        "undo": _undo(actor, at) if "sent" in request.GET else [],
        "name": client.name_to_call,
        "sent_text": waited(homework.submitted_at, at, actor.zone),
        "partners": homework.partners_pk,
        "partners_name": care.partner_in(both_near, client).name_to_call if both_near else "",
        "partners_text": waited(homework.partners_sent_at, at, actor.zone),
        "place": place,
        "waiting_count": homework.waiting,  # the frame's, which need not ask again
        "couple": couple,
        "reads_along": reads_along(actor, cares=homework.cares),
        "consent_text": consent_text(client, homework.consent_withdrawn_at, actor.zone),
    }


def _reply_form(
    homework: Homework,
    draft: reviewing.Draft,
    own: Reply | None,
    too_long: Mapping[str, Sequence[str]],
) -> ReplyForm:
    said = {
        "letter": draft.words,
        "decision": draft.decision or "reviewed",
        "base": own.review.revision if own else 0,
        "round": homework.round,
    }
    if "words" not in too_long:
        return ReplyForm(initial=said)
    form = ReplyForm(said)
    for text in too_long["words"]:
        form.add_error("letter", text)
    return form


def _new(homework: Homework, blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what was answered in this round, where answers of rounds before stand above it."""
    new = [block for block in blocks if block["round"] == homework.round]
    return new if len(new) < len(blocks) else []


def _refused(typed: Typed | None, replies: list[Reply], actor: Actor, at: datetime) -> str:
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
    return text % {"when": wording.when(gone.sent_at, at, actor.zone)}


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


def _draft_of(reply: Reply | None) -> reviewing.Draft:
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


@for_therapists
@require_POST
def flag_handled(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Say that one is seeing to a flag."""
    flagging.handle_flag(by=request.actor, at=now(), flag=asking.flag(request.actor, pk))
    # With the way back: nobody else would see it any more.
    return redirect(f"{reverse('queue')}?handled={pk}")


@for_therapists
@require_POST
def flag_undo(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Put a flag back that one took on a moment ago."""
    flagging.give_back_flag(by=request.actor, at=now(), flag=asking.flag(request.actor, pk))
    messages.success(request, _("It is back on top of your queue."))
    return redirect("queue")
