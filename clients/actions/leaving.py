"""Let no seat end while people are in its care."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clients.queries.records import caseload_size
from clients.queries.seats import can_take_over
from practice.actors import Actor
from practice.errors import NotPossible
from practice.models import Membership, Role
from practice.wording import listed


def leave_nobody_alone(by: Actor, member: Membership) -> None:
    """Refuse what ends a therapist's seat while people are in their care. Raises NotPossible.

    `practice` calls it by `HOMEWARD_LEAVE_NOBODY_ALONE` after each such change, whose lock on the
    seat lets nobody be given to it meanwhile (`caring._holds_a_therapist`).
    """
    seat = Membership.objects.get(pk=member.pk)
    if Role.THERAPIST in seat.roles and not seat.deactivated_at:
        return
    if any(size := caseload_size(by, seat)):
        own = by.member_id == seat.pk
        is_alone = not can_take_over(by, besides=seat.pk)
        raise NotPossible(
            _still_cares(own=own, is_alone=is_alone) % {"whom": whom(*size)}, code="still_cares"
        )


def _still_cares(*, own: bool, is_alone: bool) -> str:
    if is_alone:
        return (
            _(
                "You still have %(whom)s, and nobody else here is a therapist. First invite a"
                " colleague who takes over."
            )
            if own
            else _(
                "They still have %(whom)s, and nobody else here is a therapist. First invite a"
                " colleague who takes over."
            )
        )
    return (
        _("You still have %(whom)s. First hand over, on the page of each.")
        if own
        else _(
            "They still have %(whom)s. First hand over: they do it on the page of each, or you choose"
            " who takes over when you deactivate them."
        )
    )


def whom(in_care: int, ended: int) -> str:
    """Say how many somebody has: as their list counts, and apart from it whose care has ended."""
    parts = []
    if in_care:
        parts.append(ngettext("%(n)d client", "%(n)d clients", in_care) % {"n": in_care})
    if ended:
        text = ngettext("%(n)d whose care has ended", "%(n)d whose care has ended", ended)
        parts.append(text % {"n": ended})
    return listed(parts)
