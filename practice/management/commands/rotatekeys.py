"""Give each practice a new data key and re-seal everything, while the site runs."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import ProgrammingError, connection
from django.utils.timezone import now

from practice.actions import factors, keys
from practice.errors import KeyTrouble
from practice.management.chosen import add_practice, chosen_practices


class Command(BaseCommand):
    """Resumable: run it again after an interruption and it goes on."""

    help = "Rotate data keys; --rewrap wraps them anew under a new master key instead."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a practice."""
        add_practice(parser)
        parser.add_argument("--rewrap", action="store_true")
        parser.add_argument("--no-wait", action="store_true", help="when no process is running")

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate, and say how many fields were sealed anew."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            before = cursor.fetchone()[0]
        try:
            # Only the worker may seal a submitted round anew; not a letter of it may change.
            self._become("homeward_worker")
            self._rotate(options)
        except ProgrammingError as error:
            raise CommandError(
                "Run this as the database's owner or as its worker. An owner who may not become"
                f" the worker yet is allowed to by: GRANT homeward_worker TO {before}"
            ) from error
        except KeyTrouble as trouble:
            raise CommandError(f"{trouble} Nothing is lost: go on with the right key.") from trouble
        finally:
            self._become(before)

    def _become(self, role: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET ROLE {connection.ops.quote_name(role)}")

    def _rotate(self, options: dict[str, Any]) -> None:
        for practice in chosen_practices(options["practice"]):
            if options["rewrap"]:
                self.stdout.write(f"{practice}: {keys.rewrap(practice)} keys wrapped anew")
                continue
            number = keys.begin_rotation(practice, at=now())
            count = keys.reseal(practice, number)
            count += keys.finish_rotation(practice, number, at=now(), wait=not options["no_wait"])
            self.stdout.write(f"{practice}: key {number}, {count} fields sealed anew")
        if options["rewrap"]:
            # They belong to people, not to practices: under the master key itself.
            self.stdout.write(f"{factors.seal_anew()} second factors sealed anew")
