"""What doors of pages share: who comes in, seats, searches, forms (by themselves, done once), and limits."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import transaction
from django.forms import BaseForm, Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.middleware.csrf import (  # type: ignore[attr-defined]  # there is no other door to it
    CSRF_TOKEN_LENGTH,
    _does_token_match,
    rotate_token,
)
from django.shortcuts import redirect, render
from django.utils.crypto import salted_hmac
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import override

from practice.actions import idempotency
from practice.actors import Actor, ActorRequest
from practice.cache import seconds_to_wait
from practice.crypto import decrypt_from_url, encrypt_for_url
from practice.errors import BadInput, NotPossible
from practice.queries.paging import HIDDEN

SEAT = "seat"
# Where somebody was headed when they were asked to set up their second step first.
HEADED = "headed"
# By which word the forms of a seat's pages were known, for the last few seats changed from.
FORMS_OF = "forms_of"
MOST_FORMS_OF = 8
# Where a guest's session keeps the invitation they have open: sealed, for its link makes an account.
INVITATION = "invitation"
YEAR = 365 * 24 * 3600
P = ParamSpec("P")
View = Callable[Concatenate[ActorRequest, P], HttpResponse]
Guarded = Callable[Concatenate[HttpRequest, P], HttpResponse]


def open_to(may: Callable[[Actor], bool]) -> Callable[[View[P]], Guarded[P]]:
    """Open a page to those of whom `may` says so; 403 for anybody else."""

    def guard(view: View[P]) -> Guarded[P]:
        @wraps(view)
        def guarded(request: ActorRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not may(request.actor):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded  # type: ignore[return-value]  # the middleware sets actor

    return guard


def take_seat(request: HttpRequest, seat: str) -> bool:
    """Seat somebody; say whether they sat elsewhere before.

    Forms on pages of the seat before are refused from then on: what was typed about a client of
    one practice must not land in another, where a new colleague of theirs would read it.
    """
    before = request.session.get(SEAT)
    if before != seat:
        request.session[SEAT] = seat
        if before:
            if word := request.META.get("CSRF_COOKIE"):
                known = [*request.session.get(FORMS_OF, []), [word, before]]
                request.session[FORMS_OF] = known[-MOST_FORMS_OF:]
            rotate_token(request)
    return bool(before) and before != seat


def seat_of_form(request: HttpRequest) -> str:
    """Return for which seat's page a form was made that was refused, when whoever sent it has changed
    to another since; else nothing."""
    token = request.headers.get("X-CSRFToken", "")
    if not token and request.content_type != "application/json":
        try:
            token = request.POST.get("csrfmiddlewaretoken", "")
        except (SuspiciousOperation, MultiPartParserError, OSError):  # there is nothing to be read
            return ""
    if len(token) != CSRF_TOKEN_LENGTH or not (token.isascii() and token.isalnum()):
        return ""
    known = request.session.get(FORMS_OF, [])
    made_for = next((seat for word, seat in known if _does_token_match(token, word)), "")
    return "" if made_for == request.session.get(SEAT) else made_for


def device_key(actor: Actor, purpose: str) -> str:
    """Return what seals on a device what is not here yet: the same for this person in this seat when
    they sign in again, and nobody else's (docs/decisions/0008-…)."""
    value = f"{actor.user_id}:{actor.seat}"
    digest = salted_hmac(f"homeward.{purpose}", value, algorithm="sha256").digest()
    return base64.b64encode(digest).decode()


def begin_anew_if_ended(request: HttpRequest) -> None:
    """Leave a session that was ended meanwhile: somebody signed themselves out everywhere.

    Nothing can be kept in it any more, and trying to would end in a 400.
    """
    if not request.session.exists(request.session.session_key or ""):
        logout(request)


def language_chosen(request: HttpRequest) -> str:
    """Return the language somebody chose on this device; empty when nobody did."""
    return known_language(request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""))


def language_spoken(request: HttpRequest) -> str:
    """Return the language that was last spoken on this device; empty when none was."""
    return known_language(request.COOKIES.get(settings.SPOKEN_COOKIE_NAME, ""))


def known_language(language: str) -> str:
    """Return a language's code, if it is one we speak; else nothing."""
    return language if language in dict(settings.LANGUAGES) else ""


def keep_on_device(response: HttpResponse, name: str, value: str) -> None:
    """Keep a word that says nothing of anybody, for a year."""
    response.set_cookie(
        name, value, max_age=YEAR, secure=settings.SECURE, httponly=True, samesite="Lax"
    )


