"""Charts: gaps stay gaps, no line under five points, two that meet both show, a table beneath."""

import re
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.utils.timezone import now

from exercises import charts
from exercises.actions import moments, pausing, responding
from exercises.charts import Series
from exercises.models import Homework
from exercises.queries import series
from exercises.queries.homework import homework as homework_of
from exercises.views import staff_charts
from tests.cast import ZONE, Person, Play

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


def test_each_series_counts_its_own_points():
    full, sparse = Series("a", [8, 7, 8, 7, 6, 5]), Series("b", [1, None, 2, None, 3, 4], "b")
    assert [line["cls"] for line in wide(full, sparse)["polylines"]] == ["lc"]


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


def lines_of(page: str) -> list[str]:
    """Return the lines that are drawn; the legend has its own."""
    drawn = re.sub(r'<svg class="key".*?</svg>', "", page)
    return re.findall(r'<path class="line (\w+)"', drawn)


def close(play: Play, dana: Person, ana: Person, when: datetime, **said: int) -> Homework:
    """Let Ana say how close it felt, then."""
    homework = play.homework(ana, play.assign(dana, ana))
    with play.at(ana):
        responding.save(
            by=ana.actor,
            at=when,
            homework=homework_of(ana.actor, homework.pk),
            said=[responding.AnswerInput(key, value) for key, value in said.items()],
        )
    return homework


def cells_of(page: str) -> list[str]:
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    return re.findall(r"<td>([^<]*)</td>", table)


def short_day(day: date) -> str:
    return f"{day:%-d\N{NO-BREAK SPACE}%b}"


@pytest.mark.django_db(transaction=True)
def test_growth_draws_what_the_table_beneath_says(play: Play, dana: Person, ana: Person):
    at = now()
    for weeks, before, after in ((4, 3, 5), (3, 4, 4), (2, 2, 6), (1, 5, 7), (1, 6, 8)):
        close(play, dana, ana, at - timedelta(weeks=weeks), close_before=before, close_after=after)
    few = str(ana.browser().get("/growth/").content, "utf-8")
    assert few.count('role="img"') == 2
    # Without a line on the drawing there is none in the legend, and no trend in the words.
    assert '<path class="line' not in few
    assert few.count("From five marks on you will see a line.") == 1
    assert "Before writing: " in few
    lately = (at.astimezone(ZoneInfo(ZONE)) - timedelta(weeks=1)).date()
    week = short_day(lately - timedelta(days=lately.weekday()))
    assert f"Before writing: between 2 and 5.5, last 5.5, in the week of {week}." in few
    close(play, dana, ana, at, close_after=9)
    page = str(ana.browser().get("/growth/").content, "utf-8")
    # The first series has four marks still; the second has its five, and its line.
    assert lines_of(page) == ["ld", "ld"]
    assert page.count('<path class="line') == 3
    # "Last" alone is now.
    assert f"between 2 and 5.5, last 5.5, in the week of {week}." in page
    assert "between 4 and 9, last 9." in page
    cells = cells_of(page)
    assert set(cells[:-10]) == {"no entry"}
    assert cells[-10:] == ["3", "5", "4", "4", "2", "6", "5.5", "7.5", "no entry", "9"]
    # In Spanish a number has its comma.
    browser = ana.browser()
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "es"
    assert "5,5" in cells_of(str(browser.get("/growth/").content, "utf-8"))


def test_the_ring_is_explained_where_there_is_one():
    apart = [Series("Ana", [3, None, 5]), Series("Ben", [4, None, 6])]
    assert staff_charts.ring_text(apart) == ""
    assert staff_charts.ring_text(apart[:1]) == ""
    assert (
        staff_charts.ring_text([*apart[:1], Series("Ben", [4, None, 5])])
        == "A ring: both are the same."
    )


def test_a_single_mark_is_said_as_part_of_a_sentence():
    alone, two = Series("", [5]), [Series("Wanda", [5], "a"), Series("Ivo", [None], "b")]
    assert staff_charts.in_numbers([alone], WEEKS[:1]) == "5, in one week."
    assert staff_charts.in_numbers([alone], WEEKS[:1], counts=True) == "5 times, in one week."
    assert staff_charts.in_numbers(two, WEEKS[:1]) == "Wanda: 5, in one week."


def test_how_often_is_said_with_its_unit_and_hides_no_course():
    one = Series("", [2, None, 1, 0, 1, 0])
    assert staff_charts.in_numbers([one], WEEKS, counts=True) == (
        "Between 0 and 2 times a week, in five weeks with entries."
    )
    assert staff_charts.in_numbers([one], WEEKS) == "Between 0 and 2, last 0."
    alike = Series("", [1, 1])
    assert staff_charts.in_numbers([alike], WEEKS[:2], counts=True) == (
        "1 time a week, in two weeks with entries."
    )


