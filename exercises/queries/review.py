"""The review queue: whose session comes first, then what has waited longest."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import (
    BooleanField,
    Case,
    Count,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
    Window,
)
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Coalesce, Least
from django.db.models.lookups import IsNull
from django.http import Http404

from clients.models import Client, Couple
from clients.permissions import NOBODY, cared_for, in_reach, seen_together, standing_care
from clients.queries.care import shared_session
from exercises.models import Comment, Flag, Homework, Review
from exercises.workflow import Status
from practice.actors import Actor
from practice.models import Membership
from practice.queries.finding import or_404
from practice.queries.paging import Page, page

# Sorts those without a session behind all that have one.
NO_SESSION = datetime(9999, 1, 1, tzinfo=UTC)
# How far down the queue one finds one's place in it.
NEAR = 200
# So long after a word of theirs a colleague counts as writing.
WRITING = timedelta(minutes=30)
# So many of the answers that asked for a human are told on a client's page.
MOST_FLAGS = 10
# A review says something in its opening words, or of an answer.
HAS_WORDS = Q(sealed_words__isnull=False) | Q(
    Exists(Comment.objects.filter(review=OuterRef("pk"), sealed_text__isnull=False))
)
QUEUE_ORDER = ("session_at", "submitted_at", "pk")


def waiting(actor: Actor, at: datetime) -> QuerySet[Homework]:
    """Return what waits for this therapist, each row with `session_at` (NO_SESSION: none)."""
    return (
        _waiting(actor)
        .select_related("client", "version__exercise", "assignment__couple__first")
        .select_related("assignment__couple__second")
        .defer("version__body")
        .annotate(session_at=_next_session(actor, at))
    )


def unanswered(actor: Actor) -> QuerySet[Homework]:
    """Return what was handed in and no answer is on its way to; the caller says whose."""
    return Homework.objects.filter(practice_id=actor.practice_id, status=Status.SUBMITTED).exclude(
        answer_on_its_way()
    )


def answer_on_its_way() -> Exists:
    """Whether a row of homework was answered so lately that it can still be undone."""
    return Exists(
        Review.objects.filter(
            response__homework=OuterRef("pk"), sent_at__isnull=False, settled_at=None
        )
    )


def _waiting(actor: Actor) -> QuerySet[Homework]:
    return unanswered(actor).filter(client__in=cared_for(actor).values("pk"))


def queue(
    actor: Actor, at: datetime, *, only: str = "", after: str | None = None, size: int = 25
) -> Page[Homework]:
    """Return the queue. `only` may be `couples` or `second` (second rounds and later)."""
    rows = waiting(actor, at)
    if only == "couples":
        rows = rows.filter(assignment__couple__isnull=False)
    elif only == "second":
        rows = rows.filter(round__gt=1)
    begun = _begun_by_colleague(actor, at).values("reviewer__user__name")[:1]
    rows = rows.annotate(colleague=Subquery(begun), drafted=Exists(_own_draft(actor)))
    return page(rows, order=QUEUE_ORDER, after=after, size=size)


def count_waiting(actor: Actor) -> int:
    """Count what waits for this therapist, for the number in the frame: what was handed in, and the
    answers that want a human."""
    seat = Membership.objects.filter(pk=actor.member_id or NOBODY)
    return seat.values_list(number_waiting(actor), flat=True).first() or 0


def number_waiting(actor: Actor) -> CombinedExpression:
    """The same number, for a page that asks something else anyway."""
    return counted(_waiting(actor), by="practice") + counted(_flags(actor), by="practice")


def counted(rows: QuerySet[Any], *, by: str) -> Coalesce:
    """How many of these rows there are for each row of another query; `by` is the same for all."""
    grouped = rows.order_by().values(by).annotate(number=Count("pk"))
    return Coalesce(Subquery(grouped.values("number")), 0)


def _begun_by_colleague(actor: Actor, at: datetime) -> QuerySet[Review]:
    """Return what a colleague wrote to a row's round in the last half hour and has not sent.

    Whoever has handed the client over since writes no more to them.
    """
    still_cares = standing_care().filter(
        member=OuterRef("reviewer"), client=OuterRef("response__homework__client")
    )
    return (
        Review.objects.filter(
            Exists(still_cares),
            response__homework=OuterRef("pk"),
            response__round=OuterRef("round"),
            sent_at=None,
            updated_at__gte=at - WRITING,
        )
        .exclude(reviewer_id=actor.member_id)
        .order_by("-updated_at", "pk")
    )


def _own_draft(actor: Actor) -> QuerySet[Review]:
    """Return what this therapist has written to a row's round or marked in it, and has not sent."""
    return Review.objects.filter(
        Q(sealed_words__isnull=False) | Q(comments__isnull=False),
        response__homework=OuterRef("pk"),
        response__round=OuterRef("round"),
        reviewer_id=actor.member_id,
        sent_at=None,
    )


