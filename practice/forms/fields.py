"""What forms are made of here: fields and widgets that take what people type, and say what to write instead."""

import zoneinfo
from datetime import time
from functools import lru_cache
from typing import Any

from babel.core import get_global
from django import forms
from django.core.validators import RegexValidator, URLValidator
from django.utils.translation import gettext_lazy as _

from practice import letters, wording

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
        return letters.visible(super().to_python(value) or "")


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
def _places() -> frozenset[str]:
    """Return the zones of the pinned zone database: each place once."""
    return frozenset(n for n in _zones() if not n.startswith("Etc/") and n == _as_said_today(n))


def zone_choices() -> list[tuple[str, str]]:
    """Return the places one can be in, by their names in the reader's language."""
    return _named(wording.language())


@lru_cache(maxsize=4)
def _named(_language: str) -> list[tuple[str, str]]:
    """Name and sort them once in each language: the one that is spoken now."""
    named = [(zone, wording.place_of(zone)) for zone in _places()]
    return sorted(named, key=lambda one: letters.without_accents("NFKD", one[1]).casefold())


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
        if kept in _zones() and kept not in _places():
            self.choices = [*zone_choices(), (kept, kept)]
        return bound


class WebField(forms.URLField):
    """An address of the web, and no other; what is none is said once."""

    default_validators = [URLValidator(schemes=["http", "https"])]
