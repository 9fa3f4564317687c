"""The ledger: why each reminder was sent or held back."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet

from clients.models import Client
from clients.permissions import reachable
from exercises.models import Homework, Reminder, ReminderState
from exercises.queries.homework import homeworks
from practice.actors import Actor
from practice.queries.paging import Page, page


def ledger(actor: Actor, client: Client, at: datetime, after: str | None = None) -> Page[Reminder]:
    """Return a client's reminders, latest first, for whoever may open their record.

    What was called off is told once its hour has passed: before, there is nothing to ask about.
    """
    found = Reminder.objects.filter(
        practice_id=actor.practice_id, client_id__in=reachable(actor).filter(pk=client.pk)
    ).exclude(state=ReminderState.CANCELLED, next_at__gt=at)
    return page(found, order=("-local_at", "-pk"), after=after)


def homework_of(actor: Actor, rows: Sequence[Reminder]) -> QuerySet[Homework]:
    """Return the homework these reminders are about, as far as `actor` may know of it."""
    return homeworks(actor).filter(pk__in=[row.homework_id for row in rows])
