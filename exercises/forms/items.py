"""Items of an exercise as forms: what a page shows of them, and what it says back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from exercises import definition as definitions
from exercises.actions.responding import AnswerInput
from exercises.definition import FAMILIES, AnswerProblem, Item, ItemKind, problem_text
from exercises.definition.fields import row_numbers, rows_said
from exercises.definition.model import MOST_ROWS
from exercises.models import AnswerOutcome
from exercises.visibility import OpenedAnswer

Fields = dict[str, list[str]]
Shown = dict[str, Any]
PREFIX = "q-"
_JOINED = frozenset({ItemKind.TEXT, ItemKind.LONGTEXT, ItemKind.CHECKLIST, ItemKind.LIST})


@dataclass(frozen=True)
class Read:
    """What a form says to some items, and what could not be understood, by item key."""

    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)


def read(
    items: Sequence[Item], data: Mapping[str, list[str]], wall: datetime | None = None
) -> Read:
    """Understand a form, item by item; one that cannot be read keeps none of the others back.

    `wall` is the time on the author's own clock, where it matters what is still to come.
    """
    found = Read()
    for item in items:
        if not item.is_asked:
            continue
        try:
            found.values[item.key] = definitions.clean(
                item, definitions.from_form(item, data), wall
            )
        except AnswerProblem as problem:
            found.errors.update(_said_of(item, data, problem))
    return found


def _said_of(
    item: Item, data: Mapping[str, list[str]], problem: AnswerProblem
) -> dict[str, list[str]]:
    """Say what is wrong with an item; with one row of a list, beside its own field as well."""
    text = problem_text(problem, _)
    said = list(rows_said(item, data, item.key)) if problem.row is not None else []
    if problem.row is None or problem.row >= len(said):
        return {item.key: [text]}
    number = said[problem.row]
    place = row_numbers(data, item.key).index(number) + 1
    field = f"{item.key}.{number}" + (f".{problem.part}" if problem.part else "")
    return {item.key: [_("Number %(n)d: %(text)s") % {"n": place, "text": text}], field: [text]}


def gaps(
    items: Sequence[Item],
    values: Mapping[str, Any],
    data: Mapping[str, list[str]],
    *,
    is_again: bool,
) -> dict[str, list[str]]:
    """Say what to do about items one went past without a word, or with half an answer."""
    found = {}
    for item in items:
        value = values.get(item.key)
        if not definitions.is_empty(value):
            problem = definitions.unfinished(item, value, is_again=is_again)
        else:
            problem = definitions.nothing_said(item) if item.required and item.is_asked else None
        if problem:
            found.update(_said_of(item, data, problem))
    return found


def changed(values: Mapping[str, Any], words: Mapping[str, OpenedAnswer]) -> list[AnswerInput]:
    """Return what differs from what is kept; silence where nothing was said changes nothing."""
    said = []
    for key, value in values.items():
        kept = words.get(key)
        before = kept.value if kept else None
        is_same = value == before and type(value) is type(before)
        if definitions.is_empty(value) and definitions.is_empty(before):
            continue
        if not is_same or (kept is not None and kept.outcome != AnswerOutcome.ANSWERED):
            said.append(AnswerInput(key, value))
    return said


def aside(
    items: Sequence[Item], outcome: AnswerOutcome, values: Mapping[str, Any]
) -> list[AnswerInput]:
    """Finish these items without saying them: skipped, or for the session. What stands in the form
    travels along, for whoever comes back."""
    typed = {key: one for key, one in values.items() if not definitions.is_empty(one)}
    return [AnswerInput(item.key, typed.get(item.key), outcome) for item in items if item.is_asked]


def revision_of(items: Sequence[Item], words: Mapping[str, OpenedAnswer]) -> int:
    """Return one number for how these items stand; it rises with every save of any of them."""
    return sum(words[item.key].revision for item in items if item.key in words)


def bases(
    items: Sequence[Item], words: Mapping[str, OpenedAnswer], revision: int
) -> dict[str, int]:
    """Return, by item key, which text the form was written on top of; 0 when that is unknown."""
    if revision != revision_of(items, words):
        return dict.fromkeys((item.key for item in items), 0)
    return {item.key: words[item.key].revision if item.key in words else 0 for item in items}


def before_aside(
    one: AnswerInput, words: Mapping[str, OpenedAnswer], base: Mapping[str, int], device: str
) -> bool:
    """Say whether this was typed before the same device set the item aside, and only came later: a
    page on its way out saves once more, and may be overtaken by its own form."""
    kept = words.get(one.item_key)
    return (
        kept is not None
        and kept.outcome != AnswerOutcome.ANSWERED
        and bool(device)
        and device == kept.device
        and base.get(one.item_key, 0) < kept.revision
    )


def conflicting(
    said: Sequence[AnswerInput],
    words: Mapping[str, OpenedAnswer],
    base: Mapping[str, int],
    device: str,
) -> list[str]:
    """Return the items another device wrote meanwhile, where the two texts differ."""
    return [
        one.item_key
        for one in said
        if (kept := words.get(one.item_key)) is not None
        and base.get(one.item_key, 0) < kept.revision
        and not (device and device == kept.device)
        and not (kept.outcome == one.outcome and kept.value == one.value)
    ]


def can_join(item: Item, mine: Any, theirs: Any) -> bool:
    """Say whether both of two answers can be kept: of two days or two of a choice only one can, and
    two texts may be too long for one place."""
    if mine == theirs or definitions.is_empty(mine) or definitions.is_empty(theirs):
        return True
    if item.kind is ItemKind.EMOTIONS:
        return all(theirs.get(word, strength) == strength for word, strength in mine.items())
    if item.kind not in _JOINED:
        return False
    try:
        return not definitions.is_empty(definitions.clean(item, joined(item, mine, theirs)))
    except AnswerProblem:
        return False


def joined(item: Item, mine: Any, theirs: Any) -> Any:
    """Keep both of two answers; where only one can stand, this one."""
    if definitions.is_empty(mine) or definitions.is_empty(theirs):
        return theirs if definitions.is_empty(mine) else mine
    if item.kind in {ItemKind.TEXT, ItemKind.LONGTEXT}:
        between = "\n\n" if item.kind is ItemKind.LONGTEXT else " / "
        return f"{mine}{between}{theirs}"
    if item.kind in {ItemKind.CHECKLIST, ItemKind.LIST}:
        return [*mine, *(one for one in theirs if one not in mine)]
    return {**theirs, **mine} if item.kind is ItemKind.EMOTIONS else mine


def as_fields(items: Sequence[Item], values: Mapping[str, Any], language: str) -> Fields:
    """Return the fields that show these values, every value as a list."""
    found: Fields = {}
    for item in items:
        for name, value in definitions.to_form(
            item, values.get(item.key), language=language
        ).items():
            found[name] = list(value) if isinstance(value, list) else [value]
    return found


@dataclass(frozen=True)
class Look:
    """How items are shown: language, who reads them, problems, hints, an extra row of a list.

    `told` is who learns at once of an answer that wants a human; empty when nobody would.
    """

    language: str
    only: str
    told: str
    errors: Mapping[str, list[str]] = field(default_factory=dict)
    hints: Mapping[str, list[str]] = field(default_factory=dict)
    # Keys of what goes on a sentence (see `inside_sentences`).
    inside: frozenset[str] = frozenset()
    add_row: str = ""


def show(item: Item, data: Mapping[str, list[str]], look: Look, name: str = "") -> Shown:
    """Return what the templates under components/items need."""
    name = name or item.key
    language = look.language
    shown: Shown = {
        "key": item.key,
        "name": name,
        "kind": str(item.kind),
        "text": item.text.get(language),
        "title": item.title.get(language),
        "help": item.help.get(language),
        "required": item.required,
        "fields": {key: values[-1] if values else "" for key, values in data.items()},
        "errors": look.errors.get(name, []),
        "error_at": next((key for key in look.errors if key.startswith(f"{name}.")), ""),
        "is_inside": name in look.inside,
        "hints": [*_stops(item, look.told), *look.hints.get(name, [])],
        "disclosure": disclosures([item], look.only) if item.is_asked else "",
        "id_prefix": PREFIX,
        "unit": item.unit.get(language),
    }
    return shown | _own_parts(item, data, look, name)


def _stops(item: Item, told: str) -> list[str]:
    """Say of a question, before it is answered, that an answer ends the exercise and is told
    without being sent (see `actions.flagging.raise_flag`)."""
    if not item.flag_if:
        return []
    is_yes = item.kind is ItemKind.YESNO and all(r.values == ("yes",) for r in item.flag_if)
    if is_yes and told:
        text = _(
            "If you say yes and go on, the exercise stops here and %(name)s is told straight away."
        )
    elif is_yes:
        text = _("If you say yes, the exercise stops here.")
    elif told:
        text = _(
            "With some answers, once you go on, the exercise stops here and %(name)s is told "
            "straight away."
        )
    else:
        text = _("Some answers stop the exercise here.")
    found = [text % {"name": told} if told else text]
    return found if item.is_releasable else [*found, _("Your partner is never shown it.")]


def disclosures(items: Iterable[Item], only: str) -> str:
    """Say who reads some answers, before they are written and before they are sent."""
    if any(item.is_releasable for item in items):
        return _("%(only)s. Nobody else, unless you agree to it later.") % {"only": only}
    return only


def _own_parts(item: Item, data: Mapping[str, list[str]], look: Look, name: str) -> Shown:
    chosen = data.get(name, [])
    if item.kind in {ItemKind.CHOICE, ItemKind.CHECKLIST}:
        return {
            "options": [
                {
                    "key": option.key,
                    "text": option.text.get(look.language),
                    "help": option.help.get(look.language),
                    "checked": option.key in chosen,
                }
                for option in item.options
            ]
        }
    if item.kind is ItemKind.SCALE:
        return {
            "low": item.low.get(look.language),
            "high": item.high.get(look.language),
            "steps": [_step(item, n, look.language, chosen) for n in range(11)],
        }
    if item.kind is ItemKind.EMOTIONS:
        return {"families": _families(data, name, look.language)}
    if item.kind is ItemKind.LIST:
        return {
            "rows": _rows(item, data, look, name),
            "add_text": item.add_text.get(look.language),
            "max": _most(item),
        }
    return {}


def _step(item: Item, number: int, language: str, chosen: Sequence[str]) -> Shown:
    word = item.words[number].get(language) if item.words else ""
    return {"n": number, "word": word, "checked": str(number) in chosen}


def _families(data: Mapping[str, list[str]], name: str, language: str) -> list[Shown]:
    chosen = data.get(name, [])
    return [
        {
            "text": family.text.get(language),
            "shape": family.shape,
            "words": [
                {
                    "key": word.key,
                    "text": word.text.get(language),
                    "shape": word.shape,
                    "checked": word.key in chosen,
                    "strength": _strength(data, f"{name}.strength.{word.key}"),
                }
                for word in family.words
            ],
        }
        for family in FAMILIES
    ]


def _strength(data: Mapping[str, list[str]], name: str) -> int:
    said = (data.get(name) or [""])[-1]
    return int(said) if said in {"1", "2", "3"} else 0


def _most(item: Item) -> int:
    return MOST_ROWS if item.max is None else min(item.max, MOST_ROWS)


def _rows(item: Item, data: Mapping[str, list[str]], look: Look, name: str) -> list[Shown]:
    numbers = row_numbers(data, name)
    next_one = numbers[-1] + 1 if numbers else 0
    wanted = max(item.min or 1, len(numbers), 1)
    if look.add_row == name:
        wanted = len(numbers) + 1
    fresh = range(next_one, next_one + max(0, wanted - len(numbers)))
    return [_row(item, data, look, f"{name}.{number}", number) for number in [*numbers, *fresh]]


def _row(item: Item, data: Mapping[str, list[str]], look: Look, name: str, index: int) -> Shown:
    if not item.items:
        value = (data.get(name) or [""])[-1]
        cell = {"kind": "text", "name": name, "key": name, "fields": {name: value}}
        return {"index": index, "cells": [cell | {"text": item.text.get(look.language)}]}
    cells = [show(part, data, look, f"{name}.{part.key}") for part in item.items]
    return {"index": index, "cells": [cell | {"disclosure": ""} for cell in cells]}
