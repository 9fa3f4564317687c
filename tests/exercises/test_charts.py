"""Charts: gaps stay gaps, no line under five points, two that meet both show, a table beneath."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import now

from exercises import charts
from exercises.actions import responding
from exercises.charts import Series
from exercises.queries.homework import homework as homework_of
from tests.cast import Person, Play

WEEKS = ["2 Nov", "9 Nov", "16 Nov", "23 Nov", "30 Nov", "7 Dec"]


def wide(*series: Series, columns: list[str] | None = None, top: float = 10) -> dict[str, Any]:
    narrow, drawing = charts.draw(columns or WEEKS, series, top=top)
    assert narrow["cls"] == "s"
    return drawing


def test_a_missing_week_breaks_the_line():
    drawing = wide(Series("a", [8, 7, None, 7, 6, 5]))
    (line,) = drawing["polylines"]
    assert line["d"].count("M") == 2
    assert len(re.findall("[ML]", line["d"])) == len(drawing["points"]) == 5


def test_a_lonely_week_between_gaps_is_a_point_without_a_line():
    drawing = wide(Series("a", [8, None, 7, None, 6, 5, 4]), columns=[*WEEKS, "14 Dec"])
    assert [len(part) for part in re.findall("M[^M]*", drawing["polylines"][0]["d"])]
    assert drawing["polylines"][0]["d"].count("M") == 3
    assert len(drawing["points"]) == 5


@pytest.mark.parametrize(("values", "lines"), [([8, 7, 8, 7], 0), ([8, 7, 8, 7, 6], 1)])
def test_no_line_under_five_points(values: list[int], lines: int):
    series = Series("a", values)
    drawing = wide(series, columns=WEEKS[: len(values)])
    assert len(drawing["polylines"]) == lines
    assert len(drawing["points"]) == len(values)
    assert charts.few([series]) == (lines == 0)


def test_each_series_counts_its_own_points():
    full, sparse = Series("a", [8, 7, 8, 7, 6, 5]), Series("b", [1, None, 2, None, 3, 4], "b")
    assert [line["cls"] for line in wide(full, sparse)["polylines"]] == ["la"]


def test_where_two_meet_the_first_is_a_ring_around_the_second():
    drawing = wide(Series("a", [8, 7]), Series("b", [8, 6], "b"), columns=WEEKS[:2])
    shapes = [(point["shape"], point["tie"]) for point in drawing["points"]]
    assert shapes == [("circle", True), ("circle", False), ("square", False), ("square", False)]
    first, second = drawing["points"][0], drawing["points"][2]
    assert (first["x"], first["y"]) == (second["x"], second["y"])


def test_more_is_higher_and_nothing_leaves_the_drawing():
    for drawing in charts.draw(WEEKS, [Series("a", [0, 5, 10, 12, -1, 3])], top=10):
        ys = [point["y"] for point in drawing["points"]]
        assert ys[0] > ys[1] > ys[2] == ys[3]
        assert ys[4] == ys[0]
        assert all(0 < point["x"] < drawing["width"] for point in drawing["points"])
        assert all(0 < y < drawing["height"] for y in ys)


def test_dates_along_the_bottom_never_touch():
    columns = [f"{number} November" for number in range(1, 25)]
    narrow, drawing = charts.draw(columns, [Series("a", range(24))], top=24)
    assert len(narrow["ticks"]) <= charts.MOST_TICKS["s"]
    assert len(drawing["ticks"]) <= charts.MOST_TICKS["l"]
    assert narrow["ticks"][0]["label"] == "1 November"


def test_one_column_stands_in_the_middle():
    drawing = wide(Series("a", [4]), columns=["2 Nov"])
    assert drawing["points"][0]["x"] == (drawing["grid"][0]["x1"] + drawing["grid"][0]["x2"]) / 2


@pytest.mark.django_db(transaction=True)
def test_growth_draws_what_the_table_beneath_says(play: Play, dana: Person, ana: Person):
    for before, after in ((3, 5), (4, 4), (2, 6), (5, 7)):
        homework = play.homework(ana, play.assign(dana, ana))
        play.submit(ana, homework, close_before=before, close_after=after)
    few = str(ana.browser().get("/growth/").content, "utf-8")
    assert few.count('role="img"') == 2
    assert 'class="line' not in few
    assert "4 so far. From five on you will see a line." in few
    homework = play.homework(ana, play.assign(dana, ana))
    play.submit(ana, homework, close_after=9)
    page = str(ana.browser().get("/growth/").content, "utf-8")
    # The first series has four points still; the second has its five, and its line.
    assert page.count('class="line') == 2
    assert page.count('class="line lb"') == 2
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    cells = re.findall(r"<td>([^<]*)</td>", table)
    assert cells == ["3", "5", "4", "4", "2", "6", "5", "7", "no entry", "9"]


@pytest.mark.django_db(transaction=True)
def test_what_is_open_is_not_called_over(play: Play, dana: Person, ana: Person):
    play.assign(dana, ana)
    page = str(ana.browser().get("/growth/").content, "utf-8")
    assert "Let go" not in page
    assert "Open" in page


@pytest.mark.django_db(transaction=True)
def test_a_day_without_an_entry_is_a_gap(play: Play, dana: Person, ana: Person):
    homework = play.homework(ana, play.assign(dana, ana, "e04-reassurance-log"))
    at = now()
    with play.at(ana):
        for days in (4, 4, 2, 0):
            when = at - timedelta(days=days)
            entry = responding.add_entry(
                by=ana.actor,
                at=at,
                homework=homework_of(ana.actor, homework.pk),
                log_key="moments",
                happened_at=when,
            )
            responding.save(
                by=ana.actor,
                at=at,
                homework=homework_of(ana.actor, homework.pk),
                said=[responding.Said("form", "words")],
                entry=entry,
            )
    page = str(ana.browser().get("/growth/").content, "utf-8")
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    cells = re.findall(r"<td>([^<]*)</td>", table)
    assert cells == ["2", "no entry", "1", "no entry", "1"]
    assert 'class="line' not in page
