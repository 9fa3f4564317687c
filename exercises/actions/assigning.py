"""Give an exercise to a client or a couple, and take it away again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Count, F, Func, IntegerField, Q, TextField, Value
from django.db.models.functions import Cast
from django.http import Http404
from django.utils.translation import gettext as _

from clients.actions.caring import require_linked
from clients.models import Clearance, Client, Couple
from clients.permissions import NOBODY, cared_for, reachable_couples
from exercises import schedule
from exercises.actions import reminding
from exercises.actions.moving import move
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
# How a rule that ends says so, for PostgreSQL. What is written in another way is taken for endless.
UNTIL, COUNT = "(?i)UNTIL=([0-9]{8})", r"(?i)COUNT=\+?([0-9]{1,4})(?![0-9])"


@dataclass(frozen=True)
class Schedule:
    """When: wall times in the client's own zone, once or repeating (RFC 5545)."""

    opens_local: datetime
    due_local: datetime | None = None
    rrule: str = ""
    reminders_on: bool = True


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
    if when.due_local and when.due_local <= when.opens_local:
        raise before_it_opens()
    _check_rule(when, people, at)
    _check_due(when, people, at)
    with transaction.atomic():
        assignment = Assignment(
            practice_id=by.practice_id,
            version=version,
            client=None if couple else client,
            couple=couple,
            assigned_by_id=by.member_id or NOBODY,
            opens_local=when.opens_local,
            due_local=when.due_local,
            rrule=when.rrule,
            reminders_on=when.reminders_on,
            assigned_at=at,
        )
        assignment.sealed_note = sealed(assignment, "sealed_note", note)
        assignment.save(force_insert=True)
        for person in people:
            _plan_occurrences(assignment, person, at=at)
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
    *, by: Actor, at: datetime, assignment: Assignment, part: Part = Part.ALL, slot: int = 0
) -> int:
    """Take an assignment back, or `part` of a series from `slot` on: whoever has not handed it in no
    longer sees it, and unless it is one occurrence alone no more are planned.

    What they wrote is kept. Of work for two one's own clients' alone; of a series no more is planned
    for either. Returns how many homeworks were withdrawn. Raises Http404 for an assignment to nobody
    in one's care.
    """
    if not may_assign(by):
        raise PermissionDenied
    if not cared_for(by).filter(homeworks__assignment=assignment).exists():
        raise Http404
    wanted = {Part.ALL: Q(), Part.LATER: Q(slot__gte=slot), Part.ONE: Q(slot=slot)}[part]
    with transaction.atomic():
        _hold(assignment)
        homeworks = list(
            Homework.objects.select_for_update(of=("self",))
            .select_related("client")
            .filter(
                wanted,
                # Of two who have a therapist each by now, one's own.
                client__in=cared_for(by),
                assignment=assignment,
                status__in=BY_MOVE[Move.WITHDRAW].sources,
            )
            .order_by("pk")
        )
        for homework in homeworks:
            move(homework, Move.WITHDRAW, by=by, at=at)
            reminding.cancel_for_homework(homework.pk, reason="withdrawn")
        if part is not Part.ONE:
            Assignment.objects.filter(pk=assignment.pk, withdrawn_at=None).update(withdrawn_at=at)
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
    """One person's share of what repeats, and how many of its occurrences are planned."""

    assignment_id: UUID
    client_id: UUID
    opens_local: datetime
    rrule: str
    zone: str
    planned: int


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
            rrule=F("assignment__rrule"),
            zone=F("client__zone"),
            planned=Count("pk"),
        )
        .filter(Q(times=None) | Q(planned__lt=F("times")))
        .order_by("assignment_id", "client_id")
    )
    return [Share(**share) for share in shares]


def _of_rule(pattern: str) -> Func:
    return Func(
        F("assignment__rrule"), Value(pattern), function="substring", output_field=TextField()
    )


def lacks(share: Share, at: datetime) -> bool:
    """Say whether an occurrence of it is still to be planned."""
    return len(_openings(share, share.zone, at)) > share.planned


def extend(share: Share, *, at: datetime) -> bool:
    """Plan what this share lacks; say whether it goes on, neither withdrawn nor discharged.

    Runs inside the calling transaction, and keeps who withdraws waiting until that ends.
    """
    client = Client.objects.filter(pk=share.client_id, discharged_at=None).first()
    assignment = Assignment.objects.filter(pk=share.assignment_id).first()
    if client is None or assignment is None or not _hold(assignment):
        return False
    _plan_occurrences(assignment, client, at=at)
    return True


