"""What a client's numbers were, week by week: their own account, for them and for who cares."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from clients.models import Client
from exercises import definition as definitions
from exercises import schedule
from exercises.models import Homework
from exercises.queries.homework import homeworks
from exercises.visibility import RoundWords, read_many
from practice.actors import Actor

WEEKS = 10
MOST = 60


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


def weeks_of(actor: Actor, clients: list[Client], at: datetime) -> dict[UUID, Weeks]:
    """Read the last weeks of these clients' numbers, in a constant number of queries."""
    since = at - timedelta(weeks=WEEKS)
    rows = list(
        homeworks(actor)
        .filter(client__in=clients, opens_at__gte=since - timedelta(weeks=2))
        .order_by("-opens_at", "pk")[:MOST]
    )
    rounds = read_many(actor, rows)
    monday = _monday(schedule.local_time(at, actor.zone).date())
    mondays = [monday - timedelta(weeks=number) for number in reversed(range(WEEKS))]
    found: dict[UUID, dict[str, dict[date, list[float]]]] = {
        client.pk: defaultdict(lambda: defaultdict(list)) for client in clients
    }
    for row in rows:
        for one in rounds[row.pk]:
            _collect(row, one, actor.zone, found[row.client_id])
    return {pk: Weeks(mondays, values) for pk, values in found.items()}


def _collect(
    row: Homework, one: RoundWords, zone: str, into: dict[str, dict[date, list[float]]]
) -> None:
    definition = row.version.definition
    local = schedule.local_time(one.response.started_at, zone).date()
    for name, number in definitions.series_points(definition, one.values).items():
        into[name][_monday(local)].append(float(number))
    for moment in one.moments:
        log = definition.log(moment.entry.log_key)
        if log is None:
            continue
        day = _monday(schedule.local_time(moment.entry.happened_at, zone).date())
        into["moments"][day].append(1.0)
        values = {key: words.value for key, words in moment.words.items()}
        for name, number in definitions.entry_points(log, values).items():
            into[name][day].append(float(number))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
