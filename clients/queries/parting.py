"""Two who are linked and have a therapist each by now, and who was unlinked: for the pages of each."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, Subquery

from clients.models import Client, Couple
from clients.permissions import cared_for, reachable, reachable_couples
from clients.queries.care import BY_NAME
from practice.actors import Actor
from practice.permissions import may_read_caseloads
from practice.queries.finding import or_404

# The couples that a row of clients is one of.
_OF_ROW = Q(first=OuterRef("pk")) | Q(second=OuterRef("pk"))


def links() -> dict[str, Subquery]:
    """Of a row of clients, `linked`: the id of the couple they are in, be the other in reach or not;
    and `parted_at`: when they were last unlinked."""
    linked = Couple.objects.filter(_OF_ROW, ended_at=None)
    parted = Couple.objects.filter(_OF_ROW, ended_at__isnull=False).order_by("-ended_at", "pk")
    return {
        "linked": Subquery(linked.values("pk")[:1]),
        "parted_at": Subquery(parted.values("ended_at")[:1]),
    }


def screened_beside_another() -> Exists:
    """Whether the screening of a row of `care.record_for_staff` ended as they were linked with somebody
    else than the partner it was about."""
    return Exists(Couple.objects.filter(_OF_ROW, linked_at=OuterRef("screened_ended_at")))


def couple_to_part(actor: Actor, pk: UUID) -> Any:
    """Return a couple one of whom is one's own, with `own` (that one's id) and `opens` (its page
    does: both are in reach).

    Raises Http404 for a stranger's, PermissionDenied for one only read about.
    """
    if not may_read_caseloads(actor):
        raise PermissionDenied
    one = Q(pk=OuterRef("first")) | Q(pk=OuterRef("second"))
    found: Any = or_404(
        Couple.objects.filter(Exists(reachable(actor).filter(one)), pk=pk)
        .select_related("first", "second")
        .annotate(
            own=Subquery(
                cared_for(actor).filter(one).order_by("created_at", "pk").values("pk")[:1]
            ),
            opens=Exists(reachable_couples(actor).filter(pk=OuterRef("pk"))),
        )
    )
    if found.own is None:
        raise PermissionDenied
    return found


def linked_elsewhere(actor: Actor) -> list[Client]:
    """Return one's own clients who are linked with somebody out of reach, by name."""
    standing = Couple.objects.filter(_OF_ROW, ended_at=None)
    near = reachable_couples(actor).filter(_OF_ROW, ended_at=None)
    found = cared_for(actor).filter(Exists(standing), ~Exists(near), discharged_at=None)
    return list(found.order_by(*BY_NAME))
