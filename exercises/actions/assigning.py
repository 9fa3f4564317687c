"""Give an exercise to a client or a couple, and take it away again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import F, Func, IntegerField, Max, Q, TextField, Value
from django.db.models.functions import Cast
from django.http import Http404
from django.utils.translation import gettext as _

from clients.actions.caring import hold_linked, require_linked
from clients.actions.clearances import cleared
from clients.models import Client, Couple
from clients.permissions import NOBODY, cared_for, reachable_couples
from exercises import schedule
from exercises.actions import gate, reminding
from exercises.actions.moving import apply_move
from exercises.actions.sealing import sealed
from exercises.models import Assignment, ExerciseVersion, Homework
from exercises.permissions import may_assign
from exercises.workflow import BY_MOVE, Move
from practice.actions import auditing
from practice.actors import Actor, system
from practice.errors import BadInput, NotPossible

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
class _Time:
    """One time somebody has it."""

    slot: int
    opens_at: datetime
    due_local: datetime | None
    due_at: datetime | None

    def is_over(self, at: datetime) -> bool:
        return self.due_at is not None and self.due_at <= at


def assign(
    *,
    by: Actor,
    at: datetime,
    version: ExerciseVersion,
    client: Client | None = None,
    couple: Couple | None = None,
    when: Schedule,
    note: str = "",
) -> Assignment:
    """Give `version` to a client, or to both of a couple, each in a sealed homework of their own.

    Raises PermissionDenied without the right, Http404 for somebody else's client, NotPossible
    when the gate is closed, BadInput for days that don't fit.
    """
    if not may_assign(by):
        raise PermissionDenied
    people = _people(by, client, couple)
    if version.practice_id != by.practice_id:
        raise Http404
    _check_gate(version, people, couple, at)
    check_days(when.opens_local, when.due_local, at)
    if when.due_local and when.opens_local and when.due_local <= when.opens_local:
        raise before_it_opens()
    zone = by.zone if couple else people[0].zone
    assignment = Assignment(
        practice_id=by.practice_id,
        version=version,
        client=None if couple else client,
        couple=couple,
        assigned_by_id=by.member_id or NOBODY,
        opens_local=when.opens(zone, at),
        due_local=when.due(zone, at),
        rrule=when.rrule,
        reminders_on=when.reminders_on,
        assigned_at=at,
    )
    _check_rule(assignment, people, at)
    _check_due(assignment, people, at, when)
    with transaction.atomic():
        if couple:  # who may have been parted since they were asked for
            hold_linked(couple)
        assignment.sealed_note = sealed(assignment, "sealed_note", note)
        assignment.save(force_insert=True)
        for person in people:
            _plan_occurrences(assignment, person, at=at, when=when)
        auditing.record(
            by=by,
            at=at,
            action="assignment.assigned",
            object_kind="assignment",
            object_id=assignment.pk,
            client_id=people[0].pk if len(people) == 1 else None,
            couple=str(couple.pk) if couple else None,
            people=len(people),
            repeating=bool(when.rrule),
        )
    reminding.nudge()
    return assignment


class Part(StrEnum):
    """How much of a series is withdrawn."""

    ALL = "all"
    # One occurrence and those that come after it.
    LATER = "later"
    ONE = "one"


def withdraw(
    *,
    by: Actor,
    at: datetime,
    assignment: Assignment,
    part: Part = Part.ALL,
    slot: int = 0,
    client: Client | None = None,
) -> int:
    """Take an assignment back, or `part` of a series from `slot` on: whoever has not handed it in no
    longer sees it, and unless it is one occurrence alone no more are planned for them.

    What they wrote is kept. Of work for two one's own clients' alone, or only this `client`'s; for the
    other it goes on. Returns how many homeworks were withdrawn. Raises Http404 for an assignment to
    nobody in one's care.
    """
    if not may_assign(by):
        raise PermissionDenied
    # Of two who have a therapist each by now, one's own.
    own = cared_for(by).filter(homeworks__assignment=assignment)
    theirs = set(own.filter(**{"pk": client.pk} if client else {}).values_list("pk", flat=True))
    if not theirs:
        raise Http404
    wanted = {Part.ALL: Q(), Part.LATER: Q(slot__gte=slot), Part.ONE: Q(slot=slot)}[part]
    with transaction.atomic():
        _hold(assignment)
        homeworks = list(
            Homework.objects.select_for_update(of=("self",))
            .select_related("client")
            .filter(
                wanted,
                client__in=theirs,
                assignment=assignment,
                status__in=BY_MOVE[Move.WITHDRAW].sources,
            )
            .order_by("pk")
        )
        for homework in homeworks:
            apply_move(homework, Move.WITHDRAW, by=by, at=at)
            reminding.cancel_for_homework(homework.pk, reason="withdrawn")
        if part is not Part.ONE:
            _end(assignment, theirs, at)
        auditing.record(
            by=by,
            at=at,
            action="assignment.withdrawn",
            object_kind="assignment",
            object_id=assignment.pk,
            client_id=assignment.client_id,
            couple=str(assignment.couple_id) if assignment.couple_id else None,
            people=len(homeworks),
            part=part,
        )
    return len(homeworks)


@dataclass(frozen=True)
class Share:
    """One person's share of what repeats, and the last of its occurrences that is planned."""

    assignment_id: UUID
    client_id: UUID
    opens_local: datetime
    due_local: datetime | None
    rrule: str
    zone: str
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
            last_slot=Max("slot"),
        )
        .filter(Q(times=None) | Q(last_slot__lt=F("times") - 1))
        .order_by("assignment_id", "client_id")
    )
    return [Share(**share) for share in shares]


