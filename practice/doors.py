"""What doors share: problems in plain words, and the API's posts, tags, pages and scopes."""

import hashlib
import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import wraps
from http import HTTPStatus
from typing import Any, Concatenate, ParamSpec, cast

from django.conf import settings
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from drf_spectacular.utils import OpenApiParameter, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from practice import logs
from practice.actions import idempotency
from practice.actors import Actor, ActorRequest
from practice.cache import seconds_to_wait
from practice.crypto import hide, reveal
from practice.errors import BadInput, KeyTrouble, records_away, sql_state
from practice.models import ApiToken, Practice
from practice.queries.paging import HIDDEN, Page
from practice.tenancy import enter

log = logging.getLogger(__name__)
P = ParamSpec("P")
Door = Callable[Concatenate[Request, P], Response]
KEY = re.compile(r"[!-~]{8,80}")
WALL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?")
AFTER = OpenApiParameter(
    "after", str, description="What “next” was on the page before; it carries what was asked"
)
IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description="The ETag your change is based on"
)
ETAG = OpenApiParameter("ETag", str, OpenApiParameter.HEADER, response=[200])
API = "/api/"
SEAT = "seat"
PROBLEM = "application/problem+json"


def problem_body(status: int, *, code: str = "", detail: str = "", **more: Any) -> dict[str, Any]:
    """Return a problem (RFC 9457); its reference finds it in the log."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code or HTTPStatus(status).name.lower(),
        "reference": logs.reference.get(),
        **more,
    }


def problem(status: int, *, code: str = "", detail: str = "") -> HttpResponse:
    """Answer a program outside of the API's own doors."""
    body = problem_body(status, code=code, detail=detail)
    return JsonResponse(body, status=status, content_type=PROBLEM)


def trouble(error: BaseException | None) -> str:
    """Name what is wrong with our own house, and log it; empty when it is something else."""
    if error is not None and records_away(error):
        code = sql_state(error) or type(error).__name__
        log.error("the database is away", extra={"code": code})
        return "records_away"
    if isinstance(error, KeyTrouble):
        # Nothing was lost, and nothing can be read: somebody has to bring the key back, now.
        log.critical("a key is missing or wrong", extra={"code": "key_trouble"})
        return "key_trouble"
    return ""


def away(request: HttpRequest, error: BaseException | None) -> HttpResponse | None:
    """Say honestly that the database or a key is away; needs neither. None for other errors."""
    code = trouble(error)
    if not code:
        return None
    if request.path.startswith(API):
        response = problem(503, code=code, detail=_("Try again in a minute."))
    else:
        words = {"request_id": logs.reference.get(), "key": code == "key_trouble"}
        response = HttpResponse(render_to_string("503.html", words), status=503)
    response["Retry-After"] = "30"
    return response


def sit(request: HttpRequest, seat: str) -> bool:
    """Seat somebody; say whether they sat elsewhere before.

    Forms on pages of the seat before are refused from then on: what was typed about a client of
    one practice must not land in another, where a new colleague of theirs would read it.
    """
    before = request.session.get(SEAT)
    if before != seat:
        request.session[SEAT] = seat
        if before:
            rotate_token(request)
    return bool(before) and before != seat


def begin_anew_if_ended(request: HttpRequest) -> None:
    """Leave a session that was ended meanwhile: somebody signed themselves out everywhere.

    Nothing can be kept in it any more, and trying to would end in a 400.
    """
    if not request.session.exists(request.session.session_key or ""):
        logout(request)


