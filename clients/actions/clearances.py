"""A therapist's attestation that couple work is safe for a client, or that it is not."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction

from clients.actions.caring import lock_clients
from clients.models import Clearance, Client, Standing
from clients.permissions import NOBODY, may_change
from practice.actions import auditing
from practice.actors import Actor

RECHECK = timedelta(days=90)


def attest(*, by: Actor, at: datetime, client: Client, cleared: bool) -> Clearance:
    """Note one's judgement after an individual conversation; it overtakes the one before."""
    if not may_change(by, client):
        raise PermissionDenied
    with transaction.atomic():
        lock_clients([client.pk])
        Clearance.objects.filter(client=client, ended_at=None).update(ended_at=at)
        clearance = Clearance.objects.create(
            practice_id=by.practice_id,
            client=client,
            cleared=cleared,
            attested_by_id=by.member_id or NOBODY,
            attested_at=at,
            recheck_at=at + RECHECK,
        )
        auditing.on_client(by, at, "clearance.attested", client.pk)
    return clearance


def cleared(clients: Iterable[UUID], at: datetime) -> set[UUID]:
    """Return for which of these an attestation for couple work stands now, in one question."""
    standing = Clearance.objects.filter(client__in=set(clients), ended_at=None)
    return {one.client_id for one in standing if one.standing(at) is Standing.CLEARED}
