"""Add clients, link couples, say who cares for whom, end care and take it up again."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from clients.actions import erasing
from clients.actions.turns import lock_clients
from clients.models import Caseload, Clearance, Client, ContactPreference, Couple
from clients.permissions import may_change, standing_care
from clients.queries.seats import is_client
from practice.actions import auditing, invitations, people
from practice.actors import Actor
from practice.errors import BadInput, NotPossible
from practice.models import InvitationKind, Membership, Role, User
from practice.permissions import may_administer, may_care
from practice.queries.people import invitation_of_client


def add(
    *,
    by: Actor,
    at: datetime,
    name: str,
    email: str,
    zone: str,
    language: str = "en",
    invite_now: bool = True,
) -> Client:
    """Bring somebody into one's care, and send the invitation unless told to wait.

    Raises BadInput when the address is taken.
    """
    if not may_care(by):
        raise PermissionDenied
    try:
        with transaction.atomic():
            if not _holds_a_therapist(by, _seat(by)):
                raise PermissionDenied
            client = Client.objects.create(
                practice_id=by.practice_id,
                name=name.strip(),
                email=email.strip().lower(),
                zone=zone,
                language=language,
                created_at=at,
            )
            Caseload.objects.create(
                practice_id=by.practice_id, member_id=_seat(by), client=client, from_at=at
            )
            auditing.on_client(by, at, "client.added", client.pk)
            if invite_now:
                invite(by=by, at=at, client=client)
    except IntegrityError as error:
        raise BadInput(
            {"email": [_("Somebody in this practice has this address already.")]}
        ) from error
    return client


def change(
    *,
    by: Actor,
    at: datetime,
    client: Client,
    name: str,
    email: str,
    zone: str,
    language: str,
    next_session_at: datetime | None,
) -> bool:
    """Change a client's details; address, zone and language only until they have joined.

    Says what `_move_session` says. Raises BadInput when the address is taken.
    """
    fields: dict[str, object] = {"name": name.strip()}
    moved = False
    try:
        with transaction.atomic():
            held = take_turns(by=by, client=client)
            if held.joined_at is None:
                address = email.strip().lower()
                moved = address != held.email.lower()
                fields |= {"email": address, "zone": zone, "language": language}
            is_moved = held.next_session_at != next_session_at
            is_other = any(getattr(held, key) != value for key, value in fields.items())
            followed = _move_session(by, at, held, next_session_at)
            Client.objects.filter(pk=client.pk).update(**fields)
            if moved:
                # The link that went to the old address must not let anybody in.
                uninvite(by=by, at=at, client=client)
            for deed in ["client.changed"] * is_other + ["session.set"] * is_moved:
                auditing.on_client(by, at, deed, client.pk)
    except IntegrityError as error:
        raise BadInput(
            {"email": [_("Somebody in this practice has this address already.")]}
        ) from error
    client.refresh_from_db()
    return followed


def take_turns(*, by: Actor, client: Client) -> Client:
    """Return the record as it stands: until the transaction ends nobody else changes it, nor joins by
    its invitation. Raises PermissionDenied when it was erased meanwhile."""
    _require_care(by, client)
    (held,) = lock_clients([client.pk])
    return held


def invite(*, by: Actor, at: datetime, client: Client) -> invitations.Invited:
    """Send a client the link that lets them in; an earlier one stops opening.

    Raises NotPossible once they have joined, and after their care ended.
    """
    with transaction.atomic():
        client = take_turns(by=by, client=client)
        if client.joined_at is not None:
            raise NotPossible(_("They have joined already."))
        if client.discharged_at is not None:
            raise NotPossible(_("Their care has ended. Take it up again first."))
        uninvite(by=by, at=at, client=client)
        return invitations.invite(
            by=by,
            at=at,
            kind=InvitationKind.CLIENT,
            email=client.email,
            name=client.name,
            client_id=client.pk,
            language=client.language,
        )


def uninvite(*, by: Actor, at: datetime, client: Client) -> None:
    """Let the invitation open nothing any more."""
    with transaction.atomic():
        take_turns(by=by, client=client)
        found = invitation_of_client(by, client.pk)
        if found is not None:
            invitations.revoke(by=by, at=at, invitation=found)


def link(*, by: Actor, at: datetime, first: Client, second: Client) -> Couple:
    """Note that two of one's clients are a couple. Who was added first is `first`.

    Raises NotPossible for one person twice, for who is not in care, and for who is in a couple.
    """
    _require_care(by, first)
    _require_care(by, second)
    if first.pk == second.pk:
        raise NotPossible(_("Choose two different people."))
    if first.discharged_at or second.discharged_at:
        raise NotPossible(_("Choose two people who are in care."))
    ordered = sorted([first, second], key=lambda one: (one.created_at, str(one.pk)))
    with transaction.atomic():
        lock_clients(one.pk for one in ordered)
        taken = Couple.objects.filter(
            Q(first__in=ordered) | Q(second__in=ordered), ended_at=None
        ).exists()
        if taken:
            raise NotPossible(_("One of them is in a couple already."))
        couple = Couple.objects.create(
            practice_id=by.practice_id, first=ordered[0], second=ordered[1], linked_at=at
        )
        Client.objects.filter(pk__in=[one.pk for one in ordered]).update(was_in_couple=True)
        _end_what_was_noted_beside_another(couple, at)
        for client, other in zip(ordered, reversed(ordered), strict=True):
            auditing.on_client(by, at, "couple.linked", client.pk, partner=str(other.pk))
    return couple


def _end_what_was_noted_beside_another(couple: Couple, at: datetime) -> None:
    """Let couple work be judged anew for who was screened while they had another partner: whether one
    fears the other, or is controlled by them, was asked of those two."""
    pair = [couple.first_id, couple.second_id]
    as_one = Q(first=OuterRef("client")) & ~Q(second__in=pair)
    as_one |= Q(second=OuterRef("client")) & ~Q(first__in=pair)
    other = Couple.objects.filter(as_one, ended_at__gt=OuterRef("attested_at"))
    Clearance.objects.filter(Exists(other), client__in=pair, ended_at=None).update(ended_at=at)


def require_linked(couple: Couple) -> None:
    """Raise NotPossible for two who are seen together no more."""
    if couple.ended_at is not None:
        raise NotPossible(_("They are no longer linked."))


def hold_linked(couple: Couple) -> Couple:
    """Return a couple as it is now; who are linked stay so until the transaction ends.

    Raises NotPossible for two who are seen together no more.
    """
    held = Couple.objects.select_for_update(no_key=True).get(pk=couple.pk)
    require_linked(held)
    return held


def unlink(*, by: Actor, at: datetime, couple: Couple) -> None:
    """Note that two clients are no longer seen together; what was assigned stays each one's own.

    A therapist of one of them is enough: it gives them nothing of the other, and where each has one
    of their own by now, nobody has both.
    """
    if not any(may_change(by, one) for one in (couple.first, couple.second)):
        raise PermissionDenied
    with transaction.atomic():
        if Couple.objects.filter(pk=couple.pk, ended_at=None).update(ended_at=at):
            for client, other in ((couple.first, couple.second), (couple.second, couple.first)):
                auditing.on_client(by, at, "couple.unlinked", client.pk, partner=str(other.pk))


def set_session(
    *, by: Actor, at: datetime, couple: Couple, next_session_at: datetime | None
) -> bool:
    """Note when a couple comes next; the queue puts whoever comes first on top.

    Says what `_move_session` says. Raises NotPossible once they are unlinked.
    """
    pair = [couple.first, couple.second]
    for client in pair:
        _require_care(by, client)
    with transaction.atomic():
        followed = _move_session(by, at, couple, next_session_at)
        for client in pair:
            auditing.on_client(by, at, "session.set", client.pk)
    return followed


def _move_session(by: Actor, at: datetime, of: Client | Couple, hour: datetime | None) -> bool:
    """Keep when somebody comes next, and say whether that touches homework given until then: it moved
    along, or, where no hour is noted any more, keeps the old one until another is. A client's row the
    caller holds."""
    # Whoever else changes it waits: what follows starts from the hour that stood there.
    row = hold_linked(of) if isinstance(of, Couple) else of
    type(of).objects.filter(pk=of.pk).update(next_session_at=hour)
    if isinstance(row, Client) and row.next_session_at != hour:
        Client.objects.filter(pk=row.pk).update(kept_session_at=None)
    couple = of if isinstance(of, Couple) else None
    # exercises', which this app does not know
    followed: bool = import_string(settings.HOMEWARD_FOLLOW_SESSION)(
        by=by,
        at=at,
        clients=[couple.first, couple.second] if couple else [of],
        couple=couple,
        before=row.next_session_at,
        after=hour,
    )
    return followed


def hand_over(*, by: Actor, at: datetime, clients: Sequence[Client], to: Membership) -> None:
    """Give clients into a colleague's care; history stays, access moves on the next request.

    Raises NotPossible when one of them was given away meanwhile, and for who is no therapist.
    """
    for client in clients:
        _require_care(by, client)
    _move(by, at, [client.pk for client in clients], from_member=_seat(by), to=to)


def deactivate_member(
    *, by: Actor, at: datetime, member: Membership, to: Membership | None
) -> None:
    """Deactivate a member and hand their whole caseload over: both, or neither."""
    with transaction.atomic():
        if to is not None:
            hand_over_all(by=by, at=at, member=member, to=to)
        people.deactivate(by=by, at=at, member=member)


def entrust(*, by: Actor, at: datetime, client: Client, to: Membership) -> None:
    """Find a therapist for somebody in nobody's care; for admins, who reach no one in care.

    Raises NotPossible when somebody has them by now, and for a colleague who is no therapist.
    """
    if not may_administer(by):
        raise PermissionDenied
    with transaction.atomic():
        lock_clients([client.pk])
        if standing_care().filter(client=client).exists():
            raise NotPossible(_("This has already moved on. Open it again to see where it is."))
        if not _holds_who_takes_over(by, to):
            raise NotPossible(_("Choose a therapist who works here."))
        Caseload.objects.filter(client=client, until_at=None).update(until_at=at)
        _give(by, at, client.pk, to)


def hand_over_all(*, by: Actor, at: datetime, member: Membership, to: Membership) -> int:
    """Give a member's whole caseload to a colleague, for the admin who deactivates them."""
    if not may_administer(by):
        raise PermissionDenied
    ids = list(
        Caseload.objects.filter(member=member, until_at=None).values_list("client_id", flat=True)
    )
    _move(by, at, ids, from_member=member.pk, to=to)
    return len(ids)


