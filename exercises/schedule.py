"""Slots, quiet hours and instants in a client's zone: pure functions, no clock, no ORM.

Wall times are naive datetimes with a zone name beside them; instants are aware datetimes in UTC.
They are never mixed: aware datetimes of one zone compare as wall clocks, so everything is
converted before it is compared. Zone data comes from the pinned `tzdata` package alone
(`zoneinfo.reset_tzpath(to=())` in the settings), the same in web, worker and tests.
"""

import hashlib
import re
import zoneinfo
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from functools import lru_cache

import tzdata  # type: ignore[import-untyped]  # data, with one name we read

LONGEST_RULE = 400
MOST_COUNT = 1000
MOST_INTERVAL = 366
# More than ten years of a daily slot.
MOST_SLOTS = 4000
# In minutes: so far behind its hour a reminder may go.
MOST_SPREAD = 10
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_DAY = timedelta(days=1)
_LATEST = datetime.fromisoformat("9999-12-20")
_NOT_PLACES = frozenset({"Factory", "localtime"})


class ScheduleProblem(ValueError):
    """A rule, zone or time that cannot be planned; the text says why."""


class Frequency(StrEnum):
    """The periods a rule may step by."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


@dataclass(frozen=True)
class Weekday:
    """A day of the week (Monday is 0), or the nth one of its month or year (0 = every)."""

    day: int
    nth: int = 0


@dataclass(frozen=True)
class Rule:
    """The part of RFC 5545 recurrence that is accepted (see `parse_rrule`).

    `until` is a naive wall time, or an aware UTC instant when the text ended in Z.
    """

    frequency: Frequency
    interval: int = 1
    by_day: tuple[Weekday, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_month: tuple[int, ...] = ()
    by_set_position: tuple[int, ...] = ()
    count: int | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Slot:
    """One occurrence: what the wall clock was meant to say, and the instant it stands for."""

    local: datetime
    utc: datetime


# --- zones ------------------------------------------------------------------------------------


def tzdata_version() -> str:
    """Return the version of the zone data in use, like "2026f"."""
    return str(tzdata.IANA_VERSION)


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """Return the names of all zones a person can live in."""
    return frozenset(zoneinfo.available_timezones() - _NOT_PLACES)


def is_zone(name: object) -> bool:
    """Say whether `name` is a known zone; safe with anything, touches no file by that name."""
    return isinstance(name, str) and name in zones()


def _zone(name: str) -> tzinfo:
    if not is_zone(name):
        raise ScheduleProblem("This is not a time zone we know.")
    return zoneinfo.ZoneInfo(name)


# --- wall time to instant ---------------------------------------------------------------------


def resolve(local: datetime, zone: str) -> datetime:
    """Return the UTC instant of the naive wall time `local` in `zone` (RFC 5545, 3.3.5).

    A time that comes twice is the first of the two. A time the clock jumps over uses the offset
    before the jump, so 02:30 in a one-hour gap is shown as 03:30: later, never lost.
    """
    if local.tzinfo is not None:
        raise ScheduleProblem("A wall time carries no zone of its own.")
    return _instant(local, _zone(zone), fold=0)


def at_local_hour(day: date, clock: time, zone: str) -> datetime:
    """Return the UTC instant at which the clock in `zone` says `clock` on `day`."""
    return resolve(datetime.combine(day, clock.replace(tzinfo=None)), zone)


def local_time(at_utc: datetime, zone: str) -> datetime:
    """Return the naive wall time in `zone` at the instant `at_utc`."""
    return _utc(at_utc).astimezone(_zone(zone)).replace(tzinfo=None, fold=0)


def _instant(local: datetime, zone: tzinfo, *, fold: int) -> datetime:
    try:
        return local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    except OverflowError as problem:
        raise ScheduleProblem("This is outside the calendar.") from problem


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ScheduleProblem("An instant needs its zone.")
    return at.astimezone(UTC)


def _swallowed(local: datetime, zone: tzinfo) -> bool:
    """Say whether the whole date was left out, as 30 December 2011 was in Apia."""
    before = local.replace(tzinfo=zone, fold=0).utcoffset() or timedelta(0)
    after = local.replace(tzinfo=zone, fold=1).utcoffset() or timedelta(0)
    return after - before >= _DAY


# --- recurrence -------------------------------------------------------------------------------


def parse_rrule(text: str) -> Rule:
    """Read a recurrence rule; raise ScheduleProblem, at once, for anything we don't plan.

    Accepted: FREQ=DAILY, WEEKLY, MONTHLY or YEARLY; INTERVAL 1 to 366; BYDAY (numbered only in
    MONTHLY and YEARLY), BYMONTHDAY (not in WEEKLY), BYMONTH, BYSETPOS (MONTHLY and YEARLY, with
    another BY…); COUNT up to 1000 or UNTIL, not both. Nothing else of RFC 5545.
    """
    parts = _parts(text)
    frequency = parts.pop("FREQ", "")
    if frequency not in set(Frequency):
        raise ScheduleProblem("Choose daily, weekly, monthly or yearly.")
    rule = Rule(
        frequency=Frequency(frequency),
        interval=_number(parts.pop("INTERVAL", "1"), 1, MOST_INTERVAL, "INTERVAL"),
        by_day=_weekdays(parts.pop("BYDAY", None)),
        by_month_day=_numbers(parts.pop("BYMONTHDAY", None), 31, "BYMONTHDAY", signed=True),
        by_month=_numbers(parts.pop("BYMONTH", None), 12, "BYMONTH", signed=False),
        by_set_position=_numbers(parts.pop("BYSETPOS", None), 366, "BYSETPOS", signed=True),
        count=_number(parts.pop("COUNT"), 1, MOST_COUNT, "COUNT") if "COUNT" in parts else None,
        until=_until(parts.pop("UNTIL")) if "UNTIL" in parts else None,
    )
    if parts:
        raise ScheduleProblem(f"{min(parts)} is not something we can repeat by.")
    _check_together(rule)
    return rule


def slots(
    rule: Rule, first_local: datetime, zone: str, *, until: datetime, limit: int = MOST_SLOTS
) -> list[Slot]:
    """Return the occurrences from `first_local` (naive) on whose instant is not after `until`.

    The first one is the first wall time, at or after `first_local`, that matches the rule. A
    wall time whose whole date does not exist is dropped; of two that fall on the same instant
    the earlier is. COUNT counts wall times, before anything is dropped. At most `limit`.
    """
    place, end, found = _zone(zone), _utc(until), list[Slot]()
    if rule.until is not None and rule.until.tzinfo is not None:
        end = min(end, rule.until)
    # A wall clock is never two days away from UTC.
    last = min(end.replace(tzinfo=None), _LATEST) + 2 * _DAY
    for local in _wall_times(rule, first_local, last):
        at = _instant(local, place, fold=0)
        if at > end:
            break
        if _swallowed(local, place):
            continue
        if found and found[-1].utc == at:
            found.pop()
        if len(found) == limit:
            break
        found.append(Slot(local, at))
    return found


def _wall_times(rule: Rule, first: datetime, last: datetime) -> Iterator[datetime]:
    """Yield the matching naive wall times; bounded by `last`, so it ends for every rule.

    Ours instead of dateutil's: that one searches to the year 9999 for a rule that never matches
    (DAILY;BYMONTH=2;BYMONTHDAY=30), for minutes. The tests hold the two equal.
    """
    if first.tzinfo is not None:
        raise ScheduleProblem("A wall time carries no zone of its own.")
    if rule.until is not None and rule.until.tzinfo is None:
        last = min(last, rule.until)
    given = 0
    for days in _periods(rule, first.date(), last.date()):
        for day in _positions(rule, [day for day in days if _matches(rule, day, first.date())]):
            local = datetime.combine(day, first.time())
            if local < first:
                continue
            if local > last or given == rule.count:
                return
            given += 1
            yield local


def _periods(rule: Rule, first: date, last: date) -> Iterator[list[date]]:
    """Yield the days of each period the rule steps on, from the one that holds `first`."""
    step = rule.interval
    if rule.frequency is Frequency.DAILY:
        for number in range(0, (last - first).days + 1, step):
            yield [first + timedelta(days=number)]
    elif rule.frequency is Frequency.WEEKLY:
        monday = first.toordinal() - first.weekday()
        for start in range(monday, last.toordinal() + 1, 7 * step):
            yield [date.fromordinal(max(start, 1) + n) for n in range(7)]
    elif rule.frequency is Frequency.MONTHLY:
        for number in range(first.year * 12 + first.month - 1, last.year * 12 + last.month, step):
            yield _month(number // 12, number % 12 + 1)
    else:
        for year in range(first.year, last.year + 1, step):
            yield [day for month in range(1, 13) for day in _month(year, month)]


def _month(year: int, month: int) -> list[date]:
    return [date(year, month, day) for day in range(1, monthrange(year, month)[1] + 1)]


def _matches(rule: Rule, day: date, first: date) -> bool:
    if rule.by_month and day.month not in rule.by_month:
        return False
    if not rule.by_day and not rule.by_month_day:
        return _like_first(rule, day, first)
    if rule.by_month_day:
        length = monthrange(day.year, day.month)[1]
        if not {day.day, day.day - length - 1} & set(rule.by_month_day):
            return False
    return not rule.by_day or any(_is_weekday(rule, day, wanted) for wanted in rule.by_day)


def _like_first(rule: Rule, day: date, first: date) -> bool:
    """Without BYDAY and BYMONTHDAY the first occurrence says which day it is."""
    if rule.frequency is Frequency.WEEKLY:
        return day.weekday() == first.weekday()
    if rule.frequency is Frequency.MONTHLY:
        return day.day == first.day
    if rule.frequency is Frequency.YEARLY:
        return day.day == first.day and (bool(rule.by_month) or day.month == first.month)
    return True


def _is_weekday(rule: Rule, day: date, wanted: Weekday) -> bool:
    if day.weekday() != wanted.day:
        return False
    if not wanted.nth:
        return True
    in_year = rule.frequency is Frequency.YEARLY and not rule.by_month
    start = date(day.year, 1, 1) if in_year else day.replace(day=1)
    end = date(day.year, 12, 31) if in_year else day.replace(day=monthrange(day.year, day.month)[1])
    return wanted.nth in {(day - start).days // 7 + 1, -((end - day).days // 7 + 1)}


def _positions(rule: Rule, days: list[date]) -> list[date]:
    if not rule.by_set_position:
        return days
    count = len(days)
    wanted = {n - 1 if n > 0 else count + n for n in rule.by_set_position}
    return [day for number, day in enumerate(days) if number in wanted]


def _parts(text: str) -> dict[str, str]:
    if len(text) > LONGEST_RULE:
        raise ScheduleProblem("This rule is too long.")
    parts: dict[str, str] = {}
    for part in text.strip().upper().removeprefix("RRULE:").split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value or name in parts:
            raise ScheduleProblem(
                "Each part of a rule is a name, an equals sign and a value, once."
            )
        parts[name] = value
    return parts


def _number(text: str, low: int, high: int, name: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,4}", text) or not low <= int(text) <= high:
        raise ScheduleProblem(f"{name} goes from {low} to {high}.")
    return int(text)


def _numbers(text: str | None, most: int, name: str, *, signed: bool) -> tuple[int, ...]:
    if text is None:
        return ()
    found = [_number(part, -most if signed else 1, most, name) for part in text.split(",")]
    if 0 in found:
        raise ScheduleProblem(f"{name} has no 0.")
    return tuple(sorted(set(found)))


def _weekdays(text: str | None) -> tuple[Weekday, ...]:
    found: list[Weekday] = []
    for part in text.split(",") if text is not None else []:
        match = re.fullmatch(r"([+-]?[0-9]{1,2})?([A-Z]{2})", part)
        if not match or match[2] not in WEEKDAYS or (match[1] and int(match[1]) == 0):
            raise ScheduleProblem("BYDAY names days like MO or, in a month, 2TU or -1FR.")
        found.append(Weekday(WEEKDAYS.index(match[2]), int(match[1] or 0)))
    return tuple(dict.fromkeys(found))


def _until(text: str) -> datetime:
    match = re.fullmatch(r"([0-9]{8})(?:T([0-9]{6})(Z)?)?", text)
    if not match:
        raise ScheduleProblem("UNTIL is written like 20270304 or 20270304T090000Z.")
    try:
        # A bare date means all of that day.
        found = datetime.strptime(match[1] + (match[2] or "235959"), "%Y%m%d%H%M%S")  # noqa: DTZ007 - a wall time
    except ValueError as problem:
        raise ScheduleProblem("UNTIL names a day that does not exist.") from problem
    return found.replace(tzinfo=UTC) if match[3] else found


def _check_together(rule: Rule) -> None:
    large = rule.frequency in {Frequency.MONTHLY, Frequency.YEARLY}
    most = 5 if rule.frequency is Frequency.MONTHLY or rule.by_month else 53
    if rule.count is not None and rule.until is not None:
        raise ScheduleProblem("Choose COUNT or UNTIL, not both.")
    if any(day.nth and (not large or abs(day.nth) > most) for day in rule.by_day):
        raise ScheduleProblem("A numbered weekday belongs in a month or a year that has it.")
    if rule.by_month_day and rule.frequency is Frequency.WEEKLY:
        raise ScheduleProblem("A day of the month does not go with weekly.")
    if rule.by_set_position and not (large and (rule.by_day or rule.by_month_day)):
        raise ScheduleProblem("BYSETPOS goes with monthly or yearly days.")


# --- quiet hours ------------------------------------------------------------------------------


def quiet(at_utc: datetime, zone: str, start: time, end: time) -> bool:
    """Say whether the instant lies in the quiet hours [start, end) of the wall clock in `zone`.

    They may pass midnight; start == end means there are none. Where a clock change makes a
    border doubtful, quiet begins at the earlier and ends at the later instant.
    """
    return _window(_utc(at_utc), zone, start, end) is not None


def after_quiet(at_utc: datetime, zone: str, start: time, end: time) -> datetime:
    """Return `at_utc` itself when it is not quiet then, else the instant quiet hours end."""
    at = _utc(at_utc)
    while (window := _window(at, zone, start, end)) is not None:
        at = window[1]
    return at


def before_quiet(at_utc: datetime, zone: str, start: time, end: time) -> datetime:
    """Return `at_utc` itself when it is not quiet then, else one minute before quiet begins.

    A whole minute, so that what is planned for this instant is also sent before quiet hours.
    """
    at = _utc(at_utc)
    while (window := _window(at, zone, start, end)) is not None:
        at = window[0] - timedelta(minutes=1)
    return at


def _window(at: datetime, zone: str, start: time, end: time) -> tuple[datetime, datetime] | None:
    """Return the quiet hours `at` lies in, as instants."""
    # Borders are whole minutes: what is left of a day is then a minute at least, never seconds.
    start, end = (border.replace(second=0, microsecond=0) for border in (start, end))
    if start == end:
        return None
    place = _zone(zone)
    today = at.astimezone(place).date()
    for shift in (-2, -1, 0, 1):
        first = today + timedelta(days=shift)
        last = first if start < end else first + _DAY
        begins = min(_instant(datetime.combine(first, start), place, fold=f) for f in (0, 1))
        ends = max(_instant(datetime.combine(last, end), place, fold=f) for f in (0, 1))
        if begins <= at < ends:
            return begins, ends
    return None


# --- spreading --------------------------------------------------------------------------------


def spread(key: str, minutes: int = MOST_SPREAD) -> timedelta:
    """Return this key's own delay, from 0 s to less than `minutes`, the same every time.

    So that a thousand people who chose 09:00 are not written to in the same second.
    """
    number = int.from_bytes(hashlib.sha256(key.encode("utf-8", "replace")).digest()[:8])
    return timedelta(seconds=number % (minutes * 60))
