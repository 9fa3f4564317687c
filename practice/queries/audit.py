"""The trail, for admins; and for a client, who read them."""

import re
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.utils.module_loading import import_string

from practice.actors import Actor
from practice.models import AuditEvent, Invitation, Membership, User
from practice.permissions import may_administer
from practice.queries.paging import Page, page

# The chain in the database holds these, and no page, file or answer made of it does: that somebody
# has begun is theirs until they send, and that an answer asked for a human is for those who care for
# them; so is that couple work waited, which such an answer brings about. Nor has a line its number
# there: one missing beside a client's deed would say it all the same.
LEFT_OUT = Q(action__in=["homework.begin", "homework.lapse"]) | Q(action__startswith="flag.")
# So many signs of a record's id, as the page shows it, are enough to find it.
SHORT_ID, WHOLE_ID = 8, 36
ID = re.compile(rf"[0-9]+|[0-9a-f-]{{{SHORT_ID},{WHOLE_ID}}}")


@dataclass(frozen=True)
class Whose:
    """Of whom lines of the trail are wanted; the caller knows which couples are theirs."""

    clients: Collection[UUID]
    couples: Collection[UUID]


def is_id(text: str) -> bool:
    """Say whether this may be a record's id, or the beginning of one; else it is a name."""
    return bool(ID.fullmatch(text))


def events(
    actor: Actor,
    *,
    person: int | None = None,
    action: str = "",
    record: str = "",
    whose: Whose | None = None,
    since: date | None = None,
    until: date | None = None,
) -> QuerySet[AuditEvent]:
    """Return what happened here, for admins; an admin reads no word in it, since none is there.

    That somebody has begun is not shown either: an admin may be their therapist. Nor is what was done
    by or for their own partner, should an admin have one here.
    """
    if not may_administer(actor):
        raise PermissionDenied
    # clients', whom this app does not know
    not_their_own = import_string(settings.HOMEWARD_NOT_THEIR_OWN)(actor, "client_id")
    found = AuditEvent.objects.filter(
        Q(client_id=None) | not_their_own, practice_id=actor.practice_id
    ).exclude(LEFT_OUT)
    if person:
        found = found.filter(user_id=person)
    if action:
        found = found.filter(action=action)
    if record:
        is_short = SHORT_ID <= len(record) < WHOLE_ID
        found = found.filter(**{"object_id__startswith" if is_short else "object_id": record})
    if whose is not None:
        given = Q(detail__couple__in=[str(pk) for pk in whose.couples])
        found = found.filter(Q(client_id__in=whose.clients) | given)
    if since:
        found = found.filter(at__date__gte=since)
    if until:
        found = found.filter(at__date__lte=until)
    return found


def trail(actor: Actor, after: str | None = None, **filters: object) -> Page[AuditEvent]:
    """Return one page of the trail, as it was chained, newest first."""
    return page(events(actor, **filters), order=("-seq",), after=after, size=50)  # type: ignore[arg-type]  # passed through


def reads_of(actor: Actor, client_id: UUID, after: str | None = None) -> Page[AuditEvent]:
    """Return who read a client's words, newest first; for that client only."""
    if actor.client_id != client_id:
        raise PermissionDenied
    found = AuditEvent.objects.filter(
        practice_id=actor.practice_id, client_id=client_id, action__startswith="read."
    ).exclude(user_id=actor.user_id)
    return page(found, order=("-pk",), after=after)


def names(found: list[AuditEvent]) -> dict[int, str]:
    """Return the names of those who acted, by user id, in one query."""
    ids = {event.user_id for event in found if event.user_id}
    return {user.pk: user.get_full_name() for user in User.objects.filter(pk__in=ids)}


def whose_caseloads(event: AuditEvent) -> list[str]:
    """Return the seats of those whose caseloads somebody was given to read."""
    said = str(event.detail.get("supervises", ""))
    return said.split(",") if said else []


def seats(actor: Actor, found: list[AuditEvent]) -> dict[str, str]:
    """Return the names of the members acted on, named, or given a client, by the id of their seat, and
    of those invited, by their invitation's, in two queries."""
    if not may_administer(actor):
        raise PermissionDenied
    ids: dict[str, set[str]] = defaultdict(set)
    for event in found:
        ids[event.object_kind].add(event.object_id)
        if to := event.detail.get("to"):
            ids["member"].add(to)
        ids["member"].update(whose_caseloads(event))
    members = Membership.objects.filter(practice_id=actor.practice_id, pk__in=ids["member"])
    invited = Invitation.objects.filter(practice_id=actor.practice_id, pk__in=ids["invitation"])
    return {
        **{str(row.pk): row.user.get_full_name() for row in members.select_related("user")},
        **{str(pk): name for pk, name in invited.values_list("pk", "name")},
    }
