"""Write the whole database into one file."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from practice.management import postgres


class Command(BaseCommand):
    """The file appears whole or not at all, and only we may read it."""

    help = "Back up the database into a file that does not exist yet; `restore` reads it again."
    requires_system_checks: list[str] = []  # a backup must go on when a setting is wrong

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file's name."""
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Dump, look at what was dumped, and give it its name."""
        file: Path = options["file"].absolute()
        _refuse_existing(file)
        postgres.connect()
        postgres.refuse_all_but_the_owner()
        unfinished = file.with_name(f".{file.name}.{os.getpid()}")
        try:
            # Made by us beforehand: pg_dump would let others read it.
            os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            postgres.run("pg_dump", "--format=custom", "--no-owner", f"--file={unfinished}")
            _to_disk(unfinished)
            os.link(unfinished, file)  # unlike a rename, never over another file
        except FileExistsError:
            _refuse_existing(file)
            raise
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}.") from error
        finally:
            unfinished.unlink(missing_ok=True)
        self.stdout.write(
            f"{file}: {file.stat().st_size:,} bytes.\n"
            "Names, addresses and times in it are readable: encrypt it before it leaves here.\n"
            "The master key is NOT in it. Without that key nobody can read the words: keep it"
            " elsewhere, and as long as this file."
        )


def _refuse_existing(file: Path) -> None:
    if file.exists():
        raise CommandError(f"{file} exists already, and nothing was written.")


def _to_disk(file: Path) -> None:
    with file.open("rb") as written:
        os.fsync(written.fileno())
