"""How a therapist narrows the list of their clients."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from exercises.queries.caseload import TO_REVIEW
from practice.forms.fields import PlainForm

EVERYONE = ("", _("Everyone in care"))
OWN = ("own", _("Your own"))
STATES = [
    (TO_REVIEW, _("Something to review")),
    ("couples", _("In a couple")),
    ("individuals", _("On their own")),
    ("invited", _("Not joined yet")),
    ("discharged", _("Care ended")),
]


class ClientFilter(PlainForm):
    """Search and filter clients. `is_mixed`: one's own stand among those one only reads about;
    `cares`: there are any of one's own, whom their address finds, too."""

    q = forms.CharField(label=_("Name"), required=False, max_length=100)
    only = forms.ChoiceField(label=_("Show"), required=False)

    def __init__(self, *args: Any, is_mixed: bool, cares: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if cares:
            self.fields["q"].label = _("Name or e-mail")
        only = self.fields["only"]
        if isinstance(only, forms.ChoiceField):
            only.choices = [EVERYONE, *([OWN] if is_mixed else []), *STATES]
