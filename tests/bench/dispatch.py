"""Mails a second: the whole pump against one committed UPDATE and one raw SMTP dialogue each."""

import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from urllib.parse import urlsplit

from django.db import connection
from django.utils.timezone import now

from clients.models import Client, ContactPreference
from practice.tenancy import scope
from tests import servers
from tests.bench import stage
from tests.bench.figures import Figure, against, at_least, cpu_of
from tests.faults.ground import Crowd, gather, plan_due
from tests.processes import Site

MAILS = 1500
# Each gets a few mails at most. On one client's row all pumps would queue up, as on no real day.
CLIENTS = 2000
ROUNDS = 3
LEAST = 0.40
# Four workers on two cores share them with the database and the sink.
LEAST_FOUR = 2.0
MOST_GROWTH = 2.0
BODY = b"Subject: A quiet reminder\r\n\r\nHello, something is waiting.\r\n"
SINK = (
    "import sys; from tests.faults.sink import RawSink; sink = RawSink(); sink.start();"
    "print(sink.url, flush=True); sys.stdin.read()"
)
PUMP = (
    "import time, django; django.setup();"
    "import practice.config.celery;"
    "from django.utils.timezone import now;"
    "from exercises.actions import pumping;"
    # The first mail of a process loads addresses and templates, which takes about a second.
    "pumping.pump(now=now); print('ready', flush=True); input();"
    "began = ended = time.perf_counter(); total = zeros = 0\n"
    # A round ends when a practice has had its share; beat would begin the next.
    "while zeros < 3:\n"
    "    n = pumping.pump(now=now); total += n; zeros = 0 if n else zeros + 1\n"
    "    ended = time.perf_counter() if n else ended\n"
    "print(total, ended - began)"
)


class RawLine:
    """The bare dialogue of the floor: bytes over a socket, no library in between."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._expect(b"220")
        self._say(b"EHLO floor\r\n", b"250")

    def close(self) -> None:
        self.socket.close()

    def send(self, sender: str, to: str, body: bytes) -> None:
        self._say(f"MAIL FROM:<{sender}>\r\n".encode(), b"250")
        self._say(f"RCPT TO:<{to}>\r\n".encode(), b"250")
        self._say(b"DATA\r\n", b"354")
        self._say(body + b".\r\n", b"250")

    def _say(self, words: bytes, code: bytes) -> None:
        self.socket.sendall(words)
        self._expect(code)

    def _expect(self, code: bytes) -> None:
        said = self.socket.recv(1000)
        assert said.startswith(code), said


def measure(site: Site) -> list[Figure]:
    """Measure floor and pump by turns, with one worker and with four; then the idle tick."""
    sink = subprocess.Popen(
        [sys.executable, "-c", SINK],
        cwd=servers.ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert sink.stdout is not None
    url = sink.stdout.readline().strip()
    try:
        with site.orm("homeward_web"):
            crowd = gather("Bench Practice")
            to = _clients(crowd)
        floors, ones, fours = [], [], []
        for _round in range(ROUNDS):
            floors.append(_floor(site, crowd, to, url))
            ones.append(_pump(site, crowd, to, url, 1))
            fours.append(_pump(site, crowd, to, url, 4))
    finally:
        sink.communicate("")
    floor, one, four = (statistics.median(rates) for rates in (floors, ones, fours))
    return [
        at_least("dispatch, 1 worker / F3", one, "/s", floor, LEAST),
        at_least("dispatch, 4 workers / F3", four, "/s", floor, LEAST),
        at_least("dispatch, 4 workers / 1 worker", four, "/s", one, LEAST_FOUR),
        *_idle(site, crowd),
    ]


def _clients(crowd: Crowd) -> list[Client]:
    """Give the practice its many clients, awake around the clock."""
    with scope(practice=crowd.practice.pk):
        found = stage.people(crowd.practice, crowd.dana, CLIENTS, "dispatch", reachable=True)
        ContactPreference.objects.update(quiet_from="00:00", quiet_until="00:00")
    return found


def _plan(site: Site, crowd: Crowd, to: Sequence[Client], count: int) -> list[int]:
    with site.orm("homeward_web"):
        keys = plan_due(crowd, count, to=to)
    # As autovacuum does within a minute. Statistics from before there was homework make PostgreSQL
    # read all homework of the practice with each mail.
    with site.orm(), connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return keys


def _floor(site: Site, crowd: Crowd, to: Sequence[Client], url: str) -> float:
    """Return F3: one committed UPDATE and one raw SMTP dialogue per mail."""
    keys = _plan(site, crowd, to, MAILS)
    with site.orm("homeward_worker"), closing(RawLine(url)) as line, connection.cursor() as cursor:
        began = time.perf_counter()
        for pk in keys:
            cursor.execute("UPDATE exercises_reminder SET attempt = 0 WHERE id = %s", [pk])
            line.send("homeward@localhost.localdomain", "floor@mail.example", BODY)
        spent = time.perf_counter() - began
    with site.orm(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM exercises_reminder")
    return len(keys) / spent


def _pump(site: Site, crowd: Crowd, to: Sequence[Client], url: str, workers: int) -> float:
    children = []
    for _number in range(workers):
        with site.orm("homeward_web"):
            plan_due(crowd, 1)
        child = subprocess.Popen(
            [sys.executable, "-c", PUMP],
            env={**site.environment("worker"), "EMAIL_URL": url},
            cwd=servers.ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        children.append(child)
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    _plan(site, crowd, to, MAILS * workers)
    for child in children:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    answers = [child.communicate()[0].split()[-2:] for child in children]
    sent = sum(int(answer[0]) for answer in answers)
    assert sent == MAILS * workers, f"{sent} of {MAILS * workers} mails were sent"
    return sent / max(float(answer[1]) for answer in answers)


def _idle(site: Site, crowd: Crowd) -> list[Figure]:
    """Time the tick with nothing due, over ten thousand and over a million planned rows."""
    from exercises.actions import pumping

    def tick() -> None:
        pumping.pump(now=now)

    costs = []
    for count in (10_000, 990_000):
        _grow(site, crowd, count)
        with site.orm("homeward_worker"):
            costs.append(cpu_of(tick, times=30))
    small, large = costs
    return [against("idle tick, a million rows / ten thousand", large, "ms", small, MOST_GROWTH)]


def _grow(site: Site, crowd: Crowd, count: int) -> None:
    with site.orm(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO exercises_reminder (practice_id, dedupe_key, client_id, kind, channel,"
            " lane, local_at, zone, tzdata, next_at, state, reason, attempt, resent, message_id,"
            " created_at) SELECT %s, gen_random_uuid(), %s, 'due_soon', 0, 0, now(), 'UTC', 'b',"
            " now() + interval '30 days' + n * interval '1 second', 0, '', 0, 0, '', now()"
            " FROM generate_series(1, %s) n",
            [crowd.practice.pk, crowd.ana.client.pk, count],
        )
        cursor.execute("ANALYZE exercises_reminder")
