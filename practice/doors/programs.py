"""What doors of the API share: who is asking, what a key may, idempotent posts, entity tags."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpRequest, RawPostDataException
from django.utils.module_loading import import_string
from django.utils.timezone import now
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import exceptions
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.permissions import SAFE_METHODS
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from practice.actions import idempotency
from practice.actors import Actor
from practice.cache import seconds_to_wait
from practice.crypto import reads
from practice.errors import BadInput
from practice.models import ApiToken, Practice
from practice.tenancy import enter

P = ParamSpec("P")
Door = Callable[Concatenate[Request, P], Response]
KEY = re.compile(r"[!-~]{8,80}")
IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description="The ETag your change is based on"
)
ETAG = OpenApiParameter("ETag", str, OpenApiParameter.HEADER, response=[200])


def plain(request: Request) -> HttpRequest:
    """Return Django's own request, which carries the actor."""
    inner: HttpRequest = request._request  # noqa: SLF001 -- DRF documents it, under that name
    return inner


def actor_of(request: Request) -> Actor:
    """Return who is asking. Raises PermissionDenied for somebody without any seat."""
    actor: Actor | None = getattr(plain(request), "actor", None)
    if actor is None:
        raise PermissionDenied
    return actor


def acting(request: Request, may: Callable[[Actor], bool]) -> Actor:
    """Return who is asking, if they may. Raises PermissionDenied."""
    actor = actor_of(request)
    if not may(actor):
        raise PermissionDenied
    return actor


def act_as(request: Request, actor: Actor, practice: Practice, *, scopes: frozenset[str]) -> None:
    """Let the rest of this request act from a token's seat, within its scopes."""
    inner = plain(request)
    inner.__dict__.update(actor=replace(actor, scopes=scopes), practice=practice)
    enter(practice.pk)
    reads(actor.seat)


def needs(*scopes: str) -> Callable[[Door[P]], Door[P]]:
    """Let a token in only with one of these scopes; a signed-in person has them all."""

    def decorate(view: Door[P]) -> Door[P]:
        @wraps(view)
        def inner(request: Request, *args: P.args, **kwargs: P.kwargs) -> Response:
            allowed = actor_of(request).scopes
            if allowed is not None and not allowed & set(scopes):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return cast("Door[P]", inner)

    return decorate


def says_who(view: Door[P]) -> Door[P]:
    """Let a browser's session write only just after its person said who they are, as on the page
    for the same; a key was made just after that."""

    @wraps(view)
    def inner(request: Request, *args: P.args, **kwargs: P.kwargs) -> Response:
        by_session = request.method not in SAFE_METHODS and request.auth is None
        if by_session and is_reauthentication_required(plain(request), app=""):
            raise exceptions.PermissionDenied(
                _("For this we ask once more who you are. Do it on its page, or with a key.")
            )
        return view(request, *args, **kwargs)

    return cast("Door[P]", inner)


class RequestLimit(BaseThrottle):
    """Let a key, or a person's session, ask so often in a minute and no more (`API_PER_MINUTE`)."""

    seconds = 0

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count, and say whether there is room."""
        key = request.auth
        who = f"key:{key.pk}" if isinstance(key, ApiToken) else f"user:{request.user.pk}"
        if request.user.is_authenticated:
            self.seconds = seconds_to_wait(
                f"api:{who}", per_minute=settings.API_PER_MINUTE, at=now().timestamp()
            )
        return not self.seconds

    def wait(self) -> float:
        """Return after how many seconds to ask again."""
        return float(self.seconds)


def idempotent(view: Door[P]) -> Door[P]:
    """Honour `Idempotency-Key`: the same post again gets the same answer and changes nothing.

    Only while whoever asks may do and reaches all that they did when it was given: an answer kept
    for two days must not outlive a role, a seat or a hand-over. Whatever it holds, so this needs no
    list of what to look at; who lost anything since asks anew, and finds what they may see.
    """

    @wraps(view)
    def inner(request: Request, *args: P.args, **kwargs: P.kwargs) -> Response:
        key = request.headers.get("Idempotency-Key", "")
        if not key or request.method != "POST":
            return view(request, *args, **kwargs)
        if not KEY.fullmatch(key):
            raise ParseError(_("An Idempotency-Key is 8 to 80 visible ASCII characters."))
        # Rolled back together: a refused post does not use the key up.
        with transaction.atomic():
            claimed = idempotency.claim(
                by=actor_of(request), at=now(), key=key, fingerprint=_fingerprint(request)
            )
            if isinstance(claimed, idempotency.Remembered):
                kept = json.loads(claimed.body)
                if not _standing(request).issuperset(kept.get("standing", [None])):
                    raise idempotency.spent()
                return Response(kept["data"], status=claimed.status, headers=kept["headers"])
            response = view(request, *args, **kwargs)
            tags = {name: response[name] for name in ("ETag", "Location") if name in response}
            # As the API's own renderer writes it, so that the answer is the same to the byte.
            data = {"headers": tags, "data": response.data, "standing": sorted(_standing(request))}
            body = JSONRenderer().render(data).decode()
            idempotency.remember(claimed, status=response.status_code, body=body)
        return response

    return cast("Door[P]", inner)


def etag(revision: int) -> str:
    """Return a revision as a strong entity tag (RFC 9110)."""
    return f'"{revision}"'


def if_match(request: Request) -> int | None:
    """Return the revision a write was based on; None without If-Match or with `*`."""
    text = request.headers.get("If-Match", "").strip()
    if text in {"", "*"}:
        return None
    found = re.fullmatch(r'"(\d{1,9})"', text)
    if found is None:
        raise ParseError(_("If-Match takes the ETag this address gave you."))
    return int(found[1])


def checked(form: BaseForm) -> dict[str, Any]:
    """Return what a page's form makes of a program's words: one rule for both. Raises BadInput."""
    if not form.is_valid():
        raise BadInput({name: [str(text) for text in texts] for name, texts in form.errors.items()})
    return form.cleaned_data


def _standing(request: Request) -> frozenset[str]:
    """Return what somebody has now of what a door asks for: seat, roles, clients within reach."""
    actor = actor_of(request)
    reach = import_string(settings.HOMEWARD_REACH)(actor)  # clients', whom this app does not know
    return frozenset({actor.seat, *actor.roles, *map(str, reach)})


def _fingerprint(request: Request) -> str:
    # A key that may do less is not answered with what another one did.
    scopes = sorted(actor_of(request).scopes or ["*"])
    try:
        body = plain(request).body
    except RawPostDataException as error:  # a form with parts, taken in by the search for its token
        raise UnsupportedMediaType(plain(request).content_type or "") from error
    material = f"{request.method} {request.path} {scopes}\n".encode() + body
    return hashlib.sha256(material).hexdigest()
