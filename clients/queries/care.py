"""Clients and couples, for those who care for them or read along."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import and_, or_
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import (
    Case,
    Exists,
    Expression,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.http import Http404

from clients.models import (
    ERASURE_WAITS,
    Caseload,
    Clearance,
    Client,
    Consent,
    ContactPreference,
    Couple,
    ErasureRequest,
    PrivateNote,
    Standing,
)
from clients.permissions import (
    NOBODY,
    cared_for,
    reachable,
    reachable_couples,
    seen_together,
    standing_care,
)
from practice.actors import Actor
from practice.permissions import may_care, may_read_caseloads
from practice.queries.finding import or_404
from practice.queries.paging import Page, page
from practice.queries.people import works_here
from practice.queries.searching import holds, name_contains, words

BY_NAME = ("sort_name", "pk")
# So long somebody who was handed over is new on a list.
LATELY = timedelta(days=7)
# Of what was noted about couple work: what stands, else what was ended last.
_STANDING_FIRST = (F("ended_at").desc(nulls_first=True), "pk")
_OF_SCREENING = ("cleared", "recheck_at", "ended_at")
_IS_COUPLED = Exists(
    Couple.objects.filter(Q(first=OuterRef("pk")) | Q(second=OuterRef("pk")), ended_at=None)
)


def client_of(actor: Actor, pk: UUID) -> Client:
    """Return one client in reach. Raises Http404."""
    return or_404(reachable(actor).filter(pk=pk))


def shared_session(
    actor: Actor, at: datetime, client: str = "pk", *, name: str = "next_session_at"
) -> Subquery:
    """When the couple of a row's `client` comes next, if a day to come is noted and that hour counts
    for `actor` (see `seen_together`). Each page that names an hour asks here."""
    couple = seen_together(actor).filter(
        Q(first=OuterRef(client)) | Q(second=OuterRef(client)), next_session_at__gte=at
    )
    return Subquery(couple.order_by("next_session_at", "pk").values(name)[:1])


def erasure_due() -> Subquery:
    """When a row of clients is to be erased; None where that was not asked for."""
    asked = ErasureRequest.objects.filter(ERASURE_WAITS, client_id=OuterRef("pk"))
    return Subquery(asked.values("due_at")[:1])


def consent_withdrawn(client: str = "pk") -> Subquery:
    """Return when somebody last withdrew their consent; None while one stands. Goes into another
    query: `client` is its path to the client."""
    standing = Consent.objects.filter(client=OuterRef("client"), withdrawn_at=None)
    return Subquery(
        Consent.objects.filter(~Exists(standing), client=OuterRef(client))
        .order_by("-withdrawn_at", "pk")
        .values("withdrawn_at")[:1]
    )


def client_to_care_for(actor: Actor, pk: UUID, **more: Expression | Subquery) -> Client:
    """Return a client of one's own, with `more`, in one query.

    Raises Http404 for a stranger's, PermissionDenied for one only read about.
    """
    if not may_read_caseloads(actor):
        raise PermissionDenied
    client: Any = or_404(reachable(actor).filter(pk=pk).annotate(cares=_own(actor), **more))
    if not client.cares:
        raise PermissionDenied
    found: Client = client
    return found


def preferences(actor: Actor, clients: Iterable[Client]) -> dict[UUID, ContactPreference]:
    """Return what these clients chose of mails, by their id; who has not joined chose nothing yet."""
    within = reachable(actor).filter(pk__in=[one.pk for one in clients])
    return {one.client_id: one for one in ContactPreference.objects.filter(client__in=within)}


def _own(actor: Actor) -> Exists:
    """Whether `actor` is a therapist of a row of clients."""
    return Exists(cared_for(actor).filter(pk=OuterRef("pk")))


def record_for_staff(actor: Actor, pk: UUID, at: datetime, **more: Expression | Subquery) -> Client:
    """Return one client in reach, for the page all of their care hangs on. Raises Http404.

    With `cares` (the actor is a therapist of theirs), `consent_withdrawn_at`, `erased_at` (the day a
    requested erasure is due), `shared_session_at`, `screened` (the attestation for couple work that
    stands, else the last one that an answer of theirs ended) and its `standing` (both None: nobody
    noted anything). And with `more`, asked in the same breath.
    """
    if actor.is_client:
        raise Http404
    noted = Clearance.objects.filter(client=OuterRef("pk")).order_by(*_STANDING_FIRST)
    found: Any = or_404(
        reachable(actor)
        .filter(pk=pk)
        .select_related("preference")
        .annotate(
            cares=_own(actor),
            shared_session_at=shared_session(actor, at),
            consent_withdrawn_at=consent_withdrawn(),
            erased_at=erasure_due(),
            **{f"screened_{name}": Subquery(noted.values(name)[:1]) for name in _OF_SCREENING},
            **more,
        )
    )
    said = {name: getattr(found, f"screened_{name}") for name in _OF_SCREENING}
    found.screened = Clearance(**said) if said["recheck_at"] else None
    found.standing = found.screened.standing(at) if found.screened else None
    record: Client = found
    return record


def clients_in_reach(actor: Actor, *, search: str = "", only: str = "") -> QuerySet[Client]:
    """Return the clients in reach. `only`: own (cared for, not only read about), pairs (own, and so
    is who they are linked with), couples, individuals, invited or discharged."""
    within = cared_for(actor) if only in {"own", "pairs"} else reachable(actor)
    found = within.filter(discharged_at__isnull=only != "discharged")
    if search:
        found = _called(actor, found, search)
    if only in {"couples", "individuals"}:
        found = found.filter(_IS_COUPLED if only == "couples" else ~_IS_COUPLED)
    elif only == "invited":
        found = found.filter(joined_at=None)
    elif only == "pairs":
        either = Q(first=OuterRef("pk")) | Q(second=OuterRef("pk"))
        here = {"ended_at": None, "first__discharged_at": None, "second__discharged_at": None}
        found = found.filter(Exists(Couple.objects.filter(either, _both_own(actor), **here)))
    return found


def _called(actor: Actor, found: QuerySet[Client], search: str) -> QuerySet[Client]:
    """Return who has these words in their name; "ana ben" finds Ana and Ben, who are a couple. Who
    cares for somebody finds them by how their address begins, too."""
    if "@" in search:
        return found.filter(email__istartswith=search, pk__in=cared_for(actor).values("pk"))
    wanted = words(search)
    if len(wanted) < 2:
        return name_contains(found, search, "sort_name")
    couples = reachable_couples(actor).filter(ended_at=None)
    for word in wanted:
        couples = couples.filter(holds(word, "first__sort_name", "second__sort_name"))
    # Of a couple whose one has all the words, the other is not meant.
    as_first = couples.exclude(_has_all(wanted, "second__sort_name")).filter(first=OuterRef("pk"))
    as_second = couples.exclude(_has_all(wanted, "first__sort_name")).filter(second=OuterRef("pk"))
    has_any = reduce(or_, (holds(word, "sort_name") for word in wanted))
    two = has_any & (Exists(as_first) | Exists(as_second))
    return found.filter(_has_all(wanted, "sort_name") | two)


def _has_all(wanted: Sequence[str], field: str) -> Q:
    return reduce(and_, (holds(word, field) for word in wanted))


def newly_given(actor: Actor, at: datetime) -> dict[str, Subquery]:
    """Whether a colleague gave a row's client into one's care in the last days: `given_at`, and
    `given_by`, the colleague's name, if anybody cared for them before."""
    ended = Caseload.objects.filter(client=OuterRef("client"), until_at=OuterRef("from_at"))
    names = ended.exclude(member=OuterRef("member")).order_by("pk").values("member__user__name")
    given = Caseload.objects.filter(
        client=OuterRef("pk"),
        member=actor.member_id or NOBODY,
        until_at=None,
        from_at__gte=at - LATELY,
        from_at__gt=OuterRef("created_at"),
    )
    return {
        "given_at": Subquery(given.values("from_at")[:1]),
        "given_by": Subquery(given.values(name=Subquery(names[:1]))[:1]),
    }


