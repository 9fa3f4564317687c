import contextlib
import sys
import time as stopwatch
import zoneinfo
from datetime import UTC, date, datetime, time, timedelta

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from exercises import schedule
from exercises.schedule import Frequency, Rule, ScheduleProblem, Slot, Weekday

zoneinfo.reset_tzpath(to=())  # the pinned zone data only, as in the settings

NEW_YORK = "America/New_York"
FAR = datetime(2100, 1, 1, tzinfo=UTC)


def wall(text):
    return datetime.fromisoformat(text)


def instant(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "local", "utc", "shown"),
    [
        (NEW_YORK, "2027-03-14T02:30", "2027-03-14T07:30", "2027-03-14T03:30"),
        (NEW_YORK, "2026-11-01T01:30", "2026-11-01T05:30", "2026-11-01T01:30"),
        ("Europe/London", "2027-03-28T01:30", "2027-03-28T01:30", "2027-03-28T02:30"),
        ("Europe/London", "2026-10-25T01:30", "2026-10-25T00:30", "2026-10-25T01:30"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:45", "2026-10-04T02:45"),
        ("Australia/Lord_Howe", "2027-04-04T01:45", "2027-04-03T14:45", "2027-04-04T01:45"),
        ("Africa/Casablanca", "2026-02-15T02:30", "2026-02-15T01:30", "2026-02-15T02:30"),
        ("Africa/Casablanca", "2026-03-22T02:30", "2026-03-22T02:30", "2026-03-22T03:30"),
        ("Africa/Casablanca", "2026-12-15T09:00", "2026-12-15T09:00", "2026-12-15T09:00"),
        ("America/Vancouver", "2026-12-15T09:00", "2026-12-15T16:00", "2026-12-15T09:00"),
        ("Pacific/Apia", "2011-12-29T09:00", "2011-12-29T19:00", "2011-12-29T09:00"),
        ("Pacific/Apia", "2011-12-30T09:00", "2011-12-30T19:00", "2011-12-31T09:00"),
        ("Pacific/Apia", "2011-12-31T09:00", "2011-12-30T19:00", "2011-12-31T09:00"),
        ("Africa/Cairo", "2027-04-30T00:00", "2027-04-29T22:00", "2027-04-30T01:00"),
        ("America/Santiago", "2026-09-06T00:00", "2026-09-06T04:00", "2026-09-06T01:00"),
        ("America/Havana", "2026-03-08T00:30", "2026-03-08T05:30", "2026-03-08T01:30"),
        ("America/Nuuk", "2027-03-27T23:30", "2027-03-28T01:30", "2027-03-28T00:30"),
        ("Pacific/Chatham", "2026-09-27T03:00", "2026-09-26T14:15", "2026-09-27T04:00"),
        ("Antarctica/Troll", "2027-03-28T02:30", "2027-03-28T02:30", "2027-03-28T04:30"),
    ],
)
def test_resolve_follows_rfc_5545_through_every_clock_change(zone, local, utc, shown):
    at = schedule.resolve(wall(local), zone)

    assert at == instant(utc)
    assert schedule.local_time(at, zone) == wall(shown)


def test_resolve_refuses_a_wall_time_that_carries_a_zone():
    with pytest.raises(ScheduleProblem):
        schedule.resolve(datetime(2027, 1, 1, tzinfo=UTC), NEW_YORK)


@pytest.mark.parametrize("local", ["0001-01-01", "9999-12-31T23:59:59"])
@pytest.mark.parametrize("zone", ["Pacific/Apia", "Pacific/Pago_Pago"])
def test_resolve_never_falls_off_the_calendar(local, zone):
    with contextlib.suppress(ScheduleProblem):
        assert schedule.resolve(wall(local), zone).tzinfo is UTC


def test_at_local_hour():
    assert schedule.at_local_hour(date(2026, 12, 15), time(19, 30), NEW_YORK) == instant(
        "2026-12-16T00:30"
    )


# --- recurrence -------------------------------------------------------------------------------


def test_apia_keeps_one_of_two_slots_on_the_same_instant():
    daily = schedule.parse_rrule("FREQ=DAILY;COUNT=3")

    found = schedule.slots(daily, wall("2011-12-29T09:00"), "Pacific/Apia", until=FAR)

    assert found == [
        Slot(wall("2011-12-29T09:00"), instant("2011-12-29T19:00")),
        Slot(wall("2011-12-31T09:00"), instant("2011-12-30T19:00")),
    ]


