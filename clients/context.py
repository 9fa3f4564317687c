"""What pages of the practice show of clients without knowing of them: nobody's, and one's seats."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from clients.queries import own
from clients.queries.records import has_any, uncared
from practice.actors import Actor
from practice.doors.pages import seat_of_form
from practice.permissions import may_administer


def uncared_note(request: HttpRequest) -> dict[str, Any]:
    """Give admins `somebody_is_uncared` and `practice_has_clients`; asked only where a page shows it."""
    actor = getattr(request, "actor", None)
    if actor is None or not may_administer(actor):
        return {}
    return {
        "somebody_is_uncared": SimpleLazyObject(lambda: uncared(actor).exists()),
        "practice_has_clients": SimpleLazyObject(lambda: has_any(actor)),
    }


def seats(request: HttpRequest) -> dict[str, Any]:
    """Give who sits elsewhere, too, their `seats`, and `changed`: between which of these they changed
    since a refused form was opened. Asked only where a page shows them."""
    actor = getattr(request, "actor", None)
    if actor is None or not actor.has_more_seats:
        return {}
    found = SimpleLazyObject(lambda: own.seats(actor.user_id))
    return {"seats": found, "changed": SimpleLazyObject(lambda: _changed(request, actor, found))}


def _changed(request: HttpRequest, actor: Actor, seats: Iterable[own.Seat]) -> dict[str, own.Seat]:
    made_for = seat_of_form(request)
    by_seat = {one.seat: one for one in seats} if made_for else {}
    if made_for not in by_seat:
        return {}
    return {"here": by_seat[actor.seat], "there": by_seat[made_for]}
