"""Carry out erasures whose waiting time is over; the audit trail stays, the words go."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from clients.actions import erasing as clients_erasing
from clients.models import ERASURE_WAITS, Client, ErasureRequest
from exercises.models import Assignment, Reminder
from practice.actions import auditing
from practice.actors import system


def due(practice_id: UUID, at: datetime) -> QuerySet[ErasureRequest]:
    """Return what is to be erased by now; a held record waits for as long as the hold stands."""
    held = Client.objects.filter(legal_hold=True).values("pk")
    return (
        ErasureRequest.objects.filter(ERASURE_WAITS, practice_id=practice_id, due_at__lte=at)
        .exclude(client_id__in=held)
        .order_by("due_at", "pk")
    )


def erase(request: ErasureRequest, at: datetime) -> None:
    """Erase one record. Runs as the worker, who holds the request."""
    client = Client.objects.filter(pk=request.client_id).first()
    with transaction.atomic():
        if client is not None:
            _keep_partners_work(client)
            Reminder.objects.filter(client_id=client.pk).delete()
            clients_erasing.erase_client_rows(client, at)
        ErasureRequest.objects.filter(pk=request.pk).update(done_at=at)
        auditing.on_client(system(request.practice_id), at, "record.erased", request.client_id)


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
