"""Prove that no line of the audit trail was changed or taken out."""

import hashlib
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from practice.actions import auditing
from practice.models import AuditEvent, Practice
from practice.tenancy import scope


class Command(BaseCommand):
    """Recompute each practice's chain; exits with an error at the first break."""

    help = "Recompute the audit trail's chain, and compare each line with its columns."

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify every practice."""
        for practice in Practice.objects.order_by("pk").values_list("pk", flat=True):
            with scope(practice=practice):
                count, head = self._verify(practice)
            self.stdout.write(f"{practice}: {count} events, head {head} at {now():%Y-%m-%d %H:%M}")

    def _verify(self, practice: Any) -> tuple[int, str]:
        previous, count = b"\x00", 0
        events = AuditEvent.objects.filter(practice_id=practice).order_by("seq")
        for event in events.iterator(chunk_size=2000):
            count += 1
            problem = problem_of(event, previous, count)
            if problem:
                raise CommandError(f"practice {practice}, event {event.seq}: {problem}")
            previous = bytes(event.digest or b"")
        return count, previous.hex()


def problem_of(event: AuditEvent, previous: bytes, number: int) -> str:
    """Say what is wrong with an event, or nothing."""
    if event.seq != number:
        return f"number {number} is missing"
    if bytes(event.previous or b"") != previous:
        return "does not follow the line before it"
    expected = hashlib.sha256(previous + f"{event.seq}|{event.payload}".encode()).digest()
    if bytes(event.digest or b"") != expected:
        return "was changed"
    if json.loads(event.payload) != auditing.payload_of(event):
        return "its columns say something else"
    return ""
