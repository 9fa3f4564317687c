"""What a client's pages show around the work: names, counts, hours. One query each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, F

from clients.permissions import reachable
from clients.queries.care import erasure_due, shared_session
from exercises.models import Entry, Homework, Review
from exercises.queries.review import HAS_WORDS
from exercises.visibility import is_written
from practice.actors import Actor
from practice.queries.finding import or_404


def own_record(actor: Actor, at: datetime) -> Any:
    """Return the client's own record, with `shared_session_at` (their couple's next session) and
    `erased_at` (the day a requested erasure is due)."""
    return or_404(
        reachable(actor)  # of a client: themselves
        .select_related("preference")
        .annotate(shared_session_at=shared_session(actor, at), erased_at=erasure_due())
    )


def entry_counts(actor: Actor, homeworks: Sequence[Homework]) -> dict[UUID, int]:
    """Count the moments in the open round of each of the client's own homeworks."""
    own = [one.pk for one in homeworks if one.client_id == actor.client_id]
    rows = (
        Entry.objects.filter(
            is_written(homeworks),
            response__homework__in=own,
            response__round=F("response__homework__round"),
        )
        .values("response__homework")
        .annotate(count=Count("pk"))
        .order_by()
    )
    return {row["response__homework"]: row["count"] for row in rows}


def letters(actor: Actor, homeworks: Sequence[Homework]) -> dict[UUID, Review]:
    """Return the newest review that reached the client, by homework, with `has_words`."""
    own = [one.pk for one in homeworks if one.client_id == actor.client_id]
    rows = (
        Review.objects.filter(response__homework__in=own, settled_at__isnull=False)
        .annotate(has_words=HAS_WORDS)
        .select_related("reviewer__user", "response")
        .order_by("response__round", "pk")
    )
    return {row.response.homework_id: row for row in rows}
