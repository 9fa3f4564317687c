"""What people type about the practice; every error says what to write instead."""

import zoneinfo
from datetime import time
from functools import lru_cache
from typing import Any

from babel.core import get_global
from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from practice import letters, wording
from practice.models import Membership, Role

SCOPE_NAMES = {
    "read": _("Read what I may read"),
    "answer": _("Answer homework"),
    "assign": _("Assign"),
    "review": _("Review"),
    "admin": _("Administer"),
}
# A browser's one-line field sends no line break; in the name of a sender it would break every mail.
ONE_LINE = RegexValidator(
    r"[\x01-\x1f\x7f\u2028\u2029]", _("Write it in one line."), inverse_match=True
)
A_NAME = {"required": _("Write a name.")}


class ClockInput(forms.DateTimeInput):
    """A day, an hour, or both ("date", "time", "datetime-local").

    Told as HTML wants it (RFC 3339) in every language: the browser shows it in its reader's.
    """

    FORMATS = {"date": "%Y-%m-%d", "time": "%H:%M", "datetime-local": "%Y-%m-%dT%H:%M"}

    def __init__(self, kind: str) -> None:
        super().__init__(attrs={"type": kind}, format=self.FORMATS[kind])


DATE, TIME = ClockInput("date"), ClockInput("time")


class NameField(forms.CharField):
    """What somebody or something is called: something one can see, and reads as it is written."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["error_messages"] = {**A_NAME, **kwargs.get("error_messages", {})}
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> str:
        """Drop what nobody sees, and what turns the rest round."""
        return letters.seen(super().to_python(value) or "")


class WordsField(forms.CharField):
    """A few lines of text. Each line's end counts as one character, and is kept as one."""

    def __init__(self, *, rows: int, **kwargs: Any) -> None:
        attrs = {"rows": rows, **kwargs.pop("attrs", {})}
        super().__init__(widget=forms.Textarea(attrs=attrs), **kwargs)

    def to_python(self, value: Any) -> str:
        """Keep the lines as we keep them everywhere: what nobody changed is no change."""
        return letters.in_lines(super().to_python(value) or "")


def speak_plainly(fields: dict[str, forms.Field]) -> None:
    """Let every field say what to write instead; what a form says itself stays."""
    for field in fields.values():
        if isinstance(field, forms.CharField) and type(field.widget) in {
            forms.TextInput,
            forms.EmailInput,
        }:
            field.validators.append(ONE_LINE)
        # What is pasted is never cut in silence: it comes back whole, with how much of it fits.
        field.widget.attrs.pop("maxlength", None)
        for code, text in wording.refusals(field).items():
            if field.error_messages.get(code) == _stock(field, code):
                field.error_messages[code] = text


def _stock(field: forms.Field, code: str) -> Any:
    """Return what Django would say."""
    said = (getattr(cls, "default_error_messages", {}) for cls in type(field).__mro__)
    return next((words[code] for words in said if code in words), None)


class PlainForm(forms.Form):
    """A form that never says "invalid"."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        speak_plainly(self.fields)


def keep_out_of_quiet_hours(form: forms.BaseForm) -> None:
    """Refuse an hour for reminders that lies in the quiet ones: none would ever come at it.

    Quiet hours [from, until) may pass midnight. From one time until the same says nothing clear.
    """
    names = ("reminder_time", "quiet_from", "quiet_until")
    moment, start, end = (form.cleaned_data.get(name) for name in names)
    if not isinstance(start, time) or not isinstance(end, time):
        return
    if start == end:
        form.add_error("quiet_until", _("Choose another time than the one they begin at."))
    elif isinstance(moment, time) and (
        start <= moment < end if start < end else moment >= start or moment < end
    ):
        form.add_error(
            "reminder_time", _("That is in the quiet hours. Choose one outside of them.")
        )


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(n for n in zoneinfo.available_timezones() if "/" in n or n == "UTC")


def _as_said_today(zone: str) -> str:
    """Return the name a zone has now: Asia/Kolkata for Asia/Calcutta."""
    name = str(get_global("zone_aliases").get(zone, zone))
    return "UTC" if name == "Etc/UTC" else name


@lru_cache(maxsize=1)
def zone_choices() -> tuple[tuple[str, str], ...]:
    """Return the zones of the pinned zone database, by name: each place once."""
    places = {n for n in _zones() if not n.startswith("Etc/") and n == _as_said_today(n)}
    return tuple((name, name.replace("_", " ")) for name in sorted(places))


class ZoneField(forms.ChoiceField):
    """One zone out of all there are; what one was called once is understood, and said as today."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=zone_choices, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Choose the place in the list that is meant."""
        return _as_said_today(value) if isinstance(value, str) else value

    def to_python(self, value: Any) -> str:
        """Take it by the name it has now."""
        return _as_said_today(super().to_python(value))

    def valid_value(self, value: Any) -> bool:
        """Take what is no place as well ("Etc/GMT+5"): a device may have been set to it."""
        return value in _zones()

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> forms.BoundField:
        """Offer what is no place to whom it belongs: no other may slip into its stead."""
        bound: forms.BoundField = super().get_bound_field(form, field_name)
        kept = bound.value()
        if kept in _zones() and kept not in dict(zone_choices()):
            self.choices = [*zone_choices(), (kept, kept)]
        return bound


