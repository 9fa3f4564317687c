"""May this person reach this client? The caseload decides, and nothing else does."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL

from clients.models import Caseload, Client, Couple, PrivateNote
from practice.actors import Actor
from practice.models import Role
from practice.permissions import has_scope

NOBODY = UUID(int=0)
# By hand, since nearly every question of the staff's pages holds it: as objects it cost each page as much
# time again. The record they came in by, or one that waits for them under the address they sign in with
# (records have it in small letters; `lower` there would keep PostgreSQL from its index, behind the wall);
# then the partners. PostgreSQL makes the list once for a question, and does not look for every row.
_OWN_AND_PARTNERS = """
WITH own AS (
    SELECT id FROM clients_client WHERE practice_id = %s AND (user_id = %s OR (
        user_id IS NULL AND email = (SELECT lower(email) FROM practice_user WHERE id = %s)))
)
SELECT id FROM own
UNION ALL
SELECT first_id FROM clients_couple WHERE practice_id = %s AND second_id IN (SELECT id FROM own)
UNION ALL
SELECT second_id FROM clients_couple WHERE practice_id = %s AND first_id IN (SELECT id FROM own)
"""


def reachable(actor: Actor) -> QuerySet[Client]:
    """Return the clients whose record `actor` may open; none at all for a stranger.

    A client reaches themselves; a therapist their caseload; a supervisor the caseloads of the
    named therapists. An admin reaches nobody here: names and states come through their own pages.
    No member reaches themselves, or who is or was their partner (`not_their_own`).
    """
    everyone = Client.objects.filter(practice_id=actor.practice_id)
    if actor.is_client:
        return everyone.filter(pk=actor.client_id or NOBODY)
    carers = _carers(actor)
    if not carers:
        return everyone.none()
    return everyone.filter(
        Exists(Caseload.objects.filter(client=OuterRef("pk"), member__in=carers, until_at=None)),
        not_their_own(actor),
    )


def in_reach(actor: Actor, client: str) -> Q:
    """Return the condition that a row's `client` is one whose record `actor` may open."""
    if actor.is_client:  # themselves: there is nobody to look up
        return Q(**{client: actor.client_id or NOBODY})
    return Q(**{f"{client}__in": reachable(actor).values("pk")})


def reach(actor: Actor) -> list[UUID]:
    """Return whose records `actor` may open now; `practice` calls it by `HOMEWARD_REACH`."""
    if actor.is_client:
        return [actor.client_id or NOBODY]
    return list(reachable(actor).values_list("pk", flat=True))


def cared_for(actor: Actor) -> QuerySet[Client]:
    """Return the clients `actor` may write for: their own caseload, as a therapist."""
    everyone = Client.objects.filter(practice_id=actor.practice_id)
    if not actor.is_therapist:
        return everyone.none()
    return everyone.filter(
        Exists(
            Caseload.objects.filter(client=OuterRef("pk"), member=actor.member_id, until_at=None)
        ),
        not_their_own(actor),
    )


def not_their_own(actor: Actor, client: str = "pk") -> Q:
    """Return the condition that a row's `client` is neither the member who asks nor anybody who is or
    was in a couple with them.

    Who is a client here is not invited to work here (`clients.queries.seats`). Should somebody be
    both all the same, whatever caseload they were given opens neither of the two records.
    """
    who = actor.user_id or 0
    theirs = RawSQL(  # noqa: S611 -- our own words, with parameters
        _OWN_AND_PARTNERS, [actor.practice_id, who, who, actor.practice_id, actor.practice_id]
    )
    return ~Q(**{f"{client}__in": theirs})


def reachable_couples(actor: Actor) -> QuerySet[Couple]:
    """Return the couples both of whose partners `actor` reaches; a client reaches none."""
    everyone = Couple.objects.filter(practice_id=actor.practice_id)
    if actor.is_client:
        return everyone.none()
    ids = reachable(actor).values("pk")
    return everyone.filter(Q(first__in=ids) & Q(second__in=ids))


