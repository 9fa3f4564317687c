"""One row, or an address that does not exist."""

from typing import TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404

Row = TypeVar("Row", bound=Model)


def or_404(rows: QuerySet[Row]) -> Row:
    """Return the first of these rows. Raises Http404 when there is none.

    Unlike Django's `get_object_or_404` it says nothing of what was looked for.
    """
    found = rows.first()
    if found is None:
        raise Http404
    return found
