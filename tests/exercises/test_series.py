"""What comes again: how a series is given, planned, shown and withdrawn."""

import html
from datetime import time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import now

from clients.models import Couple
from exercises import schedule
from exercises.actions import assigning, clockwork, planning
from exercises.models import Assignment, Homework
from exercises.workflow import Status
from practice.errors import BadInput
from tests.cast import ZONE, Person, Play
from tests.exercises.ground import assign_form, hrefs, page

NEVER = ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=WEEKLY;UNTIL=20200101")


@pytest.mark.parametrize("rule", NEVER)
def test_a_rule_that_never_happens_is_refused_and_nothing_is_kept(
    play: Play, dana: Person, ana: Person, rule: str
):
    with pytest.raises(BadInput) as refused:
        play.assign(dana, ana, "e04-reassurance-log", rrule=rule)
    assert refused.value.fields == {"rrule": ["This rule gives no day in the next two years."]}
    with play.at(dana):
        assert not Assignment.objects.exists()


@pytest.mark.parametrize("whom", ["couple", "ana"])
def test_a_series_from_now_on_does_not_end_before_it_opens(
    play: Play, dana: Person, ana: Person, couple: Couple, whom: str
):
    at = now()
    when = planning.Schedule(
        due_local=schedule.wall_time(at, ZONE) - timedelta(hours=1), rrule="FREQ=WEEKLY"
    )
    with play.at(dana), pytest.raises(BadInput) as refused:
        assigning.assign(
            by=dana.actor,
            at=at,
            version=play.library["e04-reassurance-log"],
            client=ana.client if whom == "ana" else None,
            couple=couple if whom == "couple" else None,
            when=when,
        )
    assert refused.value.fields == {"due": ["Choose the day it opens, or a later one."]}


@pytest.mark.parametrize("said", [{"when": "weekly"}, {"when": "dates", "again": "1"}])
def test_what_comes_again_comes_in_the_morning_and_first_at_once(
    play: Play, dana: Person, ana: Person, said: dict[str, str]
):
    exercise = play.library["e04-reassurance-log"].exercise_id
    path = f"/assign/?client={ana.client.pk}"
    assert dana.browser().post(path, said | {"exercise": exercise}).status_code == 302
    with play.at(dana):
        first, second = Homework.objects.order_by("opens_at")[:2]
    assert (first.status == Status.OPEN) is (first.opens_at <= now())
    here = [one.opens_at.astimezone(ZoneInfo(ZONE)) for one in (first, second)]
    assert [one.time() for one in here] == [time(8), time(8)]


FRIDAY = "2029-12-21T10:00"


@pytest.mark.parametrize(
    ("said", "rule", "opens", "due"),
    [
        ({"again": "1"}, "FREQ=WEEKLY;INTERVAL=1", "21T08:00", "27T21:00"),
        (
            {"again": "1", "days": ["MO", "TH"], "times": "8"},
            "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,TH;COUNT=8",
            "24T08:00",
            "26T21:00",
        ),
        (
            {"again": "2", "days": ["FR"]},
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR",
            "21T08:00",
            "03T21:00",
        ),
        (
            {"again": "1", "days": list(schedule.WEEKDAYS)},
            "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,TU,WE,TH,FR,SA,SU",
            "21T08:00",
            "21T21:00",
        ),
        (
            {"again": "1", "days": ["WE"], "opens": "2029-12-25", "due": "2029-12-30"},
            "FREQ=WEEKLY;INTERVAL=1;BYDAY=WE",
            "26T08:00",
            "30T21:00",
        ),
        # Once, and now.
        ({"days": ["WE"], "times": "3"}, "", "", ""),
        (
            {"again": "1", "days": ["FR", "FR"]},
            "FREQ=WEEKLY;INTERVAL=1;BYDAY=FR",
            "21T08:00",
            "27T21:00",
        ),
    ],
)
def test_days_and_times_make_a_series(said: dict[str, Any], rule: str, opens: str, due: str):
    form = assign_form({"when": "dates", **said}, FRIDAY)
    assert form.is_valid(), form.errors
    found = form.schedule()
    assert found.rrule == rule
    assert (f"{found.opens_local:%dT%H:%M}" if found.opens_local else "") == opens
    assert (f"{found.due_local:%dT%H:%M}" if found.due_local else "") == due


@pytest.mark.parametrize(
    ("at", "zones", "opens"),
    [
        ("2029-12-21T04:13", [ZONE], "21T08:00"),
        # Its evening is over.
        ("2029-12-21T22:50", [ZONE], "22T08:00"),
        ("2029-12-21T22:00", ["America/Los_Angeles"], "21T08:00"),
        # Of two by the therapist's clock, wherever they are.
        ("2029-12-21T22:00", [ZONE, "America/Los_Angeles"], "22T08:00"),
        ("2029-12-21T04:13", [ZONE, "Pacific/Auckland"], "21T08:00"),
    ],
)
def test_a_series_begins_on_a_day_that_is_still_there(at: str, zones: list[str], opens: str):
    daily = {"when": "dates", "again": "1", "days": list(schedule.WEEKDAYS)}
    form = assign_form(daily, at, zones)
    assert form.is_valid(), form.errors
    assert f"{form.schedule().opens_local:%dT%H:%M}" == opens


