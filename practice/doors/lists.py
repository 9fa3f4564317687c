"""The lists of the API: filters, searches that no address says, and pages by cursor."""

import json
from dataclasses import dataclass
from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from practice.crypto import decrypt_from_url, encrypt_for_url
from practice.doors.shapes import StrictSerializer, valid
from practice.queries.paging import Page

AFTER = OpenApiParameter(
    "after", str, description="What “next” was on the page before; it carries what was asked"
)


@dataclass(frozen=True)
class Asking:
    """What a list is asked: words and filters, checked and as they came, and where to go on."""

    said: dict[str, Any]
    came: dict[str, Any]
    # Which list this is: a search goes on there, and a cursor opens nowhere else.
    place: str
    after: str | None = None


def parse_list_request(
    request: Request,
    filters: type[StrictSerializer] | None = None,
    search: type[StrictSerializer] | None = None,
) -> Asking:
    """Return what a list is asked: by the body of a search, or by its address and the cursor there.

    What is looked for is a name, and no address says one: a search is a post, and the cursor to
    its next page carries the words, sealed. Raises ValidationError, field by field.
    """
    place = f"list {request.path.removesuffix('/search')}"
    if request.method == "POST" and search:
        # Whoever asks on here would get page one again.
        valid(StrictSerializer, request.query_params.dict())
        return Asking(valid(search, request.data), dict(request.data), place)
    came = request.query_params.dict()
    after = came.pop("after", None)
    if search and "q" in came:
        said = _("No address says what is looked for: send it as a POST to {path}/search.")
        raise serializers.ValidationError({"q": [said.format(path=request.path)]})
    found = Asking(valid(filters or StrictSerializer, came), came, place)
    if not after:
        return found
    carried, after = _opened(after, place)
    if other := [name for name, value in came.items() if carried.get(name) != value]:
        said = _("This cursor goes on with something else. It carries what was asked first.")
        raise serializers.ValidationError({name: [said] for name in other})
    shape = search if search and "q" in carried else filters
    return Asking(valid(shape or StrictSerializer, carried), carried, place, after)


def cursor_page(asking: Asking, found: Page[Any], rows: list[Any]) -> Response:
    """Return one page: `results`, and `next`, the cursor to ask for with `?after=`."""
    after = found.after and encrypt_for_url(
        json.dumps([asking.came, found.after]), place=asking.place
    )
    return Response({"results": rows, "next": after})


def _opened(cursor: str, place: str) -> tuple[dict[str, Any], str]:
    """Return what was asked and where the page ended. Raises Http404 for what is no cursor."""
    try:
        carried, after = json.loads(decrypt_from_url(cursor, place=place))
    except (ValueError, TypeError) as error:
        raise Http404 from error
    if not isinstance(carried, dict) or not isinstance(after, str):
        raise Http404
    return carried, after


def paged(each: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
    """Describe a page of `each` for the schema."""
    return type(
        f"{each.__name__}Page",
        (serializers.Serializer,),
        {
            "__doc__": "A page of a list: some rows, and where it goes on.",
            "results": each(many=True),
            "next": serializers.CharField(allow_null=True, help_text="Ask with ?after="),
        },
    )
