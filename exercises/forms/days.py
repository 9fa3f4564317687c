"""Other days for what was assigned: until a session, or by the evening of a day."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exercises.actions.rescheduling import Ends
from exercises.forms.assign import evening, morning
from practice.forms.fields import DATE, PlainForm
from practice.forms.meanwhile import Meanwhile

BOTH, ONE, DAY = "both", "one", "day"


class _Unseen(forms.HiddenInput):
    """Stands on no page and brings nothing back: only that it was changed meanwhile is found out."""

    def render(self, *_args: Any, **_more: Any) -> SafeString:
        return SafeString()

    def value_from_datadict(self, *_args: Any) -> str:
        return ""


class DaysForm(Meanwhile, PlainForm):
    """Other days for one homework: to finish by, and to open where it has not; of two, perhaps for
    both. `hours` are the sessions to come until which it can run: by whose it is, what is said of it
    and its hour."""

    whose = forms.ChoiceField(label=gettext_lazy("For whom"), widget=forms.RadioSelect)
    opens = forms.DateField(label=gettext_lazy("Opens"), widget=DATE)
    until = forms.ChoiceField(label=gettext_lazy("Until when"), widget=forms.RadioSelect)
    due = forms.DateField(label=gettext_lazy("To finish by"), widget=DATE)
    # What stands of the partner's, where both can be changed.
    beside = forms.CharField(required=False, widget=_Unseen)

    def __init__(
        self,
        *args: Any,
        is_open: bool,
        is_endless: bool,
        whose: Sequence[tuple[str, str]] = (),
        hours: dict[UUID, tuple[str, datetime]],
        partner: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.hours = hours
        due, self.needs_day = self.fields["due"], is_open or not is_endless
        if is_open:
            del self.fields["opens"]
        if not self.needs_day:
            due.help_text = _("Leave it empty, and it stays open.")
        # Of what has no end yet, and is to run until a session.
        due.required = self.needs_day and not (is_endless and hours)
        offered = {
            "whose": whose,
            "until": [(str(of), text) for of, (text, _at) in hours.items()]
            + ([(DAY, _("The evening of the day below"))] if hours else []),
        }
        for name, choices in offered.items():
            field = self.fields[name]
            if not choices:
                del self.fields[name]
            elif isinstance(field, forms.ChoiceField):
                field.choices = choices
        self.fields["beside"].label = partner
        if not whose:
            del self.fields["beside"]

    def clean(self) -> dict[str, Any]:
        """Ask for a day, unless it runs until a session."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        self.ends = None if self.errors else self._ends(said)
        if self.ends and not self.ends.session_at and not self.ends.local and self.needs_day:
            self.add_error("due", self.fields["due"].error_messages["required"])
        return said

    @property
    def for_both(self) -> bool:
        return bool(self.cleaned_data.get("whose") == BOTH)

    def changes(self) -> dict[str, Any]:
        """Return what was changed, as `rescheduling.reschedule` takes it; nothing that was not."""
        opens = self.cleaned_data["opens"] if "opens" in self.changed_data else None
        said = {"opens_local": morning(opens) if opens else None, "ends": self.ends}
        return {name: value for name, value in said.items() if value}

    def _ends(self, said: dict[str, Any]) -> Ends | None:
        until, due = said.get("until"), said.get("due")
        stood = self.get_initial_for_field(self.fields["until"], "until") if self.hours else DAY
        if until and until not in (stood, DAY):
            of = UUID(until)
            return Ends(session_at=self.hours[of][1], session_of=of)
        # A day that is typed counts, though the session was left chosen.
        is_new_day = "due" in self.changed_data and (due or DAY in {stood, until})
        if is_new_day or (until == DAY and stood != DAY):
            return Ends(local=evening(due) if due else None)
        return None

    def _take_in(self) -> list[str]:
        """Let the partner's day be no matter where it is not touched."""
        found = super()._take_in()
        is_both = "whose" in self.fields and self["whose"].data == BOTH
        return [name for name in found if name != "beside" or is_both]