def clients(
    actor: Actor, *, search: str = "", only: str = "", after: str | None = None
) -> Page[Client]:
    """Return a page of them, by name (see `clients_in_reach`)."""
    return page(clients_in_reach(actor, search=search, only=only), order=BY_NAME, after=after)


def is_taken(actor: Actor, email: str, *, besides: UUID | None = None) -> bool:
    """Say whether a client of this practice has this address, or a colleague, who would come in as a
    client by their own account; for who may add clients. What the record `besides` has, it may keep."""
    if not may_care(actor):
        raise PermissionDenied
    having = Client.objects.filter(practice_id=actor.practice_id, email__iexact=email)
    if besides in (found := set(having.values_list("pk", flat=True))):
        return len(found) > 1
    return bool(found) or works_here(actor, email)


def carers_of(actor: Actor, found: list[Client]) -> dict[UUID, str]:
    """Return who cares for each of these clients, by client id, in one query; nobody for one's own."""
    rows = (
        standing_care()
        .filter(practice_id=actor.practice_id, client__in=found)
        .exclude(client__in=cared_for(actor).values("pk"))
        .select_related("member__user")
    )
    return {row.client_id: row.member.user.get_full_name() for row in rows.order_by("from_at")}


def couple_of(actor: Actor, pk: UUID, **more: Expression) -> Any:
    """Return one couple in reach, past ones too, with `cares` (the actor is a therapist of both),
    `is_together` (their hour counts: see `seen_together`) and `more`.

    Raises Http404.
    """
    return or_404(
        reachable_couples(actor)
        .filter(pk=pk)
        .select_related("first__preference", "second__preference")
        .annotate(
            cares=_both_own(actor),
            is_together=Exists(seen_together(actor).filter(pk=OuterRef("pk"))),
            **more,
        )
    )


