"""Find a name as one types it: without the accents, in capitals or not."""

from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from practice.letters import normalized
from practice.models import FIRST_MARK, LAST_MARK

Row = TypeVar("Row", bound=Model)


def called(rows: QuerySet[Row], search: str, *fields: str) -> QuerySet[Row]:
    """Return the rows with these letters in one of their fields: "lucia" finds Lucía, and "lucía"
    Lucia. A name is looked for in its `sort_name`, which says it plainly."""
    apart = normalized("NFD", search)
    plain = "".join(sign for sign in apart if not FIRST_MARK <= sign <= LAST_MARK)
    found = Q()
    for field in fields:
        found |= Q(**{f"{field}__icontains": plain})
    return rows.filter(found)
