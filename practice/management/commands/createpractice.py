"""Make a practice and invite its first admin: the only way in on a new installation."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.utils.timezone import now

from practice.actions import practices


class Command(BaseCommand):
    """Run as the database's owner; prints the invitation's link."""

    help = "Make a practice and invite its first admin."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take names and an address."""
        parser.add_argument("name", help="the practice's name")
        parser.add_argument("--admin-email", required=True)
        parser.add_argument("--admin-name", required=True)
        parser.add_argument("--zone", default="UTC", help="for example Europe/Lisbon")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it."""
        practice, invited = practices.create(
            at=now(),
            name=options["name"],
            admin_email=options["admin_email"],
            admin_name=options["admin_name"],
            zone=options["zone"],
        )
        call_command("loadexercises", practice=str(practice.pk), stdout=self.stdout)
        self.stdout.write(f"The practice is there. Its first admin comes in by:\n{invited.link}")
