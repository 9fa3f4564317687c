"""Who may have people in their care: whoever is a client here has nobody in this practice."""

from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from clients.models import Client
from clients.permissions import NOBODY
from practice.actors import Actor
from practice.models import Membership
from practice.queries import people


def is_client(practice_id: UUID, email: str, user_id: int | None = None) -> bool:
    """Say whether this practice keeps a record of somebody: under this address, or of this account,
    in care or ended, joined or not. `practice` calls it by `HOMEWARD_IS_CLIENT`."""
    return Client.objects.filter(
        Q(email__iexact=email) | Q(user=user_id or 0), practice_id=practice_id
    ).exists()


def can_take_over(actor: Actor, *, besides: UUID | None = None) -> list[Membership]:
    """Return the therapists who could have somebody in their care, by name: none who is a client
    here, since they may know each other, and be the very two."""
    theirs = Q(user=OuterRef("user")) | Q(email__iexact=OuterRef("user__email"))
    found = people.therapists(actor).exclude(pk=besides or NOBODY)
    here = Client.objects.filter(theirs, practice_id=actor.practice_id)
    return list(found.filter(~Exists(here)))
