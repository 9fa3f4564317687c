"""What a client finds today, and what their pages show around it: names, counts, hours. One query each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, Exists, F, OuterRef, When
from django.db.models.functions import Coalesce

from clients.permissions import reachable
from clients.queries.care import erasure_due, shared_session
from exercises.models import Entry, Homework, Review
from exercises.queries.bringing import in_order
from exercises.queries.homework import WITH_WORDS, homeworks
from exercises.queries.review import HAS_WORDS
from exercises.visibility import is_written
from exercises.workflow import CLIENTS_TURN, Status
from practice.actors import Actor
from practice.queries.finding import or_404

# So many of what is over stand on Today.
LATELY = 5


@dataclass(frozen=True)
class Today:
    """What a client finds: one thing first, then the rest, in calm order."""

    feature: Homework | None
    letters: Sequence[Homework]
    open: Sequence[Homework]
    still_here: Sequence[Homework]
    brought: Sequence[Homework]
    recent: Sequence[Homework]
    # More of that than stands here.
    has_earlier: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.feature or self.letters or self.open or self.still_here)


def today(actor: Actor, at: datetime) -> Today:
    """Return what is there for this client now.

    Begun work comes first, then returned places, then what is due soonest; what is past its date
    waits quietly under "still here if you want it". `has_words` says whether the therapist wrote
    anything back.
    """
    rows = list(
        homeworks(actor)
        .annotate(
            has_words=Exists(WITH_WORDS),
            has_letter=Exists(
                Review.objects.filter(
                    response__homework=OuterRef("pk"), settled_at__isnull=False, seen_at=None
                )
            ),
        )
        .exclude(status=Status.EXPIRED)
        .order_by("-opens_at", "-pk")[:60]
    )
    turn = [row for row in rows if row.status in CLIENTS_TURN]
    late = [row for row in turn if is_past(row, at)]
    current = sorted(
        (row for row in turn if row not in late),
        key=lambda row: (
            row.status != Status.IN_PROGRESS or row.version.exercise.is_log,
            row.status != Status.RETURNED,
            row.due_at is None,
            row.due_at or row.opens_at,
            # Of two that were given the same, both begin with the same.
            row.assignment.assigned_at,
            row.assignment_id,
            row.slot,
        ),
    )
    feature = current[0] if current else None
    letters = [
        row
        for row in rows
        # What comes first and was given back leads to the same words.
        if row.has_letter and not (row is feature and row.status == Status.RETURNED)
    ]
    done = sorted(
        (row for row in rows if row.status not in CLIENTS_TURN and row not in letters),
        key=lambda row: (row.submitted_at or row.opens_at, row.pk),
        reverse=True,
    )
    return Today(
        feature=feature,
        letters=letters,
        open=current[1:],
        still_here=late,
        brought=in_order(rows, at),
        recent=done[:LATELY],
        has_earlier=len(done) > LATELY,
    )


def is_past(row: Homework, at: datetime) -> bool:
    """Say whether its day has passed: it waits without one. What was given back has no day."""
    return bool(row.due_at and row.due_at < at and row.round == 1)


def own_record(actor: Actor, at: datetime) -> Any:
    """Return the client's own record, with `shared_session_at` (their couple's next session, or what was
    that when the partner's record was erased) and `erased_at` (the day a requested erasure is due)."""
    return or_404(
        reachable(actor)  # of a client: themselves
        .select_related("preference")
        .annotate(
            shared_session_at=Coalesce(shared_session(actor, at), _kept_session(at)),
            erased_at=erasure_due(),
        )
    )


def _kept_session(at: datetime) -> Case:
    return Case(When(kept_session_at__gte=at, then="kept_session_at"))


def entry_counts(actor: Actor, found: Sequence[Homework]) -> dict[UUID, int]:
    """Count the moments in the open round of each of the client's own homeworks."""
    own = [one.pk for one in found if one.client_id == actor.client_id]
    rows = (
        Entry.objects.filter(
            is_written(found),
            response__homework__in=own,
            response__round=F("response__homework__round"),
        )
        .values("response__homework")
        .annotate(count=Count("pk"))
        .order_by()
    )
    return {row["response__homework"]: row["count"] for row in rows}


def letters(actor: Actor, found: Sequence[Homework]) -> dict[UUID, Review]:
    """Return the newest review that reached the client, by homework, with `has_words`."""
    own = [one.pk for one in found if one.client_id == actor.client_id]
    rows = (
        Review.objects.filter(response__homework__in=own, settled_at__isnull=False)
        .annotate(has_words=HAS_WORDS)
        .select_related("reviewer__user", "response")
        .order_by("response__round", "pk")
    )
    return {row.response.homework_id: row for row in rows}
