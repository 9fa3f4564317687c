"""What a therapist types in answer to a round."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from exercises.actions.reviewing import Draft
from exercises.models import Decision

COMMENT = "comment."


class ReplyForm(forms.Form):
    """Opening words and a decision."""

    letter = forms.CharField(
        label=_("A few words to open with"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "class": "short"}),
    )
    decision = forms.ChoiceField(
        label=_("And then"), choices=Decision.choices, widget=forms.RadioSelect
    )
    # Which revision of the draft was read, and which round is being answered.
    base = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)
    round = forms.IntegerField(
        required=False, min_value=1, max_value=32767, widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, can_go_back: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not can_go_back:  # there is nothing to choose
            self.fields["decision"].widget = forms.HiddenInput()


def draft_from(data: Mapping[str, str]) -> Draft:
    """Read a reply: `letter`, `decision`, `comment.<item>` and any number of `reopen`."""
    getlist = getattr(data, "getlist", None)
    reopened = getlist("reopen") if getlist else []
    decision = data.get("decision", "")
    comments = {
        name.removeprefix(COMMENT): clean(text)
        for name, text in data.items()
        if name.startswith(COMMENT) and clean(text)
    }
    return Draft(
        words=clean(data.get("letter", "")),
        comments=comments,
        returned=frozenset(reopened),
        decision=decision if decision in Decision.values else "",
    )


def clean(text: str) -> str:
    """Drop what no text may hold, and the space around it."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode().strip()
