"""A client comes in, agrees, and says when and how they want to be reminded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from clients import consent_text
from clients.actions.caring import take_address
from clients.actions.turns import hold_clients, lock_clients
from clients.actors import seat_of
from clients.models import Client, Consent, ContactPreference
from clients.permissions import NOBODY, is_self
from practice.actions import auditing, invitations
from practice.actors import Actor
from practice.errors import NotPossible
from practice.models import Invitation, InvitationKind, User
from practice.tenancy import scope


@dataclass(frozen=True)
class Arrival:
    """What an invited person says on their way in; `password` stays empty for codes by mail."""

    called: str
    zone: str
    language: str
    password: str = ""


def find_invitation(token: str, at: datetime, *, hold: bool = False) -> Invitation | None:
    """Return what `invitations.find` finds. With `hold` the record it leads to is held first, as by
    whoever changes it: they, too, take its invitation after that."""
    found = invitations.find(token, at)
    if found is None or not hold:
        return found
    if found.client_id:
        hold_clients([found.client_id])
    return invitations.find(token, at, hold=True)


def join(
    *, invitation: Invitation, user: User | None, at: datetime, arrival: Arrival
) -> tuple[User, str]:
    """Accept an invitation, opening an account unless there is one; all of it, or nothing.

    The caller holds the invitation (`find_invitation`): nobody else uses it meanwhile. Returns the
    person and their new seat.
    """
    is_member = invitation.kind == InvitationKind.MEMBER
    with transaction.atomic():
        user = user or invitations.open_account(
            invitation=invitation,
            name=arrival.called.strip() if is_member else invitation.name,
            password=arrival.password or None,
            language=arrival.language,
            zone=arrival.zone,
        )
        if is_member:
            seat = invitations.accept(invitation=invitation, user=user, at=at)
            return user, f"member:{seat.pk}" if seat else ""
        client = _join_care(invitation, user, at, arrival)
    return user, f"client:{client.pk}"


def _join_care(invitation: Invitation, user: User, at: datetime, arrival: Arrival) -> Client:
    """Link the account to the record; keep consent word for word."""
    client = Client.objects.filter(
        pk=invitation.client_id or NOBODY, user=None, discharged_at=None
    ).first()
    if client is None:
        raise NotPossible(_("This link no longer opens. Ask your therapist for a new one."))
    if Client.objects.filter(practice=client.practice_id, user=user).exists():
        raise NotPossible(_("You are in this practice’s care already. Sign in to go on."))
    practice, language = invitation.practice, arrival.language
    with transaction.atomic():
        invitations.accept(invitation=invitation, user=user, at=at)
        Client.objects.filter(pk=client.pk).update(
            user=user,
            called=arrival.called.strip(),
            zone=arrival.zone,
            language=language,
            joined_at=at,
        )
        ContactPreference.objects.get_or_create(
            client=client,
            defaults={
                "practice_id": client.practice_id,
                "reminder_time": practice.reminder_time,
                "quiet_from": practice.quiet_from,
                "quiet_until": practice.quiet_until,
            },
        )
        client.refresh_from_db()
        by = seat_of(client)
        consent(by=by, at=at, client=client, language=language)
        auditing.on_client(by, at, "client.joined", client.pk)
    return client


def consent(*, by: Actor, at: datetime, client: Client, language: str) -> None:
    """Keep what was agreed to, in the words that were shown."""
    _require_self(by, client)
    version, text = consent_text.current(language)
    with transaction.atomic():
        lock_clients([client.pk])
        if Consent.objects.filter(client=client, version=version, withdrawn_at=None).exists():
            return
        Consent.objects.create(
            practice_id=client.practice_id,
            client=client,
            version=version,
            language=language,
            text=text,
            given_at=at,
        )
        auditing.on_client(by, at, "consent.given", client.pk)


def withdraw_consent(*, by: Actor, at: datetime, client: Client) -> None:
    """Note that a client no longer agrees; their therapist sees it, and speaks with them."""
    _require_self(by, client)
    with transaction.atomic():
        if Consent.objects.filter(client=client, withdrawn_at=None).update(withdrawn_at=at):
            auditing.on_client(by, at, "consent.withdrawn", client.pk)


@dataclass(frozen=True)
class Preferences:
    """When and how somebody wants to be reminded, and what to call them."""

    called: str
    zone: str
    language: str
    reminder_time: time
    quiet_from: time
    quiet_until: time
    by_email: bool
    kinds_off: Sequence[str] = ()
    paused_until: datetime | None = None


def take_turns(*, by: Actor, client: Client) -> Client:
    """Return one's own record as it stands: until the transaction ends no other page of theirs saves
    its choices, and no stop by a mail's link comes between."""
    _require_self(by, client)
    (held,) = lock_clients([client.pk])
    return held


def set_preferences(*, by: Actor, at: datetime, client: Client, wishes: Preferences) -> None:
    """Keep a client's own choices."""
    _require_self(by, client)
    with transaction.atomic():
        Client.objects.filter(pk=client.pk).update(
            called=wishes.called.strip(), zone=wishes.zone, language=wishes.language
        )
        User.objects.filter(pk=by.user_id or 0).update(language=wishes.language, zone=wishes.zone)
        ContactPreference.objects.filter(client=client).update(
            reminder_time=wishes.reminder_time,
            quiet_from=wishes.quiet_from,
            quiet_until=wishes.quiet_until,
            by_email=wishes.by_email,
            kinds_off=list(wishes.kinds_off),
            paused_until=wishes.paused_until,
            # An address that had taken no mail is tried once more: who saves this has read of it.
            suppressed_at=None,
            changed_at=at,
        )
        # exercises', which this app does not know
        import_string(settings.HOMEWARD_FOLLOW_WISHES)(client, at)
        auditing.on_client(by, at, "preference.set", client.pk)


def follow_address(*, user: User, at: datetime) -> None:
    """Let each record follow its person's new address; mail that the old one refused is tried again.

    A practice that they have left is told nothing; it learns of it when they come back
    (`caring.reactivate`).
    """
    with scope(user=user.pk):
        seats = list(Client.objects.filter(user=user, discharged_at=None))
    for client in seats:
        with scope(practice=client.practice_id):
            # The client's row first, as everywhere.
            take_address(by=seat_of(client), at=at, client=client, user=user)
            ContactPreference.objects.filter(client=client).update(suppressed_at=None)


def switch_off(*, client: Client, kind: str, at: datetime) -> None:
    """Stop one kind of mail, or all of them (`kind` empty): the one-click unsubscribe."""
    with transaction.atomic():
        lock_clients([client.pk])
        row = ContactPreference.objects.get(client=client)
        if kind:
            row.kinds_off = sorted({*row.kinds_off, kind})
        else:
            row.by_email = False
        row.changed_at = at
        row.save(update_fields=["kinds_off", "by_email", "changed_at"])
        by = Actor(practice_id=client.practice_id, kind="client", client_id=client.pk)
        auditing.on_client(by, at, "preference.set", client.pk)


def _require_self(by: Actor, client: Client) -> None:
    if not is_self(by, client.pk):
        raise PermissionDenied
