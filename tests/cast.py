"""The cast: the same people in every test, and the moves they make.

Dana cares for Ana and Ben (a couple) and Noor; Omar is her colleague; Ruth runs the practice;
Sana supervises Dana; Zoe works in another practice, with a client of her own (Zack); Uma works in
both practices: she reveals a forgotten tenant filter.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from allauth.account.models import EmailAddress
from django.test import Client as Browser
from django.utils.timezone import now

from clients.actions import noting
from clients.actors import client_actor
from clients.models import Caseload, Clearance, Client, ContactPreference, Couple
from exercises import definition as definitions
from exercises.actions import (
    assigning,
    clockwork,
    flagging,
    moments,
    planning,
    publishing,
    responding,
    reviewing,
    rounds,
)
from exercises.definition import Definition
from exercises.models import Assignment, ExerciseVersion, FlagKind, Homework, Review
from exercises.queries.homework import homework as homework_of
from practice.actors import Actor, member_actor
from practice.crypto import keyring, new_wrapped_key
from practice.models import Membership, Practice, PracticeKey, Supervision, User
from practice.tenancy import scope

PASSWORD = "a lamp in the window at dusk"
ZONE = "Europe/Lisbon"


@dataclass
class Person:
    """Somebody with a seat: a member, or a client."""

    user: User
    practice: Practice
    member: Any = None
    client: Any = None

    @property
    def actor(self) -> Actor:
        """Return who they are now, resolved afresh as on each request."""
        with scope(practice=self.practice.pk, user=self.user.pk):
            found = (
                client_actor(self.user, self.client.pk)
                if self.client
                else member_actor(self.user, self.member.pk if self.member else None)
            )
        assert found is not None, "this person has no seat any more"
        return found[0]

    def browser(self) -> Browser:
        """Return a test browser signed in as this person."""
        browser = Browser()
        browser.force_login(
            self.user, backend="allauth.account.auth_backends.AuthenticationBackend"
        )
        session = browser.session
        session["seat"] = f"client:{self.client.pk}" if self.client else f"member:{self.member.pk}"
        # Signed in a moment ago, with a second factor where the practice asks for one.
        session["account_authentication_methods"] = [
            {
                "method": "password",
                "at": now().timestamp(),
                "email": self.user.email,
                "reauthenticated": True,
            }
        ]
        session["account_authentication_methods_user"] = str(self.user.pk)
        session.save()
        return browser


def make_practice(name: str) -> Practice:
    """Make a practice with its data key."""
    practice = Practice(name=name, zone=ZONE, second_factor_required=False)
    practice.crisis_texts = {"en": "Call 112, or the line of your country, at any hour."}
    with scope(practice=practice.pk):
        practice.save(force_insert=True)
        PracticeKey.objects.create(
            practice=practice, number=1, wrapped=new_wrapped_key(practice.pk, 1)
        )
    return practice


def make_user(email: str, name: str) -> User:
    """Make a person with a verified address and a password."""
    user = User.objects.create_user(email, PASSWORD, name=name, zone=ZONE)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def make_member(practice: Practice, email: str, name: str, *roles: str, user: Any = None) -> Person:
    """Give somebody a seat."""
    user = user or make_user(email, name)
    with scope(practice=practice.pk):
        member = Membership.objects.create(
            practice=practice, user=user, roles=list(roles), joined_at=now()
        )
    return Person(user, practice, member=member)


def make_client(
    practice: Practice, email: str, name: str, carer: Person, user: Any = None
) -> Person:
    """Bring somebody into care, joined and with the practice's contact times."""
    user = user or make_user(email, name)
    at = now() - timedelta(days=30)
    with scope(practice=practice.pk):
        client = Client.objects.create(
            practice=practice,
            user=user,
            name=name,
            email=user.email,
            zone=ZONE,
            created_at=at,
            joined_at=at,
        )
        ContactPreference.objects.create(
            practice=practice,
            client=client,
            reminder_time=time(19, 30),
            quiet_from=time(22, 0),
            quiet_until=time(8, 0),
        )
        Caseload.objects.create(practice=practice, member=carer.member, client=client, from_at=at)
    return Person(user, practice, client=client)


@pytest.fixture(autouse=True)
def _fresh_keys() -> Iterator[None]:
    keyring.forget()
    yield
    keyring.forget()


@pytest.fixture
def practice(db: None) -> Practice:
    return make_practice("Hillside Practice")


@pytest.fixture
def other_practice(db: None) -> Practice:
    return make_practice("Riverside Practice")


