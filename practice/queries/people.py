"""Who works here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from allauth.mfa import app_settings as factors
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.utils.module_loading import import_string

from practice.actors import Actor
from practice.models import (
    ApiToken,
    Invitation,
    InvitationKind,
    Membership,
    Plain,
    Practice,
    Role,
    User,
)
from practice.permissions import may_administer, may_see_people
from practice.queries.finding import or_404
from practice.queries.paging import Page, page
from practice.queries.searching import name_contains
from practice.tenancy import scope

BY_NAME = ("user__sort_name", "pk")


def members(actor: Actor) -> QuerySet[Membership]:
    """Return the practice's members; none for who doesn't work here."""
    found = Membership.objects.filter(practice_id=actor.practice_id).select_related("user")
    return found if may_see_people(actor) else found.none()


def people(
    actor: Actor, *, search: str = "", role: str = "", state: str = "", after: str | None = None
) -> Page[Membership]:
    """Return members by name; `state` may be `active` or `deactivated`."""
    found = members(actor)
    if search:
        found = name_contains(found, search, "user__sort_name", "user__email")
    if role in Role.values:
        found = found.filter(roles__contains=[role])
    if state in {"active", "deactivated"}:
        found = found.filter(deactivated_at__isnull=state == "active")
    return page(found, order=BY_NAME, after=after)


def member(actor: Actor, pk: UUID) -> Membership:
    """Return one member. Raises Http404."""
    return or_404(members(actor).filter(pk=pk))


def therapists(actor: Actor) -> QuerySet[Membership]:
    """Return the active therapists, by name."""
    return (
        members(actor)
        .filter(deactivated_at=None, roles__contains=[Role.THERAPIST])
        .order_by(*BY_NAME)
    )


def read_along(actor: Actor) -> list[str]:
    """Return the names of those whose caseloads the asking supervisor reads."""
    if not actor.supervises:
        return []
    named = members(actor).filter(pk__in=actor.supervises).order_by(*BY_NAME)
    return [one.user.get_full_name() for one in named]


def reading_along(actor: Actor) -> list[str]:
    """Return the names of the supervisors who read the asking therapist's caseload."""
    if not actor.is_therapist:
        return []
    reading = members(actor).filter(
        supervises__therapist_id=actor.member_id,
        roles__contains=[Role.SUPERVISOR],
        deactivated_at=None,
    )
    return [one.user.get_full_name() for one in reading.order_by(*BY_NAME)]


def admins(actor: Actor) -> list[str]:
    """Return the names of those who can invite a colleague."""
    found = members(actor).filter(
        deactivated_at=None, roles__contains=[Role.ADMIN], user__is_active=True
    )
    return [one.user.get_full_name() for one in found.order_by(*BY_NAME)]


def to_begin_with(actor: Actor, practice: Practice, at: datetime) -> set[str]:
    """Return what a practice cannot do without and does not have yet, for admins: a `therapist` (or
    somebody asked to be one, whose link still opens), who may be them, `oneself`, while no other admin
    could give them that role; and `help`, the words that clients read when it cannot wait."""
    if not may_administer(actor):
        raise PermissionDenied
    asked = Invitation.objects.filter(
        practice_id=actor.practice_id,
        kind=InvitationKind.MEMBER,
        roles__contains=[Role.THERAPIST],
        accepted_at=None,
        revoked_at=None,
        expires_at__gt=at,
    )
    missing = set() if any(practice.crisis_texts.values()) else {"help"}
    has_one = members(actor).filter(deactivated_at=None, roles__contains=[Role.THERAPIST])
    if has_one.exists() or asked.exists():
        return missing
    return missing | ({"therapist", "oneself"} if len(admins(actor)) == 1 else {"therapist"})


def named_therapists(actor: Actor, supervisor: Membership) -> set[UUID]:
    """Return whose caseloads a supervisor reads; for admins. Raises PermissionDenied."""
    if not may_administer(actor) or supervisor.practice_id != actor.practice_id:
        raise PermissionDenied
    return set(supervisor.supervises.values_list("therapist_id", flat=True))


def invitations(
    actor: Actor, *, search: str = "", role: str = "", state: str = "", after: str | None = None
) -> Page[Invitation]:
    """Return the members' invitations, newest first, looked for as `people` are; for admins. Who has
    no seat yet is in no `state`. One that another to the same address took the place of is no
    longer anybody's concern."""
    if not may_administer(actor):
        raise PermissionDenied
    later = Invitation.objects.filter(
        practice_id=actor.practice_id,
        kind=InvitationKind.MEMBER,
        email=OuterRef("email"),
        sent_at__gt=OuterRef("sent_at"),
    )
    found = (
        Invitation.objects.filter(
            practice_id=actor.practice_id, kind=InvitationKind.MEMBER, accepted_at=None
        )
        .exclude(Exists(later), revoked_at__isnull=False)
        .select_related("invited_by__user")
    )
    if search:
        found = found.alias(sort_name=Plain("name"))
        found = name_contains(found, search, "sort_name", "email")
    if role in Role.values:
        found = found.filter(roles__contains=[role])
    if state:
        found = found.none()
    return page(found, order=("-created_at", "pk"), after=after)


