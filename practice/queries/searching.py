"""Find a name as one types it: without the accents, in capitals or not."""

from functools import reduce
from operator import or_
from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from practice.letters import normalized
from practice.models import FIRST_MARK, LAST_MARK

Row = TypeVar("Row", bound=Model)


def name_contains(rows: QuerySet[Row], search: str, *fields: str) -> QuerySet[Row]:
    """Return the rows with these words, in any order, among their fields: "lucia" finds Lucía, and
    "lucía" Lucia. A name is looked for in its `sort_name`, which says it plainly."""
    for word in words(search):
        rows = rows.filter(holds(word, *fields))
    return rows


def words(search: str) -> list[str]:
    """Return what is looked for word by word, without accents; of very many the last are one."""
    apart = normalized("NFD", search)
    return "".join(sign for sign in apart if not FIRST_MARK <= sign <= LAST_MARK).split(None, 4)


def holds(word: str, *fields: str) -> Q:
    """Return the condition that one of these fields has this word in it."""
    return reduce(or_, (Q(**{f"{field}__icontains": word}) for field in fields))