def _of_rule(pattern: str) -> Func:
    return Func(
        F("assignment__rrule"), Value(pattern), function="substring", output_field=TextField()
    )


def lacks(share: Share, at: datetime) -> bool:
    """Say whether an occurrence of it is still to be planned, and not over already."""
    return any(
        one.slot > share.last_slot and not one.is_over(at) for one in _times(share, share.zone, at)
    )


def extend(share: Share, *, at: datetime) -> bool:
    """Plan what this share lacks; say whether it goes on, neither withdrawn nor discharged.

    Runs inside the calling transaction, and keeps who withdraws waiting until that ends.
    """
    client = Client.objects.filter(pk=share.client_id, discharged_at=None).first()
    assignment = Assignment.objects.filter(pk=share.assignment_id).first()
    if client is None or assignment is None or not _hold(assignment):
        return False
    if not assignment.goes_on_for(client.pk):
        return False
    is_closed = bool(gate.closed([assignment], at))
    _plan_occurrences(assignment, client, at=at, opens_now=not is_closed)
    return True


def _hold(assignment: Assignment) -> bool:
    """Keep planning and withdrawing apart until this transaction ends, with what stands by now; say
    whether it goes on for anybody."""
    held = Assignment.objects.select_for_update(no_key=True).filter(pk=assignment.pk)
    assignment.withdrawn_at, assignment.ended_for = held.values_list(
        "withdrawn_at", "ended_for"
    ).get()
    return assignment.withdrawn_at is None


def _recipients(assignment: Assignment) -> list[Client]:
    if assignment.couple:
        return [assignment.couple.first, assignment.couple.second]
    return [assignment.client] if assignment.client else []


def _end(assignment: Assignment, clients: set[UUID], at: datetime) -> None:
    """Plan no more for these; once it has ended for all it was given to, it is withdrawn."""
    assignment.ended_for = sorted({*assignment.ended_for, *clients})
    if assignment.withdrawn_at is None and not any(
        assignment.goes_on_for(one.pk) for one in _recipients(assignment)
    ):
        assignment.withdrawn_at = at
    assignment.save(update_fields=["ended_for", "withdrawn_at"])


def _people(by: Actor, client: Client | None, couple: Couple | None) -> list[Client]:
    people = [couple.first, couple.second] if couple else [client] if client else []
    if not people or cared_for(by).filter(pk__in=[p.pk for p in people]).count() != len(people):
        raise Http404
    if couple and not reachable_couples(by).filter(pk=couple.pk).exists():
        raise Http404
    if couple:
        require_linked(couple)
    if any(person.discharged_at for person in people):
        raise NotPossible(_("Their care has ended. Take it up again first."))
    return people


