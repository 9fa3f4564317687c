"""The page about the API: its schema, for people."""

from itertools import groupby
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from drf_spectacular.generators import SchemaGenerator

UNDER = str(settings.SPECTACULAR_SETTINGS["SCHEMA_PATH_PREFIX"])
Schema = dict[str, Any]


@login_not_required
@require_GET
def guide(request: HttpRequest) -> HttpResponse:
    """Show every address, what it takes and what it answers."""
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    shapes = schema["components"]["schemas"]
    operations = [
        _operation(path.removeprefix(UNDER), method, operation, shapes)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]
    return render(
        request,
        "practice/api.html",
        {
            "under": request.build_absolute_uri(UNDER),
            "groups": [
                (name, list(found)) for name, found in groupby(operations, lambda one: one["group"])
            ],
            "shapes": [
                {"name": name, "text": shape.get("description", ""), "fields": fields}
                for name, shape in sorted(shapes.items())
                if (fields := _fields(shape, shapes))
            ],
        },
    )


def _operation(path: str, method: str, operation: Schema, shapes: Schema) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return {
        "id": operation["operationId"],
        "group": path.split("/")[1],
        "path": path,
        "method": method.upper(),
        "text": operation.get("description", ""),
        "fields": [
            {"name": one["name"], "place": one["in"], "required": one.get("required", False)}
            | {"text": one.get("description", ""), **_value(one["schema"], shapes)}
            for one in operation.get("parameters", [])
        ],
        "takes": _value(body.get("schema", {}), shapes)["shape"],
        "answers": [
            (status, _value(_json(answer), shapes)["shape"])
            for status, answer in operation["responses"].items()
            if status < "300"
        ],
    }


def _fields(shape: Schema, shapes: Schema) -> list[dict[str, Any]]:
    required = shape.get("required", [])
    return [
        {"name": name, "required": name in required, "text": field.get("description", "")}
        | _value(field, shapes)
        for name, field in shape.get("properties", {}).items()
    ]


def _value(schema: Schema, shapes: Schema) -> dict[str, Any]:
    """Return what a value is: its kind, the shape it has, and the few things it may be."""
    inner = schema.get("items", schema)
    names = [
        one["$ref"].rpartition("/")[2]
        for one in (inner, *inner.get("allOf", []), *inner.get("oneOf", []))
        if "$ref" in one
    ]
    kinds = schema.get("format") or schema.get("type") or []
    return {
        "kind": " or ".join(kinds) if isinstance(kinds, list) else kinds,
        "shape": next((name for name in names if "properties" in shapes[name]), ""),
        "choices": [
            choice
            for one in (inner, *(shapes[name] for name in names))
            for choice in one.get("enum", [])
            if choice
        ],
    }


def _json(answer: Schema) -> Schema:
    content: Schema = answer.get("content", {}).get("application/json", {})
    return dict(content.get("schema", {}))
