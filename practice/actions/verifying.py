"""Prove that no line of the audit trail was changed or taken out."""

import hashlib
import json
from uuid import UUID

from practice.actions.auditing import payload_of
from practice.models import AuditEvent
from practice.tenancy import scope


class BrokenTrail(Exception):
    """Say at which event of a practice the chain breaks, and how."""


def verify(practice: UUID) -> tuple[int, str]:
    """Recompute a practice's chain; return how many events it has and the last digest, in hex.

    Raises BrokenTrail at the first event that does not follow, was changed, or says something else
    than its columns.
    """
    previous, count = b"\x00", 0
    with scope(practice=practice):
        events = AuditEvent.objects.filter(practice_id=practice).order_by("seq")
        for event in events.iterator(chunk_size=2000):
            count += 1
            if problem := _problem_of(event, previous, count):
                raise BrokenTrail(f"practice {practice}, event {event.seq}: {problem}")
            previous = bytes(event.digest or b"")
    return count, previous.hex()


def _problem_of(event: AuditEvent, previous: bytes, number: int) -> str:
    """Say what is wrong with an event, or nothing."""
    if event.seq != number:
        return f"number {number} is missing"
    if bytes(event.previous or b"") != previous:
        return "does not follow the line before it"
    expected = hashlib.sha256(previous + f"{event.seq}|{event.payload}".encode()).digest()
    if bytes(event.digest or b"") != expected:
        return "was changed"
    if json.loads(event.payload) != payload_of(event):
        return "its columns say something else"
    return ""
