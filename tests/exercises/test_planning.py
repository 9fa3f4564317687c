"""Planning what repeats: what is over costs nothing, what ends meanwhile gets no more days."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils.timezone import now

from clients.actions import caring
from clients.models import Couple
from exercises.actions import assigning, clockwork, planning, reminding
from exercises.models import Homework, Reminder
from practice.tenancy import scope
from tests.cast import Person, Play
from tests.exercises.ground import E04, planned

DAY = timedelta(days=1)


def cost_of_planning(practice_id: UUID, at: datetime) -> tuple[int, int]:
    """Return how much an idle round of planning asks of the database: questions, and rows read."""
    read: list[int] = []

    def count(execute: Callable[..., Any], sql: str, *given: Any) -> Any:
        answer = execute(sql, *given)
        if not sql.startswith(("SAVEPOINT", "RELEASE")):
            read.append(max(given[-1]["cursor"].rowcount, 0))
        return answer

    with connection.execute_wrapper(count):
        for chore in (
            clockwork.extend_series,
            clockwork.plan_daily_mails,
            clockwork.replan_changed,
        ):
            assert chore(practice_id, at) == 0, "not idle"
    return len(read), sum(read)


ENDED = [
    "FREQ=DAILY;COUNT=3",
    "freq=daily;count=+3",
    f"FREQ=DAILY;UNTIL={now() - 290 * DAY:%Y%m%d}",
    f"FREQ=DAILY;UNTIL={now() - 290 * DAY:%Y%m%dT%H%M%S}Z",
]


# Named, since a name with a time in it differs from one worker of a run to the next.
@pytest.mark.parametrize("rule", ENDED, ids=["times", "small", "day", "moment"])
def test_series_that_are_over_cost_nothing(
    play: Play, dana: Person, ana: Person, cleared: Couple, rule: str
):
    before = cost_of_planning(dana.practice.pk, now())
    for whom in (ana, ana, cleared):
        play.assign(dana, whom, E04, opens_in=-300 * DAY, days=1, rrule=rule)
    assert cost_of_planning(dana.practice.pk, now()) == before


def test_series_that_go_on_ask_nothing_each_while_there_is_nothing_to_plan(
    play: Play, dana: Person, ana: Person, noor: Person
):
    play.assign(dana, ana, E04, rrule="FREQ=WEEKLY")
    questions, _rows = cost_of_planning(dana.practice.pk, now())
    for rule in ("FREQ=WEEKLY", "FREQ=DAILY;COUNT=100", "FREQ=MONTHLY;UNTIL=20990101"):
        play.assign(dana, noor, E04, days=1, rrule=rule)
    assert cost_of_planning(dana.practice.pk, now())[0] == questions


@pytest.mark.parametrize(
    ("rule", "in_all"),
    [("FREQ=WEEKLY;COUNT=9", 9), (f"FREQ=WEEKLY;UNTIL={now() + 57 * DAY:%Y%m%d}", 9)],
    ids=["times", "day"],
)
def test_a_series_is_planned_to_its_end_even_after_weeks_without_the_clock(
    play: Play, dana: Person, ana: Person, rule: str, in_all: int
):
    """What is over meanwhile is not given any more; what is still to come is."""
    given = play.assign(dana, ana, E04, days=1, rrule=rule)
    assert planned(given) < in_all
    with scope(practice=dana.practice.pk):
        clockwork.extend_series(dana.practice.pk, now() + 55 * DAY)
        last = Homework.objects.filter(assignment=given).latest("slot")
        assert last.slot == in_all - 1
        # And once all of it is over, there is nothing left to plan.
        assert clockwork.extend_series(dana.practice.pk, now() + 80 * DAY) == 0


def test_an_idle_round_costs_the_same_however_many_mails_are_planned(
    play: Play, dana: Person, ana: Person, noor: Person
):
    play.assign(dana, ana)
    before = cost_of_planning(dana.practice.pk, now())
    for _each in range(4):
        play.assign(dana, noor)
    with scope(practice=dana.practice.pk):
        # A retry under way bears old zone data, and is the pump's to finish.
        first = Reminder.objects.order_by("pk").values("pk")[:1]
        Reminder.objects.filter(pk__in=first).update(attempt=2, tzdata="2025b")
    assert cost_of_planning(dana.practice.pk, now()) == before


def test_what_is_withdrawn_while_it_is_planned_gets_no_more_days(
    play: Play, dana: Person, ana: Person
):
    """The clockwork has read that it goes on, and comes after whoever withdraws it."""
    given = play.assign(dana, ana, rrule="FREQ=WEEKLY")
    later = now() + timedelta(days=20)
    with play.at(dana):
        before = Homework.objects.filter(assignment=given).count()
        (share,) = planning.unfinished_shares(dana.practice.pk, now())
        assert planning.lacks(share, later)
        with transaction.atomic():
            assigning.withdraw(by=dana.actor, at=now(), assignment=given)
            assert not planning.extend(share, at=later)
            assert Homework.objects.filter(assignment=given).count() == before
            transaction.set_rollback(True)
        assert planning.extend(share, at=later)
        assert Homework.objects.filter(assignment=given).count() > before


def test_who_is_discharged_while_it_is_planned_gets_no_more_days(
    play: Play, dana: Person, ana: Person
):
    play.assign(dana, ana, rrule="FREQ=WEEKLY")
    with play.at(dana):
        (share,) = planning.unfinished_shares(dana.practice.pk, now())
        caring.discharge(by=dana.actor, at=now(), client=ana.client)
        assert not planning.extend(share, at=now() + timedelta(days=20))
        assert planning.unfinished_shares(dana.practice.pk, now()) == []


def test_of_mails_to_be_planned_again_those_that_go_first_come_first(
    play: Play, dana: Person, ana: Person, noor: Person
):
    late, early = (
        play.homework(who, play.assign(dana, who, opens_in=days * DAY))
        for who, days in ((ana, 9), (noor, 2))
    )
    with scope(practice=dana.practice.pk):
        Reminder.objects.update(tzdata="2025b")
        found = reminding.changed_homeworks(dana.practice.pk, most=100)
        assert found == [early.pk, late.pk], "each once"
        assert reminding.changed_homeworks(dana.practice.pk, most=1) == [early.pk]
