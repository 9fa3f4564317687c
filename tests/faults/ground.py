"""The ground the faults are played on: many due reminders, a bare sink, and the oracle."""

import re
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from celery import Celery
from django.db import connection
from django.utils.timezone import now
from redis import Redis

from clients.models import Client, ContactPreference
from exercises import definition as definitions
from exercises import schedule
from exercises.actions import publishing
from exercises.models import (
    Assignment,
    ExerciseVersion,
    Homework,
    Reminder,
    ReminderState,
    Response,
)
from exercises.queries.homework import homework as homework_of
from exercises.visibility import read_rounds
from practice.config.embedded import Postgres
from practice.models import AuditEvent, Practice
from practice.tenancy import scope
from tests.cast import ZONE, Person, Play, make_client, make_member, make_practice
from tests.faults.sink import RawSink
from tests.processes import Site

FINAL = (
    ReminderState.SENT,
    ReminderState.SKIPPED,
    ReminderState.FAILED,
    ReminderState.CANCELLED,
    ReminderState.UNKNOWN,
)


class FaultSite(Site):
    """A site whose mails go to the bare sink."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.raw = RawSink()
        self.bells: list[Celery] = []

    def begin(self, *names: str) -> None:
        """Start the servers, and only the processes named."""
        self.raw.start()
        super().begin(*(names or ("none",)))

    def start(self, name: str, key: str = "") -> Any:
        """Start one process."""
        return None if name == "none" else super().start(name, key)

    def end(self) -> None:
        """End everything."""
        for bell in self.bells:
            bell.close()
        super().end()
        self.raw.stop()

    def environment(self, process: str) -> dict[str, str]:
        """Return the environment of one process, with the bare sink in it."""
        return {**super().environment(process), "EMAIL_URL": self.raw.url}

    def redis(self) -> Redis:
        """Speak to this site's broker."""
        return Redis.from_url(self.environment("worker")["REDIS_URL"])

    def bell(self) -> Celery:
        """Return an app that rings this site's bell."""
        app = Celery(broker=self.environment("worker")["REDIS_URL"], set_as_current=False)
        app.conf.task_default_queue = "notify"
        app.conf.task_ignore_result = True
        app.conf.broker_transport_options = {
            "global_keyprefix": "homeward:",
            "socket_timeout": 1,
            "socket_connect_timeout": 1,
        }
        app.conf.task_publish_retry = False
        self.bells.append(app)
        return app


class MailSite(FaultSite):
    """A fault site whose mail server misbehaves on request."""

    ringing: Celery

    def environment(self, process: str) -> dict[str, str]:
        """Return the environment of one process, with the scripted sink in it."""
        return {**super().environment(process), "EMAIL_URL": self.sink.url}

    def ring(self) -> None:
        """Wake the worker."""
        for task in ("homeward.pump", "homeward.account_mail"):
            self.ringing.send_task(task, expires=9)

    def copies(self) -> Counter[str]:
        """Return how many copies of each mail were accepted."""
        return Counter(str(mail["Message-ID"]) for mail in self.messages)


class OwnServerSite(FaultSite):
    """A site on a PostgreSQL of its own, which nobody else misses; it keeps what it commits."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.postgres = Postgres(self.folder, logs=self.folder)

    def begin(self, *names: str) -> None:
        """Start the server, bring its database up to date, then start the rest."""
        self.postgres.start()
        self.manage("migrate", "--no-input", "--verbosity=0")
        super().begin(*names)

    def end(self) -> None:
        """End everything."""
        super().end()
        self.postgres.stop()

    def environment(self, process: str) -> dict[str, str]:
        """Return the environment of one process, on this server."""
        found = super().environment(process)
        if "DATABASE_ROLE" not in found:  # beat knows no database
            return found
        return {**found, "DATABASE_URL": self.postgres.url(found["DATABASE_ROLE"] or "homeward")}

    @contextmanager
    def orm(self, role: str = "") -> Iterator[None]:
        """Point this process's ORM at this server."""
        settings = connection.settings_dict
        before = {name: settings[name] for name in ("HOST", "PORT", "USER", "PASSWORD")}
        with super().orm(role):
            settings.update(HOST=str(self.postgres.sockets), PORT="", USER="homeward", PASSWORD="")
            database, settings["NAME"] = settings["NAME"], "homeward"
            try:
                yield
            finally:
                connection.close()
                settings.update(before, NAME=database)


@dataclass
class Crowd:
    """One client with as many open homeworks as there are reminders to send."""

    practice: Practice
    dana: Person
    ana: Person
    assignment: Assignment
    play: Play


def gather(name: str = "Hillside Practice") -> Crowd:
    """Make Dana, Ana (awake around the clock) and an assignment."""
    mark = uuid.uuid4().hex[:8]
    practice = make_practice(name)
    dana = make_member(practice, f"dana-{mark}@hillside.example", "Dana Whitlock", "therapist")
    ana = make_client(practice, f"ana-{mark}@mail.example", "Ana Quintero", dana)
    with scope(practice=practice.pk):
        ContactPreference.objects.update(quiet_from="00:00", quiet_until="00:00")
        publishing.publish(practice.pk, definitions.load_library(), at=now())
        library = {v.exercise.slug: v for v in ExerciseVersion.objects.select_related("exercise")}
    play = Play(library)
    return Crowd(practice, dana, ana, play.assign(dana, ana, reminders_on=False), play)


