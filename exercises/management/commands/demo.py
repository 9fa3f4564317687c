"""Make a believable practice: for trying, screenshots, tests and benchmarks. The same every time."""

from argparse import ArgumentParser
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import cache
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils.timezone import now

from clients.actions import joining
from clients.models import Caseload, Clearance, Client, ContactPreference, Couple
from exercises import definition as definitions
from exercises.actions import assigning, clockwork, publishing, responding, reviewing
from exercises.management import story
from exercises.models import AnswerOutcome, ExerciseVersion, Homework
from exercises.queries.homework import homework as homework_of
from practice.actors import Actor
from practice.crypto import new_wrapped_key
from practice.models import Membership, Practice, PracticeKey, Role, Supervision, User
from practice.tenancy import scope

ZONE = "Europe/Lisbon"
PASSWORD = "a lamp in the window at dusk"  # noqa: S105 -- demo people only, on a database of our own
MEMBERS = [
    ("dana@hillside.example", "Dana Whitlock", [Role.THERAPIST]),
    ("omar@hillside.example", "Omar Castellan", [Role.THERAPIST]),
    ("ruth@hillside.example", "Ruth Abernathy", [Role.ADMIN]),
    ("sana@hillside.example", "Sana Iqbal", [Role.SUPERVISOR]),
]
FRIDAY = 4
# Dana and Omar see the first clients; of more, a colleague takes this many each.
FIRST_CLIENTS, CLIENTS_EACH = 60, 30
PEOPLE = [
    ("Dana", "therapist", "dana@hillside.example"),
    ("Ana", "client, with Ben", "ana@mail.example"),
    ("Ben", "client, with Ana", "ben@mail.example"),
    ("Noor", "client", "noor@mail.example"),
    ("Omar", "therapist, colleague", "omar@hillside.example"),
    ("Sana", "supervisor of Dana", "sana@hillside.example"),
    ("Ruth", "admin", "ruth@hillside.example"),
    ("Uma", "therapist in two practices", "uma@both.example"),
]


@dataclass
class Stage:
    """One practice while it is being made."""

    practice: Practice
    random: Random
    at: datetime
    library: dict[str, ExerciseVersion] = field(default_factory=dict)
    members: dict[str, Membership] = field(default_factory=dict)

    def therapist(self, email: str) -> Actor:
        """Return a member as the actor of their moves."""
        member = self.members[email]
        return Actor(
            practice_id=self.practice.pk,
            kind="member",
            user_id=member.user_id,
            member_id=member.pk,
            roles=frozenset(member.roles),
            name=member.user.name,
            zone=ZONE,
        )


def client_of(client: Client) -> Actor:
    """Return a client as the actor of their moves."""
    return Actor(
        practice_id=client.practice_id,
        kind="client",
        user_id=client.user_id,
        client_id=client.pk,
        name=client.name_to_call,
        zone=client.zone,
    )


