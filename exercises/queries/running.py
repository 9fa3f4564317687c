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
from exercises.workflow import BY_MOVE, Move
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
) -> list[Client]:
    """Return who of these has a series of this exercise that goes on; staff only."""
    if actor.is_client:
        raise Http404
    rows = homeworks(actor).filter(
        client__in=list(people),
        version__exercise=version.exercise_id,
        assignment__withdrawn_at=None,
        status__in=MOVABLE,
    )
    going_on = rows.exclude(assignment__rrule="").order_by().values_list("client", flat=True)
    found = set(going_on.distinct())
    return [one for one in people if one.pk in found]


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
