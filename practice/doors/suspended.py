"""A form that waits until whoever sent it has said who they are, and whether it is then still done.

allauth keeps such a form in the session and, once the question is answered, calls its view by itself:
no middleware sees it again, no form's token is looked at. A tab at the question, and another in which
one changes to another practice: the form would be done there, in another seat than it was written in.
So it is kept here, with its seat and its hour, and what allauth has kept by itself is never done.

It is done when the answer is right, and

- the practice's policy lets it pass, as if it came only now (`policy.refusal`);
- who answers sits where they sat when they sent it; otherwise the page says for which of their places
  it was written;
- it has waited no longer than a proof of who one is counts, or the page says that nothing was done.

Where it is not done its words are given back, unless the session has ended, and they with it. It is let
go when a page asks who one is at the address it was sent to: whoever opens that page has gone away and
come again, and pressed nothing this time.
A form with a password or a code is not kept at all, for a session is no place for one: it is typed anew.
"""

import time
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from allauth.core.internal.httpkit import deserialize_request, serialize_request
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import resolve, reverse
from django.utils.translation import gettext as _

from practice.actors import Actor
from practice.doors.failures import came_from, page_before
from practice.doors.giving_back import given_back, is_secret
from practice.doors.policy import refusal

WAITS = "waits"
# How the addresses that ask are called, whichever way of answering one takes.
ASKS = "/reauthenticate/"


def suspend(request: HttpRequest) -> HttpResponse:
    """Ask who it is, and let what was sent wait for the answer."""
    if request.session.get(WAITS, {}).get("path") == request.path:
        del request.session[WAITS]
    ways = get_adapter().get_reauthentication_methods(request.user)
    back = request.get_full_path()
    if request.method == "POST" and ways:
        if any(map(is_secret, request.POST)):
            said = _("What you typed is not kept while we ask. You will type it once more.")
            messages.info(request, said)
        else:
            request.session[WAITS] = {
                "path": request.path,
                "next": back,
                "seat": _seat(request),
                "at": time.time(),
                "request": serialize_request(request),
            }
    asks = ways[0]["url"] if ways else reverse("account_login")
    return redirect(f"{asks}?{urlencode({'next': back})}")


def resume(request: HttpRequest) -> HttpResponse | None:
    """Do what waited for this answer, which was right, or say why not; None when nothing waited."""
    # From before an upgrade: in which seat it was sent, and when, nobody knows.
    request.session.pop(STATE_SESSION_KEY, None)
    kept = _kept(request)
    if kept is None:
        return None
    del request.session[WAITS]
    # The word of forms is today's: a page that is answered now carries it.
    word = {key: value for key, value in request.META.items() if key.startswith("CSRF_COOKIE")}
    deserialize_request(kept["request"], request)
    request.META.update(word)
    request.__dict__.pop("headers", None)  # the answer's, remembered: from now on the form's
    return refusal(request) or _too_late(request, kept) or _done(request)


def form_behind(request: HttpRequest) -> HttpRequest | None:
    """Return the form that waits for the answer to the question this request shows or answers."""
    kept = _kept(request)
    return deserialize_request(kept["request"], HttpRequest()) if kept else None


def page_asked_from(request: HttpRequest) -> str:
    """Return the page of ours on which somebody was when we asked who they are: whose form waits for
    the answer, else the one they came from. Empty when that is not known."""
    path = came_from(form_behind(request) or request)
    return "" if ASKS in path else path


def _kept(request: HttpRequest) -> dict[str, Any] | None:
    kept: dict[str, Any] | None = request.session.get(WAITS)
    if kept is None or ASKS not in request.path:
        return None
    return kept if kept["next"] == (request.POST.get("next") or request.GET.get("next")) else None


def _seat(request: HttpRequest) -> str:
    """Name the seat; nothing for who has none, and changes their own account all the same."""
    actor: Actor | None = getattr(request, "actor", None)
    return actor.seat if actor else ""


def _too_late(request: HttpRequest, kept: dict[str, Any]) -> HttpResponse | None:
    if kept["seat"] != _seat(request):
        words = {"elsewhere": True, "typed": given_back(request)}
        return render(request, "403_csrf.html", words, status=403)
    is_late = time.time() - kept["at"] > settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    return _not_done(request) if is_late else None


def _not_done(request: HttpRequest) -> HttpResponse:
    words = {
        "heading": _("This page was open for a long time"),
        "message": _("Nothing was done. Send it once more: this time nobody asks who you are."),
        "back_url": page_before(request) or "/",
        "typed": given_back(request),
    }
    return render(request, "409.html", words, status=409)


def _done(request: HttpRequest) -> HttpResponse:
    match = resolve(request.path_info)
    answer: HttpResponse = match.func(request, *match.args, **match.kwargs)
    return answer
