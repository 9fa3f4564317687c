"""The ledger: why each reminder was sent or held back."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet

from clients.models import Client, ContactPreference
from clients.permissions import reachable
from exercises.models import Homework, Reminder, ReminderState
from exercises.queries.homework import record_of
from practice.actors import Actor
from practice.queries.paging import Page, page

TO_COME = {ReminderState.PLANNED, ReminderState.CLAIMED, ReminderState.ARMED}
# Enough to see the next days by; what already went stays in sight below.
PLANNED_AT_ONCE = 10


def to_come(actor: Actor, client: Client, after: str | None = None) -> Page[Reminder]:
    """Return what a client will be sent, soonest first, for whoever may open their record."""
    found = _of(actor, client).filter(state__in=TO_COME)
    return page(found, order=("next_at", "pk"), after=after, size=PLANNED_AT_ONCE)


def earlier(actor: Actor, client: Client, at: datetime, after: str | None = None) -> Page[Reminder]:
    """Return what came of a client's reminders, latest first, for whoever may open their record.

    What was called off is told once its hour has passed: before, there is nothing to ask about.
    """
    found = _of(actor, client).exclude(state__in=TO_COME)
    found = found.exclude(state=ReminderState.CANCELLED, next_at__gt=at)
    return page(found, order=("-local_at", "-pk"), after=after)


def next_mail(actor: Actor, client: Client, at: datetime) -> Reminder | None:
    """Return what goes to a client next, if anything is planned."""
    planned = _of(actor, client).filter(state=ReminderState.PLANNED, next_at__gte=at)
    return planned.order_by("next_at", "pk").first()


def _of(actor: Actor, client: Client) -> QuerySet[Reminder]:
    """Return a client's reminders, as far as `actor` may know of them, without what stands planned
    and will be held back when its hour comes (`actions/asking.py`): that nobody is promised."""
    found = Reminder.objects.filter(
        practice_id=actor.practice_id, client_id__in=reachable(actor).filter(pk=client.pk)
    )
    chosen: ContactPreference | None = getattr(client, "preference", None)
    if chosen is None:  # they have not come in yet
        return found
    if client.discharged_at or chosen.suppressed_at or not chosen.by_email:
        return found.exclude(state=ReminderState.PLANNED)
    if chosen.paused_until:
        found = found.exclude(state=ReminderState.PLANNED, next_at__lt=chosen.paused_until)
    return found.exclude(state=ReminderState.PLANNED, kind__in=chosen.kinds_off)


def homework_of(actor: Actor, client: Client, rows: Sequence[Reminder]) -> QuerySet[Homework]:
    """Return the homework these reminders are about, as far as it belongs into the copy `actor` may
    take of this client's record."""
    return record_of(actor, client).filter(pk__in=[row.homework_id for row in rows])
