"""A client's own numbers over time, ready for the chart component."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
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

# A log that went on for longer is counted by week.
LONGEST_BY_DAY = timedelta(days=21)


class Curves(NamedTuple):
    """The days along the bottom, and what was said on each: or in the weeks that begin there."""

    days: list[date]
    series: list[Series]
    weekly: bool = True

    def over(self, days: list[date]) -> "Curves":
        """Return the same along more days, which are gaps."""
        series = []
        for one in self.series:
            at = dict(zip(self.days, one.values, strict=True))
            series.append(replace(one, values=[at.get(day) for day in days]))
        return self._replace(days=days, series=series)


class Found(NamedTuple):
    """A chart: how it is headed and said, and what there is to draw, if anything."""

    chart: Chart
    words: dict[str, Any]
    curves: Curves | None = None


def charts_of(actor: Actor, found: Numbers) -> list[dict[str, Any]]:
    """Return the charts of what was written in some weeks, one exercise after the other; only
    what has numbers. What is drawn comes first, then what is counted in a table, then what one
    sentence says: side by side stands what is of a height."""
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
            if one := _chart(definition, chart, occasions, len(charts_found)):
                charts_found.append(one)
    charts_found.sort(key=lambda one: (one.curves is None, "table" not in one.words))
    return [
        one.words | _drawn(one.words["title"], one.chart.kind, one.curves)
        if one.curves
        else one.words
        for one in _on_one_axis(charts_found)
    ]


def _on_one_axis(found: Sequence[Found]) -> list[Found]:
    """Give all that is counted by week the same weeks, so that one place means one week on the
    whole page; what is counted by day keeps its days."""
    weekly = [one.curves.days for one in found if one.curves and one.curves.weekly]
    if not weekly:
        return list(found)
    weeks = _steps(min(map(min, weekly)), max(map(max, weekly)), timedelta(weeks=1))
    return [
        one._replace(curves=one.curves.over(weeks)) if one.curves and one.curves.weekly else one
        for one in found
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
    definition: Definition, chart: Chart, occasions: list[Occasion], number: int
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
        curves = _how_often(chart, occasions)
    else:
        curves = _by_week(definition, chart, occasions)
    return Found(chart, words, curves) if curves.days else None


def _counted(definition: Definition, chart: Chart, occasions: list[Occasion]) -> dict[str, Any]:
    """Say how often by kind: a table says it better than a drawing."""
    item = _item(definition, chart.by)
    counted = definitions.counts_for(chart, occasions)
    return {
        "heads": [_("What"), _("Times")],
        "rows": [[_name(item, key), count] for key, count in counted.items()],
    }


def _how_often(chart: Chart, occasions: list[Occasion]) -> Curves:
    """Count by day; when it went on for long, by week.

    A day, or a week, without an entry is a gap: nobody knows whether there was nothing to note.
    """
    counted: dict[date, float] = {
        date.fromisoformat(day): count
        for day, count in definitions.counts_for(chart, occasions).items()
    }
    if not counted:
        return Curves([], [])
    weekly = max(counted) - min(counted) > LONGEST_BY_DAY
    if weekly:
        weeks: dict[date, float] = defaultdict(float)
        for day, count in counted.items():
            weeks[monday(day)] += count
        counted = weeks
    days = _steps(min(counted), max(counted), timedelta(weeks=1) if weekly else timedelta(days=1))
    return Curves(days, [Series(_("How often"), [counted.get(day) for day in days])], weekly)


def _by_week(definition: Definition, chart: Chart, occasions: list[Occasion]) -> Curves:
    """Return the mean of each week, as the therapist's page has it."""
    weeks: dict[date, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for point in definitions.chart_points(definition, chart, occasions):
        for name, value in point.values.items():
            weeks[monday(point.at.date())][name].append(value)
    days = _steps(min(weeks), max(weeks), timedelta(weeks=1)) if weeks else []

    def means(name: str) -> list[float | None]:
        said = [weeks[day][name] if day in weeks else [] for day in days]
        return [round(mean(numbers), 1) if numbers else None for numbers in said]

    series = [
        Series(_series(definition, name), means(name), part)
        for name, part in zip(chart.series, "cd", strict=False)
    ]
    return Curves(days, series)


def _steps(first: date, last: date, step: timedelta) -> list[date]:
    return [first + step * number for number in range((last - first) // step + 1)]


def _drawn(title: str, kind: ChartKind, curves: Curves) -> dict[str, Any]:
    days, series, weekly = curves
    columns = [date_format(day, _("j M")) for day in days]
    values = [value for one in series for value in one.values if value is not None]
    lines = [f"{one.name}: {', '.join(said(value) for value in one.values)}." for one in series]
    table = zip(columns, *([said(value) for value in one.values] for one in series), strict=True)
    note = _("Each mark is the average of a week.")
    if kind is ChartKind.COUNT:
        note = _("Each mark is one week.") if weekly else _("Each mark is one day.")
    return {
        "aria": " ".join([f"{title}.", *lines]),
        "summary": in_numbers(series, weekly=weekly, counts=kind is ChartKind.COUNT),
        # 10 fits every scale.
        "sizes": charts.draw(
            columns, series, top=max(4 if kind is ChartKind.COUNT else 10, *values)
        ),
        "legend": legend(series),
        "legend_note": f"{note} {ring_text(series)}".strip(),
        "table": {
            "heads": [_("Week of") if weekly else _("When"), *(one.name for one in series)],
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
