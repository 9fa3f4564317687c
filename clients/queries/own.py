"""What belongs to the client who asks."""

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet

from clients.models import Caseload, Client, Consent, ContactPreference, Couple, SessionTopic
from clients.permissions import NOBODY, standing_care
from clients.queries.care import client_of
from practice.actors import Actor
from practice.models import Invitation, Membership
from practice.queries.finding import or_404
from practice.tenancy import scope


def own_client(actor: Actor) -> Client:
    """Return the client who asks. Raises PermissionDenied for anybody else."""
    if actor.client_id is None:
        raise PermissionDenied
    return client_of(actor, actor.client_id)


@dataclass(frozen=True)
class Seat:
    """Where somebody could sit, and what it is called on their pages."""

    seat: str
    name: str


def seats(user_id: int) -> list[Seat]:
    """Return the seats this person could take, by name.

    Who cares for them goes by the name that gives nobody away, unless two have the same. Runs inside
    their own request's scope, where the wall shows them their seats anywhere.
    """
    works = Membership.objects.filter(user_id=user_id, deactivated_at=None)
    in_care = Client.objects.filter(user_id=user_id, discharged_at=None)
    cared_for = list(in_care.select_related("practice"))
    told_apart = Counter(one.practice.discreet_name for one in cared_for)
    found = [
        Seat(f"member:{one.pk}", one.practice.name) for one in works.select_related("practice")
    ]
    for one in cared_for:
        discreet = one.practice.discreet_name
        name = discreet if told_apart[discreet] == 1 else one.practice.name
        found.append(Seat(f"client:{one.pk}", name))
    return sorted(found, key=lambda one: (one.name.casefold(), one.seat))


def names_in_mails(user_id: int) -> set[str]:
    """Return by which discreet names mails can call the places where somebody sits; `practice` calls
    it by `HOMEWARD_NAMES`, for whoever signs in and for nobody (0) alike."""
    with scope(user=user_id):
        works = Membership.objects.filter(user_id=user_id, deactivated_at=None)
        in_care = Client.objects.filter(user_id=user_id, discharged_at=None)
        named = [one.values_list("practice__discreet_name") for one in (works, in_care)]
        return {name for (name,) in named[0].union(named[1])}


def invited_client(invitation: Invitation) -> Client | None:
    """Return the record an open invitation leads to; the link itself is the permission."""
    return Client.objects.filter(pk=invitation.client_id or NOBODY).first()


def carers(actor: Actor) -> QuerySet[Caseload]:
    """Return who cares for the client who asks, by caseload; who has for longest comes first."""
    return (
        standing_care()
        .filter(practice_id=actor.practice_id, client_id=actor.client_id or NOBODY)
        .select_related("member__user")
        .order_by("from_at", "pk")
    )


def is_or_was_in_couple(actor: Actor) -> bool:
    """Say whether the client who asks is or was in a couple; with whom is no matter of this. What they
    were promised about a partner stands on: what the two were given still speaks of one."""
    # The release before, which may run beside this one, links without saying so here.
    linked = Exists(Couple.objects.filter(Q(first=OuterRef("pk")) | Q(second=OuterRef("pk"))))
    own = Client.objects.filter(practice_id=actor.practice_id, pk=actor.client_id or NOBODY)
    return own.filter(Q(was_in_couple=True) | linked).exists()


def have_cared(actor: Actor) -> set[int]:
    """Return the users who care or ever cared for the client who asks; other readers supervise."""
    rows = Caseload.objects.filter(
        practice_id=actor.practice_id, client_id=actor.client_id or NOBODY
    )
    return set(rows.values_list("member__user_id", flat=True))


def preference(actor: Actor, client: Client) -> ContactPreference:
    """Return when and how a client wants to be reminded."""
    return ContactPreference.objects.get(client=client, client_id=actor.client_id or NOBODY)


def consents(actor: Actor, client: Client) -> list[Consent]:
    """Return what a client agreed to, newest first."""
    found = Consent.objects.filter(client=client, client_id=actor.client_id or NOBODY)
    return list(found.order_by("-given_at", "pk"))


def own_topic(actor: Actor, pk: UUID) -> SessionTopic:
    """Return one topic of the client who asks. Raises Http404."""
    return or_404(SessionTopic.objects.filter(pk=pk, client_id=actor.client_id or NOBODY))
