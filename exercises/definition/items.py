"""Build one item, and hold the rules among items."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from exercises.definition.feelings import WORDS
from exercises.definition.model import (
    LANGUAGES,
    MOST_LONGTEXT,
    MOST_ROWS,
    Condition,
    FlagKind,
    FlagRule,
    Hint,
    Item,
    ItemKind,
    Option,
    Stage,
    Text,
    Visibility,
)
from exercises.definition.reading import Place
from exercises.definition.wording import STEP_WORDS

_ANY = frozenset(["key", "kind", "text", "help", "show_if", "stage", "screen", "visibility"])
_ASKED = _ANY | {"required"}
_WRITTEN = _ASKED | frozenset(["max_length", "compose", "hints"])
_BY_KIND: dict[ItemKind, frozenset[str]] = {
    ItemKind.DISPLAY: _ANY | {"title"},
    ItemKind.TEXT: _WRITTEN,
    ItemKind.LONGTEXT: _WRITTEN,
    ItemKind.YESNO: _ASKED | {"flag_if", "series", "later_minutes"},
    ItemKind.CHOICE: _ASKED | {"options", "flag_if", "series", "later_minutes"},
    ItemKind.CHECKLIST: _ASKED | {"options", "flag_if", "series", "min", "max"},
    ItemKind.SCALE: _ASKED | {"low", "high", "words", "series", "later_minutes"},
    ItemKind.EMOTIONS: _ASKED | {"series", "min", "max"},
    ItemKind.NUMBER: _ASKED | {"min", "max", "unit", "series"},
    ItemKind.DATE: _ASKED | {"past"},
    ItemKind.TIME: _ASKED,
    ItemKind.DATETIME: _ASKED | {"past"},
    ItemKind.LIST: _ASKED | {"items", "min", "max", "max_length", "starters", "add_text"},
    ItemKind.LOG: _ANY | {"items", "close_after_days", "add_text"},
}
_NEEDED: dict[ItemKind, tuple[str, ...]] = {
    ItemKind.CHOICE: ("options",),
    ItemKind.CHECKLIST: ("options",),
    ItemKind.SCALE: ("low", "high"),
    ItemKind.LOG: ("items",),
}
_COMPARED = frozenset(
    {ItemKind.YESNO, ItemKind.CHOICE, ItemKind.CHECKLIST, ItemKind.SCALE, ItemKind.EMOTIONS}
)
_FLAT = frozenset(ItemKind) - {ItemKind.LIST, ItemKind.LOG, ItemKind.DISPLAY}
_IN_LOG = frozenset(ItemKind) - {ItemKind.LOG}
_LANGUAGE = re.compile(r"[a-z]{2}(-[a-z]{2,4})?")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")

Scope = dict[str, Item]


def text(place: Place) -> Text:
    """Read words by language; English is always there."""
    given = place.value
    if not isinstance(given, dict):
        raise place.refuse("expected words by language, like {en: …, es: …}")
    for language, words in given.items():
        if not _LANGUAGE.fullmatch(language):
            raise words.refuse(
                f"“{language:.20}” is not a language (words with a comma stand in quotes)"
            )
        if language.split("-")[0] not in LANGUAGES:
            raise words.refuse(
                f"nobody reads “{language}” here; this site has {', '.join(LANGUAGES)}"
            )
    if "en" not in given:
        raise place.refuse("the English words (en) are missing")
    return Text(tuple((language, given[language].string()) for language in sorted(given)))


def rows_of_items(
    place: Place, *, never: bool, kinds: frozenset[ItemKind] = frozenset(ItemKind)
) -> tuple[Item, ...]:
    """Read a list of items; each may refer to those before it."""
    scope: Scope = {}
    taken: set[str] = set()
    for row in place.rows():
        item = build_item(row, scope, never=never, kinds=kinds)
        inside = row.value["items"].rows() if item.kind is ItemKind.LOG else []
        for one in (row, *inside):
            key = one.value["key"]
            if key.name() in taken:
                raise key.refuse(f"the key “{key.name()}” is taken")
            taken.add(key.name())
        scope[item.key] = item
    if not scope:
        raise place.refuse("there is nothing in this list")
    return tuple(scope.values())


def build_item(place: Place, scope: Scope, *, never: bool, kinds: frozenset[ItemKind]) -> Item:
    """Read one item; `scope` holds the items before it, `kinds` what is allowed here."""
    every = frozenset().union(*_BY_KIND.values())
    given = place.fields(every, ("key", "kind", "text"))
    kind = ItemKind(given["kind"].one_of(kinds))
    for name, value in given.items():
        if name not in _BY_KIND[kind]:
            raise value.refuse(f"“{name}” does not go with kind “{kind}”")
    place.fields(every, _NEEDED.get(kind, ()))
    item = Item(
        key=given["key"].name(),
        kind=kind,
        text=text(given["text"]),
        visibility=_visibility(given.get("visibility"), never=never),
        show_if=condition(given["show_if"], scope) if "show_if" in given else None,
        **_parts(given, kind, scope, never=never),
    )
    _check(place, given, item)
    return item


def condition(place: Place, scope: Mapping[str, Item]) -> Condition:
    """Read a condition on an earlier item."""
    given = place.fields(("item", "is"), ("item",))
    name = given["item"].name()
    if name not in scope:
        raise given["item"].refuse(f"“{name}” is unknown, or comes later than this")
    item = scope[name]
    if not item.is_asked:
        raise given["item"].refuse(f"“{name}” has no answer to compare with")
    return Condition(name, _values(given["is"], item) if "is" in given else ())


def _visibility(place: Place | None, *, never: bool) -> Visibility:
    default = Visibility.NEVER_RELEASABLE if never else Visibility.AUTHOR_THERAPIST
    if place is None:
        return default
    found = Visibility(place.one_of(Visibility))
    if never and found is not Visibility.NEVER_RELEASABLE:
        raise place.refuse("this exercise is never released, so nothing in it can be releasable")
    return found


def _parts(
    given: Mapping[str, Place], kind: ItemKind, scope: Scope, *, never: bool
) -> dict[str, Any]:
    """Read what an item may have besides: only what stands there, defaults stay defaults."""
    readers: dict[str, Callable[[Place], Any]] = {
        "title": text,
        "help": text,
        "required": Place.truth,
        "stage": lambda one: Stage(one.one_of(Stage)),
        "screen": Place.name,
        "options": _options,
        "series": Place.name,
        "min": lambda one: one.integer(-1_000_000, 1_000_000),
        "max": lambda one: one.integer(-1_000_000, 1_000_000),
        "max_length": lambda one: one.integer(1, MOST_LONGTEXT),
        "past": Place.truth,
        "low": text,
        "high": text,
        "words": _step_words,
        "unit": text,
        "starters": lambda one: tuple(text(row) for row in one.rows(MOST_ROWS)),
        "add_text": text,
        "compose": lambda one: _composed(one, scope),
        "hints": lambda one: tuple(_hint(row, scope) for row in one.rows()),
        "later_minutes": lambda one: one.integer(1, 24 * 60),
        "close_after_days": lambda one: one.integer(1, 366),
        "items": lambda one: rows_of_items(
            one, never=never, kinds=_IN_LOG if kind is ItemKind.LOG else _FLAT
        ),
    }
    return {name: read(given[name]) for name, read in readers.items() if name in given}


def _check(place: Place, given: Mapping[str, Place], item: Item) -> None:
    """Hold what concerns the finished item; a flag needs its options to be known."""
    if item.min is not None and item.max is not None and item.min > item.max:
        raise given["min"].refuse("min is larger than max")
    if item.kind is not ItemKind.NUMBER:
        for name in ("min", "max"):
            if name in given:
                given[name].integer(0, 100)
    if item.starters and item.items and item.items[0].kind is not ItemKind.TEXT:
        raise place.refuse("rows with starters begin with a text")
    if "flag_if" in given:
        rows = given["flag_if"]
        listed = rows.rows() if isinstance(rows.value, list) else [rows]
        # Frozen, and no one else has seen it yet: the flags are its last part.
        object.__setattr__(item, "flag_if", tuple(_flag(row, item) for row in listed))


def _flag(place: Place, item: Item) -> FlagRule:
    given = place.fields(("flag", "is"), ("flag", "is"))
    return FlagRule(FlagKind(given["flag"].one_of(FlagKind)), _values(given["is"], item))


def _values(place: Place, item: Item) -> tuple[str | int, ...]:
    """Read one or several values an answer to `item` can have."""
    if item.kind not in _COMPARED:
        raise place.refuse(f"answers of kind “{item.kind}” are not compared")
    rows = place.rows() if isinstance(place.value, list) else [place]
    if not rows:
        raise place.refuse("this list is empty")
    if item.kind is ItemKind.SCALE:
        return tuple(row.integer(0, 10) for row in rows)
    known = {option.key for option in item.options}
    if item.kind is ItemKind.YESNO:
        known = {"yes", "no"}
    elif item.kind is ItemKind.EMOTIONS:
        known = set(WORDS)
    return tuple(row.one_of(known) for row in rows)


def _options(place: Place) -> tuple[Option, ...]:
    found: dict[str, Option] = {}
    for row in place.rows(60):
        given = row.fields(("key", "text", "help"), ("key", "text"))
        key = given["key"].name()
        if key in found:
            raise given["key"].refuse(f"the key “{key}” is taken")
        found[key] = Option(
            key, text(given["text"]), text(given["help"]) if "help" in given else Text()
        )
    if len(found) < 2:
        raise place.refuse("a choice has at least two options")
    return tuple(found.values())


def _step_words(place: Place) -> tuple[Text, ...]:
    if isinstance(place.value, str):
        return STEP_WORDS[place.one_of(STEP_WORDS)]
    rows = place.rows()
    if len(rows) != 11:
        raise place.refuse("a scale has eleven words, from 0 to 10, or none")
    return tuple(text(row) for row in rows)


def _composed(place: Place, scope: Scope) -> Text:
    found = text(place)
    for words in found.values():
        for name in _PLACEHOLDER.findall(words):
            if name not in scope:
                raise place.refuse(f"“{{{name}}}” is unknown, or comes later than this")
        if any(brace in _PLACEHOLDER.sub("", words) for brace in "{}"):
            raise place.refuse("a brace is open here")
    return found


def _hint(place: Place, scope: Scope) -> Hint:
    given = place.fields(("when", "text"), ("when", "text"))
    when = given["when"].fields(("empty", "starts", "has", "lacks"))
    if len(when) != 1:
        raise given["when"].refuse("a hint has exactly one of: empty, starts, has, lacks")
    (name, test), words = next(iter(when.items())), text(given["text"])
    if name == "empty":
        if test.name() not in scope:
            raise test.refuse(f"“{test.value}” is unknown, or comes later than this")
        return Hint(text=words, empty=test.name())
    lists = _word_lists(test)
    return {
        "starts": Hint(text=words, starts=lists),
        "has": Hint(text=words, has=lists),
        "lacks": Hint(text=words, lacks=lists),
    }[name]


def _word_lists(place: Place) -> tuple[tuple[str, tuple[str, ...]], ...]:
    given = place.value
    if not isinstance(given, dict) or "en" not in given:
        raise place.refuse("expected lists of words by language, English (en) among them")
    return tuple(
        (language, tuple(row.string(60) for row in given[language].rows()))
        for language in sorted(given)
    )
