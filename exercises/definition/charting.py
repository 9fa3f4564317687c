"""Numbers over time out of answers: always one person's own account, never a score for love."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from exercises.definition.model import Chart, Definition, Item, ItemKind
from exercises.definition.rules import Answers, holds, is_empty, visible_among


@dataclass(frozen=True)
class Occasion:
    """One round, or one entry of a log: its wall time and its values by item key."""

    at: datetime
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Point:
    """What a chart draws at one time: numbers by series."""

    at: datetime
    values: Mapping[str, int | float]


def series_points(definition: Definition, answers: Answers) -> dict[str, int | float]:
    """Return the numbers of one round by series: scales, numbers, yes as 1 and no as 0, how many
    words or boxes were chosen, and computed series (1 when all their items are answered)."""
    found = _points(definition.items, answers)
    shown = {item.key for item in visible_among(definition.items, answers)}
    for computed in definition.computed:
        said = [key in shown and not is_empty(answers.get(key)) for key in computed.answered]
        if any(said):
            found[computed.series] = int(all(said))
    return found


def entry_points(log: Item, values: Answers) -> dict[str, int | float]:
    """Return the numbers of one entry by series."""
    return _points(log.items, values)


def counted(definition: Definition) -> frozenset[str]:
    """Return the keys of the items whose answers count: for series, for charts, and for whether
    one of these is shown at all. The rest of what was written need not be opened to draw."""
    found = {item.key for item in definition.walk() if item.series}
    found.update(key for computed in definition.computed for key in computed.answered)
    for chart in definition.charts:
        found.update(key for key in (chart.by, chart.where.item if chart.where else "") if key)
    wanted = list(found)
    while wanted:
        item = definition.item(wanted.pop())
        if item and item.show_if and item.show_if.item not in found:
            found.add(item.show_if.item)
            wanted.append(item.show_if.item)
    return frozenset(found)


def chart_points(
    definition: Definition, chart: Chart, occasions: Sequence[Occasion]
) -> list[Point]:
    """Return what a pair or line chart draws, oldest first; occasions without a number are gaps
    and left out. For a count by day use `counts_for`, for a share `share`."""
    log = definition.log(chart.log) if chart.log else None
    found = []
    for occasion in sorted(occasions, key=lambda one: one.at):
        if not holds(chart.where, occasion.values):
            continue
        values = occasion.values
        numbers = entry_points(log, values) if log else series_points(definition, values)
        kept = {name: numbers[name] for name in chart.series if name in numbers}
        if kept:
            found.append(Point(occasion.at, kept))
    return found


def counts_for(chart: Chart, occasions: Sequence[Occasion]) -> dict[str, int]:
    """Return how often: by ISO day, oldest first, or by option key when the chart says `by`.

    A day on which something was noted, but nothing of this kind, has 0.
    """
    counted: Counter[str] = Counter()
    for occasion in sorted(occasions, key=lambda one: one.at):
        is_counted = holds(chart.where, occasion.values)
        if not chart.by:
            if chart.where is None or not is_empty(occasion.values.get(chart.where.item)):
                counted[occasion.at.date().isoformat()] += int(is_counted)
            continue
        if not is_counted:
            continue
        value = occasion.values.get(chart.by)
        counted.update(value if isinstance(value, list | dict) else [value] if value else [])
    return dict(counted) if not chart.by else dict(counted.most_common())


def share(definition: Definition, chart: Chart, occasions: Sequence[Occasion]) -> tuple[int, int]:
    """Return how many of how many: those that meet `where`, of those that answered its item; or
    those whose series is 1, of those that have it."""
    if chart.where is not None:
        asked = [one for one in occasions if not is_empty(one.values.get(chart.where.item))]
        return sum(holds(chart.where, one.values) for one in asked), len(asked)
    points = chart_points(definition, chart, occasions)
    numbers = [value for point in points for value in point.values.values()]
    return sum(1 for number in numbers if number), len(numbers)


def _points(items: Sequence[Item], answers: Answers) -> dict[str, int | float]:
    found: dict[str, int | float] = {}
    for item in visible_among(items, answers):
        number = _number(item, answers.get(item.key)) if item.series else None
        if number is not None:
            found[item.series] = number
    return found


def _number(item: Item, value: Any) -> int | float | None:
    if is_empty(value) or item.kind is ItemKind.CHOICE:
        return None
    if isinstance(value, bool | int | float):
        return int(value) if isinstance(value, bool) else value
    return len(value) if isinstance(value, list | dict) else None
