"""A form on a page that was left open while somebody else, or another tab, saved the same."""

import hashlib
from collections.abc import Mapping
from copy import copy
from datetime import datetime, time
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from practice import letters
from practice.forms.fields import ClockInput

SHOWN = "shown"


class Meanwhile(forms.BaseForm):
    """Change what was changed on the page, and nothing else.

    With its page a form gives a mark of what each field showed. What comes back untouched takes what
    stands by now; what both changed is refused once, and `theirs` says what stands there. Without
    marks (a program's form) all that is said counts.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.theirs: dict[str, list[tuple[Any, str]]] = {}
        self.fields[SHOWN] = forms.Field(
            required=False, widget=forms.HiddenInput, initial=self._marks
        )

    def full_clean(self) -> None:
        """Take in what others saved, then clean; say where both changed the same."""
        contested = self._take_in() if self.is_bound else []
        super().full_clean()
        if self.is_bound:
            self.cleaned_data.pop(SHOWN, None)
        for name in contested:
            text = _("Changed meanwhile, in another tab or by somebody else. Nothing is saved yet.")
            self.add_error(name, text)
        if contested:
            self.theirs = {"comments": [(self[name].label, self._said(name)) for name in contested]}

    def _take_in(self) -> list[str]:
        """Put what stands by now where nothing was changed; return which fields both changed.

        The page that comes back shows what stands, so that saving once more is a decision.
        """
        shown = _marked(self[SHOWN].data)
        said: Any = copy(self.data)
        contested = []
        for name, field in self.fields.items():
            if name not in shown or (field.disabled and self[name].html_name not in said):
                continue
            typed, stands = (self._plain(name, one) for one in (self[name].data, self._kept(name)))
            if typed == stands:
                continue
            if _mark(typed) == shown[name]:
                said[self[name].html_name] = stands
            elif field.disabled or _mark(stands) != shown[name]:
                contested.append(name)
        if shown:
            said[self[SHOWN].html_name] = self._marks()
        self.data = said
        return contested

    def _marks(self) -> str:
        names = [name for name in self.fields if name != SHOWN]
        return " ".join(f"{name}:{_mark(self._plain(name, self._kept(name)))}" for name in names)

    def _kept(self, name: str) -> Any:
        return self.get_initial_for_field(self.fields[name], name)

    def _plain(self, name: str, value: Any) -> str:
        return _plainly(self.fields[name], value)

    def _said(self, name: str) -> str:
        """Say what stands in a field, for people."""
        field = self.fields[name]
        value = field.prepare_value(self._kept(name))  # of a moment, one's own clock
        if isinstance(field, forms.BooleanField):
            return _("Yes") if value else _("No")
        if isinstance(field, forms.ChoiceField):
            value = dict(field.choices).get(value, value)  # type: ignore[arg-type]  # no groups
        if isinstance(value, datetime):
            return date_format(value, _("D j M Y, H:i"))
        return f"{value:%H:%M}" if isinstance(value, time) else str(value or "–")


def untouched(fields: Mapping[str, forms.Field], said: Mapping[str, str]) -> set[str]:
    """Name what a form brought as its page had shown it, by its marks; a box that is not among
    `fields` holds words."""
    shown = _marked(said.get(SHOWN))
    plain = {
        name: _plainly(fields[name], text) if name in fields else letters.in_lines(text.strip())
        for name, text in said.items()
        if name in shown
    }
    return {name for name, text in plain.items() if _mark(text) == shown[name]}


def _marked(shown: Any) -> dict[str, str]:
    pairs = (pair.partition(":") for pair in str(shown or "").split())
    return {name: mark for name, _colon, mark in pairs}


def _plainly(field: forms.Field, value: Any) -> str:
    """Return what a field holds as its page has it: of a time, no seconds."""
    try:
        value = field.prepare_value(field.to_python(value))
    except forms.ValidationError:
        return str(value)
    if isinstance(field.widget, ClockInput):
        value = field.widget.format_value(value)
    return "" if value is None else str(value)


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
