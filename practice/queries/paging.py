"""Keyset pages: the cost of page 1,000 is the cost of page 1, and new rows shift nothing."""

import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db import DataError, transaction
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest

from practice.crypto import decrypt_from_url, encrypt_for_url

Row = TypeVar("Row", bound=Model)
PAGE_SIZE = 25
LARGEST_PAGE = 100
# What is looked for, in an address that does not say it.
HIDDEN = "s"


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows, and the cursors that lead on and back (None at either end)."""

    rows: Sequence[Row]
    after: str | None
    is_first: bool

    def __iter__(self) -> Any:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __bool__(self) -> bool:
        return bool(self.rows)


def page(
    rows: QuerySet[Row], *, order: Sequence[str], after: str | None = None, size: int = PAGE_SIZE
) -> Page[Row]:
    """Return the rows behind cursor `after`, in `order` (field names, `-` for descending).

    `order` must end with a unique field and name only non-null ones; a cursor that was tampered
    with is an address that does not exist (Http404).
    """
    size = max(1, min(size, LARGEST_PAGE))
    found = fetched(after_cursor(rows, order=order, after=after)[: size + 1], after=after)
    return cut(found, order=order, after=after, size=size)


def after_cursor(rows: QuerySet[Row], *, order: Sequence[str], after: str | None) -> QuerySet[Row]:
    """Return the rows behind a cursor, in order; Http404 for a cursor that is none."""
    try:
        if after:
            rows = rows.filter(_behind(order, _decode(after, order, rows.model)))
    except (ValueError, ValidationError) as error:
        raise Http404 from error
    return rows.order_by(*order)


def fetched(rows: QuerySet[Row], *, after: str | None) -> list[Row]:
    """Ask for the rows; Http404 for what only the database finds wrong with a cursor."""
    try:
        with transaction.atomic() if after else nullcontext():  # it leaves the transaction whole
            return list(rows)
    except (ValueError, ValidationError, DataError) as error:
        raise Http404 from error


def cut(found: list[Row], *, order: Sequence[str], after: str | None, size: int) -> Page[Row]:
    """Make a page of rows fetched with one more than it holds, if there is one."""
    rows = found[:size]
    more = len(found) > size
    return Page(rows=rows, after=_encode(rows[-1], order) if more else None, is_first=after is None)


def searched(request: HttpRequest) -> str:
    """Return what is looked for; the database takes no NUL, and nothing holds one."""
    return request.GET.get("q", "")[:100].replace("\x00", "")


def pages(request: HttpRequest, found: Page[Any], *, key: str = "after") -> dict[str, str]:
    """Return where a list goes on and where it starts, its search and filters kept.

    Of two lists on a page each has its own `key`.
    """
    return {
        "next_url": _at(request, found.after, key) if found.after else "",
        "previous_url": "" if found.is_first else _at(request, None, key),
    }


def _at(request: HttpRequest, after: str | None, key: str) -> str:
    asked = request.GET.copy()
    asked.pop(key, None)
    if HIDDEN in asked:
        asked.pop("q", None)
    if after:
        asked[key] = after
    return f"{request.path}?{asked.urlencode()}" if asked else request.path


def _behind(order: Sequence[str], values: Sequence[Any]) -> Q:
    """Compare lexicographically: (a, b) > (x, y)  ==  a > x or (a == x and b > y)."""
    behind, same = Q(pk__in=[]), Q()
    for name, value in zip(order, values, strict=True):
        field = name.removeprefix("-")
        step = "lt" if name.startswith("-") else "gt"
        behind |= same & Q(**{f"{field}__{step}": value})
        same &= Q(**{field: value})
    return behind


def _encode(row: Model, order: Sequence[str]) -> str:
    values = []
    for name in order:
        value: Any = row
        for part in name.removeprefix("-").split("__"):
            value = getattr(value, part)
        values.append(value.isoformat() if hasattr(value, "isoformat") else str(value))
    # A list sorted by name has names in its cursors, and no name is ever in an address.
    return encrypt_for_url(json.dumps(values), place=_place(order, type(row)))


def _place(order: Sequence[str], model: type[Model]) -> str:
    return f"page {model._meta.label} {' '.join(order)}"


def _decode(cursor: str, order: Sequence[str], model: type[Model]) -> list[str]:
    try:
        values = json.loads(decrypt_from_url(cursor, place=_place(order, model)))
    except RecursionError as error:
        raise ValueError("not a cursor") from error
    if (
        not isinstance(values, list)
        or len(values) != len(order)
        or not all(isinstance(value, str) and "\x00" not in value for value in values)
    ):
        raise ValueError("not a cursor")
    return values
