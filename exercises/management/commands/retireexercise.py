"""Take an exercise out of every practice's library, or out of one; what was assigned goes on."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.timezone import now

from exercises.actions import publishing
from practice.management.chosen import add_practice, chosen_practices
from practice.tenancy import scope


class Command(BaseCommand):
    """`loadexercises` brings it back, with a file of this slug."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the slug and a practice."""
        parser.add_argument("slug", help="as in its file")
        add_practice(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Retire it, and say from how many libraries."""
        practices = chosen_practices(options["practice"])
        with transaction.atomic():
            count = 0
            for practice in practices:
                with scope(practice=practice):
                    count += publishing.retire(practice, options["slug"], at=now())
        if not count:
            raise CommandError(f"No library has an exercise {options['slug']}.")
        self.stdout.write(f"Out of {count} of {len(practices)} libraries.")
