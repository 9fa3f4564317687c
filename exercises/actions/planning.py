"""Which times somebody has what was assigned: once, or as a rule says, planned some weeks ahead."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Func, IntegerField, Max, Q, TextField, Value
from django.db.models.functions import Cast

from clients.models import Client
from exercises import schedule
from exercises.actions import gate, reminding
from exercises.actions.moving import apply_move
from exercises.models import Assignment, Homework
from exercises.workflow import Move
from practice.actors import system

# Recurring work is planned this far ahead (docs/reminders.md); its very first time always is.
HORIZON_DAYS = 35
FURTHEST = timedelta(days=730)
EVENING = time(21, 0)
# How a rule that ends says so, for PostgreSQL. What is written in another way is taken for endless.
UNTIL, COUNT = "(?i)UNTIL=([0-9]{8})", r"(?i)COUNT=\+?([0-9]{1,4})(?![0-9])"


@dataclass(frozen=True)
class Schedule:
    """When: once or repeating (RFC 5545).

    What was picked are wall times, the same for each by their own clock. "Now" and a session are
    instants, the same for all: what each one's clock says then follows from their own zone alone,
    so that nobody can tell by it where their partner is.
    """

    # None: now.
    opens_local: datetime | None = None
    due_local: datetime | None = None
    # Instead of `due_local`: until the evening of the day so many days on, or until a session: its
    # hour, and whose it is (a client's own or a couple's, by their id).
    days: int | None = None
    session_at: datetime | None = None
    session_of: UUID | None = None
    rrule: str = ""
    reminders_on: bool = True

    def opens(self, zone: str, at: datetime) -> datetime:
        """Return the wall time by this clock at which it opens."""
        return self.opens_local or schedule.wall_time(at, zone).replace(microsecond=0)

    def due(self, zone: str, at: datetime) -> datetime | None:
        """Return the wall time by this clock until which it is there, if it has an end."""
        if self.session_at:
            return schedule.wall_time(self.session_at, zone)
        if self.days is not None:
            day = schedule.local_time(at, zone).date() + timedelta(days=self.days)
            return datetime.combine(day, EVENING, tzinfo=UTC)
        return self.due_local


@dataclass(frozen=True)
class Time:
    """One time somebody has it."""

    slot: int
    opens_at: datetime
    due_local: datetime | None
    due_at: datetime | None

    def is_over(self, at: datetime) -> bool:
        """Say whether its end has passed."""
        return self.due_at is not None and self.due_at <= at


@dataclass(frozen=True)
class Share:
    """One person's share of what repeats, and the last of its occurrences that is planned."""

    assignment_id: UUID
    client_id: UUID
    opens_local: datetime
    due_local: datetime | None
    rrule: str
    zone: str
    ended_for: list[UUID]
    last_slot: int


def unfinished_shares(practice_id: UUID, at: datetime) -> list[Share]:
    """Return each person's share of what repeats in one practice and may still want planning.

    The database leaves out what is over, so that series of years ago cost nothing: of COUNT all are
    planned, or UNTIL is longer ago than planning reaches ahead. One question, however many there
    are. Everybody has a first occurrence since it was given to them, and so is found by it.
    """
    longest_ago = f"{at - timedelta(days=HORIZON_DAYS + 2):%Y%m%d}"
    shares = (
        Homework.objects.filter(
            assignment__practice_id=practice_id,
            assignment__withdrawn_at=None,
            client__discharged_at=None,
        )
        .exclude(assignment__rrule="")
        .alias(until=_of_rule(UNTIL), times=Cast(_of_rule(COUNT), IntegerField()))
        .filter(Q(until=None) | Q(until__gte=longest_ago))
        .values("assignment_id", "client_id")
        .annotate(
            opens_local=F("assignment__opens_local"),
            due_local=F("assignment__due_local"),
            rrule=F("assignment__rrule"),
            zone=F("client__zone"),
            ended_for=F("assignment__ended_for"),
            last_slot=Max("slot"),
        )
        .filter(Q(times=None) | Q(last_slot__lt=F("times") - 1))
        .order_by("assignment_id", "client_id")
    )
    found = (Share(**share) for share in shares)
    return [one for one in found if one.client_id not in one.ended_for]


