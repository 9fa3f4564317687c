"""Who reads this text? The one place where sealed words are opened for reading.

Pages, API, export and mail all come through here. In this stage no partner reads anything of the
other; releases, item by item, will be decided here too.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from clients.permissions import may_care_for, reachable
from exercises.definition import ItemKind
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
from practice.actors import Actor
from practice.crypto import unseal


@dataclass(frozen=True)
class Words:
    """One answered item: its outcome and, when answered, its value."""

    item_key: str
    outcome: AnswerOutcome
    value: Any
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
    found: dict[UUID, list[RoundWords]] = {pk: [] for pk in by_id}
    for words in _opened(responses):
        found[words.response.homework_id].append(replace(words, is_held=hold))
    return found


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


def place_of(row: Any, name: str) -> dict[str, Any]:
    """Name the place a sealed field is bound to."""
    return {
        "practice": row.practice_id,
        "table": row._meta.db_table,
        "row": row.pk,
        "field": name,
    }


def _open_text(row: Any, name: str) -> str:
    box = getattr(row, name)
    return unseal(box, **place_of(row, name)) if box else ""


def _opened(responses: list[Response]) -> list[RoundWords]:
    """Decrypt the answers of these rounds with two queries in all."""
    by_response: dict[UUID, dict[str, Words]] = {response.pk: {} for response in responses}
    by_entry: dict[UUID, dict[str, Words]] = {}
    for answer in Answer.objects.filter(response__in=by_response).order_by("pk"):
        words = _words(answer)
        if answer.entry_id is None:
            by_response[answer.response_id][answer.item_key] = words
        else:
            by_entry.setdefault(answer.entry_id, {})[answer.item_key] = words
    moments: dict[UUID, list[Moment]] = {}
    logs = [
        response.pk
        for response in responses
        if any(item.kind is ItemKind.LOG for item in response.homework.version.definition.items)
    ]
    entries = Entry.objects.filter(response__in=logs).order_by("happened_at", "pk")
    for entry in entries if logs else ():
        moment = Moment(entry, by_entry.get(entry.pk, {}))
        moments.setdefault(entry.response_id, []).append(moment)
    return [
        RoundWords(response, by_response[response.pk], moments.get(response.pk, []))
        for response in responses
    ]


def opened_value(answer: Answer) -> Any:
    """Open one answer for its own author, to compare what two devices wrote."""
    return _words(answer).value


def _words(answer: Answer) -> Words:
    text = _open_text(answer, "sealed_value")
    return Words(
        item_key=answer.item_key,
        outcome=AnswerOutcome(answer.outcome),
        value=json.loads(text) if text else None,
        revision=answer.revision,
        device=answer.device,
        row=answer,
    )