def _both_own(actor: Actor) -> Q:
    own = cared_for(actor).values("pk")
    return Q(first__in=own) & Q(second__in=own)


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


def part_in_couple(actor: Actor, client: str) -> Case:
    """Whether a row's `client` is the first ("a") or the second ("b") of the couple they are in now,
    for staff who reach both; else an empty text."""
    now = reachable_couples(actor).filter(ended_at=None)
    return Case(
        When(Exists(now.filter(first=OuterRef(client))), then=Value("a")),
        When(Exists(now.filter(second=OuterRef(client))), then=Value("b")),
        default=Value(""),
    )


def couple_coming_with(actor: Actor, client: Client) -> Any:
    """Return the couple a client is in now, where its hour counts (see `seen_together`), with `cares`
    (as `couple_of`); else None."""
    return (
        seen_together(actor)
        .filter(Q(first=client) | Q(second=client))
        .select_related("first", "second")
        .annotate(cares=_both_own(actor))
        .first()
    )


def couples(actor: Actor) -> QuerySet[Couple]:
    """Return the couples in reach, past ones too."""
    return reachable_couples(actor).select_related("first", "second")


def couples_of(actor: Actor, found: list[Client]) -> dict[UUID, Any]:
    """Return the couples these clients are in, each with `cares` (as `couple_of`), by client id, in
    one query."""
    ids = [client.pk for client in found]
    rows = (
        reachable_couples(actor)
        .filter(Q(first__in=ids) | Q(second__in=ids), ended_at=None)
        .select_related("first", "second")
        .annotate(cares=_both_own(actor))
    )
    return {pk: couple for couple in rows for pk in (couple.first_id, couple.second_id)}


def single_clients(actor: Actor) -> list[Client]:
    """Return one's own clients who are in no couple, by name."""
    return list(cared_for(actor).filter(~_IS_COUPLED, discharged_at=None).order_by(*BY_NAME))


@dataclass(frozen=True)
class Screened:
    """What is noted about couple work with somebody; both None: nobody noted anything."""

    client: Client
    clearance: Clearance | None
    standing: Standing | None

    @property
    def is_cleared(self) -> bool:
        return self.standing is Standing.CLEARED


def screening_of_each(actor: Actor, couple: Couple, at: datetime) -> list[Screened]:
    """Return each partner with the attestation for couple work that stands, else the last one that
    an answer of theirs has ended.

    For who cares for both: a client never learns of it, nor does who reads along.
    """
    if actor.is_client:
        return []
    pair = [couple.first, couple.second]
    newest = (
        Clearance.objects.filter(client__in=cared_for(actor).filter(pk__in=[p.pk for p in pair]))
        .order_by("client", *_STANDING_FIRST)
        .distinct("client")
    )
    found = {one.client_id: one for one in newest}
    return [
        Screened(one, noted, noted.standing(at) if noted else None)
        for one in pair
        for noted in [found.get(one.pk)]
    ]


def clearances(actor: Actor, client: Client) -> list[Clearance]:
    """Return all attestations, newest first; for who cares for the client."""
    return list(
        Clearance.objects.filter(client__in=cared_for(actor).filter(pk=client.pk))
        .select_related("attested_by__user")
        .order_by("-attested_at", "pk")
    )


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
