"""The same pump without Redis: a loop that needs PostgreSQL alone."""

import logging
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections
from django.utils.timezone import now

from exercises.actions import clockwork, pumping
from practice.actions.account_mail import send_account_mails

TICK = 5.0
PLAN_EVERY = 300.0
log = logging.getLogger(__name__)


class Command(BaseCommand):
    """A second wake-up path: with Redis or beat away, reminders still go."""

    help = "Send due reminders and account mails, settle reviews, open homework."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how long."""
        how_long = parser.add_mutually_exclusive_group()
        how_long.add_argument("--once", action="store_true", help="one round (the default)")
        how_long.add_argument("--forever", action="store_true", help="until told to stop")

    def handle(self, *args: Any, **options: Any) -> None:
        """Work once, or until told to stop: then the mail in hand is finished, and no other begun."""
        stop = threading.Event()
        if not options["forever"]:
            _plan()
            _work(stop)
            return
        _stop_on_signals(stop)
        planned = 0.0
        while not stop.is_set():
            if not planned or time.monotonic() - planned > PLAN_EVERY:
                planned = time.monotonic() if _went(_plan) else 0.0
            _went(lambda: _work(stop))
            close_old_connections()
            stop.wait(TICK)


def _went(deed: Callable[[], None]) -> bool:
    """Do it, and say whether it went: mails do not wait for a chore that cannot be done."""
    try:
        deed()
    except Exception as error:
        # PostgreSQL restarts, a key is missing: whatever it was, go on when it is over.
        log.exception("the pump stumbled", extra={"code": type(error).__name__})
        close_old_connections()
        return False
    return True


def _plan() -> None:
    clockwork.plan(now())


def _work(stop: threading.Event) -> None:
    clockwork.tick(now())
    send_account_mails()
    pumping.pump(now=now, stopping=stop.is_set)


def _stop_on_signals(stop: threading.Event) -> None:
    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)
