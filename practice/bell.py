"""Ring: wake a worker once the transaction is in. Losing a ring is free; the row is the queue."""

import logging

from celery import current_app
from django.db import transaction

log = logging.getLogger(__name__)


def ring(task: str) -> None:
    """Wake a worker for `task` after commit; a broker that is away costs moments, never an error."""
    transaction.on_commit(lambda: _ring(task), robust=True)


def _ring(task: str) -> None:
    try:
        current_app.send_task(task, expires=9, ignore_result=True)
    except Exception as error:  # noqa: BLE001 -- whatever a broken broker raises, the save stands
        log.warning("nobody hears the bell", extra={"code": type(error).__name__})
