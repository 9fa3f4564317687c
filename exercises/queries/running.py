"""What somebody has by now: what still runs once an answer wants a human, and what is there already
where something more is to be given."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, Exists, OuterRef, Q, When
from django.http import Http404

from clients.models import Client
from clients.permissions import cared_for
from exercises.definition import FOR_TWO
from exercises.models import ExerciseVersion, Homework
from exercises.queries.homework import MOVABLE, NEVER_THERE, homeworks
from exercises.queries.review import unanswered
from exercises.workflow import CLIENTS_TURN, Status
from practice.actors import Actor

# Given again so soon, it may be by a browser's Back.
LATELY = timedelta(minutes=10)


def still_running(actor: Actor, client: UUID, exercise: UUID | None = None) -> list[Any]:
    """Return what for two, and what of this exercise, a client or their partner still has or is to
    get: of each assignment and client what comes first; for who cares for them."""
    given = Homework.objects.filter(assignment=OuterRef("assignment"), client=client)
    wanted = Q(version__body__kind__in=sorted(FOR_TWO))
    if exercise:
        wanted |= Q(version__exercise=exercise)
    return list(
        homeworks(actor)
        .filter(
            wanted,
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
    return _having(actor, people, version, ~Q(assignment__rrule=""))


def given_lately(
    actor: Actor, people: Sequence[Client], version: ExerciseVersion, at: datetime
) -> dict[UUID, UUID]:
    """Return who of these was given this exercise a moment ago, and once, each with its assignment;
    staff only."""
    lately = Q(assignment__rrule="", assignment__assigned_at__gte=at - LATELY)
    return _having(actor, people, version, lately)


def _having(
    actor: Actor, people: Sequence[Client], version: ExerciseVersion, which: Q
) -> dict[UUID, UUID]:
    if actor.is_client:
        raise Http404
    rows = homeworks(actor).filter(
        which,
        client__in=list(people),
        version__exercise=version.exercise_id,
        assignment__withdrawn_at=None,
        # Begun or not: that somebody has begun is theirs to tell.
        status__in=MOVABLE,
    )
    return {
        client: assignment
        for client, assignment, ended_for in rows.order_by("opens_at", "pk").values_list(
            "client", "assignment", "assignment__ended_for"
        )
        if client not in ended_for
    }


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


def count_under_way(actor: Actor, clients: Sequence[Client]) -> dict[UUID, int]:
    """Count what each of these clients has under way (more than two are said to be many)."""
    rows = (
        homeworks(actor)
        .filter(client__in=list(clients), status__in=CLIENTS_TURN)
        .order_by()
        .values("client_id")
        .annotate(count=Count("pk"))
    )
    return {row["client_id"]: row["count"] for row in rows}


def recently_done(actor: Actor, clients: Sequence[Client]) -> dict[UUID, list[Homework]]:
    """Return of each exercise what each client has of it now, else what opens next, else what they
    had last, by exercise id."""
    of_each = ("version__exercise", "client")
    rows = (
        homeworks(actor)
        .filter(client__in=list(clients))
        .exclude(NEVER_THERE)
        .annotate(
            rank=Case(
                When(status__in=CLIENTS_TURN, then=0),
                When(status=Status.SCHEDULED, then=1),
                default=2,
            ),
            next_at=Case(When(status=Status.SCHEDULED, then="opens_at")),
        )
        .order_by(*of_each, "rank", "next_at", "-opens_at", "pk")
        .distinct(*of_each)
    )
    order = [client.pk for client in clients]
    found: dict[UUID, list[Homework]] = {}
    for row in sorted(rows, key=lambda one: order.index(one.client_id)):
        found.setdefault(row.version.exercise_id, []).append(row)
    return found
