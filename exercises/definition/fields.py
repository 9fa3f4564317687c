"""The names of HTML form fields, both ways.

Every name begins with the item's key (`key` below; inside a list, the row's name):

- text, longtext, number: `key`
- yesno: `key` = yes or no · choice: `key` = option key · scale: `key` = 0 to 10
- checklist: `key`, repeated, each an option key
- emotions: `key`, repeated, each a word key; `key.strength.<word>` = 1 to 3
- date: `key.day` `key.month` `key.year` · time: `key.time` (HH:MM) · datetime: all four
- list of lines: `key.0`, `key.1`, … · list of groups: `key.0.<sub-item key>`, …, where the
  sub-item follows these same rules (`acts.0.when.day`); empty rows are ignored
- display and log have no field; the questions of an entry are ordinary items with their own keys
"""

from collections.abc import Mapping
from typing import Any

from exercises.definition.describing import number_text
from exercises.definition.model import Item, ItemKind

Fields = dict[str, str | list[str]]
_DATE = ("day", "month", "year")
# Row numbers in field names stay below this, whatever a form sends.
_MOST_NUMBERS = 100


def from_form(item: Item, data: Mapping[str, list[str]], name: str = "") -> Any:
    """Return what a form says to `item`, for `clean`; None when it says nothing.

    `data` maps each field name to all its values, like `dict(request.POST.lists())`.
    """
    name = name or item.key
    if not item.is_asked:
        return None
    if item.kind is ItemKind.LIST:
        return list(rows_said(item, data, name).values()) or None
    if item.kind is ItemKind.CHECKLIST:
        return list(data.get(name, [])) or None
    if item.kind is ItemKind.EMOTIONS:
        return {word: _one(data, f"{name}.strength.{word}") for word in data.get(name, [])} or None
    if item.kind in {ItemKind.DATE, ItemKind.DATETIME}:
        names = _DATE if item.kind is ItemKind.DATE else (*_DATE, "time")
        parts = {part: _one(data, f"{name}.{part}").strip() for part in names}
        return parts if any(parts.values()) else None
    text = _one(data, f"{name}.time" if item.kind is ItemKind.TIME else name)
    return text if text.strip() else None


def to_form(item: Item, value: Any, name: str = "", language: str = "en") -> Fields:
    """Return the fields that show `value` in a form; the inverse of `from_form`.

    An unanswered list with starters shows them, in `language`.
    """
    name = name or item.key
    if item.kind is ItemKind.LIST:
        return _row_fields(item, value or _started(item, language), name, language)
    if value is None or not item.is_asked:
        return {}
    if item.kind is ItemKind.CHECKLIST:
        return {name: list(value)}
    if item.kind is ItemKind.EMOTIONS:
        strengths: Fields = {f"{name}.strength.{key}": str(n) for key, n in value.items() if n}
        return {name: list(value), **strengths}
    if item.kind in {ItemKind.DATE, ItemKind.DATETIME}:
        return _date_fields(str(value), name)
    if item.kind is ItemKind.TIME:
        return {f"{name}.time": str(value)}
    if item.kind is ItemKind.YESNO:
        return {name: "yes" if value else "no"}
    return {name: number_text(value, language) if item.kind is ItemKind.NUMBER else str(value)}


def row_numbers(data: Mapping[str, list[str]], name: str) -> list[int]:
    """Return the row numbers a form holds for the list called `name`, in order."""
    found = set()
    for field in data:
        number = field.removeprefix(f"{name}.").split(".")[0]
        if field.startswith(f"{name}.") and number.isascii() and number.isdecimal():
            found.add(int(number) if len(number) < 4 else _MOST_NUMBERS)
    return sorted(number for number in found if number < _MOST_NUMBERS)


def _one(data: Mapping[str, list[str]], name: str) -> str:
    values = data.get(name) or [""]
    return values[-1]


def rows_said(item: Item, data: Mapping[str, list[str]], name: str) -> dict[int, Any]:
    """Return what the rows of a list say that say something, by their number in the form."""
    found: dict[int, Any] = {}
    for number in row_numbers(data, name):
        row = f"{name}.{number}"
        if not item.items:
            found[number] = _one(data, row).strip()
        else:
            parts = {part.key: from_form(part, data, f"{row}.{part.key}") for part in item.items}
            found[number] = {key: said for key, said in parts.items() if said is not None}
    return {number: row for number, row in found.items() if row}


def _started(item: Item, language: str) -> list[Any]:
    words = [text.get(language) for text in item.starters]
    return [{item.items[0].key: word} for word in words] if item.items else list(words)


def _row_fields(item: Item, rows: list[Any], name: str, language: str) -> Fields:
    fields: Fields = {}
    for number, row in enumerate(rows):
        if not item.items:
            fields[f"{name}.{number}"] = str(row)
            continue
        for part in item.items:
            fields |= to_form(part, row.get(part.key), f"{name}.{number}.{part.key}", language)
    return fields


def _date_fields(value: str, name: str) -> Fields:
    day, _, clock = value.partition("T")
    year, month, number = day.split("-")
    fields: Fields = {
        f"{name}.day": str(int(number)),
        f"{name}.month": str(int(month)),
        f"{name}.year": str(int(year)),
    }
    if clock:
        fields[f"{name}.time"] = clock
    return fields
