"""What a therapist does with a round: open, draft, send, undo; two minutes later it settles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models.functions import Coalesce
from django.http import Http404
from django.utils.translation import gettext as _

from clients.models import Client
from clients.permissions import cared_for, is_self
from exercises.actions import reminding, rescheduling
from exercises.actions.moving import apply_move
from exercises.actions.sealing import sealed
from exercises.models import Comment, Decision, Homework, Response, Review
from exercises.permissions import can_go_back, may_answer_rounds, may_review, may_undo
from exercises.queries import series
from exercises.queries.series import Span, Weeks
from exercises.visibility import OpenedReview, OpenedRound, read_review, read_rounds
from exercises.workflow import Move, Status
from practice.actions import auditing
from practice.actors import Actor, system
from practice.errors import BadInput, NotPossible, Stale
from practice.letters import thousands

UNDO = timedelta(minutes=2)
LONGEST_TEXT = 5000


@dataclass(frozen=True)
class Draft:
    """What a therapist has written so far: opening words, comments and returns by item key."""

    words: str = ""
    comments: Mapping[str, str] = field(default_factory=dict)
    returned: frozenset[str] = frozenset()
    decision: str = ""


def open_rounds(*, by: Actor, at: datetime, homework: Homework) -> list[OpenedRound]:
    """Read what a client handed in; the reading is audited, and ends the time to take it back.

    A client reads their own, unaudited. Raises Http404 when nothing was handed in.
    """
    if by.is_client:
        return read_rounds(by, homework)
    with transaction.atomic():
        # Read behind the mark alone: what the client took back a moment ago is theirs.
        mark_opened(by=by, at=at, homeworks=[homework])
        rounds = read_rounds(by, homework)
        if not rounds:
            raise Http404
        auditing.record(
            by=by,
            at=at,
            action="read.homework",
            object_kind="homework",
            object_id=homework.pk,
            client_id=homework.client_id,
        )
    return rounds


def mark_opened(*, by: Actor, at: datetime, homeworks: Sequence[Homework]) -> None:
    """End the time to take these back, before a therapist of theirs reads them.

    Waits for a client who takes one back at this moment; who comes after it is told that it was
    opened. Whoever may not answer (a supervisor, a key that only reads) marks nothing.
    """
    if may_answer_rounds(by):
        Response.objects.filter(
            homework__in=homeworks,
            homework__client__in=cared_for(by).values("pk"),
            submitted_at__isnull=False,
            opened_at=None,
        ).update(opened_at=at)


def read_numbers(
    *, by: Actor, at: datetime, clients: list[Client], before: str | None = None
) -> tuple[Span, dict[UUID, Weeks]]:
    """Read what clients' numbers were in some weeks (see `queries.series.numbers`).

    Staff's reading is audited like any other.
    """
    wanted = [client.pk for client in clients]
    found = series.numbers(by, wanted, at, before)
    weeks = series.by_week(by, wanted, found)
    with transaction.atomic():
        for pk in wanted:
            if weeks[pk].values and not by.is_client:
                auditing.on_client(by, at, "read.numbers", pk)
    return found.span, weeks


def save_draft(
    *,
    by: Actor,
    at: datetime,
    homework: Homework,
    draft: Draft,
    base: int | None = None,
    number: int | None = None,
) -> Review:
    """Keep a review in the making, of round `number` (default: the newest one handed in).

    What was typed is kept also when a colleague has answered that round meanwhile; only sending
    is refused then. `base` is the revision that was read (0: there was none); raises Stale with
    both texts when another tab saved a later one, NotPossible once one's own was sent, and
    BadInput for what is too long.
    """
    if not may_review(by, homework):
        raise PermissionDenied
    with transaction.atomic():
        response = _handed_in(homework, number)
        review, is_new = Review.objects.select_for_update().get_or_create(
            response=response,
            reviewer_id=by.member_id,
            defaults={"practice_id": homework.practice_id, "created_at": at, "updated_at": at},
        )
        review.response = response
        if review.settled_at is not None:
            raise NotPossible(_("This was sent, and has reached the client."))
        if review.sent_at is not None:
            raise NotPossible(_("This was sent. Take it back first to change it."))
        if base is not None and not is_new and base != review.revision:
            before = read_review(by, review)
            raise Stale(
                _("This reply was changed in another tab. Both are below; keep what you need."),
                mine=_plain(draft),
                theirs=_plain(_draft_of(before)) if before else None,
                revision=review.revision,
            )
        _check_texts(draft)
        _write(review, draft, at)
    return review


def send(
    *,
    by: Actor,
    at: datetime,
    homework: Homework,
    draft: Draft,
    base: int | None = None,
    number: int | None = None,
) -> Review:
    """Send a review. For two minutes it can be undone and the client sees nothing of it.

    What was typed is kept as a draft first, whatever stands against sending it. When a colleague
    has sent theirs before (it may have reached the client already), NotPossible says so.
    """
    review = save_draft(by=by, at=at, homework=homework, draft=draft, base=base, number=number)
    try:
        with transaction.atomic():
            _check_sendable(review, draft)
            _hold_open(review.response, at)
            Review.objects.filter(pk=review.pk, sent_at=None).update(
                sent_at=at, settles_at=at + UNDO
            )
            auditing.record(
                by=by,
                at=at,
                action="review.sent",
                object_kind="homework",
                object_id=homework.pk,
                client_id=homework.client_id,
                decision=draft.decision,
            )
    except IntegrityError as error:  # both at once: the constraint lets one through
        raise _answered() from error
    review.refresh_from_db()
    review.response.homework = homework
    return review


def undo(*, by: Actor, at: datetime, review: Review) -> None:
    """Take a sent review back into a draft. Raises NotPossible once it has settled."""
    if not may_undo(by, review):
        raise PermissionDenied
    with transaction.atomic():
        undone = Review.objects.filter(
            pk=review.pk, settled_at=None, settles_at__gt=at, sent_at__isnull=False
        ).update(sent_at=None, settles_at=None)
        if not undone:
            raise NotPossible(_("The two minutes are over: it has reached the client."))
        auditing.record(
            by=by,
            at=at,
            action="review.undone",
            object_kind="homework",
            object_id=review.response.homework_id,
            client_id=review.response.homework.client_id,
        )


def settle(review: Review, *, at: datetime) -> None:
    """Let a sent review take effect: the homework moves, the client is told, a round may open.

    What it answers may be gone by now; what it opens again nobody could answer once care has ended.
    Then it is a draft again.
    """
    homework = review.response.homework
    # The clock only carries out what the reviewer sent, so the step bears their name.
    by = replace(system(homework.practice_id), user_id=review.reviewer.user_id)
    returned = list(
        review.comments.filter(returned=True)
        .order_by("item_key")
        .values_list("item_key", flat=True)
    )
    unsettled = Review.objects.filter(pk=review.pk, settled_at=None)
    with transaction.atomic():
        is_returned = review.decision == Decision.RETURNED
        if not _waits(homework, review.response) or (is_returned and not can_go_back(homework)):
            unsettled.update(sent_at=None, settles_at=None)
            return
        if not unsettled.update(settled_at=at):
            return
        if is_returned:
            apply_move(
                homework,
                Move.RETURN,
                by=by,
                at=at,
                items=returned,
                round=homework.round + 1,
                **rescheduling.end_anew(homework, at),
            )
            Response.objects.create(
                practice_id=homework.practice_id,
                homework=homework,
                round=homework.round,
                open_items=returned,
                started_at=at,
            )
        else:
            apply_move(homework, Move.REVIEW, by=by, at=at)
        reminding.plan_answered(homework, review, at)


def note_seen(*, by: Actor, at: datetime, homework: Homework, reviews: Sequence[Review]) -> None:
    """Note that the client has read these, so that the therapist can see so."""
    if not is_self(by, homework.client_id):
        raise PermissionDenied
    read = [review.pk for review in reviews]
    Review.objects.filter(pk__in=read, response__homework=homework, seen_at=None).update(seen_at=at)


def _handed_in(homework: Homework, number: int | None) -> Response:
    """Return the round that is answered: one that waits, or that a colleague has answered."""
    rounds = Response.objects.select_for_update().filter(
        homework=homework, submitted_at__isnull=False
    )
    response = (rounds.filter(round=number) if number else rounds).order_by("-round").first()
    if response is None or not (_waits(homework, response) or _is_answered(response)):
        raise NotPossible(_("This is not waiting for review any more."))
    response.homework = homework
    return response


def _hold_open(response: Response, at: datetime) -> None:
    """Note that it was opened, for who answers by a program without reading: nobody takes back what
    was answered. Raises NotPossible when that has just happened."""
    sent = Response.objects.filter(pk=response.pk, submitted_at__isnull=False)
    if not sent.update(opened_at=Coalesce("opened_at", at)):
        raise NotPossible(_("This is not waiting for review any more."))


def _waits(homework: Homework, response: Response) -> bool:
    return homework.status == Status.SUBMITTED and homework.round == response.round


def _is_answered(response: Response) -> bool:
    return Review.objects.filter(response=response, sent_at__isnull=False).exists()


def _answered() -> NotPossible:
    return NotPossible(
        _("A colleague has answered this meanwhile. Your words are kept as a draft."),
        code="answered_by_colleague",
    )


def _check_sendable(review: Review, draft: Draft) -> None:
    if _is_answered(review.response):
        raise _answered()
    if draft.decision not in Decision.values:
        raise NotPossible(_("Choose how it goes on: reviewed, or returned for deepening."))
    homework = review.response.homework
    if draft.decision == Decision.RETURNED and not can_go_back(homework):
        raise NotPossible(_("Their care has ended: no answer can be opened again."))
    returned = draft.returned & _returnable(homework)
    if draft.decision == Decision.RETURNED and not returned:
        raise NotPossible(_("Choose at least one answer to open again."), code="nothing_reopened")


def _draft_of(reply: OpenedReview) -> Draft:
    return Draft(reply.words, reply.comments, reply.returned, reply.review.decision)


def _plain(draft: Draft) -> dict[str, object]:
    """Return a draft as the API takes it."""
    return {
        "words": draft.words,
        "comments": dict(draft.comments),
        "returned": sorted(draft.returned),
        "decision": draft.decision,
    }


def _returnable(homework: Homework) -> frozenset[str]:
    """Return what the client could answer once more: a round of anything else could not be sent."""
    return frozenset(item.key for item in homework.version.definition.asked)


def _check_texts(draft: Draft) -> None:
    texts = {"words": draft.words} | {f"comments.{key}": t for key, t in draft.comments.items()}
    said = _("That is %(over)s characters over. Shorten it, or say the rest in the session.")
    too_long = {
        name: [said % {"over": thousands(len(text) - LONGEST_TEXT)}]
        for name, text in texts.items()
        if len(text) > LONGEST_TEXT
    }
    if too_long:
        raise BadInput(too_long)


def _write(review: Review, draft: Draft, at: datetime) -> None:
    there = {item.key for item in review.response.homework.version.definition.items}
    returned = draft.returned & _returnable(review.response.homework)
    review.sealed_words = sealed(review, "sealed_words", draft.words)
    review.decision = draft.decision
    review.revision += 1
    review.updated_at = at
    review.save()
    wanted = {*draft.comments} & there | returned
    Comment.objects.filter(review=review).exclude(item_key__in=wanted).delete()
    present = {comment.item_key: comment for comment in Comment.objects.filter(review=review)}
    for key in sorted(wanted):
        comment = present.get(key) or Comment(
            practice_id=review.practice_id, review=review, item_key=key
        )
        comment.sealed_text = sealed(comment, "sealed_text", draft.comments.get(key, ""))
        comment.returned = key in returned
        comment.updated_at = at
        comment.save()