def _of_rule(pattern: str) -> Func:
    return Func(
        F("assignment__rrule"), Value(pattern), function="substring", output_field=TextField()
    )


def lacks(share: Share, at: datetime) -> bool:
    """Say whether an occurrence of it is still to be planned, and not over already."""
    return any(
        one.slot > share.last_slot and not one.is_over(at)
        for one in times_of(share, share.zone, at)
    )


def extend(share: Share, *, at: datetime) -> bool:
    """Plan what this share lacks; say whether it goes on, neither withdrawn nor discharged.

    Runs inside the calling transaction, and keeps who withdraws waiting until that ends.
    """
    client = Client.objects.filter(pk=share.client_id, discharged_at=None).first()
    assignment = Assignment.objects.filter(pk=share.assignment_id).first()
    if client is None or assignment is None or not hold(assignment):
        return False
    if not assignment.goes_on_for(client.pk):
        return False
    # What is for two opens with the clock, which looks at the gate for both at once.
    plan_occurrences(assignment, client, at=at, opens_now=not gate.is_gated(assignment))
    return True


def hold(assignment: Assignment) -> bool:
    """Keep planning and withdrawing apart until this transaction ends, with what stands by now; say
    whether it goes on for anybody."""
    held = Assignment.objects.select_for_update(no_key=True).filter(pk=assignment.pk)
    assignment.withdrawn_at, assignment.ended_for = held.values_list(
        "withdrawn_at", "ended_for"
    ).get()
    return assignment.withdrawn_at is None


def plan_occurrences(
    assignment: Assignment,
    client: Client,
    *,
    at: datetime,
    when: Schedule | None = None,
    opens_now: bool = True,
) -> None:
    """Plan what somebody has not got of it yet, and is not over; open what has come already, unless
    that is not to be (`opens_now`)."""
    planned = set(
        Homework.objects.filter(assignment=assignment, client=client).values_list("slot", flat=True)
    )
    for one in times_of(assignment, client.zone, at, when):
        if one.slot in planned or one.is_over(at):
            continue
        homework = Homework(
            practice_id=assignment.practice_id,
            assignment=assignment,
            client=client,
            version_id=assignment.version_id,
            slot=one.slot,
            opens_at=one.opens_at,
            due_local=one.due_local,
            due_at=one.due_at,
            zone=client.zone,
            session_of=when.session_of if when else None,
            created_at=at,
        )
        try:
            with transaction.atomic():
                homework.save(force_insert=True)
        except IntegrityError:  # another planner was here first
            continue
        if opens_now and homework.opens_at <= at:
            apply_move(homework, Move.OPEN, by=system(assignment.practice_id), at=at)
        reminding.plan_for_homework(homework, at)


def times_of(
    given: Assignment | Share, zone: str, at: datetime, when: Schedule | None = None
) -> Iterator[Time]:
    """Return when somebody in this zone has it, the first time first, as far as it is planned."""
    if when and not when.rrule:
        # Nothing is there before it is given.
        opens_at = max(at, _instant(when.opens_local, zone) or at)
        due = when.due(zone, at)
        yield Time(0, opens_at, due, when.session_at or _instant(due, zone))
        return
    length = given.due_local - given.opens_local if given.due_local else None
    for number, slot in enumerate(slots_of(given, zone, at)):
        due = slot.local.replace(tzinfo=UTC) + length if length else None
        yield Time(number, slot.utc, due, _instant(due, zone))


def _instant(wall: datetime | None, zone: str) -> datetime | None:
    return schedule.resolve(wall.replace(tzinfo=None), zone) if wall else None


def slots_of(given: Assignment | Share, zone: str, at: datetime) -> list[schedule.Slot]:
    """Return what is planned of a series: all within the horizon, else the first there ever is."""
    rule, first = schedule.parse_rrule(given.rrule), given.opens_local.replace(tzinfo=None)
    horizon = at + timedelta(days=HORIZON_DAYS)
    return schedule.slots(rule, first, zone, until=horizon) or schedule.slots(
        rule, first, zone, until=at + FURTHEST, limit=1
    )
