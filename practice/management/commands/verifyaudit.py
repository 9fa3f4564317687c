"""Prove that no line of the audit trail was changed or taken out."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from practice.actions import verifying
from practice.queries.practices import practices_of_all


class Command(BaseCommand):
    """Recompute each practice's chain; exits with an error at the first break."""

    help = "Recompute the audit trail's chain, and compare each line with its columns."

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify every practice."""
        for practice in practices_of_all():
            try:
                count, head = verifying.verify(practice)
            except verifying.BrokenTrail as broken:
                raise CommandError(str(broken)) from broken
            self.stdout.write(f"{practice}: {count} events, head {head} at {now():%Y-%m-%d %H:%M}")
