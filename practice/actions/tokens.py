"""Keys for programs: hashed, named, scoped, expiring, shown once."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from practice.actions import auditing
from practice.actors import Actor
from practice.crypto import hash_of
from practice.errors import NotPossible
from practice.models import ApiToken
from practice.tenancy import enter

SCOPES = ("read", "answer", "assign", "review", "admin")
MOST_DAYS = 365


def useful_scopes(actor: Actor) -> list[str]:
    """Return the scopes that would open anything to whoever sits in this seat."""
    opens = {
        "read": True,
        "answer": actor.is_client,
        "assign": actor.is_therapist,
        "review": actor.is_therapist,
        "admin": actor.is_admin,
    }
    return [scope for scope in SCOPES if opens[scope]]


@dataclass(frozen=True)
class NewToken:
    """A token and its text, which is never seen again."""

    token: ApiToken
    text: str


def make(*, by: Actor, at: datetime, name: str, scopes: Sequence[str], days: int = 90) -> NewToken:
    """Make a token for one's own seat. A token cannot make tokens.

    Raises NotPossible without a scope, and for more or fewer `days` than a key may last.
    """
    if by.scopes is not None or by.user_id is None:
        raise PermissionDenied
    wanted = [scope for scope in SCOPES if scope in scopes]
    if not wanted:
        raise NotPossible(_("Choose at least one thing it may do."))
    if not 1 <= days <= MOST_DAYS:
        raise NotPossible(_("A key lasts from one day to one year."))
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        token = ApiToken.objects.create(
            practice_id=by.practice_id,
            user_id=by.user_id,
            seat=by.seat,
            name=name.strip(),
            token_hash=hash_of(secret),
            hint=secret[-4:],
            scopes=wanted,
            created_at=at,
            expires_at=at + timedelta(days=days),
        )
        auditing.record(by=by, at=at, action="token.made", object_kind="token", object_id=token.pk)
    return NewToken(token, f"hw_{by.practice_id.hex}_{secret}")


def revoke(*, by: Actor, at: datetime, token: ApiToken) -> None:
    """Let a token of one's own open nothing any more."""
    if token.user_id != by.user_id:
        raise PermissionDenied
    with transaction.atomic():
        if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=at):
            auditing.record(
                by=by, at=at, action="token.revoked", object_kind="token", object_id=token.pk
            )


def revoke_all(*, by: Actor, at: datetime, user_id: int) -> None:
    """End every token somebody has in this practice."""
    ApiToken.objects.filter(practice_id=by.practice_id, user_id=user_id, revoked_at=None).update(
        revoked_at=at
    )


def use(text: str, at: datetime) -> ApiToken | None:
    """Return the token a program shows, while it is good; moves the scope into its practice."""
    kind, _one, rest = text.partition("_")
    practice, _two, secret = rest.partition("_")
    if kind != "hw":
        return None
    try:
        enter(UUID(practice))
    except ValueError:
        return None
    token = (
        ApiToken.objects.select_related("user")
        .filter(
            token_hash=hash_of(secret), revoked_at=None, expires_at__gt=at, user__is_active=True
        )
        .first()
    )
    # Once an hour is enough to see that it is in use.
    if token and (token.last_used_at is None or at - token.last_used_at > timedelta(hours=1)):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=at)
    return token