@pytest.mark.django_db(transaction=True)
def test_all_that_is_drawn_stands_on_the_weeks_the_page_names(
    play: Play, dana: Person, ana: Person
):
    """Also where the last of it is weeks ago, and where all of it was on one day."""
    at = now()
    for weeks in (6, 5):
        close(play, dana, ana, at - timedelta(weeks=weeks), close_before=3, close_after=5)
    homework = play.homework(ana, play.assign(dana, ana, "e04-reassurance-log", days=90))
    for _time in range(2):
        note(play, ana, homework, at - timedelta(weeks=4), 5)
    page = str(ana.browser().get("/growth/").content, "utf-8")
    tables = re.findall(r"<tbody>(.*?)</tbody>", page, re.DOTALL)
    today = at.astimezone(ZoneInfo(ZONE)).date()
    mondays = [
        today - timedelta(days=today.weekday(), weeks=weeks) for weeks in reversed(range(10))
    ]
    named = [short_day(day) for day in mondays]
    drawn = [one for one in tables if "no entry" in one]
    assert len(drawn) == page.count('<svg class="s"') >= 2
    for one in drawn:
        assert re.findall(r"<th[^>]*>([^<]*)</th>", one) == named
    assert f"{named[0]} to " in page
    # Those without a week of their own have gaps there.
    closeness = re.findall(r"<td>([^<]*)</td>", next(one for one in drawn if "<td>3</td>" in one))
    assert closeness == ["no entry"] * 6 + ["3", "5"] * 2 + ["no entry"] * 10
    moments = re.findall(r"<td>([^<]*)</td>", next(one for one in drawn if "<td>2</td>" in one))
    assert moments == ["no entry"] * 5 + ["2"] + ["no entry"] * 4
    assert "Each mark is one week." in page
    assert "2 times, in one week." in page


@pytest.mark.django_db(transaction=True)
def test_the_same_moments_are_the_same_numbers_for_client_and_therapist(
    play: Play, dana: Person, ana: Person
):
    at = now()
    for days, before, after in ((35, 3, 5), (34, 4, 9), (21, 2, 6), (7, 5, 7), (0, 6, 8)):
        when = at - timedelta(days=days)
        homework = close(play, dana, ana, when, close_before=before, close_after=after)
        play.submit(ana, homework, close_before=before, close_after=after)
    own = cells_of(str(ana.browser().get("/growth/").content, "utf-8"))
    theirs = cells_of(str(dana.browser().get(f"/clients/{ana.client.pk}/").content, "utf-8"))
    assert "no entry" in own  # a missing week is a gap for both
    assert own == theirs


@pytest.mark.django_db(transaction=True)
def test_what_was_never_begun_is_nothing_one_has_worked_on(play: Play, dana: Person, ana: Person):
    """Today has it; what was let go is found here, to be picked up again."""
    given, begun, gone = (play.homework(ana, play.assign(dana, ana)) for _time in range(3))
    play.say(ana, begun, topic="the train")
    with play.at(ana):
        pausing.set_aside(by=ana.actor, at=now(), homework=gone)
    page = str(ana.browser().get("/growth/").content, "utf-8")
    assert str(given.pk) not in page
    assert ">Begun<" in page
    assert ">Set aside<" in page


@pytest.mark.django_db(transaction=True)
def test_a_log_of_many_weeks_counts_each_week_whole(play: Play, dana: Person, ana: Person):
    homework = play.homework(ana, play.assign(dana, ana, "e04-reassurance-log", days=90))
    here = now().astimezone(ZoneInfo(ZONE))
    monday = here - timedelta(days=here.weekday())
    for days in (28, 27, 27):
        note(play, ana, homework, monday - timedelta(days=days), 5)
    for days in (7, 1):
        note(play, ana, homework, monday - timedelta(days=days), 5)
    page = str(ana.browser().get("/growth/").content, "utf-8")
    # Days without a moment are days, too: three in a week are three, not one and a half a day.
    assert cells_of(page)[5:9] == ["3", "no entry", "no entry", "2"]
    assert "Between 2 and 3 times a week, in two weeks with entries." in page


@pytest.mark.django_db(transaction=True)
def test_what_is_drawn_comes_before_what_is_counted_and_that_before_what_is_said(
    play: Play, dana: Person, ana: Person
):
    """Side by side stands what is of a height: nothing leaves a hole."""
    at = now()
    log = play.homework(ana, play.assign(dana, ana, "e04-reassurance-log"))
    said = {"for": "real", "relief_now": 3, "relief_hour": 5}
    for days in (3, 1):
        note(play, ana, log, at - timedelta(days=days), 4, **said)
    page = str(ana.browser().get("/growth/").content, "utf-8")
    shown = page.partition('<div class="charts">')[2].partition('id="past"')[0]
    cards = shown.split('<section class="card')[1:]
    kinds = ["drawn" if "<svg" in one else "table" if "<table" in one else "said" for one in cards]
    assert kinds == sorted(kinds, key=["drawn", "table", "said"].index)
    assert set(kinds) == {"drawn", "table", "said"}


