"""Ring: wake a worker once the transaction is in. Losing a ring is free; the row is the queue."""

import logging
import time
from collections.abc import Callable
from functools import cache, partial

from celery import current_app
from django.db import transaction

log = logging.getLogger(__name__)

# A Redis that hangs costs seconds for each ring, in somebody's request: after one it is left alone
# for a moment, as the cache leaves it. Beat rings again within ten seconds.
HANGS_SECONDS = 0.5
LEFT_ALONE_SECONDS = 3.0
_alone_until = 0.0


def ring(task: str) -> None:
    """Wake a worker for `task` after commit; a broker that is away costs moments, never an error."""
    once = _ringer(task)
    if all(waiting is not once for _, waiting, _ in transaction.get_connection().run_on_commit):
        transaction.on_commit(once, robust=True)


@cache
def _ringer(task: str) -> Callable[[], None]:
    """Return the same function for the same task, so that one transaction rings once."""
    return partial(_ring, task)


def _ring(task: str) -> None:
    global _alone_until  # noqa: PLW0603 -- one Redis, one process, one memory of it
    begun = time.monotonic()
    if begun < _alone_until:
        return
    try:
        current_app.send_task(task, expires=9, ignore_result=True)
    except Exception as error:  # noqa: BLE001 -- whatever a broken broker raises, the save stands
        log.warning("nobody hears the bell", extra={"code": type(error).__name__})
        if time.monotonic() - begun > HANGS_SECONDS:
            _alone_until = time.monotonic() + LEFT_ALONE_SECONDS
