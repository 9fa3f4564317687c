"""Invite, resend, revoke, accept: the only way in. Single use, expiring, bound to one address."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from practice import emails
from practice.actions import auditing
from practice.actors import Actor
from practice.crypto import hash_of
from practice.errors import BadInput, NotPossible
from practice.models import Invitation, InvitationKind, Membership, User
from practice.permissions import may_administer, may_care
from practice.queries.people import is_client, works_here
from practice.tenancy import enter

VALID_FOR = timedelta(days=7)
HERE_ALREADY = gettext_noop("Somebody with this address works here already.")
TAKEN = gettext_noop("Somebody in this practice has this address already.")


@dataclass(frozen=True)
class Invited:
    """An invitation and its link; the link exists only in this moment and in the mail."""

    invitation: Invitation
    link: str


def invite(
    *,
    by: Actor,
    at: datetime,
    kind: str,
    email: str,
    name: str,
    roles: Sequence[str] = (),
    client_id: UUID | None = None,
    language: str = "",
) -> Invited:
    """Invite a member (admins) or a client (their therapist; the caller has checked whose).

    The mail speaks `language`, else the practice's. Raises NotPossible for a member without a role,
    BadInput for the address of a colleague who is here already, and for a member that of a client.
    """
    _require(by, kind)
    email = email.strip().lower()
    if kind == InvitationKind.MEMBER and not roles:
        raise NotPossible(_("Choose at least one role."))
    if works_here(by, email):
        # Nor is a colleague a client by the account they work with.
        raise BadInput({"email": [_(HERE_ALREADY)]})
    if kind == InvitationKind.MEMBER and is_client(by.practice_id, email):
        # They could be given their partner's record to read.
        raise BadInput({"email": [_(TAKEN)]})
    secret = secrets.token_hex(24)
    with transaction.atomic():
        _end_all(by.practice_id, kind, email, at)
        invitation = Invitation.objects.create(
            practice_id=by.practice_id,
            kind=kind,
            email=email,
            name=name.strip(),
            roles=[str(role) for role in roles],
            client_id=client_id,
            token_hash=hash_of(secret),
            invited_by_id=by.member_id,
            created_at=at,
            sent_at=at,
            expires_at=at + VALID_FOR,
        )
        invited = _send(invitation, secret, at, language)
        _note(by, at, "invitation.sent", invitation)
    return invited


def resend(*, by: Actor, at: datetime, invitation: Invitation) -> Invited:
    """Send a fresh link; the old one opens nothing any more, nor does any other to this address.

    Raises NotPossible once it was accepted, for a colleague who is here already, and for a member
    whose address has become a client's.
    """
    _require(by, invitation.kind)
    if invitation.kind == InvitationKind.MEMBER:
        if works_here(by, invitation.email):
            raise NotPossible(_(HERE_ALREADY))
        if is_client(by.practice_id, invitation.email):
            raise NotPossible(_(TAKEN))
    secret = secrets.token_hex(24)
    with transaction.atomic():
        # All that went to this address are held: of two sent again at once, the later one opens.
        sent = Invitation.objects.filter(
            practice_id=by.practice_id, kind=invitation.kind, email=invitation.email
        )
        held = {one.pk: one for one in sent.select_for_update().order_by("pk")}
        if held[invitation.pk].accepted_at is not None:
            raise NotPossible(_("This invitation was accepted already."))
        _end_all(by.practice_id, invitation.kind, invitation.email, at)
        Invitation.objects.filter(pk=invitation.pk).update(
            token_hash=hash_of(secret), sent_at=at, expires_at=at + VALID_FOR, revoked_at=None
        )
        invitation.refresh_from_db()
        invited = _send(invitation, secret, at)
        _note(by, at, "invitation.resent", invitation)
    return invited


def revoke(*, by: Actor, at: datetime, invitation: Invitation) -> None:
    """Let the link open nothing any more; safe to repeat."""
    _require(by, invitation.kind)
    with transaction.atomic():
        if Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None).update(
            revoked_at=at
        ):
            _note(by, at, "invitation.revoked", invitation)


def practice_of(token: str) -> UUID | None:
    """Return the practice a link names, if it names one."""
    try:
        return UUID(token.partition(".")[0])
    except ValueError:
        return None


def find(token: str, at: datetime, *, hold: bool = False) -> Invitation | None:
    """Return the invitation a link stands for, while it is good; moves the scope into its practice.

    With `hold`, uses of one link come one after the other: who comes second finds none.
    """
    practice = practice_of(token)
    if practice is None:
        return None
    enter(practice)
    found = Invitation.objects.select_related("practice", "invited_by__user").filter(
        token_hash=hash_of(token.partition(".")[2]),
        accepted_at=None,
        revoked_at=None,
        expires_at__gt=at,
    )
    return (found.select_for_update(of=("self",)) if hold else found).first()


def used(token: str) -> Invitation | None:
    """Return the invitation by which somebody came in with this very link; else None.

    Runs after `find`, in the scope of the practice that the link names. Who guesses finds nothing.
    """
    if practice_of(token) is None:
        return None
    came_by = Invitation.objects.filter(token_hash=hash_of(token.partition(".")[2]))
    return came_by.exclude(accepted_at=None).first()


def accept(*, invitation: Invitation, user: User, at: datetime) -> Membership | None:
    """Use the invitation up, and any other with it, for the person whose address it was sent to.

    A member gets their seat (returned); a client's record is linked by the caller, in the same
    transaction. Raises NotPossible when it was used or the address is another, and for who would both
    work here and be in care here: an address may have become the other's since the link was sent.
    """
    if user.email.lower() != invitation.email.lower():
        raise NotPossible(_("This invitation was sent to another address."))
    with transaction.atomic():
        # Of two links of both kinds, opened at once, the later one finds what the first has made.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if _would_be_both(invitation, user):
            raise NotPossible(
                _("This link does not open with your address. Ask the person who invited you.")
            )
        if not Invitation.objects.filter(
            pk=invitation.pk, accepted_at=None, revoked_at=None, expires_at__gt=at
        ).update(accepted_at=at):
            raise NotPossible(_("This link no longer opens. Ask for a new one."))
        _end_all(invitation.practice_id, invitation.kind, invitation.email, at)
        seat = _seat(invitation, user, at) if invitation.kind == InvitationKind.MEMBER else None
        by = Actor(
            practice_id=invitation.practice_id,
            kind="member" if seat else "client",
            user_id=user.pk,
            member_id=seat.pk if seat else None,
            client_id=invitation.client_id,
        )
        _note(by, at, "invitation.accepted", invitation)
    return seat


def open_account(
    *, invitation: Invitation, name: str, password: str | None, language: str, zone: str
) -> User:
    """Make the invited person's account, its address proven by the link. Raises NotPossible."""
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                invitation.email, password, name=name, language=language, zone=zone
            )
            EmailAddress.objects.create(
                user=user, email=invitation.email, verified=True, primary=True
            )
    except IntegrityError as error:  # perhaps of this very moment, by another practice's link
        said = _("There is an account with this address. Sign in, then open the link.")
        raise NotPossible(said) from error
    return user


