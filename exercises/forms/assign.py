"""When, for how long, how often: from what a therapist chooses to wall times and RFC 5545."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import date_format
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from exercises.actions import planning
from exercises.actions.assigning import is_near
from exercises.schedule import WEEKDAYS, wall_time
from practice.forms.fields import DATE, PlainForm, WordsField

MORNING = time(8, 0)
MOST_TIMES = 200
_HOW_MANY = format_lazy(_("Choose a number from 1 to {most}."), most=MOST_TIMES)
# What only "Pick dates" shows.
OF_DATES = ("opens", "due", "again", "days", "times")


class AssignForm(forms.Form):
    """What is chosen beside the exercise itself."""

    exercise = forms.UUIDField(
        error_messages={"required": _("Choose an exercise."), "invalid": _("Choose an exercise.")}
    )
    who = forms.ChoiceField(label=_("For"), required=False, widget=forms.RadioSelect)
    when = forms.ChoiceField(label=_("When"), widget=forms.RadioSelect)
    opens = forms.DateField(
        label=_("Opens"),
        required=False,
        widget=DATE,
        help_text=_("Leave it empty, and it opens now."),
    )
    due = forms.DateField(
        label=_("To finish by"),
        required=False,
        widget=DATE,
        help_text=_("Leave it empty, and it stays open; if it comes again, until the next one."),
    )
    again = forms.ChoiceField(
        label=_("How often it comes"),
        required=False,
        choices=[
            ("", _("Once")),
            ("1", _("Every week")),
            ("2", _("Every two weeks")),
            ("4", _("Every four weeks")),
        ],
    )
    days = forms.MultipleChoiceField(
        label=_("On these days"),
        required=False,
        choices=list(zip(WEEKDAYS, WEEKDAYS_ABBR.values(), strict=True)),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Tick none, and it comes on the weekday it opens."),
    )
    times = forms.IntegerField(
        label=_("How many times"),
        required=False,
        min_value=1,
        max_value=MOST_TIMES,
        help_text=_("Leave it empty, and it goes on until you withdraw it."),
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), _HOW_MANY),
    )
    # Asked only of who gives what is there already.
    twice = forms.BooleanField(label=_("Give it a second time"), required=False)
    reminders_on = forms.BooleanField(label=_("Remind them"), required=False, initial=True)
    note = WordsField(
        label=_("A word with it"),
        required=False,
        max_length=2000,
        rows=2,
        help_text=_("Shown inside Homeward, never in an e-mail."),
    )

    def __init__(
        self,
        *args: Any,
        at: datetime,
        people: list[tuple[str, str]],
        session: tuple[datetime, UUID] | None,
        zones: Mapping[str, str],
        zone: str,
        **kwargs: Any,
    ) -> None:
        """Take the next session with whose it is, each one's zone by their id, and one's own."""
        super().__init__(*args, **kwargs)
        self.there = list[UUID]()
        self.at, self.session, self.zones, self.zone = at, session, zones, zone
        who, when = self.fields["who"], self.fields["when"]
        if isinstance(who, forms.ChoiceField) and isinstance(when, forms.ChoiceField):
            who.choices = people
            when.choices = [
                *([("session", _until(session[0], zone))] if session else []),
                ("week", _("Now, for a week")),
                ("weekly", _("Every week")),
                ("dates", _("Pick dates")),
            ]
        if len(people) < 2:
            del self.fields["who"]

    def clean(self) -> dict[str, Any]:
        """Refuse days that are over; where no dates were chosen, they do not matter."""
        said: dict[str, Any] = super().clean() or {}
        chosen = self.zones.get(said.get("who", ""))
        walls = [wall_time(self.at, zone) for zone in ([chosen] if chosen else self.zones.values())]
        # What is over for one of two is over; and the days of a series, which are the same for both,
        # are counted from one's own: from either's they would tell the other where that one is.
        self.now = walls[0] if len(walls) == 1 else wall_time(self.at, self.zone)
        self.earliest, self.latest = min(walls), max(walls)
        if said.get("when") != "dates":
            for name in OF_DATES:
                self.errors.pop(name, None)
            return said
        opens, due = said.get("opens"), said.get("due")
        for name, day in (("opens", opens), ("due", due)):
            if day and not is_near(evening(day), self.now):
                self.add_error(name, _("Choose a day within the next two years."))
        if {"opens", "due"} & self.errors.keys():
            return said
        if opens and opens < self.earliest.date():
            self.add_error("opens", _("Choose today or a day to come."))
        elif due and evening(due) <= max(self._opens(said) or self.latest, self.latest):
            self.add_error("due", _("Choose the day it opens, or a later one."))
        return said

    def _opens(self, said: dict[str, Any]) -> datetime | None:
        """Return when it opens: now (None), or on the morning of the day that was picked. What comes
        again opens in the morning, on the first of its days whose evening is to come."""
        if not said.get("again"):
            return morning(said["opens"]) if said.get("opens") else None
        day = said.get("opens") or self.now.date()
        weeks, days = int(said["again"]), said.get("days") or ()
        wanted = {WEEKDAYS.index(name) for name in days} or {day.weekday()}
        while day.weekday() not in wanted or (
            not said.get("due") and _until_next(day, weeks, days) <= self.now
        ):
            day += timedelta(days=1)
        return morning(day)

    def schedule(self) -> planning.Schedule:
        """Return what was chosen: wall times where days were picked, else from this moment on."""
        said = self.cleaned_data
        found = planning.Schedule(reminders_on=said["reminders_on"])
        if said["when"] == "session" and self.session:
            session_at, session_of = self.session
            return replace(found, session_at=session_at, session_of=session_of)
        if said["when"] == "week":
            return replace(found, days=7)
        if said["when"] == "weekly":
            day = self.now.date()
            ends = _until_next(day, 1, [])
            return replace(found, opens_local=morning(day), due_local=ends, rrule=_rule(1, []))
        opens, due = self._opens(said), evening(said["due"]) if said["due"] else None
        if opens and said["again"]:
            weeks, days = int(said["again"]), said["days"]
            due = due or _until_next(opens.date(), weeks, days)
            found = replace(found, rrule=_rule(weeks, days, said["times"]))
        return replace(found, opens_local=opens, due_local=due)


def _until(session: datetime, zone: str) -> str:
    when = date_format(wall_time(session, zone), gettext("D j M, H:i"))
    return _("Now, until the next session: %(when)s") % {"when": when}


def _rule(weeks: int, days: Sequence[str], times: int | None = None) -> str:
    """Return the rule (RFC 5545) for what comes every so many weeks, on these days."""
    parts = {
        "FREQ": "WEEKLY",
        "INTERVAL": weeks,
        "BYDAY": ",".join(dict.fromkeys(days)),
        "COUNT": times,
    }
    return ";".join(f"{name}={value}" for name, value in parts.items() if value)


def _until_next(day: date, weeks: int, days: Sequence[str]) -> datetime:
    """Return how long one is there that opens on this day: until the evening before another, where
    they are nearest."""
    numbers = sorted({WEEKDAYS.index(name) for name in days}) or [0]
    following = [*numbers[1:], numbers[0] + 7 * weeks]
    gap = min(later - day for day, later in zip(numbers, following, strict=True))
    return evening(day + timedelta(days=gap - 1))


def morning(day: date) -> datetime:
    """Return the hour at which a day's work opens, as a wall time."""
    return datetime.combine(day, MORNING, tzinfo=UTC)


def evening(day: date) -> datetime:
    """Return the hour at which a day's work ends, as a wall time."""
    return datetime.combine(day, planning.EVENING, tzinfo=UTC)


class WithdrawForm(PlainForm):
    """How much of a series to take back, and from whom of two."""

    whose = forms.ChoiceField(label=_("From whom"), widget=forms.RadioSelect)
    part = forms.ChoiceField(label=_("What to withdraw"), widget=forms.RadioSelect)

    def __init__(
        self,
        *args: Any,
        parts: list[tuple[str, str]],
        whose: list[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("whose", whose), ("part", parts)):
            field = self.fields[name]
            if not choices:
                del self.fields[name]
            elif isinstance(field, forms.ChoiceField):
                field.choices = choices
