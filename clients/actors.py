"""Find out which seat a signed-in person sits in: a member's or a client's."""

from dataclasses import replace
from functools import partial
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from clients.models import Client
from practice.actors import Actor, member_actor
from practice.models import Membership, Practice, User


def resolve(user: User, seat: str = "") -> tuple[Actor, Practice] | None:
    """Return who `user` is now, preferring the named seat (`member:<id>`, `client:<id>`).

    Runs inside `tenancy.scope(user=…)`. A seat that ended is passed over, so that deactivation,
    discharge and role changes hold from the next request on; None when no seat is left.
    """
    kind, _, text = seat.partition(":")
    seat_id = _uuid(text)
    in_care = Client.objects.filter(user=user, discharged_at=None)
    as_member = partial(member_actor, user, elsewhere=in_care)
    if kind == "client" and seat_id:
        found = client_actor(user, seat_id) or as_member() or client_actor(user)
    elif kind == "member" and seat_id:
        found = as_member(seat_id) or as_member() or client_actor(user)
    else:
        found = as_member() or client_actor(user)
    return found


def client_actor(user: User, seat_id: UUID | None = None) -> tuple[Actor, Practice] | None:
    """Return the user's seat as a client (the named one, else the first), or None."""
    named = Q(pk=seat_id) if seat_id else Q()
    own = Client.objects.filter(user=user, discharged_at=None)
    works = Membership.objects.filter(user=user, deactivated_at=None)
    client = (
        own.select_related("practice")
        .filter(named)
        .annotate(has_more=Exists(own.exclude(pk=OuterRef("pk"))) | Exists(works))
        .order_by("created_at", "pk")
        .first()
    )
    if client is None:
        return None
    return replace(seat_of(client), has_more_seats=client.has_more), client.practice


def seat_of(client: Client) -> Actor:
    """Return a client as the actor of their own moves."""
    return Actor(
        practice_id=client.practice_id,
        kind="client",
        user_id=client.user_id,
        client_id=client.pk,
        name=client.name_to_call,
        zone=client.zone,
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
