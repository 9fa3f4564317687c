"""What the practice's pages share."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest


def refuse_unless(*, allowed: bool) -> None:
    """Answer 403 to the wrong role."""
    if not allowed:
        raise PermissionDenied


def onward(request: HttpRequest, after: str | None) -> str:
    """Return where the next page of a list is, its search and filters kept."""
    if after is None:
        return ""
    asked = request.GET.copy()
    asked["after"] = after
    return f"{request.path}?{asked.urlencode()}"
