"""Ask for a record to be erased, take it back in time, hold it for the law."""

from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from clients.models import (
    BY_RETENTION,
    ERASURE_WAITS,
    Client,
    Couple,
    ErasureRequest,
    to_come,
)
from clients.permissions import is_self, may_change, together
from clients.queries.records import asked_in_vain, past_retention
from practice.actions import auditing
from practice.actors import Actor, system
from practice.errors import NotPossible
from practice.models import Invitation, Membership, Practice, User
from practice.permissions import may_administer
from practice.tenancy import scope

WAIT = timedelta(days=14)
MOST_AT_ONCE = 100


def request(*, by: Actor, at: datetime, client: Client) -> ErasureRequest:
    """Ask; it is carried out after two weeks, unless somebody takes it back.

    Raises NotPossible when it was asked for already.
    """
    _require(by, client)
    try:
        with transaction.atomic():
            asked = ErasureRequest.objects.create(
                practice_id=client.practice_id,
                client_id=client.pk,
                requested_by=by.user_id or 0,
                requested_at=at,
                due_at=at + WAIT,
            )
    except IntegrityError as error:
        raise NotPossible(_("Somebody asked for this already, so nothing changed.")) from error
    auditing.on_client(by, at, "erasure.requested", client.pk)
    return asked


def cancel(*, by: Actor, at: datetime, client: Client) -> None:
    """Take the request back; safe to repeat. Raises NotPossible when it was carried out meanwhile."""
    _require(by, client)
    with transaction.atomic():
        waiting = ErasureRequest.objects.filter(ERASURE_WAITS, client_id=client.pk)
        if waiting.update(cancelled_at=at):
            auditing.on_client(by, at, "erasure.cancelled", client.pk)
        else:
            _require_there(client)


def call_off_retention(*, by: Actor, at: datetime, client: Client) -> None:
    """Let the keeping time's own request go with its reason; what a person asked for stands."""
    _require(by, client)
    with transaction.atomic():
        _call_off(by, at, ErasureRequest.objects.filter(ERASURE_WAITS, client_id=client.pk))


def set_legal_hold(*, by: Actor, at: datetime, client: Client, held: bool) -> None:
    """Keep a record from being erased for as long as the law asks, or let it go again; safe to repeat.

    Raises NotPossible when it was erased meanwhile.
    """
    if not may_administer(by):
        raise PermissionDenied
    with transaction.atomic():
        if not held:
            _wait_anew(client, at)
        if Client.objects.filter(pk=client.pk).exclude(legal_hold=held).update(legal_hold=held):
            auditing.on_client(by, at, "record.held" if held else "record.released", client.pk)
        else:
            _require_there(client)


def day_if_released(asked: ErasureRequest, at: datetime) -> datetime:
    """Return when a held record is erased if it is let go at this moment."""
    return asked.due_at if asked.due_at > at else at + WAIT


def _wait_anew(client: Client, at: datetime) -> None:
    """Let what would be erased this minute wait once more: its day went by while it was held, and
    nobody has a date before them by which to take it back. The request first, as whoever erases."""
    held = Client.objects.filter(pk=client.pk, legal_hold=True).values("pk")
    over = ErasureRequest.objects.filter(ERASURE_WAITS, client_id__in=held, due_at__lte=at)
    over.update(due_at=at + WAIT)


def request_past_retention(practice: Practice, at: datetime) -> int:
    """Ask for what the practice has kept long enough to be erased; return how much. For the worker.

    It waits like any other request, so that somebody can still hold a record or take it back; and it
    goes when there is no reason for it any more.
    """
    by = system(practice.pk)
    with transaction.atomic():
        _call_off(by, at, asked_in_vain(practice, at))
        due = past_retention(practice, at)
        # Whose care is taken up again at this moment waits for the next round, and nobody for this.
        found = list(due.select_for_update(no_key=True, skip_locked=True)[:MOST_AT_ONCE])
        for client in found:
            ErasureRequest.objects.create(
                practice=practice,
                client_id=client.pk,
                requested_by=0,
                requested_at=at,
                due_at=at + WAIT,
            )
            auditing.on_client(by, at, "erasure.requested", client.pk)
    return len(found)


def erase_client_rows(client: Client, at: datetime) -> None:
    """Delete a client and all that hangs on them; the partner's own rows stay. For the worker."""
    user_id = client.user_id
    with transaction.atomic():
        Invitation.objects.filter(client_id=client.pk).delete()
        couples = Couple.objects.filter(Q(first=client) | Q(second=client))
        for couple in couples:
            _keep_partners_pages(couple, client, at)
        couples.delete()
        client.delete()
        if user_id:
            _close_account(user_id)


def _keep_partners_pages(couple: Couple, client: Client, at: datetime) -> None:
    """Let the partner read on this day what they read the day before: that they are or were in a
    couple, and when the two come next. It is their own hour too, where they have none."""
    partner = couple.second_id if couple.first_id == client.pk else couple.first_id
    theirs, hour = Client.objects.filter(pk=partner), to_come(couple.next_session_at, at)
    theirs.update(was_in_couple=True)
    if hour and together(couple.practice_id).filter(pk=couple.pk).exists():
        # Theirs at the very same hour is named as their own, as before.
        theirs.exclude(next_session_at=hour).update(kept_session_at=hour)
        free = theirs.filter(Q(next_session_at=None) | Q(next_session_at__lt=at))
        free.update(next_session_at=hour)


def _close_account(user_id: int) -> None:
    """Let the sign-in go with the record, unless the person sits somewhere else, too."""
    # In this scope a person's own seats are seen in every practice.
    with scope(user=user_id):
        sits = (
            Membership.objects.filter(user_id=user_id).exists()
            or Client.objects.filter(user_id=user_id).exists()
        )
        if not sits:
            User.objects.filter(pk=user_id, is_staff=False).delete()


def _call_off(by: Actor, at: datetime, waiting: QuerySet[ErasureRequest]) -> None:
    """Delete what only the keeping time asked for: it may ask again, as after nobody's word."""
    for request in waiting.filter(BY_RETENTION).select_for_update():
        request.delete()
        auditing.on_client(by, at, "erasure.cancelled", request.client_id)


def _require_there(client: Client) -> None:
    if not Client.objects.filter(pk=client.pk).exists():
        raise NotPossible(_("This record has been erased meanwhile. Nothing of it is left."))


def _require(by: Actor, client: Client) -> None:
    if not is_self(by, client.pk) and not may_change(by, client):
        raise PermissionDenied
