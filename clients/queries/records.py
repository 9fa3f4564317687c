"""Names and states of clients, no words: for admins, and for the processes that work alone."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from clients.models import BY_RETENTION, ERASURE_WAITS, Caseload, Client, Couple, ErasureRequest
from clients.permissions import NOBODY, not_their_own, standing_care
from clients.queries.care import BY_NAME
from practice.actors import Actor
from practice.models import AuditEvent, Membership, Practice
from practice.permissions import may_administer
from practice.queries.audit import Whose
from practice.queries.finding import or_404
from practice.queries.paging import Page, page
from practice.queries.searching import name_contains

# The states an admin looks for among all records.
WAITS, HELD = "waits", "held"
_IN_STATE = {
    WAITS: Q(Exists(ErasureRequest.objects.filter(ERASURE_WAITS, client_id=OuterRef("pk")))),
    HELD: Q(legal_hold=True),
}


def records(
    actor: Actor, *, search: str = "", only: str = "", after: str | None = None
) -> tuple[Page[Client], dict[UUID, ErasureRequest]]:
    """Return every client's name and state, for admins; `only` whose erasure was asked for (WAITS),
    or who is kept from it (HELD)."""
    found = _everyone(actor)
    if only:
        found = found.filter(_IN_STATE[only])
    if search:
        found = name_contains(found, search, "sort_name")
    rows = page(found, order=BY_NAME, after=after)
    waiting = ErasureRequest.objects.filter(
        ERASURE_WAITS, client_id__in=[row.pk for row in rows.rows]
    )
    return rows, {request.client_id: request for request in waiting}


def counts(actor: Actor) -> dict[str, int]:
    """Count the records in each state, in one query; for admins."""
    found = _everyone(actor).aggregate(
        **{only: Count("pk", filter=state) for only, state in _IN_STATE.items()}
    )
    return dict(found)


def has_any(actor: Actor) -> bool:
    """Say whether the practice has any client yet; for admins."""
    return _everyone(actor).exists()


def record(actor: Actor, pk: UUID) -> Client:
    """Return one client's name and state, for admins. Raises Http404."""
    return or_404(_everyone(actor).filter(pk=pk))


def _everyone(actor: Actor) -> QuerySet[Client]:
    if not may_administer(actor):
        raise PermissionDenied
    return Client.objects.filter(not_their_own(actor), practice_id=actor.practice_id)


def meant(actor: Actor, *, name: str = "", pk: UUID | None = None) -> dict[UUID, str]:
    """Return who is called so, or has this id, by name; for admins. Of whom an erasure left nothing
    there is no name any more."""
    found = _everyone(actor)
    found = name_contains(found, name, "sort_name") if name else found.filter(pk=pk or NOBODY)
    people = dict(found.order_by(*BY_NAME).values_list("pk", "name"))
    return people or ({pk: ""} if pk and not name else {})


def trail_of(actor: Actor, clients: Collection[UUID]) -> Whose:
    """Say which part of the trail is about these clients: what their couples were given, too."""
    couples = Couple.objects.filter(
        Q(first__in=clients) | Q(second__in=clients), practice_id=actor.practice_id
    )
    return Whose(clients, list(couples.values_list("pk", flat=True)))


def names_in(actor: Actor, found: Iterable[AuditEvent]) -> dict[str, str]:
    """Return the names of the clients and couples a part of the trail concerns, by id; for
    admins."""
    if not may_administer(actor):
        raise PermissionDenied
    clients = {str(event.client_id) for event in found if event.client_id}
    clients |= {event.detail["partner"] for event in found if event.detail.get("partner")}
    couples = {event.detail["couple"] for event in found if event.detail.get("couple")}
    alone = Client.objects.filter(practice_id=actor.practice_id, pk__in=clients)
    pairs = Couple.objects.filter(practice_id=actor.practice_id, pk__in=couples)
    return {
        **{str(pk): name for pk, name in alone.values_list("pk", "name")},
        **{str(row.pk): row.names_in_lists for row in pairs.select_related("first", "second")},
    }


def uncared(actor: Actor) -> QuerySet[Client]:
    """Return who is in care and in nobody's: what they send reaches no one. For admins, by name."""
    alone = ~Exists(standing_care().filter(client=OuterRef("pk")))
    return _everyone(actor).filter(alone, discharged_at=None).order_by(*BY_NAME)


def uncared_client(actor: Actor, pk: UUID) -> Client:
    """Return one of them, name and state. Raises Http404."""
    return or_404(uncared(actor).filter(pk=pk))


def caseload_size(actor: Actor, member: Membership) -> tuple[int, int]:
    """Count whom a member cares for, and whose care has ended with them (whoever takes the one over
    takes the other, so that somebody can take care up again); for admins."""
    if not may_administer(actor):
        raise PermissionDenied
    standing = Caseload.objects.filter(
        practice_id=actor.practice_id, member=member, until_at=None
    ).values_list("client__discharged_at", flat=True)
    ended = [day is not None for day in standing]
    return len(ended) - sum(ended), sum(ended)


def open_erasure(actor: Actor, client_id: UUID) -> ErasureRequest | None:
    """Return the erasure that waits for a client, if one does."""
    return ErasureRequest.objects.filter(
        ERASURE_WAITS, practice_id=actor.practice_id, client_id=client_id
    ).first()


def kept_for(months: int) -> timedelta:
    """Return how long so many months are, from the day that care ends."""
    return timedelta(days=30.44 * months)


def past_retention(practice: Practice, at: datetime) -> QuerySet[Client]:
    """Return whose erasure is to be asked for, since their keeping time is over; for the worker."""
    # Asked for already, or taken back by somebody after care had ended: not asked for again.
    asked = ErasureRequest.objects.filter(
        ERASURE_WAITS | Q(requested_at__gte=OuterRef("discharged_at")), client_id=OuterRef("pk")
    )
    found = _kept_too_long(practice, at).filter(~Exists(asked), legal_hold=False)
    return found.order_by("discharged_at", "pk")


def asked_in_vain(practice: Practice, at: datetime) -> QuerySet[ErasureRequest]:
    """Return what only the keeping time asked for and would not ask for today: care was taken up
    again, or the practice keeps records for longer by now. For the worker."""
    asked = ErasureRequest.objects.filter(ERASURE_WAITS, BY_RETENTION, practice=practice)
    return asked.exclude(client_id__in=_kept_too_long(practice, at).values("pk")).order_by("pk")


def _kept_too_long(practice: Practice, at: datetime) -> QuerySet[Client]:
    if practice.retention_months is None:
        return Client.objects.none()
    limit = at - kept_for(practice.retention_months)
    return Client.objects.filter(practice=practice, discharged_at__lte=limit)


def for_unsubscribe(actor: Actor, pk: UUID) -> Client:
    """Return the client a signed link names, with what they wish; the signature stands for who is asking."""
    if actor.kind != "system":
        raise PermissionDenied
    found = Client.objects.filter(practice_id=actor.practice_id, pk=pk)
    return or_404(found.select_related("preference"))
