"""Whether a therapist has noted the same hour twice."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q

from clients.models import Client, Couple
from clients.permissions import cared_for, seen_together
from practice.actors import Actor


def is_noted_twice(actor: Actor, hour: datetime, people: Sequence[Client]) -> bool:
    """Say whether somebody else in one's care comes at this hour, alone or with their partner."""
    whose = [one.pk for one in people]
    alone = cared_for(actor).filter(discharged_at=None, next_session_at=hour).exclude(pk__in=whose)
    together = Couple.objects.filter(
        pk__in=seen_together(actor).values("pk"), next_session_at=hour
    ).exclude(Q(first__in=whose) | Q(second__in=whose))
    return alone.exists() or together.exists()
