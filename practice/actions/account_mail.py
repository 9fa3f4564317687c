"""Send what the outbox holds: claim, send, delete. A code sent twice harms nobody."""

import json
import logging
from email.utils import parseaddr
from uuid import UUID

from django.db import OperationalError, connection

from practice.crypto import unseal_system
from practice.models import AccountMail
from practice.smtp import Outcome, PhaseSMTP

log = logging.getLogger(__name__)

BATCH = 20
CLAIM = """
WITH due AS MATERIALIZED (
  SELECT id FROM practice_accountmail WHERE next_at <= now()
  ORDER BY next_at LIMIT %s FOR UPDATE SKIP LOCKED)
UPDATE practice_accountmail m
SET next_at = now() + interval '30 seconds' * power(2, least(attempt, 6)), attempt = attempt + 1
FROM due WHERE m.id = due.id RETURNING m.id
"""
# Nobody knows whether an ambiguous one arrived, and somebody waits for it: it goes again, later.
FOR_GOOD = {Outcome.SENT, Outcome.NO_SUCH_ADDRESS, Outcome.REFUSED}


def send_account_mails() -> int:
    """Send all that is due; return how many left. Runs in autocommit, as the worker."""
    sent, line = 0, PhaseSMTP()
    try:
        while ids := _claim():
            for pk in ids:
                outcomes = _send(line, pk)
                sent += Outcome.SENT in outcomes
                if Outcome.NOT_ACCEPTED in outcomes:
                    return sent  # the server is away; the rows come back by themselves
    finally:
        line.close()
    return sent


def _claim() -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM practice_accountmail WHERE not_after < now()")
        cursor.execute(CLAIM, [BATCH])
        return [row[0] for row in cursor.fetchall()]


def _send(line: PhaseSMTP, pk: UUID) -> set[Outcome]:
    row = AccountMail.objects.filter(pk=pk).first()
    if row is None:
        return set()
    try:
        content = json.loads(unseal_system(row.sealed, row=row.pk))
        body = content["message"].encode("utf-8", "surrogateescape")
        sender = parseaddr(content["from"])[1]
        outcomes = {line.send(sender, parseaddr(to)[1], body).outcome for to in content["to"]}
    except OperationalError:
        raise
    except Exception as error:
        # One that cannot be read must not stop the others; it is dropped when its time is over.
        log.exception("an account mail broke", extra={"code": type(error).__name__})
        return set()
    if outcomes <= FOR_GOOD:
        AccountMail.objects.filter(pk=pk).delete()
    return outcomes
