"""Clients and couples, for programs: the same queries, forms and actions as the pages."""

from functools import partial
from typing import Any
from uuid import UUID

from django.utils.timezone import localtime, now
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from clients.actions import caring, clearances
from clients.forms import ClearanceForm, ClientEditForm, ClientForm, SessionForm
from clients.models import Client, Couple
from clients.queries import care
from practice.actors import Actor
from practice.doors.lists import AFTER, cursor_page, listed, paged
from practice.doors.programs import acting, checked, idempotent, needs
from practice.doors.shapes import Asked, asked
from practice.permissions import may_care, may_read_caseloads
from practice.queries import people
from practice.queries.paging import page


class ClientQuery(Asked):
    """Narrow the list of clients."""

    only = serializers.ChoiceField(
        choices=["couples", "individuals", "invited", "discharged"], required=False
    )


class ClientSearch(ClientQuery):
    """Look for clients."""

    q = serializers.CharField(max_length=100, help_text="A part of the name")


class ClientRequest(Asked):
    """Bring somebody into one's care."""

    name = serializers.CharField(max_length=120)
    email = serializers.EmailField(max_length=254)
    zone = serializers.CharField(max_length=60, help_text="A name of the IANA time zone database")
    language = serializers.ChoiceField(choices=["en", "es"], required=False, default="en")
    invite_now = serializers.BooleanField(required=False, default=False)


class ClientChange(Asked):
    """Change somebody's details; address, zone and language only until they have joined."""

    name = serializers.CharField(max_length=120, required=False)
    email = serializers.EmailField(max_length=254, required=False)
    zone = serializers.CharField(max_length=60, required=False)
    language = serializers.ChoiceField(choices=["en", "es"], required=False)
    next_session_at = serializers.DateTimeField(required=False, allow_null=True)


class ClientShape(serializers.Serializer[Any]):
    """A client; no word they wrote."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    email = serializers.EmailField()
    zone = serializers.CharField()
    language = serializers.CharField()
    joined_at = serializers.DateTimeField(allow_null=True)
    discharged_at = serializers.DateTimeField(allow_null=True)
    next_session_at = serializers.DateTimeField(allow_null=True)


class ClearanceRequest(Asked):
    """Note one's judgement, after speaking with the client alone."""

    cleared = serializers.BooleanField()
    spoke_alone = serializers.BooleanField(help_text="Must be true")


class ClearanceShape(serializers.Serializer[Any]):
    """A judgement, and the day it is asked again."""

    cleared = serializers.BooleanField()
    attested_at = serializers.DateTimeField()
    recheck_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(
        allow_null=True,
        help_text="When it ended: a newer judgement, or an answer about safety. Null: it stands",
    )


class HandOverRequest(Asked):
    """Give a client into a colleague's care."""

    to = serializers.UUIDField(help_text="A member who is a therapist")


class CoupleRequest(Asked):
    """Two of one's clients who are a couple."""

    first = serializers.UUIDField()
    second = serializers.UUIDField()


class SessionRequest(Asked):
    """When a couple comes next; null: not known."""

    next_session_at = serializers.DateTimeField(allow_null=True)


class CoupleShape(serializers.Serializer[Any]):
    """Two clients seen together."""

    id = serializers.UUIDField()
    first = serializers.UUIDField()
    second = serializers.UUIDField()
    linked_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    next_session_at = serializers.DateTimeField(allow_null=True)


ClientPage = paged(ClientShape)


@extend_schema(
    methods=["GET"],
    description="List one’s clients, by name.",
    parameters=[AFTER, ClientQuery],
    responses=ClientPage,
)
@extend_schema(
    methods=["POST"],
    description="Bring somebody into one’s care.",
    request=ClientRequest,
    responses={201: ClientShape},
)
@api_view(["GET", "POST"])
@needs("read", "assign")
@idempotent
def client_list(request: Request) -> Response:
    """List one's clients, by name; or bring somebody into one's care."""
    actor = acting(request, may_read_caseloads)
    if request.method == "POST":
        return _add(request, actor)
    return _clients(request, actor)


@extend_schema(request=ClientSearch, responses=ClientPage)
@api_view(["POST"])
@needs("read", "assign")
def client_search(request: Request) -> Response:
    """Look for clients; the next page is the list's, with this `next`."""
    return _clients(request, acting(request, may_read_caseloads))


