"""Who reads this text? The one place where sealed words are opened for reading.

Pages, API, export and mail all come through here. In this stage no partner reads anything of the
other; releases, item by item, will be decided here too.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from clients.permissions import NOBODY, among_reached, cared_for, in_reach
from exercises import definition as definitions
from exercises.models import (
    Answer,
    AnswerOutcome,
    Comment,
    Decision,
    Entry,
    Homework,
    Response,
    Review,
)
from exercises.workflow import Status
from practice.actors import Actor
from practice.crypto import place_of, unseal


@dataclass(frozen=True)
class OpenedAnswer:
    """One answered item: its outcome and, when answered, its value.

    `unsaid` is what stood there before it was set aside: its author finds it again, it counts for
    nothing, and sending erases it.
    """

    item_key: str
    outcome: AnswerOutcome
    value: Any
    unsaid: Any
    revision: int
    device: str
    row: Answer


@dataclass(frozen=True)
class OpenedEntry:
    """One entry of a log with its words by item key."""

    entry: Entry
    words: dict[str, OpenedAnswer]

    def asked(self, definition: definitions.Definition) -> frozenset[str]:
        """Return the keys of what this moment asks, as its answers stand."""
        log = definition.log(self.entry.log_key)
        values = {key: one.value for key, one in self.words.items()}
        shown = definitions.visible_among(log.items if log else (), values)
        return frozenset(item.key for item in shown)


@dataclass(frozen=True)
class OpenedRound:
    """All a person may read of one round."""

    response: Response
    words: dict[str, OpenedAnswer] = field(default_factory=dict)
    moments: list[OpenedEntry] = field(default_factory=list)
    # Opened, and nothing said of them but when: their author may still write there, and nothing else
    # knows of them. Sending drops them.
    unwritten: list[OpenedEntry] = field(default_factory=list)
    # Read so that nobody else writes into it while this transaction lasts.
    is_held: bool = False

    @property
    def values(self) -> dict[str, Any]:
        """Return the values by item key, for show-when rules and charts."""
        return {key: words.value for key, words in self.words.items()}

    def moment(self, pk: UUID) -> OpenedEntry | None:
        """Return one moment, also one of which nothing is said yet."""
        return next((one for one in (*self.moments, *self.unwritten) if one.entry.pk == pk), None)

    @property
    def after_check(self) -> str:
        """Return how the client felt after sending it; who may read the round may read this."""
        return _open_text(self.response, "sealed_after_check")

    @property
    def outcomes(self) -> dict[str, str]:
        """Return how each item was finished, by item key."""
        return {key: str(words.outcome) for key, words in self.words.items()}

    @staticmethod
    def merged(rounds: Sequence["OpenedRound"]) -> dict[str, Any]:
        """Return the newest value of each item over all rounds, for show-when rules."""
        return {key: value for words in rounds for key, value in words.values.items()}


def read_rounds(actor: Actor, homework: Homework, *, hold: bool = False) -> list[OpenedRound]:
    """Open every round of `homework` that `actor` may read, oldest first.

    Whoever reads another person's words is audited by the action that calls this. With `hold`
    nobody else writes into these rounds until this transaction ends.
    """
    return read_many(actor, [homework], hold=hold)[homework.pk]


def read_many(
    actor: Actor, homeworks: list[Homework], *, hold: bool = False
) -> dict[UUID, list[OpenedRound]]:
    """Open what `actor` may read of several homeworks in a constant number of queries; how the client
    felt after sending comes with it.

    A client reads their own; staff in reach read what was submitted, never a draft.
    """
    by_id = {homework.pk: homework for homework in homeworks}
    readable = _readable(actor, by_id).order_by("round", "pk")
    responses = _with_homework(
        by_id, readable.select_for_update(of=("self",)) if hold else readable
    )
    logs = [one.pk for one in responses if one.homework.version.definition.logs]
    entries = (
        Entry.objects.filter(response__in=logs).annotate(is_written=is_written(homeworks))
        if logs
        else ()
    )
    answers = Answer.objects.filter(response__in=[one.pk for one in responses]).order_by("pk")
    found = _opened(homeworks, responses, entries, answers)
    return {pk: [replace(one, is_held=hold) for one in rounds] for pk, rounds in found.items()}


def read_numbers(
    actor: Actor, homeworks: Sequence[Homework], begin: datetime, end: datetime, *, most: int
) -> dict[UUID, list[OpenedRound]]:
    """Open only what counts in these homeworks (see `definitions.counted`), and of the moments
    the newest `most` that happened from `begin` on and before `end`.

    A round in which nothing counts is left out.
    """
    by_id = {homework.pk: homework for homework in homeworks}
    logs = [pk for pk, homework in by_id.items() if homework.version.definition.logs]
    keys = {key for row in homeworks for key in definitions.counted(row.version.definition)}
    between = Q(happened_at__gte=begin, happened_at__lt=end)
    newest = Entry.objects.filter(between, response__in=_readable(actor, logs).values("pk"))
    newest = newest.annotate(is_written=is_written(homeworks)).filter(is_written=True)
    newest = newest.order_by("-happened_at", "-pk")[:most]
    entries = list(newest.select_related("response")) if logs else []
    of_moments = Q(entry__in=newest.values("pk")) if entries else Q()
    answers = list(
        Answer.objects.filter(
            Q(entry=None) | of_moments,
            response__in=_readable(actor, by_id).values("pk"),
            item_key__in=keys,
        )
        .select_related("response")
        .order_by("pk")
    )
    rounds = {one.response_id: one.response for one in answers}
    rounds |= {one.response_id: one.response for one in entries}
    in_order = sorted(rounds.values(), key=lambda one: (one.round, one.pk))
    return _opened(homeworks, _with_homework(by_id, in_order), entries, answers)


def is_written(homeworks: Iterable[Homework]) -> Exists:
    """Return whether anything is said of a moment in one of these homeworks' logs: more than when it
    was, where a log asks more."""
    said = Answer.objects.filter(
        Q(outcome=AnswerOutcome.IN_SESSION)
        | Q(outcome=AnswerOutcome.ANSWERED, sealed_value__isnull=False),
        entry=OuterRef("pk"),
    )
    for version in {one.version_id: one.version for one in homeworks}.values():
        for log in version.definition.logs:
            if (when := log.when) and len(log.items) > 1:
                said = said.exclude(response__homework__version=version.pk, item_key=when.key)
    return Exists(said)


def _readable(actor: Actor, homeworks: Collection[UUID]) -> QuerySet[Response]:
    # Who may read is asked in the same breath as what there is to read.
    found = Response.objects.filter(in_reach(actor, "homework__client"), homework__in=homeworks)
    return found if actor.is_client else found.filter(submitted_at__isnull=False)


def _with_homework(by_id: Mapping[UUID, Homework], responses: Iterable[Response]) -> list[Response]:
    found = list(responses)
    for response in found:
        response.homework = by_id[response.homework_id]
    return found


@dataclass(frozen=True)
class OpenedReview:
    """A review with its words: what opens it, and what is said to each item."""

    review: Review
    words: str
    comments: dict[str, str]
    returned: frozenset[str]


def read_review(actor: Actor, review: Review) -> OpenedReview | None:
    """Open a review's words for `actor`; None when it is not theirs to read."""
    reply = next(iter(_replies(actor, Q(pk=review.pk))), None)
    if reply is not None:
        reply.review.response = review.response
    return reply


