"""`make run`: the whole product on this machine, with servers of its own and demo data."""

import base64
import fcntl
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, Any, NoReturn

import psycopg
from django.core.management.base import BaseCommand, CommandError, CommandParser

from practice.config import processes
from practice.config.embedded import Postgres, Valkey

ROOT = Path(__file__).resolve().parent.parent.parent.parent
_STEADY = 30.0
_LONGEST_BACKOFF = 30.0
# PostgreSQL ends when the disk is full; everything else waits, and says so to whoever comes by.
_TRY_AGAIN = 5.0
_WHAT_TO_DO = (
    "Is the disk full? Free some space and leave this running:"
    f" it is tried again every {_TRY_AGAIN:.0f} seconds, and nothing that was saved is lost."
)
_OURS = "practice.config."
_MANAGE = [sys.executable, str(ROOT / "manage.py")]


class _Enough(Exception):
    """Someone asked us to end."""


@dataclass
class Child:
    """One process we keep alive."""

    name: str
    command: list[str]
    env: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started: float = 0
    failures: int = 0
    due: float = 0

    def start(self) -> None:
        """Start it (again)."""
        self.process = processes.spawn(self.command, log=self.log, env=self.env, folder=ROOT)
        self.started = time.monotonic()


@dataclass
class Plan:
    """Where everything lies and listens in this run."""

    data: Path
    port: int
    host: str
    postgres: Postgres
    valkey: Valkey
    sink_port: int
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def logs(self) -> Path:
        """Return the folder of the logs."""
        return self.data / "logs"

    @property
    def address(self) -> str:
        """Return what one types into the browser."""
        return f"http://localhost:{self.port}"

    def environment(self, role: str, process: str) -> dict[str, str]:
        """Return the environment of one process; nothing of the caller's settings leaks in."""
        return {
            **{name: value for name, value in os.environ.items() if name in _PASSED_ON},
            **self.keys,
            "DJANGO_SETTINGS_MODULE": "practice.config.settings",
            "DATABASE_URL": self.postgres.url(role),
            "REDIS_URL": self.valkey.url,
            "EMAIL_URL": f"smtp://127.0.0.1:{self.sink_port}",
            "HOMEWARD_DEMO": "1",
            "HOMEWARD_EMBEDDED": str(self.postgres.sockets),
            "HOMEWARD_BASE_URL": self.address,
            "HOMEWARD_MAIL_DIR": str(self.data / "mail"),
            "HOMEWARD_PROCESS": process,
            "HOMEWARD_BIND": f"{self.host}:{self.port}",
            "ALLOWED_HOSTS": os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]"),
            "PYTHONUNBUFFERED": "1",
            # Before Python starts: local times come from the pinned tzdata, not from the system's.
            "PYTHONTZPATH": "",
        }


# A DATABASE_URL of the caller is not among them: the demo never touches a real database.
_PASSED_ON = {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "WEB_WORKERS", "WEB_THREADS"}