def test_the_last_day_of_the_first_one_comes_after_the_day_it_opens():
    form = assign_form({"when": "dates", "again": "1", "days": ["TH"], "due": "2029-12-26"}, FRIDAY)
    assert form.errors == {"due": ["Choose the day it opens, or a later one."]}


def test_what_comes_first_in_a_year_is_planned_at_once(play: Play, dana: Person, ana: Person):
    far = (now() + timedelta(days=200)).astimezone(ZoneInfo(ZONE))
    rule = f"FREQ=YEARLY;BYMONTH={far.month};BYMONTHDAY={min(far.day, 28)}"
    given = play.assign(dana, ana, rrule=rule, days=3)
    with play.at(dana):
        assert Homework.objects.filter(assignment=given).count() == 1
        clockwork.extend_series(dana.practice.pk, at=now())
        assert Homework.objects.filter(assignment=given).count() == 1
    assert "will have it on" in page(dana, reverse("assignment_sent", args=[given.pk]))


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ("", " and so on, until you withdraw it."),
        (";COUNT=3", ": 3 times in all."),
        (";COUNT=9", " and so on: 9 times in all."),
        (";UNTIL=20990101", " and so on until Thu 1 Jan."),
        (";COUNT=1", "It comes once."),
    ],
)
def test_what_was_given_says_its_first_day_and_those_after_it(
    play: Play, dana: Person, ana: Person, ends: str, said: str
):
    today = now().astimezone(ZoneInfo(ZONE))
    first, second = today + timedelta(days=2), today + timedelta(days=4)
    days = ",".join(schedule.WEEKDAYS[day.weekday()] for day in (first, second))
    given = play.assign(dana, ana, rrule=f"FREQ=WEEKLY;BYDAY={days}{ends}", days=5)
    shown = page(dana, reverse("assignment_sent", args=[given.pk]))
    assert f"Ana will have it on {date_format(first, 'D j M')}" in shown
    until = date_format(first + timedelta(days=5), "D j M, H:i")
    first_one = "”, until" if ends == ";COUNT=1" else "the first one until"
    assert f"{first_one} {until}." in shown
    assert "Reminders go by their own settings." in shown
    assert said in shown
    if ends != ";COUNT=1":
        more = " and " if ends == ";COUNT=3" else ", "
        assert f"Then on {date_format(second, 'D j M')}{more}" in shown


@pytest.fixture
def series(play: Play, dana: Person, ana: Person) -> list[Homework]:
    given = play.assign(dana, ana, "e04-reassurance-log", rrule="FREQ=WEEKLY;COUNT=5", days=6)
    with play.at(dana):
        return list(Homework.objects.filter(assignment=given).order_by("slot"))


@pytest.mark.parametrize(
    ("part", "gone"), [("one", [2]), ("later", [2, 3, 4]), ("all", [0, 1, 2, 3, 4])]
)
def test_of_a_series_one_withdraws_one_the_later_ones_or_all(
    play: Play, dana: Person, series: list[Homework], part: str, gone: list[int]
):
    here = series[2]
    ask = f"/assignments/{here.assignment_id}/withdraw?homework={here.pk}"
    assert ask in page(dana, f"/work/{here.pk}/")
    shown = page(dana, ask)
    days = [date_format(row.opens_at.astimezone(ZoneInfo(ZONE)), "D j M") for row in series]
    assert f"Only this one, {days[2]}" in shown
    assert f"This one and the 2 after it, until {days[4]}. No more follow." in shown
    assert f"All 5 of this series, {days[0]} to {days[4]}. No more follow." in shown
    assert f'href="/work/{here.pk}/">Leave it as it is' in shown
    assert dana.browser().post(ask).status_code == 422
    assert dana.browser().post(ask, {"part": part}).status_code == 302
    with play.at(dana):
        rows = Homework.objects.filter(assignment=here.assignment_id, status="withdrawn")
        assert sorted(row.slot for row in rows) == gone
        left = Assignment.objects.get(pk=here.assignment_id)
        assert (left.withdrawn_at is None) == (part == "one")
        clockwork.extend_series(dana.practice.pk, at=now() + timedelta(days=7))
        assert sorted(row.slot for row in rows.all()) == gone


