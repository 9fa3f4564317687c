"""How Homeward uses allauth: no open door, mail through the outbox, members by more than a code."""

import logging
import time
import uuid
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.fields import PasswordField
from allauth.account.forms import AddEmailForm as AllauthAddEmailForm
from allauth.account.forms import ChangePasswordForm as AllauthChangePasswordForm
from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import ReauthenticateForm as AllauthReauthenticateForm
from allauth.account.forms import RequestLoginCodeForm as AllauthRequestLoginCodeForm
from allauth.account.forms import ResetPasswordKeyForm as AllauthResetPasswordKeyForm
from allauth.account.forms import SetPasswordForm as AllauthSetPasswordForm
from allauth.account.internal import flows
from allauth.core import context as allauth_context
from allauth.mfa.adapter import DefaultMFAAdapter
from django import forms
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.sites.requests import RequestSite
from django.core.exceptions import ValidationError
from django.core.mail import get_connection
from django.http import HttpRequest
from django.utils import translation
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from practice.crypto import FACTOR, seal_factor, unseal_factor
from practice.doors.pages import INVITATION
from practice.emails import address, host, sender
from practice.errors import KeyTrouble, SignInAgain
from practice.forms.fields import speak_plainly
from practice.models import User
from practice.passwords import SHORT_ENOUGH
from practice.queries.people import account_of, is_member_anywhere, is_with_another, second_steps
from practice.wording import clock_of

UNKNOWN = "account/email/unknown_account"
# What allauth refuses on the way in; the rest are forms filled in wrongly.
FAILURES = {
    "enter_current_password",
    "incorrect_code",
    "incorrect_password",
    "invalid_password_reset",
    "too_many_login_attempts",
}
TRIED_OUT = _("This code was tried too often and no longer opens. Ask for a new code.")
log = logging.getLogger(__name__)


def display(user: User) -> str:
    """Return what allauth's pages call somebody."""
    return user.get_short_name()


def _note_failure(code: str) -> None:
    """Log a wrong code or password, and for whom, where that is known by now."""
    if code not in FAILURES:
        return
    request = allauth_context.request
    # Between the first step and the second nobody is signed in, and yet it is clear who tries.
    tries = getattr(getattr(request, "_login_stage", None), "login", None)
    user = getattr(tries, "user", None) or getattr(request, "user", None)
    log.warning("sign-in refused", extra={"code": code, "user": getattr(user, "pk", None) or ""})


class AccountAdapter(DefaultAccountAdapter):
    """Close the sign-up: people come in by invitation only. Log who comes and who does not."""

    # No limit of ours counts for longer (ACCOUNT_RATE_LIMITS).
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "rate_limited": _("That was asked for many times. Wait five minutes, then try once more."),
        "too_many_login_attempts": _("Many tries in a row. Wait five minutes, then try once more."),
    }

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        """Sign in, and log how."""
        super().login(request, user)
        steps = [one["method"] for one in get_authentication_records(request, user)]
        # A guest's session, with an invitation, ends with the browser. Who signs in stays as long as
        # others do: without a password, whose form says so itself, for as long as sessions last.
        if request.session.pop(INVITATION, None) and "password" not in steps:
            request.session.set_expiry(None)
        log.info("signed in", extra={"user": user.pk, "kind": "+".join(steps)})

    def logout(self, request: HttpRequest) -> None:
        """Sign out, and log it."""
        log.info("signed out", extra={"user": request.user.pk})
        super().logout(request)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Log whose password it was not, if it is anybody's."""
        account = account_of(str(credentials.get("email", "")))
        log.warning("sign-in failed", extra={"user": account.pk if account else ""})

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        """Log what was refused on the way in."""
        _note_failure(code)
        error: ValidationError = super().validation_error(code, *args)
        return error

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """Say it in the language of the page, also once its transaction is over; of a code that was
        tried too often, what helps. (A wait is for who asks too often: forms say that, no message.)"""
        said_in = getattr(request, "LANGUAGE_CODE", None) or translation.get_language()
        with translation.override(said_in):
            if message == self.error_messages["too_many_login_attempts"]:
                message = str(TRIED_OUT)
            super().add_message(
                request, level, message_template, message_context, extra_tags, message
            )

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Say no; the invitation's page makes accounts."""
        return False

    def get_from_email(self) -> str:
        """Return the discreet sender."""
        return settings.DEFAULT_FROM_EMAIL

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Ask who has neither password nor second factor to sign in anew, with a fresh code; ask nobody
        for the password that they gave or chose a moment ago.

        allauth has nothing to ask the first for, and would let them pass: an open phone in a partner's
        hand would be enough to move the account, to take the record, or to make a key. And a password
        that signed somebody in is none to it that was asked for "once more".
        """
        if not super().is_reauthentication_required(app=app, **kwargs):
            return False
        request = allauth_context.request
        long_ago = time.time() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
        records = flows.login.get_authentication_records(request, request.user)
        fresh = {one["method"] for one in records if one["at"] >= long_ago}
        if not fresh and not flows.reauthentication.get_reauthentication_flows(request.user):
            raise SignInAgain
        return "password" not in fresh

    def get_reauthentication_methods(
        self, user: AbstractBaseUser | AnonymousUser
    ) -> list[dict[str, Any]]:
        """Offer what somebody has, by its own name; codes on paper last, for each is used up by it."""
        ways: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        coded = next((way for way in ways if way["id"] == "mfa_reauthenticate"), None)
        if coded is None or user.pk is None:
            return ways
        has = second_steps(user.pk)
        if not has.app:
            ways.remove(coded)
            if has.codes:
                ways.append({**coded, "description": _("Use a recovery code")})
        return ways

    def send_notification_mail(
        self,
        template_prefix: str,
        user: AbstractBaseUser,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Say what was done to an account in its owner's language and by their own clock.

        Some of it is said when the page's transaction is over, and its language and clock with it.
        """
        actor = getattr(self.request, "actor", None)
        own = user if isinstance(user, User) else User()
        zone = actor.zone if actor and actor.user_id == own.pk else own.zone
        with translation.override(own.language):
            said = {**(context or {}), "zone": zone, "clock": clock_of(zone)}
            said["has_password"] = own.has_usable_password()
            super().send_notification_mail(template_prefix, user, said, email)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Hand a mail to the outbox: a member's who asked for a code says what to do instead.

        Where nobody has the address, a mail to nobody is queued just the same, so that the answer
        takes as long; the worker throws it away. We never write to strangers.
        """
        account = account_of(email)
        message = self.render_mail(template_prefix, email, {"email": email, **context})
        message.from_email = self._sender(account)
        if template_prefix == UNKNOWN and not (account and is_member_anywhere(account)):
            message.to = []
        get_connection().send_messages([message])

    def _sender(self, account: User | None) -> str:
        """Return whom a mail comes from: the one practice of whose account it is, by its discreet name;
        who sits in several has none that fits. As many questions when the address is nobody's."""
        if account is None:  # theirs who are signed in, who confirm another address, or nobody's
            account = self.request.user if isinstance(self.request.user, User) else User(pk=0)
        name, *others = import_string(settings.HOMEWARD_NAMES)(account.pk) or [""]  # clients'
        return sender(name, address()) if name and not others else settings.DEFAULT_FROM_EMAIL

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> Any:
        """Render a mail without anything that tells more than the address already knows."""
        message = super().render_mail(template_prefix, email, context, headers)
        message.extra_headers.setdefault("Auto-Submitted", "auto-generated")
        # One of our own, which names no machine.
        message.extra_headers.setdefault("Message-ID", f"<{uuid.uuid4().hex}@{host()}>")
        return message


