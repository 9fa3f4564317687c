"""The API's refusals, as problem details (RFC 9457): translated once, here."""

import math
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response

from practice.doors.failures import PROBLEM, problem_body, trouble
from practice.errors import BadInput, NotPossible, Stale


def handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn what a door raised into a problem; None lets an unknown error become a 500."""
    if isinstance(error, NotPossible):
        return _not_possible(error)
    if isinstance(error, exceptions.ValidationError):
        said = _("Look at the fields named here, and send it once more.")
        return _answer(422, code="bad_input", detail=said, fields=_fields(error.detail))
    if isinstance(error, exceptions.APIException):
        return _from_drf(error)
    return _from_django(error)


def _not_possible(error: NotPossible) -> Response:
    if isinstance(error, Stale):
        return _answer(
            412,
            {"ETag": f'"{error.revision}"'},
            code=error.code,
            detail=error.message,
            mine=error.mine,
            theirs=error.theirs,
            revision=error.revision,
        )
    if isinstance(error, BadInput):
        return _answer(422, code=error.code, detail=error.message, fields=error.fields)
    return _answer(409, code=error.code, detail=error.message)


def _from_drf(error: exceptions.APIException) -> Response:
    headers: dict[str, str] = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(math.ceil(wait))
    said = str(error.detail)
    if isinstance(error, exceptions.NotAuthenticated):
        said = _("Send a key as “Authorization: Bearer hw_…”, or sign in.")
    elif isinstance(error, exceptions.Throttled):
        said = _("That was a lot at once. Wait a moment, then go on.")
    return _answer(error.status_code, headers, code=str(error.default_code), detail=said)


def _from_django(error: Exception) -> Response | None:
    if isinstance(error, Http404):
        return _answer(404, detail=_("There is nothing at this address for you."))
    if isinstance(error, PermissionDenied):
        return _answer(403, detail=_("This is not yours to do."))
    if isinstance(error, RequestDataTooBig):
        return _answer(413, detail=_("That is too much at once."))
    # A body nested too deep, or text that is none (lone surrogates).
    if isinstance(error, SuspiciousOperation | RecursionError | UnicodeError):
        return _answer(400, detail=_("That could not be read."))
    code = trouble(error)
    if code:
        return _answer(503, {"Retry-After": "30"}, code=code, detail=_("Try again in a minute."))
    return None


def _fields(detail: Any, path: str = "") -> dict[str, list[str]]:
    """Flatten DRF's nested findings to texts by `field.inner.0`."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(detail, dict):
        inner = list(detail.items())
    elif isinstance(detail, list) and any(isinstance(one, dict | list) for one in detail):
        inner = list(enumerate(detail))
    if not inner:
        texts = detail if isinstance(detail, list) else [detail]
        return {path or "non_field_errors": [str(text) for text in texts if text]}
    found: dict[str, list[str]] = {}
    for key, finding in inner:
        found |= _fields(finding, f"{path}.{key}" if path else str(key))
    return {name: texts for name, texts in found.items() if texts}


def _answer(
    status: int,
    headers: dict[str, str] | None = None,
    *,
    code: str = "",
    detail: str = "",
    **more: Any,
) -> Response:
    body = problem_body(status, code=code, detail=detail, **more)
    return Response(body, status=status, headers=headers, content_type=PROBLEM)