class Command(BaseCommand):
    """Serve Homeward with demo data until Ctrl-C."""

    help = __doc__ or ""
    requires_system_checks: list[str] = []  # each step below checks for itself

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the address to listen on and the folder of the data."""
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--data", type=Path, default=ROOT / ".data")

    def handle(self, *, port: int, host: str, data: Path, **_options: Any) -> None:
        """Start everything, watch over it, end everything."""
        if os.environ.get("DATABASE_URL"):
            raise CommandError(
                "DATABASE_URL is set, but this command serves demo data and never touches a real"
                " database. Unset it, or see docs/operations.md for a real installation."
            )
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _enough)
        data = data.resolve()
        data.mkdir(parents=True, exist_ok=True)
        data.chmod(0o711)
        began = time.monotonic()
        with _only_one(data):
            _end_leftovers(data)
            plan = self._plan(data, port, host)
            children: list[Child] = []
            try:
                self._start(plan, children)
                self._welcome(plan, time.monotonic() - began)
                self._watch(plan, children)
            except _Enough:
                self._say("\nEnding…")
            except (RuntimeError, OSError) as problem:
                raise CommandError(str(problem)) from problem
            finally:
                _end(plan, children)
        self._say("Everything has ended. Your data stays for the next start.")

    def _plan(self, data: Path, port: int, host: str) -> Plan:
        chosen = port
        while not processes.is_free(chosen, host):
            chosen += 1
        if chosen != port:
            self._say(f"Port {port} is taken by another program; using {chosen} instead.")
        logs = data / "logs"
        logs.mkdir(exist_ok=True)
        for log in logs.glob("*.log"):
            log.rename(log.with_suffix(".log.1"))
        postgres = Postgres(data, logs=logs)
        if postgres.folder != data:
            self._say(f"PostgreSQL keeps its data in {postgres.folder} (it can't reach {data}).")
        valkey = Valkey(data, logs=logs)
        # The keys lie beside the database they open, wherever that is.
        keys = _keys(postgres.folder)
        return Plan(data, chosen, host, postgres, valkey, processes.free_port(), keys)

    def _start(self, plan: Plan, children: list[Child]) -> None:
        again = plan.postgres.data.exists()
        with self._step("Starting PostgreSQL"):
            plan.postgres.start()
        with self._step("Starting Valkey"):
            plan.valkey.start()
        owner = plan.environment("homeward", "command")
        with self._step("Bringing the database up to date"):
            _run(plan, ["migrate", "--no-input", "--verbosity=0"], owner, "migrate")
        with self._step("Gathering static files"):
            _run(plan, ["collectstatic", "--no-input", "--verbosity=0"], owner, "collectstatic")
        children.append(_sink(plan))
        children[0].start()
        with self._step("Filling in demo data, if there is none"):
            _run(plan, ["demo", "--if-empty"], owner, "demo")
        if again:
            # An author sees a new file by starting again, and a bad one by its line.
            with self._step("Reading the exercise files"):
                _run(plan, ["loadexercises"], owner, "loadexercises")
        with self._step("Starting web server, worker, beat and pump"):
            for child in _children(plan):
                children.append(child)
                child.start()
            _remember(plan, children)
            web = children[1]
            if web.process is not None:
                processes.wait_until(
                    lambda: not processes.is_free(plan.port, plan.host) and _healthy(plan),
                    web.process,
                    name="The web server",
                    log=web.log,
                )

    def _welcome(self, plan: Plan, seconds: float) -> None:
        who = subprocess.run(  # noqa: S603 -- our own command
            [*_MANAGE, "demo", "--who"],
            env=plan.environment("homeward", "command"),
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )
        self._say(f"\nReady in {seconds:.1f} s. Homeward is at {plan.address}")
        self._say(f"The mails it sends are at {plan.address}/demo/mail\n")
        if who.returncode == 0:
            self._say(who.stdout.rstrip())
        else:
            self._say(who.stderr.rstrip())
        self._say(f"\nLogs are in {plan.logs}. Ctrl-C ends everything.")

    def _watch(self, plan: Plan, children: list[Child]) -> None:
        """Restart what dies, each time a little later, and say so."""
        due, down = 0.0, set[str]()
        while True:
            time.sleep(0.5)
            if time.monotonic() >= due:
                for server in (plan.postgres, plan.valkey):
                    if server.child is None or server.child.poll() is not None:
                        due = self._revive(server, down)
            for child in children:
                self._look_after(child)
                if child.process is None and time.monotonic() >= child.due:
                    child.start()
                    _remember(plan, children)

    def _revive(self, server: Postgres | Valkey, down: set[str]) -> float:
        """Start a server again; return when to look again, which is later if it could not."""
        name = type(server).__name__
        if name not in down:
            self._say(f"{name} ended by itself; starting it again.")
        try:
            server.start()
        except (RuntimeError, OSError, psycopg.Error) as problem:
            if name not in down:
                self._say(f"{problem}\n{name} cannot start. {_WHAT_TO_DO}")
            down.add(name)
            return time.monotonic() + _TRY_AGAIN
        if name in down:
            self._say(f"{name} runs again.")
            down.discard(name)
        return 0.0

    def _look_after(self, child: Child) -> None:
        if child.process is None:
            return
        code = child.process.poll()
        if code is None:
            return
        processes.end(child.process)  # what it may have left in its group
        steady = time.monotonic() - child.started > _STEADY
        child.failures = 1 if steady else child.failures + 1
        pause = min(2.0 ** (child.failures - 1), _LONGEST_BACKOFF)
        child.process = None
        child.due = time.monotonic() + pause
        self._say(f"{child.name} ended by itself (code {code}); again in {pause:.0f} s.")
        if child.failures > 1:
            self._say(f"Its last words ({child.log}):\n{processes.tail(child.log)}")

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        self.stdout.write(f"{name}… ", ending="")
        self.stdout.flush()
        began = time.monotonic()
        try:
            yield
        except BaseException:
            self._say("")
            raise
        self._say(f"{time.monotonic() - began:.1f} s")

    def _say(self, words: str) -> None:
        with suppress(OSError):  # the terminal may be gone; ending must go on
            self.stdout.write(words)
            self.stdout.flush()


def _enough(_number: int, _frame: FrameType | None) -> NoReturn:
    # Once is enough: a second Ctrl-C must not break off the ending.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise _Enough


@contextmanager
def _only_one(data: Path) -> Iterator[None]:
    """Refuse a second run on the same data; the lock goes by itself when its holder dies."""
    with (data / "serve.lock").open("a+") as lock:
        deadline = time.monotonic() + 5
        while not _locked(lock):
            # A run killed a moment ago may still be taking its children along.
            if time.monotonic() > deadline:
                raise CommandError("Homeward already runs from this folder. End it there first.")
            time.sleep(0.1)
        yield


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _keys(folder: Path) -> dict[str, str]:
    """Return this clone's secrets, made once in `folder` and readable by us alone."""
    makers: dict[str, Callable[[], str]] = {
        "SECRET_KEY": lambda: secrets.token_urlsafe(48),
        "HOMEWARD_MASTER_KEY": lambda: base64.b64encode(secrets.token_bytes(32)).decode(),
    }
    keys = {}
    for name, make in makers.items():
        place = folder / name.lower()
        if not place.exists():
            unfinished = place.with_suffix(".new")
            unfinished.unlink(missing_ok=True)
            unfinished.touch(mode=0o600)
            unfinished.write_text(make())
            unfinished.rename(place)
        keys[name] = place.read_text().strip()
    return keys


