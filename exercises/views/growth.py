"""A client's own numbers over time, ready for the chart component."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from statistics import mean
from typing import Any, NamedTuple

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from exercises import charts, schedule
from exercises import definition as definitions
from exercises.charts import Series
from exercises.definition import Chart, ChartKind, Definition, Item, Occasion
from exercises.models import Homework
from exercises.queries.series import Numbers, monday
from exercises.views.staff_charts import in_numbers, legend, ring_text, said, short
from exercises.visibility import OpenedRound
from practice.actors import Actor
from practice.wording import language


class Found(NamedTuple):
    """A chart: how it is headed and said, and what there is to draw, if anything."""

    chart: Chart
    words: dict[str, Any]
    curves: list[Series] | None = None


def charts_of(actor: Actor, found: Numbers) -> list[dict[str, Any]]:
    """Return the charts of what was written in some weeks, one exercise after the other; only
    what has numbers. What is drawn comes first, then what is counted in a table, then what one
    sentence says: side by side stands what is of a height. All that is drawn has the weeks the page
    names along its bottom: one place means one week, and a week without an entry is a gap."""
    weeks = found.span.mondays
    by_exercise: dict[Any, list[Homework]] = defaultdict(list)
    for row in found.rows:
        by_exercise[row.version.exercise_id].append(row)
    charts_found: list[Found] = []
    for same in by_exercise.values():
        definition = same[0].version.definition
        for chart in definition.charts:
            occasions = [
                one
                for row in same
                for one in _occasions(chart, found.rounds[row.pk], actor.zone)
                if found.span.holds(one.at.date())
            ]
            if one := _chart(definition, chart, occasions, weeks, len(charts_found)):
                charts_found.append(one)
    charts_found.sort(key=lambda one: (one.curves is None, "table" not in one.words))
    return [
        one.words | _drawn(one.words["title"], one.chart.kind, weeks, one.curves)
        if one.curves
        else one.words
        for one in charts_found
    ]


def _occasions(chart: Chart, rounds: Sequence[OpenedRound], zone: str) -> list[Occasion]:
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
    if chart.kind is ChartKind.SHARE:  # it judges, and a draft is none to be judged
        rounds = [one for one in rounds if one.response.submitted_at]
    values: dict[str, Any] = {}
    for one in rounds:
        values |= one.values
    if not rounds or not values:
        return []
    return [Occasion(schedule.local_time(rounds[0].response.started_at, zone), values)]


def _chart(
    definition: Definition,
    chart: Chart,
    occasions: list[Occasion],
    weeks: Sequence[date],
    number: int,
) -> Found | None:
    # Several charts of one exercise: what each shows is its head. Whose account it is stands on top
    # of the page, once.
    head = chart.caption.get(language()).partition(". ")[0]
    words = {
        "id": f"chart-{number}",
        "title": head.rstrip("."),
        "range_text": definition.title.get(language()),
    }
    if chart.kind is ChartKind.SHARE:
        part, whole = definitions.share(definition, chart, occasions)
        # What a log holds are moments; what a round is about, only its title could say.
        text = (
            ngettext("%(part)d of %(whole)d moment.", "%(part)d of %(whole)d moments.", whole)
            if chart.log
            else ngettext("%(part)d of %(whole)d.", "%(part)d of %(whole)d times.", whole)
        )
        said_so = {"summary": text % {"part": part, "whole": whole}}
        return Found(chart, words | said_so) if whole else None
    if chart.by:
        table = _counted(definition, chart, occasions)
        return Found(chart, words | {"table": table}) if table["rows"] else None
    if chart.kind is ChartKind.COUNT:
        curves = [_how_often(chart, occasions, weeks)]
    else:
        curves = _means(definition, chart, occasions, weeks)
    is_empty = all(value is None for one in curves for value in one.values)
    return None if is_empty else Found(chart, words, curves)


def _counted(definition: Definition, chart: Chart, occasions: list[Occasion]) -> dict[str, Any]:
    """Say how often by kind: a table says it better than a drawing."""
    item = _item(definition, chart.by)
    counted = definitions.counts_for(chart, occasions)
    return {
        "heads": [_("What"), _("Times")],
        "rows": [[_name(item, key), count] for key, count in counted.items()],
    }


def _how_often(chart: Chart, occasions: list[Occasion], weeks: Sequence[date]) -> Series:
    """Count by week. One without an entry is a gap: nobody knows whether there was nothing to note."""
    counted: dict[date, float] = defaultdict(float)
    for day, count in definitions.counts_for(chart, occasions).items():
        counted[monday(date.fromisoformat(day))] += count
    return Series(_("How often"), [counted.get(week) for week in weeks])


def _means(
    definition: Definition, chart: Chart, occasions: list[Occasion], weeks: Sequence[date]
) -> list[Series]:
    """Return the mean of each week, as the therapist's page has it."""
    found: dict[str, dict[date, list[float]]] = defaultdict(lambda: defaultdict(list))
    for point in definitions.chart_points(definition, chart, occasions):
        for name, value in point.values.items():
            found[name][monday(point.at.date())].append(value)

    def means(name: str) -> list[float | None]:
        numbers = found[name]
        return [round(mean(numbers[week]), 1) if week in numbers else None for week in weeks]

    return [
        Series(_series(definition, name), means(name), part)
        for name, part in zip(chart.series, "cd", strict=False)
    ]


def _drawn(
    title: str, kind: ChartKind, weeks: Sequence[date], series: list[Series]
) -> dict[str, Any]:
    columns = [date_format(week, _("j M")) for week in weeks]
    values = [value for one in series for value in one.values if value is not None]
    lines = [f"{one.name}: {', '.join(said(value) for value in one.values)}." for one in series]
    table = zip(columns, *([said(value) for value in one.values] for one in series), strict=True)
    is_count = kind is ChartKind.COUNT
    note = _("Each mark is one week.") if is_count else _("Each mark is the average of a week.")
    return {
        "aria": " ".join([f"{title}.", *lines]),
        "summary": in_numbers(series, columns, counts=is_count),
        # 10 fits every scale.
        "sizes": charts.draw(columns, series, top=max(4 if is_count else 10, *values)),
        "legend": legend(series),
        "legend_note": f"{note} {ring_text(series)}".strip(),
        "table": {
            "heads": [_("Week of"), *(one.name for one in series)],
            "rows": list(table),
        },
    }


def _item(definition: Definition, key: str) -> Item | None:
    return definition.item(key) if key else None


def _name(item: Item | None, key: str) -> str:
    return definitions.describe(item, key, language())[0] if item else key


def _series(definition: Definition, name: str) -> str:
    if told_apart := short(name):
        return told_apart
    found = next((item for item in definition.walk() if item.series == name), None)
    return found.text.get(language()) if found else name