# --- the weeks that are shown -----------------------------------------------------------------
def note(
    play: Play,
    ana: Person,
    homework: Homework,
    when: datetime,
    urge: int | None,
    **said: str | int,
) -> None:
    """Let Ana note a moment as it happens."""
    with play.at(ana):
        entry = moments.add_entry(
            by=ana.actor,
            at=when,
            homework=homework_of(ana.actor, homework.pk),
            log_key="moments",
            happened_at=when,
        )
        responding.save(
            by=ana.actor,
            at=when,
            homework=homework_of(ana.actor, homework.pk),
            said=[
                responding.AnswerInput("form", "words"),
                *([] if urge is None else [responding.AnswerInput("urge", urge)]),
                *(responding.AnswerInput(item, value) for item, value in said.items()),
            ],
            entry=entry,
        )


@pytest.mark.django_db(transaction=True)
def test_growth_draws_all_of_its_weeks_and_not_only_a_page_of_them(
    play: Play, dana: Person, ana: Person
):
    at, many = now(), 22
    for number in range(many):
        when = at - timedelta(days=2 * number)
        close(play, dana, ana, when, close_before=3, close_after=5)
    page = str(ana.browser().get("/growth/").content, "utf-8")
    assert page.count('class="tile"') < many  # the list beneath is a page; the chart is not
    days = {(at - timedelta(days=2 * number)).astimezone(ZoneInfo(ZONE)) for number in range(many)}
    weeks = {day.date() - timedelta(days=day.weekday()) for day in days}
    assert [one for one in cells_of(page) if one != "no entry"] == ["3", "5"] * len(weeks)
    assert "Each mark is the average of a week." in page


@pytest.mark.django_db(transaction=True)
def test_a_log_that_began_long_ago_is_drawn_now_and_what_came_before_is_a_link_away(
    play: Play, dana: Person, ana: Person
):
    homework = play.homework(ana, play.assign(dana, ana, "e04-reassurance-log", days=300))
    at = now()
    for days, urge in ((200, 9), (199, 8), (1, 4), (0, 2)):
        note(play, ana, homework, at - timedelta(days=days), urge)
    for who, path in ((ana, "/growth/"), (dana, f"/clients/{ana.client.pk}/")):
        if who is dana:
            play.submit(ana, homework)
        newest = str(who.browser().get(path).content, "utf-8")
        assert "The newest weeks" not in newest
        assert [cell for cell in cells_of(newest) if cell != "no entry"] in (["1", "1"], ["2"])
        (earlier,) = re.findall(r'href="(/[^"]*\?before=[^"]*)"', newest)
        for _step in range(4):
            before = str(who.browser().get(earlier).content, "utf-8")
            assert "The newest weeks" in before
            if 'role="img"' in before:
                break
            (earlier,) = re.findall(r'href="(/[^"]*\?before=[^"]*)"', before)
        assert [cell for cell in cells_of(before) if cell != "no entry"] in (["1", "1"], ["2"])
        # Before the very first there is nothing to lead to.
        assert "Earlier weeks" not in before


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "before", ["", "yesterday", "0001-01-01", "9999-12-31", "\x00", "2026-13-40"]
)
def test_a_day_that_is_none_is_no_address(before: str, play: Play, dana: Person, ana: Person):
    expected = 200 if not before else 404
    assert ana.browser().get("/growth/", {"before": before}).status_code == expected
    path = f"/clients/{ana.client.pk}/"
    assert dana.browser().get(path, {"before": before}).status_code == expected


@pytest.mark.django_db(transaction=True)
def test_more_than_is_read_at_once_makes_the_weeks_fewer(
    play: Play, dana: Person, ana: Person, monkeypatch: pytest.MonkeyPatch
):
    homework = play.homework(ana, play.assign(dana, ana, "e04-reassurance-log", days=90))
    at = now()
    for weeks in range(6):
        note(play, ana, homework, at - timedelta(weeks=weeks), weeks)
    monkeypatch.setattr(series, "MOST_MOMENTS", 3)
    with play.at(ana):
        newest = series.numbers(ana.actor, [ana.client.pk], at)
        assert len(newest.span.mondays) == 3
        assert newest.span.earlier == newest.span.since
        older = series.numbers(ana.actor, [ana.client.pk], at, str(newest.span.earlier))
    shown = [
        series.by_week(ana.actor, [ana.client.pk], one)[ana.client.pk] for one in (older, newest)
    ]
    said = [value for weeks in shown for value in weeks.means("urge") if value is not None]
    assert said == [5, 4, 3, 2, 1, 0]


@pytest.mark.django_db(transaction=True)
def test_what_is_not_sent_is_not_judged(play: Play, dana: Person, ana: Person):
    homework = play.homework(ana, play.assign(dana, ana, "e10-from-test-to-clear-ask"))
    play.say(ana, homework, do="called me", time="today")
    assert "0 of 1 time" not in str(ana.browser().get("/growth/").content, "utf-8")
    play.submit(ana, homework, do="called me", time="today", free="no")
    assert "1 of 1." in str(ana.browser().get("/growth/").content, "utf-8")
