"""A whole Homeward on a database of its own: web, worker, beat and pump as real processes."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from django.db import connection
from pytest_django import DjangoDbBlocker

from practice.config import processes
from practice.config.embedded import Valkey
from practice.config.sink import Sink, SinkServer
from tests import servers

_CELERY = [sys.executable, "-m", "celery", "-A", "practice.config.celery"]
_QUIET = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
COMMANDS = {
    "web": [sys.executable, "-m", "gunicorn", "-c", "python:practice.config.web"],
    "worker": [*_CELERY, "worker", "--concurrency=2", "-Q", "notify", *_QUIET],
    "beat": [*_CELERY, "beat", "--pidfile="],
    "pump": [sys.executable, "manage.py", "pump", "--forever"],
}
EVERYTHING = tuple(COMMANDS)


class Site:
    """One running Homeward; `start` and `kill` single processes to see what the others do."""

    def __init__(self, blocker: DjangoDbBlocker, *, demo: bool = False) -> None:
        """Copy a migrated database and plan the addresses."""
        self.blocker = blocker
        self.demo = demo
        self.folder = Path(tempfile.mkdtemp(prefix="site-", dir=os.environ[servers.RUN]))
        self.database = f"homeward_site_{uuid.uuid4().hex[:10]}"
        self.port = processes.free_port()
        self.url = f"http://localhost:{self.port}"
        self.sink_server = SinkServer(Sink(self.folder / "mail"))
        self.valkey = Valkey(self.folder, logs=self.folder) if servers.ours() else None
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def sink(self) -> Sink:
        """Return the sink that receives this site's mails."""
        return self.sink_server.sink

    @property
    def messages(self) -> list[EmailMessage]:
        """Return the mails received so far."""
        return self.sink.messages

    def begin(self, *names: str) -> None:
        """Start the servers and the processes named, or all of them."""
        servers.create_database(self.database, like=servers.template())
        servers.static_files()
        self.sink_server.start()
        if self.valkey is not None:
            self.valkey.start()
        if self.demo:
            self.manage("demo", "--if-empty")
        for name in names or EVERYTHING:
            self.start(name)

    @contextmanager
    def begun(self, *names: str) -> Iterator[None]:
        """Begin with the processes named, or all of them; end everything, whatever comes."""
        try:
            self.begin(*names)
            yield
        finally:
            self.end()

    def end(self) -> None:
        """End everything and drop the database."""
        for name in list(self.running):
            self.kill(name, signal.SIGTERM)
        self.sink_server.stop()
        if self.valkey is not None:
            self.valkey.stop()
        servers.drop_database(self.database)

    def start(self, name: str, key: str = "") -> subprocess.Popen[bytes]:
        """Start one process; `key` tells apart two of a kind (two beats)."""
        key = key or name
        log = self.log(key)
        child = processes.spawn(
            COMMANDS[name], log=log, env=self.environment(name), folder=servers.ROOT
        )
        self.running[key] = child
        if name == "web":
            processes.wait_until(self._answers, child, name="The web server", log=log)
        return child

    def kill(self, key: str, number: signal.Signals = signal.SIGKILL) -> None:
        """End one process, by default without a word of warning."""
        processes.end(self.running.pop(key), number)

    def log(self, key: str) -> Path:
        """Return the log of a process."""
        return self.folder / f"{key}.log"

    def logs(self) -> str:
        """Return all that was logged so far, for "nobody's words are in it"."""
        return "\n".join(path.read_text(errors="replace") for path in self.folder.glob("*.log"))

    def manage(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run `manage.py` on this site's database, as its owner."""
        return servers.manage(*command, database=self.database, env=self.environment("command"))

    def environment(self, process: str) -> dict[str, str]:
        """Return the environment of one process."""
        role = {"web": "homeward_web", "command": ""}.get(process, "homeward_worker")
        redis = self.valkey.url if self.valkey is not None else _numbered(os.environ["REDIS_URL"])
        demo = {
            "HOMEWARD_DEMO": "1",
            "HOMEWARD_EMBEDDED": str(connection.settings_dict["HOST"]),
        }
        if process == "beat":
            # As in compose.yaml: it only rings, with no key and no database.
            kept = ("PATH", "HOME", "LANG", "PYTHONTZPATH")
            plain = {name: os.environ[name] for name in kept if name in os.environ}
            own = {"DJANGO_SETTINGS_MODULE": "practice.config.settings", "REDIS_URL": redis}
            return {**plain, **own, "HOMEWARD_PROCESS": "worker"}
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "practice.config.settings",
            "DATABASE_URL": servers.database_url(self.database, role),
            "DATABASE_ROLE": role,
            "REDIS_URL": redis,
            "EMAIL_URL": self.sink.url,
            "HOMEWARD_BASE_URL": self.url,
            "HOMEWARD_MAIL_DIR": str(self.folder / "mail"),
            "HOMEWARD_PROCESS": process if process == "web" else "worker",
            "HOMEWARD_BIND": f"127.0.0.1:{self.port}",
            "ALLOWED_HOSTS": "localhost,127.0.0.1",
            **(demo if self.demo else {}),
        }

    @contextmanager
    def orm(self, role: str = "") -> Iterator[None]:
        """Point this process's ORM at the site's database, as its owner or as `role`."""
        options = connection.settings_dict["OPTIONS"]
        before = (connection.settings_dict["NAME"], options.get("assume_role"))
        with self.blocker.unblock():
            _point(self.database, role)
            try:
                yield
            finally:
                _point(*before)

    def _answers(self) -> bool:
        door = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            door.request("GET", "/health", headers={"Host": f"localhost:{self.port}"})
            return bool(door.getresponse().status)
        except (OSError, HTTPException):
            return False
        finally:
            door.close()


def _point(database: str, role: str | None) -> None:
    connection.close()
    connection.settings_dict["NAME"] = database
    if role:
        connection.settings_dict["OPTIONS"]["assume_role"] = role
    else:
        connection.settings_dict["OPTIONS"].pop("assume_role", None)


def _numbered(url: str) -> str:
    """Give each worker of the run its own of Redis' sixteen databases."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    return f"{url.rsplit('/', 1)[0]}/{1 + int(worker) % 15}"


def until(condition: Callable[[], bool], patience: float = 30, every: float = 0.05) -> bool:
    """Poll `condition`; tell whether it came true in time."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def somebody_waits() -> bool:
    """Say whether a transaction waits for another one's lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])