def searches(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Take a search as a post, and answer at an address that does not say what is looked for.

    A name that somebody looks for would stay in the browser's history and in a proxy's log.
    """

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        asked = (request.POST if "q" in request.POST else request.GET).copy()
        if "q" in request.POST:
            looked_for = asked.pop("q")[-1][:100].replace("\x00", "")
            asked.pop("csrfmiddlewaretoken", None)
            if looked_for.strip():
                asked[HIDDEN] = hide(looked_for)
            return HttpResponseRedirect(f"{request.path}?{asked.urlencode()}")
        if HIDDEN in asked:
            try:
                asked["q"] = reveal(str(asked[HIDDEN]))
            except ValueError as error:
                raise Http404 from error
            request.__dict__["GET"] = asked
        return view(request, *args, **kwargs)

    return inner


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


def seldom(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let one person ask for something heavy so often in a minute and no more."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        what = f"page:{view.__name__}:{request.user.pk}"
        seconds = seconds_to_wait(
            what, per_minute=settings.EXPORTS_PER_MINUTE, at=now().timestamp()
        )
        if seconds:
            response = render(request, "429.html", status=429)
            response["Retry-After"] = str(seconds)
            return response
        return view(request, *args, **kwargs)

    return inner


def idempotent(view: Door[P]) -> Door[P]:
    """Honour `Idempotency-Key`: the same post again gets the same answer and changes nothing."""

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
                return Response(kept["data"], status=claimed.status, headers=kept["headers"])
            response = view(request, *args, **kwargs)
            tags = {name: response[name] for name in ("ETag", "Location") if name in response}
            # As the API's own renderer writes it, so that the answer is the same to the byte.
            body = JSONRenderer().render({"headers": tags, "data": response.data}).decode()
            idempotency.remember(claimed, status=response.status_code, body=body)
        return response

    return cast("Door[P]", inner)


def once(request: ActorRequest, do: Callable[[], str]) -> str:
    """Do what a page's form asks for, and return where it leads; sent twice, it is done once.

    The form carries a word of its own, made with the page (`{% once %}`). With other words in it, it
    is another form.
    """
    if not request.POST.get("once"):
        return do()
    said = request.POST.copy()
    said.pop("csrfmiddlewaretoken", None)
    material = f"{request.get_full_path()}\n{said.urlencode()}"
    key = hashlib.sha256(material.encode()).hexdigest()
    with transaction.atomic():
        claimed = idempotency.claim(by=request.actor, at=now(), key=key, fingerprint=key)
        if isinstance(claimed, idempotency.Remembered):
            return claimed.body
        where = do()
        idempotency.remember(claimed, status=302, body=where)
    return where


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


@dataclass(frozen=True)
class Asking:
    """What a list is asked: words and filters, checked and as they came, and where to go on."""

    said: dict[str, Any]
    came: dict[str, Any]
    after: str | None = None


def listed(
    request: Request,
    filters: type["Asked"] | None = None,
    search: type["Asked"] | None = None,
) -> Asking:
    """Return what a list is asked: by the body of a search, or by its address and the cursor there.

    What is looked for is a name, and no address says one: a search is a post, and the cursor to
    its next page carries the words, sealed. Raises ValidationError, field by field.
    """
    if request.method == "POST" and search:
        _valid(Asked, request.query_params.dict())  # whoever asks on here would get page one again
        return Asking(_valid(search, request.data), dict(request.data))
    came = request.query_params.dict()
    after = came.pop("after", None)
    if search and "q" in came:
        said = _("No address says what is looked for: send it as a POST to {path}/search.")
        raise serializers.ValidationError({"q": [said.format(path=request.path)]})
    found = Asking(_valid(filters or Asked, came), came)
    if not after:
        return found
    carried, after = _opened(after)
    if other := [name for name, value in came.items() if carried.get(name) != value]:
        said = _("This cursor goes on with something else. It carries what was asked first.")
        raise serializers.ValidationError({name: [said] for name in other})
    shape = search if search and "q" in carried else filters
    return Asking(_valid(shape or Asked, carried), carried, after)


def cursor_page(asking: Asking, found: Page[Any], rows: list[Any]) -> Response:
    """Return one page: `results`, and `next`, the cursor to ask for with `?after=`."""
    after = found.after and hide(json.dumps([asking.came, found.after]))
    return Response({"results": rows, "next": after})


def _opened(cursor: str) -> tuple[dict[str, Any], str]:
    """Return what was asked and where the page ended. Raises Http404 for what is no cursor."""
    try:
        carried, after = json.loads(reveal(cursor))
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


def asked(request: Request, shape: type["Asked"]) -> dict[str, Any]:
    """Return what the body says, in this shape. Raises ValidationError, field by field."""
    return _valid(shape, request.data)


def checked(form: BaseForm) -> dict[str, Any]:
    """Return what a page's form makes of a program's words: one rule for both. Raises BadInput."""
    if not form.is_valid():
        raise BadInput({name: [str(text) for text in texts] for name, texts in form.errors.items()})
    return form.cleaned_data


class Asked(serializers.Serializer[Any]):
    """What a program sends: the fields named, of the type named, and nothing else.

    DRF would take 1 for "1" and pass over what it does not know; a field nobody reads (another
    practice, a status, an author) is refused instead (OWASP, mass assignment).
    """

    def to_internal_value(self, data: Any) -> Any:
        """Check names and types, then values. Raises ValidationError."""
        if isinstance(data, dict):
            wrong = {
                str(name): [_("There is no such field.")]
                for name in data
                if name not in self.fields
            } | {
                name: [_("This is of another type than it should be.")]
                for name, field in self.fields.items()
                if data.get(name) is not None and not isinstance(data[name], _kind(field))
            }
            if wrong:
                raise serializers.ValidationError(wrong)
        return super().to_internal_value(data)


def _kind(field: serializers.Field[Any, Any, Any, Any]) -> type | tuple[type, ...]:
    if isinstance(field, serializers.JSONField):
        return object
    # A query string has only text.
    if isinstance(field, serializers.BooleanField):
        return bool
    if isinstance(field, serializers.DictField | serializers.Serializer):
        return dict
    if isinstance(field, serializers.ListField | serializers.ListSerializer):
        return list
    return str


class Text(serializers.CharField):
    """Words, and no number taken for words."""

    def to_internal_value(self, data: Any) -> str:
        """Return the words. Raises ValidationError."""
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


@extend_schema_field({"type": ["string", "number", "boolean", "array", "object"]})
class AnyJson(serializers.JSONField):
    """Any JSON; null where it is allowed."""


@extend_schema_field({"type": "string", "example": "2027-03-04T09:00"})
class WallTime(serializers.Field[datetime, Any, Any, Any]):
    """What a clock on the wall shows: `2027-03-04T09:00`, without any zone."""

    default_error_messages = {"invalid": _l("Write it like 2027-03-04T09:00, without a zone.")}

    def to_internal_value(self, data: Any) -> datetime:
        """Return the wall time, marked UTC. Raises ValidationError."""
        if not isinstance(data, str) or not WALL.fullmatch(data):
            self.fail("invalid")
        try:
            return datetime.fromisoformat(data).replace(tzinfo=UTC)
        except ValueError:
            self.fail("invalid")


def _valid(shape: type[Asked], data: Any) -> dict[str, Any]:
    checking = shape(data=data)
    checking.is_valid(raise_exception=True)
    found: dict[str, Any] = checking.validated_data
    return found


def _fingerprint(request: Request) -> str:
    # A key that may do less is not answered with what another one did.
    scopes = sorted(actor_of(request).scopes or ["*"])
    material = f"{request.method} {request.path} {scopes}\n".encode() + plain(request).body
    return hashlib.sha256(material).hexdigest()