def _check_gate(
    version: ExerciseVersion, people: list[Client], couple: Couple | None, at: datetime
) -> None:
    """Keep the gate of couple work (exercises.actions.gate); `couple` is a linked one."""
    if not gate.is_for_two(version):
        return
    if couple is None:
        raise NotPossible(_("This exercise is for two. Assign it to a couple."))
    pair = {person.pk for person in people}
    if cleared(pair, at) != pair:
        raise NotPossible(
            _(
                "Couple work is not cleared for both yet. "
                "Speak with each of them alone, then note it on their page."
            ),
            code="not_cleared",
        )


def is_near(day: datetime, at: datetime) -> bool:
    """Say whether somebody can mean this day."""
    return -FURTHEST < day - at < FURTHEST


def check_days(opens: datetime | None, due: datetime | None, at: datetime) -> None:
    """Keep to days that can be meant: at the calendar's ends there is no zone to count in."""
    days = {"opens": opens, "due": due}
    far = [name for name, day in days.items() if day and not is_near(day, at)]
    if far:
        raise BadInput({name: [_("Choose a day within the next two years.")] for name in far})


def _check_rule(given: Assignment, people: list[Client], at: datetime) -> None:
    """Keep to rules we can read, and that ever come true."""
    if not given.rrule:
        return
    try:
        schedule.parse_rrule(given.rrule)
    except schedule.ScheduleProblem as problem:
        raise BadInput({"rrule": [str(problem)]}) from problem
    if not all(_slots(given, person.zone, at) for person in people):
        raise BadInput({"rrule": [_("This rule gives no day in the next two years.")]})


def _check_due(given: Assignment, people: list[Client], at: datetime, when: Schedule) -> None:
    """Give nothing that is over already. Of a series for two, whoever's day is over by their own clock
    begins with the next, whatever the other's clock says."""
    is_over = [[one.is_over(at) for one in _times(given, who.zone, at, when)] for who in people]
    if any(all(of_one) or (of_one[0] and not given.couple_id) for of_one in is_over):
        raise over()


def over() -> BadInput:
    """Return what is said of an end that has passed."""
    return BadInput({"due": [_("Choose a day that is still to come.")]})


def before_it_opens() -> BadInput:
    """Return what is said of an end that comes before the beginning."""
    return BadInput({"due": [_("Choose the day it opens, or a later one.")]})


def _plan_occurrences(
    assignment: Assignment,
    client: Client,
    *,
    at: datetime,
    when: Schedule | None = None,
    opens_now: bool = True,
) -> None:
    planned = set(
        Homework.objects.filter(assignment=assignment, client=client).values_list("slot", flat=True)
    )
    for one in _times(assignment, client.zone, at, when):
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


def _times(
    given: Assignment | Share, zone: str, at: datetime, when: Schedule | None = None
) -> Iterator[_Time]:
    """Return when somebody in this zone has it, the first time first, as far as it is planned."""
    if when and not when.rrule:
        # Nothing is there before it is given.
        opens_at = max(at, _instant(when.opens_local, zone) or at)
        due = when.due(zone, at)
        yield _Time(0, opens_at, due, when.session_at or _instant(due, zone))
        return
    length = given.due_local - given.opens_local if given.due_local else None
    for number, slot in enumerate(_slots(given, zone, at)):
        due = slot.local.replace(tzinfo=UTC) + length if length else None
        yield _Time(number, slot.utc, due, _instant(due, zone))


def _instant(wall: datetime | None, zone: str) -> datetime | None:
    return schedule.resolve(wall.replace(tzinfo=None), zone) if wall else None


def _slots(given: Assignment | Share, zone: str, at: datetime) -> list[schedule.Slot]:
    """Return what is planned of a series: all within the horizon, else the first there ever is."""
    rule, first = schedule.parse_rrule(given.rrule), given.opens_local.replace(tzinfo=None)
    horizon = at + timedelta(days=HORIZON_DAYS)
    return schedule.slots(rule, first, zone, until=horizon) or schedule.slots(
        rule, first, zone, until=at + FURTHEST, limit=1
    )
