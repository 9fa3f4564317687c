"""A client's numbers over the weeks, as a drawing and as the table underneath it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from math import ceil
from typing import Any

from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from exercises import charts, schedule
from exercises.charts import Series
from exercises.queries.series import Span, Weeks
from practice.actors import Actor

# A name for the legend, and what it was each week.
Curve = tuple[str, Sequence[float | None]]


def span(request: HttpRequest, actor: Actor, shown: Span, at: datetime) -> dict[str, str]:
    """Return which weeks these are, and the ways to those before and to the newest."""
    last = min(shown.last, schedule.local_time(at, actor.zone).date())
    first = _("j M") if shown.since.year == last.year else _("j M Y")
    return {
        "text": _("%(first)s to %(last)s")
        % {"first": date_format(shown.since, first), "last": date_format(last, _("j M Y"))},
        "earlier_url": f"{request.path}?before={shown.earlier}" if shown.earlier else "",
        "newest_url": "" if shown.is_newest else request.path,
    }


def of_one(weeks: Weeks) -> list[dict[str, Any]]:
    """Return one client's own charts; what has no number in it is left out."""
    return _drawn(
        weeks,
        lambda name: [("", weeks.means(name))],
        closeness=[
            (_("before writing"), weeks.means("close_before")),
            (_("after writing"), weeks.means("close_after")),
        ],
        asks=[("", weeks.counts("moments"))],
        relief=[
            (_("right then"), weeks.means("relief_now")),
            (_("an hour later"), weeks.means("relief_hour")),
        ],
    )


def of_two(accounts: Sequence[tuple[str, Weeks]]) -> list[dict[str, Any]]:
    """Return both partners' accounts beside each other, never subtracted."""

    def means(name: str) -> list[Curve]:
        return [(who, weeks.means(name)) for who, weeks in accounts]

    return _drawn(
        accounts[0][1],
        means,
        closeness=means("close_after"),
        asks=[(who, weeks.counts("moments")) for who, weeks in accounts],
        relief=means("relief_hour"),
    )


def _drawn(
    weeks: Weeks,
    means: Callable[[str], list[Curve]],
    *,
    closeness: list[Curve],
    asks: list[Curve],
    relief: list[Curve],
) -> list[dict[str, Any]]:
    columns = [date_format(day, _("j M")) for day in weeks.mondays]
    scale = _("0 to 10, by week")
    urge = means("urge")
    wanted = [
        ("closeness", _("How close it felt around a hard moment"), scale, closeness),
        ("asks", _("Moments of wanting reassurance"), _("noted each week"), asks),
        ("strength", _("How strong those moments were"), scale, urge),
        ("relief", _("Relief after such a moment"), scale, relief),
    ]
    drawn = [
        _chart(key, title, text, columns, curves, by_person=len(urge) > 1)
        for key, title, text, curves in wanted
    ]
    return [one for one in drawn if one]


def _chart(
    key: str,
    title: str,
    range_text: str,
    columns: list[str],
    curves: list[Curve],
    *,
    by_person: bool,
) -> dict[str, Any] | None:
    rows = list(zip(*(values for _name, values in curves), strict=True))
    weeks = sum(any(value is not None for value in row) for row in rows)
    if not weeks:
        return None
    series = [
        Series(name or title, values, part)
        for (name, values), part in zip(curves, "ab", strict=False)
    ]
    highest = max(value for row in rows for value in row if value is not None)
    return {
        "id": key,
        "title": title,
        "range_text": range_text,
        "summary": _("Their own account. Weeks with an entry: %(count)d.") % {"count": weeks},
        "aria": f"{title}, {range_text}. " + " ".join(map(_read_out, series)),
        "sizes": charts.draw(columns, series, top=2 * ceil(highest / 2) if key == "asks" else 10),
        "legend": [
            # A letter stands for a person; before and after have their shapes alone.
            {"letter": one.name[:1] if by_person else "", "part": one.part, "text": one.name}
            for one in series
            if len(series) > 1
        ],
        "legend_note": _("A gap means no entry."),
        "few_text": _("From five entries on you will see a line.") if charts.few(series) else "",
        "table": {
            "heads": [_("Week of"), *(one.name for one in series)],
            "rows": [[column, *map(_said, row)] for column, row in zip(columns, rows, strict=True)],
        },
    }


def _read_out(one: Series) -> str:
    return f"{one.name}: " + ", ".join(map(_said, one.values)) + "."


def _said(value: float | None) -> str:
    return _("no entry") if value is None else f"{value:g}"