class Command(BaseCommand):
    """Play the real moves of some weeks at their past times, for the cast and for more clients."""

    help = "Fill an empty database with a believable practice."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the size."""
        parser.add_argument("--weeks", type=int, default=8)
        parser.add_argument("--clients", type=int, default=12)
        parser.add_argument("--if-empty", action="store_true")
        parser.add_argument("--who", action="store_true", help="only say who can sign in")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it, or say who is there."""
        if options["who"]:
            for name, what, email in PEOPLE:
                self.stdout.write(f"{name:<6} {what:<28} {email}")
            return
        if not settings.DEMO:
            raise CommandError("demo fills the database `make run` starts itself; nothing else.")
        if User.objects.exists():
            if options["if_empty"]:
                return
            raise CommandError("There are people in this database already.")
        at = now().replace(microsecond=0)
        with transaction.atomic():  # all of it, or nothing: a half-told story helps nobody
            stage = self._practice("Hillside Practice", at)
            self._people(stage)
            self._cast(stage, options["weeks"])
            self._riverside(at, stage)
            self._more(stage, options["clients"])
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        self.stdout.write("The practice on the hillside is ready.")

    def _practice(self, name: str, at: datetime) -> Stage:
        practice = Practice(name=name, zone=ZONE)
        practice.crisis_text = (
            "If you or someone else is in danger, call 112 now.\n"
            "At any hour you can talk to someone on your country's crisis line."
        )
        with scope(practice=practice.pk):
            practice.save(force_insert=True)
            PracticeKey.objects.create(
                practice=practice, number=1, wrapped=new_wrapped_key(practice.pk, 1)
            )
            publishing.publish(practice.pk, definitions.load_library(), at=at)
            versions = ExerciseVersion.objects.select_related("exercise")
            library = {version.exercise.slug.split("-")[0]: version for version in versions}
        # The same story every time is the point, so no cryptographic dice here.
        return Stage(practice, Random(7), at, library)  # noqa: S311

    def _people(self, stage: Stage) -> None:
        with scope(practice=stage.practice.pk):
            for email, name, roles in MEMBERS:
                stage.members[email] = Membership.objects.create(
                    practice=stage.practice,
                    user=_user(email, name),
                    roles=[str(role) for role in roles],
                    joined_at=stage.at - timedelta(days=400),
                )
            Supervision.objects.create(
                practice=stage.practice,
                supervisor=stage.members["sana@hillside.example"],
                therapist=stage.members["dana@hillside.example"],
            )

    def _cast(self, stage: Stage, weeks: int) -> None:
        dana = "dana@hillside.example"
        start = stage.at - timedelta(weeks=weeks, days=2)
        with scope(practice=stage.practice.pk):
            ana = self._client(stage, "ana@mail.example", "Ana Quintero", dana, start)
            ben = self._client(stage, "ben@mail.example", "Ben Achterberg", dana, start)
            noor = self._client(stage, "noor@mail.example", "Noor Haddad", dana, start)
            couple = self._couple(stage, ana, ben, dana, start)
            _session(couple, stage.at, days=3, hour=17)
            _session(noor, stage.at, days=4, hour=11)
            for week in range(weeks):
                self._week(stage, dana, couple, noor, start + timedelta(weeks=week), week / weeks)
            self._now(stage, dana, couple, ana, ben, noor)

    def _week(
        self,
        stage: Stage,
        therapist: str,
        couple: Couple,
        noor: Client,
        at: datetime,
        lean: float,
    ) -> None:
        """Play one past week: something given, answered some evenings later, answered back."""
        for client in (couple.first, couple.second, noor):
            if stage.random.random() < 0.15:
                continue  # weeks are skipped in life, too: the charts show a gap
            given = self._give(stage, therapist, stage.library["e01"], at, client=client)
            self._answer(stage, given, client, at + timedelta(days=2, hours=9), lean)
            self._reply(stage, therapist, given, client, at + timedelta(days=4))
        if round(lean * 10) in {0, 5} or lean == 0:
            given = self._give(
                stage, therapist, stage.library["e04"], at, client=couple.first, days=7
            )
            self._log(stage, given, couple.first, at, days=7, lean=lean)
            self._answer(stage, given, couple.first, at + timedelta(days=7, hours=-1), lean)
            self._reply(stage, therapist, given, couple.first, at + timedelta(days=8))

    def _now(
        self,
        stage: Stage,
        therapist: str,
        couple: Couple,
        ana: Client,
        ben: Client,
        noor: Client,
    ) -> None:
        """Leave something in every state one would want to look at."""
        at = stage.at
        # Ana: begun yesterday, not finished; a running log; both: What reaches me.
        begun = self._give(
            stage, therapist, stage.library["e01"], at - timedelta(days=2), client=ana, days=6
        )
        self._answer(stage, begun, ana, at - timedelta(days=1), 0.8, until=5, send=False)
        log = self._give(
            stage, therapist, stage.library["e04"], at - timedelta(days=3), client=ana, days=7
        )
        self._log(stage, log, ana, at - timedelta(days=3), days=3, lean=0.8)
        both = self._give(
            stage, therapist, stage.library["e11"], at - timedelta(days=1), couple=couple, days=8
        )
        self._answer(stage, both, ben, at - timedelta(hours=5), 0.7)
        ask = self._give(
            stage, therapist, stage.library["e10"], at - timedelta(days=6), client=noor, days=9
        )
        self._answer(stage, ask, noor, at - timedelta(days=2), 0.6)
        # Noor got something back this morning, with one place to go deeper.
        deeper = self._give(
            stage, therapist, stage.library["e01"], at - timedelta(days=5), client=noor, days=12
        )
        self._answer(stage, deeper, noor, at - timedelta(days=3), 0.6)
        self._reply(
            stage, therapist, deeper, noor, at - timedelta(hours=4), returned=frozenset({"under"})
        )

    def _more(self, stage: Stage, count: int) -> None:
        """Bring in more clients: two thirds with Dana, the rest with Omar, many with colleagues.

        A third of them are couples; both of a couple are with the same therapist.
        """
        before: tuple[str, Client] | None = None
        for number in range(count):
            name = story.name(number)
            email = f"{name.lower().replace(' ', '.')}.{number}@mail.example"
            carer = self._carer(stage, number)
            start = stage.at - timedelta(days=20 + number % 40)
            with scope(practice=stage.practice.pk):
                client = self._client(stage, email, name, carer, start)
                _session(client, stage.at, days=1 + number % 9, hour=9 + number % 8)
                version = stage.library["e10" if number % 5 == 3 else "e01"]
                given = self._give(
                    stage, carer, version, stage.at - timedelta(days=6), client=client
                )
                if number % 2:
                    # After it was given, however many they are.
                    ago = timedelta(hours=7 * number % 140 + 3)
                    self._answer(stage, given, client, stage.at - ago, 0.5)
                if before and before[0] == carer and number % 6 == 4:
                    couple = self._couple(stage, before[1], client, carer, start)
                    _session(couple, stage.at, days=2 + number % 5, hour=10 + number % 7)
                    since = stage.at - timedelta(days=2)
                    self._give(stage, carer, stage.library["e11"], since, couple=couple)
            before = carer, client

    def _carer(self, stage: Stage, number: int) -> str:
        """Return who cares for this client; a colleague joins when the others are busy."""
        if number < FIRST_CLIENTS:
            return MEMBERS[1][0] if number % 3 == 2 else MEMBERS[0][0]
        which = (number - FIRST_CLIENTS) // CLIENTS_EACH
        email = f"colleague.{which}@hillside.example"
        if email not in stage.members:
            first = story.FIRST_NAMES[(which * 5 + 3) % len(story.FIRST_NAMES)]
            last = story.LAST_NAMES[(which * 7 + 1) % len(story.LAST_NAMES)]
            with scope(practice=stage.practice.pk):
                user = _user(email, f"{first} {last}")
                stage.members[email] = _seat(stage.practice, user, stage.at)
        return email

    def _riverside(self, at: datetime, hillside: Stage) -> None:
        """Make the second practice: Zoe's, where Uma works as well."""
        stage = self._practice("Riverside Practice", at)
        zoe = "zoe@riverside.example"
        uma = _user("uma@both.example", "Uma Lindqvist")
        with scope(practice=stage.practice.pk):
            stage.members[zoe] = Membership.objects.create(
                practice=stage.practice,
                user=_user(zoe, "Zoe Marchetti"),
                roles=["therapist", "admin"],
                joined_at=at - timedelta(days=300),
            )
            _seat(stage.practice, uma, at)
            self._client(stage, "zack@mail.example", "Zack Oyelaran", zoe, at - timedelta(days=30))
        with scope(practice=hillside.practice.pk):
            _seat(hillside.practice, uma, at)

    def _client(self, stage: Stage, email: str, name: str, carer: str, at: datetime) -> Client:
        client = Client.objects.create(
            practice=stage.practice,
            user=_user(email, name),
            name=name,
            email=email,
            zone=ZONE,
            created_at=at,
            joined_at=at,
        )
        ContactPreference.objects.create(
            practice=stage.practice,
            client=client,
            reminder_time=stage.practice.reminder_time,
            quiet_from=stage.practice.quiet_from,
            quiet_until=stage.practice.quiet_until,
        )
        Caseload.objects.create(
            practice=stage.practice, member=stage.members[carer], client=client, from_at=at
        )
        joining.consent(by=client_of(client), at=at, client=client, language="en")
        return client

    def _couple(
        self, stage: Stage, first: Client, second: Client, carer: str, at: datetime
    ) -> Couple:
        for client in (first, second):
            Clearance.objects.create(
                practice=stage.practice,
                client=client,
                cleared=True,
                attested_by=stage.members[carer],
                attested_at=at,
                recheck_at=stage.at + timedelta(days=40),
            )
        return Couple.objects.create(
            practice=stage.practice, first=first, second=second, linked_at=at
        )

    def _give(
        self,
        stage: Stage,
        therapist: str,
        version: ExerciseVersion,
        at: datetime,
        *,
        client: Client | None = None,
        couple: Couple | None = None,
        days: int = 7,
    ) -> UUID:
        wall = at.astimezone(ZoneInfo(ZONE)).replace(tzinfo=UTC)
        assignment = assigning.assign(
            by=stage.therapist(therapist),
            at=at,
            version=version,
            client=client,
            couple=couple,
            when=assigning.Schedule(
                opens_local=wall - timedelta(minutes=1),
                due_local=datetime.combine(
                    (wall + timedelta(days=days)).date(), time(21, 0), tzinfo=UTC
                ),
            ),
            note=stage.random.choice(story.NOTES),
        )
        return assignment.pk

    def _answer(
        self,
        stage: Stage,
        assignment: UUID,
        client: Client,
        at: datetime,
        lean: float,
        *,
        until: int = 99,
        send: bool = True,
    ) -> None:
        by = client_of(client)
        homework = Homework.objects.get(assignment_id=assignment, client=client)
        homework = homework_of(by, homework.pk)
        said = [
            _say(item, stage.random, lean)
            for item in homework.version.definition.items[: until + 1]
            if item.is_asked and item.stage != definitions.Stage.RELEASE
        ]
        responding.save(by=by, at=at, homework=homework, said=said)
        if send:
            responding.submit(by=by, at=at, homework=homework_of(by, homework.pk))

    def _log(
        self,
        stage: Stage,
        assignment: UUID,
        client: Client,
        at: datetime,
        *,
        days: int,
        lean: float,
    ) -> None:
        by = client_of(client)
        pk = Homework.objects.get(assignment_id=assignment, client=client).pk
        log = homework_of(by, pk).version.definition.logs[0]
        for day in range(days):
            for _moment in range(stage.random.choice([0, 1, 1, 2] if lean < 0.5 else [0, 0, 1, 1])):
                when = at + timedelta(days=day, hours=stage.random.randint(1, 11))
                entry = responding.add_entry(
                    by=by, at=when, homework=homework_of(by, pk), log_key=log.key, happened_at=when
                )
                said = [_say(item, stage.random, lean, when) for item in log.items if item.is_asked]
                responding.save(
                    by=by, at=when, homework=homework_of(by, pk), said=said, entry=entry
                )

    def _reply(
        self,
        stage: Stage,
        therapist: str,
        assignment: UUID,
        client: Client,
        at: datetime,
        *,
        returned: frozenset[str] = frozenset(),
    ) -> None:
        by = stage.therapist(therapist)
        pk = Homework.objects.get(assignment_id=assignment, client=client).pk
        homework = homework_of(by, pk)
        reviewing.open_rounds(by=by, at=at, homework=homework)
        keys = [item.key for item in homework.version.definition.items if item.is_asked]
        comments = {
            key: stage.random.choice(story.COMMENTS) for key in stage.random.sample(keys, 2)
        }
        review = reviewing.send(
            by=by,
            at=at,
            homework=homework,
            draft=reviewing.Draft(
                words=stage.random.choice(story.LETTERS),
                comments=comments | dict.fromkeys(returned, story.COMMENTS[0]),
                returned=returned,
                decision="returned" if returned else "reviewed",
            ),
        )
        clockwork.tick_practice(stage.practice.pk, at + timedelta(minutes=3))
        if not returned and at < stage.at - timedelta(days=6):
            reviewing.note_seen(by=client_of(client), at=at + timedelta(hours=6), review=review)


