"""Who is in care, as far as one may know."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import (
    BooleanField,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.http import Http404

from clients.models import (
    Caseload,
    Clearance,
    Client,
    Consent,
    ContactPreference,
    Couple,
    ErasureRequest,
    PrivateNote,
    SessionTopic,
)
from clients.permissions import (
    NOBODY,
    cared_for,
    may_care_for,
    reachable,
    reachable_couples,
    standing_care,
)
from practice.actors import Actor
from practice.models import AuditEvent, Invitation, Membership, Practice
from practice.permissions import may_administer, may_care, may_read_caseloads
from practice.queries.paging import Page, page
from practice.queries.searching import called

BY_NAME = ("name", "pk")


def client_of(actor: Actor, pk: UUID) -> Client:
    """Return one client in reach. Raises Http404."""
    found = reachable(actor).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def shared_session(at: datetime) -> Subquery:
    """When the couple of a row of clients comes next, if a day to come is noted."""
    couple = Couple.objects.filter(
        Q(first=OuterRef("pk")) | Q(second=OuterRef("pk")), ended_at=None, next_session_at__gte=at
    )
    return Subquery(couple.order_by("next_session_at", "pk").values("next_session_at")[:1])


def client_with_session(actor: Actor, pk: UUID, at: datetime) -> Client:
    """Return one client in reach, with `shared_session_at`. Raises Http404."""
    rows = reachable(actor).filter(pk=pk).annotate(shared_session_at=shared_session(at))
    found = rows.first()
    if found is None:
        raise Http404
    return found


def client_to_care_for(actor: Actor, pk: UUID) -> Client:
    """Return a client of one's own.

    Raises Http404 for a stranger's, PermissionDenied for one only read about.
    """
    if not may_read_caseloads(actor):
        raise PermissionDenied
    client = client_of(actor, pk)
    if not may_care_for(actor, client):
        raise PermissionDenied
    return client


def record_for_staff(actor: Actor, pk: UUID) -> Client:
    """Return one client in reach, for the page all of their care hangs on. Raises Http404.

    With `cares` (the actor is a therapist of theirs), `consented`, `consent_withdrawn_at`,
    `erased_at` (the day a requested erasure is due), and what stands about couple work:
    `cleared` and `recheck_at`, both None when nobody has noted anything.
    """
    if actor.is_client:
        raise Http404
    consents = Consent.objects.filter(client=OuterRef("pk"))
    standing = Clearance.objects.filter(client=OuterRef("pk"), ended_at=None)
    erasure = ErasureRequest.objects.filter(
        client_id=OuterRef("pk"), cancelled_at=None, done_at=None
    )
    found = (
        reachable(actor)
        .filter(pk=pk)
        .select_related("preference")
        .annotate(
            cares=Exists(cared_for(actor).filter(pk=OuterRef("pk"))),
            consented=Exists(consents.filter(withdrawn_at=None)),
            consent_withdrawn_at=Subquery(
                consents.filter(withdrawn_at__isnull=False)
                .order_by("-withdrawn_at", "pk")
                .values("withdrawn_at")[:1]
            ),
            erased_at=Subquery(erasure.order_by("due_at", "pk").values("due_at")[:1]),
            cleared=Subquery(standing.values("cleared")[:1]),
            recheck_at=Subquery(standing.values("recheck_at")[:1]),
        )
        .first()
    )
    if found is None:
        raise Http404
    return found


def own_client(actor: Actor) -> Client:
    """Return the client who asks. Raises PermissionDenied for anybody else."""
    if actor.client_id is None:
        raise PermissionDenied
    return client_of(actor, actor.client_id)


def invited_client(invitation: Invitation) -> Client | None:
    """Return the record an open invitation leads to; the link itself is the permission."""
    return Client.objects.filter(pk=invitation.client_id or NOBODY).first()


def couple_of(actor: Actor, pk: UUID) -> Any:
    """Return one couple in reach, with `cares` (the actor is a therapist of both). Raises Http404."""
    own = cared_for(actor).values("pk")
    both_own = ExpressionWrapper(Q(first__in=own) & Q(second__in=own), output_field=BooleanField())
    found = (
        reachable_couples(actor)
        .filter(pk=pk)
        .select_related("first", "second")
        .annotate(cares=both_own)
        .first()
    )
    if found is None:
        raise Http404
    return found


def couple_to_care_for(actor: Actor, pk: UUID) -> Couple:
    """Return a couple of one's own.

    Raises Http404 for a stranger's, PermissionDenied for one only read about.
    """
    if not may_read_caseloads(actor):
        raise PermissionDenied
    couple: Couple = couple_of(actor, pk)
    if not couple.cares:  # type: ignore[attr-defined]  # annotated there
        raise PermissionDenied
    return couple


def couple_with(actor: Actor, client: Client) -> Couple | None:
    """Return the couple a client is in now, for staff who reach both."""
    return (
        reachable_couples(actor)
        .filter(Q(first=client) | Q(second=client), ended_at=None)
        .select_related("first", "second")
        .first()
    )


def next_session(client: Client, couple: Couple | None, at: datetime) -> datetime | None:
    """Return when somebody comes next, alone or as a couple."""
    dates = (one.next_session_at for one in (client, couple) if one)
    return min((date for date in dates if date and date >= at), default=None)


def partner_in(couple: Couple, client: Client) -> Client:
    """Return the other one."""
    return couple.second if couple.first_id == client.pk else couple.first


def listed(actor: Actor, *, search: str = "", only: str = "") -> QuerySet[Client]:
    """Return the clients in reach. `only`: couples, individuals, invited or discharged."""
    coupled = Couple.objects.filter(
        Q(first=OuterRef("pk")) | Q(second=OuterRef("pk")), ended_at=None
    )
    found = reachable(actor).filter(discharged_at__isnull=only != "discharged")
    if search:
        found = called(found, search, "name")
    if only in {"couples", "individuals"}:
        found = found.filter(Exists(coupled) if only == "couples" else ~Exists(coupled))
    elif only == "invited":
        found = found.filter(joined_at=None)
    return found


def clients(
    actor: Actor, *, search: str = "", only: str = "", after: str | None = None
) -> Page[Client]:
    """Return a page of them, by name (see `listed`)."""
    return page(listed(actor, search=search, only=only), order=BY_NAME, after=after)


def couples(actor: Actor) -> QuerySet[Couple]:
    """Return the couples in reach, past ones too."""
    return reachable_couples(actor).select_related("first", "second")


def couples_of(actor: Actor, found: list[Client]) -> dict[UUID, Couple]:
    """Return the couples these clients are in, by client id, in one query."""
    ids = [client.pk for client in found]
    rows = (
        reachable_couples(actor)
        .filter(Q(first__in=ids) | Q(second__in=ids), ended_at=None)
        .select_related("first", "second")
    )
    return {pk: couple for couple in rows for pk in (couple.first_id, couple.second_id)}


def carers_of(actor: Actor, found: list[Client]) -> dict[UUID, str]:
    """Return who cares for each of these clients, by client id, in one query."""
    rows = (
        standing_care()
        .filter(practice_id=actor.practice_id, client__in=found)
        .select_related("member__user")
    )
    return {row.client_id: row.member.user.get_full_name() for row in rows.order_by("from_at")}


def is_taken(actor: Actor, email: str, *, besides: UUID | None = None) -> bool:
    """Say whether a client of this practice has this address; for who may add clients."""
    if not may_care(actor):
        raise PermissionDenied
    return (
        Client.objects.filter(practice_id=actor.practice_id, email__iexact=email)
        .exclude(pk=besides or NOBODY)
        .exists()
    )


def carers(actor: Actor) -> QuerySet[Caseload]:
    """Return who cares for the client who asks, by caseload; who has for longest comes first."""
    return (
        standing_care()
        .filter(practice_id=actor.practice_id, client_id=actor.client_id or NOBODY)
        .select_related("member__user")
        .order_by("from_at", "pk")
    )


def have_cared(actor: Actor) -> set[int]:
    """Return the users who care or ever cared for the client who asks; other readers supervise."""
    rows = Caseload.objects.filter(
        practice_id=actor.practice_id, client_id=actor.client_id or NOBODY
    )
    return set(rows.values_list("member__user_id", flat=True))


def single_clients(actor: Actor) -> list[Client]:
    """Return one's own clients who are in no couple, by name."""
    coupled = Couple.objects.filter(
        Q(first=OuterRef("pk")) | Q(second=OuterRef("pk")), ended_at=None
    )
    return list(
        cared_for(actor).filter(~Exists(coupled), discharged_at=None).order_by("name", "pk")
    )