def counts(actor: Actor, at: datetime) -> dict[str, int]:
    """Count the queue's filters in one query."""
    return waiting(actor, at).aggregate(
        all=Count("pk"),
        couples=Count("pk", filter=Q(assignment__couple__isnull=False)),
        second=Count("pk", filter=Q(round__gt=1)),
    )


def next_waiting(actor: Actor, at: datetime, current: Homework) -> Homework | None:
    """Return what comes after `current` in the queue, else the first one, else None.

    Never what a colleague has answered meanwhile, or is writing to just now.
    """
    free = waiting(actor, at).filter(Q(pk=current.pk) | ~Exists(_begun_by_colleague(actor, at)))
    order = list(free.order_by(*QUEUE_ORDER).values_list("pk", flat=True)[:NEAR])
    if current.pk in order:
        order = order[order.index(current.pk) + 1 :] + order[: order.index(current.pk)]
    for pk in order:
        found = Homework.objects.filter(pk=pk, status=Status.SUBMITTED).first()
        if found is not None:
            return found
    return None


def has_clients(actor: Actor) -> bool:
    """Say whether there is anybody this therapist could give something to."""
    return cared_for(actor).filter(discharged_at=None).exists()


@dataclass(frozen=True)
class Hour:
    """When somebody comes next: two together, or one alone."""

    at: datetime
    client: Client
    couple: Couple | None


def hours(actor: Actor, at: datetime, most: int) -> tuple[list[Hour], int]:
    """Return this therapist's next hours as far as dates are noted, and how many there are in all.

    A couple's hour is theirs once; where the care of one of the two has ended, it is the other's.
    """
    own = cared_for(actor).filter(discharged_at=None)
    alone = own.filter(next_session_at__gte=at).annotate(of=Window(Count("pk")))
    theirs = own.values("pk")
    together = (
        Couple.objects.filter(pk__in=seen_together(actor).values("pk"))
        .filter(Q(first__in=theirs) | Q(second__in=theirs), next_session_at__gte=at)
        .select_related("first", "second")
        .annotate(
            of=Window(Count("pk")),
            has_first=ExpressionWrapper(Q(first__in=theirs), output_field=BooleanField()),
            has_second=ExpressionWrapper(Q(second__in=theirs), output_field=BooleanField()),
        )
    )
    clients: list[Any] = list(alone.order_by("next_session_at", "pk")[:most])
    couples: list[Any] = list(together.order_by("next_session_at", "pk")[:most])
    found = [Hour(one.next_session_at, one, None) for one in clients]
    for two in couples:
        one = two.first if two.has_first else two.second
        found.append(
            Hour(two.next_session_at, one, two if two.has_first and two.has_second else None)
        )
    found.sort(key=lambda hour: (hour.at, hour.client.pk))
    return found[:most], sum(rows[0].of for rows in (clients, couples) if rows)


@dataclass(frozen=True)
class Place:
    """Where a round stands in the queue (`at` 0: it does not wait), and its neighbours."""

    at: int
    of: int
    previous: UUID | None
    following: UUID | None


def place_in_queue(actor: Actor, at: datetime, homework: Homework) -> Place:
    """Return which of how many this one is, and what comes before and after it."""
    rows = waiting(actor, at).annotate(of=Window(Count("pk"))).order_by(*QUEUE_ORDER)
    order, of = [], 0
    for pk, of in rows.values_list("pk", "of")[:NEAR]:  # noqa: B007 -- the same in each row
        order.append(pk)
    if homework.pk not in order:
        return Place(0, of, None, order[0] if order else None)
    number = order.index(homework.pk)
    return Place(
        number + 1,
        of,
        order[number - 1] if number else None,
        order[number + 1] if number + 1 < len(order) else None,
    )


