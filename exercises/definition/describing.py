"""Answers in words, for check, review and export pages."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from exercises.definition.answers import said_rows, starter
from exercises.definition.feelings import WORDS
from exercises.definition.model import Definition, Item, ItemKind, ReviewHint, Text
from exercises.definition.rules import is_empty

# What stands before the tenths, where that is not a point (CLDR).
_COMMA = {"es": ","}
# Of a scale, which goes from 0 to 10.
MIDDLE = 5

YES = Text((("en", "Yes"), ("es", "Sí")))
NO = Text((("en", "No"), ("es", "No")))
STRENGTHS = (
    Text(),
    Text((("en", "a little"), ("es", "un poco"))),
    Text((("en", "clearly"), ("es", "bastante"))),
    Text((("en", "a lot"), ("es", "mucho"))),
)
_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre",
}
_WEEKDAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
}


@dataclass(frozen=True)
class Beside:
    """What a reviewer sees together: answers in the order of the hint, each as lines."""

    kind: str
    caption: str
    items: tuple[Item, ...]
    lines: tuple[list[str], ...]
    # change: the second number minus the first, when both are there.
    change: int | float | None = None


def strength_word(strength: int, language: str) -> str:
    """Return "a little", "quite" or "a lot"; nothing for 0."""
    return STRENGTHS[strength].get(language) if 0 <= strength <= 3 else ""


def describe(item: Item, value: Any, language: str = "en") -> list[str]:
    """Return the answer as lines of words, like ["7, strong"]; no lines when there is none."""
    if is_empty(value) or not item.is_asked:
        return []
    if item.kind is ItemKind.LIST:
        return [" · ".join(row) for row in describe_rows(item, value, language)]
    if item.kind is ItemKind.EMOTIONS:
        return [_feeling(key, strength, language) for key, strength in value.items()]
    if item.kind is ItemKind.CHECKLIST:
        return [_option(item, key, language) for key in value]
    if item.kind is ItemKind.LONGTEXT:
        return str(value).split("\n")
    return [_line(item, value, language)]


def describe_rows(item: Item, rows: Sequence[Any], language: str = "en") -> list[list[str]]:
    """Return each row of a list in words, answer by answer.

    A line left as it was offered is said in the reader's language; one without an answer is not said.
    """
    return [_row(item, _offered(item, row, language), language) for row in said_rows(item, rows)]


def _offered(item: Item, row: Any, language: str) -> Any:
    if not isinstance(row, dict):
        return one.get(language) if (one := starter(item, row)) else row
    first = item.items[0].key
    one = starter(item, row.get(first))
    return row | {first: one.get(language)} if one else row


def reviewer_pairs(
    definition: Definition,
    answers: Mapping[str, Any],
    language: str = "en",
    entries: Sequence[Mapping[str, Any]] = (),
) -> list[Beside]:
    """Return what the exercise wants a reviewer to see together, in order; nothing empty.

    Kinds: "beside" (surface beside underneath), "change" (before and after), "offered" (what the
    client would let the partner see one day), "ranked" (choices in a log's `entries`, the most
    frequent first, as "No reply · 4"), "gap" (rows of a list with two scales, high on the first and
    low on the second).
    """
    found = []
    for hint in definition.review:
        items = tuple(item for key in hint.items if (item := definition.item(key)))
        lines = tuple(_together(hint, item, answers, entries, language) for item in items)
        if any(lines):
            change = _change([answers.get(item.key) for item in items])
            change = change if hint.kind == "change" else None
            found.append(Beside(hint.kind, hint.caption.get(language), items, lines, change))
    return found


def _together(
    hint: ReviewHint,
    item: Item,
    answers: Mapping[str, Any],
    entries: Sequence[Mapping[str, Any]],
    language: str,
) -> list[str]:
    if hint.kind == "ranked":
        counted = Counter(
            line for entry in entries for line in describe(item, entry.get(item.key), language)
        )
        return [f"{line} · {count}" for line, count in counted.most_common()]
    value = answers.get(item.key)
    return describe(item, _by_gap(item, value) if hint.kind == "gap" else value, language)


def _by_gap(item: Item, rows: Any) -> list[Any]:
    """Keep the rows above the middle of the first scale and below that of the second, the farthest
    apart first."""
    scales = [part.key for part in item.items if part.kind is ItemKind.SCALE]
    if len(scales) != 2 or not isinstance(rows, list):
        return []
    first, second = scales
    both = [row for row in rows if first in row and second in row]
    apart = [row for row in both if int(row[first]) > MIDDLE > int(row[second])]
    return sorted(apart, key=lambda row: int(row[second]) - int(row[first]))


def number_text(value: Any, language: str) -> str:
    """Return a number as people of `language` write it: 3, 2.5 or 2,5."""
    return str(value).replace(".", _COMMA.get(language.split("-")[0], "."))


def _change(values: list[Any]) -> int | float | None:
    numbers = [value for value in values if isinstance(value, int | float)]
    return numbers[1] - numbers[0] if len(numbers) == len(values) == 2 else None


def _line(item: Item, value: Any, language: str) -> str:
    if item.kind is ItemKind.YESNO:
        return (YES if value else NO).get(language)
    if item.kind is ItemKind.CHOICE:
        return _option(item, value, language)
    if item.kind is ItemKind.SCALE:
        return _step(item, value, language)
    if item.kind is ItemKind.NUMBER:
        return f"{number_text(value, language)} {item.unit.get(language)}".strip()
    if item.kind in {ItemKind.DATE, ItemKind.DATETIME}:
        return _day(str(value), language)
    return str(value)


def _option(item: Item, key: Any, language: str) -> str:
    option = item.option(key)
    return option.text.get(language) if option else str(key)


def _feeling(key: str, strength: Any, language: str) -> str:
    word = WORDS[key].text.get(language) if key in WORDS else key
    how = strength_word(strength, language) if isinstance(strength, int) else ""
    return f"{word} ({how})" if how else word


def _step(item: Item, value: Any, language: str) -> str:
    word = ""
    if item.words and value in range(len(item.words)):
        word = item.words[value].get(language)
    elif value in (0, 10):
        word = (item.low if value == 0 else item.high).get(language)
    return f"{value}, {word}" if word else str(value)


def _row(item: Item, row: Any, language: str) -> list[str]:
    if not isinstance(row, dict):
        return [str(row)]
    said = []
    for number, part in enumerate(item.items):
        words = "; ".join(describe(part, row.get(part.key), language))
        if words:
            # What a row begins with says what it is; a number alone does not.
            is_plain = number == 0 and part.kind is not ItemKind.SCALE
            said.append(words if is_plain else _labelled(part.text.get(language), words))
    return said


def _labelled(label: str, words: str) -> str:
    return f"{label} {words}" if label.endswith(("…", "?")) else f"{label}: {words}"


def _day(value: str, language: str) -> str:
    """Write a date with its weekday first."""
    text, _, clock = value.partition("T")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return value
    spanish = language.startswith("es")
    code = "es" if spanish else "en"
    weekday = _WEEKDAYS[code].split()[day.weekday()]
    month = _MONTHS[code].split()[day.month - 1]
    joined = (
        f"{weekday} {day.day} de {month} de {day.year}"
        if spanish
        else (f"{weekday} {day.day} {month} {day.year}")
    )
    return f"{joined}, {clock}" if clock else joined
