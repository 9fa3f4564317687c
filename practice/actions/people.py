"""Who works here: roles, supervision, deactivation, and one's own account."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from practice.actions import auditing, tokens
from practice.actors import Actor
from practice.errors import NotPossible
from practice.models import Invitation, InvitationKind, Membership, Role, Supervision, User
from practice.permissions import may_administer
from practice.queries.people import is_client, is_member_anywhere


def set_roles(
    *,
    by: Actor,
    at: datetime,
    member: Membership,
    roles: Sequence[str],
    supervises: Iterable[UUID] = (),
) -> None:
    """Say what a member does, and whose caseloads they read as a supervisor.

    Takes effect on their next request. Raises NotPossible when no admin would be left, when
    somebody in their care would be left with nobody, for who gives themselves what another admin
    could give them, and for who is a client here and would be given more.
    """
    _require(by)
    wanted = [role for role in Role.values if role in roles]
    if not wanted:
        raise NotPossible(_("Choose at least one role."))
    with transaction.atomic():
        if Role.ADMIN in member.roles and Role.ADMIN not in wanted:
            _keep_an_admin(member)
        named = _named(by, member, supervises) if Role.SUPERVISOR in wanted else []
        gains = _gains(member, wanted, named)
        if gains:
            _not_a_client(member)
        if by.member_id == member.pk and gains - {Role.ADMIN}:
            _leave_to_another(member)
        Membership.objects.filter(pk=member.pk).update(roles=wanted)
        Supervision.objects.filter(supervisor=member).delete()
        Supervision.objects.bulk_create(
            [
                Supervision(practice_id=by.practice_id, supervisor=member, therapist=therapist)
                for therapist in named
            ]
        )
        _leave_nobody_alone(by, member)
        whose = ",".join(str(therapist.pk) for therapist in named)
        _note(by, at, "member.roles_set", member, roles=",".join(wanted), supervises=whose)


def deactivate(*, by: Actor, at: datetime, member: Membership) -> None:
    """End a member's seat; sessions and tokens end with it, on the very next request.

    Raises NotPossible when no admin would be left, and when somebody is still in their care.
    """
    _require(by)
    with transaction.atomic():
        if Role.ADMIN in member.roles:
            _keep_an_admin(member)
        if Membership.objects.filter(pk=member.pk, deactivated_at=None).update(deactivated_at=at):
            _leave_nobody_alone(by, member)
            tokens.revoke_all(by=by, at=at, user_id=member.user_id)
            _call_off_invitations(member, at)
            # Another practice may still need them; there they stay signed in.
            if not is_member_anywhere(member.user):
                _sign_out(member.user)
            _note(by, at, "member.deactivated", member)


def end_sessions(*, by: Actor, at: datetime, member: Membership) -> None:
    """Sign a member out on every device, whoever holds it; their seat and keys stay."""
    _require(by)
    with transaction.atomic():
        count = _sign_out(member.user)
        auditing.record(
            by=by,
            at=at,
            action="member.sessions_ended",
            object_kind="member",
            object_id=member.pk,
            count=count,
        )


def reactivate(*, by: Actor, at: datetime, member: Membership) -> None:
    """Give a member their seat back; the caseload that was handed over stays where it is.

    Raises NotPossible for who has become a client here meanwhile.
    """
    _require(by)
    with transaction.atomic():
        _not_a_client(member)
        if Membership.objects.filter(pk=member.pk).update(deactivated_at=None):
            _note(by, at, "member.reactivated", member)


@dataclass(frozen=True)
class Profile:
    """What somebody says about themselves; of the daily mail, what is None stays as it is."""

    name: str
    language: str
    zone: str
    daily_mail: bool | None = None
    daily_mail_time: time | None = None


def describe_self(*, by: Actor, at: datetime, profile: Profile) -> None:
    """Change one's own name, language, zone and daily mail."""
    with transaction.atomic():
        User.objects.filter(pk=by.user_id or 0).update(
            name=profile.name, language=profile.language, zone=profile.zone
        )
        mail = {"daily_mail": profile.daily_mail, "daily_mail_time": profile.daily_mail_time}
        chosen = {name: value for name, value in mail.items() if value is not None}
        if by.member_id and chosen:
            Membership.objects.filter(pk=by.member_id).update(**chosen)
        auditing.record(
            by=by, at=at, action="account.changed", object_kind="user", object_id=by.user_id
        )


def _call_off_invitations(member: Membership, at: datetime) -> None:
    """Let no link that still lies in their mail bring somebody back who was deactivated."""
    Invitation.objects.filter(
        practice_id=member.practice_id,
        kind=InvitationKind.MEMBER,
        email__iexact=member.user.email,
        accepted_at=None,
        revoked_at=None,
    ).update(revoked_at=at)


def _sign_out(user: User) -> int:
    lines = list(UserSession.objects.filter(user_id=user.pk).order_by("pk"))
    for line in lines:
        line.end()
    return len(lines)


def _require(by: Actor) -> None:
    if not may_administer(by):
        raise PermissionDenied


def _leave_nobody_alone(by: Actor, member: Membership) -> None:
    # clients', which this app does not know
    import_string(settings.HOMEWARD_LEAVE_NOBODY_ALONE)(by, member)


def _named(by: Actor, member: Membership, supervises: Iterable[UUID]) -> list[Membership]:
    """Return the colleagues whose caseloads somebody is to read."""
    here = Membership.objects.filter(practice_id=by.practice_id, pk__in=list(supervises))
    return list(here.exclude(pk=member.pk).order_by("pk"))


def _gains(
    member: Membership, wanted: Sequence[str], named: Sequence[Membership]
) -> set[str | UUID]:
    """Return what somebody would have that they have not: roles, and whose caseloads they read."""
    had = Supervision.objects.filter(supervisor=member).values_list("therapist_id", flat=True)
    return {*(set(wanted) - set(member.roles)), *({one.pk for one in named} - set(had))}


def _not_a_client(member: Membership) -> None:
    """Let nobody who is in this practice's care, or was, come to work here, or to read more."""
    if is_client(member.practice_id, member.user.email, member.user_id):
        raise NotPossible(
            _(
                "This practice keeps a client record of them. Nobody is both a client and a colleague."
            )
        )


def _leave_to_another(member: Membership) -> None:
    """Let nobody open clients' words to themselves while another admin could do it for them.

    In a first practice there is none: its one admin is often its therapist.
    """
    if _admins(member.practice_id).exclude(pk=member.pk).exists():
        raise NotPossible(
            _("Nobody gives themselves a way to clients’ words. Another admin can give it to you.")
        )


def _keep_an_admin(member: Membership) -> None:
    # All of them, in one order: two who demote each other at once wait, and do not lock each other out.
    held = _admins(member.practice_id).select_for_update(of=("self",)).order_by("pk")
    if all(one.pk == member.pk for one in held):
        raise NotPossible(_("Somebody has to be an admin. Make a colleague one first."))


def _admins(practice_id: UUID) -> QuerySet[Membership]:
    """Return those who can act as an admin: a seat whose account is closed cannot."""
    return Membership.objects.filter(
        practice_id=practice_id,
        roles__contains=[Role.ADMIN],
        deactivated_at=None,
        user__is_active=True,
    )


def _note(
    by: Actor, at: datetime, action: str, member: Membership, roles: str = "", supervises: str = ""
) -> None:
    auditing.record(
        by=by,
        at=at,
        action=action,
        object_kind="member",
        object_id=member.pk,
        roles=roles,
        supervises=supervises,
    )
