"""Make a believable practice: for trying, screenshots, tests and benchmarks. The same every time."""

from argparse import ArgumentParser
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils.timezone import now

from clients.actions.clearances import RECHECK
from clients.models import Caseload, Clearance, Client, ContactPreference, Couple
from exercises import definition as definitions
from exercises.actions import publishing
from exercises.management import story
from exercises.management.stage import OFFICE, ZONE, Stage, on, within
from exercises.models import ExerciseVersion
from practice.crypto import new_wrapped_key
from practice.models import Membership, Practice, PracticeKey, Role, Supervision, User
from practice.tenancy import scope

PASSWORD = "a lamp in the window at dusk"  # noqa: S105 -- demo people only, on a database of our own
MEMBERS = [
    ("dana@hillside.example", "Dana Whitlock", [Role.THERAPIST]),
    ("omar@hillside.example", "Omar Castellan", [Role.THERAPIST]),
    ("ruth@hillside.example", "Ruth Abernathy", [Role.ADMIN]),
    ("sana@hillside.example", "Sana Iqbal", [Role.SUPERVISOR]),
]
DANA = "dana@hillside.example"
# The practices, and so their exercises, are older than anything that was ever given.
OPENED = timedelta(days=400)
# The week in which Ana turned a test into an ask, instead of looking under an argument.
ANA_ASKS = 2
# Dana and Omar see the first clients; of more, a colleague takes this many each.
FIRST_CLIENTS, CLIENTS_EACH = 60, 30
PEOPLE = [
    ("Dana", "therapist", "dana@hillside.example"),
    ("Ana", "client, with Ben", "ana@mail.example"),
    ("Ben", "client, with Ana", "ben@mail.example"),
    ("Noor", "client", "noor@mail.example"),
    ("Lucía", "client, with Mateo, in Spanish", "lucia@mail.example"),
    ("Mateo", "client, with Lucía, in Spanish", "mateo@mail.example"),
    ("Omar", "therapist, colleague", "omar@hillside.example"),
    ("Sana", "supervisor of Dana", "sana@hillside.example"),
    ("Ruth", "admin", "ruth@hillside.example"),
    ("Uma", "therapist in two practices", "uma@both.example"),
    ("Zoe", "therapist and admin of another practice", "zoe@riverside.example"),
    ("Zack", "client of Zoe", "zack@mail.example"),
]


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
                self.stdout.write(f"{name:<6} {what:<30} {email}")
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
            stage.play()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        self.stdout.write("The practice on the hillside is ready.")

    def _practice(self, name: str, at: datetime) -> Stage:
        # Nobody of the demo has a second step, so it asks for none.
        practice = Practice(name=name, zone=ZONE, second_factor_required=False)
        practice.crisis_texts = {
            # Portugal's lines: of the Commission for Citizenship and Gender Equality (cig.gov.pt),
            # and of the health service.
            "en": "If you or someone else is in danger, call 112 now, anywhere in the European"
            " Union.\n"
            "If you are afraid of your partner, or of anyone at home: 800 202 148 in Portugal, free,"
            " at any hour.\n"
            "To talk with someone at any hour in Portugal, call the health line: 808 24 24 24.",
            "es": "Si tú u otra persona están en peligro, llama ahora al 112, en toda la Unión"
            " Europea.\n"
            "Si te da miedo tu pareja, o alguien en casa: 800 202 148 en Portugal, gratis, a"
            " cualquier hora.\n"
            "Para hablar con alguien a cualquier hora en Portugal, llama a la línea de salud:"
            " 808 24 24 24.",
        }
        with scope(practice=practice.pk):
            practice.save(force_insert=True)
            PracticeKey.objects.create(
                practice=practice, number=1, wrapped=new_wrapped_key(practice.pk, 1)
            )
            publishing.publish(practice.pk, definitions.load_library(), at=at - OPENED)
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
                    joined_at=stage.at - OPENED,
                )
            Supervision.objects.create(
                practice=stage.practice,
                supervisor=stage.members["sana@hillside.example"],
                therapist=stage.members[DANA],
            )

    def _cast(self, stage: Stage, weeks: int) -> None:
        start = stage.at - timedelta(weeks=weeks, days=2)
        with scope(practice=stage.practice.pk):
            ana = self._client(stage, "ana@mail.example", "Ana Quintero", DANA, start)
            ben = self._client(stage, "ben@mail.example", "Ben Achterberg", DANA, start)
            noor = self._client(stage, "noor@mail.example", "Noor Haddad", DANA, start)
            couple = self._couple(stage, ana, ben, DANA, start)
            stage.meet(DANA, couple, days=3, hour=17)
            stage.meet(DANA, noor, days=4, hour=11)
            for week in range(weeks):
                at, lean = start + timedelta(weeks=week), week / weeks
                for client, first in ((ana, 0), (ben, 6), (noor, 10)):
                    if client is noor and week == weeks - 1:
                        continue  # she gets the next one in these days, and it is for once a week
                    exercise = "e10" if client is ana and week == ANA_ASKS else "e01"
                    number = first + week
                    self._week(stage, client, at, lean, exercise=exercise, number=number)
                if round(lean * 10) in {0, 5}:
                    self._log_week(stage, ana, at, lean, number=week)
            self._now(stage, couple, noor)
            self._in_spanish(stage, min(weeks, 4))

    def _week(
        self,
        stage: Stage,
        client: Client,
        at: datetime,
        lean: float,
        *,
        number: int,
        exercise: str = "e01",
    ) -> None:
        """Tell one past week: something given, answered some evenings later, answered back."""
        dice = stage.random
        if dice.random() < 0.15:
            return  # weeks are skipped in life, too: the charts show a gap
        morning = on(at, days=0, hour=dice.randint(9, 12), minute=dice.randint(0, 59))
        given = stage.give(DANA, exercise, morning, client=client, number=number)
        evening = on(at, days=2, hour=dice.randint(19, 22), minute=dice.randint(0, 59))
        stage.answer(given, client, evening, lean)
        reply = on(at, days=4, hour=dice.randint(9, 17), minute=dice.randint(0, 59))
        stage.reply(DANA, given, client, reply)

    def _log_week(
        self, stage: Stage, client: Client, at: datetime, lean: float, *, number: int
    ) -> None:
        """Tell a past week with a log beside it."""
        given = stage.give(DANA, "e04", at, client=client, number=number)
        stage.note_moments(given, client, at, days=7, lean=lean)
        stage.answer(given, client, on(at, days=7, hour=20, minute=17), lean)
        stage.reply(DANA, given, client, on(at, days=8, hour=9, minute=40))

    def _now(self, stage: Stage, couple: Couple, noor: Client) -> None:
        """Leave something in every state one would want to look at."""
        at, ana, ben = stage.at, couple.first, couple.second
        # Ana: begun yesterday, not finished; a running log; both: What reaches me.
        begun = stage.give(
            DANA, "e01", at - timedelta(days=2), client=ana, number=8, until_session=True
        )
        stage.answer(begun, ana, at - timedelta(days=1), 0.8, until=5, send=False)
        log = stage.give(DANA, "e04", at - timedelta(days=3), client=ana, until_session=True)
        stage.note_moments(log, ana, at - timedelta(days=3), days=4, lean=0.8)
        both = stage.give(DANA, "e11", at - timedelta(days=1), couple=couple, until_session=True)
        stage.answer(both, ben, at - timedelta(hours=5), 0.7)
        ask = stage.give(DANA, "e10", at - timedelta(days=6), client=noor, until_session=True)
        stage.answer(ask, noor, at - timedelta(days=2), 0.6)
        # Noor got something back this morning, with one place to go deeper.
        deeper = stage.give(
            DANA, "e01", at - timedelta(days=5), client=noor, number=4, until_session=True
        )
        stage.answer(deeper, noor, at - timedelta(days=3), 0.6)
        stage.reply(DANA, deeper, noor, at - timedelta(hours=4), returned=frozenset({"under"}))

    def _in_spanish(self, stage: Stage, weeks: int) -> None:
        """Bring in a couple who write in Spanish, as Dana does to them."""
        at, start = stage.at, stage.at - timedelta(weeks=weeks, days=1)
        lucia, mateo = (
            self._client(stage, email, name, DANA, start, language="es")
            for email, name in (
                ("lucia@mail.example", "Lucía Ferrer"),
                ("mateo@mail.example", "Mateo Robles"),
            )
        )
        couple = self._couple(stage, lucia, mateo, DANA, start)
        stage.meet(DANA, couple, days=5, hour=18)
        for week in range(weeks):
            monday, lean = start + timedelta(weeks=week), week / weeks
            for client, first in ((lucia, 0), (mateo, 1)):
                self._week(stage, client, monday, lean, number=first + 2 * week)
        self._log_week(stage, lucia, at - timedelta(days=12), 0.4, number=0)
        ask = stage.give(DANA, "e10", at - timedelta(days=4), client=mateo, until_session=True)
        stage.answer(ask, mateo, at - timedelta(days=1), 0.6)
        both = stage.give(DANA, "e11", at - timedelta(days=2), couple=couple, until_session=True)
        stage.answer(both, lucia, at - timedelta(hours=20), 0.6)
        stage.give(DANA, "e01", at - timedelta(days=1), client=lucia, until_session=True)

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
                stage.meet(carer, client, days=1 + number % 9, hour=9 + number % 8)
                exercise, given_at = "e10" if number % 5 == 3 else "e01", timedelta(days=6)
                given = stage.give(
                    carer,
                    exercise,
                    stage.at - given_at,
                    client=client,
                    number=3 * number + 1,
                    until_session=True,
                )
                if number % 2:
                    # After it was given, however many they are.
                    ago = timedelta(hours=7 * number % 140 + 3)
                    stage.answer(given, client, stage.at - ago, 0.5)
                if before and before[0] == carer and number % 6 == 4:
                    couple = self._couple(stage, before[1], client, carer, start)
                    stage.meet(carer, couple, days=2 + number % 5, hour=10 + number % 7)
                    stage.give(
                        carer,
                        "e11",
                        stage.at - timedelta(days=2),
                        couple=couple,
                        until_session=True,
                    )
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
        stage.play()
        with scope(practice=hillside.practice.pk):
            _seat(hillside.practice, uma, at)

    def _client(
        self,
        stage: Stage,
        email: str,
        name: str,
        carer: str,
        at: datetime,
        *,
        language: str = "en",
    ) -> Client:
        at = within(at, OFFICE)
        client = Client.objects.create(
            practice=stage.practice,
            user=_user(email, name, language),
            name=name,
            email=email,
            zone=ZONE,
            language=language,
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
        stage.agree(client, at)
        return client

    def _couple(
        self, stage: Stage, first: Client, second: Client, carer: str, at: datetime
    ) -> Couple:
        cleared_at = max(at, stage.at - RECHECK + timedelta(days=40))
        for client in (first, second):
            Clearance.objects.create(
                practice=stage.practice,
                client=client,
                cleared=True,
                attested_by=stage.members[carer],
                attested_at=cleared_at,
                recheck_at=cleared_at + RECHECK,
            )
            client.was_in_couple = True
            client.save(update_fields=["was_in_couple"])
        stage.partners |= {first.pk: second.name_to_call, second.pk: first.name_to_call}
        return Couple.objects.create(
            practice=stage.practice, first=first, second=second, linked_at=at
        )


@cache
def _hashed() -> str:
    """Hash the password everybody shares once: hashing is slow on purpose."""
    return make_password(PASSWORD)


def _user(email: str, name: str, language: str = "en") -> User:
    user = User.objects.create(
        email=email, password=_hashed(), name=name, zone=ZONE, language=language, is_demo=True
    )
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def _seat(practice: Practice, user: User, at: datetime) -> Membership:
    return Membership.objects.create(
        practice=practice, user=user, roles=["therapist"], joined_at=at - timedelta(days=90)
    )
