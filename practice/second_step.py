"""The second step's forms: a passkey or security key, a code from an app or from paper."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, BaseAuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from practice.forms.fields import NameField
from practice.queries.people import second_steps

NO_KEY = _("This passkey did not open. Try it once more, or take another way.")
NOT_ADDED = _(
    "No key was added. It was stopped, or this device has none to give. Try it once more."
)
NOT_ON_PAPER = _(
    "That is none of your recovery codes, or it was used before. Each works once: try the next one."
)


@contextmanager
def _of_a_key(said: Any) -> Iterator[None]:
    """Say what became of a passkey; allauth says "incorrect code", as of six digits, and falls over
    what no browser sends."""
    try:
        yield
    except (ValidationError, KeyError, TypeError, ValueError) as error:
        raise ValidationError(said) from error


class AddKeyForm(AddWebAuthnForm):
    """Ask for a key's name in the person's language; most people mean a passkey."""

    name = NameField(label=_("Name"), required=False)
    # For the page, whose script knows that nothing was made and no words for it.
    not_added = NOT_ADDED

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Make one that opens the door alone, unless somebody says otherwise."""
        super().__init__(*args, **kwargs)
        self.fields["passwordless"].initial = True

    def clean(self) -> dict[str, Any]:
        """Speak of the key: there is no code in this."""
        with _of_a_key(NOT_ADDED):
            said: dict[str, Any] = super().clean()
        return said


class EditKeyForm(EditWebAuthnForm):
    """Do the same when the name is changed."""

    name = NameField(label=_("Name"))


class _OfAKey(forms.Form):
    no_key = NO_KEY

    def clean_credential(self) -> Any:
        """Take the passkey, or say what else opens."""
        with _of_a_key(NO_KEY):
            return super().clean_credential()  # type: ignore[misc]  # allauth's, beside this one


class LoginKeyForm(_OfAKey, LoginWebAuthnForm):
    """Come in with a passkey alone."""


class SecondKeyForm(_OfAKey, AuthenticateWebAuthnForm):
    """Show a key as the second step."""


class ReauthenticateKeyForm(_OfAKey, ReauthenticateWebAuthnForm):
    """Show a key once more."""


class _OfACode(BaseAuthenticateForm):
    """Ask for what somebody has, by its name: who has a passkey alone has no code at all."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.has = second_steps(self.user.pk)
        self.is_of_use = self.has.app or self.has.codes > 0
        code = self.fields["code"]
        code.widget.attrs.pop("placeholder", None)
        if not self.has.app:
            code.label = _("Recovery code")
            code.help_text = _("One of those you printed or wrote down.")
            code.widget.attrs["autocomplete"] = "off"  # no phone has it to offer
        elif self.has.codes:
            code.help_text = _(
                "Write the six digits from your authenticator app, or one of your recovery codes."
            )
        else:
            code.help_text = _("Write the six digits from your authenticator app.")

    def clean_code(self) -> str:
        """Take the code; who has no app is sent to none."""
        try:
            code: str = super().clean_code()
        except ValidationError as error:
            if error.code != "incorrect_code" or self.has.app:
                raise
            raise ValidationError(NOT_ON_PAPER, code=error.code) from error
        return code

    def save(self) -> None:
        """Note it; of a code on paper its owner hears, and how many are left: who found the sheet comes
        in with it from anywhere."""
        super().save()  # type: ignore[misc]  # allauth's, beside this one
        if self.authenticator.type == Authenticator.Type.RECOVERY_CODES:
            left = {"left": second_steps(self.user.pk).codes}
            get_adapter().send_notification_mail("mfa/email/recovery_code_used", self.user, left)


class SecondCodeForm(_OfACode, AuthenticateForm):
    """Write a code as the second step."""


class ReauthenticateCodeForm(_OfACode, ReauthenticateForm):
    """Write a code once more."""
