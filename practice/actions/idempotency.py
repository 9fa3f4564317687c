"""Answer a repeated post with the first one's answer, and change nothing twice."""

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from practice.actors import Actor
from practice.crypto import place_of, seal, unseal
from practice.errors import NotPossible
from practice.models import IdempotencyKey


@dataclass(frozen=True)
class Remembered:
    """What the first post was answered with."""

    status: int
    body: str


def claim(*, by: Actor, at: datetime, key: str, fingerprint: str) -> IdempotencyKey | Remembered:
    """Take `key` for this post, or return what it was answered with before.

    A second post waits here for the first one's transaction. Raises NotPossible when the key was
    used for something else.
    """
    row = IdempotencyKey(
        practice_id=by.practice_id,
        user_id=by.user_id or 0,
        key=key,
        fingerprint=fingerprint,
        created_at=at,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return _remembered(by, key, fingerprint)
    return row


def spent() -> NotPossible:
    """Say that an answer is not given again to who may see less by now."""
    return NotPossible(
        _("What you may see has changed since. Look whether it arrived."),
        code="idempotency_key_spent",
    )


def remember(row: IdempotencyKey, *, status: int, body: str) -> None:
    """Keep the answer, sealed: it may hold words."""
    row.status = status
    row.sealed_body = seal(body, **place_of(row, "sealed_body"))
    row.save(update_fields=["status", "sealed_body"])


def forget(row: IdempotencyKey) -> None:
    """Let the key go: nothing was done for it."""
    row.delete()


def answered(*, by: Actor, key: str, since: datetime) -> Remembered | None:
    """Return what a post was answered with, if that was since then."""
    row = IdempotencyKey.objects.filter(
        practice_id=by.practice_id, user_id=by.user_id or 0, key=key, created_at__gte=since
    ).first()
    return _opened(row) if row else None


def _remembered(by: Actor, key: str, fingerprint: str) -> Remembered:
    row = IdempotencyKey.objects.get(practice_id=by.practice_id, user_id=by.user_id or 0, key=key)
    if row.fingerprint != fingerprint:
        raise NotPossible(
            _("This Idempotency-Key was used for another request."), code="idempotency_key_reused"
        )
    return _opened(row)


def _opened(row: IdempotencyKey) -> Remembered:
    return Remembered(
        status=row.status or 200,
        body=unseal(row.sealed_body or b"", **place_of(row, "sealed_body")),
    )
