"""Clients: finding, adding and changing them; inviting, handing over, ending care; clearances."""

from functools import partial
from typing import Any
from uuid import UUID

from django.utils.timezone import now
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from clients.actions import caring, clearances
from clients.api import shapes
from clients.api.shapes import clearance_data, client_data, wall_of
from clients.forms import ClearanceForm, ClientEditForm, ClientForm
from clients.queries import care
from practice.actors import Actor
from practice.doors.lists import AFTER, cursor_page, parse_list_request
from practice.doors.programs import acting, checked, idempotent, needs
from practice.doors.shapes import parse_body
from practice.permissions import may_care, may_read_caseloads
from practice.queries import people


@extend_schema(
    methods=["GET"],
    description="List your clients, by name.",
    parameters=[AFTER, shapes.ClientQuery],
    responses=shapes.ClientPage,
)
@extend_schema(
    methods=["POST"],
    description="Add a client.",
    request=shapes.ClientRequest,
    responses={201: shapes.ClientShape},
)
@api_view(["GET", "POST"])
@needs("read", "assign")
@idempotent
def client_list(request: Request) -> Response:
    """List your clients, by name; or add one."""
    actor = acting(request, may_read_caseloads)
    if request.method == "POST":
        return _add(request, actor)
    return _clients(request, actor)


@extend_schema(request=shapes.ClientSearch, responses=shapes.ClientPage)
@api_view(["POST"])
@needs("read", "assign")
def client_search(request: Request) -> Response:
    """Look for clients; the next page is the list's, with this `next`."""
    return _clients(request, acting(request, may_read_caseloads))


def _clients(request: Request, actor: Actor) -> Response:
    asking = parse_list_request(request, shapes.ClientQuery, shapes.ClientSearch)
    said = asking.said
    found = care.clients(
        actor, search=said.get("q", ""), only=said.get("only", ""), after=asking.after
    )
    return cursor_page(asking, found, [client_data(row) for row in found.rows])


@needs("assign")
def _add(request: Request, actor: Actor) -> Response:
    acting(request, may_care)
    said = parse_body(request, shapes.ClientRequest)
    form = ClientForm(said, taken=partial(care.is_taken, actor))
    client = caring.add(by=actor, at=now(), **checked(form))
    return Response(client_data(client), status=201)


@extend_schema(methods=["GET"], description="Show one client.", responses=shapes.ClientShape)
@extend_schema(
    methods=["PATCH"],
    description="Change a client’s details.",
    request=shapes.ClientChange,
    responses=shapes.ClientShape,
)
@api_view(["GET", "PATCH"])
@needs("read", "assign")
def client(request: Request, pk: UUID) -> Response:
    """Show one client, or change their details."""
    actor = acting(request, may_read_caseloads)
    if request.method == "PATCH":
        return _change(request, actor, pk)
    return Response(client_data(care.client_of(actor, pk)))


@needs("assign")
def _change(request: Request, actor: Actor, pk: UUID) -> Response:
    client = care.client_to_care_for(actor, pk)
    said = parse_body(request, shapes.ClientChange)
    # What a program leaves out stays as it stands by now.
    client = caring.take_turns(by=actor, client=client)
    at = now()
    kept = {
        "name": client.name,
        "email": client.email,
        "zone": client.zone,
        "language": client.language,
        "next_session_at": client.next_session_at,
    }
    form = ClientEditForm(
        {**kept, **said, "next_session_at": wall_of(said, kept["next_session_at"])},
        at=at,
        taken=partial(care.is_taken, actor, besides=client.pk),
        joined=client.joined_at is not None,
        initial=kept,
    )
    caring.change(by=actor, at=at, client=client, **checked(form))
    return Response(client_data(care.client_of(actor, pk)))


@extend_schema(request=None, responses=shapes.ClientShape)
@api_view(["POST"])
@needs("assign")
@idempotent
def client_invite(request: Request, pk: UUID) -> Response:
    """Send the client an invitation. An earlier link stops working."""
    return _moved(request, pk, caring.invite)


@extend_schema(request=None, responses=shapes.ClientShape)
@api_view(["POST"])
@needs("assign")
@idempotent
def client_uninvite(request: Request, pk: UUID) -> Response:
    """Cancel the invitation."""
    return _moved(request, pk, caring.uninvite)


@extend_schema(request=None, responses=shapes.ClientShape)
@api_view(["POST"])
@needs("assign")
@idempotent
def client_discharge(request: Request, pk: UUID) -> Response:
    """End care; nothing is erased."""
    return _moved(request, pk, caring.discharge)


@extend_schema(request=None, responses=shapes.ClientShape)
@api_view(["POST"])
@needs("assign")
@idempotent
def client_reactivate(request: Request, pk: UUID) -> Response:
    """Take care up again."""
    return _moved(request, pk, caring.reactivate)


@extend_schema(request=shapes.HandOverRequest, responses={204: None})
@api_view(["POST"])
@needs("assign")
@idempotent
def client_hand_over(request: Request, pk: UUID) -> Response:
    """Hand a client over to a colleague. You lose access."""
    actor = acting(request, may_read_caseloads)
    client = care.client_to_care_for(actor, pk)
    to = people.member(actor, parse_body(request, shapes.HandOverRequest)["to"])
    caring.hand_over(by=actor, at=now(), clients=[client], to=to)
    return Response(status=204)


@extend_schema(
    methods=["GET"],
    description="List the couple-work clearances, newest first.",
    responses=shapes.ClearanceShape(many=True),
)
@extend_schema(
    methods=["POST"],
    description="Record whether couple work is cleared.",
    request=shapes.ClearanceRequest,
    responses={201: shapes.ClearanceShape},
)
@api_view(["GET", "POST"])
@needs("assign")
@idempotent
def client_clearances(request: Request, pk: UUID) -> Response:
    """List the couple-work clearances, newest first; or record whether couple work is cleared."""
    actor = acting(request, may_read_caseloads)
    client = care.client_to_care_for(actor, pk)
    if request.method == "GET":
        return Response([clearance_data(row) for row in care.clearances(actor, client)])
    said = parse_body(request, shapes.ClearanceRequest)
    checked(
        ClearanceForm({"cleared": "yes" if said["cleared"] else "no", "alone": said["spoke_alone"]})
    )
    row = clearances.attest(
        by=actor, at=now(), client=client, cleared=said["cleared"], despite=said["despite"]
    )
    return Response(clearance_data(row), status=201)


def _moved(request: Request, pk: UUID, act: Any) -> Response:
    actor = acting(request, may_read_caseloads)
    act(by=actor, at=now(), client=care.client_to_care_for(actor, pk))
    return Response(client_data(care.client_of(actor, pk)))
