"""Recurrence (RFC 5545, the part of it we take): a rule read, and the slots it gives."""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum

from exercises.schedule.clocks import DAY, ScheduleProblem, instant, utc, zone_of

LONGEST_RULE = 400
MOST_COUNT = 1000
MOST_INTERVAL = 366
# More than ten years of a daily slot.
MOST_SLOTS = 4000
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_LATEST = datetime.fromisoformat("9999-12-20")


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
    place, end, found = zone_of(zone), utc(until), list[Slot]()
    if rule.until is not None and rule.until.tzinfo is not None:
        end = min(end, rule.until)
    # A wall clock is never two days away from UTC.
    last = min(end.replace(tzinfo=None), _LATEST) + 2 * DAY
    for local in _wall_times(rule, first_local, last):
        at = instant(local, place, fold=0)
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


def _swallowed(local: datetime, zone: tzinfo) -> bool:
    """Say whether the whole date was left out, as 30 December 2011 was in Apia."""
    before = local.replace(tzinfo=zone, fold=0).utcoffset() or timedelta(0)
    after = local.replace(tzinfo=zone, fold=1).utcoffset() or timedelta(0)
    return after - before >= DAY


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
