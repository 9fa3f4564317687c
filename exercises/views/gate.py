"""How the gate of couple work is told: to who cares for both, and to nobody else."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from clients.models import Client, Couple
from clients.permissions import among_cared_for
from clients.queries import care
from exercises.models import Homework
from exercises.workflow import Status
from practice.actors import Actor


def waits_for(actor: Actor, couple: Couple | None, at: datetime) -> list[Client]:
    """Return for whom of two couple work is to be cleared before anything opens."""
    if couple is None or couple.ended_at is not None:
        return []
    return [one.client for one in care.screening_of_each(actor, couple, at) if not one.is_cleared]


def cares_for_both(actor: Actor, couple: Couple | None) -> bool:
    """Say whether both are one's own: of a colleague's client the screening is no matter of one's own."""
    if couple is None:
        return False
    pair = {couple.first_id, couple.second_id}
    return among_cared_for(actor, pair) == pair


def holds(rows: Iterable[Homework]) -> bool:
    """Say whether any of these is for two and still to open."""
    return any(row.status == Status.SCHEDULED and row.version.definition.is_for_two for row in rows)


class Held(StrEnum):
    """What is said of something for two that is still to open."""

    WAITS = "waits"
    # Who cares for one of two alone learns the rule, whatever the other's screening is.
    RULE = "rule"


def held(actor: Actor, rows: Sequence[Homework], at: datetime) -> dict[UUID, Held]:
    """Return what is to be said of each of a client's rows before its day is; for who cares for them.

    For whom it waits is said where that is noted: a client's page may lie open between the two.
    """
    to_open = [row for row in rows if holds([row])]
    couples = [row.assignment.couple for row in to_open if row.assignment.couple]
    linked = next((couple for couple in couples if couple.ended_at is None), None)
    is_both = cares_for_both(actor, linked)
    is_waiting = is_both and bool(waits_for(actor, linked, at))
    found: dict[UUID, Held] = {}
    for row in to_open:
        if not (is_both and linked and row.assignment.couple_id == linked.pk):
            found[row.pk] = Held.RULE
        elif is_waiting:
            found[row.pk] = Held.WAITS
    return found
