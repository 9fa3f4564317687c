"""Couples: linking two, when they come next, and that they are no longer seen together."""

from uuid import UUID

from django.utils.timezone import now
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from clients.actions import caring
from clients.api import shapes
from clients.api.shapes import couple_data, wall_of
from clients.forms import SessionForm
from clients.queries import care
from practice.actors import Actor
from practice.doors.lists import AFTER, cursor_page, paged, parse_list_request
from practice.doors.programs import acting, checked, idempotent, needs
from practice.doors.shapes import parse_body
from practice.permissions import may_care, may_read_caseloads
from practice.queries.paging import page


@extend_schema(
    methods=["GET"],
    description="List the couples you have access to, newest first.",
    parameters=[AFTER],
    responses=paged(shapes.CoupleShape),
)
@extend_schema(
    methods=["POST"],
    description="Link two of your clients as a couple.",
    request=shapes.CoupleRequest,
    responses={201: shapes.CoupleShape},
)
@api_view(["GET", "POST"])
@needs("read", "assign")
@idempotent
def couple_list(request: Request) -> Response:
    """List the couples you have access to, newest first; or link two of your clients."""
    actor = acting(request, may_read_caseloads)
    if request.method == "POST":
        return _link(request, actor)
    asking = parse_list_request(request)
    rows = care.couples(actor)
    found = page(rows, order=("-linked_at", "pk"), after=asking.after)
    return cursor_page(asking, found, [couple_data(row) for row in found.rows])


@needs("assign")
def _link(request: Request, actor: Actor) -> Response:
    acting(request, may_care)
    said = parse_body(request, shapes.CoupleRequest)
    first, second = (care.client_to_care_for(actor, said[one]) for one in ("first", "second"))
    couple = caring.link(by=actor, at=now(), first=first, second=second)
    return Response(couple_data(couple), status=201)


@extend_schema(methods=["GET"], description="Show one couple.", responses=shapes.CoupleShape)
@extend_schema(
    methods=["PATCH"],
    description="Set the next session.",
    request=shapes.SessionRequest,
    responses=shapes.CoupleShape,
)
@api_view(["GET", "PATCH"])
@needs("read", "assign")
def couple(request: Request, pk: UUID) -> Response:
    """Show one couple, or set their next session."""
    actor = acting(request, may_read_caseloads)
    if request.method == "PATCH":
        return _set_session(request, actor, pk)
    return Response(couple_data(care.couple_of(actor, pk)))


@needs("assign")
def _set_session(request: Request, actor: Actor, pk: UUID) -> Response:
    couple, at = care.couple_to_care_for(actor, pk), now()
    said = parse_body(request, shapes.SessionRequest)
    form = SessionForm({"next_session_at": wall_of(said, None)}, at=at)
    caring.set_session(by=actor, at=at, couple=couple, **checked(form))
    return Response(couple_data(care.couple_of(actor, couple.pk)))


@extend_schema(request=None, responses=shapes.CoupleShape)
@api_view(["POST"])
@needs("assign")
@idempotent
def couple_unlink(request: Request, pk: UUID) -> Response:
    """Unlink a couple. Neither of the two is told."""
    actor = acting(request, may_read_caseloads)
    caring.unlink(by=actor, at=now(), couple=care.couple_to_care_for(actor, pk))
    return Response(couple_data(care.couple_of(actor, pk)))
