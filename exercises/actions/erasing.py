"""Carry out erasures whose waiting time is over; the audit trail stays, the words go."""

from datetime import datetime
from itertools import chain
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from clients.actions import erasing as clients_erasing
from clients.actions.turns import hold_clients
from clients.models import ERASURE_WAITS, Client, Couple, ErasureRequest
from clients.queries.records import asked_in_vain
from exercises.models import Assignment, Reminder
from practice.actions import auditing
from practice.actors import system
from practice.models import Practice


def due(practice: Practice, at: datetime) -> QuerySet[ErasureRequest]:
    """Return what is to be erased by now; a held record waits for as long as the hold stands."""
    held = Client.objects.filter(legal_hold=True).values("pk")
    return (
        ErasureRequest.objects.filter(ERASURE_WAITS, practice=practice, due_at__lte=at)
        .exclude(client_id__in=held)
        .exclude(pk__in=asked_in_vain(practice, at).values("pk"))
        .order_by("due_at", "pk")
    )


def erase(request: ErasureRequest, at: datetime) -> None:
    """Erase one record. Runs as the worker, who holds the request."""
    with transaction.atomic():
        client = _hold_with_partners(request.client_id)
        # Asked once more, when nobody changes the record any longer: it may be held by now.
        if not due(request.practice, at).filter(pk=request.pk).exists():
            return
        if client is not None:
            _keep_partners_work(client)
            Reminder.objects.filter(client_id=client.pk).delete()
            clients_erasing.erase_client_rows(client, at)
        ErasureRequest.objects.filter(pk=request.pk).update(done_at=at)
        auditing.on_client(system(request.practice_id), at, "record.erased", request.client_id)


def _hold_with_partners(pk: UUID) -> Client | None:
    """Return the record as it is now, if it is there; the partners' own pages are kept by writing to
    theirs, and who holds several takes them in one order."""
    pairs = Couple.objects.filter(Q(first=pk) | Q(second=pk)).values_list("first", "second")
    held = hold_clients({pk, *chain.from_iterable(pairs)})
    return next((client for client in held if client.pk == pk), None)


def _keep_partners_work(client: Client) -> None:
    """Re-point couple assignments to the partner alone: their own homework is theirs to keep."""
    shared = Assignment.objects.select_related("couple").filter(
        couple__in=[*client.couples_as_first.all(), *client.couples_as_second.all()]
    )
    for assignment in shared:
        couple = assignment.couple
        if couple is None:
            continue
        partner = couple.second_id if couple.first_id == client.pk else couple.first_id
        Assignment.objects.filter(pk=assignment.pk).update(
            client_id=partner, couple=None, given_to_both=True
        )
