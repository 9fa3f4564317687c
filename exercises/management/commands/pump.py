"""The same pump without Redis: a loop that needs PostgreSQL alone."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections
from django.utils.timezone import now

from exercises.actions import clockwork, pumping
from practice.actions.account_mail import send_account_mails

TICK = 5.0
PLAN_EVERY = 300.0


class Command(BaseCommand):
    """A second wake-up path: with Redis or beat away, reminders still go."""

    help = "Send due reminders and account mails, settle reviews, open homework."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how long."""
        parser.add_argument("--forever", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Work once, or until told to stop."""
        planned = 0.0
        while True:
            try:
                clockwork.tick(now())
                if time.monotonic() - planned > PLAN_EVERY or not planned:
                    clockwork.plan(now())
                    planned = time.monotonic()
                send_account_mails()
                pumping.pump(now=now)
            except DatabaseError as error:  # PostgreSQL restarts: go on when it is back
                self.stderr.write(f"the database is away: {type(error).__name__}")
                if not options["forever"]:
                    raise
            if not options["forever"]:
                return
            close_old_connections()
            time.sleep(TICK)
