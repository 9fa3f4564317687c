"""When, for how long, how often: from what a therapist chooses to wall times and RFC 5545."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from exercises.actions.assigning import Schedule
from practice.forms import DATE, PlainForm

MORNING, EVENING = time(8, 0), time(21, 0)


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
    due = forms.DateField(label=_("To finish by"), required=False, widget=DATE)
    rrule = forms.CharField(
        label=_("A rule of your own"),
        required=False,
        max_length=200,
        help_text=_("RFC 5545, for example FREQ=WEEKLY;BYDAY=MO,TH;COUNT=8"),
    )
    reminders_on = forms.BooleanField(label=_("Remind them"), required=False, initial=True)
    note = forms.CharField(
        label=_("A word with it"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
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
        self.session = _on_the_wall(session, zones) if session else None
        self.now = _on_the_wall(at, zones).replace(second=0, microsecond=0)
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
            return said
        opens, due = said.get("opens"), said.get("due")
        if opens and opens < self.now.date():
            self.add_error("opens", _("Choose today or a day to come."))
        elif due and _evening(due) <= self._opens(opens):
            self.add_error("due", _("Choose the day it opens, or a later one."))
        return said

    def _opens(self, day: date | None) -> datetime:
        """Return the morning of that day, or now once that is over."""
        return max(self.now, datetime.combine(day, MORNING, tzinfo=UTC)) if day else self.now

    def schedule(self) -> Schedule:
        """Return the wall times, the same for each by their own clock."""
        said = self.cleaned_data
        opens = wall = self.now
        due, rrule = wall + timedelta(days=7), ""
        if said["when"] == "session" and self.session:
            due = self.session
        elif said["when"] == "weekly":
            due, rrule = _evening(wall.date() + timedelta(days=6)), "FREQ=WEEKLY"
        elif said["when"] == "dates":
            opens = self._opens(said["opens"])
            rrule = said["rrule"]
            due = _evening(said["due"]) if said["due"] else None  # type: ignore[assignment]  # no end is fine
        else:
            due = _evening(wall.date() + timedelta(days=7))
        if rrule:  # what comes again comes in the morning, whatever the hour it was given at
            opens = min(opens, datetime.combine(opens.date(), MORNING, tzinfo=UTC))
        return Schedule(
            opens_local=opens, due_local=due, rrule=rrule, reminders_on=said["reminders_on"]
        )


def _on_the_wall(at: datetime, zones: list[str]) -> datetime:
    """Return what the clock furthest behind says, so that now is now for both of a couple."""
    return min(at.astimezone(ZoneInfo(zone)).replace(tzinfo=UTC) for zone in zones)


def _until(session: datetime) -> str:
    when = date_format(session, gettext("D j M, H:i"))
    return _("Now, until the next session: %(when)s") % {"when": when}


def _evening(day: date) -> datetime:
    return datetime.combine(day, EVENING, tzinfo=UTC)


class WithdrawForm(PlainForm):
    """How much of a series to take back."""

    part = forms.ChoiceField(label=_("What to withdraw"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, parts: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        part = self.fields["part"]
        if isinstance(part, forms.ChoiceField):
            part.choices = parts


class DueForm(forms.Form):
    """Another day to finish by."""

    due = forms.DateField(label=_("To finish by"), widget=DATE)

    def local(self) -> datetime:
        """Return the evening of that day, as a wall time."""
        return _evening(self.cleaned_data["due"])
