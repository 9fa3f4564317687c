"""Quiet hours, and the minutes by which mails of one hour are spread."""

import hashlib
from datetime import datetime, time, timedelta

from exercises.schedule.clocks import DAY, instant, local_time, utc, zone_of

# In minutes: so far behind its hour a reminder may go.
MOST_SPREAD = 10


def quiet(at_utc: datetime, zone: str, start: time, end: time) -> bool:
    """Say whether the instant lies in the quiet hours [start, end) of the wall clock in `zone`.

    They may pass midnight; start == end means there are none. Where a clock change makes a
    border doubtful, quiet begins at the earlier and ends at the later instant.
    """
    return _window(utc(at_utc), zone, start, end) is not None


def after_quiet(at_utc: datetime, zone: str, start: time, end: time) -> datetime:
    """Return `at_utc` itself when it is not quiet then, else the instant quiet hours end."""
    at = utc(at_utc)
    while (window := _window(at, zone, start, end)) is not None:
        at = window[1]
    return at


def before_quiet(at_utc: datetime, zone: str, start: time, end: time) -> datetime:
    """Return `at_utc` itself when it is not quiet then, else one minute before quiet begins.

    A whole minute, so that what is planned for this instant is also sent before quiet hours.
    """
    at = utc(at_utc)
    while (window := _window(at, zone, start, end)) is not None:
        at = window[0] - timedelta(minutes=1)
    return at


def _window(at: datetime, zone: str, start: time, end: time) -> tuple[datetime, datetime] | None:
    """Return the quiet hours `at` lies in, as instants."""
    # Borders are whole minutes: what is left of a day is then a minute at least, never seconds.
    start, end = (border.replace(second=0, microsecond=0) for border in (start, end))
    if start == end:
        return None
    place = zone_of(zone)
    today = at.astimezone(place).date()
    for shift in (-2, -1, 0, 1):
        first = today + timedelta(days=shift)
        last = first if start < end else first + DAY
        begins = min(instant(datetime.combine(first, start), place, fold=f) for f in (0, 1))
        ends = max(instant(datetime.combine(last, end), place, fold=f) for f in (0, 1))
        if begins <= at < ends:
            return begins, ends
    return None


def spread(key: str, minutes: int = MOST_SPREAD) -> timedelta:
    """Return this key's own delay, from 0 s to less than `minutes`, the same every time.

    So that a thousand people who chose 09:00 are not written to in the same second.
    """
    number = int.from_bytes(hashlib.sha256(key.encode("utf-8", "replace")).digest()[:8])
    return timedelta(seconds=number % (minutes * 60))


def without_spread(at_utc: datetime, meant_local: datetime, zone: str) -> datetime:
    """Return when a mail was meant to go that goes at `at_utc`; itself, where it was put off."""
    late = local_time(at_utc, zone).replace(tzinfo=None) - meant_local.replace(tzinfo=None)
    return at_utc - late if timedelta(0) <= late < timedelta(minutes=MOST_SPREAD) else at_utc
