"""What every page's frame needs: who is here, in which practice, and how it should look."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from practice.doors.pages import device_key
from practice.doors.policy import warning_seconds
from practice.models import NEUTRAL_PAGE, Practice

THEMES = {"light", "dark"}


def frame(request: HttpRequest) -> dict[str, Any]:
    """Give templates the contract of templates/base.html."""
    actor = getattr(request, "actor", None)
    practice: Practice | None = getattr(request, "practice", None)
    theme = request.COOKIES.get(settings.THEME_COOKIE_NAME, "")
    found: dict[str, Any] = {
        "actor": actor,
        "practice": practice,
        "leave_url": practice.leave_url if practice else NEUTRAL_PAGE,
        "demo": settings.DEMO,
        "theme": theme if theme in THEMES else "",
    }
    if actor is not None:
        if actor.is_member and practice is not None and practice.idle_minutes:
            found["session_seconds"] = practice.idle_minutes * 60
            found["warning_seconds"] = warning_seconds(practice)
            found["lock_key"] = device_key(actor, "lock")
        if actor.is_client or actor.has_more_seats:
            # Not the key: only which of the copies on this device, and of what the browser puts back
            # into a form, are this person's in this seat.
            found["copies_of"] = device_key(actor, "copies")[:16]
    return found
