"""Mails a second: the whole pump against one committed UPDATE and one raw SMTP dialogue each."""

import subprocess
import sys
import time
import uuid
from datetime import UTC, timedelta

from django.db import connection
from django.utils.timezone import now

from clients.models import ContactPreference
from exercises.models import Reminder
from practice.smtp import PhaseSMTP
from practice.tenancy import scope
from tests import servers
from tests.bench.figures import Figure, against, at_least, cpu_of
from tests.bench.stage import Stage, build
from tests.processes import Site

MAILS = 600
LEAST = 0.40
MOST_GROWTH = 2.0
BODY = b"Subject: A quiet reminder\r\n\r\nHello, something is waiting.\r\n"


def measure(site: Site) -> list[Figure]:
    """Measure the floor and the pump with one and with four workers, then the idle tick."""
    with site.orm("homeward_web"):
        stage = build(1_000)
        with scope(practice=stage.practice.pk):
            # Awake around the clock: what is measured is the sending.
            ContactPreference.objects.update(quiet_from="00:00", quiet_until="00:00")
    floor = _floor(site, stage)
    one = _pump(site, stage, 1)
    four = _pump(site, stage, 4)
    return [
        at_least("dispatch, 1 worker / F3", one, "/s", floor, LEAST),
        at_least("dispatch, 4 workers / 1 worker", four, "/s", one, 2.0),
        *_idle(site, stage),
    ]


def _plan(site: Site, stage: Stage, count: int, *, due: bool = True) -> None:
    with site.orm("homeward_web"), scope(practice=stage.practice.pk):
        homework = stage.play.homework(stage.ana, stage.play.assign(stage.dana, stage.ana))
        at = now() if due else now() + timedelta(days=30)
        Reminder.objects.bulk_create(
            [
                Reminder(
                    practice_id=stage.practice.pk,
                    dedupe_key=uuid.uuid4(),
                    client_id=stage.ana.client.pk,
                    homework_id=homework.pk,
                    kind="assigned",
                    local_at=at.replace(tzinfo=UTC),
                    zone="UTC",
                    tzdata="bench",
                    next_at=at - timedelta(seconds=1) if due else at,
                    not_after=at + timedelta(days=1),
                    created_at=at,
                )
                for _number in range(count)
            ],
            5_000,
        )


def _floor(site: Site, stage: Stage) -> float:
    _plan(site, stage, MAILS, due=False)
    line = PhaseSMTP(site.sink.url)
    with site.orm("homeward_worker"):
        keys = list(
            Reminder.objects.filter(client_id=stage.ana.client.pk).values_list("pk", flat=True)[
                :MAILS
            ]
        )
        began = time.perf_counter()
        for pk in keys:
            Reminder.objects.filter(pk=pk).update(attempt=0)
            line.send("homeward@localhost.localdomain", "floor@mail.example", BODY)
        spent = time.perf_counter() - began
    line.close()
    return len(keys) / spent


def _pump(site: Site, stage: Stage, workers: int) -> float:
    _plan(site, stage, MAILS)
    script = (
        "import time, django; django.setup();"
        "from django.utils.timezone import now;"
        "from exercises.actions import pumping;"
        "began = time.perf_counter(); n = pumping.pump(now=now);"
        "print(n, time.perf_counter() - began)"
    )
    children = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            env=site.environment("worker"),
            cwd=servers.ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _number in range(workers)
    ]
    answers = [child.communicate()[0].split()[-2:] for child in children]
    sent = sum(int(answer[0]) for answer in answers)
    return sent / max(float(answer[1]) for answer in answers)


def _idle(site: Site, stage: Stage) -> list[Figure]:
    """Time the tick with nothing due, over ten thousand and over a million planned rows."""
    from exercises.actions import pumping

    def tick() -> None:
        pumping.pump(now=now)

    costs = []
    for count in (10_000, 990_000):
        _grow(site, stage, count)
        with site.orm("homeward_worker"):
            costs.append(cpu_of(tick, times=30))
    small, large = costs
    return [against("idle tick, a million rows / ten thousand", large, "ms", small, MOST_GROWTH)]


def _grow(site: Site, stage: Stage, count: int) -> None:
    with site.orm(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO exercises_reminder (practice_id, dedupe_key, client_id, kind, channel,"
            " lane, local_at, zone, tzdata, next_at, state, reason, attempt, resent, message_id,"
            " created_at) SELECT %s, gen_random_uuid(), %s, 'due_soon', 0, 0, now(), 'UTC', 'b',"
            " now() + interval '30 days' + n * interval '1 second', 0, '', 0, 0, '', now()"
            " FROM generate_series(1, %s) n",
            [stage.practice.pk, stage.ana.client.pk, count],
        )
        cursor.execute("ANALYZE exercises_reminder")