def standing(actor: Actor, couple: Couple) -> list[tuple[Client, Clearance | None]]:
    """Return each partner with the standing attestation for couple work.

    Staff only: a client never learns of it.
    """
    if actor.is_client:
        return []
    pair = [couple.first, couple.second]
    found = {one.client_id: one for one in Clearance.objects.filter(client__in=pair, ended_at=None)}
    return [(one, found.get(one.pk)) for one in pair]


def clearances(actor: Actor, client: Client) -> list[Clearance]:
    """Return all attestations, newest first; staff only."""
    if actor.is_client:
        return []
    return list(
        Clearance.objects.filter(client=client)
        .select_related("attested_by__user")
        .order_by("-attested_at", "pk")
    )


def preference(actor: Actor, client: Client) -> ContactPreference:
    """Return when and how a client wants to be reminded."""
    return ContactPreference.objects.get(client=client)


def consents(actor: Actor, client: Client) -> list[Consent]:
    """Return what a client agreed to, newest first."""
    return list(Consent.objects.filter(client=client).order_by("-given_at", "pk"))


def private_notes(actor: Actor, client: Client) -> list[PrivateNote]:
    """Return one's own notes on a client, newest first; nobody else's."""
    if not cared_for(actor).filter(pk=client.pk).exists():
        raise PermissionDenied
    return list(
        PrivateNote.objects.filter(client=client, author_id=actor.member_id).order_by(
            "-created_at", "pk"
        )
    )


