"""Write the trail: who did what to which record when. Ids and codes only, never a word."""

import json
from datetime import UTC, datetime
from uuid import UUID

from practice.actors import Actor
from practice.models import AuditEvent


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
    """Append one event to the practice's chain; the database numbers and hashes it.

    Call it last in an action: it takes the chain's lock until the transaction ends.
    """
    event = {
        "at": at.astimezone(UTC).isoformat(),
        "practice": str(by.practice_id),
        "user": by.user_id,
        "kind": by.kind,
        "action": action,
        "object": [object_kind, str(object_id)],
        "client": str(client_id) if client_id else None,
        "detail": detail,
    }
    AuditEvent.objects.create(
        practice_id=by.practice_id,
        at=at,
        user_id=by.user_id,
        actor_kind=by.kind,
        action=action,
        object_kind=object_kind,
        object_id=str(object_id),
        client_id=client_id,
        detail=detail,
        payload=json.dumps(event, sort_keys=True, separators=(",", ":")),
    )
