"""What a program may say: the fields named, of the type named, and nothing else."""

import re
from datetime import UTC, datetime
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

WALL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?")


class StrictSerializer(serializers.Serializer[Any]):
    """What a program sends: the fields named, of the type named, and nothing else.

    DRF would take 1 for "1" and pass over what it does not know; a field nobody reads (another
    practice, a status, an author) is refused instead (OWASP, mass assignment).
    """

    # A body without any of these says nothing.
    at_least_one: ClassVar[tuple[str, ...]] = ()

    def to_internal_value(self, data: Any) -> Any:
        """Check names and types, then values. Raises ValidationError."""
        if isinstance(data, dict):
            wrong = {
                str(name): [_("There is no such field.")]
                for name in data
                if name not in self.fields
            } | {
                name: [_("This is of another type than it should be.")]
                for name, field in self.fields.items()
                if data.get(name) is not None and not isinstance(data[name], _kind(field))
            }
            if self.at_least_one and not data.keys() & set(self.at_least_one):
                missing = self.fields[self.at_least_one[0]].error_messages["required"]
                wrong.setdefault(self.at_least_one[0], [str(missing)])
            if wrong:
                raise serializers.ValidationError(wrong)
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """Words, and no number taken for words."""

    def to_internal_value(self, data: Any) -> str:
        """Return the words. Raises ValidationError."""
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


@extend_schema_field({"type": ["string", "number", "boolean", "array", "object"]})
class AnyJson(serializers.JSONField):
    """Any JSON; null where it is allowed."""


@extend_schema_field({"type": "string", "example": "2027-03-04T09:00"})
class WallTime(serializers.Field[datetime, Any, Any, Any]):
    """What a clock on the wall shows: `2027-03-04T09:00`, without any zone."""

    default_error_messages = {"invalid": _l("Write it like 2027-03-04T09:00, without a zone.")}

    def to_internal_value(self, data: Any) -> datetime:
        """Return the wall time, marked UTC. Raises ValidationError."""
        if not isinstance(data, str) or not WALL.fullmatch(data):
            self.fail("invalid")
        try:
            return datetime.fromisoformat(data).replace(tzinfo=UTC)
        except ValueError:
            self.fail("invalid")


def parse_body(request: Request, shape: type[StrictSerializer]) -> dict[str, Any]:
    """Return what the body says, in this shape. Raises ValidationError, field by field."""
    return valid(shape, request.data)


def valid(shape: type[StrictSerializer], data: Any) -> dict[str, Any]:
    """Return the data as this shape makes them. Raises ValidationError, field by field."""
    checking = shape(data=data)
    checking.is_valid(raise_exception=True)
    found: dict[str, Any] = checking.validated_data
    return found


def _kind(field: serializers.Field[Any, Any, Any, Any]) -> type | tuple[type, ...]:
    if isinstance(field, serializers.JSONField):
        return object
    # A query string has only text.
    if isinstance(field, serializers.BooleanField):
        return bool
    if isinstance(field, serializers.DictField | serializers.Serializer):
        return dict
    if isinstance(field, serializers.ListField | serializers.ListSerializer):
        return list
    return str
