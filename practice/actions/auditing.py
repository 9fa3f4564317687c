"""Write the trail: who did what to which record when. Ids and codes only, never a word."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from practice import logs
from practice.actors import Actor
from practice.models import AuditEvent

_collected: ContextVar[list[AuditEvent] | None] = ContextVar("collected", default=None)


def record(
    *,
    by: Actor,
    at: datetime,
    action: str,
    object_kind: str,
    object_id: object,
    client_id: UUID | None = None,
    **detail: str | int | bool | None,
) -> None:
    """Append one event; the database numbers and chains it when the transaction commits.

    Only then is the practice's chain locked: nobody waits for another person's open transaction.
    """
    if reference := logs.reference.get():
        detail["reference"] = reference  # from a line of the log to what was done, and back
    event = AuditEvent(
        practice_id=by.practice_id,
        at=at,
        user_id=by.user_id,
        actor_kind=by.kind,
        action=action,
        object_kind=object_kind,
        object_id=str(object_id),
        client_id=client_id,
        detail=detail,
    )
    event.payload = json.dumps(payload_of(event), sort_keys=True, separators=(",", ":"))
    collected = _collected.get()
    if collected is None:
        event.save(force_insert=True)
    else:
        collected.append(event)


@contextmanager
def batched() -> Iterator[None]:
    """Append what is recorded within with one statement, at the end: for a page that reads much
    (and does nothing else: what is done stands or falls with its own transaction).

    Whatever breaks off in between has shown nobody anything, and nothing is recorded.
    """
    token = _collected.set([])
    try:
        yield
        events = _collected.get()
    finally:
        _collected.reset(token)
    if events:
        AuditEvent.objects.bulk_create(events)


def on_client(
    by: Actor, at: datetime, action: str, client_id: UUID, **detail: str | int | bool | None
) -> None:
    """Append one event about a client as a whole, not about one row of theirs (see `record`)."""
    record(
        by=by,
        at=at,
        action=action,
        object_kind="client",
        object_id=client_id,
        client_id=client_id,
        **detail,
    )


def payload_of(event: AuditEvent) -> dict[str, Any]:
    """Return what an event says, as the chain seals it; `verifyaudit` compares the two."""
    return {
        "at": event.at.astimezone(UTC).isoformat(),
        "practice": str(event.practice_id),
        "user": event.user_id,
        "kind": event.actor_kind,
        "action": event.action,
        "object": [event.object_kind, event.object_id],
        "client": str(event.client_id) if event.client_id else None,
        "detail": event.detail,
    }
