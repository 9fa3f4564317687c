"""One's own account: coming in by a code, a forgotten password, a new address, devices, keys for programs."""

from typing import Any, cast
from uuid import UUID

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.internal.flows.password_reset_by_code import PasswordResetVerificationProcess
from allauth.account.views import (
    BaseReauthenticateView,
    CompletePasswordResetView,
    ConfirmEmailVerificationCodeView,
    ConfirmLoginCodeView,
    ConfirmPasswordResetCodeView,
    PasswordResetView,
    ReauthenticateView,
)
from allauth.core import ratelimit
from allauth.mfa.base.views import ReauthenticateView as CodeReauthenticateView
from allauth.mfa.webauthn.views import ReauthenticateWebAuthnView
from allauth.usersessions.views import list_usersessions
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError, transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from practice.actions import people, tokens
from practice.actors import ActorRequest
from practice.crypto import decrypt_from_url, encrypt_for_url
from practice.doors import suspended
from practice.doors.pages import once_per_form, posted, saved_in
from practice.forms.people import AccountForm, TokenForm, scope_names
from practice.models import User
from practice.passwords import mark_of
from practice.queries import people as asking

# Where a session keeps a key that was just made, sealed, until the next page has shown it.
NEW_KEY = "new_key"
# Under what a reset notes the account it was asked for, as it was then.
MARK = "account"


@require_http_methods(["GET", "POST"])
def account_home(request: ActorRequest) -> HttpResponse:
    """Show and change one's own name, language, zone and daily mail."""
    if not request.actor.is_member:
        return redirect("you")
    seat = asking.member(request.actor, request.actor.member_id)  # type: ignore[arg-type]  # a member has one
    form = AccountForm(
        posted(request),
        has_queue=request.actor.is_therapist,
        initial={
            "name": seat.user.name,
            "language": seat.user.language,
            "zone": seat.user.zone,
            "daily_mail": seat.daily_mail,
            "daily_mail_time": seat.daily_mail_time,
        },
    )
    if request.method == "POST" and form.is_valid():
        people.describe_self(
            by=request.actor, at=now(), profile=people.Profile(**form.cleaned_data)
        )
        return saved_in(request, form.cleaned_data["language"], to="account_home")
    return render(
        request, "practice/account.html", {"form": form}, status=422 if form.is_bound else 200
    )


class ConfirmLoginCode(ConfirmLoginCodeView):
    """Take the code that came by mail, or send another, for as long as the address is theirs."""

    def get_form_kwargs(self) -> dict[str, Any]:
        """Let no code in that somebody else may read by now: theirs is another address, or they have
        become a member meanwhile, to whom no code opens."""
        said: dict[str, Any] = super().get_form_kwargs()
        if "code" in said and self._whose() is None:
            said["code"] = ""  # as for an address that nobody has
        return said

    def _whose(self) -> User | None:
        """Return whom a code for this address lets in now: as many questions for anybody."""
        asked, found = self._process.user, asking.account_of(self._process.state["email"])
        is_member = asking.is_member_anywhere(found or User(pk=0))
        return found if found and found == asked and not is_member else None

    def _resend_form_valid(self, form: Form) -> HttpResponse:
        """Ask anew for the same address. allauth's own way queues no mail to nobody when nobody has
        it, is sooner done then, and so would tell who is here. The tries begin anew with the code; how
        often one may ask is the rate limit's."""
        email = self._process.state["email"]
        if ratelimit.consume(self.request, action="request_login_code", key=email.lower()):
            LoginCodeVerificationProcess.initiate(
                request=self.request, user=self._whose(), email=email
            )
            messages.info(self.request, _("If we know this address, a new code is on its way."))
        else:
            messages.error(self.request, get_adapter().error_messages["rate_limited"])
        url: str = self.passthrough_next_url(reverse("account_confirm_login_code"))  # type: ignore[no-untyped-call]
        return redirect(url)


class AskForReset(PasswordResetView):
    """Send a code for a forgotten password, which opens the account as it is now."""

    def form_valid(self, form: Form) -> HttpResponse:
        """Note with the code whose address this is, and that their password is the one of today."""
        answer: HttpResponse = super().form_valid(form)
        reset = PasswordResetVerificationProcess.resume(self.request)
        # Who asks too often gets no new code: the one from before stays what it was.
        if reset and MARK not in reset.state:
            _mark(reset, asking.account_of(reset.state["email"]))
        return answer


def _mark(reset: PasswordResetVerificationProcess, account: User | None) -> None:
    reset.state[MARK] = mark_of(account)
    reset.persist()


def _still_holds(reset: PasswordResetVerificationProcess | None) -> bool:
    """Say whether a reset is for the account as it was when it was asked for: who moved to another
    address, or chose a password since, is not let down by a code that lies in the old mailbox."""
    account = asking.account_of(reset.state["email"]) if reset else None
    return reset is not None and account is not None and reset.state.get(MARK) == mark_of(account)


