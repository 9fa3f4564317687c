"""A client's own numbers over time, ready for the chart component."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from exercises import definition as definitions
from exercises import schedule
from exercises.definition import Chart, ChartKind, Definition, Item, Occasion
from exercises.models import Homework
from exercises.views import wording
from exercises.views.ground import language
from exercises.visibility import RoundWords, read_many
from practice.actors import Actor

# Fewer points than this are said in numbers, never drawn as a line.
FEW = 5


def charts_of(actor: Actor, rows: Sequence[Homework]) -> list[dict[str, Any]]:
    """Return the charts of what was written, one exercise after the other; only what has numbers."""
    rounds = read_many(actor, list(rows))
    by_exercise: dict[Any, list[Homework]] = defaultdict(list)
    for row in rows:
        by_exercise[row.version.exercise_id].append(row)
    found: list[dict[str, Any]] = []
    for same in by_exercise.values():
        definition = same[0].version.definition
        for chart in definition.charts:
            occasions = [
                one for row in same for one in _occasions(chart, rounds[row.pk], actor.zone)
            ]
            if drawn := _chart(definition, chart, occasions, len(found)):
                found.append(drawn)
    return found


def _occasions(chart: Chart, rounds: Sequence[RoundWords], zone: str) -> list[Occasion]:
    if chart.log:
        return [
            Occasion(
                schedule.local_time(moment.entry.happened_at, zone),
                {key: words.value for key, words in moment.words.items()},
            )
            for one in rounds
            for moment in one.moments
            if moment.entry.log_key == chart.log
        ]
    values: dict[str, Any] = {}
    for one in rounds:
        values |= one.values
    if not rounds or not values:
        return []
    return [Occasion(schedule.local_time(rounds[0].response.started_at, zone), values)]


def _chart(
    definition: Definition, chart: Chart, occasions: list[Occasion], number: int
) -> dict[str, Any] | None:
    heads, rows, summary = _table(definition, chart, occasions)
    if not rows and not summary:
        return None
    few = chart.kind in {ChartKind.LINE, ChartKind.PAIR} and len(rows) < FEW
    return {
        "id": f"chart-{number}",
        "title": definition.title.get(language()),
        "summary": f"{chart.caption.get(language())} {summary}".strip(),
        "few_text": _("%(n)d so far. From five on you will see a line.") % {"n": len(rows)}
        if few
        else "",
        "table": {"heads": heads, "rows": rows} if rows else None,
    }


def _table(
    definition: Definition, chart: Chart, occasions: list[Occasion]
) -> tuple[list[str], list[list[Any]], str]:
    if chart.kind is ChartKind.SHARE:
        part, whole = definitions.share(definition, chart, occasions)
        words = _("%(part)d of %(whole)d.") % {"part": part, "whole": whole}
        return [], [], words if whole else ""
    if chart.kind is ChartKind.COUNT:
        counted = definitions.counts_for(chart, occasions)
        by = _item(definition, chart.by)
        rows = [[_name(by, key), count] for key, count in counted.items()]
        return [_("What") if chart.by else _("Day"), _("How often")], rows, ""
    points = definitions.chart_points(definition, chart, occasions)
    heads = [_("When"), *(_series(definition, name) for name in chart.series)]
    rows = [
        [wording.plain_day(point.at), *(point.values.get(name, "–") for name in chart.series)]
        for point in points
    ]
    return heads, rows, ""


def _item(definition: Definition, key: str) -> Item | None:
    return definition.item(key) if key else None


def _name(item: Item | None, key: str) -> str:
    return definitions.describe(item, key, language())[0] if item else key


def _series(definition: Definition, name: str) -> str:
    found = next((item for item in definition.walk() if item.series == name), None)
    return found.text.get(language()) if found else name
