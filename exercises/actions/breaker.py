"""While a mail server is away, one probe a minute goes to it, from all pumps together."""

import logging

from django.db import connection

log = logging.getLogger(__name__)

MAY_PROBE = """
UPDATE exercises_mailchannel SET paused_until = now() + interval '60 seconds'
WHERE host = %s AND paused_until <= now()
"""
IS_PAUSED = "SELECT 1 FROM exercises_mailchannel WHERE host = %s AND paused_until > now()"
TRIP = """
INSERT INTO exercises_mailchannel (host, failures, paused_until)
VALUES (%s, 1, now() + interval '60 seconds')
ON CONFLICT (host) DO UPDATE SET
  failures = exercises_mailchannel.failures + 1, paused_until = excluded.paused_until
"""
CLEAR = """
UPDATE exercises_mailchannel SET paused_until = NULL, failures = 0
WHERE host = %s AND paused_until IS NOT NULL
"""


def may_speak(server: str) -> bool:
    """Say whether a pump may speak to it now; this may be the minute's probe."""
    with connection.cursor() as cursor:
        cursor.execute(MAY_PROBE, [server])
        if cursor.rowcount:
            return True
        cursor.execute(IS_PAUSED, [server])
        return cursor.fetchone() is None


def trip(server: str, code: int) -> None:
    """Note that it is away, or that it refuses who we are."""
    with connection.cursor() as cursor:
        cursor.execute(TRIP, [server])
    log.log(
        # Refused for who we are: nothing will go until somebody looks.
        logging.CRITICAL if 530 <= code <= 538 else logging.ERROR,
        "the mail server is away",
        extra={"code": code},
    )


def clear(server: str) -> None:
    """Note that it speaks again."""
    with connection.cursor() as cursor:
        cursor.execute(CLEAR, [server])
