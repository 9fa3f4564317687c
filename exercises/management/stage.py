"""One practice of the demo while it is being made: real moves, played in the order of time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from operator import itemgetter
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef, QuerySet

from clients.actions import joining
from clients.actors import seat_of
from clients.models import Client, Couple
from exercises import definition as definitions
from exercises.actions import assigning, clockwork, moments, planning, responding, reviewing
from exercises.actions.asking import NUDGES
from exercises.management import story
from exercises.models import (
    AnswerOutcome,
    ExerciseVersion,
    Homework,
    Reminder,
    ReminderReason,
    ReminderState,
    Review,
)
from exercises.queries.homework import homework as homework_of
from exercises.queries.homework import homeworks
from practice.actors import Actor
from practice.models import Membership, Practice
from practice.tenancy import scope

ZONE = "Europe/Lisbon"
# When therapists work, and when clients may be awake.
OFFICE, AWAKE = (9, 19), (7, 23)
FRIDAY = 4


@dataclass
class Given:
    """One exercise for somebody, with what they will write into it."""

    exercise: str
    number: int
    assignment: UUID | None = None

    def homework(self, client: Client) -> Homework:
        """Return it as the client finds it."""
        return homeworks(seat_of(client)).get(assignment=self.assignment)


@dataclass
class Stage:
    """Who is there, and what is to happen when."""

    practice: Practice
    random: Random
    at: datetime
    library: dict[str, ExerciseVersion] = field(default_factory=dict)
    members: dict[str, Membership] = field(default_factory=dict)
    script: list[tuple[datetime, int, Callable[[], object]]] = field(default_factory=list)
    # Whose session each hour of each therapist is.
    hours: dict[tuple[str, datetime], Client | Couple] = field(default_factory=dict)
    # What each of a couple is called, by whom they are a couple with.
    partners: dict[UUID, str] = field(default_factory=dict)

    def play(self) -> None:
        """Play all of it, oldest first, whoever it is about: so the trail is in order, too."""
        with scope(practice=self.practice.pk):
            for _at, _number, move in sorted(self.script, key=itemgetter(0, 1)):
                move()
            mail(Reminder.objects.filter(practice_id=self.practice.pk), self.at)
            self._one_mail_for_an_evening()
        self.script.clear()

    def _one_mail_for_an_evening(self) -> None:
        """Let one of those go that were meant for the same hour, as the pump does."""
        sent = Reminder.objects.filter(
            practice_id=self.practice.pk, kind__in=NUDGES, state=ReminderState.SENT
        )
        before = sent.filter(
            client_id=OuterRef("client_id"), local_at=OuterRef("local_at"), pk__lt=OuterRef("pk")
        )
        others = list(sent.filter(Exists(before)).values_list("pk", flat=True))
        Reminder.objects.filter(pk__in=others).update(
            state=ReminderState.SKIPPED,
            reason=ReminderReason.TOGETHER,
            sent_at=None,
            armed_at=None,
        )

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

    def agree(self, client: Client, at: datetime) -> None:
        """Let a client agree to being here."""
        by = seat_of(client)
        self._then(
            at, partial(joining.consent, by=by, at=at, client=client, language=client.language)
        )

    def meet(self, therapist: str, who: Client | Couple, *, days: int, hour: int) -> None:
        """Note the next session, in the first free hour from then on; a couple has one together."""
        if isinstance(who, Couple):
            alone = {who.first_id, who.second_id}
            Client.objects.filter(pk__in=alone).update(next_session_at=None)
            self.hours = {key: row for key, row in self.hours.items() if row.pk not in alone}
        wall = (local(self.at) + timedelta(days=days)).replace(hour=hour, minute=30, second=0)
        while wall.weekday() > FRIDAY or (therapist, wall) in self.hours:
            wall += timedelta(hours=1)
            if wall.weekday() > FRIDAY or wall.hour >= OFFICE[1]:
                wall = (wall + timedelta(days=1)).replace(hour=OFFICE[0])
        self.hours[therapist, wall] = who
        who.next_session_at = wall
        who.save(update_fields=["next_session_at"])

    def give(
        self,
        therapist: str,
        exercise: str,
        at: datetime,
        *,
        client: Client | None = None,
        couple: Couple | None = None,
        number: int = 0,
        days: int = 7,
        until_session: bool = False,
    ) -> Given:
        """Let a therapist assign something, in their hours; for so many days, or until they meet."""
        at = self._some_time(at, OFFICE)
        given = Given(exercise, number)
        reader = client or (couple.first if couple else None)
        note = story.note(reader.language, exercise, number) if reader else ""

        def move() -> None:
            when = planning.Schedule(days=days)
            if until_session and (session := self._session(couple or client)):
                session_at, of = session
                when = planning.Schedule(session_at=session_at, session_of=of.pk)
            given.assignment = assigning.assign(
                by=self.therapist(therapist),
                at=at,
                version=self.library[exercise],
                client=client,
                couple=couple,
                when=when,
                note=note,
            ).pk

        self._then(at, move)
        return given

    def answer(
        self,
        given: Given,
        client: Client,
        at: datetime,
        lean: float,
        *,
        until: int = 99,
        send: bool = True,
    ) -> None:
        """Let a client write, and hand it in."""
        at, dice, by = self._some_time(at, AWAKE), self._dice(), seat_of(client)
        began = at - timedelta(minutes=dice.randint(6, 18))

        def write() -> None:
            homework = given.homework(client)
            asked = homework.version.definition.items[: until + 1]
            said = _said(
                asked, self._told(given, client).say, story.Mood(client, dice, lean, local(at))
            )
            responding.save(by=by, at=began, homework=homework, said=said)

        def hand_in() -> None:
            homework = given.homework(client)
            mail(Reminder.objects.filter(homework_id=homework.pk), at)
            responding.submit(by=by, at=at, homework=homework)

        self._then(began, write)
        if send:
            self._then(at, hand_in)

    def note_moments(
        self, given: Given, client: Client, since: datetime, *, days: int, lean: float
    ) -> None:
        """Let a client note moments in a log on the days after `since`, up to now."""
        number = self.random.randrange(100)
        for day in range(1, days):
            for _moment in range(self.random.choice([0, 1, 1, 2] if lean < 0.5 else [0, 0, 1, 1])):
                hour, minute = self.random.randint(8, 21), self.random.randint(0, 59)
                at, number = on(since, days=day, hour=hour, minute=minute), number + 1
                mood = story.Mood(client, self._dice(), lean, local(at))
                if at < self.at:
                    self._then(at, partial(self._note, given, mood, number))

    def reply(
        self,
        therapist: str,
        given: Given,
        client: Client,
        at: datetime,
        *,
        returned: frozenset[str] = frozenset(),
    ) -> None:
        """Let a therapist answer on a day of work, and the client read it some hours later."""
        at, by = working(self._some_time(at, OFFICE), self.at), self.therapist(therapist)
        sent: list[Review] = []

        def move() -> None:
            homework = homework_of(by, given.homework(client).pk)
            reviewing.open_rounds(by=by, at=at, homework=homework)
            told, language = self._told(given, client), client.language
            letter = told.letter or story.letter(language, given.exercise, given.number)
            if returned:
                letter = story.letter(language, "deeper", given.number)
            review = reviewing.send(
                by=by,
                at=at,
                homework=homework,
                draft=reviewing.Draft(
                    words=letter,
                    comments=told.comments,
                    returned=returned,
                    decision="returned" if returned else "reviewed",
                ),
            )
            sent.append(review)

        def see() -> None:
            review = sent[0]
            reviewing.note_seen(
                by=seat_of(client),
                at=read_at,
                homework=review.response.homework,
                reviews=[review],
            )

        # Each in its own minute, or the trail would not be in the order of time.
        settled_at, read_at = at + timedelta(minutes=3), at + timedelta(hours=3)
        self._then(at, move)
        self._then(settled_at, partial(clockwork.tick_practice, self.practice.pk, settled_at))
        if not returned and at < self.at - timedelta(days=6):
            self._then(read_at, see)

    def _note(self, given: Given, mood: story.Mood, number: int) -> None:
        by, at, homework = seat_of(mood.client), mood.at, given.homework(mood.client)
        log = homework.version.definition.logs[0]
        entry = moments.add_entry(by=by, at=at, homework=homework, log_key=log.key, happened_at=at)
        partner = self.partners.get(mood.client.pk, "")
        told = story.log_moment(mood.client.language, given.exercise, number, partner)
        homework = homework_of(by, homework.pk)
        said = _said(log.items, told, mood)
        responding.save(by=by, at=at, homework=homework, said=said, entry=entry)

    def _told(self, given: Given, client: Client) -> story.Moment:
        """Return what is said in it, on both sides."""
        partner = self.partners.get(client.pk, "")
        return story.moment(client.language, given.exercise, given.number, partner)

    def _session(self, who: Client | Couple | None) -> tuple[datetime, Client | Couple] | None:
        """Return the hour somebody has, alone or as one of a couple, and whose it is."""
        for (_therapist, at), whose in self.hours.items():
            both = {whose.first_id, whose.second_id} if isinstance(whose, Couple) else set()
            if who and who.pk in {whose.pk, *both}:
                return at, whose
        return None

    def _then(self, at: datetime, move: Callable[[], object]) -> None:
        self.script.append((at, len(self.script), move))

    def _some_time(self, at: datetime, hours: tuple[int, int]) -> datetime:
        """Return a moment of the last such hour that is not after `at`: nobody lives on the dot."""
        wall = local(within(at, hours))
        passed = timedelta(minutes=wall.minute, seconds=wall.second)
        # One throw, however much has passed: what comes after is the same at any minute.
        earlier = self.random.random() * passed
        return (wall - earlier).replace(microsecond=0).astimezone(UTC)

    def _dice(self) -> Random:
        # The same story every time is the point, so no cryptographic dice here.
        return Random(self.random.getrandbits(32))  # noqa: S311


def on(at: datetime, *, days: int, hour: int, minute: int = 0) -> datetime:
    """Return an hour of the day so many days after `at`, where they live."""
    wall = local(at) + timedelta(days=days)
    return wall.replace(hour=hour, minute=minute, second=0).astimezone(UTC)


def local(at: datetime) -> datetime:
    """Return a moment as their clocks show it."""
    return at.astimezone(ZoneInfo(ZONE))


def within(at: datetime, hours: tuple[int, int]) -> datetime:
    """Return `at`, or the last hour before it that lies within these of the day."""
    wall, (first, end) = local(at), hours
    if wall.hour < first:
        wall -= timedelta(days=1)
    if not first <= wall.hour < end:
        wall = wall.replace(hour=end - 1, minute=50)
    return wall.astimezone(UTC)


def working(at: datetime, until: datetime) -> datetime:
    """Return that hour of the next day of work; of the one before, when the next is to come."""
    wall = local(at)
    off = wall.weekday() - FRIDAY
    if off <= 0:
        return at
    monday = (wall + timedelta(days=3 - off)).astimezone(UTC)
    if monday < until - timedelta(hours=1):
        return monday
    return (wall - timedelta(days=off)).astimezone(UTC)


def mail(reminders: QuerySet[Reminder], until: datetime) -> None:
    """Say of the mails that were to go by then that they went: no pump ran in the past."""
    reminders.filter(state=ReminderState.PLANNED, next_at__lte=until).update(
        state=ReminderState.SENT, sent_at=F("next_at"), armed_at=F("next_at"), attempt=1
    )


def _said(
    items: Sequence[definitions.Item], words: Mapping[str, Any], mood: story.Mood
) -> list[responding.AnswerInput]:
    values = {item.key: story.value_for(item, words, mood) for item in items if item.is_asked}
    return [
        responding.AnswerInput(item.key, values[item.key])
        if values[item.key] is not None
        else responding.AnswerInput(item.key, None, AnswerOutcome.SKIPPED)
        for item in definitions.visible_among(items, values)
        if item.is_asked and item.stage is not definitions.Stage.RELEASE
    ]
