"""Zones, and what a clock on the wall says against the instant it means."""

import zoneinfo
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

import tzdata  # type: ignore[import-untyped]  # data, with one name we read

DAY = timedelta(days=1)
_NOT_PLACES = frozenset({"Factory", "localtime"})


class ScheduleProblem(ValueError):
    """A rule, zone or time that cannot be planned; the text says why."""


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


def zone_of(name: str) -> tzinfo:
    """Return the zone of this name. Raises ScheduleProblem for one we do not know."""
    if not is_zone(name):
        raise ScheduleProblem("This is not a time zone we know.")
    return zoneinfo.ZoneInfo(name)


def resolve(local: datetime, zone: str) -> datetime:
    """Return the UTC instant of the naive wall time `local` in `zone` (RFC 5545, 3.3.5).

    A time that comes twice is the first of the two. A time the clock jumps over uses the offset
    before the jump, so 02:30 in a one-hour gap is shown as 03:30: later, never lost.
    """
    if local.tzinfo is not None:
        raise ScheduleProblem("A wall time carries no zone of its own.")
    return instant(local, zone_of(zone), fold=0)


def at_local_hour(day: date, clock: time, zone: str) -> datetime:
    """Return the UTC instant at which the clock in `zone` says `clock` on `day`."""
    return resolve(datetime.combine(day, clock.replace(tzinfo=None)), zone)


def local_time(at_utc: datetime, zone: str) -> datetime:
    """Return the naive wall time in `zone` at the instant `at_utc`."""
    return utc(at_utc).astimezone(zone_of(zone)).replace(tzinfo=None, fold=0)


def wall_time(at_utc: datetime, zone: str) -> datetime:
    """Return the wall time in `zone` as a column keeps it: what the clock says, marked as UTC."""
    return local_time(at_utc, zone).replace(tzinfo=UTC)


def instant(local: datetime, zone: tzinfo, *, fold: int) -> datetime:
    """Return the UTC instant of a wall time; `fold` chooses among the two of a time that comes twice."""
    try:
        return local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    except OverflowError as problem:
        raise ScheduleProblem("This is outside the calendar.") from problem


def utc(at: datetime) -> datetime:
    """Return the instant in UTC. Raises ScheduleProblem for a time without a zone."""
    if at.tzinfo is None:
        raise ScheduleProblem("An instant needs its zone.")
    return at.astimezone(UTC)
