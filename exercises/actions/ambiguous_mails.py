"""What nobody can know: whether a mail arrived whose dot no server answered. Settled by a rule."""

import logging
from typing import Any

from django.db import connection

from clients.models import ReminderKind as Kind
from exercises.models import ReminderReason as Reason
from exercises.models import ReminderState as State

log = logging.getLogger(__name__)

# A slow reply to the dot may take ten minutes; only then is silence an answer.
RECONCILE_MINUTES = 15
# Then a doubt is announced, and settled after this many more: after an outage whoever knows better
# (`pumping`, in one process alone) has that long to write it down.
GRACE_MINUTES = 2
# Worth a second copy when nobody knows whether the first arrived; the others are let go.
RESENT_ONCE = (Kind.ASSIGNED, Kind.DUE_TODAY)
SETTLE = f"""
WITH announced AS (
  UPDATE exercises_reminder SET reason = '{Reason.AMBIGUOUS}',
    next_at = now() - interval '1 minute' * (%(minutes)s - %(grace)s)
  WHERE state = {State.ARMED} AND reason <> '{Reason.AMBIGUOUS}'
    AND next_at < now() - interval '1 minute' * %(minutes)s)
UPDATE exercises_reminder r SET
  state = CASE WHEN again THEN {State.PLANNED} ELSE {State.UNKNOWN} END,
  resent = r.resent + again::int, attempt = least(r.attempt, %(most)s - 1),
  reason = '{Reason.AMBIGUOUS}', next_at = now()
FROM (
  SELECT id, resent = 0 AND kind = ANY(%(kinds)s) AND coalesce(now() < not_after, true) AS again
  FROM exercises_reminder
  WHERE state = {State.ARMED} AND reason = '{Reason.AMBIGUOUS}'
    AND next_at < now() - interval '1 minute' * %(minutes)s
  FOR UPDATE SKIP LOCKED) doubt
WHERE r.id = doubt.id RETURNING again
"""  # noqa: S608 -- the numbers and names of our own states and reasons


def settle(*, most_attempts: int) -> None:
    """Announce new doubts, and resolve the older ones: by policy, once and counted."""
    wanted: dict[str, Any] = {
        "kinds": [str(kind) for kind in RESENT_ONCE],
        "minutes": RECONCILE_MINUTES,
        "grace": GRACE_MINUTES,
        "most": most_attempts,
    }
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, wanted)
        again = [row[0] for row in cursor.fetchall()]
    for kind, count in (("resend", again.count(True)), ("let go", again.count(False))):
        if count:
            log.warning("ambiguous reminders settled", extra={"kind": kind, "count": count})