class MfaAdapter(DefaultMFAAdapter):
    """Name things discreetly in authenticator apps, and keep their seeds sealed."""

    # A code by mail has a sentence of its own: here, no mail comes.
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _(
            "That is not the code. Look at the app again: the code changes every half minute."
        ),
    }

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        """Log a wrong second step."""
        _note_failure(code)
        error: ValidationError = super().validation_error(code, *args)
        return error

    def encrypt(self, text: str) -> str:
        """Seal a seed for whoever sets it up; outside of a page, the worker does it soon."""
        user = getattr(allauth_context.request, "user", None)
        return seal_factor(text, user=user.pk) if isinstance(user, User) else text

    def decrypt(self, encrypted_text: str) -> str:
        """Open a seed where it belongs. Raises KeyTrouble for one put into another's place."""
        if not encrypted_text.startswith(FACTOR):
            return encrypted_text  # from before there were seals
        user, text = unseal_factor(encrypted_text)
        if is_with_another(encrypted_text, user):
            raise KeyTrouble("This second factor was sealed for somebody else.")
        return text

    def get_totp_issuer(self) -> str:
        """Return what an authenticator app shows."""
        return settings.MFA_TOTP_ISSUER

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Name the site to the browser's passkey store."""
        return {
            "id": RequestSite(allauth_context.request).domain.partition(":")[0],
            "name": "Homeward",
        }


class RequestLoginCodeForm(AllauthRequestLoginCodeForm):
    """Send sign-in codes to clients only: members use a password or a passkey.

    Whoever asks for a member's address, or for an unknown one, sees the very same page.
    """

    _user: AbstractBaseUser | None

    def clean_email(self) -> str:
        """Let a member's address look like one nobody has; their mail says what to do instead."""
        email: str = super().clean_email()
        if isinstance(self._user, User) and is_member_anywhere(self._user):
            self._user = None
        return email


class _ShortEnough(forms.Form):
    """Refuse a password that is too long to be one, before anything reads it; speak as we do."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        speak_plainly(self.fields)
        for field in self.fields.values():
            if isinstance(field, PasswordField):
                field.validators.append(SHORT_ENOUGH)


class LoginForm(_ShortEnough, AllauthLoginForm):
    """Say what to write, not that something is missing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].error_messages["required"] = _("Write your e-mail address.")
        self.fields["password"].error_messages["required"] = _(
            "Write your password, or ask for a code."
        )


class AddEmailForm(AllauthAddEmailForm):
    """Ask for another address, beside the one that is shown."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Say which of the two is meant."""
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("New e-mail")
        self.fields["email"].help_text = _(
            "We send a code to the new address. Until you enter it, the old one stays."
        )


class ChangePasswordForm(_ShortEnough, AllauthChangePasswordForm):
    """Change it, within bounds."""


class ResetPasswordKeyForm(_ShortEnough, AllauthResetPasswordKeyForm):
    """Choose a new one after it was forgotten, within bounds."""


class ReauthenticateForm(_ShortEnough, AllauthReauthenticateForm):
    """Ask for it once more, within bounds."""


class SetPasswordForm(_ShortEnough, AllauthSetPasswordForm):
    """Let somebody without a password choose one, who has just shown that it is them.

    Whoever sets it knows it, and it opens everything that asks for it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ask before anything is typed."""
        flows.reauthentication.raise_if_reauthentication_required(
            allauth_context.request, app="allauth.account"
        )
        super().__init__(*args, **kwargs)
