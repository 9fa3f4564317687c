"""What of a client's work for two, or of one exercise, still runs: asked for once an answer wants a
human, and by whoever takes something back."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.http import Http404

from clients.models import Client
from clients.permissions import cared_for
from exercises.models import Assignment, ExerciseVersion, Homework
from exercises.queries.homework import MOVABLE, homeworks
from exercises.queries.review import unanswered
from exercises.workflow import BY_MOVE, CLIENTS_TURN, Move, Status
from practice.actors import Actor


def still_running(actor: Actor, homework: Homework) -> list[Any]:
    """Return what for two, and what of this same exercise, its client or their partner still has or
    is to get: of each assignment and client what comes first; for who cares for them."""
    given = Homework.objects.filter(assignment=OuterRef("assignment"), client=homework.client_id)
    same = Q(version__exercise=homework.version.exercise_id)
    return list(
        homeworks(actor)
        .filter(
            Q(version__exercise__is_pair=True) | same,
            Exists(given),
            status__in=MOVABLE,
            client__in=cared_for(actor),
        )
        .order_by("assignment", "client", "slot", "pk")
        .distinct("assignment", "client")
    )


def having_a_series(
    actor: Actor, people: Sequence[Client], version: ExerciseVersion
) -> dict[UUID, UUID]:
    """Return who of these has a series of this exercise that goes on, each with its assignment;
    staff only."""
    if actor.is_client:
        raise Http404
    rows = homeworks(actor).filter(
        client__in=list(people),
        version__exercise=version.exercise_id,
        assignment__withdrawn_at=None,
        status__in=MOVABLE,
    )
    going_on = rows.exclude(assignment__rrule="").order_by("opens_at", "pk")
    return dict(going_on.values_list("client", "assignment"))


def beside(actor: Actor, homework: Homework) -> Homework | None:
    """Return the partner's of the same time, where both are one's own and the same can be done with
    both: neither has opened, or both have, and each can still be given another day."""
    if not homework.assignment.couple_id:
        return None
    rows = homeworks(actor).filter(
        assignment=homework.assignment_id,
        slot=homework.slot,
        client__in=cared_for(actor),
        client__discharged_at=None,
    )
    waits = homework.status == Status.SCHEDULED
    rows = rows.filter(status__in=[Status.SCHEDULED] if waits else CLIENTS_TURN)
    return rows.exclude(client=homework.client_id).first()


def left_with(actor: Actor, client: Client) -> dict[str, int]:
    """Count what lies with a client, `open`, and what of theirs waits for an answer, `unanswered`;
    staff only. Begun is counted with open: that somebody has begun is theirs to tell."""
    if actor.is_client:
        raise Http404
    rows = homeworks(actor).filter(client=client).order_by()
    return {
        "open": rows.filter(status__in=CLIENTS_TURN).count(),
        "unanswered": unanswered(actor).filter(client=client).count(),
    }


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
