"""Who is in care, each with where their homework stands."""

from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from clients.models import Client
from clients.queries.care import BY_NAME, listed
from exercises.models import Homework
from exercises.queries.review import unanswered
from exercises.workflow import CLIENTS_TURN
from practice.actors import Actor
from practice.queries.paging import Page, page

TO_REVIEW = "review"
MOST_COUNTED = 200


@dataclass(frozen=True)
class InCare:
    """A page of clients, each with `to_review` and `still_open`, and how many there are in all.

    Counted up to one more than MOST_COUNTED: a longer list costs no more.
    """

    page: Page[Client]
    count: int


def caseload(actor: Actor, *, search: str = "", only: str = "", after: str | None = None) -> InCare:
    """Return the clients in reach by name. `only`: as `clients.queries.care.listed`, or TO_REVIEW.

    Begun is counted with open: that somebody has begun is theirs to tell.
    """
    waits = unanswered(actor).filter(client=OuterRef("pk"))
    theirs = Homework.objects.filter(client=OuterRef("pk"), status__in=CLIENTS_TURN)
    rows = listed(actor, search=search, only=only)
    if only == TO_REVIEW:
        rows = rows.filter(Exists(waits))
    counted = rows.annotate(to_review=_number(waits), still_open=_number(theirs))
    return InCare(
        page=page(counted, order=BY_NAME, after=after),
        count=rows[: MOST_COUNTED + 1].count(),
    )


def _number(rows: QuerySet[Homework]) -> Coalesce:
    grouped = rows.order_by().values("client").annotate(number=Count("pk"))
    return Coalesce(Subquery(grouped.values("number")), 0)
