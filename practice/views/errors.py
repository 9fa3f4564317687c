"""Error pages: a reference, never a trace; none of them needs the database."""

import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from practice import logs
from practice.doors import away


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what could not be read."""
    return render(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer the wrong role."""
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address with nothing at it, or nothing for this person."""
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer our own mistake, and say honestly when the database is away."""
    found = away(request, sys.exc_info()[1])
    if found is not None:
        return found
    page = render_to_string("500.html", {"request_id": logs.reference.get()})
    return HttpResponse(page, status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose page was open too long, or came from elsewhere."""
    return render(request, "403.html", {"csrf": True}, status=403)
