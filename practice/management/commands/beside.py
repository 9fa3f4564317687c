"""Run a command of `manage.py` beside `make run`, on its data and with its keys."""

import json
import subprocess
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from practice.config.plan import MANAGE, ROOT, owners_environment


class Command(BaseCommand):
    """For trying: a practice of one's own, exercise files, the audit's check."""

    help = __doc__ or ""
    requires_system_checks: list[str] = []  # the command itself checks

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the folder of the data, then the command with all that it takes."""
        parser.add_argument("--data", type=Path, default=ROOT / ".data")
        parser.add_argument("command", nargs="...", help="for example: createpractice --help")

    def handle(self, *, data: Path, command: list[str], **_options: Any) -> None:
        """Run it as the database's owner, as `make run` runs its own."""
        if not command:
            raise CommandError("Say which command, for example: beside createpractice --help")
        try:
            env = owners_environment(data.resolve())
        except (OSError, json.JSONDecodeError) as problem:
            raise CommandError(
                "Nothing runs from this folder: `make run` first, in another terminal."
            ) from problem
        code = subprocess.run([*MANAGE, *command], env=env, check=False, cwd=ROOT).returncode  # noqa: S603 -- our own
        if code:
            raise SystemExit(code)