def discharge(*, by: Actor, at: datetime, client: Client) -> None:
    """End care: the client's seat ends, no reminder goes out any more; nothing is erased."""
    _require_care(by, client)
    with transaction.atomic():
        if Client.objects.filter(pk=client.pk, discharged_at=None).update(discharged_at=at):
            uninvite(by=by, at=at, client=client)
            auditing.on_client(by, at, "client.discharged", client.pk)


def reactivate(*, by: Actor, at: datetime, client: Client) -> None:
    """Take care up again; everything is where it was, and their address is the one of today."""
    _require_care(by, client)
    with transaction.atomic():
        # The request before the record, as for the worker who carries it out.
        erasing.call_off_retention(by=by, at=at, client=client)
        lock_clients([client.pk])
        if (
            Client.objects.filter(pk=client.pk)
            .exclude(discharged_at=None)
            .update(discharged_at=None)
        ):
            auditing.on_client(by, at, "client.reactivated", client.pk)
            if client.user is not None and client.user.email != client.email:
                # The new one has refused no mail.
                ContactPreference.objects.filter(client=client).update(suppressed_at=None)
                take_address(by=by, at=at, client=client, user=client.user)


def take_address(*, by: Actor, at: datetime, client: Client, user: User) -> None:
    """Let a record have its person's address, which only they change.

    Where another client of the practice has it, the record keeps the old one: a person may be
    invited under the address of somebody who is in care already.
    """
    address = user.email.strip().lower()
    with suppress(IntegrityError), transaction.atomic():
        if Client.objects.filter(pk=client.pk).exclude(email=address).update(email=address):
            auditing.on_client(by, at, "client.changed", client.pk)


