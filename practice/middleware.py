"""What surrounds every request: a reference, headers, language, refusals, sign-in policy."""

import logging
import secrets
from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

from csp.constants import NONCE, STRICT_DYNAMIC
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers, patch_vary_headers

from practice import logs
from practice.actors import Actor, ActorRequest
from practice.doors import away
from practice.errors import BadInput, NotPossible
from practice.queries.people import has_second_factor

log = logging.getLogger(__name__)
Answer = Callable[[HttpRequest], HttpResponse]

PERMISSIONS = (
    "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(),"
    " magnetometer=(), microphone=(), payment=(), usb=()"
)
CACHEABLE = ("/static/", "/sw.js", "/manifest.webmanifest", "/offline")
# Where one may always go: signing in and out, leaving, getting help, setting up a second factor.
FREE = (
    "/account/",
    "/invitation/",
    "/leave",
    "/help",
    "/privacy",
    "/static/",
    "/demo",
    "/health",
    "/language",
)
LAST_SEEN = "last_seen"


class RequestIdMiddleware:
    """Give the request a reference; answer plainly when the database or a key is away."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = logs.reference.set(secrets.token_hex(6))
        try:
            response = self.get_response(request)
            response["X-Request-Id"] = logs.reference.get()
            return response
        finally:
            logs.reference.reset(token)


class SecurityHeadersMiddleware:
    """Add the headers Django has no setting for, and the staff pages' own script policy."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Permissions-Policy", PERMISSIONS)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.setdefault("X-Robots-Tag", "noindex, nofollow")
        if not request.path.startswith(CACHEABLE):
            add_never_cache_headers(response)
            response["Cache-Control"] = "no-store, private"
        return response


class StaffScriptsMiddleware:
    """Let staff pages run htmx: scripts by nonce, one named Trusted Types policy."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        actor = getattr(request, "actor", None)
        if actor is not None and actor.is_member:
            response.__dict__["_csp_replace"] = {
                "script-src": [NONCE, STRICT_DYNAMIC],
                "trusted-types": ["htmx", "homeward"],
            }
        return response


class LanguageMiddleware:
    """Speak the person's language and show times in their zone."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        person = request.user if request.user.is_authenticated else None
        known = {code for code, _name in settings.LANGUAGES}
        language = chosen if chosen in known else getattr(person, "language", "")
        language = language if language in known else translation.get_language_from_request(request)
        actor = getattr(request, "actor", None)
        with translation.override(language), timezone.override(_zone(actor)):
            request.__dict__["LANGUAGE_CODE"] = language
            response = self.get_response(request)
        response.setdefault("Content-Language", language)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response


class RefusalMiddleware:
    """Translate what actions refuse, once, for every page."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, BadInput):
            return render(request, "409.html", {"message": error.message}, status=422)
        if isinstance(error, NotPossible):
            return render(request, "409.html", {"message": error.message}, status=409)
        return away(request, error)


class SignInPolicyMiddleware:
    """Hold members to the practice's policy: a second factor, and a lock when idle."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: ActorRequest) -> HttpResponse:
        actor: Actor | None = request.__dict__.get("actor")
        if not request.user.is_authenticated or request.path.startswith(FREE):
            return self.get_response(request)
        if actor is None:
            if request.user.is_superuser:
                return self.get_response(request)
            return render(request, "practice/no_seat.html", status=403)
        if actor.is_member:
            if _was_idle(request):
                logout(request)
                return redirect(f"{reverse('account_login')}?next={_way_back(request)}")
            if _needs_second_factor(request):
                return redirect("mfa_index")
        return self.get_response(request)


def _zone(actor: object) -> ZoneInfo:
    return ZoneInfo(getattr(actor, "zone", "") or "UTC")


def _was_idle(request: ActorRequest) -> bool:
    """Say whether the member was away too long; note that they are here now."""
    at = timezone.now()
    seen = request.session.get(LAST_SEEN)
    limit = timedelta(minutes=request.practice.idle_minutes)
    if request.practice.idle_minutes and seen and at.timestamp() - seen > limit.total_seconds():
        return True
    # Once a minute is enough: a write on every request would cost more than it tells.
    if not seen or at.timestamp() - seen > 60:
        request.session[LAST_SEEN] = at.timestamp()
    return False


def _way_back(request: HttpRequest) -> str:
    return request.path if request.method == "GET" else "/"


def _needs_second_factor(request: ActorRequest) -> bool:
    if not request.practice.second_factor_required or request.user.is_demo:  # type: ignore[union-attr]  # signed in
        return False
    return not has_second_factor(request.actor.user_id or 0)
