"""What a page of the practice shows of who is in care, without knowing of clients."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from clients.queries.records import uncared
from practice.permissions import may_administer


def nobodys(request: HttpRequest) -> dict[str, Any]:
    """Give admins `somebody_is_uncared`; asked only where a page shows it."""
    actor = getattr(request, "actor", None)
    if actor is None or not may_administer(actor):
        return {}
    return {"somebody_is_uncared": SimpleLazyObject(lambda: uncared(actor).exists())}