def seen_together(actor: Actor) -> QuerySet[Couple]:
    """Return the couples whose common hour counts for `actor`: linked, and one therapist cares for
    both (for staff: they themselves, or one they read along with; for a client: anybody).

    Where each has a therapist of their own, nobody can move that hour any more, and it is told
    nowhere. A couple whom two therapists see stands there twice: ask within another query.
    """
    if not actor.is_client:
        found = together(actor.practice_id, _carers(actor))
        return found.filter(not_their_own(actor, "first"), not_their_own(actor, "second"))
    own = actor.client_id or NOBODY
    return together(actor.practice_id).filter(Q(first=own) | Q(second=own))


def together(practice_id: UUID, carers: list[UUID] | None = None) -> QuerySet[Couple]:
    """Return the couples of a practice whom one therapist sees together now, whoever that is or one
    of these `carers`."""
    both: dict[str, Any] = {
        "first__caseload__until_at": None,
        "second__caseload__until_at": None,
        "second__caseload__member": F("first__caseload__member"),
    }
    if carers is not None:
        both["first__caseload__member__in"] = carers
    # Joins, not questions within questions: these are cheaper to write, and each page asks.
    return Couple.objects.filter(practice_id=practice_id, ended_at=None, **both)


def among_reached(actor: Actor, ids: Collection[UUID]) -> frozenset[UUID]:
    """Return those of these clients whose record `actor` may open now, in one query at most."""
    if actor.is_client or not ids:
        return frozenset(pk for pk in ids if pk == actor.client_id)
    return frozenset(reachable(actor).filter(pk__in=ids).values_list("pk", flat=True))


def among_cared_for(actor: Actor, ids: Collection[UUID]) -> frozenset[UUID]:
    """Return those of these clients that `actor` is a therapist of now, in one query."""
    if not actor.is_therapist or not ids:
        return frozenset()
    return frozenset(cared_for(actor).filter(pk__in=ids).values_list("pk", flat=True))


def standing_care() -> QuerySet[Caseload]:
    """Return who cares for whom and can act on it: an active seat, as a therapist, now; nobody for
    themselves or for their partner (`not_their_own`)."""
    partner = Q(first=OuterRef("client"), second__user=OuterRef("member__user"))
    partner |= Q(second=OuterRef("client"), first__user=OuterRef("member__user"))
    return Caseload.objects.filter(
        ~Q(client__user=F("member__user")),
        ~Exists(Couple.objects.filter(partner)),
        until_at=None,
        member__deactivated_at=None,
        member__roles__contains=[Role.THERAPIST],
        member__user__is_active=True,
    )


def may_care_for(actor: Actor, client: Client) -> bool:
    """Say whether `actor` is a therapist of this very client now."""
    return cared_for(actor).filter(pk=client.pk).exists()


def may_change(actor: Actor, client: Client) -> bool:
    """Change this client's record, their care, their couple: a therapist of theirs."""
    return has_scope(actor, "assign") and may_care_for(actor, client)


def is_self(actor: Actor, client_id: UUID) -> bool:
    """Decide about oneself: consent, reminders, topics, a copy, erasure. No key does that."""
    return actor.scopes is None and actor.client_id == client_id


def may_keep_note(actor: Actor, client: Client, note: PrivateNote | None = None) -> bool:
    """Write a private note, or change one: who cares for the client, their own. No key does that."""
    is_own = note is None or is_author(actor, note)
    return actor.scopes is None and is_own and may_care_for(actor, client)


def is_author(actor: Actor, note: PrivateNote) -> bool:
    """Throw a note away: its author alone, in whoever's care the client is by now."""
    return actor.scopes is None and note.author_id == actor.member_id


def may_take_copy(actor: Actor, client: Client) -> bool:
    """Take the whole record away: the client, or a therapist of theirs. No key does that."""
    if actor.is_client:
        return is_self(actor, client.pk)
    return actor.scopes is None and may_care_for(actor, client)


def _carers(actor: Actor) -> list[UUID]:
    own = [actor.member_id] if actor.is_therapist and actor.member_id else []
    return own + (list(actor.supervises) if actor.is_supervisor else [])
