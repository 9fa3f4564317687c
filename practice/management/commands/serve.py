"""`make run`: the whole product on this machine, with servers of its own and demo data."""

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO, Any, NoReturn

import psycopg
from django.core.management.base import BaseCommand, CommandError, CommandParser

from practice.config import processes
from practice.config.embedded import Postgres, Valkey
from practice.config.plan import (
    MANAGE,
    ROOT,
    Child,
    Plan,
    doors_and_workers,
    forget_environment,
    is_healthy,
    keys_in,
    mail_sink,
    remember_environment,
)

_STEADY = 30.0
_LONGEST_BACKOFF = 30.0
# PostgreSQL ends when the disk is full; everything else waits, and says so to whoever comes by.
_TRY_AGAIN = 5.0
_WHAT_TO_DO = (
    "Is the disk full? Free some space and leave this running:"
    f" it is tried again every {_TRY_AGAIN:.0f} seconds, and nothing that was saved is lost."
)
_OURS = "practice.config."


class _Enough(Exception):
    """Someone asked us to end."""


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
        keys = keys_in(postgres.folder)
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
        children.append(mail_sink(plan))
        children[0].start()
        with self._step("Filling in demo data, if there is none"):
            _run(plan, ["demo", "--if-empty"], owner, "demo")
        if again:
            # An author sees a new file by starting again, and a bad one by its line.
            with self._step("Reading the exercise files"):
                _run(plan, ["loadexercises"], owner, "loadexercises")
        with self._step("Starting web server, worker, beat and pump"):
            for child in doors_and_workers(plan):
                children.append(child)
                child.start()
            _remember(plan, children)
            remember_environment(plan)
            web = children[1]
            if web.process is not None:
                processes.wait_until(
                    lambda: not processes.is_free(plan.port, plan.host) and is_healthy(plan),
                    web.process,
                    name="The web server",
                    log=web.log,
                )

    def _welcome(self, plan: Plan, seconds: float) -> None:
        who = subprocess.run(  # noqa: S603 -- our own command
            [*MANAGE, "demo", "--who"],
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


def _run(plan: Plan, command: list[str], env: dict[str, str], name: str) -> None:
    """Run one `manage.py` command to its end; on a refusal, say what it wrote."""
    log = plan.logs / f"{name}.log"
    child = processes.spawn([*MANAGE, *command], log=log, env=env, folder=ROOT)
    try:
        if child.wait() != 0:
            raise RuntimeError(f"`manage.py {name}` did not succeed:\n{processes.tail(log, 30)}")
    finally:
        processes.end(child)


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
    forget_environment(plan)
    (plan.data / "children").unlink(missing_ok=True)
