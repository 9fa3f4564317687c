"""Times in a person's own zone, said the way people say them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from clients.models import Client, to_come
from exercises import schedule
from exercises.actions.planning import EVENING
from exercises.definition import Definition
from exercises.models import Homework
from practice.wording import clock_of, language


def clock(at: datetime, zone: str) -> str:
    """Return the time of day, like 20:31."""
    return formats.time_format(schedule.local_time(at, zone).time(), "H:i")


def day(at: datetime, zone: str, current: datetime | None = None) -> str:
    """Return the day, weekday first; with its year, where that is another than at `current`."""
    local = schedule.local_time(at, zone)
    is_old = current is not None and schedule.local_time(current, zone).year != local.year
    return str(formats.date_format(local, _("l j F Y") if is_old else _("l j F")))


def about(at: datetime, zone: str) -> str:
    """Return the time of a mail: those of one hour go out over some minutes."""
    return _("about %(time)s") % {"time": clock(at, zone)}


def when(
    at: datetime, current: datetime, zone: str, said: Callable[[datetime, str], str] = clock
) -> str:
    """Return a moment as one would say it now: "today, 20:31", "Friday, 21:14"."""
    local, here = schedule.local_time(at, zone), schedule.local_time(current, zone)
    time, days = said(at, zone), (here.date() - local.date()).days
    if days == 0:
        return _("today, %(time)s") % {"time": time}
    if days == 1:
        return _("yesterday, %(time)s") % {"time": time}
    if days == -1:
        return _("tomorrow, %(time)s") % {"time": time}
    name = formats.date_format(local, "l") if 0 < days < 7 else day(at, zone, current)
    return f"{name}, {time}"


def lately(at: datetime, current: datetime, zone: str) -> str:
    """Return a moment for staff, short: "today, 20:31", "Wed 22:01", "Thu 19 Nov, 17:30"."""
    local, here = schedule.local_time(at, zone), schedule.local_time(current, zone)
    days = abs((here.date() - local.date()).days)
    if days < 2:
        return when(at, current, zone)
    if days < 7:
        return str(formats.date_format(local, _("D H:i")))
    is_old = local.year != here.year
    return str(formats.date_format(local, _("D j M Y, H:i") if is_old else _("D j M, H:i")))


def saved(at: datetime, current: datetime, zone: str) -> str:
    """Say that words are kept, as short as the bar above a step is narrow."""
    if schedule.local_time(at, zone).date() == schedule.local_time(current, zone).date():
        return _("Saved %(time)s") % {"time": clock(at, zone)}
    return _("Saved earlier")


def greeting(current: datetime, zone: str, name: str) -> str:
    """Greet by the hour where the person is."""
    hour = schedule.local_time(current, zone).hour
    if 5 <= hour < 12:
        return _("Good morning, %(name)s") % {"name": name}
    if 12 <= hour < 18:
        return _("Good afternoon, %(name)s") % {"name": name}
    return _("Good evening, %(name)s") % {"name": name}


def next_session(client: Client, current: datetime) -> datetime | None:
    """Return the client's own or their couple's next session, whichever comes first."""
    shared: Any = getattr(client, "shared_session_at", None)
    hours = (to_come(at, current) for at in (client.next_session_at, shared))
    return min((hour for hour in hours if hour), default=None)


def soon(at: datetime | None, current: datetime, zone: str) -> str:
    """Return the weekday of something within the next six days, else nothing."""
    if at is None:
        return ""
    local, today = schedule.local_time(at, zone), schedule.local_time(current, zone)
    return str(formats.date_format(local, "l")) if (local.date() - today.date()).days <= 6 else ""


def own_day(client: Client, current: datetime, zone: str) -> str:
    """Return the weekday of the client's own next session, when it is near. The couple's hour is
    never named where something is kept for a session: it is not asked for in front of the partner."""
    hour = client.next_session_at
    if hour == client.kept_session_at:
        return ""
    return soon(to_come(hour, current), current, zone)


def due(at: datetime | None, current: datetime, zone: str) -> str:
    """Say by when, without pressing: that day is still part of it, or its hour is named."""
    if at is None or at < current:
        return ""
    local = schedule.local_time(at, zone)
    is_whole, said = local.time() >= EVENING, {"time": clock(at, zone)}
    if local.date() == schedule.local_time(current, zone).date():
        if is_whole:
            return _("today, if you want it")
        return _("today until %(time)s, if you want it") % said
    said["day"] = soon(at, current, zone) or day(at, zone)
    return (_("by %(day)s") if is_whole else _("by %(day)s, %(time)s")) % said


def takes(definition: Definition, *, left: int | None = None, deeper: int | None = None) -> str:
    """Say how many minutes it takes: each moment of a log, what is left, going deeper, or all."""
    n = deeper or definition.minutes
    if definition.is_journal and not deeper:
        text = ngettext("about %(n)s minute a moment", "about %(n)s minutes a moment", n)
    elif left is not None:
        n, text = left, ngettext("about %(n)s minute left", "about %(n)s minutes left", left)
    else:
        text = ngettext("about %(n)s minute", "about %(n)s minutes", n)
    return text % {"n": n}


def cadence(definition: Definition) -> str:
    """Say how often an exercise would be done: nothing of it happens unless a therapist plans it."""
    text = definition.cadence.get(language()).strip()
    if not text:
        return ""
    # One sentence reads on; more than one stay sentences.
    often = text if ". " in text else f"{text[:1].lower()}{text[1:]}".removesuffix(".")
    return _("Suggested: %(often)s") % {"often": often}


def minutes(n: int, *, each: bool) -> str:
    """Say it short, on a list of exercises: how many minutes each moment of a log takes, or all."""
    return (_("%(n)d min each time") if each else _("%(n)d min")) % {"n": n}


def bring(day: str) -> str:
    """Say that something may be brought to the next session, by its day when that is near."""
    if day:
        return _("Bring it to %(day)s instead") % {"day": day}
    return _("Bring it to the session instead")


def sentence(text: str) -> str:
    """Begin with a capital letter, as a sentence does."""
    return text[:1].upper() + text[1:]


def initials(name: str) -> str:
    """Return up to two letters for a name."""
    return "".join(part[0] for part in name.split()[:2]).upper()


def session(at: datetime, current: datetime, zone: str) -> str:
    """Return when a session is, as short as can be: within six days the weekday will do."""
    if at - current > timedelta(days=6):
        return plain_when(at, zone)
    return str(formats.date_format(schedule.local_time(at, zone), _("D H:i")))


def until(at: datetime, current: datetime, zone: str) -> str:
    """Return what follows "until", as short as a session's; "mar" alone is the sea in Spanish."""
    local = schedule.local_time(at, zone)
    if at - current > timedelta(days=6):
        return until_day(local)
    return str(formats.date_format(local, pgettext("until", "D H:i")))


