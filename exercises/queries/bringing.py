"""What clients set aside to talk about it in the session."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, OuterRef, Q, Subquery, When

from exercises.models import Homework, Step
from exercises.workflow import Move, Status

# So long it stands with what is there for the session: longer than between most of them.
KEPT_FOR = timedelta(days=28)


def brought_at() -> Case:
    """Return when a homework was set aside for the session; None when it is not, or no more."""
    last = Step.objects.filter(
        homework=OuterRef("pk"), revision=OuterRef("revision"), move=Move.BRING
    )
    return Case(When(status=Status.SKIPPED, then=Subquery(last.values("at"))))


def is_for_session(row: Any) -> bool:
    """Say whether this (see `homeworks`) was set aside to talk about it."""
    return row.status == Status.SKIPPED and row.brought_at is not None


def brought_lately(at: datetime) -> Q:
    """Find what is still there for the session."""
    return Q(status=Status.SKIPPED, brought_at__gte=at - KEPT_FOR)


def in_order(rows: Sequence[Any], at: datetime) -> list[Homework]:
    """Return of these what is still there for the session, what was brought last first."""
    lately = [row for row in rows if is_for_session(row) and row.brought_at >= at - KEPT_FOR]
    lately.sort(key=lambda row: (row.brought_at, row.pk), reverse=True)
    return lately
