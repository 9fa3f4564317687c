"""Take a record away: as JSON, or as one readable page."""

from typing import Any
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.http import require_GET

from clients.models import Client
from clients.queries.care import client_to_care_for
from clients.queries.own import own_client
from exercises.actions import exporting
from practice.actors import ActorRequest
from practice.doors.pages import rate_limited
from practice.wording import language


@require_GET
def export_own(request: ActorRequest) -> HttpResponse:
    """Offer a client their own record, and hand it out: `?as=json` or `?as=page`."""
    return _export(request, own_client(request.actor))


@require_GET
def export_client(request: ActorRequest, pk: UUID) -> HttpResponse:
    """Offer a therapist one client's record, and hand it out."""
    return _export(request, client_to_care_for(request.actor, pk))


@rate_limited
@reauthentication_required  # after it is clear that they may: nobody proves who they are for a no
def _export(request: ActorRequest, client: Client) -> HttpResponse:
    wanted = request.GET.get("as", "")
    if wanted not in {"json", "page"}:
        base = "base_client.html" if request.actor.is_client else "base_staff.html"
        return render(request, "exercises/records/offer.html", {"client": client, "base": base})
    record = exporting.export(by=request.actor, at=now(), client=client, language=language())
    if wanted == "json":
        return _json(record)
    context = {"record": record, "back_url": request.path}
    return render(request, "exercises/records/record.html", context)


def _json(record: dict[str, Any]) -> HttpResponse:
    response = JsonResponse(record, json_dumps_params={"ensure_ascii": False, "indent": 1})
    # The name of the file tells nobody whose it is.
    response["Content-Disposition"] = 'attachment; filename="record.json"'
    return response