@pytest.fixture
def dana(practice: Practice) -> Person:
    return make_member(practice, "dana@hillside.example", "Dana Whitlock", "therapist")


@pytest.fixture
def omar(practice: Practice) -> Person:
    return make_member(practice, "omar@hillside.example", "Omar Castellan", "therapist")


@pytest.fixture
def ruth(practice: Practice) -> Person:
    return make_member(practice, "ruth@hillside.example", "Ruth Abernathy", "admin")


@pytest.fixture
def sana(practice: Practice, dana: Person) -> Person:
    sana = make_member(practice, "sana@hillside.example", "Sana Iqbal", "supervisor")
    with scope(practice=practice.pk):
        Supervision.objects.create(practice=practice, supervisor=sana.member, therapist=dana.member)
    return sana


@pytest.fixture
def zoe(other_practice: Practice) -> Person:
    return make_member(
        other_practice, "zoe@riverside.example", "Zoe Marchetti", "therapist", "admin"
    )


@pytest.fixture
def zack(other_practice: Practice, zoe: Person) -> Person:
    return make_client(other_practice, "zack@mail.example", "Zack Oyelaran", zoe)


@pytest.fixture
def uma(practice: Practice, other_practice: Practice) -> Person:
    """Uma sits in both practices; here she sits in the first."""
    uma = make_member(practice, "uma@both.example", "Uma Lindqvist", "therapist")
    make_member(other_practice, "", "", "therapist", user=uma.user)
    return uma


@pytest.fixture
def ana(practice: Practice, dana: Person) -> Person:
    return make_client(practice, "ana@mail.example", "Ana Quintero", dana)


@pytest.fixture
def ben(practice: Practice, dana: Person) -> Person:
    return make_client(practice, "ben@mail.example", "Ben Achterberg", dana)


@pytest.fixture
def noor(practice: Practice, dana: Person) -> Person:
    return make_client(practice, "noor@mail.example", "Noor Haddad", dana)


@pytest.fixture
def couple(practice: Practice, ana: Person, ben: Person) -> Couple:
    with scope(practice=practice.pk):
        Client.objects.filter(pk__in=[ana.client.pk, ben.client.pk]).update(was_in_couple=True)
        return Couple.objects.create(
            practice=practice, first=ana.client, second=ben.client, linked_at=now()
        )


@pytest.fixture
def cleared(practice: Practice, dana: Person, couple: Couple) -> Couple:
    """Ana and Ben, each cleared for couple work."""
    with scope(practice=practice.pk):
        for client in (couple.first, couple.second):
            Clearance.objects.create(
                practice=practice,
                client=client,
                cleared=True,
                attested_by=dana.member,
                attested_at=now(),
                recheck_at=now() + timedelta(days=90),
            )
    return couple


@pytest.fixture(scope="session")
def shelf() -> list[Definition]:
    """The exercise files, read once."""
    return definitions.load_library()


@pytest.fixture
def library(practice: Practice, shelf: list[Definition]) -> dict[str, ExerciseVersion]:
    """The practice's library: newest version by slug."""
    with scope(practice=practice.pk):
        publishing.publish(practice.pk, shelf, at=now())
        versions = ExerciseVersion.objects.select_related("exercise")
        return {version.exercise.slug: version for version in versions}


