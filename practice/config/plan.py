"""What `make run` runs: where everything lies, with which keys, which processes and as whom."""

import base64
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from practice.config import processes
from practice.config.embedded import Postgres, Valkey

ROOT = Path(__file__).resolve().parent.parent.parent
MANAGE = [sys.executable, str(ROOT / "manage.py")]
# A DATABASE_URL of the caller is not among them: the demo never touches a real database.
_OWNERS = "owner.json"
_PASSED_ON = {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "WEB_WORKERS", "WEB_THREADS"}


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


def keys_in(folder: Path) -> dict[str, str]:
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


def remember_environment(plan: Plan) -> None:
    """Keep, for us alone, what a command of the owner needs while this runs."""
    place = plan.data / _OWNERS
    place.unlink(missing_ok=True)
    place.touch(mode=0o600)
    place.write_text(json.dumps(plan.environment("homeward", "command")))


def forget_environment(plan: Plan) -> None:
    """Nothing runs any more that a command could be run beside."""
    (plan.data / _OWNERS).unlink(missing_ok=True)


def owners_environment(data: Path) -> dict[str, str]:
    """Return it. Raises OSError when nothing runs on this data."""
    found: dict[str, str] = json.loads((data / _OWNERS).read_text())
    return found


def mail_sink(plan: Plan) -> Child:
    """Return the process that takes in the mails, for /demo/mail."""
    command = [sys.executable, "-m", "practice.config.sink"]
    command += ["--port", str(plan.sink_port), "--folder", str(plan.data / "mail")]
    env = plan.environment("homeward_worker", "sink")
    return Child("The mail sink", command, env, plan.logs / "sink.log")


def doors_and_workers(plan: Plan) -> list[Child]:
    """Return the processes of Homeward itself, the web server first."""
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
        Child("The pump", [*MANAGE, "pump", "--forever"], worker, plan.logs / "pump.log"),
    ]


def is_healthy(plan: Plan) -> bool:
    """Tell whether the web server answers at all, whatever it says."""
    connection = HTTPConnection("127.0.0.1", plan.port, timeout=10)
    try:
        connection.request("GET", "/health", headers={"Host": f"localhost:{plan.port}"})
        return connection.getresponse().status < 500
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