class PeopleFilter(PlainForm):
    """Search and filter the people."""

    q = forms.CharField(label=_("Name or e-mail"), required=False, max_length=100)
    role = forms.ChoiceField(
        label=_("Role"), required=False, choices=[("", _("All roles")), *Role.choices]
    )
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("Everyone")),
            ("active", _("Active")),
            ("deactivated", _("Deactivated")),
        ],
    )


class InviteForm(PlainForm):
    """Invite a member."""

    name = NameField(label=_("Name"), max_length=120)
    email = forms.EmailField(label=_("E-mail"), max_length=254)
    roles = forms.MultipleChoiceField(
        label=_("Roles"), choices=Role.choices, widget=forms.CheckboxSelectMultiple
    )


class NewPracticeForm(PlainForm):
    """What `manage.py createpractice` is told; its options have the fields' names."""

    name = NameField(max_length=120)
    admin_email = forms.EmailField(max_length=254)
    admin_name = NameField(max_length=120)
    zone = ZoneField(error_messages={"invalid_choice": "Write a time zone, like Europe/Lisbon."})


class RolesForm(PlainForm):
    """Say what a member does."""

    roles = forms.MultipleChoiceField(
        label=_("Roles"), choices=Role.choices, widget=forms.CheckboxSelectMultiple
    )
    supervises = forms.MultipleChoiceField(
        label=_("Reads the caseloads of"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(
        self, *args: Any, therapists: list[Membership], is_supervisor: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["supervises"]
        if not is_supervisor:
            del self.fields["supervises"]
        elif isinstance(field, forms.MultipleChoiceField):
            field.choices = [(str(one.pk), one.user.get_full_name()) for one in therapists]


class AuditFilter(PlainForm):
    """Narrow the trail."""

    person = forms.TypedChoiceField(label=_("Who"), required=False, coerce=int, empty_value=None)
    action = forms.ChoiceField(label=_("What"), required=False)
    record = forms.CharField(label=_("Record id"), required=False, max_length=40)
    since = forms.DateField(label=_("From"), required=False, widget=DATE)
    until = forms.DateField(label=_("To"), required=False, widget=DATE)

    def __init__(self, *args: Any, people: list[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        person, action = self.fields["person"], self.fields["action"]
        if isinstance(person, forms.ChoiceField) and isinstance(action, forms.ChoiceField):
            person.choices = [("", pgettext_lazy("audit", "Everyone"))] + [
                (str(one.user_id), one.user.get_full_name()) for one in people
            ]
            action.choices = [("", _("Everything")), *wording.acts()]

    def clean(self) -> dict[str, Any]:
        """Say when no day can lie between the two."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        since, until = said.get("since"), said.get("until")
        if since and until and since > until:
            self.add_error("until", _("The first day has to come before the last."))
        return said


class AccountForm(PlainForm):
    """What a member says about themselves."""

    name = NameField(label=_("Name"), max_length=120)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    zone = ZoneField(label=_("Time zone"))
    daily_mail = forms.BooleanField(
        label=_("One e-mail a day when something waits for me"), required=False
    )
    daily_mail_time = forms.TimeField(label=_("It goes at"), widget=TIME)

    def __init__(self, *args: Any, has_queue: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_queue:  # nothing ever waits for them
            del self.fields["daily_mail"], self.fields["daily_mail_time"]


class TokenForm(PlainForm):
    """Make a key for a program."""

    name = NameField(
        label=_("What is it for?"),
        max_length=80,
        error_messages={"required": _("Write what it is for.")},
    )
    scopes = forms.MultipleChoiceField(
        label=_("It may"),
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.IntegerField(label=_("Days it lasts"), min_value=1, max_value=365, initial=90)

    def __init__(self, *args: Any, offered: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes = self.fields["scopes"]
        if isinstance(scopes, forms.MultipleChoiceField):
            scopes.choices = [(scope, SCOPE_NAMES[scope]) for scope in offered]
