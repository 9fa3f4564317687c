"""Send what the outbox holds: claim, send, delete. A code sent twice harms nobody."""

import json
from email.utils import parseaddr
from uuid import UUID

from django.db import connection

from practice.crypto import unseal_system
from practice.models import AccountMail
from practice.smtp import Outcome, PhaseSMTP, Result

BATCH = 20
CLAIM = """
WITH due AS MATERIALIZED (
  SELECT id FROM practice_accountmail WHERE next_at <= now()
  ORDER BY next_at LIMIT %s FOR UPDATE SKIP LOCKED)
UPDATE practice_accountmail m
SET next_at = now() + interval '30 seconds' * power(2, least(attempt, 6)), attempt = attempt + 1
FROM due WHERE m.id = due.id RETURNING m.id
"""
FOR_GOOD = {Outcome.SENT, Outcome.NO_SUCH_ADDRESS, Outcome.REFUSED, Outcome.AMBIGUOUS}


def send_account_mails() -> int:
    """Send all that is due; return how many left. Runs in autocommit, as the worker."""
    sent, line = 0, PhaseSMTP()
    try:
        while ids := _claim():
            for pk in ids:
                sent += _send(line, pk)
    finally:
        line.close()
    return sent


def _claim() -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM practice_accountmail WHERE not_after < now()")
        cursor.execute(CLAIM, [BATCH])
        return [row[0] for row in cursor.fetchall()]


def _send(line: PhaseSMTP, pk: UUID) -> bool:
    row = AccountMail.objects.filter(pk=pk).first()
    if row is None:
        return False
    content = json.loads(unseal_system(row.sealed, row=row.pk))
    body = content["message"].encode("utf-8", "surrogateescape")
    sender = parseaddr(content["from"])[1]
    results = [line.send(sender, parseaddr(to)[1], body) for to in content["to"]]
    if all(result.outcome in FOR_GOOD for result in results):
        AccountMail.objects.filter(pk=pk).delete()
    return _left(results)


def _left(results: list[Result]) -> bool:
    return any(result.outcome is Outcome.SENT for result in results)