def test_a_monthly_slot_on_the_day_apia_left_out_is_dropped():
    monthly = schedule.parse_rrule("FREQ=MONTHLY;COUNT=3")

    found = schedule.slots(monthly, wall("2011-11-30T09:00"), "Pacific/Apia", until=FAR)

    assert [slot.local for slot in found] == [wall("2011-11-30T09:00"), wall("2012-01-30T09:00")]


def test_a_fold_slot_comes_once_and_the_hour_is_kept():
    daily = schedule.parse_rrule("FREQ=DAILY;COUNT=2")

    night = schedule.slots(daily, wall("2026-11-01T01:30"), NEW_YORK, until=FAR)
    morning = schedule.slots(daily, wall("2026-10-31T09:00"), NEW_YORK, until=FAR)

    assert [slot.utc for slot in night] == [
        instant("2026-11-01T05:30"),
        instant("2026-11-02T06:30"),
    ]
    assert [slot.utc for slot in morning] == [
        instant("2026-10-31T13:00"),
        instant("2026-11-01T14:00"),
    ]


def test_a_nuuk_slot_that_lands_on_the_next_day_is_kept():
    daily = schedule.parse_rrule("FREQ=DAILY;COUNT=2")

    found = schedule.slots(daily, wall("2027-03-27T23:30"), "America/Nuuk", until=FAR)

    assert [slot.utc for slot in found] == [
        instant("2027-03-28T01:30"),
        instant("2027-03-29T00:30"),
    ]


@pytest.mark.parametrize(
    ("text", "first", "expected"),
    [
        ("FREQ=WEEKLY;BYDAY=MO,TH", "2027-01-05", ["2027-01-07", "2027-01-11", "2027-01-14"]),
        ("FREQ=WEEKLY;INTERVAL=2", "2027-01-05", ["2027-01-05", "2027-01-19", "2027-02-02"]),
        ("FREQ=MONTHLY", "2027-01-31", ["2027-01-31", "2027-03-31", "2027-05-31"]),
        (
            "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
            "2027-01-31",
            ["2027-01-31", "2027-02-28", "2027-03-31"],
        ),
        ("FREQ=MONTHLY;BYDAY=-1FR", "2027-01-01", ["2027-01-29", "2027-02-26", "2027-03-26"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2027-01-01", ["2028-02-29", "2032-02-29"]),
        ("RRULE:FREQ=DAILY;UNTIL=20270102", "2027-01-01", ["2027-01-01", "2027-01-02"]),
        ("freq=daily;until=20270102T140000z", "2027-01-01", ["2027-01-01", "2027-01-02"]),
        ("FREQ=DAILY;UNTIL=20270102T135959Z", "2027-01-01", ["2027-01-01"]),
        ("FREQ=DAILY;UNTIL=20270102T085959", "2027-01-01", ["2027-01-01"]),
    ],
)
def test_slots_of_common_rules(text, first, expected):
    rule = schedule.parse_rrule(text)

    found = schedule.slots(
        rule, wall(f"{first}T09:00"), NEW_YORK, until=instant("2033-01-01T00:00"), limit=3
    )

    assert [str(slot.local.date()) for slot in found] == expected


def test_parse_rrule_reads_every_part():
    assert schedule.parse_rrule(
        "FREQ=MONTHLY;INTERVAL=2;BYDAY=MO,-1FR;BYMONTH=3,1;BYMONTHDAY=-1,5;BYSETPOS=1;COUNT=9"
    ) == Rule(
        frequency=Frequency.MONTHLY,
        interval=2,
        by_day=(Weekday(0), Weekday(4, -1)),
        by_month_day=(-1, 5),
        by_month=(1, 3),
        by_set_position=(1,),
        count=9,
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "DAILY",
        "FREQ=",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=367",
        "FREQ=DAILY;INTERVAL=99999999999999999999",
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MINUTELY;BYMONTHDAY=32",
        "FREQ=HOURLY",
        "FREQ=DAILY;BYMONTHDAY=32",
        "FREQ=DAILY;BYMONTHDAY=0",
        "FREQ=DAILY;BYMONTHDAY=",
        "FREQ=DAILY;BYMONTHDAY=١",
        "FREQ=DAILY;COUNT=1000000000",
        "FREQ=DAILY;COUNT=1001",
        "FREQ=DAILY;COUNT=2;UNTIL=20270101",
        "FREQ=DAILY;UNTIL=20270230",
        "FREQ=DAILY;UNTIL=tomorrow",
        "FREQ=DAILY;FREQ=DAILY",
        "FREQ=DAILY;BYHOUR=3",
        "FREQ=DAILY;WKST=SU",
        "FREQ=DAILY;BYDAY=2MO",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=MONTHLY;BYDAY=0MO",
        "FREQ=YEARLY;BYDAY=54MO",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;BYMONTHDAY=1",
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=1",
        "FREQ=MONTHLY;BYSETPOS=1",
        "FREQ=DAILY\nEXDATE:20270101",
        "FREQ=DAILY;" + "A" * 100_000,
    ],
)
def test_parse_rrule_refuses_at_once(text):
    began = stopwatch.thread_time()

    with pytest.raises(ScheduleProblem):
        schedule.parse_rrule(text)

    assert stopwatch.thread_time() - began < 0.05


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=MONTHLY;BYMONTHDAY=1;BYDAY=5MO",
        "FREQ=MONTHLY;BYMONTHDAY=1;BYSETPOS=300",
    ],
)
def test_a_rule_that_never_comes_true_ends_soon(text):
    began = stopwatch.thread_time()

    found = schedule.slots(
        schedule.parse_rrule(text), wall("2027-01-04T09:00"), NEW_YORK, until=instant("2027-02-08")
    )

    assert found == []
    assert stopwatch.thread_time() - began < 0.5


