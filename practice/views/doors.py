"""What the pages of those who work here share."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from practice.queries.paging import Page


def refuse_unless(*, allowed: bool) -> None:
    """Answer 403 to the wrong role."""
    if not allowed:
        raise PermissionDenied


def pages(request: HttpRequest, found: Page[Any]) -> dict[str, str]:
    """Return where a list goes on and where it starts, its search and filters kept."""
    return {
        "next_url": _at(request, found.after) if found.after else "",
        "previous_url": "" if found.is_first else _at(request, None),
    }


def _at(request: HttpRequest, after: str | None) -> str:
    asked = request.GET.copy()
    asked.pop("after", None)
    if after:
        asked["after"] = after
    return f"{request.path}?{asked.urlencode()}" if asked else request.path
