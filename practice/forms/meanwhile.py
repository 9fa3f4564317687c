"""A form on a page that was left open while somebody else, or another tab, saved the same."""

from collections.abc import Mapping
from copy import copy
from datetime import datetime, time
from typing import Any

from django import forms
from django.utils.crypto import salted_hmac
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from practice import letters, wording
from practice.forms.fields import ClockInput

SHOWN = "shown"


class Meanwhile(forms.BaseForm):
    """Change what was changed on the page, and nothing else.

    With its page a form gives a mark of what each field showed. What comes back untouched takes what
    stands by now; what both changed is refused once, and `theirs` says what stands there. Without
    marks (a program's form) all that is said counts.
    """

    # One's own choices: it can only have been oneself, and nobody is to fear that it was not.
    is_own = False

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
            self.add_error(name, self._changed())
        if contested:
            self.theirs = {"comments": [(self[name].label, self._said(name)) for name in contested]}

    def _changed(self) -> str:
        if self.is_own:
            return _(
                "Changed meanwhile, in another tab or on another device. Nothing is saved yet."
            )
        return _("Changed meanwhile, in another tab or by somebody else. Nothing is saved yet.")

    def _take_in(self) -> list[str]:
        """Put what stands by now where nothing was changed; return which fields both changed.

        The page that comes back shows what stands, so that saving once more is a decision.
        """
        shown = _marked(self[SHOWN].data)
        if not shown:
            return []
        said: Any = copy(self.data)
        contested = []
        for name, field in self.fields.items():
            if name == SHOWN or (field.disabled and self[name].html_name not in said):
                continue
            typed, stands = (self._plain(name, one) for one in (self[name].data, self._kept(name)))
            if typed == stands:
                continue
            # What only another's change brought into the form was not on this page to be touched.
            is_touched = name in shown and _mark(name, typed) != shown[name]
            if not is_touched:
                said.setlist(self[name].html_name, stands)
            elif field.disabled or _mark(name, stands) != shown[name]:
                contested.append(name)
        said[self[SHOWN].html_name] = self._marks()
        self.data = said
        return contested

    def _marks(self) -> str:
        names = [name for name in self.fields if name != SHOWN]
        marks = (_mark(name, self._plain(name, self._kept(name))) for name in names)
        return " ".join(map(":".join, zip(names, marks, strict=True)))

    def _kept(self, name: str) -> Any:
        return self.get_initial_for_field(self.fields[name], name)

    def _plain(self, name: str, value: Any) -> list[str]:
        return _plainly(self.fields[name], value)

    def _said(self, name: str) -> str:
        """Say what stands in a field, for people."""
        field = self.fields[name]
        value = field.prepare_value(self._kept(name))  # of a moment, one's own clock
        if value in (None, "", []):
            return "–"
        if isinstance(field, forms.BooleanField):
            return _("Yes") if value else _("No")
        if isinstance(field, forms.ChoiceField):
            names = dict(field.choices)  # type: ignore[arg-type]  # no groups
            chosen = value if isinstance(value, list) else [value]
            return wording.listed([str(names.get(one, one)) for one in chosen])
        if isinstance(value, datetime):
            return date_format(value, _("D j M Y, H:i"))
        return f"{value:%H:%M}" if isinstance(value, time) else str(value)


def untouched(fields: Mapping[str, forms.Field], said: Mapping[str, list[str]]) -> set[str]:
    """Name what a form brought as its page had shown it, by its marks; what is not among `fields`
    are words."""
    shown = _marked(" ".join(said.get(SHOWN, [])))
    plain = {name: _as_sent(fields.get(name), said[name]) for name in shown.keys() & said.keys()}
    return {name for name, values in plain.items() if _mark(name, values) == shown[name]}


def _as_sent(field: forms.Field | None, texts: list[str]) -> list[str]:
    if field is None:
        return [letters.in_lines(texts[-1].strip())]
    return _plainly(field, texts if isinstance(field, forms.MultipleChoiceField) else texts[-1])


def _marked(shown: Any) -> dict[str, str]:
    pairs = (pair.partition(":") for pair in str(shown or "").split())
    return {name: mark for name, _colon, mark in pairs}


def _plainly(field: forms.Field, value: Any) -> list[str]:
    """Return what a page sends of a field that holds this: of a time no seconds, of boxes those that
    are ticked."""
    try:
        value = field.prepare_value(field.to_python(value))
    except forms.ValidationError:
        return [str(value)]
    if isinstance(field.widget, ClockInput):
        value = field.widget.format_value(value)
    if isinstance(value, list):
        return sorted(map(str, value))
    return ["" if value is None else str(value)]


def _mark(name: str, values: list[str]) -> str:
    """Keyed: from the page's source nobody finds out, by guessing, what a field held."""
    value = "\n".join([name, *values])
    return salted_hmac("homeward.shown", value, algorithm="sha256").hexdigest()[:16]
