"""Check one answer and bring it into the shape that is stored."""

import math
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from exercises.definition.feelings import WORDS
from exercises.definition.model import MOST_ROWS, Item, ItemKind, Text
from practice.letters import in_lines, normalized, thousands

Value = str | int | float | bool | list[Any] | dict[str, Any] | None
MOST_NUMBER = 1_000_000_000
# Clocks differ: what has happened may be so far ahead of ours.
AHEAD = timedelta(minutes=10)
FIRST_YEAR, LAST_YEAR = 1900, 2200
_WRITTEN = frozenset({ItemKind.TEXT, ItemKind.LONGTEXT, ItemKind.LIST})
_SEVERAL = frozenset({ItemKind.CHECKLIST, ItemKind.EMOTIONS})
# Bidirectional overrides and isolates can make text read as something else; plain
# right-to-left writing needs none of them.
_BIDI_CONTROLS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_LINE_ENDS = str.maketrans({"\u2028": "\n", "\u2029": "\n", "\x0b": "\n", "\x0c": "\n"})


def gettext_noop(message: str) -> str:
    """Mark a message for translation at the doors; this module knows no language."""
    return message


class AnswerProblem(ValueError):
    """An answer that cannot be kept as it is, in calm words.

    `message` is an English gettext id with %(name)s places for `params`; see `problem_text`.
    """

    # Of a list: which of the rows that were given it is, and which of that row's questions.
    row: int | None = None
    part: str = ""

    def __init__(self, code: str, message: str, params: Mapping[str, Any] | None = None) -> None:
        self.code = code
        self.message = message
        self.params = dict(params or {})
        super().__init__(problem_text(self))


def problem_text(problem: AnswerProblem, translate: Callable[[str], str] = gettext_noop) -> str:
    """Return the words for the person; pass `gettext` to have them in their language."""
    return translate(problem.message) % problem.params


def clean(item: Item, raw: Any, wall: datetime | None = None) -> Value:
    """Return the value to store for `item`, or None when nothing was said.

    `wall` is the time on the author's own clock: without it nothing is still to come.

    Takes what `from_form` gives as well as a stored value or the API's JSON. Raises
    AnswerProblem for anything else; whether an answer is needed is `missing`'s to say.
    """
    if raw is None or raw == "" or not item.is_asked:
        if raw not in (None, "", [], {}):
            raise _unreadable()
        return None
    value = _CLEANERS[item.kind](item, raw)
    if wall is not None and _is_to_come(item, value, (wall + AHEAD).isoformat()):
        raise to_come()
    return value


def to_come() -> AnswerProblem:
    """Return what to say of a day that is still to come where one asks of the past."""
    return AnswerProblem("to_come", gettext_noop("This is still to come. Write when it was."))


def _is_to_come(item: Item, value: Value, now: str) -> bool:
    if item.kind is ItemKind.LIST and isinstance(value, list):
        rows = [row for row in value if isinstance(row, dict)]
        return any(_is_to_come(part, row.get(part.key), now) for row in rows for part in item.items)
    return item.past and isinstance(value, str) and value > now[: len(value)]


def nothing_said(item: Item) -> AnswerProblem:
    """Return what to say when someone goes on past a required item without a word about it."""
    if item.kind in _WRITTEN:
        return AnswerProblem("empty", gettext_noop("Write a few words, or choose “Skip this one”."))
    if item.kind in _SEVERAL:
        return AnswerProblem("empty", gettext_noop("Pick one or more, or choose “Skip this one”."))
    return AnswerProblem("empty", gettext_noop("Pick one, or choose “Skip this one”."))


_HALF = gettext_noop(
    "This row is half empty. Write a few words there, or empty it: press what is chosen once more."
)


def unfinished(item: Item, value: Value, *, is_again: bool = False) -> AnswerProblem | None:
    """Return what a stored value still wants before one goes on; it is kept as a draft even so.
    Asked again, after it was answered and read, an item takes as little as there is to add."""
    if not isinstance(value, list | dict) or not value:
        return None
    said = said_rows(item, value) if isinstance(value, list) else value
    if item.min is not None and len(said) < item.min and not is_again:
        if item.kind is ItemKind.LIST:
            text = gettext_noop("Write at least %(least)d, or choose “Skip this one”.")
            return AnswerProblem("too_few_rows", text, {"least": item.min})
        text = gettext_noop("Choose at least %(least)d, or choose “Skip this one”.")
        return AnswerProblem("too_few", text, {"least": item.min})
    needed = [part.key for part in item.items if part.required]
    for number, row in enumerate(value):
        lacking = [key for key in needed if key not in row] if isinstance(row, dict) else []
        if lacking:
            problem = AnswerProblem("row", _HALF)
            problem.row, problem.part = number, lacking[0]
            return problem
    return None


def _unreadable() -> AnswerProblem:
    return AnswerProblem(
        "unreadable",
        gettext_noop("Something in this answer could not be read. Write it once more."),
    )


