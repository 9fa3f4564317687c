"""Bring the exercise files into every practice's library; safe to repeat."""

from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.timezone import now

from exercises import definition as definitions
from exercises.actions import publishing
from practice.queries.practices import practices_of_all
from practice.tenancy import scope


class Command(BaseCommand):
    """Read and check every file first: with one bad file, nothing at all is loaded."""

    help = "Load the exercise library (or another folder of exercise files) into all practices."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a folder and a practice."""
        parser.add_argument("--folder", type=Path, default=None)
        parser.add_argument("--practice", type=UUID, help="only this practice's id")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, and say how many versions are new."""
        try:
            wanted = definitions.load_library(options["folder"])
        except definitions.DefinitionError as error:
            raise CommandError(f"{error}\nNothing was loaded.") from error
        if not wanted:
            raise CommandError(f"There is no exercise file (*.yaml) in {options['folder']}.")
        practices = practices_of_all(options["practice"])
        if options["practice"] and not practices:
            raise CommandError(f"There is no practice {options['practice']}.")
        with transaction.atomic():
            new = 0
            for practice in practices:
                with scope(practice=practice):
                    new += publishing.publish(practice, wanted, at=now())
        self.stdout.write(f"{len(wanted)} exercises, {new} new versions")
