"""What a door says when something went wrong: problems (RFC 9457), and our own house in trouble."""

import logging
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from practice import logs
from practice.errors import KeyTrouble, has_crossed, records_away, sql_state

log = logging.getLogger(__name__)
API = "/api/"
PROBLEM = "application/problem+json"


def problem_body(status: int, *, code: str = "", detail: str = "", **more: Any) -> dict[str, Any]:
    """Return a problem (RFC 9457); its reference finds it in the log."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code or HTTPStatus(status).name.lower(),
        "reference": logs.reference.get(),
        **more,
    }


def problem(status: int, *, code: str = "", detail: str = "") -> HttpResponse:
    """Answer a program outside of the API's own doors."""
    body = problem_body(status, code=code, detail=detail)
    return JsonResponse(body, status=status, content_type=PROBLEM)


def page_before(request: HttpRequest) -> str:
    """Return the page of ours whose form this was, else the start; empty when it was no form."""
    if request.method in {"GET", "HEAD"}:
        return ""
    return came_from(request) or "/"


def came_from(request: HttpRequest) -> str:
    """Return the page of ours from which a request came; empty when that is not known."""
    came = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(came, {request.get_host()}, request.is_secure()):
        return ""
    path = urlsplit(came).path or "/"
    # "//elsewhere" alone would be another house.
    return path if url_has_allowed_host_and_scheme(path, None) else ""


def trouble(error: BaseException | None) -> str:
    """Name what is wrong with our own house, or was for a moment, and log it; empty when it is
    something else."""
    if error is not None and has_crossed(error):
        log.warning("two were in each other's way", extra={"code": sql_state(error)})
        return "try_again"
    if error is not None and records_away(error):
        code = sql_state(error) or type(error).__name__
        log.error("the database is away", extra={"code": code})
        return "records_away"
    if isinstance(error, KeyTrouble):
        # Nothing was lost, and nothing can be read: somebody has to bring the key back, now.
        log.critical("a key is missing or wrong", extra={"code": "key_trouble"})
        return "key_trouble"
    return ""


def answer_trouble(request: HttpRequest, error: BaseException | None) -> HttpResponse | None:
    """Say honestly that the database or a key is away; needs neither. None for other errors."""
    code = trouble(error)
    if not code:
        return None
    if request.path.startswith(API):
        response = problem(503, code=code, detail=_("Try again in a minute."))
    else:
        words = {
            "request_id": logs.reference.get(),
            "key": code == "key_trouble",
            "crossed": code == "try_again",
            "back": page_before(request),
        }
        response = HttpResponse(render_to_string("503.html", words), status=503)
    response["Retry-After"] = "30"
    return response
