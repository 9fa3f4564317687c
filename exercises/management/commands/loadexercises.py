"""Bring the exercise files into every practice's library; safe to repeat."""

from collections import defaultdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.timezone import now

from exercises import definition as definitions
from exercises.actions import publishing
from practice.management.chosen import add_practice, chosen_practices
from practice.tenancy import scope


class Command(BaseCommand):
    """Read and check every file first: with one bad file, nothing at all is loaded."""

    help = "Load the exercise library (or another folder of exercise files) into all practices."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a folder and a practice."""
        parser.add_argument("--folder", type=Path, default=None)
        add_practice(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, and say how many versions are new."""
        try:
            wanted = definitions.load_library(options["folder"])
        except definitions.DefinitionError as error:
            raise CommandError(f"{error}\nNothing was loaded.") from error
        if not wanted:
            raise CommandError(f"There is no exercise file (*.yaml) in {options['folder']}.")
        practices = chosen_practices(options["practice"])
        new: list[publishing.Published] = []
        with transaction.atomic():
            for practice in practices:
                with scope(practice=practice):
                    new += publishing.publish(practice, wanted, at=now())
        self._say_what_to_look_at(wanted, new)
        self.stdout.write(
            f"exercises: {len(wanted)}; practices: {len(practices)}; new versions: {len(new)}"
        )

    def _say_what_to_look_at(
        self, wanted: list[definitions.Definition], new: list[publishing.Published]
    ) -> None:
        for definition in wanted:
            for language in definitions.LANGUAGES:
                bare = sum(language not in text.languages() for text in definition.texts())
                if bare:
                    self.stderr.write(
                        f"{definition.slug}: {bare} of its words have no “{language}”;"
                        " who reads that sees the English ones."
                    )
        gone: dict[str, set[str]] = defaultdict(set)
        for one in new:
            gone[one.slug].update(one.gone)
        for slug, keys in gone.items():
            if keys:
                self.stderr.write(
                    f"{slug}: the version before has also {', '.join(sorted(keys))}. If a key was"
                    " only renamed, give it its old name back: charts go by it."
                )
