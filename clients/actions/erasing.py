"""Ask for a record to be erased, take it back in time, hold it for the law."""

from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from clients.models import Client, Couple, ErasureRequest
from clients.permissions import may_care_for
from practice.actions import auditing
from practice.actors import Actor
from practice.errors import NotPossible
from practice.models import Invitation
from practice.permissions import may_administer

WAIT = timedelta(days=14)


def request(*, by: Actor, at: datetime, client: Client) -> ErasureRequest:
    """Ask; it is carried out after two weeks, unless somebody takes it back."""
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
        raise NotPossible(_("This was asked for already.")) from error
    _note(by, at, "erasure.requested", client)
    return asked


def cancel(*, by: Actor, at: datetime, client: Client) -> None:
    """Take the request back; safe to repeat."""
    _require(by, client)
    with transaction.atomic():
        if ErasureRequest.objects.filter(
            client_id=client.pk, cancelled_at=None, done_at=None
        ).update(cancelled_at=at):
            _note(by, at, "erasure.cancelled", client)


def hold(*, by: Actor, at: datetime, client: Client, held: bool) -> None:
    """Keep a record from being erased for as long as the law asks, or let it go again."""
    if not may_administer(by):
        raise PermissionDenied
    with transaction.atomic():
        Client.objects.filter(pk=client.pk).update(legal_hold=held)
        _note(by, at, "record.held" if held else "record.released", client)


def erase_client_rows(client: Client, *, at: datetime) -> None:
    """Delete a client and all that hangs on them; the partner's own rows stay. For the worker."""
    with transaction.atomic():
        Invitation.objects.filter(client_id=client.pk).delete()
        Couple.objects.filter(Q(first=client) | Q(second=client)).delete()
        client.delete()


def _require(by: Actor, client: Client) -> None:
    if by.client_id != client.pk and not may_care_for(by, client):
        raise PermissionDenied


def _note(by: Actor, at: datetime, action: str, client: Client) -> None:
    auditing.record(
        by=by, at=at, action=action, object_kind="client", object_id=client.pk, client_id=client.pk
    )