def until_day(local: datetime) -> str:
    """Return what follows "until", with its date, of a wall time."""
    return str(formats.date_format(local, pgettext("until", "D j M, H:i")))


def day_named(local: datetime) -> str:
    """Return the day of a wall time within a sentence; "mar" alone is the sea in Spanish."""
    return str(formats.date_format(local, pgettext("named", "D j M")))


# Staff see the days of homework by its client's clock, which is named where their own says something
# else. A session, and what runs until it, is said by their own.
def opens(row: Homework, own: str) -> str:
    """Return for staff when a homework opens."""
    zone = row.client.zone
    return by_the_clock(plain_when(row.opens_at, zone), row.opens_at, zone, own)


def ends(row: Homework, own: str, current: datetime | None = None) -> str:
    """Return for staff what follows "until", of a homework that has an end; as short as `until` where
    it is said at `current`."""
    at = row.due_at or row.opens_at
    zone = own if row.session_of else row.client.zone
    text = until(at, current, zone) if current else until_day(schedule.local_time(at, zone))
    return by_the_clock(text, at, zone, own)


def opening_day(row: Homework) -> str:
    """Return for staff on which day a homework opens or opened, short."""
    return plain_day(schedule.local_time(row.opens_at, row.client.zone))


def by_the_clock(text: str, at: datetime, zone: str, own: str) -> str:
    """Name whose clock `text` is by, unless one's own says the same."""
    if schedule.local_time(at, zone) == schedule.local_time(at, own):
        return text
    return _("%(when)s, %(clock)s") % {"when": text, "clock": clock_of(zone)}


def waits(since: datetime, current: datetime) -> str:
    """Say for how long something has been waiting."""
    hours = int((current - since).total_seconds() // 3600)
    if hours < 1:
        return _("came just now")
    if hours < 24:
        return _("waiting %(n)d h") % {"n": hours}
    return ngettext("waiting %(n)d day", "waiting %(n)d days", hours // 24) % {"n": hours // 24}


def plain_day(local: datetime) -> str:
    """Return the day of a wall time, short."""
    return str(formats.date_format(local, _("j M")))


def plain_when(at: datetime, zone: str) -> str:
    """Return day and time, short: "Thu 26 Nov, 17:30"."""
    return str(formats.date_format(schedule.local_time(at, zone), _("D j M, H:i")))