def _reply(review: Review, comments: list[Comment]) -> OpenedReview:
    is_closed = review.sent_at is not None and review.decision != Decision.RETURNED
    return OpenedReview(
        review=review,
        words=_open_text(review, "sealed_words"),
        comments={c.item_key: _open_text(c, "sealed_text") for c in comments if c.sealed_text},
        # Marked, and then sent as reviewed: nothing was opened again.
        returned=frozenset(c.item_key for c in comments if c.returned and not is_closed),
    )


def read_replies(actor: Actor, homeworks: Sequence[Homework]) -> dict[UUID, list[OpenedReview]]:
    """Open what `actor` may read of the reviews of some homework, by homework id, oldest first; in
    a constant number of queries.

    The client: once settled. A therapist of theirs: what they write themselves at any time, a
    colleague's once sent; a supervisor likewise.
    """
    by_id = {homework.pk: homework for homework in homeworks}
    found: dict[UUID, list[OpenedReview]] = {pk: [] for pk in by_id}
    for reply in _replies(actor, Q(response__homework__in=by_id)):
        response = reply.review.response
        response.homework = by_id[response.homework_id]
        found[response.homework_id].append(reply)
    return found


def _replies(actor: Actor, wanted: Q) -> list[OpenedReview]:
    client = "response__homework__client"
    if actor.is_client:
        may_read = Q(settled_at__isnull=False)
    else:
        own = {
            "reviewer": actor.member_id or NOBODY,
            f"{client}__in": cared_for(actor).values("pk"),
        }
        may_read = Q(sent_at__isnull=False) | Q(**own)
    reviews = list(
        Review.objects.filter(in_reach(actor, client), may_read, wanted)
        .select_related("reviewer__user", "response")
        .order_by("response__round", "sent_at", "pk")
    )
    by_review: dict[UUID, list[Comment]] = {one.pk: [] for one in reviews}
    for comment in Comment.objects.filter(review__in=by_review).order_by("pk") if reviews else ():
        by_review[comment.review_id].append(comment)
    return [_reply(one, by_review[one.pk]) for one in reviews]


