"""Setting up the second step and taking it off: allauth's pages, each with a rule more."""

from typing import Any, cast

from allauth.account.internal import flows
from allauth.mfa.recovery_codes.views import DownloadRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView, RemoveWebAuthnView
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.generic import View

from practice.models import User
from practice.queries.people import second_steps


class _BringsCodes(View):
    did_generate_recovery_codes: bool

    def form_valid(self, form: Form) -> HttpResponse:
        """Go on to the codes that come with the first key or app. Who has no password had nothing to be
        asked for before it; the page of the codes would ask them for one of the codes that it shows."""
        answer: HttpResponse = super().form_valid(form)  # type: ignore[misc]  # allauth's, beside it
        if self.did_generate_recovery_codes:
            flows.login.record_authentication(
                self.request, cast("User", self.request.user), method="mfa", reauthenticated=True
            )
        return answer


class AddKey(_BringsCodes, AddWebAuthnView):
    """Add a passkey or security key."""


class SetUpApp(_BringsCodes, ActivateTOTPView):
    """Set up an authenticator app."""


class DownloadCodes(DownloadRecoveryCodesView):
    """Take the codes along as a file."""

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Call it by a name that its reader understands."""
        answer: HttpResponse = super().render_to_response(context, **kwargs)  # type: ignore[no-untyped-call]  # allauth's
        answer["Content-Disposition"] = f'attachment; filename="{_("recovery-codes.txt")}"'
        return answer


class _MayTakeCodes(View):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Know beforehand whether the codes on paper go with it: with the last key or app they do. The
        page, the message and the mail all read it from the request they are rendered for."""
        has = second_steps(cast("int", request.user.pk))
        request.__dict__["codes_go"] = has.keys + has.app == 1 and has.codes > 0
        return super().dispatch(request, *args, **kwargs)


class RemoveKey(_MayTakeCodes, RemoveWebAuthnView):
    """Take a passkey or security key off."""


class TurnAppOff(_MayTakeCodes, DeactivateTOTPView):
    """Ask for no code of an app any more."""
