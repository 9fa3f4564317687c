"""A client's numbers over the weeks, as a drawing and as the table underneath it."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from exercises import charts, schedule
from exercises.charts import Series
from exercises.queries.series import Span, Weeks
from exercises.views import wording
from practice.actors import Actor
from practice.wording import in_words

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
    scale = _("0 to 10, by week")
    return _drawn(
        weeks.mondays,
        lambda name: [("", weeks.means(name))],
        (scale, scale),
        closeness=[(short(one), weeks.means(one)) for one in ("close_before", "close_after")],
        asks=[("", weeks.counts("moments"))],
        relief=[(short(one), weeks.means(one)) for one in ("relief_now", "relief_hour")],
    )


def short(series: str) -> str:
    """Name one of two series of the same occasion by what tells them apart; "" for any other."""
    return {
        "close_before": _("before writing"),
        "close_after": _("after writing"),
        "relief_now": _("right then"),
        "relief_hour": _("an hour later"),
    }.get(series, "")


def of_two(accounts: Sequence[tuple[str, Weeks]]) -> list[dict[str, Any]]:
    """Return both partners' accounts beside each other, never subtracted."""

    def means(name: str) -> list[Curve]:
        return [(who, weeks.means(name)) for who, weeks in accounts]

    return _drawn(
        accounts[0][1].mondays,
        means,
        # Of the two values of a moment, the later one.
        (_("After writing, 0 to 10, by week"), _("An hour later, 0 to 10, by week")),
        closeness=means("close_after"),
        asks=[(who, weeks.counts("moments")) for who, weeks in accounts],
        relief=means("relief_hour"),
    )


def _drawn(
    mondays: Sequence[date],
    means: Callable[[str], list[Curve]],
    about: tuple[str, str],
    *,
    closeness: list[Curve],
    asks: list[Curve],
    relief: list[Curve],
) -> list[dict[str, Any]]:
    urge = means("urge")
    of_closeness, of_relief = about
    wanted = [
        ("closeness", _("How close it felt around a hard moment"), of_closeness, closeness),
        ("asks", _("Moments of wanting reassurance"), _("Noted each week"), asks),
        ("strength", _("How strong those moments were"), _("0 to 10, by week"), urge),
        ("relief", _("Relief after such a moment"), of_relief, relief),
    ]
    drawn = [
        _chart(key, title, text, mondays, curves, by_person=len(urge) > 1)
        for key, title, text, curves in wanted
    ]
    return [one for one in drawn if one]


def _chart(
    key: str,
    title: str,
    range_text: str,
    mondays: Sequence[date],
    curves: list[Curve],
    *,
    by_person: bool,
) -> dict[str, Any] | None:
    rows = list(zip(*(values for _name, values in curves), strict=True))
    if all(value is None for row in rows for value in row):
        return None
    columns = [date_format(day, _("j M")) for day in mondays]
    series = [
        Series(name or title, values, part)
        for (name, values), part in zip(curves, "ab" if by_person else "cd", strict=False)
    ]
    highest = max(value for row in rows for value in row if value is not None)
    return {
        "id": key,
        "title": title,
        "range_text": range_text,
        "summary": in_numbers(series, columns, counts=key == "asks"),
        "aria": f"{title}, {range_text}. " + " ".join(map(_read_out, series)),
        "sizes": charts.draw(columns, series, top=highest if key == "asks" else 10),
        # A letter stands for a person; before and after have their shapes alone.
        "legend": legend(series, letters=by_person),
        "legend_note": ring_text(series),
        "table": {
            "heads": [_("Week of"), *(one.name for one in series)],
            "rows": [[column, *map(said, row)] for column, row in zip(columns, rows, strict=True)],
        },
    }


def _read_out(one: Series) -> str:
    return f"{one.name}: " + ", ".join(map(said, one.values)) + "."


def ring_text(series: Sequence[Series]) -> str:
    """Say what the ring means, where two curves meet."""
    rows = zip(*(one.values for one in series), strict=True)
    has_ring = any(None not in row and len(set(row)) < len(row) for row in rows)
    return _("A ring: both are the same.") if has_ring else ""


def legend(series: Sequence[Series], *, letters: bool = False) -> list[dict[str, Any]]:
    """Name the curves of a drawing with more than one; who noted nothing is named as well."""
    return [
        {
            "letter": one.name[:1] if letters else "",
            "part": one.part,
            "line": one.has_line,
            "text": one.name
            if any(value is not None for value in one.values)
            else _("%(name)s: no entries") % {"name": one.name},
        }
        for one in series
        if len(series) > 1
    ]


def in_numbers(series: Sequence[Series], weeks: Sequence[str], *, counts: bool = False) -> str:
    """Say in a sentence each between what the curves were over these weeks; `counts`: how often, not
    how much."""
    courses = [(one.name, _course(one, weeks, counts=counts)) for one in series]
    if len(courses) == 1:
        return courses[0][1]
    return " ".join(
        wording.sentence(f"{name}: {course[:1].lower()}{course[1:]}")
        for name, course in courses
        if course
    )


def _course(one: Series, weeks: Sequence[str], *, counts: bool) -> str:
    """Say the span with its unit, never a way from first to last: that would hide what was between."""
    there = [
        (week, value) for week, value in zip(weeks, one.values, strict=True) if value is not None
    ]
    if not there:
        return ""
    values = [value for _week, value in there]
    if counts:
        text = _how_often(values)
    elif len(values) == 1:
        text = _("%(last)s, in one week.")
    elif min(values) == max(values):
        text = _("%(count)s weeks, %(last)s each.")
    elif one.values[-1] is None:  # "last" alone would read as now
        text = _("Between %(low)s and %(high)s, last %(last)s, in the week of %(week)s.")
    else:
        text = _("Between %(low)s and %(high)s, last %(last)s.")
    words = {"low": said(min(values)), "high": said(max(values)), "last": said(values[-1])}
    return wording.sentence(text % (words | {"count": in_words(len(values)), "week": there[-1][0]}))


def _how_often(values: Sequence[float]) -> str:
    most = int(max(values))
    if len(values) == 1:
        return ngettext("%(high)s time, in one week.", "%(high)s times, in one week.", most)
    if min(values) == max(values):
        return ngettext(
            "%(high)s time a week, in %(count)s weeks with entries.",
            "%(high)s times a week, in %(count)s weeks with entries.",
            most,
        )
    return ngettext(
        "Between %(low)s and %(high)s time a week, in %(count)s weeks with entries.",
        "Between %(low)s and %(high)s times a week, in %(count)s weeks with entries.",
        most,
    )


def said(value: float | None) -> str:
    """Say a number as the table does."""
    return _("no entry") if value is None else str(number_format(f"{value:g}"))
