"""Give an exercise to a client or a couple, and take it away again."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.http import Http404
from django.utils.translation import gettext as _

from clients.actions.caring import hold_linked, require_linked
from clients.actions.clearances import cleared
from clients.actions.turns import lock_clients
from clients.models import Client, Couple
from clients.permissions import NOBODY, cared_for, reachable_couples
from exercises import schedule
from exercises.actions import planning, reminding
from exercises.actions.moving import apply_move
from exercises.actions.sealing import sealed
from exercises.models import Assignment, ExerciseVersion, Homework, ReminderReason
from exercises.permissions import may_assign
from exercises.workflow import BY_MOVE, Move
from practice.actions import auditing
from practice.actors import Actor
from practice.errors import BadInput, NotPossible


def assign(
    *,
    by: Actor,
    at: datetime,
    version: ExerciseVersion,
    client: Client | None = None,
    couple: Couple | None = None,
    when: planning.Schedule,
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
    with transaction.atomic():
        _check_gate(version, people, couple, at)
        check_days(when.opens_local, when.due_local, at)
        assignment = _on_these_days(by, at, version, people, couple, when)
        if couple:  # who may have been parted since they were asked for
            hold_linked(couple)
        assignment.sealed_note = sealed(assignment, "sealed_note", note)
        assignment.save(force_insert=True)
        for person in people:
            planning.plan_occurrences(assignment, person, at=at, when=when)
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


def _on_these_days(
    by: Actor,
    at: datetime,
    version: ExerciseVersion,
    people: list[Client],
    couple: Couple | None,
    when: planning.Schedule,
) -> Assignment:
    """Return the assignment to keep. Raises BadInput for days that don't fit."""
    zone = by.zone if couple else people[0].zone
    found = Assignment(
        practice_id=by.practice_id,
        version=version,
        client=None if couple else people[0],
        couple=couple,
        given_to_both=couple is not None,
        assigned_by_id=by.member_id or NOBODY,
        opens_local=when.opens(zone, at),
        due_local=when.due(zone, at),
        rrule=when.rrule,
        reminders_on=when.reminders_on,
        assigned_at=at,
    )
    # Of what is given once, "now" is no wall time: until when it is there is asked below.
    opens = found.opens_local if when.rrule else when.opens_local
    if when.due_local and opens and when.due_local <= opens:
        raise before_it_opens()
    _check_rule(found, people, at)
    _check_due(found, people, at, when)
    return found


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
        planning.hold(assignment)
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
            reminding.cancel_for_homework(homework.pk, reason=ReminderReason.WITHDRAWN)
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
    if not version.definition.is_for_two:
        return
    if couple is None:
        raise NotPossible(_("This exercise is for two. Assign it to a couple."))
    pair = {person.pk for person in people}
    lock_clients(pair)  # an answer that ends a clearance comes before this, or after it is given
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
    return -planning.FURTHEST < day - at < planning.FURTHEST


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
    if not all(planning.slots_of(given, person.zone, at) for person in people):
        raise BadInput({"rrule": [_("This rule gives no day in the next two years.")]})


def _check_due(
    given: Assignment, people: list[Client], at: datetime, when: planning.Schedule
) -> None:
    """Give nothing that is over already. Of a series for two, whoever's day is over by their own clock
    begins with the next, whatever the other's clock says."""
    is_over = [
        [one.is_over(at) for one in planning.times_of(given, who.zone, at, when)] for who in people
    ]
    if any(all(of_one) or (of_one[0] and not given.couple_id) for of_one in is_over):
        raise over()


def over() -> BadInput:
    """Return what is said of an end that has passed."""
    return BadInput({"due": [_("Choose a day that is still to come.")]})


def before_it_opens() -> BadInput:
    """Return what is said of an end that comes before the beginning."""
    return BadInput({"due": [_("Choose the day it opens, or a later one.")]})