days = st.sampled_from(schedule.WEEKDAYS)
month_days = st.lists(
    st.integers(-31, 31).filter(bool).map(str), min_size=1, max_size=4, unique=True
).map(",".join)


@st.composite
def rules(draw):
    frequency = draw(st.sampled_from(Frequency))
    large = frequency in {Frequency.MONTHLY, Frequency.YEARLY}
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.integers(1, 5))}", "COUNT=12"]
    if draw(st.booleans()):
        parts.append("BYMONTH=" + draw(st.sampled_from(["1", "2,3", "1,2,3,4,5,6,7,8,9,10,11,12"])))
    monthly_days = draw(st.booleans()) and frequency is not Frequency.WEEKLY
    if monthly_days:
        parts.append("BYMONTHDAY=" + draw(month_days))
    weekdays = draw(st.booleans())
    if weekdays:
        nth = str(draw(st.sampled_from([1, 2, -1]))) if large and draw(st.booleans()) else ""
        found = draw(st.lists(days, min_size=1, max_size=3, unique=True))
        parts.append("BYDAY=" + ",".join(nth + day for day in found))
    if large and (monthly_days or weekdays) and draw(st.booleans()):
        parts.append("BYSETPOS=" + draw(st.sampled_from(["1", "-1", "1,-1", "2"])))
    return ";".join(parts)


@given(rules(), st.dates(date(2024, 1, 1), date(2028, 12, 31)))
@settings(max_examples=300, deadline=None)
def test_slots_equal_dateutil_where_dateutil_ends(text, first_day):
    first, end = datetime.combine(first_day, time(9)), datetime.combine(first_day, time(9))
    end += timedelta(days=3 * 365)
    oracle = rrulestr(text.replace("COUNT=12", f"UNTIL={end:%Y%m%dT%H%M%S}"), dtstart=first)
    expected = []
    for local in _until_year(oracle, end):
        expected.append(local)
        if len(expected) == 12:
            break

    found = schedule.slots(schedule.parse_rrule(text), first, "UTC", until=end.replace(tzinfo=UTC))

    assert [slot.local for slot in found] == expected


