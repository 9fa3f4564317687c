"""Homework as its client and as their therapist may see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, Exists, Max, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce, TruncDate
from django.http import Http404

from clients.models import Client
from clients.permissions import NOBODY, cared_for, in_reach, reachable_couples
from clients.queries.care import consent_withdrawn, part_in_couple
from clients.queries.own import carers
from exercises.models import (
    Answer,
    AnswerOutcome,
    Entry,
    Homework,
    Response,
    Review,
    Step,
)
from exercises.queries.bringing import brought_at, brought_lately, in_order
from exercises.queries.review import HAS_WORDS, answer_on_its_way, number_waiting
from exercises.workflow import CLIENTS_TURN, SHOWN_TO_CLIENT, TURN, Move, Side, Status
from practice.actors import Actor
from practice.models import Role, Supervision, User
from practice.queries.finding import or_404
from practice.queries.paging import Page, after_cursor, cut, fetched, page

# What can still be given another day, and what is nobody's turn any more.
MOVABLE = (Status.SCHEDULED, *CLIENTS_TURN)
OVER = tuple(status for status in Status if TURN[status] is Side.NOBODY)
# Of two, what opened on one day stands with the first of them on top.
PAST_ORDER = ("-day", "place", "-opens_at", "pk")
PAST, MOST_UNDER_WAY, MOST_KEPT = 20, 40, 10
# Withdrawn before it had opened.
NEVER_THERE = Q(
    Exists(
        Step.objects.filter(
            homework=OuterRef("pk"), source=Status.SCHEDULED, target=Status.WITHDRAWN
        )
    ),
    status=Status.WITHDRAWN,
)


def homeworks(actor: Actor) -> QuerySet[Homework]:
    """Return the homework `actor` may know of, with `brought_at`; a client's own without what is not
    open yet."""
    found = _with_texts(actor).filter(in_reach(actor, "client"))
    if actor.is_client:
        return found.filter(status__in=SHOWN_TO_CLIENT)
    # Whose partner somebody is, only staff ever fetch along.
    return found.select_related("assignment__couple__first", "assignment__couple__second")


def _with_texts(actor: Actor) -> QuerySet[Homework]:
    return (
        Homework.objects.filter(practice_id=actor.practice_id)
        .select_related("client", "version__exercise", "assignment")
        .defer("version__body")
        .annotate(brought_at=brought_at())
    )


def record_of(actor: Actor, client: Client) -> QuerySet[Homework]:
    """Return what belongs into a copy of this client's record, oldest first: for the client, also
    what was withdrawn after they had written in it. The words are theirs."""
    found = homeworks(actor)
    if actor.is_client:
        written = Exists(Answer.objects.filter(response__homework=OuterRef("pk")))
        mine = Q(status__in=SHOWN_TO_CLIENT) | (Q(status=Status.WITHDRAWN) & written)
        found = _with_texts(actor).filter(mine, client_id=actor.client_id or NOBODY)
    return found.filter(client=client).order_by("opens_at", "pk")


def homework(actor: Actor, pk: UUID) -> Homework:
    """Return one homework. Raises Http404 for anything that isn't `actor`'s to know."""
    rows = homeworks(actor).filter(pk=pk)
    return or_404(rows if actor.is_client else _with_answer(rows))


def to_review(actor: Actor, pk: UUID) -> Any:
    """Return one homework as it is reviewed; staff only. Raises Http404.

    With `cares` (the actor is a therapist of its client), `part` (see `part_in_couple`), `both_near`
    (it was given to two, and both are in reach), `waiting`
    (see `number_waiting`), its client's `consent_withdrawn_at` and, of work for two, `partners_pk` and
    `partners_sent_at`: the partner's, once it was sent.
    """
    if actor.is_client:
        raise Http404
    rows = homeworks(actor)
    handed_in = Response.objects.filter(homework=OuterRef("pk"), submitted_at__isnull=False)
    theirs = (
        rows.filter(
            Exists(handed_in),
            assignment__couple__isnull=False,
            assignment=OuterRef("assignment"),
            slot=OuterRef("slot"),
        )
        .exclude(client=OuterRef("client"))
        .order_by("pk")
    )
    return or_404(
        _with_answer(rows.filter(pk=pk)).annotate(
            cares=Exists(cared_for(actor).filter(pk=OuterRef("client"))),
            part=part_in_couple(actor, "client"),
            both_near=Exists(reachable_couples(actor).filter(pk=OuterRef("assignment__couple"))),
            partners_pk=Subquery(theirs.values("pk")[:1]),
            partners_sent_at=Subquery(theirs.values("submitted_at")[:1]),
            waiting=number_waiting(actor),
            consent_withdrawn_at=consent_withdrawn("client"),
        )
    )


def _with_answer(rows: QuerySet[Homework]) -> QuerySet[Homework]:
    """Add `is_answered`: an answer is on its way, and can still be undone; for staff only."""
    return rows.annotate(is_answered=answer_on_its_way())


def own_homework(actor: Actor, pk: UUID) -> Homework:
    """Return a client's homework also when it was withdrawn meanwhile: an old tab may still speak.

    Raises Http404 for anything else that isn't theirs.
    """
    status = (*SHOWN_TO_CLIENT, Status.WITHDRAWN)
    found = _with_texts(actor).filter(client_id=actor.client_id or NOBODY, status__in=status)
    return or_404(found.filter(pk=pk))


# The reviews of a homework that have reached its client with words in them.
WITH_WORDS = Review.objects.filter(
    HAS_WORDS, response__homework=OuterRef("pk"), settled_at__isnull=False
)


@dataclass(frozen=True)
class Course:
    """A client's homework: what is under way and what comes next, a page of what is over, and what
    was set aside for the session."""

    now: Sequence[Homework]
    past: Page[Homework]
    brought: Sequence[Homework]


def under_way_and_past(
    actor: Actor, clients: Sequence[Client], at: datetime, after: str | None = None
) -> Course:
    """Return what a client, or a couple, has and had to do, in one query; staff only.

    Under way is what comes soonest, and of a series that is still to open its next one, with `more`
    (how many that are planned follow), `last_opens_at` and `last_slot` (the last ever planned); what is
    over comes newest first, behind the cursor `after`.
    """
    if actor.is_client:
        raise Http404
    # Of a series that was withdrawn, the times that would still have come are no part of the past.
    rows = homeworks(actor).filter(client__in=clients).exclude(NEVER_THERE, slot__gt=0)
    rows = rows.annotate(
        day=TruncDate("opens_at", tzinfo=ZoneInfo(actor.zone)),
        place=Case(When(client=clients[0], then=0), default=1),
    )
    over = after_cursor(rows.filter(status__in=OVER), order=PAST_ORDER, after=after)
    scheduled = Homework.objects.filter(
        assignment=OuterRef("assignment"), client=OuterRef("client"), status=Status.SCHEDULED
    ).order_by()
    is_later = Q(Exists(scheduled.filter(slot__lt=OuterRef("slot"))), status=Status.SCHEDULED)
    now = rows.exclude(status__in=OVER).exclude(is_later).order_by("opens_at", "pk")
    now = now[:MOST_UNDER_WAY]
    listed = Q(pk__in=over[: PAST + 1].values("pk"))
    wanted = listed | Q(pk__in=now.values("pk")) | brought_lately(at)
    follow = scheduled.filter(slot__gt=OuterRef("slot")).values("assignment")
    rows = rows.annotate(
        more=Subquery(follow.annotate(n=Count("pk")).values("n")),
        last_opens_at=Subquery(follow.annotate(last=Max("opens_at")).values("last")),
        last_slot=last_slot(),
        # What was brought may be on another page of what is over.
        is_listed=listed,
    )
    found: list[Any] = fetched(_with_answer(rows.filter(wanted)).order_by(*PAST_ORDER), after=after)
    return Course(
        now=sorted((r for r in found if r.status not in OVER), key=lambda r: (r.opens_at, r.pk)),
        past=cut([r for r in found if r.is_listed], order=PAST_ORDER, after=after, size=PAST),
        brought=in_order(found, at)[:MOST_KEPT],
    )


def kept_for_session(actor: Actor, clients: Sequence[Client], since: datetime) -> list[Answer]:
    """Return the questions these clients would rather answer in session, newest first; staff only.

    Of what was handed in `since`, and a therapist has opened: until then it can be taken back.
    """
    if actor.is_client:
        raise Http404
    return list(
        Answer.objects.filter(
            outcome=AnswerOutcome.IN_SESSION,
            response__submitted_at__gte=since,
            response__opened_at__isnull=False,
            response__homework__in=homeworks(actor).filter(client__in=clients).values("pk"),
        )
        .select_related("response__homework__version")
        .defer("response__homework__version__body")
        .order_by("-response__submitted_at", "pk")[:MOST_KEPT]
    )


def own_history(actor: Actor, after: str | None = None) -> Page[Homework]:
    """Return a client's own past, newest first, with `has_words` as today has it.

    Each by the day its line shows: when it was sent, else when it was given. What stands open and
    was never begun is not past: Today has it.
    """
    rows = (
        homeworks(actor)
        .exclude(status=Status.OPEN)
        .annotate(has_words=Exists(WITH_WORDS), shown_at=Coalesce("submitted_at", "opens_at"))
    )
    return page(rows, order=("-shown_at", "pk"), after=after, size=20)


def titles(actor: Actor, pks: Sequence[str], language: str) -> dict[str, str]:
    """Return what the exercises of some homework are called, as far as `actor` may know of it."""
    found = homeworks(actor).filter(pk__in=set(pks))
    return {str(row.pk): row.version.definition.title.get(language) for row in found}


def logs(actor: Actor) -> list[Homework]:
    """Return a client's running logs."""
    return list(
        homeworks(actor)
        .filter(status__in=CLIENTS_TURN, version__exercise__is_log=True)
        .order_by("-opens_at", "pk")
    )


