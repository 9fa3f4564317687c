"""Who is in care, each with where their homework stands."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef

from clients.models import Client
from clients.queries.care import BY_NAME, clients_in_reach, newly_given, shared_session
from exercises.models import Homework
from exercises.queries.review import counted, unanswered
from exercises.workflow import CLIENTS_TURN
from practice.actors import Actor
from practice.queries.paging import Page, page

TO_REVIEW = "review"
MOST_COUNTED = 200


@dataclass(frozen=True)
class InCare:
    """A page of clients, each with `to_review`, `still_open`, `shared_session_at`, `given_at` and
    `given_by`, and how many there are in all.

    Counted up to one more than MOST_COUNTED: a longer list costs no more.
    """

    page: Page[Client]
    count: int


def caseload(
    actor: Actor, at: datetime, *, search: str = "", only: str = "", after: str | None = None
) -> InCare:
    """Return the clients in reach by name. `only`: as `clients.queries.care.clients_in_reach`, or TO_REVIEW.

    Begun is counted with open: that somebody has begun is theirs to tell.
    """
    waits = unanswered(actor).filter(client=OuterRef("pk"))
    theirs = Homework.objects.filter(client=OuterRef("pk"), status__in=CLIENTS_TURN)
    rows = clients_in_reach(actor, search=search, only=only)
    if only == TO_REVIEW:
        rows = rows.filter(Exists(waits))
    with_numbers = rows.annotate(
        to_review=counted(waits, by="client"),
        still_open=counted(theirs, by="client"),
        shared_session_at=shared_session(actor, at),
        **newly_given(actor, at),
    )
    return InCare(
        page=page(with_numbers, order=BY_NAME, after=after),
        count=rows[: MOST_COUNTED + 1].count(),
    )