def _run(plan: Plan, command: list[str], env: dict[str, str], name: str) -> None:
    """Run one `manage.py` command to its end; on a refusal, say what it wrote."""
    log = plan.logs / f"{name}.log"
    child = processes.spawn([*_MANAGE, *command], log=log, env=env, folder=ROOT)
    try:
        if child.wait() != 0:
            raise RuntimeError(f"`manage.py {name}` did not succeed:\n{processes.tail(log, 30)}")
    finally:
        processes.end(child)


def _sink(plan: Plan) -> Child:
    command = [sys.executable, "-m", "practice.config.sink"]
    command += ["--port", str(plan.sink_port), "--folder", str(plan.data / "mail")]
    env = plan.environment("homeward_worker", "sink")
    return Child("The mail sink", command, env, plan.logs / "sink.log")


def _children(plan: Plan) -> list[Child]:
    web = plan.environment("homeward_web", "web")
    worker = plan.environment("homeward_worker", "worker")
    python = sys.executable
    celery = [python, "-m", "celery", "-A", "practice.config.celery"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    return [
        Child(
            "The web server",
            [python, "-m", "gunicorn", "-c", "python:practice.config.web"],
            web,
            plan.logs / "web.log",
        ),
        Child(
            "The worker",
            [*celery, "worker", "--pool=prefork", "--concurrency=2", "-Q", "notify", *quiet],
            worker,
            plan.logs / "worker.log",
        ),
        Child("The beat", [*celery, "beat", "--pidfile="], worker, plan.logs / "beat.log"),
        Child("The pump", [*_MANAGE, "pump", "--forever"], worker, plan.logs / "pump.log"),
    ]


def _healthy(plan: Plan) -> bool:
    """Tell whether the web server answers at all, whatever it says."""
    from http.client import HTTPConnection, HTTPException  # noqa: PLC0415 -- only here

    connection = HTTPConnection("127.0.0.1", plan.port, timeout=10)
    try:
        connection.request("GET", "/health", headers={"Host": f"localhost:{plan.port}"})
        return connection.getresponse().status < 500
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _remember(plan: Plan, children: list[Child]) -> None:
    """Note who runs, for a next start after we were killed where nobody tells our children."""
    pids = [child.process.pid for child in children if child.process is not None]
    pids += [plan.valkey.child.pid] if plan.valkey.child is not None else []
    with suppress(OSError):  # on a full disk: a help for later, and no reason to end
        (plan.data / "children").write_text("\n".join(map(str, pids)))


def _end_leftovers(data: Path) -> None:
    """End what a killed run left; a number that now belongs to somebody else is let be."""
    notes = data / "children"
    with suppress(FileNotFoundError, ValueError):
        for pid in map(int, notes.read_text().split()):
            if any(mark in processes.command_of(pid) for mark in (str(data), str(ROOT), _OURS)):
                processes.end_stranger(pid, signal.SIGTERM, patience=10)
    notes.unlink(missing_ok=True)


def _end(plan: Plan, children: list[Child]) -> None:
    """End everything, doors first and the database last."""
    running = [child.process for child in reversed(children) if child.process is not None]
    for process in running:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
    for process in running:
        processes.end(process, patience=10)
    plan.valkey.stop()
    plan.postgres.stop()
    (plan.data / "children").unlink(missing_ok=True)
