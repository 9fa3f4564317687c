"""Sweep out what is spent: answers kept for repeated posts, sessions that ended, their devices.

In batches, each its own short statement, so that a table left alone for a year holds nobody up;
any number of workers may sweep at once (SKIP LOCKED).
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db import connection

from practice.tenancy import scope

log = logging.getLogger(__name__)

# How long a repeated post still gets the first one's answer (docs/api.md says so).
ANSWERS_KEPT_FOR = timedelta(hours=48)
BATCH = 500
# A round ends here; the next one, minutes later, goes on.
MOST_BATCHES = 20

# MATERIALIZED: without the fence the planner may run the limited part again and take more rows.
ANSWERS = """
WITH spent AS MATERIALIZED (
  SELECT id FROM practice_idempotencykey WHERE practice_id = %s AND created_at < %s
  ORDER BY created_at LIMIT %s FOR UPDATE SKIP LOCKED)
DELETE FROM practice_idempotencykey k USING spent WHERE k.id = spent.id
"""
SESSIONS = """
WITH spent AS MATERIALIZED (
  SELECT session_key FROM django_session WHERE expire_date < %s
  ORDER BY expire_date LIMIT %s FOR UPDATE SKIP LOCKED)
DELETE FROM django_session s USING spent WHERE s.session_key = spent.session_key
"""
# A device is listed for as long as its session lives; allauth tidies up only where somebody looks.
DEVICES = """
WITH spent AS MATERIALIZED (
  SELECT id FROM usersessions_usersession device WHERE NOT EXISTS (
    SELECT 1 FROM django_session s WHERE s.session_key = device.session_key)
  ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
DELETE FROM usersessions_usersession d USING spent WHERE d.id = spent.id
"""


def sweep(practices: Sequence[UUID], at: datetime) -> int:
    """Delete what is spent; return how many rows went. Runs as the worker."""
    gone = sum(
        _in_batches(ANSWERS, practice, at - ANSWERS_KEPT_FOR, practice=practice)
        for practice in practices
    )
    gone += _in_batches(SESSIONS, at)
    gone += _in_batches(DEVICES)
    if gone:
        log.info("swept out what was spent", extra={"count": gone})
    return gone


def end_all_sessions() -> None:
    """Sign everybody out."""
    Session.objects.all().delete()


def _in_batches(statement: str, *values: datetime | UUID, practice: UUID | None = None) -> int:
    gone = 0
    for _batch in range(MOST_BATCHES):
        with scope(practice=practice), connection.cursor() as cursor:
            cursor.execute(statement, [*values, BATCH])
            found = cursor.rowcount
        gone += found
        if found < BATCH:
            break
    return gone
