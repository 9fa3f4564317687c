"""Turn a tree of places into a Definition, strictly: a file and stored JSON alike."""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from exercises.definition.items import condition, rows_of_items, text
from exercises.definition.model import (
    Chart,
    ChartKind,
    Computed,
    Definition,
    Item,
    ItemKind,
    Kind,
    ReviewHint,
    Text,
)
from exercises.definition.reading import Place

FORMAT_VERSION = 1
_LAST_IDEA = {"A": 23, "B": 68}
_REVIEW_KINDS = frozenset({"beside", "change", "offered", "ranked", "gap"})
_KEYS = frozenset(
    [
        "slug",
        "format",
        "title",
        "purpose",
        "minutes",
        "kind",
        "cadence",
        "content_note",
        "covers",
        "cautions",
        "evidence",
        "never_released",
        "items",
        "charts",
        "review",
        "computed",
    ]
)
_NEEDED = ("slug", "format", "title", "purpose", "minutes", "kind", "items")
T = TypeVar("T")


def build(place: Place) -> Definition:
    """Return the definition, or raise DefinitionError with the first thing that is wrong."""
    given = place.fields(_KEYS, _NEEDED)
    given["format"].integer(FORMAT_VERSION, FORMAT_VERSION)
    never = "never_released" in given and given["never_released"].truth()
    items = rows_of_items(given["items"], never=never)
    computed = _each(given, "computed", lambda row: _computed(row, items))
    series = {item.series for item in _all(items)} | {one.series for one in computed}
    return Definition(
        slug=given["slug"].name(),
        title=text(given["title"]),
        purpose=text(given["purpose"]),
        minutes=given["minutes"].integer(1, 240),
        kind=Kind(given["kind"].one_of(Kind)),
        items=items,
        format_version=FORMAT_VERSION,
        cadence=_words(given, "cadence"),
        content_note=_words(given, "content_note"),
        covers=_each(given, "covers", _idea),
        cautions=_each(given, "cautions", text),
        evidence=_each(given, "evidence", text),
        charts=_each(given, "charts", lambda row: _chart(row, items, series)),
        review=_each(given, "review", lambda row: _review(row, items)),
        computed=computed,
        never_released=never,
    )


def _words(given: Mapping[str, Place], name: str) -> Text:
    return text(given[name]) if name in given else Text()


def _each(given: Mapping[str, Place], name: str, read: Callable[[Place], T]) -> tuple[T, ...]:
    return tuple(read(row) for row in given[name].rows()) if name in given else ()


def _all(items: tuple[Item, ...]) -> list[Item]:
    return [one for item in items for one in (item, *_inside(item))]


def _inside(item: Item) -> tuple[Item, ...]:
    return item.items if item.kind is ItemKind.LOG else ()


def _idea(place: Place) -> str:
    name = place.string(4)
    match = re.fullmatch(r"([AB])([1-9][0-9]?)", name)
    if not match or int(match[2]) > _LAST_IDEA[match[1]]:
        raise place.refuse(f"“{name}” is not an idea of the concept map (A1 to A23, B1 to B68)")
    return name


def _computed(place: Place, items: tuple[Item, ...]) -> Computed:
    given = place.fields(("series", "answered"), ("series", "answered"))
    keys = {item.key for item in items}
    return Computed(given["series"].name(), _known(given["answered"], keys))


def _known(place: Place, keys: set[str]) -> tuple[str, ...]:
    found = []
    for row in place.rows():
        if (name := row.name()) not in keys:
            raise row.refuse(f"there is no “{name}” to refer to here")
        found.append(name)
    return tuple(found)


def _review(place: Place, items: tuple[Item, ...]) -> ReviewHint:
    names = ("kind", "items", "caption")
    given = place.fields(names, names)
    keys = {item.key for item in _all(items)}
    return ReviewHint(
        kind=given["kind"].one_of(_REVIEW_KINDS),
        items=_known(given["items"], keys),
        caption=text(given["caption"]),
    )


def _chart(place: Place, items: tuple[Item, ...], series: set[str]) -> Chart:
    given = place.fields(
        ("key", "kind", "caption", "series", "log", "where", "by"), ("key", "kind", "caption")
    )
    kind = ChartKind(given["kind"].one_of(ChartKind))
    log = next((i for i in items if "log" in given and i.key == given["log"].value), None)
    if "log" in given and (log is None or log.kind is not ItemKind.LOG):
        raise given["log"].refuse("there is no log of this key")
    scope = {item.key: item for item in (log.items if log else items)}
    chart = Chart(
        key=given["key"].name(),
        kind=kind,
        caption=text(given["caption"]),
        series=_known(given["series"], series) if "series" in given else (),
        log=log.key if log else "",
        where=condition(given["where"], scope) if "where" in given else None,
        by=given["by"].one_of(scope) if "by" in given else "",
    )
    if kind is ChartKind.PAIR and len(chart.series) != 2:
        raise place.refuse("a pair chart names two series")
    if kind is ChartKind.LINE and not chart.series:
        raise place.refuse("a line chart names its series")
    if kind is ChartKind.SHARE and not (chart.where or chart.series):
        raise place.refuse("a share chart says which ones count, with where or a series")
    return chart