def open_homeworks(crowd: Crowd, count: int) -> list[Homework]:
    """Give Ana homework to do, each of an assignment of its own."""
    given = [crowd.play.assign(crowd.dana, crowd.ana, reminders_on=False) for _one in range(count)]
    return [crowd.play.homework(crowd.ana, assignment) for assignment in given]


def plan_due(
    crowd: Crowd,
    count: int,
    *,
    kind: str = "assigned",
    spread: float = 0,
    to: Sequence[Client] = (),
) -> list[int]:
    """Plan `count` reminders, each of a homework of its own, due now (or over `spread` seconds).

    They go to Ana, or to all these clients in turns.
    """
    at = now() - timedelta(seconds=1)
    assert crowd.ana.client is not None
    clients = to or [crowd.ana.client]
    with scope(practice=crowd.practice.pk):
        taken = Homework.objects.count()
        homeworks = Homework.objects.bulk_create(
            Homework(
                practice=crowd.practice,
                assignment=crowd.assignment,
                client=clients[number % len(clients)],
                version_id=crowd.assignment.version_id,
                slot=taken + number,
                status="open",
                opens_at=at,
                zone=ZONE,
                created_at=at,
            )
            for number in range(count)
        )
        rows = Reminder.objects.bulk_create(
            Reminder(
                practice=crowd.practice,
                dedupe_key=uuid.uuid4(),
                client_id=homework.client_id,
                homework_id=homework.pk,
                kind=kind,
                local_at=at.replace(tzinfo=UTC),
                zone=ZONE,
                tzdata=schedule.tzdata_version(),
                next_at=at + timedelta(seconds=spread * number / count),
                not_after=at + timedelta(hours=12),
                created_at=now(),
            )
            for number, homework in enumerate(homeworks)
        )
    return [row.pk for row in rows]


def end_leases(older_than: float = 0) -> None:
    """Let time pass for what dead pumps had claimed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE exercises_reminder SET next_at = now() WHERE state = 1"
            " AND next_at < now() + interval '5 minutes' - interval '1 second' * %s",
            [older_than],
        )


def end_doubt() -> None:
    """Let fifteen minutes pass for what is armed, and the two in which somebody may know better."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE exercises_reminder SET next_at = now() - interval '16 minutes',"
            " reason = 'ambiguous' WHERE state = 2"
        )


def states() -> dict[str, int]:
    """Return how many reminders stand in each state."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT state, count(*) FROM exercises_reminder GROUP BY state")
        return {ReminderState(state).name: count for state, count in cursor.fetchall()}


def all_final() -> bool:
    """Tell whether every reminder came to its end by itself."""
    return set(states()) <= {state.name for state in FINAL}


def ambiguous() -> int:
    """Return U: the reminders nobody was ever sure about."""
    return Reminder.objects.filter(reason="ambiguous").count()


def named(message_ids: Iterable[str]) -> set[int]:
    """Return the rows that these mails were sent for."""
    keys = [name[1:].partition(".")[0] for name in message_ids]
    return set(Reminder.objects.filter(dedupe_key__in=keys).values_list("pk", flat=True))


def children(pid: int) -> list[int]:
    """Return the processes that descend directly from `pid`."""
    with suppress(OSError):
        return [
            int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ]
    return []


def alive(pid: int) -> bool:
    """Tell whether a process runs (a zombie does not)."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def said(crowd: Crowd, homework: Homework) -> dict[str, object]:
    """Read what is kept of a homework, as its client does."""
    with scope(practice=crowd.practice.pk, user=crowd.ana.user.pk):
        actor = crowd.ana.actor
        rounds = read_rounds(actor, homework_of(actor, homework.pk))
    assert len(rounds) <= 1, "one round only was ever begun"
    return {key: word.value for each in rounds for key, word in each.words.items()}


def sent(crowd: Crowd, homework: Homework) -> int:
    """Return how often it was handed in: by its state, its rounds and the trail alike."""
    with scope(practice=crowd.practice.pk):
        status = Homework.objects.get(pk=homework.pk).status
        handed = Response.objects.filter(homework=homework, submitted_at__isnull=False).count()
        lines = AuditEvent.objects.filter(
            action="homework.submit", object_id=str(homework.pk)
        ).count()
    assert handed == lines == (status == "submitted"), (handed, lines, status)
    return handed


def code_in(mail: EmailMessage) -> str:
    """Return the sign-in code that a mail carries."""
    body = mail.get_body(("plain",))
    assert body is not None
    code = re.search(r"^\s*([A-Z0-9]{3,4}-?[A-Z0-9]{3,4})\s*$", body.get_content(), re.MULTILINE)
    assert code, body.get_content()
    return code[1]
