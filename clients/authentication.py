"""How a program says who it is: a token, or the session of a signed-in browser."""

from typing import Any

from django.utils.timezone import now
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import (
    BaseAuthentication,
    SessionAuthentication,
    get_authorization_header,
)
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from clients.actors import resolve
from practice.actions import tokens
from practice.doors.policy import SECOND_STEP_CODE, SECOND_STEP_FIRST, lacks_second_step
from practice.doors.programs import act_as
from practice.models import ApiToken, User
from practice.tenancy import scope


class SecondStepFirst(PermissionDenied):
    """Stop a key where its person is stopped."""

    default_detail = SECOND_STEP_FIRST
    default_code = SECOND_STEP_CODE


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer hw_…`: a key acts from its own seat, within its scopes."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Return whose key it is. Raises AuthenticationFailed for one that opens nothing, and
        SecondStepFirst where its person has to set one up."""
        kind, _space, text = get_authorization_header(request).partition(b" ")
        if kind.lower() != b"bearer":
            return None
        token = tokens.use(text.decode("latin-1"), now())
        if token is None:
            raise AuthenticationFailed(_("This key opens nothing."))
        with scope(practice=token.practice_id, user=token.user_id):
            found = resolve(token.user, token.seat)
        if found is None or found[0].seat != token.seat:
            raise AuthenticationFailed(_("This key opens nothing."))
        if lacks_second_step(token.user, *found):
            raise SecondStepFirst
        act_as(request, *found, scopes=frozenset(token.scopes))
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Make a refusal a 401."""
        return "Bearer"


class ActorSessionAuthentication(SessionAuthentication):
    """The browser's session; a write carries the CSRF token."""


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself
    """Describe the key in the schema."""

    target_class = "clients.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return how it is sent."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "hw_<practice>_<secret>"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # as above
    """Describe the session in the schema."""

    target_class = "clients.authentication.ActorSessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return how it is sent."""
        return {"type": "apiKey", "in": "cookie", "name": "homeward"}
