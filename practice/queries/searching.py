"""Find a name as one types it: without the accents, in capitals or not."""

from typing import Any, TypeVar

from django.db.models import CharField, Func, Model, Q, QuerySet

from practice.letters import normalized

Row = TypeVar("Row", bound=Model)
# Unicode's combining diacritical marks: what NFD takes off a letter.
FIRST_MARK, LAST_MARK = "\u0300", "\u036f"


class _Plain(Func):
    """A text without its accents, as PostgreSQL makes it."""

    template = (
        f"regexp_replace(normalize(%(expressions)s, NFD), '[{FIRST_MARK}-{LAST_MARK}]', '', 'g')"
    )
    output_field: Any = CharField()


def called(rows: QuerySet[Row], search: str, *fields: str) -> QuerySet[Row]:
    """Return the rows with these letters in one of their fields: "lucia" finds Lucía, and "lucía"
    Lucia."""
    apart = normalized("NFD", search)
    plain = "".join(sign for sign in apart if not FIRST_MARK <= sign <= LAST_MARK)
    found = Q()
    for number, field in enumerate(fields):
        rows = rows.alias(**{f"plain_{number}": _Plain(field)})
        found |= Q(**{f"plain_{number}__icontains": plain})
    return rows.filter(found)
