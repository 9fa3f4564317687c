"""Error pages: a reference, never a trace. The API's are problems, whatever raised them."""

import sys
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from practice import logs
from practice.doors.failures import API, answer_trouble, page_before, problem
from practice.doors.giving_back import given_back, what_was_in
from practice.doors.pages import seat_of_form
from practice.doors.suspended import form_behind


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what could not be read, or was too much at once."""
    status = 413 if isinstance(exception, RequestDataTooBig) else 400
    return _page(request, "400.html", status, _("That could not be read."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer the wrong role: on a page it looks like an address with nothing at it."""
    return _page(request, "404.html", 403, _("This is not yours to do."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address with nothing at it, or nothing for this person."""
    return _page(request, "404.html", 404, _("There is nothing at this address for you."))


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer our own mistake, and say honestly when the database is away; needs neither."""
    found = answer_trouble(request, sys.exc_info()[1])
    if found is not None:
        return found
    if request.path.startswith(API):
        return problem(500, detail=_("It is noted, and it is not you."))
    words = {"request_id": logs.reference.get(), "back": page_before(request)}
    return HttpResponse(render_to_string("500.html", words), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose page was open too long, came from elsewhere, or was another seat's."""
    is_kept = request.content_type == "application/json"
    if is_kept and seat_of_form(request):
        said = _("You changed to another of your pages meanwhile. Nothing was saved.")
        return problem(403, code="elsewhere", detail=said)
    # What a page keeps by itself as one types: who signs in goes on with it.
    if is_kept:
        said = _("You were signed out to keep this private. Sign in, and you will be back.")
        return problem(401, code="signed_out", detail=said)
    # Who answers the question who one is has written nothing but that; what waits for it is theirs.
    sent = form_behind(request) if getattr(request, "actor", None) is not None else None
    words = {"typed": what_was_in(sent)} if sent else {}
    return _page(request, "403_csrf.html", 403, _("This is not yours to do."), **words)


def _page(
    request: HttpRequest, template: str, status: int, detail: str, **more: Any
) -> HttpResponse:
    if request.path.startswith(API):
        return problem(status, detail=detail)
    words = {"back": page_before(request), "typed": given_back(request), **more}
    return render(request, template, words, status=status)
