"""What is left of something that was given, for each of those it was given to, in words that are true
of whom they name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from clients.models import Client
from exercises import schedule
from exercises.models import Assignment, Homework
from exercises.queries.given import Given
from exercises.views import wording
from exercises.views.target import called
from practice.wording import language, listed

# So many of the coming days are named in a sentence, and so many in the list below it.
SHOWN = 3
LISTED = 26


@dataclass(frozen=True)
class Share:
    """What is left for one of those it was given to, by their own clock."""

    client: Client
    given: Given
    # When it opens or opened, as far as it is shown.
    walls: Sequence[datetime]
    # What is said of how it goes on; the day it opens, and the hour if that is today.
    again: str
    # All of these days, where the sentence does not name them all; `goes_on`: there are more.
    days: Sequence[str]
    goes_on: bool
    opens: str
    opens_today: str

    def is_like(self, other: "Share") -> bool:
        """Say whether one sentence is true for both."""
        mine, theirs = (
            (one.again, one.opens, one.opens_today, [row.slot for row in one.given.rows])
            for one in (self, other)
        )
        return mine == theirs and _end_alike(self.given, other.given)


def share_of(client: Client, found: Assignment, given: Given, at: datetime) -> Share:
    """Return what is left for one of those it was given to."""
    walls, here_now = _walls(found, given), schedule.local_time(at, given.zone)
    is_later = bool(walls) and walls[0] > here_now
    is_today = is_later and walls[0].date() == here_now.date()
    days = [wording.day_named(wall) for wall in walls[:LISTED]] if len(walls) > SHOWN + 1 else []
    return Share(
        client,
        given,
        walls,
        again=_again(found, given, walls) if found.rrule and walls else "",
        days=days,
        goes_on=bool(days) and (len(walls) > LISTED or not _are_all(found, given, walls)),
        opens=wording.day_named(walls[0]) if is_later else "",
        opens_today=f"{walls[0]:%H:%M}" if is_today else "",
    )


def alike(left: Sequence[Share]) -> list[Sequence[Share]]:
    """Return of whom one sentence is true: of two together, or of each."""
    if len(left) == 2 and left[0].is_like(left[1]):
        return [left]
    return [[one] for one in left]


def told(found: Assignment, group: Sequence[Share], own: str, *, is_held: bool) -> dict[str, Any]:
    """Return what is said of those for whom it stands alike. Of what waits behind the gate no day is
    promised (`is_held`)."""
    have = [share.client for share in group if share.client.joined_at is not None]
    is_held = is_held and bool(group[0].opens)
    return {
        "who": called([share.client for share in group]),
        "head": _has_it(have, group[0]) if have and not is_held else "",
        "is_held": is_held,
        "opens": group[0].opens,
        "opens_today": group[0].opens_today,
        "title": with_dates(found, [share.given for share in group], own),
        "again": group[0].again,
        "days": group[0].days,
        "goes_on": group[0].goes_on,
    }


def _has_it(have: Sequence[Client], share: Share) -> str:
    said = {"who": called(have), "time": share.opens_today, "opens": share.opens}
    if share.opens_today:
        return _("%(who)s will have it today at %(time)s") % said
    if share.opens:
        return _("%(who)s will have it on %(opens)s") % said
    return (_("%(who)s have it now") if len(have) == 2 else _("%(who)s has it now")) % said


def _walls(found: Assignment, given: Given) -> list[datetime]:
    """Return when what is left of it opens or opened, as far as it is shown, by their own clock."""
    walls = [schedule.local_time(one.opens_at, given.zone) for one in given.rows]
    if found.rrule and found.goes_on_for(given.client_id):
        coming = found.times(given.zone, limit=given.last_slot + LISTED + 3)
        walls += [slot.local for slot in coming[given.last_slot + 1 :]]
    return walls


def with_dates(found: Assignment, group: Sequence[Given], own: str) -> str:
    """Say what it is and until when."""
    title = found.version.definition.title.get(language())
    firsts = [given.rows[0] for given in group if given.rows]
    if firsts and firsts[0].due_at is None and not found.rrule:
        return _("“%(title)s”, with no end: it stays open until it is sent or you withdraw it.") % {
            "title": title
        }
    if not firsts or firsts[0].due_at is None:
        return _("“%(title)s”") % {"title": title}
    said = {"title": title, "due": _ends(firsts, own)}
    is_series = bool(found.rrule) and _in_all(found, group[0]) != 1
    if is_series and group[0].in_all > group[0].to_come:
        return _("“%(title)s”, the next one until %(due)s.") % said
    if is_series:
        return _("“%(title)s”, the first one until %(due)s.") % said
    return _("“%(title)s”, until %(due)s.") % said


def _ends(firsts: Sequence[Homework], own: str) -> str:
    """Say until when, once where it is one moment or one wall time for both."""
    if len({row.due_at for row in firsts}) == 1:
        return wording.ends(firsts[0], own)
    walls = [wall for wall in map(_due_wall, firsts) if wall]
    return _("%(when)s, each by their own clock") % {"when": wording.until_day(walls[0])}


def _end_alike(one: Given, other: Given) -> bool:
    """Say whether what comes first ends at one moment, or by the same clock time, for both."""
    pair = [given.rows[0] for given in (one, other) if given.rows]
    return len({row.due_at for row in pair}) < 2 or len({_due_wall(row) for row in pair}) < 2


def _due_wall(row: Homework) -> datetime | None:
    return schedule.local_time(row.due_at, row.client.zone) if row.due_at else None


def _again(found: Assignment, given: Given, walls: Sequence[datetime]) -> str:
    """Say on which days what is left comes again, and how often in all or until when."""
    rule, number = schedule.parse_rrule(found.rrule), _in_all(found, given)
    days = [wording.day_named(wall) for wall in walls[1 : SHOWN + 1]]
    said = {
        "days": ", ".join(days),
        "n": number,
        "until": wording.day_named(rule.until) if rule.until else "",
    }
    if number == 1:
        return _("It comes once.")
    if not days:
        return ""
    if _are_all(found, given, walls) and len(walls) <= SHOWN + 1:
        return _("Then on %(days)s: %(n)d times in all.") % (said | {"days": listed(days)})
    goes_on = found.goes_on_for(given.client_id)
    if number and (rule.count or not goes_on):
        return _("Then on %(days)s and so on: %(n)d times in all.") % said
    if rule.until:
        return _("Then on %(days)s and so on until %(until)s.") % said
    return _("Then on %(days)s and so on, until you withdraw it.") % said


def _are_all(found: Assignment, given: Given, walls: Sequence[datetime]) -> bool:
    """Say whether these are all the days that are left."""
    number = _in_all(found, given)
    return number is not None and len(walls) == number - given.in_all + given.to_come


def _in_all(found: Assignment, given: Given) -> int | None:
    """Return how many a series has, planned or not; None: no end is in sight."""
    rule = schedule.parse_rrule(found.rrule)
    if rule.count and found.goes_on_for(given.client_id):
        return rule.count - (given.last_slot + 1 - given.in_all)
    unplanned = found.still_to_plan(given.client_id, given.last_slot, given.zone)
    return None if unplanned is None else given.in_all + len(unplanned)
