"""Slots, quiet hours and instants in a client's zone: pure functions, no clock, no ORM.

Wall times are naive datetimes with a zone name beside them; instants are aware datetimes in UTC.
They are never mixed: aware datetimes of one zone compare as wall clocks, so everything is
converted before it is compared. Zone data comes from the pinned `tzdata` package alone
(`zoneinfo.reset_tzpath(to=())` in the settings), the same in web, worker and tests.
"""

from exercises.schedule.clocks import (
    ScheduleProblem,
    at_local_hour,
    is_zone,
    local_time,
    resolve,
    tzdata_version,
    wall_time,
    zones,
)
from exercises.schedule.quiet_hours import (
    MOST_SPREAD,
    after_quiet,
    before_quiet,
    quiet,
    spread,
    without_spread,
)
from exercises.schedule.rules import (
    LONGEST_RULE,
    MOST_COUNT,
    MOST_INTERVAL,
    MOST_SLOTS,
    WEEKDAYS,
    Frequency,
    Rule,
    Slot,
    Weekday,
    parse_rrule,
    slots,
)

__all__ = [
    "LONGEST_RULE",
    "MOST_COUNT",
    "MOST_INTERVAL",
    "MOST_SLOTS",
    "MOST_SPREAD",
    "WEEKDAYS",
    "Frequency",
    "Rule",
    "ScheduleProblem",
    "Slot",
    "Weekday",
    "after_quiet",
    "at_local_hour",
    "before_quiet",
    "is_zone",
    "local_time",
    "parse_rrule",
    "quiet",
    "resolve",
    "slots",
    "spread",
    "tzdata_version",
    "wall_time",
    "without_spread",
    "zones",
]
