"""What the practice's policy has to say to who is signed in: a second factor, a lock, a seat that ended."""

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from practice.actors import Actor
from practice.doors.failures import API, page_before, problem
from practice.doors.giving_back import given_back, what_was_in
from practice.doors.pages import HEADED
from practice.models import Practice, User
from practice.queries.people import has_second_factor

CACHEABLE = ("/static/", "/sw.js", "/manifest.webmanifest", "/offline")
ACCOUNT = "/account/"
# Where one may always go: coming in, leaving, getting help.
FREE = (
    "/invitation/",
    "/leave",
    "/help",
    "/privacy",
    "/demo",
    "/health",
    "/language",
    "/theme",
    *CACHEABLE,
)
# Of one's account, the ways in and out: no lock stands before these.
DOORS = tuple(f"{ACCOUNT}{way}/" for way in ("login", "logout", "password/reset", "confirm-email"))
OPERATIONS = "/operations/"
SAFE = ("GET", "HEAD", "OPTIONS")
LAST_SEEN = "last_seen"
BEGAN = "began"
# A lock is told so many seconds before it comes, and never before half of its time is over.
WARNING = 5 * 60
SECOND_STEP_CODE = "second_factor_required"
SECOND_STEP_FIRST = gettext_lazy(
    "Everyone who works here signs in with a second step. Set yours up, then go on."
)


def refusal(request: HttpRequest) -> HttpResponse | None:
    """Return what somebody signed in is answered instead of what they asked for; None: go on."""
    if not isinstance(request.user, User):
        return None
    if request.path.startswith(ACCOUNT):
        return _refusal_on_account(request)
    if request.path.startswith(FREE):
        return None
    refused = _refusal(request, request.user)
    if refused is None:
        request.session.pop(HEADED, None)  # they are on their way
    return refused


def _refusal_on_account(request: HttpRequest) -> HttpResponse | None:
    """Ask no second factor on one's own account, where one is set up, and no seat; but lock it."""
    is_door = request.path.startswith(DOORS)
    if _is_over(request) or (not is_door and _was_idle(request)):
        locked = lock(request)
        return None if is_door else locked
    return None


def _refusal(request: HttpRequest, user: User) -> HttpResponse | None:
    actor: Actor | None = getattr(request, "actor", None)
    practice: Practice | None = getattr(request, "practice", None)
    if _is_over(request):
        return lock(request)
    if user.is_superuser and request.path.startswith(OPERATIONS):
        return None if _has_second_step(user) else _ask_for_second_step(request)
    if getattr(request, "moved", False) and request.method not in SAFE:
        # Their seat ended meanwhile; what they sent was meant for it, and not for the next one.
        raise PermissionDenied
    if actor is None or practice is None:
        return _without_seat(request, user)
    if _was_idle(request):
        return lock(request)
    if lacks_second_step(user, actor, practice):
        return _ask_for_second_step(request)
    return None


def lacks_second_step(user: User, actor: Actor, practice: Practice) -> bool:
    """Say whether somebody has to set up a second step first, whichever door they come to."""
    required = actor.is_member and practice.second_factor_required
    return required and not _has_second_step(user)


def _without_seat(request: HttpRequest, user: User) -> HttpResponse | None:
    """Say it kindly; the API says it by itself, and operators have their own door."""
    if request.path.startswith(API):
        return None
    if user.is_superuser and request.path == "/":
        return redirect(OPERATIONS)
    # Care may have ended while they wrote.
    return render(request, "practice/no_seat.html", {"typed": what_was_in(request)}, status=403)


def lock(request: HttpRequest, said: str = "") -> HttpResponse:
    """End the session; signing in again leads back to where one was."""
    said = said or _("You were signed out to keep this private. Sign in, and you will be back.")
    logout(request)
    if request.path.startswith(API):
        return problem(401, code="signed_out", detail=said)
    request.__dict__.update(actor=None, practice=None)
    messages.info(request, said)
    return redirect(f"{reverse('account_login')}?{urlencode({'next': way_back(request)})}")


def way_back(request: HttpRequest) -> str:
    """Return where signing in leads: to the page that was asked for, or whose form was sent."""
    return request.get_full_path() if request.method == "GET" else page_before(request) or "/"


def _ask_for_second_step(request: HttpRequest) -> HttpResponse:
    said = str(SECOND_STEP_FIRST)
    if request.path.startswith(API):
        return problem(403, code=SECOND_STEP_CODE, detail=said)
    # Nothing else on the way leads there: allauth's pages for it know of no next one.
    back = way_back(request)
    request.session[HEADED] = "/" if back.startswith(ACCOUNT) else back
    if typed := given_back(request):  # it is asked for since they began to write
        words = {"message": said, "typed": typed}
        return render(request, "practice/second_step.html", words, status=403)
    messages.info(request, said)
    return redirect("mfa_index")


def _has_second_step(user: User) -> bool:
    """Say whether somebody's sign-in has a second step; people of the demo need none."""
    return user.is_demo or has_second_factor(user.pk)


def _is_over(request: HttpRequest) -> bool:
    """Say whether the session is as old as one gets; note when it began."""
    at, began = timezone.now().timestamp(), request.session.get(BEGAN)
    if not began:
        request.session[BEGAN] = at
        return False
    actor: Actor | None = getattr(request, "actor", None)
    lasts = settings.SESSION_ENDS["client" if actor and actor.is_client else "member"]
    writes = request.method not in {"GET", "HEAD"}
    return bool(at - began > lasts + (settings.SESSION_LAST_WORDS if writes else 0))


def warning_seconds(practice: Practice) -> int:
    """Say how many seconds before the lock of this practice a page tells of it."""
    return min(WARNING, practice.idle_minutes * 60 // 2)


def _was_idle(request: HttpRequest) -> bool:
    """Say whether a member was away too long; note that they are here now."""
    actor: Actor | None = getattr(request, "actor", None)
    practice: Practice | None = getattr(request, "practice", None)
    if actor is None or practice is None or not actor.is_member:
        return False
    at = timezone.now().timestamp()
    seen = request.session.get(LAST_SEEN)
    if practice.idle_minutes and seen and at - seen > practice.idle_minutes * 60:
        return True
    # Once a minute is enough: a write on every request would cost more than it tells. Where the lock
    # comes within a few of them, whoever is at work would be locked out by so coarse a clock.
    if not seen or at - seen > min(60, practice.idle_minutes * 15 or 60):
        request.session[LAST_SEEN] = at
    return False
