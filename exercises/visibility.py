"""Who reads this text? The one place where sealed words are opened for reading.

Pages, API, export and mail all come through here. In this stage no partner reads anything of the
other; releases, item by item, will be decided here too.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from clients.permissions import may_care_for, reachable
from exercises import definition as definitions
from exercises.models import (
    Answer,
    AnswerOutcome,
    Assignment,
    Comment,
    Entry,
    Homework,
    Response,
    Review,
)
from exercises.workflow import Status
from practice.actors import Actor
from practice.crypto import place_of, unseal


@dataclass(frozen=True)
class Words:
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
class Moment:
    """One entry of a log with its words by item key."""

    entry: Entry
    words: dict[str, Words]


@dataclass(frozen=True)
class RoundWords:
    """All a person may read of one round."""

    response: Response
    words: dict[str, Words] = field(default_factory=dict)
    moments: list[Moment] = field(default_factory=list)
    # Read so that nobody else writes into it while this transaction lasts.
    is_held: bool = False

    @property
    def values(self) -> dict[str, Any]:
        """Return the values by item key, for show-when rules and charts."""
        return {key: words.value for key, words in self.words.items()}

    @property
    def outcomes(self) -> dict[str, str]:
        """Return how each item was finished, by item key."""
        return {key: str(words.outcome) for key, words in self.words.items()}

    @staticmethod
    def merged(rounds: Sequence["RoundWords"]) -> dict[str, Any]:
        """Return the newest value of each item over all rounds, for show-when rules."""
        return {key: value for words in rounds for key, value in words.values.items()}


def read_rounds(actor: Actor, homework: Homework, *, hold: bool = False) -> list[RoundWords]:
    """Open every round of `homework` that `actor` may read, oldest first.

    Whoever reads another person's words is audited by the action that calls this. With `hold`
    nobody else writes into these rounds until this transaction ends.
    """
    return read_many(actor, [homework], hold=hold)[homework.pk]


def read_many(
    actor: Actor, homeworks: list[Homework], *, hold: bool = False
) -> dict[UUID, list[RoundWords]]:
    """Open what `actor` may read of several homeworks in a constant number of queries.

    A client reads their own; staff in reach read what was submitted, never a draft.
    """
    responses = _rounds(actor, homeworks, hold=hold)
    entries = Entry.objects.filter(response__in=_with_log(responses))
    answers = Answer.objects.filter(response__in=[one.pk for one in responses])
    found = _opened(homeworks, responses, entries, answers)
    return {pk: [replace(one, is_held=hold) for one in rounds] for pk, rounds in found.items()}


def read_numbers(
    actor: Actor, homeworks: Sequence[Homework], begin: datetime, end: datetime, *, most: int
) -> dict[UUID, list[RoundWords]]:
    """Open only what counts in these homeworks (see `definitions.counted`), and of the moments
    the newest `most` that happened from `begin` on and before `end`."""
    responses = _rounds(actor, homeworks)
    keys = {key for row in homeworks for key in definitions.counted(row.version.definition)}
    between = Q(happened_at__gte=begin, happened_at__lt=end)
    newest = Entry.objects.filter(between, response__in=_with_log(responses))
    entries = newest.order_by("-happened_at", "-pk")[:most]
    answers = Answer.objects.filter(
        Q(entry=None) | Q(entry__in=entries.values("pk")),
        response__in=[one.pk for one in responses],
        item_key__in=keys,
    )
    return _opened(homeworks, responses, entries, answers)


def _rounds(actor: Actor, homeworks: Sequence[Homework], *, hold: bool = False) -> list[Response]:
    by_id = {homework.pk: homework for homework in homeworks}
    # Who may read is asked in the same breath as what there is to read.
    readable = Response.objects.filter(
        homework__in=by_id, homework__client__in=reachable(actor).values("pk")
    ).order_by("round", "pk")
    if not actor.is_client:
        readable = readable.filter(submitted_at__isnull=False)
    responses = list(readable.select_for_update(of=("self",)) if hold else readable)
    for response in responses:
        response.homework = by_id[response.homework_id]
    return responses


def _with_log(responses: list[Response]) -> list[UUID]:
    return [one.pk for one in responses if one.homework.version.definition.logs]


@dataclass(frozen=True)
class Reply:
    """A review with its words: what opens it, and what is said to each item."""

    review: Review
    words: str
    comments: dict[str, str]
    returned: frozenset[str]


def read_review(actor: Actor, review: Review) -> Reply | None:
    """Open a review's words for `actor`; None when it is not theirs to read."""
    return next(iter(read_replies(actor, review.response.homework, [review])), None)


