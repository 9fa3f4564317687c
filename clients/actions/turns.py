"""Let what is decided about the same people come one after the other."""

from collections.abc import Iterable
from uuid import UUID

from django.core.exceptions import PermissionDenied

from clients.models import Client


def lock_clients(ids: Iterable[UUID]) -> list[Client]:
    """Let what is decided about these people come one after the other, until the transaction ends, and
    return their records as they stand (docs/architecture.md: in which order who holds what).

    Raises PermissionDenied for a record that was erased meanwhile: it is nobody's any more.
    """
    wanted = set(ids)
    held = hold_clients(wanted)
    if len(held) != len(wanted):
        raise PermissionDenied
    return held


def hold_clients(ids: Iterable[UUID]) -> list[Client]:
    """Return these records as they stand, those that are still there; nobody else changes them until
    the transaction ends."""
    held = Client.objects.select_for_update(no_key=True).filter(pk__in=set(ids))
    return list(held.order_by("pk"))
