"""What the frame around every staff page shows of the work."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from exercises.queries.review import count_waiting


def waiting(request: HttpRequest) -> dict[str, Any]:
    """Give templates `waiting_count`; counted only where a page shows it."""
    actor = getattr(request, "actor", None)
    if actor is None or not actor.is_therapist:
        return {}
    return {"waiting_count": SimpleLazyObject(lambda: count_waiting(actor))}
