"""What a door says when something went wrong: problems (RFC 9457), and our own house in trouble."""

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from practice import logs
from practice.errors import KeyTrouble, records_away, sql_state

log = logging.getLogger(__name__)
API = "/api/"
PROBLEM = "application/problem+json"
# How the boxes for free text on staff's pages are named (tests/exercises/test_given_back.py looks).
WORDS = ("text", "letter", "note", "comment.", "crisis_")
View = TypeVar("View", bound=Callable[..., HttpResponse])


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
    came = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(came, {request.get_host()}, request.is_secure())
    path = urlsplit(came).path or "/"
    # "//elsewhere" alone would be another house.
    return path if ours and url_has_allowed_host_and_scheme(path, None) else "/"


def asks_questions(*carried: str) -> Callable[[View], View]:
    """Mark a page where every box is called after its question, beside what its form carries."""

    def mark(view: View) -> View:
        view.__dict__["carried"] = {"csrfmiddlewaretoken", "once", *carried}
        return view

    return mark


def free_text_of(request: HttpRequest) -> dict[str, list[str]]:
    """Return the free text of a form that led nowhere, to be given back to whoever is signed in.

    Their record may have gone to a colleague while they wrote. Only what a box for words holds:
    no password, code, token or id ever goes into a page.
    """
    return words_in(request) if getattr(request, "actor", None) is not None else {}


def words_in(request: HttpRequest) -> dict[str, list[str]]:
    """Return the free text of a form of a page of ours, whoever sent it: a form that leads nowhere is
    asked for no token, and another's words would stand here as one's own. A choice that goes along
    does no harm."""
    if request.method != "POST" or not _is_ours(request):
        return {}
    try:
        said = [(name, str(text)) for name, text in request.POST.items()]
    except (SuspiciousOperation, MultiPartParserError, OSError):  # there is nothing to be read
        return {}
    carried = _carried_on(request)
    texts = [text for name, text in said if _holds_words(name, text, carried) and text.strip()]
    return {"texts": texts} if texts else {}


def _is_ours(request: HttpRequest) -> bool:
    """Say whether a form came from a page of ours; every browser says where from, be it "null"."""
    came = request.headers.get("Origin") or request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(came, {request.get_host()}, request.is_secure())
    return ours and bool(urlsplit(came).netloc)


def _carried_on(request: HttpRequest) -> set[str] | None:
    """Return what goes along on a page that asks questions; None for any other."""
    try:  # a request that was refused on the way in has not been led anywhere yet
        view = resolve(request.path_info).func
    except Resolver404:
        return None
    carried: set[str] | None = getattr(view, "carried", None)
    return carried


def _holds_words(name: str, text: str, carried: set[str] | None) -> bool:
    is_answer = carried is not None and name not in carried and not text.isdigit()
    return is_answer or name.startswith(WORDS)


def trouble(error: BaseException | None) -> str:
    """Name what is wrong with our own house, and log it; empty when it is something else."""
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
            "back": page_before(request),
        }
        response = HttpResponse(render_to_string("503.html", words), status=503)
    response["Retry-After"] = "30"
    return response
