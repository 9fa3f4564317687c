"""Give each request its actor and its one transaction behind the tenant wall."""

from collections.abc import Callable
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from clients.actors import resolve
from practice.actors import ActorRequest
from practice.crypto import reading, reads
from practice.doors.pages import SEAT, take_seat
from practice.models import User
from practice.tenancy import enter, scope

PRACTICE = "practice"
# Answered without a person and without the database.
BARE = ("/health", "/sw.js", "/manifest.webmanifest", "/offline")


class ActorMiddleware:
    """Set `request.actor` and `request.practice`; open the scope everything else runs in.

    One request is one transaction: what a page says was saved was committed before it was said.
    A response of 500 undoes everything.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: ActorRequest) -> HttpResponse:
        request.__dict__.update(actor=None, practice=None)
        if request.path in BARE:
            return self.get_response(request)
        user = request.user if request.user.is_authenticated else None
        # Where they sat last is where they most likely sit: one question less. Until that is
        # certain nothing is asked in it but whether they still do.
        place = UUID(request.session[PRACTICE]) if user and PRACTICE in request.session else None
        with reading(), scope(practice=place, user=user.pk if user else None):
            if user:
                self._sit(request, user, place)
            response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
        return response

    def _sit(self, request: ActorRequest, user: User, place: UUID | None) -> None:
        found = resolve(user, request.session.get(SEAT, ""))
        here = found[1].pk if found else None
        if here != place:
            enter(here)
        if found is None:
            return
        request.actor, request.practice = found
        reads(request.actor.seat)
        if here != place:
            request.session[PRACTICE] = str(here)
        request.__dict__["moved"] = take_seat(request, request.actor.seat)
