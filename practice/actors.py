"""Who is asking, and from which seat in which practice."""

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.http import HttpRequest

from practice.models import Membership, Practice, Role, Supervision, User
from practice.tenancy import enter

ActorKind = Literal["member", "client", "system", "operator"]


@dataclass(frozen=True, slots=True)
class Actor:
    """One person in one seat, as of this request. Pages, API and tasks all ask through it."""

    practice_id: UUID
    kind: ActorKind
    user_id: int | None = None
    member_id: UUID | None = None
    client_id: UUID | None = None
    roles: frozenset[str] = frozenset()
    # Memberships of the therapists whose caseload a supervisor may read.
    supervises: frozenset[UUID] = frozenset()
    # Sits elsewhere, too; then the frame offers to change over.
    has_more_seats: bool = False
    name: str = ""
    zone: str = "UTC"
    # A token acts only within its scopes; a signed-in person has them all (None).
    scopes: frozenset[str] | None = field(default=None)

    @property
    def seat(self) -> str:
        """Name the seat, as kept in the session and in tokens."""
        return f"{self.kind}:{self.member_id or self.client_id}"

    @property
    def is_member(self) -> bool:
        return self.member_id is not None

    @property
    def is_client(self) -> bool:
        return self.client_id is not None

    @property
    def is_admin(self) -> bool:
        return Role.ADMIN in self.roles

    @property
    def is_therapist(self) -> bool:
        return Role.THERAPIST in self.roles

    @property
    def is_supervisor(self) -> bool:
        return Role.SUPERVISOR in self.roles

    @property
    def name_to_call(self) -> str:
        return self.name.split(" ")[0]

    @property
    def initials(self) -> str:
        return "".join(part[0] for part in self.name.split()[:2]).upper()


class ActorRequest(HttpRequest):
    """A request as every door behind the sign-in gets it (clients.middleware sets both)."""

    actor: Actor
    practice: Practice


def system(practice_id: UUID) -> Actor:
    """Return the actor for what the clock does by itself in one practice."""
    return Actor(practice_id=practice_id, kind="system")


def member_actor(
    user: User, seat_id: UUID | None = None, *, elsewhere: QuerySet[Model] | None = None
) -> tuple[Actor, Practice] | None:
    """Return the user's seat as a member (the named one, else the first), or None.

    `elsewhere` finds seats that this app does not know. Runs inside `tenancy.scope(user=…)`; a
    deactivated seat is no seat.
    """
    named = Q(pk=seat_id) if seat_id else Q()
    own = Membership.objects.filter(user=user, deactivated_at=None)
    has_more = Q(Exists(own.exclude(pk=OuterRef("pk"))))
    if elsewhere is not None:
        has_more |= Q(Exists(elsewhere))
    seat = (
        own.select_related("practice")
        .filter(named)
        .annotate(has_more=has_more)
        .order_by("joined_at", "pk")
        .first()
    )
    if seat is None:
        return None
    roles = frozenset(seat.roles)
    return (
        Actor(
            practice_id=seat.practice_id,
            kind="member",
            user_id=user.pk,
            member_id=seat.pk,
            roles=roles,
            supervises=_supervised(seat) if Role.SUPERVISOR in roles else frozenset(),
            has_more_seats=seat.has_more,
            name=user.get_full_name(),
            zone=user.zone if user.zone != "UTC" else seat.practice.zone,
        ),
        seat.practice,
    )


def _supervised(seat: Membership) -> frozenset[UUID]:
    # The wall shows somebody their own seats anywhere, but this only from within the practice.
    enter(seat.practice_id)
    return frozenset(
        Supervision.objects.filter(practice_id=seat.practice_id, supervisor=seat).values_list(
            "therapist_id", flat=True
        )
    )
