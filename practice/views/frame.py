"""What belongs to no page: home, leaving, help, the look, the worker, the health of the site."""

import hashlib
from typing import Any

from allauth.account.views import logout as allauth_logout
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from practice.actors import ActorRequest
from practice.doors.pages import keep_on_device, kept_invitation
from practice.models import NEUTRAL_PAGE
from practice.queries.people import device


@require_GET
def home(request: ActorRequest) -> HttpResponse:
    """Go where this person begins."""
    actor = request.actor
    if actor.is_client:
        return redirect("today")
    if actor.is_therapist:
        return redirect("queue")
    return redirect("client_list" if actor.is_supervisor else "people")


@csrf_exempt  # getting out must work from a beacon; being signed out by others is a mere nuisance
@login_not_required
@require_http_methods(["GET", "POST"])
def leave(request: HttpRequest) -> HttpResponse:
    """End the session on the server, and go somewhere that says nothing."""
    practice = getattr(request, "practice", None)
    target = practice.leave_url if practice else NEUTRAL_PAGE
    if line := device(request.session.session_key):
        line.end()
    logout(request)
    response = redirect(target) if request.method == "GET" else _left(request, target)
    response["Clear-Site-Data"] = '"cache"'
    return response


@login_not_required
@require_http_methods(["GET", "POST"])
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out, and keep nothing in this browser's cache.

    Not its "storage" too: the mark of a shared device and the page for offline stay useful, and the
    copies of drafts are taken away by homeward.js once they have landed.
    """
    line = device(request.session.session_key) if request.method == "POST" else None
    response: HttpResponse = allauth_logout(request)
    if request.method == "POST":
        response["Clear-Site-Data"] = '"cache"'
    if line:
        line.end()
    return response


def _left(request: HttpRequest, target: str) -> HttpResponse:
    """Answer a beacon with nothing, and a form with the way out.

    A form may not be redirected to another site (`form-action`), so a blank page leads there.
    """
    if "text/html" not in request.headers.get("Accept", ""):
        return HttpResponse(status=204)
    blank = format_html('<!doctype html><title>.</title><a href="{}">…</a>', target)
    return HttpResponse(blank, headers={"Refresh": f"0; url={target}"})


@require_POST
def still_here(request: HttpRequest) -> HttpResponse:
    """Answer who pressed "Stay signed in"; that they asked is what keeps the session."""
    return HttpResponse(status=204)


@login_not_required
@require_GET
def help_now(request: HttpRequest) -> HttpResponse:
    """Show where to turn right now."""
    return render(request, "practice/help_now.html", {"invitation": _invitation(request)})


@login_not_required
@require_GET
def privacy(request: HttpRequest) -> HttpResponse:
    """Say in plain words who can read what."""
    return render(request, "practice/privacy.html", {"invitation": _invitation(request)})


@login_not_required
@require_GET
def health(request: HttpRequest) -> HttpResponse:
    """Say whether the site can do its work."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"ok": True})


@login_not_required
@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Keep the look on this device."""
    response = redirect(_back(request))
    theme = request.POST.get("theme", "")
    if theme in {"light", "dark"}:
        keep_on_device(response, settings.THEME_COOKIE_NAME, theme)
    else:
        response.delete_cookie(settings.THEME_COOKIE_NAME, samesite="Lax")
    return response


@login_not_required
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Keep the language on this device."""
    response = redirect(_back(request))
    language = request.POST.get("language", "")
    if check_for_language(language) and language in dict(settings.LANGUAGES):
        keep_on_device(response, settings.LANGUAGE_COOKIE_NAME, language)
    return response


@login_not_required
@require_GET
def service_worker(request: HttpRequest) -> HttpResponse:
    """Give the worker that keeps the shell, and nothing with a word in it."""
    shell = [static(name) for name in ("homeward.css", "homeward.js")]
    return render(
        request,
        "sw.js",
        {"static_version": hashlib.sha256("".join(shell).encode()).hexdigest()[:12]},
        content_type="text/javascript",
    )


@login_not_required
@require_GET
@cache_control(max_age=3600)
def manifest(request: HttpRequest) -> HttpResponse:
    """Describe the installable site, under its discreet name."""
    return render(request, "manifest.webmanifest", content_type="application/manifest+json")


@login_not_required
@require_GET
def offline(request: HttpRequest) -> HttpResponse:
    """Show what is said without a line: of a page that does not open, of a form that did not go."""
    return render(request, "offline.html", {"of_form": "form" in request.GET})


def _invitation(request: HttpRequest) -> dict[str, Any]:
    """Say where a guest came from who cannot sign in yet: their invitation; empty for others."""
    path = kept_invitation(request).get("path", "")
    came = request.headers.get("Referer")
    return {"href": path, "is_before": came == request.build_absolute_uri(path)} if path else {}


def _back(request: HttpRequest) -> str:
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure())
    return target if safe else reverse("home")