def test_a_whole_series_is_withdrawn_only_after_saying_how_many(
    play: Play, dana: Person, ana: Person, series: list[Homework]
):
    ask = f"/assignments/{series[0].assignment_id}/withdraw"
    assert "All 5 of this series, " in page(dana, ask)
    assert dana.browser().post(ask).status_code == 302
    past = page(dana, f"/clients/{ana.client.pk}/").partition("Earlier homework")[2]
    day = date_format(series[4].opens_at.astimezone(ZoneInfo(ZONE)), "j M")
    # What was withdrawn before it had opened was never there.
    assert f'<span class="small muted num">for {day}</span>' not in past
    assert past.count('<li class="item">') == 1


def test_what_has_no_end_is_withdrawn_without_naming_one(play: Play, dana: Person, ana: Person):
    given = play.assign(dana, ana, "e04-reassurance-log", rrule="FREQ=DAILY", days=1)
    with play.at(dana):
        third = Homework.objects.get(assignment=given, slot=2)
    ask = f"/assignments/{given.pk}/withdraw"
    first = date_format(given.opens_local.replace(tzinfo=None), "D j M")
    assert f"All of this series from {first} on." in page(dana, ask)
    shown = page(dana, f"{ask}?homework={third.pk}")
    assert "This one and all that come after it. No more follow." in shown
    assert dana.browser().post(f"{ask}?homework={third.pk}", {"part": "later"}).status_code == 302
    # The two that are left have a last one now, and what was taken back is no part of the past.
    client = page(dana, f"/clients/{ana.client.pk}/")
    assert "and so on" not in client
    assert "withdrawn" not in client
    exercise = play.library["e04-reassurance-log"].exercise_id
    shown = html.unescape(page(dana, f"/assign/?client={ana.client.pk}&exercise={exercise}"))
    assert "Ana has this now" in shown


def test_a_homework_of_something_else_is_no_way_to_withdraw(
    play: Play, dana: Person, ana: Person, series: list[Homework]
):
    other = play.homework(ana, play.assign(dana, ana))
    ask = f"/assignments/{series[0].assignment_id}/withdraw?homework="
    for named in (other.pk, "nothing"):
        page(dana, f"{ask}{named}", 404)
    # What was sent meanwhile takes nothing of the rest along.
    play.submit(ana, play.fresh(series[0]))
    assert dana.browser().post(f"{ask}{series[0].pk}", {"part": "one"}).status_code == 409
    with play.at(dana):
        assert not Homework.objects.filter(status="withdrawn").exists()


@pytest.mark.parametrize(
    ("rule", "said"),
    # Sixty days are more than are planned ahead.
    [
        ("FREQ=DAILY", " · and so on"),
        ("FREQ=DAILY;COUNT=60", " · and 58 more until {last}"),
        ("FREQ=DAILY;COUNT=500", " · and so on"),
    ],
)
def test_homework_now_shows_the_next_of_a_series_and_how_many_follow(
    play: Play, dana: Person, ana: Person, couple: Couple, rule: str, said: str
):
    given = play.assign(dana, couple, "e04-reassurance-log", rrule=rule, days=1)
    last = given.opens_local + timedelta(days=59)
    for path, rows in ((f"/clients/{ana.client.pk}/", 2), (f"/couples/{couple.pk}/", 4)):
        shown = page(dana, path).partition("Homework now")[2].partition("</section>")[0]
        assert len(hrefs(shown, "work/")) == rows
        assert said.format(last=date_format(last, "j M")) in shown


def test_what_was_taken_back_by_itself_is_not_counted_with_what_follows(
    play: Play, dana: Person, ana: Person
):
    given = play.assign(dana, ana, rrule="FREQ=WEEKLY;COUNT=4", days=6, opens_in=timedelta(days=1))
    with play.at(dana):
        last = Homework.objects.get(assignment=given, slot=3)
    ask = f"/assignments/{given.pk}/withdraw?homework={last.pk}"
    assert dana.browser().post(ask, {"part": "one"}).status_code == 302
    third = date_format(given.opens_local + timedelta(days=14), "j M")
    assert f"and 2 more until {third}" in page(dana, f"/clients/{ana.client.pk}/")


@pytest.mark.parametrize(
    ("ends", "said", "later"),
    [
        ("", " · and so on", "This one and all that come after it."),
        (";COUNT=6", " · and 5 more until {last}", "This one and the 4 after it, until {named}."),
    ],
)
def test_what_is_not_planned_yet_counts_as_well(
    play: Play, dana: Person, ana: Person, ends: str, said: str, later: str
):
    """Of what comes every four weeks two times at most are planned."""
    rule = f"FREQ=WEEKLY;INTERVAL=4{ends}"
    given = play.assign(dana, ana, rrule=rule, days=6, opens_in=timedelta(days=2))
    last = given.opens_local + timedelta(weeks=20)
    shown = page(dana, f"/clients/{ana.client.pk}/")
    assert said.format(last=date_format(last, "j M")) in shown
    with play.at(dana):
        planned = Homework.objects.filter(assignment=given).latest("slot")
    shown = page(dana, f"/assignments/{given.pk}/withdraw?homework={planned.pk}")
    assert later.format(named=date_format(last, "D j M")) in shown
