"""How a therapist narrows the list of their clients."""

from django import forms
from django.utils.translation import gettext_lazy as _

from exercises.queries.caseload import TO_REVIEW
from practice.forms import PlainForm


class ClientFilter(PlainForm):
    """Search and filter clients."""

    q = forms.CharField(label=_("Name"), required=False, max_length=100)
    only = forms.ChoiceField(
        label=_("Show"),
        required=False,
        choices=[
            ("", _("Everyone in care")),
            (TO_REVIEW, _("Something to review")),
            ("couples", _("In a couple")),
            ("individuals", _("On their own")),
            ("invited", _("Not joined yet")),
            ("discharged", _("Care ended")),
        ],
    )
