"""`make run`: one command starts everything, survives what dies, and leaves nothing behind."""

import contextlib
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from practice.config import processes
from tests import servers
from tests.processes import until

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="children die with us only on Linux")


# --- children ---------------------------------------------------------------------------------
@LINUX
def test_children_die_with_a_parent_killed_outright(folder: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path\n"
        "from practice.config.embedded import Postgres, Valkey\n"
        f"place = Path({str(folder)!r})\n"
        "servers = Postgres(place, logs=place, durable=False), Valkey(place, logs=place)\n"
        "[server.start() for server in servers]\n"
        "print(*[server.child.pid for server in servers], flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=servers.ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert all(processes.command_of(pid) for pid in pids)
        parent.kill()
    assert until(lambda: not any(processes.command_of(pid) for pid in pids), 10)


def _marked(folder: Path) -> list[str]:
    """Return the command lines of the processes that mention `folder` in command or environment."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (place / "cmdline").read_bytes() + (place / "environ").read_bytes()
            if str(folder).encode() in words and place.name != str(os.getpid()):
                found.append((place / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


# --- make run ---------------------------------------------------------------------------------
class Run:
    """`manage.py serve`, as `make run` starts it."""

    def __init__(self, data: Path, port: int) -> None:
        self.data = data
        env = {
            name: value
            for name, value in os.environ.items()
            if name in {"PATH", "HOME", "LANG", "SSL_CERT_FILE"}
        }
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--data", str(data), "--port", str(port)],
            cwd=servers.ROOT,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said = ""
        # A thread reads, so that words which never come end the test and not the day.
        self.lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                self.lines.put(line)
        self.lines.put("")

    def until(self, words: str, seconds: float = 120) -> str:
        """Read what it says until `words` come."""
        deadline = time.monotonic() + seconds
        while words not in self.said:
            try:
                line = self.lines.get(timeout=max(deadline - time.monotonic(), 0.01))
            except queue.Empty:
                raise AssertionError(f"it never said {words!r}:\n{self.said}") from None
            assert line, f"it ended without saying {words!r}:\n{self.said}"
            self.said += line
        return self.said

    def finish(self, number: signal.Signals | None = None) -> int:
        """Send a signal and wait for the end."""
        if number is not None:
            self.process.send_signal(number)
        code = self.process.wait(60)
        while line := self.lines.get(timeout=10):
            self.said += line
        return code


@pytest.fixture
def serve(folder: Path) -> Iterator[Callable[[int], Run]]:
    """Start `make run` on `folder`, and leave none running."""
    runs: list[Run] = []

    def start(port: int) -> Run:
        runs.append(Run(folder / "data", port))
        return runs[-1]

    yield start
    for run in runs:
        if run.process.poll() is None:
            run.finish(signal.SIGTERM)


@LINUX
def test_make_run_serves_survives_a_death_inside_and_leaves_nothing(
    folder: Path, serve: Callable[[int], Run]
) -> None:
    with socket.socket() as taken:
        # Below the kernel's own range: there the next one would soon be another test's.
        port = next(one for one in range(23_000, 32_000) if processes.is_free(one))
        taken.bind(("127.0.0.1", port))
        taken.listen()
        run = serve(port)
        said = run.until("Ctrl-C ends everything")
    assert f"Port {port} is taken" in said
    address = re.search(r"Homeward is at (http://localhost:\d+)", said)
    assert address is not None
    with urlopen(f"{address[1]}/health", timeout=10) as answer:  # noqa: S310 -- our own address
        assert answer.status == 200
    for secret in ("secret_key", "homeward_master_key", "owner.json"):
        assert (folder / "data" / secret).stat().st_mode & 0o077 == 0

    command = [sys.executable, "manage.py", "beside", "--data", str(folder / "data")]
    made = ["createpractice", "Nogal", "--admin-email=a@nogal.example", "--admin-name=Ada"]
    beside = subprocess.run(
        [*command, *made], cwd=servers.ROOT, capture_output=True, text=True, check=True
    )
    with urlopen(beside.stdout.split()[-1], timeout=10) as page:  # noqa: S310 -- our own address
        assert "Ada" in page.read().decode()

    second = serve(port)
    assert second.finish() == 1
    assert "already runs from this folder" in second.said

    beat = int(next(p for p in _pids("celery", folder) if " beat " in processes.command_of(p)))
    os.kill(beat, signal.SIGKILL)
    run.until("The beat ended by itself", 20)
    assert until(
        lambda: any(" beat " in processes.command_of(pid) for pid in _pids("celery", folder)), 20
    )

    a_database_that_cannot_start_is_tried_again(folder, run, f"{address[1]}/health")

    assert run.finish(signal.SIGINT) == 0
    assert "Everything has ended" in run.said
    assert _marked(folder) == []
    ended = subprocess.run(
        [*command, *made], cwd=servers.ROOT, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "Nothing runs from this folder" in ended.stderr

    # Again, with the data of before; and this time without the chance to say goodbye.
    run = serve(port)
    said = run.until("Ctrl-C ends everything")
    assert "Reading the exercise files" in said, "a new file is seen by starting again"
    assert run.finish(signal.SIGKILL) == -signal.SIGKILL
    assert until(lambda: _marked(folder) == [], 30)


def a_database_that_cannot_start_is_tried_again(folder: Path, run: Run, health: str) -> None:
    """As when the disk is full: it says what to do, goes on trying, and all is well once it can."""
    data = folder / "data" / "postgres"
    control = data / "global" / "pg_control"
    control.rename(control.with_suffix(".away"))
    os.kill(int((data / "postmaster.pid").read_text().split()[0]), signal.SIGQUIT)
    said = run.until("Postgres cannot start", 40)
    assert "Free some space" in said
    assert not _healthy(health)
    control.with_suffix(".away").rename(control)
    run.until("Postgres runs again", 40)
    assert until(lambda: _healthy(health), 40)


def _healthy(address: str) -> bool:
    try:
        with urlopen(address, timeout=10) as answer:  # noqa: S310 -- our own address
            return answer.status == 200
    except OSError:
        return False


def _pids(word: str, folder: Path) -> list[int]:
    return [
        int(place.name)
        for place in Path("/proc").glob("[0-9]*")
        if word in processes.command_of(int(place.name)) and _mentions(place, folder)
    ]


def _mentions(place: Path, folder: Path) -> bool:
    try:
        return str(folder).encode() in (place / "environ").read_bytes()
    except OSError:
        return False


def test_make_run_refuses_a_real_database() -> None:
    answer = subprocess.run(
        [sys.executable, "manage.py", "serve"],
        cwd=servers.ROOT,
        env={**os.environ, "DATABASE_URL": "postgres://real@db.example.org/practice"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert "never touches a real database" in answer.stderr


@pytest.mark.parametrize("embedded", ["", "/somewhere/else"])
def test_demo_mode_refuses_a_real_database(embedded: str) -> None:
    answer = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=servers.ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "practice.config.settings",
            "HOMEWARD_DEMO": "1",
            "HOMEWARD_EMBEDDED": embedded,
            "DATABASE_URL": "postgres://real@db.example.org/practice",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode != 0
    assert "Demo mode only runs on the database `make run` starts itself" in answer.stderr