def _text(item: Item, raw: Any) -> Value:
    return plain(raw, item.limit, lines=item.kind is ItemKind.LONGTEXT) or None


def plain(raw: Any, limit: int, *, lines: bool) -> str:
    """Return safe text: NFC, no control or override characters, at most `limit` long."""
    if not isinstance(raw, str) or "\0" in raw or any("\ud800" <= c <= "\udfff" for c in raw):
        raise _unreadable()
    # Each character grows to at most 18 in NFC; don't normalise what can't fit anyway.
    if len(raw) > 20 * limit + 1000:
        raise _too_long(len(raw) - limit)
    text = in_lines(raw).translate(_LINE_ENDS)
    text = normalized("NFC", text.translate(_BIDI_CONTROLS))
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc").strip()
    if not lines:
        text = " ".join(text.split("\n")).replace("\t", " ").strip()
    if len(text) > limit:
        raise _too_long(len(text) - limit)
    return text


def _too_long(over: int) -> AnswerProblem:
    if over == 1:
        message = gettext_noop(
            "That is one character over. Shorten it, or split it in two answers."
        )
    else:
        message = gettext_noop(
            "That is %(over)s characters over. Shorten it, or split it in two answers."
        )
    return AnswerProblem("too_long", message, {"over": thousands(over)})


def _yesno(item: Item, raw: Any) -> Value:
    if isinstance(raw, bool):
        return raw
    if raw in ("yes", "no"):
        return bool(raw == "yes")
    raise AnswerProblem("choice", gettext_noop("Choose yes or no."))


def _choice(item: Item, raw: Any) -> Value:
    if isinstance(raw, str) and item.option(raw):
        return raw
    raise AnswerProblem("choice", gettext_noop("Choose one from the list."))


def _checklist(item: Item, raw: Any) -> Value:
    if not isinstance(raw, list) or any(
        not isinstance(key, str) or item.option(key) is None for key in raw
    ):
        raise AnswerProblem("choice", gettext_noop("Choose from the list."))
    chosen = [option.key for option in item.options if option.key in raw]
    _check_count(item, len(chosen))
    return chosen or None


def _check_count(item: Item, count: int) -> None:
    if item.max is not None and count > item.max:
        raise AnswerProblem(
            "too_many",
            gettext_noop("Choose up to %(most)d. You have chosen %(count)d."),
            {"most": item.max, "count": count},
        )


def _emotions(item: Item, raw: Any) -> Value:
    pairs = dict.fromkeys(raw, 0) if _is_texts(raw) else raw
    if not isinstance(pairs, dict) or any(key not in WORDS for key in pairs):
        raise AnswerProblem("choice", gettext_noop("Choose from the list."))
    _check_count(item, len(pairs))
    return {key: _strength(strength) for key, strength in pairs.items()} or None


def _is_texts(raw: Any) -> bool:
    return isinstance(raw, list) and all(isinstance(one, str) for one in raw)


def _strength(raw: Any) -> int:
    if raw in (None, ""):
        return 0
    found = _integer(raw)
    if found is None or not 0 <= found <= 3:
        raise AnswerProblem("strength", gettext_noop("Say how strong: a little, clearly or a lot."))
    return found


def _integer(raw: Any) -> int | None:
    if isinstance(raw, bool):
        return None
    if isinstance(raw, str):
        text = raw.strip()
        return int(text) if text.isdecimal() and len(text) <= 10 else None
    return raw if isinstance(raw, int) else None


def _scale(item: Item, raw: Any) -> Value:
    found = _integer(raw)
    if found is None or not 0 <= found <= 10:
        raise AnswerProblem("scale", gettext_noop("Choose a number from 0 to 10."))
    return found


def _number(item: Item, raw: Any) -> Value:
    found = _finite(raw)
    if found is None:
        raise AnswerProblem("number", gettext_noop("Write a number, like 3 or 2.5."))
    low = -MOST_NUMBER if item.min is None else item.min
    high = MOST_NUMBER if item.max is None else item.max
    if not low <= found <= high:
        raise AnswerProblem(
            "number",
            gettext_noop("Write a number from %(low)d to %(high)d."),
            {"low": low, "high": high},
        )
    return int(found) if found == int(found) else found


def _finite(raw: Any) -> int | float | None:
    if isinstance(raw, str) and len(raw) <= 40:
        try:
            raw = float(raw.strip().replace(",", ".").replace("_", "x"))
        except ValueError:
            return None
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return None
    return raw if isinstance(raw, int) or math.isfinite(raw) else None


def _date(item: Item, raw: Any) -> Value:
    found = _day(item, raw)
    return found.isoformat() if found else None


def _day(item: Item, raw: Any) -> date | None:
    parts = raw.split("-") if isinstance(raw, str) else None
    if isinstance(raw, dict):
        parts = [raw.get("year", ""), raw.get("month", ""), raw.get("day", "")]
        if all(part in ("", None) for part in parts):
            return None
    numbers = [_integer(part) for part in parts or []]
    try:
        year, month, day = (number or 0 for number in numbers)
        found = date(year, month, day)
    except (ValueError, OverflowError):
        found = None
    if found is None or not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise _no_day(item, numbers)
    return found