def private_note(actor: Actor, client: Client, pk: UUID) -> PrivateNote:
    """Return one of one's own notes. Raises Http404."""
    for note in private_notes(actor, client):
        if note.pk == pk:
            return note
    raise Http404


def own_topic(actor: Actor, pk: UUID) -> SessionTopic:
    """Return one topic of the client who asks. Raises Http404."""
    found = SessionTopic.objects.filter(pk=pk, client_id=actor.client_id or NOBODY).first()
    if found is None:
        raise Http404
    return found


def open_erasure(actor: Actor, client_id: UUID) -> ErasureRequest | None:
    """Return the erasure that waits for a client, if one does."""
    return ErasureRequest.objects.filter(
        practice_id=actor.practice_id, client_id=client_id, cancelled_at=None, done_at=None
    ).first()


def caseload_size(actor: Actor, member: Membership) -> int:
    """Count a member's clients, for the admin who deactivates them."""
    if not may_administer(actor):
        raise PermissionDenied
    return Caseload.objects.filter(
        practice_id=actor.practice_id, member=member, until_at=None
    ).count()


def records(
    actor: Actor, *, search: str = "", after: str | None = None
) -> tuple[Page[Client], dict[UUID, ErasureRequest]]:
    """Return every client's name and state, for admins."""
    if not may_administer(actor):
        raise PermissionDenied
    found = Client.objects.filter(practice_id=actor.practice_id)
    if search:
        found = called(found, search, "name")
    rows = page(found, order=("name", "pk"), after=after)
    waiting = ErasureRequest.objects.filter(
        client_id__in=[row.pk for row in rows.rows], cancelled_at=None, done_at=None
    )
    return rows, {request.client_id: request for request in waiting}


def record(actor: Actor, pk: UUID) -> Client:
    """Return one client's name and state, for admins. Raises Http404."""
    if not may_administer(actor):
        raise PermissionDenied
    found = Client.objects.filter(practice_id=actor.practice_id, pk=pk).first()
    if found is None:
        raise Http404
    return found


def names_in(actor: Actor, found: Iterable[AuditEvent]) -> dict[str, str]:
    """Return the names of the clients and couples a part of the trail concerns, by id; for
    admins."""
    if not may_administer(actor):
        raise PermissionDenied
    clients = {event.client_id for event in found if event.client_id}
    couples = {event.detail["couple"] for event in found if event.detail.get("couple")}
    alone = Client.objects.filter(practice_id=actor.practice_id, pk__in=clients)
    pairs = Couple.objects.filter(practice_id=actor.practice_id, pk__in=couples)
    return {
        **{str(pk): name for pk, name in alone.values_list("pk", "name")},
        **{str(row.pk): row.names_in_lists for row in pairs.select_related("first", "second")},
    }


def uncared(actor: Actor) -> QuerySet[Client]:
    """Return who is in care and in nobody's: what they send reaches no one. For admins, by name."""
    if not may_administer(actor):
        raise PermissionDenied
    return Client.objects.filter(
        ~Exists(standing_care().filter(client=OuterRef("pk"))),
        practice_id=actor.practice_id,
        discharged_at=None,
    ).order_by(*BY_NAME)


def uncared_client(actor: Actor, pk: UUID) -> Client:
    """Return one of them, name and state. Raises Http404."""
    found = uncared(actor).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def past_retention(practice: Practice, at: datetime) -> QuerySet[Client]:
    """Return the discharged clients whose keeping time is over; for the worker."""
    if practice.retention_months is None:
        return Client.objects.none()
    limit = at - timedelta(days=30.44 * practice.retention_months)
    # Asked for already, or taken back by somebody after care had ended: not asked for again.
    asked = ErasureRequest.objects.filter(
        client_id=OuterRef("pk"), requested_at__gte=OuterRef("discharged_at")
    )
    return Client.objects.filter(
        ~Exists(asked), practice=practice, discharged_at__lte=limit, legal_hold=False
    ).order_by("discharged_at", "pk")


def for_unsubscribe(actor: Actor, pk: UUID) -> Client:
    """Return the client a signed link names; the signature stands for who is asking."""
    if actor.kind != "system":
        raise PermissionDenied
    found = Client.objects.filter(practice_id=actor.practice_id, pk=pk).first()
    if found is None:
        raise Http404
    return found