def _say(item: Any, random: Random, lean: float, when: datetime | None = None) -> responding.Said:
    if item.kind is definitions.ItemKind.DATETIME and when:
        return responding.Said(item.key, when.strftime("%Y-%m-%dT%H:%M"))
    if item.kind is definitions.ItemKind.DATE:
        day = (when or now()) - timedelta(days=random.randint(1, 3))
        return responding.Said(item.key, day.strftime("%Y-%m-%d"))
    value = story.value_for(item, random, lean)
    if value is None or (not item.required and random.random() < 0.1):
        return responding.Said(item.key, None, AnswerOutcome.SKIPPED)
    return responding.Said(item.key, value)


@cache
def _hashed() -> str:
    """Hash the password everybody shares once: hashing is slow on purpose."""
    return make_password(PASSWORD)


def _user(email: str, name: str) -> User:
    user = User.objects.create(email=email, password=_hashed(), name=name, zone=ZONE, is_demo=True)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def _seat(practice: Practice, user: User, at: datetime) -> Membership:
    return Membership.objects.create(
        practice=practice, user=user, roles=["therapist"], joined_at=at - timedelta(days=90)
    )


def _session(row: Client | Couple, at: datetime, *, days: int, hour: int) -> None:
    wall = at.astimezone(ZoneInfo(ZONE)) + timedelta(days=days)
    if wall.weekday() > FRIDAY:
        wall += timedelta(days=7 - wall.weekday())
    row.next_session_at = wall.replace(hour=hour, minute=30, second=0)
    row.save(update_fields=["next_session_at"])
