"""A therapist's attestation that couple work is safe for a client, or that it is not."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from clients.actions.turns import lock_clients
from clients.models import Clearance, Client, Standing
from clients.permissions import NOBODY, may_change
from clients.queries import screening
from practice.actions import auditing
from practice.actors import Actor
from practice.errors import BadInput, NotPossible

RECHECK = timedelta(days=90)


def attest(
    *,
    by: Actor,
    at: datetime,
    client: Client,
    cleared: bool,
    seen: str = "",
    despite: bool = False,
) -> Clearance:
    """Note one's judgement; it overtakes the one before.

    Who clears names what they had before them (`seen`, see `screening.basis`; a program may leave it
    out), and says so where an answer still waits for a human (`despite`). That somebody is not cleared
    is taken at any time: it shuts the gate. Raises NotPossible (`stale`) when something was noted or
    answered since, BadInput for an answer passed over.
    """
    if not may_change(by, client):
        raise PermissionDenied
    with transaction.atomic():
        lock_clients([client.pk])  # an answer that asks for a human takes its turn here, too
        if cleared:
            _require_seen(by, client, seen)
            _require_no_answer_passed_over(by, client, despite=despite)
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


def _require_seen(by: Actor, client: Client, seen: str) -> None:
    if seen and seen != screening.basis(by, client):
        text = _("Changed meanwhile, in another tab or by somebody else. Nothing is saved yet.")
        raise NotPossible(text, code="stale")


def _require_no_answer_passed_over(by: Actor, client: Client, *, despite: bool) -> None:
    if not despite and screening.count_unseen(by, client):
        text = _("An answer of theirs waits for somebody to see to it. Read it first.")
        raise BadInput({"despite": [text]})