@dataclass
class Play:
    """The moves, played for real: no test writes a state."""

    library: dict[str, ExerciseVersion]

    def at(self, person: Person) -> Any:
        """Open this person's scope."""
        return scope(practice=person.practice.pk, user=person.user.pk)

    def assign(
        self,
        by: Person,
        to: Person | Couple,
        slug: str = "e01-under-the-argument",
        *,
        note: str = "",
        days: int = 7,
        opens_in: timedelta = timedelta(0),
        rrule: str = "",
        reminders_on: bool = True,
    ) -> Assignment:
        """Give an exercise, open from now (wall time of the cast's zone) for some days."""
        # What opened before was given before.
        at = now() + min(opens_in, timedelta(0))
        wall = (now() + opens_in).astimezone(ZoneInfo(ZONE)).replace(tzinfo=UTC, microsecond=0)
        with self.at(by):
            return assigning.assign(
                by=by.actor,
                at=at,
                version=self.library[slug],
                client=to.client if isinstance(to, Person) else None,
                couple=to if isinstance(to, Couple) else None,
                when=planning.Schedule(
                    opens_local=wall,
                    due_local=wall + timedelta(days=days) if days else None,
                    rrule=rrule,
                    reminders_on=reminders_on,
                ),
                note=note,
            )

    def homework(self, person: Person, assignment: Assignment) -> Homework:
        """Return this person's homework of an assignment."""
        with self.at(person):
            return Homework.objects.select_related("client", "version__exercise", "assignment").get(
                assignment=assignment, client=person.client, slot=0
            )

    def fresh(self, homework: Homework) -> Homework:
        """Return the homework as it is now."""
        with scope(practice=homework.practice_id):
            return Homework.objects.select_related("client", "version__exercise", "assignment").get(
                pk=homework.pk
            )

    def say(self, person: Person, homework: Homework, **values: Any) -> None:
        """Save answers by item key."""
        with self.at(person):
            responding.save(
                by=person.actor,
                at=now(),
                homework=self.fresh(homework),
                said=[responding.AnswerInput(key, value) for key, value in values.items()],
            )

    def flag(
        self,
        person: Person,
        homework: Homework,
        *,
        kind: FlagKind = FlagKind.SAFETY,
        item: str = "afraid",
    ) -> None:
        """Let an answer ask for a human."""
        with self.at(person):
            flagging.raise_flag(
                by=person.actor, at=now(), homework=homework, item_key=item, kind=kind
            )

    def fill(self, person: Person, homework: Homework, **values: Any) -> None:
        """Save these answers and set every other open item aside."""
        self.say(person, homework, **values)
        homework = self.fresh(homework)
        asked = {item.key for item in homework.version.definition.asked}
        with self.at(person):
            response = responding.begin(by=person.actor, at=now(), homework=homework)
            rest = [
                responding.AnswerInput(key, None, responding.AnswerOutcome.SKIPPED)
                for key in rounds.open_keys(homework, response)
                if key not in values and key in asked
            ]
            responding.save(by=person.actor, at=now(), homework=homework, said=rest)

    def submit(self, person: Person, homework: Homework, **values: Any) -> Homework:
        """Fill what is given, set the rest aside, and hand it in."""
        self.fill(person, homework, **values)
        with self.at(person):
            responding.submit(by=person.actor, at=now(), homework=self.fresh(homework))
        return self.fresh(homework)

    def all_there_is(self, by: Person, person: Person, couple: Couple) -> Homework:
        """Let one of two give a page all it can show: a log for both that they have sent, with what
        was said to it and how they felt after; numbers, a topic, an answer that wants a human."""
        at, who = now(), person.actor
        self.submit(person, self.homework(person, self.assign(by, person)), close_before=4)
        ended = self.homework(person, self.assign(by, person))
        log = self.homework(person, self.assign(by, couple, "e04-reassurance-log"))
        with self.at(person):
            found = homework_of(who, log.pk)
            entry = moments.add_entry(
                by=who, at=at, homework=found, log_key="moments", happened_at=at
            )
            said = [responding.AnswerInput("urge", 5), responding.AnswerInput("form", "words")]
            responding.save(by=who, at=at, homework=found, said=said, entry=entry)
            flagging.raise_flag(
                by=who, at=at, homework=ended, item_key="afraid", kind=FlagKind.TALK
            )
            noting.raise_topic(by=who, at=at, client=person.client, text="The move")
        sent = self.submit(person, log)
        self.review(by, sent, words="I read it.")
        with self.at(person):
            responding.tell_after(by=who, homework=homework_of(who, sent.pk), feeling="lighter")
        return sent

    def review(
        self,
        by: Person,
        homework: Homework,
        *,
        words: str = "",
        comments: dict[str, str] | None = None,
        returned: tuple[str, ...] = (),
        settle: bool = True,
    ) -> Review:
        """Open, answer and send a round; let it settle unless told not to."""
        with self.at(by):
            homework = homework_of(by.actor, homework.pk)
            reviewing.open_rounds(by=by.actor, at=now(), homework=homework)
            review = reviewing.send(
                by=by.actor,
                at=now(),
                homework=homework,
                draft=reviewing.Draft(
                    words=words,
                    comments=comments or {},
                    returned=frozenset(returned),
                    decision="returned" if returned else "reviewed",
                ),
            )
        if settle:
            self.settle(by.practice.pk)
        return review

    def settle(self, practice: UUID, after: timedelta = timedelta(minutes=3)) -> None:
        """Let the two minutes pass."""
        clockwork.tick_practice(practice, now() + after)


@pytest.fixture
def play(library: dict[str, ExerciseVersion]) -> Play:
    return Play(library)