def _until_year(oracle, end):
    """List dateutil's answer without letting it search to the year 9999."""

    class Short:
        MAXYEAR = end.year

        def __getattr__(self, name):
            return getattr(sys.modules["datetime"], name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dateutil.rrule.datetime", Short())
        return list(oracle)


@given(st.text(max_size=60))
def test_parse_rrule_survives_any_text(text):
    with contextlib.suppress(ScheduleProblem):
        assert isinstance(schedule.parse_rrule(text), Rule)


# --- quiet hours ------------------------------------------------------------------------------

NIGHT = (time(22), time(8))


@pytest.mark.parametrize(
    ("zone", "local", "hours", "expected"),
    [
        (NEW_YORK, "2027-01-10T21:59", NIGHT, "2027-01-10T21:59"),
        (NEW_YORK, "2027-01-10T22:00", NIGHT, "2027-01-11T08:00"),
        (NEW_YORK, "2027-01-11T07:59", NIGHT, "2027-01-11T08:00"),
        (NEW_YORK, "2027-01-11T08:00", NIGHT, "2027-01-11T08:00"),
        (NEW_YORK, "2027-03-14T01:45", (time(22), time(2, 30)), "2027-03-14T03:30"),
        ("Australia/Lord_Howe", "2026-10-04T01:45", (time(22), time(2, 15)), "2026-10-04T02:45"),
        ("Pacific/Apia", "2011-12-29T23:00", NIGHT, "2011-12-31T08:00"),
        ("Africa/Cairo", "2027-04-29T23:30", (time(20), time(0)), "2027-04-30T01:00"),
        (NEW_YORK, "2027-01-10T13:00", (time(12), time(14)), "2027-01-10T14:00"),
        (NEW_YORK, "2027-01-10T15:00", (time(12), time(14)), "2027-01-10T15:00"),
        (NEW_YORK, "2027-01-10T23:00", (time(8), time(8)), "2027-01-10T23:00"),
    ],
)
def test_after_quiet(zone, local, hours, expected):
    at = schedule.resolve(wall(local), zone)

    found = schedule.after_quiet(at, zone, *hours)

    assert schedule.local_time(found, zone) == wall(expected)
    assert schedule.quiet(at, zone, *hours) is (local != expected)
    assert schedule.quiet(found, zone, *hours) is False


def test_quiet_hours_that_end_in_a_repeated_hour_end_the_second_time():
    first, second = instant("2026-11-01T05:30"), instant("2026-11-01T06:30")

    assert schedule.after_quiet(first, NEW_YORK, time(22), time(1, 30)) == second
    assert schedule.quiet(instant("2026-11-01T06:29"), NEW_YORK, time(22), time(1, 30)) is True


def test_quiet_hours_that_begin_in_a_repeated_hour_begin_the_first_time():
    assert schedule.quiet(instant("2026-11-01T05:30"), NEW_YORK, time(1, 30), time(8)) is True
    assert schedule.quiet(instant("2026-11-01T05:29"), NEW_YORK, time(1, 30), time(8)) is False


@pytest.mark.parametrize(
    ("local", "expected"),
    [("2027-01-10T21:00", "2027-01-10T21:00"), ("2027-01-11T03:00", "2027-01-10T21:59")],
)
def test_before_quiet(local, expected):
    at = schedule.resolve(wall(local), NEW_YORK)

    found = schedule.before_quiet(at, NEW_YORK, *NIGHT)

    assert found == schedule.resolve(wall(expected), NEW_YORK)


@given(
    st.datetimes(wall("2010-01-01"), wall("2030-01-01"), timezones=st.just(UTC)),
    st.sampled_from([NEW_YORK, "Pacific/Apia", "Australia/Lord_Howe", "Africa/Cairo", "UTC"]),
    st.times(),
    st.times(),
)
@settings(deadline=None)
def test_neither_side_of_quiet_is_quiet(at, zone, start, end):
    after = schedule.after_quiet(at, zone, start, end)
    before = schedule.before_quiet(at, zone, start, end)

    assert before <= at <= after
    assert schedule.quiet(after, zone, start, end) is False
    assert schedule.quiet(before, zone, start, end) is False


# --- the small ones ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["", "../etc/passwd", "/etc/localtime", "Mars/Base", "utc\0", "\ud800", None, 3, b"UTC", "a" * 9999,
     "Factory", "localtime", "America", "America/"],
)  # fmt: skip
def test_is_zone_is_safe_with_anything(name):
    assert schedule.is_zone(name) is False


def test_is_zone_knows_zones_and_resolve_refuses_others():
    assert schedule.is_zone("America/Argentina/Buenos_Aires") is True
    with pytest.raises(ScheduleProblem):
        schedule.resolve(wall("2027-01-01"), "Mars/Base")


def test_spread_is_the_same_each_time_and_stays_below_ten_minutes():
    delays = {schedule.spread(f"client-{number}") for number in range(2000)}

    assert schedule.spread("client-1") == schedule.spread("client-1")
    assert min(delays) >= timedelta(0)
    assert max(delays) < timedelta(minutes=10)
    assert len(delays) > 500
    assert schedule.spread("\ud800", minutes=1) < timedelta(minutes=1)


def test_zone_data_is_the_pinned_package():
    assert schedule.tzdata_version() == "2026f"
