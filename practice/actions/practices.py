"""Make a practice, and set its policies."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction

from practice.actions import auditing, invitations
from practice.actors import Actor
from practice.crypto import new_wrapped_key
from practice.models import InvitationKind, Practice, PracticeKey, Role
from practice.permissions import may_administer
from practice.tenancy import scope

SETTINGS = (
    "name",
    "discreet_name",
    "zone",
    "language",
    "reminder_time",
    "quiet_from",
    "quiet_until",
    "second_factor_required",
    "idle_minutes",
    "crisis_texts",
    "leave_url",
    "retention_months",
)


def create(
    *,
    at: datetime,
    name: str,
    admin_email: str,
    admin_name: str,
    zone: str = "UTC",
    language: str = settings.LANGUAGE_CODE,
) -> tuple[Practice, invitations.Invited]:
    """Make a practice with its data key, and invite its first admin. For the operator."""
    practice = Practice(name=name, zone=zone, language=language)
    by = Actor(practice_id=practice.pk, kind="operator")
    with scope(practice=practice.pk):
        practice.save(force_insert=True)
        PracticeKey.objects.create(
            practice=practice, number=1, wrapped=new_wrapped_key(practice.pk, 1)
        )
        invited = invitations.invite(
            by=by,
            at=at,
            kind=InvitationKind.MEMBER,
            email=admin_email,
            name=admin_name,
            roles=[Role.ADMIN],
        )
        auditing.record(
            by=by, at=at, action="practice.created", object_kind="practice", object_id=practice.pk
        )
    return practice, invited


def take_turns(*, by: Actor) -> Practice:
    """Return the practice as it stands: until the transaction ends no other admin changes it, nor
    anybody's roles. What both changed at the very same moment is then seen by whoever comes second."""
    if not may_administer(by):
        raise PermissionDenied
    return Practice.objects.select_for_update(no_key=True).get(pk=by.practice_id)


def set_policies(
    *, by: Actor, at: datetime, practice: Practice, values: Mapping[str, Any]
) -> list[str]:
    """Change the practice's settings; return which ones changed."""
    if not may_administer(by) or practice.pk != by.practice_id:
        raise PermissionDenied
    changed = [name for name in SETTINGS if getattr(practice, name) != values[name]]
    if changed:
        with transaction.atomic():
            Practice.objects.filter(pk=practice.pk).update(
                **{name: values[name] for name in changed}
            )
            auditing.record(
                by=by,
                at=at,
                action="practice.policies_set",
                object_kind="practice",
                object_id=practice.pk,
                fields=",".join(changed),
            )
    return changed
