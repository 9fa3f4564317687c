"""What was said to one question, by turns: an answer, what was asked about it, what was added."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.timezone import now
from django.utils.translation import gettext as _

from exercises import definition as definitions
from exercises.definition import Item, ItemKind
from exercises.models import AnswerOutcome
from exercises.views import wording
from exercises.views.client_pages import Work
from exercises.visibility import OpenedAnswer, OpenedReview, OpenedRound, read_replies


def said_row(work: Work, item: Item, words: OpenedAnswer | None) -> dict[str, Any]:
    """Return what was said to one item as components/said.html takes it, or that nothing was."""
    if words is None or (
        words.outcome == AnswerOutcome.ANSWERED and definitions.is_empty(words.value)
    ):
        return {"lines": [_untouched(work, item)], "muted": True, "verb": _verb(work, item)}
    if words.outcome == AnswerOutcome.SKIPPED:
        return {"lines": [_("Skipped, and that is fine")], "muted": True}
    if words.outcome == AnswerOutcome.IN_SESSION:
        return {"lines": [_("You would rather say it than write it")], "muted": True}
    if item.kind is ItemKind.LIST and item.items:
        rows = definitions.describe_rows(item, words.value, work.language)
        return {"lines": ["\n".join(row) for row in rows], "muted": False, "grouped": True}
    return {"lines": work.lines(item, words.value), "muted": False}


def _untouched(work: Work, item: Item) -> str:
    """Say that nothing was said to an item; in a later round, that the first words stand alone."""
    if not definitions.is_empty(work.values.get(item.key)):
        return _("Nothing added yet")
    return _("Not answered") if item.required else _("Left empty, which is fine")


def _verb(work: Work, item: Item) -> str:
    """Name what one can do about an item to which nothing was said."""
    return _("Answer") if definitions.is_empty(work.values.get(item.key)) else _("Add to it")


def in_turn(
    work: Work, item: Item, rounds: Sequence[OpenedRound], replies: Sequence[OpenedReview]
) -> list[dict[str, Any]]:
    """Return what was written to one item in these rounds and what was said to it, in the order it
    was written; words that stand beside others say when they were sent."""
    parts: list[dict[str, Any]] = []
    for one in rounds:
        if (words := one.words.get(item.key)) is not None:
            said = said_row(work, item, words)
            lines = [line for line in said["lines"] if line.strip()]
            parts.append(said | {"lines": lines, "of": one})
        parts += [
            {"author": reply.review.reviewer.user.get_short_name(), "text": text}
            for reply in replies
            if reply.review.response.round == one.response.round
            and (text := reply.comments.get(item.key))
        ]
    written = [part for part in parts if "of" in part]
    for part in written if len(written) > 1 else ():
        if not part["muted"]:
            part["when"] = _when(work, part["of"], is_first=part is written[0])
    return parts


def before(work: Work, items: Iterable[Item]) -> dict[str, list[dict[str, Any]]]:
    """Return by its key what was written to each of these in the rounds before, and what was asked
    there: it stays beside the new words."""
    if work.homework.round == 1:
        return {}
    replies = read_replies(work.actor, [work.homework])[work.homework.pk]
    found = {}
    for item in items:
        turns = in_turn(work, item, work.earlier, replies)
        found[item.key] = [part for part in turns if "author" in part or not part["muted"]]
        for part in [part for part in found[item.key] if "of" in part][-1:]:
            part["is_last"] = True
    return found


def _when(work: Work, one: OpenedRound, *, is_first: bool) -> str:
    sent_at = one.response.submitted_at
    if sent_at is None:
        return _("Not sent yet")
    day = {"day": wording.day(sent_at, work.actor.zone, now())}
    return _("Sent %(day)s") % day if is_first else _("You added, %(day)s") % day