def _reply(review: Review, comments: list[Comment]) -> Reply:
    return Reply(
        review=review,
        words=_open_text(review, "sealed_words"),
        comments={c.item_key: _open_text(c, "sealed_text") for c in comments if c.sealed_text},
        returned=frozenset(c.item_key for c in comments if c.returned),
    )


def read_replies(actor: Actor, homework: Homework, reviews: Iterable[Review]) -> list[Reply]:
    """Open what `actor` may read of a homework's reviews, in a constant number of queries.

    The client: once settled. A therapist of theirs: what they write themselves at any time, a
    colleague's once sent; a supervisor likewise.
    """
    readable = _readable(actor, homework, list(reviews))
    by_review: dict[UUID, list[Comment]] = {one.pk: [] for one in readable}
    for comment in Comment.objects.filter(review__in=by_review).order_by("pk") if readable else ():
        by_review[comment.review_id].append(comment)
    return [_reply(one, by_review[one.pk]) for one in readable]


def _readable(actor: Actor, homework: Homework, reviews: list[Review]) -> list[Review]:
    if actor.is_client:
        own = homework.client_id == actor.client_id
        return [one for one in reviews if own and one.settled_at is not None]
    if not reviews:
        return []
    cares = may_care_for(actor, homework.client)
    if not cares and not reachable(actor).filter(pk=homework.client_id).exists():
        return []
    return [one for one in reviews if one.sent_at or (cares and one.reviewer_id == actor.member_id)]


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


def read_note(actor: Actor, assignment: Assignment, homework: Homework) -> str:
    """Open the word that came with an assignment, for its client and for staff in reach."""
    if not reachable(actor).filter(pk=homework.client_id).exists():
        return ""
    return _open_text(assignment, "sealed_note")


def read_after_check(actor: Actor, homework: Homework) -> str:
    """Open how the client felt after sending."""
    if (
        not homework.sealed_after_check
        or not reachable(actor).filter(pk=homework.client_id).exists()
    ):
        return ""
    return _open_text(homework, "sealed_after_check")


def _open_text(row: Any, name: str) -> str:
    box = getattr(row, name)
    return unseal(box, **place_of(row, name)) if box else ""


def _opened(
    homeworks: Sequence[Homework],
    responses: list[Response],
    entries: QuerySet[Entry],
    answers: QuerySet[Answer],
) -> dict[UUID, list[RoundWords]]:
    """Decrypt these answers, with two queries in all, and put them where they belong."""
    by_response: dict[UUID, dict[str, Words]] = {response.pk: {} for response in responses}
    by_entry: dict[UUID, dict[str, Words]] = {}
    for answer in answers.order_by("pk"):
        words = _words(answer)
        if answer.entry_id is None:
            by_response[answer.response_id][answer.item_key] = words
        else:
            by_entry.setdefault(answer.entry_id, {})[answer.item_key] = words
    moments: dict[UUID, list[Moment]] = {}
    happened = list(entries) if _with_log(responses) else []
    for entry in sorted(happened, key=lambda one: (one.happened_at, one.pk)):
        moment = Moment(entry, by_entry.get(entry.pk, {}))
        moments.setdefault(entry.response_id, []).append(moment)
    found: dict[UUID, list[RoundWords]] = {homework.pk: [] for homework in homeworks}
    for response in responses:
        opened = RoundWords(response, by_response[response.pk], moments.get(response.pk, []))
        found[response.homework_id].append(opened)
    return found


def opened_value(answer: Answer) -> Any:
    """Open one answer for its own author, to compare what two devices wrote."""
    return _words(answer).value


def _words(answer: Answer) -> Words:
    text = _open_text(answer, "sealed_value")
    value = json.loads(text) if text else None
    is_said = answer.outcome == AnswerOutcome.ANSWERED
    return Words(
        item_key=answer.item_key,
        outcome=AnswerOutcome(answer.outcome),
        value=value if is_said else None,
        unsaid=None if is_said else value,
        revision=answer.revision,
        device=answer.device,
        row=answer,
    )
