"""The PostgreSQL and Redis that all tests of one run share: our own, or those of the environment."""

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dj_database_url
import psycopg
from psycopg import sql

from practice.config.embedded import Postgres, Valkey, escape, grant_login

ROOT = Path(__file__).resolve().parent.parent
# The controller of a run starts the servers and tells its workers through the environment.
RUN = "HOMEWARD_TEST_RUN"
OURS = "HOMEWARD_TEST_SERVERS"


class Servers:
    """What one test run started, and stops at its end."""

    def __init__(self, *, vacuums: bool = True) -> None:
        """Start what the environment does not name."""
        self.folder = Path(tempfile.mkdtemp(prefix="homeward-tests-"))
        self.folder.chmod(0o711)
        os.environ[RUN] = str(self.folder)
        self.postgres: Postgres | None = None
        self.valkey: Valkey | None = None
        logs = self.folder / "logs"
        if not os.environ.get("DATABASE_URL"):
            self.postgres = Postgres(self.folder, logs=logs, durable=False, vacuums=vacuums)
            self.postgres.start()
            os.environ["DATABASE_URL"] = self.postgres.url()
            os.environ[OURS] = "1"
        else:
            with _administration() as connection:
                grant_login(connection)
        if not os.environ.get("REDIS_URL"):
            self.valkey = Valkey(self.folder, logs=logs)
            self.valkey.start()
            os.environ["REDIS_URL"] = self.valkey.url

    def stop(self) -> None:
        """Stop what we started; on a server that stays, drop what we made."""
        if self.valkey is not None:
            self.valkey.stop()
        if self.postgres is not None:
            self.postgres.stop()
            shutil.rmtree(self.postgres.folder, ignore_errors=True)
        elif _template_mark().exists():
            drop_database(template_name())
        shutil.rmtree(self.folder, ignore_errors=True)


def ours() -> bool:
    """Tell whether this run's PostgreSQL is our own."""
    return os.environ.get(OURS) == "1"


def template() -> str:
    """Return the name of a migrated database, made once in a run, that others are copied from."""
    with _alone():
        if not _template_mark().exists():
            drop_database(template_name())  # half a one, of a migration that failed
            create_database(template_name())
            manage("migrate", "--no-input", "--verbosity=0", database=template_name())
            _template_mark().touch()
    return template_name()


def static_files() -> None:
    """Gather the static files, once in a run."""
    with _alone():
        mark = Path(os.environ[RUN]) / "static-files"
        if not mark.exists():
            manage("collectstatic", "--no-input", "--verbosity=0", database="postgres")
            mark.touch()


def create_database(name: str, *, like: str | None = None) -> None:
    """Create a database, as a copy of `like`."""
    statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    if like:
        statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(like))
    with _administration() as connection:
        connection.execute(statement)


def drop_database(name: str) -> None:
    """Drop a database with all who still look at it."""
    with _administration() as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )


def database_url(database: str, role: str = "") -> str:
    """Return the URL of another database on the same server, as another role where that works."""
    parts = dj_database_url.parse(os.environ["DATABASE_URL"])
    # On our own server every role may sign in from here; elsewhere only the owner's word is known
    # and `DATABASE_ROLE` does the rest.
    user = role if role and ours() else str(parts["USER"])
    word = f":{escape(str(parts['PASSWORD']))}" if parts.get("PASSWORD") else ""
    port = f":{parts['PORT']}" if parts.get("PORT") else ""
    return f"postgres://{escape(user)}{word}@{escape(str(parts['HOST']))}{port}/{database}"


def manage(
    *command: str, database: str, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `manage.py` as the owner of `database`; a refusal fails the test with its words."""
    answer = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *command],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "practice.config.settings",
            "DATABASE_URL": database_url(database),
            **(env or {}),
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise AssertionError(f"manage.py {' '.join(command)}:\n{answer.stdout}{answer.stderr}")
    return answer


def template_name() -> str:
    """Return the name of this run's template."""
    mark = uuid.uuid5(uuid.NAMESPACE_URL, os.environ[RUN]).hex[:10]
    return f"homeward_template_{mark}"


def _template_mark() -> Path:
    return Path(os.environ[RUN]) / "template"


@contextmanager
def _alone() -> Iterator[None]:
    """Let one process of the run in at a time."""
    with (Path(os.environ[RUN]) / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _administration() -> Iterator[psycopg.Connection]:
    parts = dj_database_url.parse(os.environ["DATABASE_URL"])
    with psycopg.connect(
        host=str(parts["HOST"]),
        port=parts.get("PORT") or None,
        user=str(parts["USER"]),
        password=str(parts.get("PASSWORD") or "") or None,
        dbname="postgres",
        autocommit=True,
    ) as connection:
        yield connection


def closed_port() -> int:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        port: int = line.getsockname()[1]
    return port
