"""What is read when a round is reviewed: answers, moments, replies, words kept aside."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from exercises import definition as definitions
from exercises import schedule
from exercises.actions.reviewing import Draft
from exercises.definition import Item
from exercises.models import Homework
from exercises.views import wording
from exercises.views.therapist_pages import answer, mark
from exercises.visibility import OpenedEntry, OpenedReview, OpenedRound
from practice.wording import language


def blocks(
    homework: Homework,
    rounds: list[OpenedRound],
    replies: list[OpenedReview],
    draft: Draft,
    part: str,
    refused: Mapping[str, Sequence[str]],
) -> list[dict[str, Any]]:
    """Return the questions with the newest answer, and beside it what was said before; one that an
    answer opened also without words, so that it can be opened again.

    `part` is the client's in the couple they are in, be the work for two or not; `refused` says why
    a draft's comments could not be kept ("comments.<item>").
    """
    shown: list[dict[str, Any]] = []
    person = {
        "name": homework.client.name_to_call,
        **mark(homework.client, part),
    }
    definition = homework.version.definition
    visible = definitions.visible_items(definition, OpenedRound.merged(rounds))
    for item in definition.asked:
        said = [one for one in rounds if item.key in one.words]
        if not said and not (item.show_if and item in visible):
            continue
        newest, former = said[-1] if said else None, said[:-1]
        shown.append(
            {
                "key": item.key,
                "number": len(shown) + 1,
                "question": item.text.get(language()),
                "person": person,
                "round": newest.response.round if newest else 0,
                "answer": answer(item, newest.words[item.key], language(), is_coupled=bool(part))
                if newest
                else {},
                "earlier": [
                    _former(item, one, replies, is_coupled=bool(part)) for one in reversed(former)
                ],
                "comment": draft.comments.get(item.key, ""),
                "returned": item.key in draft.returned,
                "errors": refused.get(f"comments.{item.key}", ()),
            }
        )
    return shown


def _former(
    item: Item, one: OpenedRound, replies: list[OpenedReview], *, is_coupled: bool
) -> dict[str, Any]:
    """Return an earlier answer, and what was said to it then."""
    number = one.response.round
    return {
        "round": number,
        "answer": answer(item, one.words[item.key], language(), is_coupled=is_coupled),
        "comments": [
            {"author": reply.review.reviewer.user.get_short_name(), "text": text}
            for reply in replies
            if reply.review.sent_at
            and reply.review.response.round == number
            and (text := reply.comments.get(item.key))
        ],
    }


def felt(rounds: list[OpenedRound]) -> list[dict[str, Any]]:
    """Return how the client felt after sending, the newest round first: one before it says which."""
    newest = rounds[-1].response.round
    return [
        {"round": number if (number := one.response.round) < newest else 0, "how": one.after_check}
        for one in reversed(rounds)
        if one.after_check
    ]


def beside(homework: Homework, rounds: list[OpenedRound]) -> list[dict[str, Any]]:
    """Return what this exercise wants read together: a caption, and each question's lines."""
    values: dict[str, Any] = {}
    for one in rounds:
        values |= one.values
    entries = [
        {key: words.value for key, words in moment.words.items()}
        for one in rounds
        for moment in one.moments
    ]
    found = definitions.reviewer_pairs(homework.version.definition, values, language(), entries)
    return [
        {
            "caption": pair.caption,
            "change": definitions.number_text(f"{pair.change:+g}", language()).replace("-", "−")
            if pair.change
            else "",
            "sides": [
                {
                    "question": item.text.get(language()),
                    "lines": [one for one in lines if one.strip()],
                }
                for item, lines in zip(pair.items, pair.lines, strict=True)
                if lines
            ],
        }
        for pair in found
    ]


def days(
    homework: Homework, rounds: list[OpenedRound], at: datetime, zone: str
) -> list[dict[str, Any]]:
    """Return a log's moments by day, the newest on top; within a day as they happened."""
    logs = homework.version.definition.logs
    moments = sorted(
        (moment for one in rounds for moment in one.moments),
        key=lambda moment: (moment.entry.happened_at, moment.entry.pk),
    )
    if not logs or not moments:
        return []
    items = [item for item in logs[0].items if item.is_asked]

    def day(moment: OpenedEntry) -> Any:
        return schedule.local_time(moment.entry.happened_at, zone).date()

    found = [(date, list(same)) for date, same in groupby(moments, key=day)]
    return [
        {
            "title": wording.day(same[0].entry.happened_at, zone, at),
            "moments": [_moment(moment, items, zone) for moment in same],
        }
        for _date, same in reversed(found)
    ]


def _moment(moment: OpenedEntry, items: Iterable[Item], zone: str) -> dict[str, Any]:
    return {
        "clock": wording.clock(moment.entry.happened_at, zone),
        "lines": [
            {"question": item.text.get(language()), "answer": shown}
            for item in items
            if item.kind is not definitions.ItemKind.DATETIME
            and item.key in moment.words
            and (shown := answer(item, moment.words[item.key], language()))
        ],
    }


def sent_reply(reply: OpenedReview, homework: Homework, at: datetime, zone: str) -> dict[str, Any]:
    """Return a reply that was sent."""
    review = reply.review
    return {
        "from": review.reviewer.user.get_short_name(),
        "sent_text": wording.lately(review.sent_at, at, zone) if review.sent_at else "",
        "seen_text": wording.lately(review.seen_at, at, zone) if review.seen_at else "",
        "settled": review.settled_at is not None,
        "round": review.response.round,
        **said(homework, reply.words, reply.comments, reply.returned),
    }


def said(
    homework: Homework, words: str, comments: Mapping[str, str], returned: Iterable[str]
) -> dict[str, Any]:
    """Return all of a reply's words under the questions they belong to."""
    items, again = homework.version.definition.items, frozenset(returned)
    return {
        "words": words,
        # In the order they were asked, whatever order they were kept in.
        "comments": [
            (item.text.get(language()), comments[item.key])
            for item in items
            if item.key in comments
        ],
        "returned": [item.text.get(language()) for item in items if item.key in again],
    }


def kept(
    homework: Homework, replies: list[OpenedReview], reviewer: UUID | None
) -> list[dict[str, Any]]:
    """Return this therapist's own drafts on rounds that a colleague answered."""
    answered = {reply.review.response_id for reply in replies if reply.review.sent_at}
    return [
        {
            "round": reply.review.response.round,
            **said(homework, reply.words, reply.comments, reply.returned),
        }
        for reply in replies
        if reply.review.reviewer_id == reviewer
        and reply.review.sent_at is None
        and reply.review.response_id in answered
        and (reply.words or reply.comments)
    ]
