"""What is shown, what is still open, what wants a human: decided from the answers alone."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Any

from exercises.definition.answers import unfinished
from exercises.definition.model import (
    Condition,
    Definition,
    FlagKind,
    Hint,
    Item,
    ItemKind,
    Stage,
)
from practice.letters import without_accents

Answers = Mapping[str, Any]
# No sentence leads up to a piece with more words than this; each one more is compared anew.
MOST_LED = 30
_PIECE = re.compile(r"{(\w+)}")
_SETTLED = frozenset({"skipped", "in_session"})
_STAGES = {
    Stage.WORK: frozenset({Stage.WORK, Stage.CLOSING}),
    Stage.CLOSING: frozenset({Stage.WORK, Stage.CLOSING}),
    Stage.RELEASE: frozenset(Stage),
}


def is_empty(value: Any) -> bool:
    """Say whether nothing was said."""
    return value is None or value in ("", [], {})


def holds(condition: Condition | None, answers: Answers) -> bool:
    """Say whether a show-when condition is met."""
    if condition is None:
        return True
    value = answers.get(condition.item)
    if not condition.values:
        return not is_empty(value)
    return not _said(value).isdisjoint(condition.values)


def visible_items(
    definition: Definition, answers: Answers, stage: Stage | str = Stage.WORK
) -> list[Item]:
    """Return the items to show, in order.

    Stage "work" holds the closing items of a log too (`item.stage` marks them); those for after
    a release appear only with stage "release". An item shown because of a hidden one is hidden.
    """
    wanted = _STAGES[Stage(stage)]
    return [item for item in visible_among(definition.items, answers) if item.stage in wanted]


def visible_among(items: Iterable[Item], answers: Answers) -> list[Item]:
    """Return which of these items (of a log's entry, say) are shown. Hidden answers don't count."""
    shown: list[Item] = []
    counted: dict[str, Any] = {}
    for item in items:
        if holds(item.show_if, counted):
            shown.append(item)
            counted[item.key] = answers.get(item.key)
    return shown


def missing(
    definition: Definition,
    answers: Answers,
    outcomes: Mapping[str, str],
    stage: Stage | str = Stage.WORK,
    *,
    is_again: bool = False,
) -> list[Item]:
    """Return the items that are shown, and neither skipped nor kept for the session: the required
    ones without an answer, and all whose answer is half of one (`is_again` as `unfinished` has it)."""
    return [
        item
        for item in visible_items(definition, answers, stage)
        if item.is_asked
        and outcomes.get(item.key) not in _SETTLED
        and is_open(item, answers.get(item.key), is_again=is_again)
    ]


def is_open(item: Item, value: Any, *, is_again: bool = False) -> bool:
    """Say whether this still wants something: a required item an answer, a begun one its rest."""
    if is_empty(value):
        return item.required
    return unfinished(item, value, is_again=is_again) is not None


def screens(items: Sequence[Item]) -> list[list[Item]]:
    """Group items into screens: one each, neighbours with the same `screen` together."""
    grouped: list[list[Item]] = []
    for item in items:
        if item.screen and grouped and grouped[-1][-1].screen == item.screen:
            grouped[-1].append(item)
        else:
            grouped.append([item])
    return grouped


def opening(items: Sequence[Item]) -> list[Item]:
    """Return the words that stand alone before the first question: read before one begins."""
    wordless = takewhile(
        lambda screen: all(item.kind is ItemKind.DISPLAY for item in screen), screens(items)
    )
    return [item for screen in wordless for item in screen]


def safety(item: Item, value: Any) -> FlagKind | None:
    """Return the flag this answer raises; SAFETY ends the exercise."""
    said = _said(value)
    raised = [rule.flag for rule in item.flag_if if not said.isdisjoint(rule.values)]
    return FlagKind.SAFETY if FlagKind.SAFETY in raised else next(iter(raised), None)


def compose(definition: Definition, item: Item, answers: Answers, language: str) -> str:
    """Return a first wording for `item`, put together from other answers.

    A missing piece stays "…", which ends its sentence, too. A piece that repeats the words before it ("I feel I feel alone")
    loses them, and its full stop or comma; one that asks or calls out ends its sentence itself, or
    stops doing so in the middle of one.
    """
    text = item.compose.get(language)
    shown = {one.key for one in visible_items(definition, answers, Stage.RELEASE)}
    done = ""
    while "{" in text:
        before, _, rest = text.partition("{")
        key, _, text = rest.partition("}")
        done += before
        piece = _piece(definition, key, answers, language) if key in shown else ""
        if text.startswith(",") and not {"¿", "¡"} & set(piece):
            piece = piece.rstrip("?!").strip()
        done += _without_lead(done, piece) or "…"
        if done.endswith(("?", "!", "…")):
            text = text.removeprefix(".")
    return (done + text).strip()


def composed_of(item: Item) -> frozenset[str]:
    """Return the keys of the answers this one's first wording is put together from."""
    return frozenset(key for words in item.compose.values() for key in _PIECE.findall(words))


def inside_sentences(definition: Definition, language: str) -> frozenset[str]:
    """Return the keys of the answers that stand in the middle of a sentence put together of them: no
    keyboard need begin those with a capital."""
    return frozenset(
        piece[1]
        for item in definition.items
        for piece in _PIECE.finditer(item.compose.get(language))
        if not _begins(piece.string[: piece.start()])
    )


def hints(item: Item, value: Any, answers: Answers, language: str) -> list[str]:
    """Return friendly remarks on what was written; they never block."""
    if is_empty(value):
        return []
    words = _plain(value) if isinstance(value, str) else ""
    return [hint.text.get(language) for hint in item.hints if _applies(hint, words, answers)]


def _begins(before: str) -> bool:
    """Say whether what comes after these words begins a sentence."""
    before = before.rstrip(" ¿¡«“")
    return not before or before.endswith((".", "?", "!"))


def _said(value: Any) -> set[str | int]:
    """Return what a value can be compared with."""
    if isinstance(value, bool):
        return {"yes" if value else "no"}
    if isinstance(value, str | int):
        return {value}
    if isinstance(value, list | dict):
        return {one for one in value if isinstance(one, str)}
    return set()


def _piece(definition: Definition, key: str, answers: Answers, language: str) -> str:
    item, value = definition.item(key), answers.get(key)
    if item is None or not isinstance(value, str):
        return ""
    option = item.option(value) if item.kind is ItemKind.CHOICE else None
    return (option.text.get(language) if option else value).strip().rstrip(".…,;").strip()


def _without_lead(before: str, piece: str) -> str:
    """Drop from `piece` the words its sentence already begins with, or ends with so far."""
    lead = _plain(before.rsplit(". ", 1)[-1]).split()[-MOST_LED:]
    words = piece.split()
    for count in range(min(len(lead), len(words) - 1), 0, -1):
        if _plain(" ".join(words[:count])).split() == lead[-count:]:
            return " ".join(words[count:])
    return piece


def _applies(hint: Hint, words: str, answers: Answers) -> bool:
    if hint.empty:
        return is_empty(answers.get(hint.empty))
    if hint.starts:
        return any(words.startswith(start + " ") for start in _listed(hint.starts))
    if hint.has:
        return any(_has(words, word) for word in _listed(hint.has))
    return not any(_has(words, word) for word in _listed(hint.lacks))


def _listed(lists: tuple[tuple[str, tuple[str, ...]], ...]) -> list[str]:
    """All languages together: people mix them."""
    return [_plain(word) for _, words in lists for word in words]


def _has(words: str, word: str) -> bool:
    if word == "#":
        return any(letter.isdigit() for letter in words)
    return f" {word} " in f" {words} "


def _plain(text: str) -> str:
    """Return lower-case words without accents or punctuation, one space between them."""
    kept = without_accents("NFD", text.casefold().replace("’", "'"))
    words = "".join(c if c.isalnum() or c in "'#" else " " for c in kept).split()
    return " ".join(words)