def _move(
    by: Actor, at: datetime, ids: Sequence[UUID], *, from_member: UUID, to: Membership
) -> None:
    if to.pk == from_member:
        raise NotPossible(_("Choose somebody else."))
    with transaction.atomic():
        lock_clients(ids)
        if not _holds_who_takes_over(by, to):
            raise NotPossible(_("Choose a therapist who works here."))
        given = Caseload.objects.filter(member_id=from_member, client__in=ids, until_at=None)
        # Somebody was faster, perhaps oneself in another tab: only who has a client gives them away.
        if given.update(until_at=at) != len(set(ids)):
            raise NotPossible(_("This has already moved on. Open it again to see where it is."))
        there = set(
            Caseload.objects.filter(member=to, client__in=ids, until_at=None).values_list(
                "client_id", flat=True
            )
        )
        for pk in ids:
            _give(by, at, pk, to, is_new=pk not in there)


def _give(by: Actor, at: datetime, pk: UUID, to: Membership, *, is_new: bool = True) -> None:
    if is_new:
        Caseload.objects.create(practice_id=by.practice_id, member=to, client_id=pk, from_at=at)
    auditing.on_client(by, at, "caseload.handed_over", pk, to=str(to.pk))


def _holds_a_therapist(by: Actor, pk: UUID) -> bool:
    """Say whether this seat is a therapist's now; it stays so until the transaction ends."""
    seat = (
        Membership.objects.select_for_update(of=("self",), no_key=True)
        .filter(practice_id=by.practice_id, pk=pk, deactivated_at=None, user__is_active=True)
        .first()
    )
    return seat is not None and Role.THERAPIST in seat.roles


def _holds_who_takes_over(by: Actor, to: Membership) -> bool:
    """Say so of a colleague who is to be given somebody: none who is a client here."""
    is_known = is_client(by.practice_id, to.user.email, to.user_id)
    return not is_known and _holds_a_therapist(by, to.pk)


def _require_care(by: Actor, client: Client) -> None:
    if not may_change(by, client):
        raise PermissionDenied


def _seat(by: Actor) -> UUID:
    if by.member_id is None:
        raise PermissionDenied
    return by.member_id
