"""Who sits in more than one place changes over."""

from typing import cast

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from clients.queries import own
from practice.actors import ActorRequest
from practice.doors.pages import take_seat


@require_POST
def switch_practice(request: ActorRequest) -> HttpResponse:
    """Sit in another of one's own seats from the next request on."""
    wanted = request.POST.get("seat", "")
    if wanted in {one.seat for one in own.seats(cast("int", request.actor.user_id))}:
        take_seat(request, wanted)
    return redirect("home")
