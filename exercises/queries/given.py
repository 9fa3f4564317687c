"""What was given: one assignment, what is left of it and with whom, and what can still be taken back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, Exists, Max, OuterRef, Q, QuerySet, Subquery, When, Window
from django.http import Http404

from clients.permissions import cared_for, reachable_couples
from exercises.models import Assignment, Homework, Step
from exercises.queries.homework import MOVABLE, homeworks, last_slot
from exercises.workflow import BY_MOVE, Move, Status
from practice.actors import Actor


def assignment(actor: Actor, pk: UUID) -> Any:
    """Return one assignment whose homework `actor` may know of; staff only. Raises Http404.

    With `couple_opens` (both of the couple it was given to are in reach) and `in_reach`: one of
    those it was given to who is.
    """
    theirs = homeworks(actor).filter(assignment=OuterRef("pk"))
    found = (
        Assignment.objects.filter(Exists(theirs), practice_id=actor.practice_id, pk=pk)
        .annotate(
            couple_opens=Exists(reachable_couples(actor).filter(pk=OuterRef("couple"))),
            in_reach=Subquery(theirs.order_by("slot", "pk").values("client")[:1]),
        )
        .select_related("version__exercise", "client", "couple__first", "couple__second")
        .defer("version__body")
        .first()
    )
    if found is None or actor.is_client:
        raise Http404
    return found


def withdrawn_at(actor: Actor, found: Any) -> datetime | None:
    """Say when an assignment (see `assignment`) was withdrawn: of two one of whom is out of reach, when
    anything was taken back from the other. What a colleague does is no matter of one's own."""
    if actor.is_client:
        raise Http404
    is_whole = found.couple_id is None or found.couple_opens
    if is_whole or found.in_reach not in found.ended_for:
        at: datetime | None = found.withdrawn_at
        return at
    taken = Step.objects.filter(
        homework__assignment=found, homework__client=found.in_reach, move=Move.WITHDRAW
    )
    return taken.order_by("-at", "pk").values_list("at", flat=True).first()


@dataclass(frozen=True)
class Given:
    """What is left of an assignment for one of those it was given to."""

    client_id: UUID
    zone: str
    # What they have of it now and what opens next, in the order of the series.
    rows: Sequence[Homework]
    # How many there are of these, how many with those that are over, and the place of the last that
    # is planned, or was. What is withdrawn counts nowhere.
    to_come: int
    in_all: int
    last_slot: int


def remaining_of(actor: Actor, assignment: Assignment, most: int) -> dict[UUID, Given]:
    """Return by client what is left of an assignment, `most` rows of it; staff only."""
    if actor.is_client:
        raise Http404
    theirs = homeworks(actor).filter(assignment=assignment)
    each = theirs.order_by().values_list("client", "client__zone").annotate(last=Max("slot"))
    planned = theirs.exclude(status=Status.WITHDRAWN)
    return {pk: _given(pk, zone, planned.filter(client=pk), most, last) for pk, zone, last in each}


def _given(pk: UUID, zone: str, planned: QuerySet[Homework], most: int, last: int) -> Given:
    numbered = planned.annotate(
        of=Window(Count("pk")), open=Window(Count("pk", filter=Q(status__in=MOVABLE)))
    )
    turn = Case(When(status__in=MOVABLE, then=0), default=1)
    rows: list[Any] = list(numbered.order_by(turn, "slot", "pk")[:most])
    to_come, in_all = (rows[0].open, rows[0].of) if rows else (0, 0)
    return Given(pk, zone, rows[:to_come], to_come, in_all, last)


def sent(actor: Actor, assignment: Assignment) -> dict[UUID, datetime]:
    """Return by client when they handed in what is no series; staff only."""
    if actor.is_client:
        raise Http404
    rows = homeworks(actor).filter(
        assignment=assignment, status__in=(Status.SUBMITTED, Status.REVIEWED)
    )
    pairs = rows.order_by().values_list("client", "submitted_at")
    return {client: at for client, at in pairs if at}


def to_withdraw(actor: Actor, assignment: Assignment) -> dict[int, Any]:
    """Return by its place in the series each time that can still be taken back, with `last_slot` as
    `under_way_and_past` has it; staff only."""
    if actor.is_client:
        raise Http404
    rows = homeworks(actor).filter(assignment=assignment, status__in=BY_MOVE[Move.WITHDRAW].sources)
    # Of a couple, whose occurrence is the same for both, either will do.
    rows = rows.annotate(last_slot=last_slot()).order_by("slot", "pk")
    return {row.slot: row for row in rows}


def is_left(actor: Actor, homework: Homework) -> bool:
    """Say whether its client has, or is to get, anything of the same assignment; staff only."""
    if actor.is_client:
        raise Http404
    rows = homeworks(actor).filter(assignment=homework.assignment_id, client=homework.client_id)
    return rows.filter(status__in=MOVABLE).exists()


def withdrawable_from(actor: Actor, assignment: Assignment) -> Collection[UUID]:
    """Return from which of one's own clients anything of it can still be taken back."""
    rows = homeworks(actor).filter(
        assignment=assignment,
        client__in=cared_for(actor),
        status__in=BY_MOVE[Move.WITHDRAW].sources,
    )
    return set(rows.order_by().values_list("client", flat=True).distinct())


def senders(actor: Actor, assignment: Assignment) -> Collection[UUID]:
    """Return which of one's own clients have handed in any of it."""
    rows = homeworks(actor).filter(
        assignment=assignment, client__in=cared_for(actor), submitted_at__isnull=False
    )
    return set(rows.order_by().values_list("client", flat=True).distinct())