def status_shown(actor: Actor, homework: Homework) -> Status:
    """Return the state as `actor` may know it: that a client has begun is theirs until they send."""
    begun = homework.status == Status.IN_PROGRESS and not actor.is_client
    return Status.OPEN if begun else Status(homework.status)


def statuses_behind(actor: Actor, shown: Status) -> list[Status]:
    """Return the states that `actor` is shown as this one."""
    if actor.is_client:
        return [shown]
    return {Status.OPEN: [Status.OPEN, Status.IN_PROGRESS], Status.IN_PROGRESS: []}.get(
        shown, [shown]
    )


def read_notes(actor: Actor, homeworks: Sequence[Homework]) -> dict[UUID, str]:
    """Open the words that came with some homework, by its id, for its client and staff in reach."""
    noted = {row.client_id for row in homeworks if row.assignment.sealed_note}
    reached = among_reached(actor, noted)
    return {
        row.pk: _open_text(row.assignment, "sealed_note") if row.client_id in reached else ""
        for row in homeworks
    }


def _open_text(row: Any, name: str) -> str:
    box = getattr(row, name)
    return unseal(box, **place_of(row, name)) if box else ""


def _opened(
    homeworks: Sequence[Homework],
    responses: list[Response],
    entries: Iterable[Any],
    answers: Iterable[Answer],
) -> dict[UUID, list[OpenedRound]]:
    """Decrypt these answers and put them where they belong."""
    by_response: dict[UUID, dict[str, OpenedAnswer]] = {response.pk: {} for response in responses}
    by_entry: dict[UUID, dict[str, OpenedAnswer]] = {}
    for answer in answers:
        words = _words(answer)
        if answer.entry_id is None:
            by_response[answer.response_id][answer.item_key] = words
        else:
            by_entry.setdefault(answer.entry_id, {})[answer.item_key] = words
    moments: dict[tuple[UUID, bool], list[OpenedEntry]] = {}
    for entry in sorted(entries, key=lambda one: (one.happened_at, one.pk)):
        moment = OpenedEntry(entry, by_entry.get(entry.pk, {}))
        moments.setdefault((entry.response_id, entry.is_written), []).append(moment)
    found: dict[UUID, list[OpenedRound]] = {homework.pk: [] for homework in homeworks}
    for response in responses:
        opened = OpenedRound(
            response,
            by_response[response.pk],
            moments.get((response.pk, True), []),
            moments.get((response.pk, False), []),
        )
        found[response.homework_id].append(opened)
    return found


def opened_value(answer: Answer) -> Any:
    """Open one answer for its own author, to compare what two devices wrote."""
    return _words(answer).value


def _words(answer: Answer) -> OpenedAnswer:
    text = _open_text(answer, "sealed_value")
    value = json.loads(text) if text else None
    is_said = answer.outcome == AnswerOutcome.ANSWERED
    return OpenedAnswer(
        item_key=answer.item_key,
        outcome=AnswerOutcome(answer.outcome),
        value=value if is_said else None,
        unsaid=None if is_said else value,
        revision=answer.revision,
        device=answer.device,
        row=answer,
    )
