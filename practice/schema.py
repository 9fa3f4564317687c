"""What the API's description says of every address alike."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

from practice.doors.failures import PROBLEM
from practice.doors.programs import KEY
from practice.doors.shapes import StrictSerializer

IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "schema": {"type": "string", "pattern": f"^{KEY.pattern}$"},
    "description": "The same post again gets the same answer and changes nothing.",
}


class ProblemShape(serializers.Serializer[Any]):
    """A refusal (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(allow_blank=True)
    code = serializers.CharField(help_text="What a program can tell apart")
    reference = serializers.CharField(allow_blank=True, help_text="Finds it in our log")
    fields = serializers.DictField(  # type: ignore[assignment]  # a member of RFC 9457, not DRF's
        child=serializers.ListField(child=serializers.CharField()), required=False
    )
    mine = serializers.JSONField(required=False, help_text="412: what you sent")
    theirs = serializers.JSONField(required=False, help_text="412: what is there now")
    revision = serializers.IntegerField(required=False, help_text="412: of what is there now")


class Schema(AutoSchema):
    """Say of every address what all of them share: its refusals, tags and idempotency keys."""

    def get_operation_id(self) -> str:
        """Return the door's own name: there is one door of that name per method."""
        return f"{self.method.lower()}_{type(self.view).__name__}"

    def get_operation(self, *args: Any) -> Any:
        """Return the door's own operation, with every refusal it may give and the keys it takes."""
        operation = super().get_operation(*args)
        if operation is None:
            return None
        parameters = operation.setdefault("parameters", [])
        refusals = [400, 401, 403, 404, 405, 406, 413, 429, 500, 503]
        if self.method in {"POST", "PUT", "PATCH", "DELETE"}:
            refusals += [409, 411, 412, 415, 422]
        elif any(one["in"] == "query" for one in parameters):
            refusals.append(422)
        # Asking changes nothing, however often.
        if self.method == "POST" and not self.path.endswith("/search"):
            parameters.append(IDEMPOTENCY_KEY)
        problem = self.resolve_serializer(ProblemShape, "response").ref
        for status in refusals:
            operation["responses"][str(status)] = {
                "description": HTTPStatus(status).phrase,
                "content": {PROBLEM: {"schema": problem}},
            }
        return operation


def only_these_fields(result: Any, **_more: Any) -> Any:
    """Say in the schema that a body with other fields, or with none, is refused (`StrictSerializer`)."""
    shapes = result.get("components", {}).get("schemas", {})
    kinds = [*StrictSerializer.__subclasses__()]
    for kind in kinds:
        kinds += kind.__subclasses__()
        if kind.__name__ in shapes:
            shapes[kind.__name__]["additionalProperties"] = False
            if kind.at_least_one:
                shapes[kind.__name__]["anyOf"] = [{"required": [one]} for one in kind.at_least_one]
    return result