def _clients(request: Request, actor: Actor) -> Response:
    asking = listed(request, ClientQuery, ClientSearch)
    said = asking.said
    found = care.clients(
        actor, search=said.get("q", ""), only=said.get("only", ""), after=asking.after
    )
    return cursor_page(asking, found, [_client_data(row) for row in found.rows])


@needs("assign")
def _add(request: Request, actor: Actor) -> Response:
    acting(request, may_care)
    said = asked(request, ClientRequest)
    form = ClientForm(said, taken=partial(care.is_taken, actor))
    client = caring.add(by=actor, at=now(), **checked(form))
    return Response(_client_data(client), status=201)


@extend_schema(methods=["GET"], description="Show one client.", responses=ClientShape)
@extend_schema(
    methods=["PATCH"],
    description="Change a client’s details.",
    request=ClientChange,
    responses=ClientShape,
)
@api_view(["GET", "PATCH"])
@needs("read", "assign")
def client(request: Request, pk: UUID) -> Response:
    """Show one client, or change their details."""
    actor = acting(request, may_read_caseloads)
    if request.method == "PATCH":
        return _change(request, actor, pk)
    return Response(_client_data(care.client_of(actor, pk)))


@needs("assign")
def _change(request: Request, actor: Actor, pk: UUID) -> Response:
    client = care.client_to_care_for(actor, pk)
    said = asked(request, ClientChange)
    at = now()
    kept = {
        "name": client.name,
        "email": client.email,
        "zone": client.zone,
        "language": client.language,
        "next_session_at": client.next_session_at,
    }
    form = ClientEditForm(
        {**kept, **said, "next_session_at": _wall(said, kept["next_session_at"])},
        at=at,
        taken=partial(care.is_taken, actor, besides=client.pk),
        joined=client.joined_at is not None,
        initial=kept,
    )
    caring.change(by=actor, at=at, client=client, **checked(form))
    return Response(_client_data(care.client_of(actor, pk)))


@extend_schema(request=None, responses=ClientShape)
@api_view(["POST"])
@needs("assign")
@idempotent
def client_invite(request: Request, pk: UUID) -> Response:
    """Send the link that lets a client in; an earlier one stops opening."""
    return _moved(request, pk, caring.invite)


@extend_schema(request=None, responses=ClientShape)
@api_view(["POST"])
@needs("assign")
@idempotent
def client_uninvite(request: Request, pk: UUID) -> Response:
    """Let the invitation open nothing any more."""
    return _moved(request, pk, caring.uninvite)


@extend_schema(request=None, responses=ClientShape)
@api_view(["POST"])
@needs("assign")
@idempotent
def client_discharge(request: Request, pk: UUID) -> Response:
    """End care; nothing is erased."""
    return _moved(request, pk, caring.discharge)


@extend_schema(request=None, responses=ClientShape)
@api_view(["POST"])
@needs("assign")
@idempotent
def client_reactivate(request: Request, pk: UUID) -> Response:
    """Take care up again."""
    return _moved(request, pk, caring.reactivate)


@extend_schema(request=HandOverRequest, responses={204: None})
@api_view(["POST"])
@needs("assign")
@idempotent
def client_hand_over(request: Request, pk: UUID) -> Response:
    """Give a client into a colleague's care; one no longer reaches them oneself."""
    actor = acting(request, may_read_caseloads)
    client = care.client_to_care_for(actor, pk)
    to = people.member(actor, asked(request, HandOverRequest)["to"])
    caring.hand_over(by=actor, at=now(), clients=[client], to=to)
    return Response(status=204)


@extend_schema(
    methods=["GET"],
    description="List what was judged about couple work, newest first.",
    responses=ClearanceShape(many=True),
)
@extend_schema(
    methods=["POST"],
    description="Note one’s judgement about couple work.",
    request=ClearanceRequest,
    responses={201: ClearanceShape},
)
@api_view(["GET", "POST"])
@needs("assign")
@idempotent
def client_clearances(request: Request, pk: UUID) -> Response:
    """List what was judged about couple work, newest first; or note one's judgement."""
    actor = acting(request, may_read_caseloads)
    client = care.client_to_care_for(actor, pk)
    if request.method == "GET":
        return Response([_clearance_data(row) for row in care.clearances(actor, client)])
    said = asked(request, ClearanceRequest)
    checked(
        ClearanceForm({"cleared": "yes" if said["cleared"] else "no", "alone": said["spoke_alone"]})
    )
    row = clearances.attest(by=actor, at=now(), client=client, cleared=said["cleared"])
    return Response(_clearance_data(row), status=201)


