"""How the gate of couple work is told: to who cares for both, and to nobody else."""

from collections.abc import Iterable
from datetime import datetime

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
