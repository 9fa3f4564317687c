"""What pages of the practice show of clients without knowing of them: nobody's, and one's seats."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from clients.queries import own
from clients.queries.records import uncared
from practice.permissions import may_administer


def uncared_note(request: HttpRequest) -> dict[str, Any]:
    """Give admins `somebody_is_uncared`; asked only where a page shows it."""
    actor = getattr(request, "actor", None)
    if actor is None or not may_administer(actor):
        return {}
    return {"somebody_is_uncared": SimpleLazyObject(lambda: uncared(actor).exists())}


def seats(request: HttpRequest) -> dict[str, Any]:
    """Give who sits elsewhere, too, their `seats`; asked only where a page shows them."""
    actor = getattr(request, "actor", None)
    if actor is None or not actor.has_more_seats:
        return {}
    return {"seats": SimpleLazyObject(lambda: own.seats(actor.user_id))}