def _hold(assignment: Assignment) -> bool:
    """Keep planning and withdrawing apart until this transaction ends; say whether it goes on."""
    held = Assignment.objects.select_for_update(no_key=True).filter(pk=assignment.pk)
    return held.values_list("withdrawn_at", flat=True).get() is None


def cleared(client: Client, at: datetime) -> bool:
    """Say whether a therapist's attestation for couple work stands for this client."""
    return Clearance.objects.filter(
        client=client, cleared=True, ended_at=None, recheck_at__gt=at
    ).exists()


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
    """Keep the gate of couple work: it needs each partner cleared, by a person, recently."""
    if version.definition.kind not in {"pair", "joint"}:
        return
    if couple is None:
        raise NotPossible(_("This exercise is for two. Assign it to a couple."))
    if not all(cleared(person, at) for person in people):
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


def _check_rule(when: Schedule, people: list[Client], at: datetime) -> None:
    """Keep to rules we can read, and that ever come true."""
    if not when.rrule:
        return
    try:
        rule = schedule.parse_rrule(when.rrule)
    except schedule.ScheduleProblem as problem:
        raise BadInput({"rrule": [str(problem)]}) from problem
    if not all(_slots(rule, when.opens_local, person.zone, at) for person in people):
        raise BadInput({"rrule": [_("This rule gives no day in the next two years.")]})


def _check_due(when: Schedule, people: list[Client], at: datetime) -> None:
    """Give nothing that is over already, by the clock of any of them."""
    if when.due_local is None:
        return
    length = when.due_local - when.opens_local
    for person in people:
        due = _openings(when, person.zone, at)[0] + length
        if schedule.resolve(due.replace(tzinfo=None), person.zone) <= at:
            raise over()


def over() -> BadInput:
    """Return what is said of an end that has passed."""
    return BadInput({"due": [_("Choose a day that is still to come.")]})


def before_it_opens() -> BadInput:
    """Return what is said of an end that comes before the beginning."""
    return BadInput({"due": [_("Choose the day it opens, or a later one.")]})


def _plan_occurrences(assignment: Assignment, client: Client, *, at: datetime) -> None:
    length = assignment.due_local - assignment.opens_local if assignment.due_local else timedelta(0)
    planned = set(
        Homework.objects.filter(assignment=assignment, client=client).values_list("slot", flat=True)
    )
    for number, opens in enumerate(_openings(assignment, client.zone, at)):
        if number in planned:
            continue
        due = opens + length if assignment.due_local else None
        homework = Homework(
            practice_id=assignment.practice_id,
            assignment=assignment,
            client=client,
            version_id=assignment.version_id,
            slot=number,
            opens_at=schedule.resolve(opens.replace(tzinfo=None), client.zone),
            due_local=due,
            due_at=schedule.resolve(due.replace(tzinfo=None), client.zone) if due else None,
            zone=client.zone,
            created_at=at,
        )
        try:
            with transaction.atomic():
                homework.save(force_insert=True)
        except IntegrityError:  # another planner was here first
            continue
        if homework.opens_at <= at:
            move(homework, Move.OPEN, by=system(assignment.practice_id), at=at)
        reminding.plan_for_homework(homework, at)


def _openings(given: Assignment | Schedule | Share, zone: str, at: datetime) -> list[datetime]:
    """Return the wall times at which it opens, the first one first, as far as they are planned."""
    if not given.rrule:
        return [given.opens_local]
    slots = _slots(schedule.parse_rrule(given.rrule), given.opens_local, zone, at)
    return [slot.local.replace(tzinfo=given.opens_local.tzinfo) for slot in slots]


def _slots(rule: schedule.Rule, opens: datetime, zone: str, at: datetime) -> list[schedule.Slot]:
    """Return what is planned of a rule: all within the horizon, else the first there ever is."""
    first = opens.replace(tzinfo=None)
    horizon = at + timedelta(days=HORIZON_DAYS)
    return schedule.slots(rule, first, zone, until=horizon) or schedule.slots(
        rule, first, zone, until=at + FURTHEST, limit=1
    )
