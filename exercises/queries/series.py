"""What a client's numbers were, week by week: their own account, for them and for who cares.

Some weeks at a time, and never all of a life: `before` leads further back, as a cursor does.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import DateTimeField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import Http404

from exercises import definition as definitions
from exercises import schedule
from exercises.models import Entry, Homework, Response
from exercises.queries.homework import homeworks
from exercises.visibility import OpenedRound, read_numbers
from practice.actors import Actor

WEEKS = 10
WEEK = timedelta(weeks=1)
# Far more than people write in ten weeks; who writes still more gets fewer weeks at a time.
MOST_ROWS = 400
MOST_MOMENTS = 2000


@dataclass(frozen=True)
class Span:
    """Whole weeks, each from its Monday; the last one may be under way."""

    since: date
    until: date  # the Monday after the last week
    is_newest: bool
    # Where the weeks before these end, if there is anything to see in them.
    earlier: date | None = None

    @property
    def mondays(self) -> list[date]:
        """Return the first day of each week."""
        return [self.since + WEEK * number for number in range((self.until - self.since) // WEEK)]

    @property
    def last(self) -> date:
        """Return the last day."""
        return self.until - timedelta(days=1)

    def holds(self, day: date) -> bool:
        """Say whether this day lies in these weeks."""
        return self.since <= day < self.until


@dataclass(frozen=True)
class Numbers:
    """The homework of some weeks, newest first, and what counts in its rounds."""

    span: Span
    rows: Sequence[Homework]
    rounds: Mapping[UUID, Sequence[OpenedRound]]


@dataclass(frozen=True)
class Weeks:
    """Numbers by series name and week (its Monday); a week without any is a gap."""

    mondays: list[date]
    values: Mapping[str, Mapping[date, list[float]]]

    def means(self, series: str) -> list[float | None]:
        """Return the mean of each week."""
        found = self.values.get(series, {})
        return [
            round(sum(found[day]) / len(found[day]), 1) if found.get(day) else None
            for day in self.mondays
        ]

    def counts(self, series: str) -> list[float | None]:
        """Return how many there were each week; no entry at all is a gap, not a zero."""
        found = self.values.get(series, {})
        return [float(len(found[day])) if found.get(day) else None for day in self.mondays]


def numbers(
    actor: Actor, clients: Sequence[UUID], at: datetime, before: str | None = None
) -> Numbers:
    """Read what counts in some weeks, the newest or those before the day `before`.

    A constant number of queries, and a bounded number of rows: where there is more than that,
    the weeks are fewer. A day that is none is an address that does not exist (Http404).
    """
    this_week = monday(schedule.local_time(at, actor.zone).date())
    until = min(_day(before) if before else this_week + WEEK, this_week + WEEK)
    begin, end = _midnight(until - WEEK * WEEKS, actor.zone), _midnight(until, actor.zone)
    own = homeworks(actor).filter(client__in=clients)
    written = _written(actor, own, at, begin)
    found = _of_these_weeks(own, begin, end).annotate(written_before=Subquery(written[:1]))
    rows: list[Homework] = list(found[: MOST_ROWS + 1])
    last = getattr(rows[0], "written_before", None) if rows else written.first()
    rounds = read_numbers(actor, rows[:MOST_ROWS], begin, end, most=MOST_MOMENTS + 1)
    since = _since(rows, rounds, until, actor.zone)
    earlier = (
        min(since, monday(schedule.local_time(last, actor.zone).date()) + WEEK) if last else None
    )
    if since > until - WEEK * WEEKS:
        earlier = since
    return Numbers(
        Span(since, until, is_newest=until > this_week, earlier=earlier),
        sorted(rows[:MOST_ROWS], key=lambda row: (row.opens_at, row.pk), reverse=True),
        rounds,
    )


def by_week(actor: Actor, clients: Sequence[UUID], found: Numbers) -> dict[UUID, Weeks]:
    """Put each client's numbers into the weeks they belong to."""
    values: dict[UUID, dict[str, dict[date, list[float]]]] = {
        pk: defaultdict(lambda: defaultdict(list)) for pk in clients
    }
    for row in found.rows:
        for one in found.rounds[row.pk]:
            _collect(row, one, actor.zone, values[row.client_id])
    return {pk: Weeks(found.span.mondays, of_one) for pk, of_one in values.items()}


def monday(day: date) -> date:
    """Return the day its week began."""
    return day - timedelta(days=day.weekday())


def _of_these_weeks(own: QuerySet[Homework], begin: datetime, end: datetime) -> QuerySet[Homework]:
    """Return what was worked on then: a round begun, or moments noted, whenever it was given."""
    begun = Response.objects.filter(
        homework=OuterRef("pk"), started_at__gte=begin, started_at__lt=end
    ).order_by("-started_at")
    noted = Entry.objects.filter(
        response__homework=OuterRef("pk"), happened_at__gte=begin, happened_at__lt=end
    )
    return (
        own.annotate(begun_at=Subquery(begun.values("started_at")[:1]), noted=Exists(noted))
        .filter(Q(begun_at__isnull=False) | Q(noted=True))
        .order_by("-noted", F("begun_at").desc(nulls_last=True), "pk")
    )


def _since(
    rows: Sequence[Homework],
    rounds: Mapping[UUID, Sequence[OpenedRound]],
    until: date,
    zone: str,
) -> date:
    """Return where the weeks begin: later when there is more than is read at once."""
    since = until - WEEK * WEEKS
    moments = sorted(
        moment.entry.happened_at
        for many in rounds.values()
        for one in many
        for moment in one.moments
    )
    cuts = [moments[0]] if len(moments) > MOST_MOMENTS else []
    begun_at: datetime | None = getattr(rows[-1], "begun_at", None) if rows else None
    if len(rows) > MOST_ROWS and begun_at:
        cuts.append(begun_at)
    for cut in cuts:
        since = max(since, monday(schedule.local_time(cut, zone).date()) + WEEK)
    return min(since, until - WEEK)


def _written(actor: Actor, own: QuerySet[Homework], at: datetime, end: datetime) -> QuerySet[Any]:
    """Return when something begun before `end` was last written in, the newest on top."""
    rounds = Response.objects.filter(homework__in=own.values("pk"), started_at__lt=end)
    if not actor.is_client:  # of a draft nobody else knows
        rounds = rounds.filter(submitted_at__isnull=False)
    last = Coalesce("submitted_at", Value(at), output_field=DateTimeField())
    return rounds.annotate(last_at=last).order_by("-last_at").values_list("last_at", flat=True)


def _collect(
    row: Homework, one: OpenedRound, zone: str, into: dict[str, dict[date, list[float]]]
) -> None:
    definition = row.version.definition
    local = schedule.local_time(one.response.started_at, zone).date()
    for name, number in definitions.series_points(definition, one.values).items():
        into[name][monday(local)].append(float(number))
    for moment in one.moments:
        log = definition.log(moment.entry.log_key)
        if log is None:
            continue
        day = monday(schedule.local_time(moment.entry.happened_at, zone).date())
        into["moments"][day].append(1.0)
        values = {key: words.value for key, words in moment.words.items()}
        for name, number in definitions.entry_points(log, values).items():
            into[name][day].append(float(number))


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise Http404 from error
    if not definitions.FIRST_YEAR <= day.year <= definitions.LAST_YEAR:
        raise Http404
    return monday(day)


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), tzinfo=ZoneInfo(zone))
