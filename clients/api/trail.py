"""The trail, for the programs of admins: the same lines as on its page, and no word."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from clients.queries import records
from practice.doors.lists import AFTER, cursor_page, paged, parse_list_request
from practice.doors.programs import acting, checked, needs
from practice.doors.shapes import StrictSerializer
from practice.forms.policies import AuditFilter
from practice.models import AuditEvent
from practice.permissions import may_administer
from practice.queries import audit as trails
from practice.queries import people


class AuditQuery(StrictSerializer):
    """Narrow the trail."""

    person = serializers.RegexField(r"^[0-9]{1,18}$", required=False, help_text="A user number")
    action = serializers.CharField(required=False, max_length=48)
    record = serializers.CharField(required=False, max_length=40)
    client = serializers.UUIDField(
        required=False, help_text="A client's id; what they were given as a couple is there, too"
    )
    since = serializers.DateField(required=False)
    until = serializers.DateField(required=False)


class AuditShape(serializers.Serializer[Any]):
    """One line of the trail: who did what to which record when. It holds nothing that anyone wrote."""

    at = serializers.DateTimeField()
    user = serializers.IntegerField(allow_null=True)
    actor_kind = serializers.CharField()
    action = serializers.CharField()
    object_kind = serializers.CharField()
    object_id = serializers.CharField()
    client = serializers.UUIDField(allow_null=True)


@extend_schema(parameters=[AFTER, AuditQuery], responses=paged(AuditShape))
@api_view(["GET"])
@needs("admin")
def audit(request: Request) -> Response:
    """Read the trail, newest first; for admins."""
    actor = acting(request, may_administer)
    asking = parse_list_request(request, AuditQuery)
    said = checked(AuditFilter(asking.said, people=list(people.members(actor))))
    client = said.pop("client")
    whose = records.trail_of(actor, [client]) if client else None
    found = trails.trail(actor, asking.after, whose=whose, **said)
    return cursor_page(asking, found, [_audit_data(row) for row in found.rows])


def _audit_data(row: AuditEvent) -> dict[str, Any]:
    return {
        "at": row.at,
        "user": row.user_id,
        "actor_kind": row.actor_kind,
        "action": row.action,
        "object_kind": row.object_kind,
        "object_id": row.object_id,
        "client": row.client_id,
    }