def unsettled(actor: Actor, at: datetime) -> list[Review]:
    """Return this therapist's reviews that can still be undone, newest first.

    Not those of somebody handed over since: what is out of reach cannot be undone.
    """
    return list(
        Review.objects.filter(
            in_reach(actor, "response__homework__client"),
            practice_id=actor.practice_id,
            reviewer_id=actor.member_id,
            sent_at__isnull=False,
            settled_at=None,
            settles_at__gt=at,
        )
        .select_related("response__homework__client")
        .order_by("-sent_at", "pk")[:5]
    )


def review(actor: Actor, pk: UUID) -> Review:
    """Return one review of a client in reach. Raises Http404."""
    found = (
        Review.objects.filter(
            in_reach(actor, "response__homework__client"),
            practice_id=actor.practice_id,
            pk=pk,
        )
        .select_related("response__homework__client", "response__homework__version", "reviewer")
        .defer("response__homework__version__body")
        .first()
    )
    if found is None or actor.is_client:
        raise Http404
    return found


def flags(actor: Actor) -> list[Any]:
    """Return the answers that want a human soon, oldest first, each with `of` (how many there are);
    for therapists of these clients."""
    rows = _flags(actor).select_related("client", "homework").annotate(of=Window(Count("pk")))
    return list(rows.order_by("raised_at", "pk")[:20])


def _flags(actor: Actor) -> QuerySet[Flag]:
    return Flag.objects.filter(
        practice_id=actor.practice_id,
        handled_at=None,
        client__in=cared_for(actor).values("pk"),
    )


def flags_on(actor: Actor, homework: Homework) -> list[Flag]:
    """Return what in this homework wants a human, oldest first, what is seen to as well."""
    return list(
        Flag.objects.filter(homework=homework, client__in=cared_for(actor).values("pk"))
        .select_related("handled_by__user")
        .order_by("raised_at", "pk")
    )


def flags_of(actor: Actor, *clients: Client) -> list[Flag]:
    """Return which answers of these clients asked for a human, newest first, those seen to as well
    (behind those that still wait); for therapists of theirs, those who took over since too.

    `clients` calls it by `HOMEWARD_FLAGS`.
    """
    return list(
        Flag.objects.filter(
            practice_id=actor.practice_id,
            client__in=cared_for(actor).filter(pk__in=[one.pk for one in clients]).values("pk"),
        )
        .select_related("handled_by__user")
        .order_by(IsNull(F("handled_at"), rhs=True).desc(), "-raised_at", "pk")[:MOST_FLAGS]
    )


def flag(actor: Actor, pk: UUID) -> Flag:
    """Return one flag of a client in this therapist's care. Raises Http404."""
    return or_404(
        Flag.objects.filter(pk=pk, client__in=cared_for(actor).values("pk")).select_related(
            "client", "homework"
        )
    )


def taken_on_until(actor: Actor, pk: UUID, long: timedelta) -> datetime | None:
    """Return until when this therapist may put a flag back, `long` after they took it on."""
    taken_on = (
        Flag.objects.filter(
            pk=pk, handled_by=actor.member_id or NOBODY, client__in=cared_for(actor).values("pk")
        )
        .values_list("handled_at", flat=True)
        .first()
    )
    return taken_on + long if taken_on else None


def _next_session(actor: Actor, at: datetime) -> Case:
    """The client's own or their couple's next session, whichever comes first and is to come; none
    once their care has ended."""
    own = Case(
        When(client__next_session_at__gte=at, then=F("client__next_session_at")),
        default=Value(NO_SESSION),
        output_field=DateTimeField(),
    )
    shared = Coalesce(shared_session(actor, at, "client_id"), Value(NO_SESSION))
    return Case(
        When(client__discharged_at__isnull=False, then=Value(NO_SESSION)),
        default=Least(own, shared),
        output_field=DateTimeField(),
    )