class ConfirmResetCode(ConfirmPasswordResetCodeView):
    """Take the code for a forgotten password, for as long as the account is as it was, or send another."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Offer another: what allauth does for those who sign in with one."""
        return {**super().get_context_data(**kwargs), "can_resend": True}  # type: ignore[no-untyped-call]  # allauth's

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask anew for the same address, where that is pressed: as many questions for anybody."""
        if request.POST.get("action") != "resend":
            answer: HttpResponse = super().post(request, *args, **kwargs)
            return answer
        email = cast("PasswordResetVerificationProcess", self._process).state["email"]
        if ratelimit.consume(request, action="reset_password", key=email.lower()):
            account = asking.account_of(email)
            _mark(
                PasswordResetVerificationProcess.initiate(
                    request=request, user=account, email=email
                ),
                account,
            )
            messages.info(request, _("If we know this address, a new code is on its way."))
        else:
            messages.error(request, get_adapter().error_messages["rate_limited"])
        url: str = self.passthrough_next_url(reverse("account_confirm_password_reset_code"))  # type: ignore[no-untyped-call]
        return redirect(url)

    def get_form_kwargs(self) -> dict[str, Any]:
        """Let no other code in: the page is the one for an address that nobody has, so that nobody
        learns from it what became of the account."""
        said: dict[str, Any] = super().get_form_kwargs()  # type: ignore[no-untyped-call]  # allauth's
        if not _still_holds(self._process):
            said["code"] = ""
        return said


@method_decorator(login_not_required, name="dispatch")
class CompleteReset(CompletePasswordResetView):
    """Take the new password, for as long as the account is as it was."""

    def dispatch(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """End what was begun before its owner moved away, or chose a password themselves."""
        reset = PasswordResetVerificationProcess.resume(request)
        if reset and reset.state.get("code_confirmed") and not _still_holds(reset):
            reset.abort()
            messages.error(request, _("This code no longer opens. Ask for a new one."))
            return redirect("account_reset_password")
        answer: HttpResponseBase = super().dispatch(request, **kwargs)
        return answer


@method_decorator(login_not_required, name="dispatch")
class ConfirmNewAddress(ConfirmEmailVerificationCodeView):
    """Take the code that went to a new address, or say that somebody else has it by now."""

    def _verify_form_valid(self, form: Form) -> HttpResponse:
        """Take the address; two who confirm the same one at this moment look, and both find it free."""
        try:
            with transaction.atomic():
                response: HttpResponse = super()._verify_form_valid(form)  # type: ignore[no-untyped-call]  # allauth's
                return response
        except IntegrityError:
            form.add_error("code", get_adapter().validation_error("email_taken"))
            return self._verify_form_invalid(form)

    def _verify_form_invalid(self, form: Form) -> HttpResponse:
        """Let go of a change that can never be finished; another address can be asked for at once.
        Who had the right code reads that inbox: this tells them nothing they could not know."""
        if self.stage or not self._process or not form.has_error("code", "email_taken"):
            response: HttpResponse = super()._verify_form_invalid(form)  # type: ignore[no-untyped-call]  # allauth's
            return response
        self._process.abort()
        messages.error(self.request, str(form.errors["code"][0]))
        return redirect("account_email")


class _GoesOn(BaseReauthenticateView):
    """Ask who one is; when that is said, do what waited for it, where it still may be done."""

    def form_valid(self, form: Form) -> HttpResponse:
        """Go on; whoever only came for a page is led there."""
        answer: HttpResponse = suspended.resume(self.request) or super().form_valid(form)
        return answer


class AskForPassword(ReauthenticateView, _GoesOn):
    """Ask for the password once more."""


class AskForCode(CodeReauthenticateView, _GoesOn):
    """Ask for a code once more."""


class AskForKey(ReauthenticateWebAuthnView, _GoesOn):
    """Ask for a passkey once more."""


@require_http_methods(["GET", "POST"])
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]  # allauth has no types
def session_list(request: HttpRequest) -> HttpResponse:
    """Show where one is signed in; end one of these or all others, just after saying who one is."""
    if request.method == "POST" and "session" in request.POST:
        line = asking.own_device(cast("int", request.user.pk), request.POST["session"])
        if line.session_key == request.session.session_key:
            return redirect("account_logout")
        line.end()
        messages.success(request, _("That device is signed out."))
        return redirect("usersessions_list")
    page = cast("TemplateResponse", list_usersessions(request))
    if request.method == "GET" and page.context_data:
        # This one on top, then whichever was here last.
        page.context_data["sessions"].sort(
            key=lambda one: (one.is_current(), one.last_seen_at), reverse=True
        )
        page.context_data["has_keys"] = asking.second_steps(cast("int", request.user.pk)).keys > 0
    return page


@require_http_methods(["GET", "POST"])
@reauthentication_required
@once_per_form
def token_list(request: ActorRequest) -> HttpResponse:
    """List one's keys for programs, and make one; its text is shown on the next page, and only there:
    loaded again, that page makes no second key."""
    form = TokenForm(posted(request), offered=tokens.useful_scopes(request.actor))
    if request.method == "POST" and form.is_valid():
        made = tokens.make(by=request.actor, at=now(), **form.cleaned_data)
        request.session[NEW_KEY] = encrypt_for_url(made.text, place=NEW_KEY)
        return redirect("token_list")
    return render(
        request,
        "practice/tokens.html",
        {
            "form": form,
            "made": _new_key(request),
            "tokens": [(one, scope_names(one.scopes)) for one in asking.tokens(request.actor)],
        },
        status=422 if form.is_bound else 200,
    )


def _new_key(request: ActorRequest) -> str:
    """Return the text of the key that was just made, this once; empty when there is none."""
    sealed = request.session.pop(NEW_KEY, "")
    try:
        return decrypt_from_url(sealed, place=NEW_KEY)
    except ValueError:  # none, or from another seat
        return ""


@require_POST
def token_revoke(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Let a key open nothing any more."""
    tokens.revoke(by=request.actor, at=now(), token=asking.token(request.actor, pk))
    messages.success(request, _("That key no longer opens anything."))
    return redirect("token_list")
