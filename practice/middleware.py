"""What surrounds every request: a reference, headers, language, refusals, sign-in policy."""

import logging
import secrets
import time
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from allauth.core.exceptions import ReauthenticationRequired
from allauth.usersessions.middleware import UserSessionsMiddleware
from csp.constants import NONCE, STRICT_DYNAMIC
from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django.utils.translation import gettext as _

from practice import logs
from practice.actors import Actor
from practice.doors import policy, suspended
from practice.doors.failures import API, answer_trouble, page_before, problem
from practice.doors.giving_back import given_back
from practice.doors.pages import (
    keep_on_device,
    known_language,
    language_chosen,
    language_spoken,
)
from practice.errors import BadInput, NotPossible, SignInAgain, Stale, sql_state
from practice.models import User

Answer = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger(__name__)

PERMISSIONS = (
    "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(),"
    " magnetometer=(), microphone=(), payment=(), usb=()"
)
# What somebody may not, could not, or sent wrongly: one line in the log for each.
REFUSED = {400, 401, 403, 404, 409, 411, 412, 413, 415, 422, 429}
NOTED = "device_noted"


class RequestIdMiddleware:
    """Give the request a reference; answer plainly when the database or a key is away."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = logs.reference.set(secrets.token_hex(6))
        try:
            response = self.get_response(request)
            response["X-Request-Id"] = logs.reference.get()
            if response.status_code in REFUSED:
                _note_refusal(request, response.status_code)
            return response
        finally:
            logs.reference.reset(token)


def _note_refusal(request: HttpRequest, status: int) -> None:
    """Log which address, by its name, was refused to whom, by number: no path, no word."""
    actor: Actor | None = getattr(request, "actor", None)
    route = request.resolver_match
    if actor is None and route is None:
        return  # nobody we know asked for nothing we have
    whom = {"user": actor.user_id, "seat": actor.seat} if actor else {}
    name = route.view_name if route else ""
    log.info("refused", extra={"status": status, "route": name, **whom})


class SecurityHeadersMiddleware:
    """Add the headers Django has no setting for, and the staff pages' own script policy."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SECURE and request.path.startswith(API) and not request.is_secure():
            said = _("Ask over https. Revoke a key that was sent without it.")
            response: HttpResponse = problem(403, code="https_only", detail=said)
        else:
            response = self.get_response(request)
        response.setdefault("Permissions-Policy", PERMISSIONS)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.setdefault("X-Robots-Tag", "noindex, nofollow")
        if not request.path.startswith(policy.CACHEABLE) or response.status_code >= 400:
            add_never_cache_headers(response)
            response["Cache-Control"] = "no-store, private"
        return response


class PagesGZipMiddleware(GZipMiddleware):
    """Compress pages and nothing else: the API keeps its strong tags (docs/decisions/0007)."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Leave alone what is no page."""
        if not response.headers.get("Content-Type", "").startswith("text/html"):
            return response
        return super().process_response(request, response)


class DevicesMiddleware:
    """Note in the list of devices when each was last used: to the minute, not at every request."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        self.note = UserSessionsMiddleware(lambda _request: None)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        session, minute = request.session, int(time.time() // 60)
        # A new sign-in has a new key, and is listed at once.
        mark = [session.session_key, minute]
        if request.user.is_authenticated and session.session_key and session.get(NOTED) != mark:
            try:
                self.note(request)
            except (DatabaseError, InterfaceError) as error:
                # A disk without room: who only reads goes on reading.
                log.warning("a device was not noted", extra={"code": sql_state(error)})
            else:
                session[NOTED] = mark
        return self.get_response(request)


class StaffScriptsMiddleware:
    """Let staff pages run htmx: scripts by nonce, one named Trusted Types policy more.

    Django's admin, for operators only, runs our own files and no others, but knows no Trusted
    Types; nothing that anyone wrote to anyone is on its pages.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        actor = getattr(request, "actor", None)
        if request.path.startswith(policy.OPERATIONS):
            response.__dict__["_csp_replace"] = {
                "require-trusted-types-for": None,
                "trusted-types": None,
            }
        elif actor is not None and actor.is_member:
            response.__dict__["_csp_replace"] = {
                "script-src": [NONCE, STRICT_DYNAMIC],
                "trusted-types": ["htmx", "homeward"],
            }
        return response


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Ask who it is; whose form came too late gets its page back, not an address that takes forms."""

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponseRedirect:
        return redirect_to_login(policy.way_back(request), reverse("account_login"))


class LanguageMiddleware:
    """Speak the person's language and show times in their zone."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        person = request.user if isinstance(request.user, User) else None
        # What was chosen on this device, the account's, what was spoken here last (signing in goes
        # on in it, after a session that ended as well), the browser's.
        language = (
            language_chosen(request)
            or (known_language(person.language) if person else language_spoken(request))
            or translation.get_language_from_request(request)
        )
        actor = getattr(request, "actor", None)
        with translation.override(language), timezone.override(_zone(actor)):
            request.__dict__["LANGUAGE_CODE"] = language
            response = self.get_response(request)
        is_said = "Content-Language" in response  # by a page that knows who will read it
        response.setdefault("Content-Language", language)
        spoken = response["Content-Language"]
        if (person or is_said) and spoken != language_spoken(request) and _is_page(request):
            keep_on_device(response, settings.SPOKEN_COOKIE_NAME, spoken)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response


class RefusalMiddleware:
    """Translate what actions refuse, once, for every page; take UTF-8 and no other encoding."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        claimed = (request.content_params or {}).get("charset", "utf-8").lower()
        if claimed not in {"utf-8", "utf8"}:
            raise BadRequest
        if request.method not in policy.SAFE and _comes_in_pieces(request):
            return _length_required(request)
        response = self.get_response(request)
        if response.status_code == 405 and not request.path.startswith(API):
            # An address that only takes forms: a browser's own page for it frightens people.
            response.content = render(request, "404.html").content
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, ReauthenticationRequired):  # before allauth does
            return suspended.suspend(request)
        if isinstance(error, SignInAgain):
            said = _(
                "For this we make sure that it is you. Sign in once more, and you will be back."
            )
            return policy.lock(request, said)
        if not isinstance(error, NotPossible):
            return answer_trouble(request, error)
        status = 422 if isinstance(error, BadInput) else 409
        words = {
            "heading": _("This has changed since you opened it")
            if isinstance(error, Stale)
            else _("This could not be done"),
            "message": error.message,
            "back_url": page_before(request) or "/",
            "typed": given_back(request),
        }
        return render(request, "409.html", words, status=status)


def _is_page(request: HttpRequest) -> bool:
    return not request.path.startswith((API, *policy.CACHEABLE))


def _comes_in_pieces(request: HttpRequest) -> bool:
    """Say whether the body has no length: Django reads nothing of it, as if nothing had been said."""
    return "Transfer-Encoding" in request.headers and not request.META.get("CONTENT_LENGTH")


def _length_required(request: HttpRequest) -> HttpResponse:
    said = _("Send it with its length (Content-Length). Nothing was changed.")
    if request.path.startswith(API):
        return problem(411, detail=said)
    return render(request, "400.html", status=411)


class SignInPolicyMiddleware:
    """Hold members to the practice's policy: a second factor, and a lock when idle."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return policy.refusal(request) or self.get_response(request)


def _zone(actor: object) -> ZoneInfo:
    return ZoneInfo(getattr(actor, "zone", "") or "UTC")
