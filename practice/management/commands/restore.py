"""Read a file of `backup` into an empty database."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection

from practice.actions import housekeeping, keys
from practice.errors import KeyTrouble
from practice.management import postgres

# They belong to the server and not to the backup, which only says what they may do.
ROLES = """
DO $$ DECLARE role text; BEGIN
  FOREACH role IN ARRAY ARRAY['homeward_web', 'homeward_worker'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', role);
    END IF;
  END LOOP;
END $$
"""


class Command(BaseCommand):
    """All of it comes back, with roles and rights, or nothing does."""

    help = "Restore a backup into the empty database of DATABASE_URL, and see whether it opens."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file's name."""
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore, end all sessions, and try the master key."""
        file: Path = options["file"].absolute()
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        postgres.connect()
        _refuse_anything_there()
        _make_roles()
        postgres.run(
            "pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", str(file)
        )
        postgres.refuse_all_but_the_owner()
        # Whoever signed out since the backup must not be signed in again.
        housekeeping.end_all_sessions()
        count = _open_keys()
        self.stdout.write(
            f"Restored, and the master key opens all {count} keys of the practices.\n"
            "Everybody signs in again. What was sent since the backup is not known here: start with"
            " HOMEWARD_REMINDERS_HOLD=1 (docs/operations.md), after `manage.py migrate` and"
            " `manage.py verifyaudit`."
        )


def _refuse_anything_there() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'p', 'v', 'm', 'S')"
        )
        count = cursor.fetchone()[0]
    if count:
        name = connection.settings_dict["NAME"]
        raise CommandError(
            f"The database {name} is not empty, and was left as it is. Restore into a fresh one"
            " (createdb), then point DATABASE_URL at it."
        )


def _make_roles() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute(ROLES)
    except DatabaseError as error:
        raise CommandError(
            "The roles homeward_web and homeward_worker are missing, and this user may not make"
            " them: run deploy/roles.sql first."
        ) from error


def _open_keys() -> int:
    try:
        return keys.open_all()
    except KeyTrouble as error:
        raise CommandError(
            "Everything is restored, but the master key set here is not the one of this backup:"
            " no words can be read. Set that key; the restore need not be repeated."
        ) from error
