"""When, for how long, how often: from what a therapist chooses to wall times and RFC 5545."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import date_format
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from exercises.actions.assigning import Schedule, is_near
from exercises.schedule import WEEKDAYS, earliest_wall
from practice.forms.fields import DATE, PlainForm, WordsField

MORNING, EVENING = time(8, 0), time(21, 0)
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
    # Asked only of who gives a series that is there already.
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
        session: datetime | None,
        zones: list[str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.twice_for = ""
        self.session = earliest_wall(session, zones).replace(tzinfo=UTC) if session else None
        # Of a couple in two zones: now is now for both, and what is over for one is over.
        walls = [wall.replace(second=0, microsecond=0) for wall in _on_the_walls(at, zones)]
        self.now, self.latest = min(walls), max(walls)
        who, when = self.fields["who"], self.fields["when"]
        if isinstance(who, forms.ChoiceField) and isinstance(when, forms.ChoiceField):
            who.choices = people
            when.choices = [
                *([("session", _until(self.session))] if self.session else []),
                ("week", _("Now, for a week")),
                ("weekly", _("Every week")),
                ("dates", _("Pick dates")),
            ]
        if len(people) < 2:
            del self.fields["who"]

    def clean(self) -> dict[str, Any]:
        """Refuse days that are over; where no dates were chosen, they do not matter."""
        said: dict[str, Any] = super().clean() or {}
        if said.get("when") != "dates":
            for name in OF_DATES:
                self.errors.pop(name, None)
            return said
        opens, due = said.get("opens"), said.get("due")
        for name, day in (("opens", opens), ("due", due)):
            if day and not is_near(_evening(day), self.now):
                self.add_error(name, _("Choose a day within the next two years."))
        if {"opens", "due"} & self.errors.keys():
            return said
        if opens and opens < self.now.date():
            self.add_error("opens", _("Choose today or a day to come."))
        elif due and _evening(due) <= max(self._opens(said), self.latest):
            self.add_error("due", _("Choose the day it opens, or a later one."))
        return said

    def _opens(self, said: dict[str, Any]) -> datetime:
        """Return when it opens: now, or on the morning of the day that was picked, once that is to
        come. What comes again opens in the morning, on the first of its days whose evening is."""
        day = said.get("opens") or self.now.date()
        if not said.get("again"):
            morning = datetime.combine(day, MORNING, tzinfo=UTC)
            return max(self.now, morning) if said.get("opens") else self.now
        weeks, days = int(said["again"]), said.get("days") or ()
        wanted = {WEEKDAYS.index(name) for name in days} or {day.weekday()}
        while day.weekday() not in wanted or (
            not said.get("due") and _until_next(day, weeks, days) <= self.latest
        ):
            day += timedelta(days=1)
        return datetime.combine(day, MORNING, tzinfo=UTC)

    def schedule(self) -> Schedule:
        """Return the wall times, the same for each by their own clock."""
        said = self.cleaned_data
        opens = wall = self.now
        due: datetime | None
        rrule = ""
        if said["when"] == "session" and self.session:
            due = self.session
        elif said["when"] == "weekly":
            opens = datetime.combine(wall.date(), MORNING, tzinfo=UTC)
            due, rrule = _until_next(wall.date(), 1, []), _rule(1, [])
        elif said["when"] == "dates":
            opens = self._opens(said)
            due = _evening(said["due"]) if said["due"] else None
            if said["again"]:
                weeks, days = int(said["again"]), said["days"]
                rrule = _rule(weeks, days, said["times"])
                due = due or _until_next(opens.date(), weeks, days)
        else:
            due = _evening(wall.date() + timedelta(days=7))
        return Schedule(
            opens_local=opens, due_local=due, rrule=rrule, reminders_on=said["reminders_on"]
        )


def _on_the_walls(at: datetime, zones: list[str]) -> list[datetime]:
    """Return what the clock says in each of these zones."""
    return [at.astimezone(ZoneInfo(zone)).replace(tzinfo=UTC) for zone in zones]


def _until(session: datetime) -> str:
    when = date_format(session, gettext("D j M, H:i"))
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
    return _evening(day + timedelta(days=gap - 1))


def _evening(day: date) -> datetime:
    return datetime.combine(day, EVENING, tzinfo=UTC)


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


class DaysForm(PlainForm):
    """Other days for one homework: to finish by, and to open where it has not."""

    opens = forms.DateField(label=_("Opens"), widget=DATE)
    due = forms.DateField(label=_("To finish by"), widget=DATE)

    def __init__(self, *args: Any, is_open: bool, is_endless: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_open:
            del self.fields["opens"]
        elif is_endless:
            due = self.fields["due"]
            due.required, due.help_text = False, _("Leave it empty, and it stays open.")

    def walls(self) -> dict[str, datetime | None]:
        """Return the morning and the evening of these days, as wall times; no opening where it
        stays as it is."""
        opens = self.cleaned_data["opens"] if "opens" in self.changed_data else None
        due = self.cleaned_data["due"]
        return {
            "opens_local": datetime.combine(opens, MORNING, tzinfo=UTC) if opens else None,
            "due_local": _evening(due) if due else None,
        }
