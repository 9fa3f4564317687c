"""Who works here: finding, inviting, their roles; what they say of themselves, and their keys."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from practice.forms.fields import TIME, NameField, PlainForm, ZoneField
from practice.forms.meanwhile import Meanwhile
from practice.models import Membership, Role

SCOPE_NAMES = {
    "read": _("Read what I may read"),
    "answer": _("Answer homework"),
    "assign": _("Assign"),
    "review": _("Review"),
    "admin": _("Administer"),
}


def scope_names(scopes: Iterable[str]) -> list[str]:
    """Return what a key may, as the form says it."""
    return [str(SCOPE_NAMES[scope]) for scope in scopes if scope in SCOPE_NAMES]


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
        label=_("Roles"),
        choices=Role.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one role.")},
    )


class RolesForm(Meanwhile, PlainForm):
    """Say what a member does."""

    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=Role.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one role.")},
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


class AccountForm(Meanwhile, PlainForm):
    """What a member says about themselves."""

    is_own = True
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