def _seat(invitation: Invitation, user: User, at: datetime) -> Membership:
    """Seat a new member. An old link, sent again, adds to what somebody is here and takes nothing
    away; who was deactivated comes back as what they are invited to be now, and as no more. Nobody
    adds to their own seat by a link they sent themselves, to an address that they took later."""
    seat, is_new = Membership.objects.select_for_update().get_or_create(
        practice_id=invitation.practice_id,
        user=user,
        defaults={"roles": invitation.roles, "joined_at": at},
    )
    if not is_new and invitation.invited_by_id != seat.pk:
        had = seat.roles if seat.deactivated_at is None else []
        seat.roles = list(dict.fromkeys([*had, *invitation.roles]))
        seat.deactivated_at = None
        seat.save(update_fields=["roles", "deactivated_at"])
    return seat


def _would_be_both(invitation: Invitation, user: User) -> bool:
    if invitation.kind == InvitationKind.MEMBER:
        return is_client(invitation.practice_id, user.email, user.pk)
    return Membership.objects.filter(
        practice_id=invitation.practice_id, user=user, deactivated_at=None
    ).exists()


def _require(by: Actor, kind: str) -> None:
    allowed = may_administer(by) if kind == InvitationKind.MEMBER else may_care(by)
    if not allowed and by.kind != "operator":
        raise PermissionDenied


def _end_all(practice_id: UUID, kind: str, email: str, at: datetime) -> None:
    """Let no link to this address open any more: there is one good link to each, or none."""
    Invitation.objects.filter(
        practice_id=practice_id, kind=kind, email=email, accepted_at=None, revoked_at=None
    ).update(revoked_at=at)


def _send(invitation: Invitation, secret: str, at: datetime, language: str = "") -> Invited:
    link = f"{settings.BASE_URL}/invitation/{invitation.practice_id}.{secret}"
    emails.invitation(invitation, link, at, language)
    return Invited(invitation, link)


def _note(by: Actor, at: datetime, action: str, invitation: Invitation) -> None:
    auditing.record(
        by=by,
        at=at,
        action=action,
        object_kind="invitation",
        object_id=invitation.pk,
        client_id=invitation.client_id,
        kind=invitation.kind,
        roles=",".join(invitation.roles),  # which are no secret
    )