@extend_schema(
    methods=["GET"],
    description="List the couples one reaches, newest first.",
    parameters=[AFTER],
    responses=paged(CoupleShape),
)
@extend_schema(
    methods=["POST"],
    description="Link two of one’s clients.",
    request=CoupleRequest,
    responses={201: CoupleShape},
)
@api_view(["GET", "POST"])
@needs("read", "assign")
@idempotent
def couple_list(request: Request) -> Response:
    """List the couples one reaches, newest first; or link two of one's clients."""
    actor = acting(request, may_read_caseloads)
    if request.method == "POST":
        return _link(request, actor)
    asking = listed(request)
    rows = care.couples(actor)
    found = page(rows, order=("-linked_at", "pk"), after=asking.after)
    return cursor_page(asking, found, [_couple_data(row) for row in found.rows])


@needs("assign")
def _link(request: Request, actor: Actor) -> Response:
    acting(request, may_care)
    said = asked(request, CoupleRequest)
    first, second = (care.client_to_care_for(actor, said[one]) for one in ("first", "second"))
    couple = caring.link(by=actor, at=now(), first=first, second=second)
    return Response(_couple_data(couple), status=201)


@extend_schema(methods=["GET"], description="Show one couple.", responses=CoupleShape)
@extend_schema(
    methods=["PATCH"],
    description="Say when a couple comes next.",
    request=SessionRequest,
    responses=CoupleShape,
)
@api_view(["GET", "PATCH"])
@needs("read", "assign")
def couple(request: Request, pk: UUID) -> Response:
    """Show one couple, or say when they come next."""
    actor = acting(request, may_read_caseloads)
    if request.method == "PATCH":
        return _set_session(request, actor, pk)
    return Response(_couple_data(care.couple_of(actor, pk)))


@needs("assign")
def _set_session(request: Request, actor: Actor, pk: UUID) -> Response:
    couple, at = care.couple_to_care_for(actor, pk), now()
    said = asked(request, SessionRequest)
    form = SessionForm({"next_session_at": _wall(said, None)}, at=at)
    caring.set_session(by=actor, at=at, couple=couple, **checked(form))
    return Response(_couple_data(care.couple_of(actor, couple.pk)))


@extend_schema(request=None, responses=CoupleShape)
@api_view(["POST"])
@needs("assign")
@idempotent
def couple_unlink(request: Request, pk: UUID) -> Response:
    """Note that two clients are no longer seen together; neither is told."""
    actor = acting(request, may_read_caseloads)
    caring.unlink(by=actor, at=now(), couple=care.couple_to_care_for(actor, pk))
    return Response(_couple_data(care.couple_of(actor, pk)))


def _moved(request: Request, pk: UUID, act: Any) -> Response:
    actor = acting(request, may_read_caseloads)
    act(by=actor, at=now(), client=care.client_to_care_for(actor, pk))
    return Response(_client_data(care.client_of(actor, pk)))


def _wall(said: dict[str, Any], kept: Any) -> str:
    """Return the session as the page's form would have it: a wall time in one's own zone."""
    moment = said.get("next_session_at", kept)
    return localtime(moment).strftime("%Y-%m-%dT%H:%M") if moment else ""


def _client_data(row: Client) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "email": row.email,
        "zone": row.zone,
        "language": row.language,
        "joined_at": row.joined_at,
        "discharged_at": row.discharged_at,
        "next_session_at": row.next_session_at,
    }


def _clearance_data(row: Any) -> dict[str, Any]:
    return {
        "cleared": row.cleared,
        "attested_at": row.attested_at,
        "recheck_at": row.recheck_at,
        "ended_at": row.ended_at,
    }


def _couple_data(row: Couple) -> dict[str, Any]:
    return {
        "id": row.pk,
        "first": row.first_id,
        "second": row.second_id,
        "linked_at": row.linked_at,
        "ended_at": row.ended_at,
        "next_session_at": row.next_session_at,
    }