def entry(actor: Actor, homework: Homework, pk: UUID) -> Entry:
    """Return one moment of this homework's open round, to the client alone. Raises Http404."""
    found = Entry.objects.filter(
        pk=pk, response__homework=homework, response__round=homework.round
    ).first()
    if found is None or homework.client_id != actor.client_id:
        raise Http404
    return found


def steps(actor: Actor, homework: Homework) -> list[Step]:
    """Return what happened to this homework, oldest first; to staff not that it was begun."""
    found = Step.objects.filter(homework=homework).order_by("revision", "pk")
    return list(found if actor.is_client else found.exclude(move=Move.BEGIN))


def last_slot() -> Subquery:
    """The last of its series that is planned, or was; goes into another query."""
    series = Homework.objects.filter(assignment=OuterRef("assignment"), client=OuterRef("client"))
    return Subquery(series.order_by("-slot").values("slot")[:1])


# Supervisions by whoever still sits here as a supervisor.
_standing = Supervision.objects.filter(
    supervisor__deactivated_at=None, supervisor__roles__contains=[Role.SUPERVISOR]
)


@dataclass(frozen=True)
class Care:
    """Who reads what a client sends: the carers, longest first, and perhaps a supervisor."""

    carers: Sequence[User]
    is_supervised: bool


def care(actor: Actor) -> Care:
    """Return who cares for the client who asks; the first is named on their pages."""
    supervised = Exists(_standing.filter(therapist=OuterRef("member")))
    found = list(carers(actor).annotate(is_supervised=supervised))
    return Care([row.member.user for row in found], any(row.is_supervised for row in found))


def is_supervised(actor: Actor) -> bool:
    """Say whether a supervisor reads what `actor`'s clients send."""
    return _standing.filter(practice_id=actor.practice_id, therapist=actor.member_id).exists()