def invitation(actor: Actor, pk: UUID) -> Invitation:
    """Return one member's invitation. Raises Http404."""
    if not may_administer(actor):
        raise PermissionDenied
    return or_404(
        Invitation.objects.filter(practice_id=actor.practice_id, kind=InvitationKind.MEMBER, pk=pk)
    )


def works_here(actor: Actor, email: str) -> bool:
    """Say whether a colleague of the asking person has this address; of another practice's people
    nobody learns anything."""
    return Membership.objects.filter(
        practice_id=actor.practice_id, user__email__iexact=email, deactivated_at=None
    ).exists()


def invitation_of_client(actor: Actor, client_id: UUID) -> Invitation | None:
    """Return the newest invitation of a client; the caller has made sure of the client."""
    return (
        Invitation.objects.filter(practice_id=actor.practice_id, client_id=client_id)
        .order_by("-created_at", "pk")
        .first()
    )


def is_client(practice_id: UUID, email: str, user_id: int | None = None) -> bool:
    """Say whether this practice keeps a client's record of somebody, by their address or account."""
    # clients', which this app does not know
    found: bool = import_string(settings.HOMEWARD_IS_CLIENT)(practice_id, email, user_id)
    return found


def is_member_anywhere(user: User) -> bool:
    """Say whether somebody works in any practice."""
    with scope(user=user.pk):
        return Membership.objects.filter(user=user, deactivated_at=None).exists()


def has_second_factor(user_id: int) -> bool:
    """Say whether somebody has set up an authenticator app or a passkey."""
    return Authenticator.objects.filter(
        user_id=user_id, type__in=[Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    ).exists()


@dataclass(frozen=True)
class SecondSteps:
    """What somebody could show at the second step: keys, an app, codes on paper that are not used."""

    keys: int
    app: bool
    codes: int


def second_steps(user_id: int) -> SecondSteps:
    """Return what somebody has set up for the second step; nothing sealed is opened for it."""
    kept: dict[str, list[dict[str, Any]]] = {kind: [] for kind in Authenticator.Type.values}
    for kind, data in Authenticator.objects.filter(user_id=user_id).values_list("type", "data"):
        kept[kind].append(data)
    return SecondSteps(
        keys=len(kept[Authenticator.Type.WEBAUTHN]),
        app=bool(kept[Authenticator.Type.TOTP]),
        codes=sum(map(_unused, kept[Authenticator.Type.RECOVERY_CODES])),
    )


def _unused(codes: dict[str, Any]) -> int:
    if "migrated_codes" in codes:  # each goes when it is used
        return len(codes["migrated_codes"])
    return int(factors.RECOVERY_CODE_COUNT) - int(codes["used_mask"]).bit_count()


def is_with_another(sealed: str, user_id: int) -> bool:
    """Say whether a sealed second factor lies in the row of anybody but its owner."""
    places = (
        Q(data__secret=sealed) | Q(data__seed=sealed) | Q(data__migrated_codes__contains=sealed)
    )
    return Authenticator.objects.exclude(user_id=user_id).filter(places).exists()


def device(session_key: str | None) -> UserSession | None:
    """Return a session's line in the list of devices."""
    return UserSession.objects.filter(session_key=session_key or "").first()


def own_device(user_id: int, pk: str) -> UserSession:
    """Return one of somebody's own lines in the list of devices. Raises Http404."""
    lines = UserSession.objects.filter(user_id=user_id)
    # Python reads no number of thousands of digits, and PostgreSQL none of twenty.
    known = pk.isascii() and pk.isdecimal() and len(pk) < 19
    line: UserSession | None = lines.filter(pk=int(pk)).first() if known else None
    if line is None:
        raise Http404
    return line


def tokens(actor: Actor) -> list[ApiToken]:
    """Return one's own tokens, newest first."""
    return list(
        ApiToken.objects.filter(
            practice_id=actor.practice_id, user_id=actor.user_id or 0, revoked_at=None
        ).order_by("-created_at", "pk")
    )


def token(actor: Actor, pk: UUID) -> ApiToken:
    """Return one of one's own tokens. Raises Http404."""
    return or_404(
        ApiToken.objects.filter(practice_id=actor.practice_id, user_id=actor.user_id or 0, pk=pk)
    )


def demo_people(many: int) -> list[User]:
    """Return so many of those who were made for the demo first, whatever address they have by now."""
    return list(User.objects.filter(is_demo=True).order_by("pk")[:many])


def demo_person(address: str) -> User:
    """Return somebody of the demo. Raises Http404."""
    return or_404(User.objects.filter(is_demo=True, email__iexact=address))


def account_of(address: str) -> User | None:
    """Return the account with this address, if there is one."""
    return User.objects.filter(email__iexact=address, is_active=True).first()
