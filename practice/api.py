"""The practice, for programs: who I am, who works here, invitations, and the schema."""

from typing import Any
from uuid import UUID

from django.utils.timezone import now
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from practice.actions import invitations
from practice.actions.tokens import SCOPES
from practice.doors.lists import AFTER, cursor_page, paged, parse_list_request
from practice.doors.programs import (
    acting,
    actor_of,
    checked,
    idempotent,
    needs,
    plain,
    says_who,
)
from practice.doors.shapes import StrictSerializer, Text, parse_body
from practice.forms.people import InviteForm, PeopleFilter
from practice.models import Invitation, InvitationKind, Membership, Role
from practice.permissions import may_administer, may_see_people
from practice.queries import people


class MeShape(serializers.Serializer[Any]):
    """Whose account this key acts for, and what it may do."""

    kind = serializers.ChoiceField(choices=["member", "client"])
    practice = serializers.UUIDField()
    practice_name = serializers.CharField()
    member = serializers.UUIDField(allow_null=True)
    client = serializers.UUIDField(allow_null=True)
    roles = serializers.ListField(child=serializers.ChoiceField(choices=Role.choices))
    zone = serializers.CharField(help_text="A name of the IANA time zone database")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=[(s, s) for s in SCOPES]))


class MemberShape(serializers.Serializer[Any]):
    """Somebody who works here."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    email = serializers.EmailField()
    roles = serializers.ListField(child=serializers.ChoiceField(choices=Role.choices))
    joined_at = serializers.DateTimeField()
    deactivated_at = serializers.DateTimeField(allow_null=True)


class PeopleQuery(StrictSerializer):
    """Narrow the list of people."""

    role = serializers.ChoiceField(choices=Role.choices, required=False)
    state = serializers.ChoiceField(choices=["active", "deactivated"], required=False)


class PeopleSearch(PeopleQuery):
    """Look for people."""

    q = serializers.CharField(max_length=100, help_text="A part of the name or e-mail")


class InvitationRequest(StrictSerializer):
    """Invite a member."""

    name = serializers.CharField(max_length=120)
    email = serializers.EmailField(max_length=254)
    roles = serializers.ListField(
        child=Text(help_text=", ".join(Role.values)), min_length=1, max_length=len(Role.values)
    )


class InvitationShape(serializers.Serializer[Any]):
    """A member's invitation; its link is in the mail and nowhere else."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    email = serializers.EmailField()
    roles = serializers.ListField(child=serializers.ChoiceField(choices=Role.choices))
    sent_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    accepted_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)


MemberPage = paged(MemberShape)


@extend_schema(responses=MeShape)
@api_view(["GET"])
def me(request: Request) -> Response:
    """Show whose account this key acts for."""
    actor, practice = actor_of(request), plain(request).practice  # type: ignore[attr-defined]  # set with the actor
    return Response(
        {
            "kind": actor.kind,
            "practice": practice.pk,
            "practice_name": practice.name,
            "member": actor.member_id,
            "client": actor.client_id,
            "roles": sorted(actor.roles),
            "zone": actor.zone,
            "scopes": [s for s in SCOPES if actor.scopes is None or s in actor.scopes],
        }
    )


@extend_schema(parameters=[AFTER, PeopleQuery], responses=MemberPage)
@api_view(["GET"])
@needs("read", "admin")
def members(request: Request) -> Response:
    """List who works here, by name."""
    return _members(request)


@extend_schema(request=PeopleSearch, responses=MemberPage)
@api_view(["POST"])
@needs("read", "admin")
def member_search(request: Request) -> Response:
    """Look for somebody who works here; the next page is the list's, with this `next`."""
    return _members(request)


def _members(request: Request) -> Response:
    actor = acting(request, may_see_people)
    asking = parse_list_request(request, PeopleQuery, PeopleSearch)
    said = checked(PeopleFilter(asking.said))
    found = people.people(
        actor, search=said["q"], role=said["role"], state=said["state"], after=asking.after
    )
    return cursor_page(asking, found, [_member_data(row) for row in found.rows])


@extend_schema(
    methods=["GET"],
    description="List the members’ open invitations, newest first.",
    parameters=[AFTER],
    responses=paged(InvitationShape),
)
@extend_schema(
    methods=["POST"],
    description="Invite a member.",
    request=InvitationRequest,
    responses={201: InvitationShape},
)
@api_view(["GET", "POST"])
@needs("admin")
@says_who
@idempotent
def invitation_list(request: Request) -> Response:
    """List the members' open invitations, newest first; or send one."""
    actor = acting(request, may_administer)
    if request.method == "GET":
        asking = parse_list_request(request)
        found = people.invitations(actor, after=asking.after)
        return cursor_page(asking, found, [_invitation_data(row) for row in found.rows])
    said = checked(InviteForm(parse_body(request, InvitationRequest)))
    invited = invitations.invite(by=actor, at=now(), kind=InvitationKind.MEMBER, **said)
    return Response(_invitation_data(invited.invitation), status=201)


@extend_schema(request=None, responses=InvitationShape)
@api_view(["POST"])
@needs("admin")
@says_who
@idempotent
def invitation_resend(request: Request, pk: UUID) -> Response:
    """Send the invitation again. The old link stops working."""
    return _moved(request, pk, invitations.resend)


@extend_schema(request=None, responses=InvitationShape)
@api_view(["POST"])
@needs("admin")
@idempotent
def invitation_revoke(request: Request, pk: UUID) -> Response:
    """Cancel the invitation."""
    return _moved(request, pk, invitations.revoke)


def _moved(request: Request, pk: UUID, act: Any) -> Response:
    actor = actor_of(request)
    act(by=actor, at=now(), invitation=people.invitation(actor, pk))
    return Response(_invitation_data(people.invitation(actor, pk)))


class Document(SpectacularAPIView):
    """The API, described (OpenAPI 3.1)."""

    renderer_classes = [OpenApiJsonRenderer]
    authentication_classes: list[type] = []
    permission_classes = [AllowAny]


def _member_data(row: Membership) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.user.get_full_name(),
        "email": row.user.email,
        "roles": row.roles,
        "joined_at": row.joined_at,
        "deactivated_at": row.deactivated_at,
    }


def _invitation_data(row: Invitation) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "email": row.email,
        "roles": row.roles,
        "sent_at": row.sent_at,
        "expires_at": row.expires_at,
        "accepted_at": row.accepted_at,
        "revoked_at": row.revoked_at,
    }