def _no_day(item: Item, numbers: Sequence[int | None] = ()) -> AnswerProblem:
    """Return how to write a day; of one that is written well, that there is no such day."""
    year, month, day = numbers if len(numbers) == 3 else (None, None, None)
    # A moment of a log has been as well.
    example = {"year": "2025" if item.past or item.kind is ItemKind.DATETIME else "2027"}
    is_written = FIRST_YEAR <= (year or 0) <= LAST_YEAR and 1 <= (month or 0) <= 12
    if is_written and 1 <= (day or 0) <= 31:
        text = gettext_noop(
            "There is no such day. Write the date as day, month, year, like 25 3 %(year)s."
        )
    else:
        text = gettext_noop("Write the date as day, month, year, like 25 3 %(year)s.")
    return AnswerProblem("date", text, example)


def _time(item: Item, raw: Any) -> Value:
    found = _clock(raw.get("time") if isinstance(raw, dict) else raw)
    return found.isoformat("minutes") if found else None


def _clock(raw: Any) -> time | None:
    if raw in (None, ""):
        return None
    # A browser may send seconds; they are nobody's.
    parts = raw.strip().replace(".", ":").split(":")[:2] if isinstance(raw, str) else []
    numbers = [_integer(part) for part in parts]
    if len(numbers) != 2 or None in numbers or numbers[0] not in range(24):
        raise _no_time()
    if numbers[1] not in range(60):
        raise _no_time()
    return time(numbers[0] or 0, numbers[1] or 0)


def _no_time() -> AnswerProblem:
    return AnswerProblem("time", gettext_noop("Write the time as hours and minutes, like 19:30"))


def _datetime(item: Item, raw: Any) -> Value:
    if isinstance(raw, str):
        day_text, _, clock_text = raw.replace(" ", "T").partition("T")
        day, clock = _day(item, day_text), _clock(clock_text)
    elif isinstance(raw, dict):
        day, clock = _day(item, raw), _clock(raw.get("time"))
    else:
        raise _unreadable()
    if day is None and clock is None:
        return None
    if day is None:
        raise _no_day(item)
    if clock is None:
        raise _no_time()
    return f"{day.isoformat()}T{clock.isoformat('minutes')}"


def _list(item: Item, raw: Any) -> Value:
    if not isinstance(raw, list) or len(raw) > 10 * MOST_ROWS:
        raise _unreadable()
    rows = [row for number, one in enumerate(raw) if (row := _row_at(item, number, one))]
    said = said_rows(item, rows)
    most = MOST_ROWS if item.max is None else min(item.max, MOST_ROWS)
    if len(said) > most or len(rows) > most + len(item.starters):
        raise AnswerProblem(
            "too_many_rows",
            gettext_noop("There is room for %(most)d. Leave out what matters least."),
            {"most": most},
        )
    # What was left as offered is kept in its place: what is not there was reworded or taken out.
    return rows if said else None


def _row_at(item: Item, number: int, raw: Any) -> Value:
    try:
        return _row(item, raw)
    except AnswerProblem as problem:
        problem.row = number
        raise


def _row(item: Item, raw: Any) -> Value:
    if not item.items:
        return plain(raw if raw is not None else "", item.limit, lines=False) or None
    if not isinstance(raw, dict) or not set(raw) <= {part.key for part in item.items}:
        raise _unreadable()
    row = {part.key: _part(part, raw.get(part.key)) for part in item.items}
    return {key: value for key, value in row.items() if value is not None} or None


def _part(part: Item, raw: Any) -> Value:
    try:
        return clean(part, raw)
    except AnswerProblem as problem:
        problem.part = part.key
        raise


def said_rows(item: Item, rows: Sequence[Any]) -> list[Any]:
    """Return the rows in which something was said; a starter left as it stood says nothing."""
    first = item.items[0].key if item.items else ""

    def is_left(row: Any) -> bool:
        line, more = (row.get(first), len(row) > 1) if isinstance(row, dict) else (row, False)
        return not more and starter(item, line) is not None

    return [row for row in rows if not is_left(row)]


def starter(item: Item, line: Any) -> Text | None:
    """Return the starter that this line is, word for word, in any of its languages."""
    return next((one for one in item.starters if line in one.values()), None)


_CLEANERS: dict[ItemKind, Callable[[Item, Any], Value]] = {
    ItemKind.TEXT: _text,
    ItemKind.LONGTEXT: _text,
    ItemKind.YESNO: _yesno,
    ItemKind.CHOICE: _choice,
    ItemKind.CHECKLIST: _checklist,
    ItemKind.SCALE: _scale,
    ItemKind.EMOTIONS: _emotions,
    ItemKind.NUMBER: _number,
    ItemKind.DATE: _date,
    ItemKind.TIME: _time,
    ItemKind.DATETIME: _datetime,
    ItemKind.LIST: _list,
}
