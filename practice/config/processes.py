"""Start child processes that never outlive us, and end them in good order."""

import ctypes
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Person:
    """The system user a child runs as, when that is not us."""

    name: str
    uid: int
    gid: int


def unprivileged() -> Person | None:
    """Return a system user without rights when we are root (PostgreSQL refuses root)."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody", "daemon"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Person(name, entry.pw_uid, entry.pw_gid)
    raise RuntimeError(
        "PostgreSQL does not run as root, and this machine has no user `postgres`, `nobody` or"
        " `daemon` to run it as. Please start again as an ordinary user."
    )


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    person: Person | None = None,
    folder: Path | None = None,
    on_parent_death: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start `command` in a process group of its own, writing to `log`.

    A group of its own, so that Ctrl-C reaches only the supervisor, which then ends its children in
    order. Should the supervisor be killed outright, Linux sends them `on_parent_death`.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 -- our own commands, never a person's words
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            cwd=folder,
            user=person.uid if person else None,
            group=person.gid if person else None,
            extra_groups=[] if person else None,
            start_new_session=True,
            preexec_fn=_die_with(os.getpid(), on_parent_death),  # noqa: PLW1509 -- one prctl call
        )


def _die_with(parent: int, number: signal.Signals) -> Callable[[], None] | None:
    if _LIBC is None:
        return None
    prctl = _LIBC.prctl

    def ask() -> None:
        # After the change of user, which would clear it again.
        prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # it died before we could ask
            os._exit(1)

    return ask


def end(
    child: subprocess.Popen[bytes],
    number: signal.Signals = signal.SIGTERM,
    *,
    patience: float = 15,
) -> None:
    """Ask `child` to end, wait, and in the end make sure of it and of its own children."""
    if child.poll() is None:
        child.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            child.wait(patience)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        child.wait(5)


def command_of(pid: int) -> str:
    """Return the command line of a running process, or nothing when there is none."""
    table = Path("/proc")
    if (table / "self").exists():
        with suppress(OSError):
            return (table / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        return ""
    with suppress(OSError):
        answer = subprocess.run(  # noqa: S603 -- a number we wrote down ourselves
            ["ps", "-o", "command=", "-p", str(pid)],  # noqa: S607 -- wherever the system has it
            capture_output=True,
            text=True,
            check=False,
        )
        return answer.stdout.strip()
    return ""


def end_stranger(pid: int, number: signal.Signals, *, patience: float = 20) -> None:
    """End a process that is not our child: what a killed supervisor left behind."""
    for request in (number, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, request)
        deadline = time.monotonic() + patience
        while command_of(pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        if not command_of(pid):
            return


def free_port() -> int:
    """Return a loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether we could listen on `port`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def wait_until(
    ready: Callable[[], bool],
    child: subprocess.Popen[bytes],
    *,
    name: str,
    log: Path,
    patience: float = 60,
) -> None:
    """Wait for `ready`, or say plainly what the child wrote before it ended."""
    deadline = time.monotonic() + patience
    while not ready():
        if child.poll() is not None:
            raise RuntimeError(f"{name} did not start. Its last words:\n{tail(log)}")
        if time.monotonic() > deadline:
            raise RuntimeError(
                f"{name} was not ready after {patience:.0f} s. Its last words:\n{tail(log)}"
            )
        time.sleep(0.03)


def tail(log: Path, lines: int = 12) -> str:
    """Return the last lines of a log."""
    if not log.exists():
        return "(nothing)"
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) or "(nothing)"