def searches(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Take a search as a post, and answer at an address that does not say what is looked for.

    A name that somebody looks for would stay in the browser's history and in a proxy's log.
    """
    place = f"search {view.__module__}.{view.__name__}"

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        asked = (request.POST if "q" in request.POST else request.GET).copy()
        if "q" in request.POST:
            looked_for = asked.pop("q")[-1][:100].replace("\x00", "")
            asked.pop("csrfmiddlewaretoken", None)
            if looked_for.strip():
                asked[HIDDEN] = encrypt_for_url(looked_for, place=place)
            return HttpResponseRedirect(f"{request.path}?{asked.urlencode()}")
        if HIDDEN in asked:
            try:
                asked["q"] = decrypt_from_url(str(asked[HIDDEN]), place=place)
            except ValueError as error:
                raise Http404 from error
            request.__dict__["GET"] = asked
        return view(request, *args, **kwargs)

    return inner


def keep_invitation(request: HttpRequest, **typed: str) -> None:
    """Keep which invitation a guest has open, and what they typed there, until the browser is closed:
    the pages for everybody lead back to it, and to change the language loses nothing."""
    said = json.dumps({"path": request.path, **typed})
    request.session[INVITATION] = encrypt_for_url(said, place=INVITATION)
    if not request.user.is_authenticated:
        request.session.set_expiry(0)


def kept_invitation(request: HttpRequest) -> dict[str, str]:
    """Return the `path` of the invitation that a guest has open and what they typed; empty without."""
    try:
        said: dict[str, str] = json.loads(
            decrypt_from_url(request.session.get(INVITATION, ""), place=INVITATION)
        )
    except ValueError:  # none, or from before somebody signed in
        return {}
    return said


@contextmanager
def refusals_on(form: Form) -> Iterator[None]:
    """Put what an action refuses beside what was typed, so that nothing of it is lost.

    What is refused ends the block, and the page goes on after it: with the form, and status 422. A
    deed without a form of its own lets the refusal pass: the middleware says it on a page.
    """
    try:
        yield
    except NotPossible as refusal:
        fields = refusal.fields if isinstance(refusal, BadInput) else {"": [refusal.message]}
        for name, texts in fields.items():
            form.add_error(name if name in form.fields else None, texts)


def saved_in(request: HttpRequest, language: str, *, to: str) -> HttpResponse:
    """Say that somebody's choices are kept, in the language they chose, and lead `to` a page."""
    with override(language):  # the next page speaks it
        messages.success(request, _("Saved."))
    response = redirect(to)
    # The account's language counts from now on, not what this device chose earlier.
    response.delete_cookie(settings.LANGUAGE_COOKIE_NAME, samesite="Lax")
    return response


def posted(request: HttpRequest) -> QueryDict | None:
    """Return what a form says, be it nothing: that, too, is answered with what is missing."""
    return request.POST if request.method == "POST" else None


@dataclass(frozen=True)
class Point:
    """One thing to know before a deed; `do` is what to do first, in bold."""

    text: str
    do: str = ""


def form_page(
    request: HttpRequest,
    form: BaseForm,
    *,
    title: str,
    button: str,
    back: str,
    back_to: str,
    tab: str = "",
    text: str = "",
    points: Sequence[Point] = (),
) -> HttpResponse:
    """Show a form by itself: 422 once it was sent and refused.

    `points` are what follows from it, where there is more than one thing. `back_to` names the page it
    was opened from; `tab` is the page's title where `title` names somebody, for no name belongs into a
    browser's history.
    """
    return render(
        request,
        "practice/form.html",
        {
            "form": form,
            "title": title,
            "tab": tab,
            "button": button,
            "back": back,
            "back_to": back_to,
            "text": text,
            "points": points,
        },
        status=422 if form.is_bound else 200,
    )


def rate_limited(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let one person ask for something heavy so often in a minute and no more."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        what = f"page:{view.__name__}:{request.user.pk}"
        seconds = seconds_to_wait(
            what, per_minute=settings.EXPORTS_PER_MINUTE, at=now().timestamp()
        )
        if seconds:
            response = render(request, "429.html", status=429)
            response["Retry-After"] = str(seconds)
            return response
        return view(request, *args, **kwargs)

    return inner


def press_of(request: HttpRequest) -> str:
    """Tell one press of a form from every other: by its address, all it says, and the word it got
    with its page (`{% once %}`). Empty for a form without one."""
    if not request.POST.get("once"):
        return ""
    said = request.POST.copy()
    said.pop("csrfmiddlewaretoken", None)
    return hashlib.sha256(f"{request.get_full_path()}\n{said.urlencode()}".encode()).hexdigest()


def once_per_form(view: View[P]) -> View[P]:
    """Do what a page's form asks for once, however often it is sent: a second press waits for the
    first, and leads where that one led. What was refused may be sent again."""

    @wraps(view)
    def inner(request: ActorRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        key = press_of(request)
        if not key:
            return view(request, *args, **kwargs)
        with transaction.atomic():
            claimed = idempotency.claim(by=request.actor, at=now(), key=key, fingerprint=key)
            if isinstance(claimed, idempotency.Remembered):
                return HttpResponseRedirect(claimed.body)
            response = view(request, *args, **kwargs)
            if isinstance(response, HttpResponseRedirect):
                idempotency.remember(claimed, status=302, body=response.url)
            else:
                idempotency.forget(claimed)
        return response

    return inner
