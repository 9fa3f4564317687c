"""The record of one of two is erased: nothing the other can fetch changes that day."""

import importlib
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client as Browser
from django.utils.timezone import now

from clients.actions import caring
from clients.models import Client, Couple
from exercises.actions import clockwork, planning
from exercises.models import Assignment, Homework, Reminder
from exercises.workflow import Status
from tests.cast import Person, Play
from tests.conftest import as_owner
from tests.exercises.ground import E04, E11, page, working
from tests.partners import Ana, stage
from tests.world import world

__all__ = ["stage"]  # a fixture
WEEKLY = "FREQ=WEEKLY;COUNT=20"
ALONE = "rather tell Dana alone"


@pytest.fixture
def ben_sent(play: Play, dana: Person, ben: Person, cleared: Couple) -> Homework:
    """Given to both, and sent by Ben."""
    given = play.assign(dana, cleared, E04)
    return play.submit(ben, play.homework(ben, given))


@pytest.fixture
def series(play: Play, dana: Person, cleared: Couple) -> Assignment:
    """For two, every week from the day after tomorrow."""
    return play.assign(dana, cleared, E11, rrule=WEEKLY, days=6, opens_in=timedelta(days=2))


def test_the_other_s_pages_stay_as_they_are(
    stage: tuple[Ana, Browser], ben: Person, ben_sent: Homework, series: Assignment
):
    ana, browser = stage
    before = world(ben, browser)
    ana.erase()
    after = world(ben, browser)
    assert {path for path in before if before[path] != after[path]} == set()
    assert b"Your partner sees nothing of it" in before[f"/homework/{ben_sent.pk}/sent/"][1]
    assert b"Your partner never sees it" in before["/you/topics"][1]


def test_nor_does_the_hour_they_shared_go(
    stage: tuple[Ana, Browser], play: Play, dana: Person, ben: Person, cleared: Couple
):
    """It is the other's own from then on, and not named where it was not named before."""
    ana, browser = stage
    hour = (now() + timedelta(days=3)).replace(second=0, microsecond=0)
    with play.at(dana):
        caring.set_session(by=dana.actor, at=now(), couple=cleared, next_session_at=hour)
    own = play.homework(ben, play.assign(dana, ben))
    before = world(ben, browser)
    ana.erase()
    after = world(ben, browser)
    assert {path for path in before if before[path] != after[path]} == set()
    said = [body.decode() for _status, body, _head in _pages(before, own)]
    assert any(ALONE in one for one in said)
    with play.at(dana):
        assert Client.objects.get(pk=ben.client.pk).next_session_at == hour
    # Once it is moved, it is an hour like any other.
    note(play, dana, ben, hour + timedelta(days=1))
    moved = world(ben, browser)
    assert not any(ALONE in body.decode() for _status, body, _head in _pages(moved, own))


def _pages(
    found: dict[str, tuple[int, bytes, list[tuple[str, str]]]], of: Homework
) -> list[tuple[int, bytes, list[tuple[str, str]]]]:
    return [said for path, said in found.items() if f"/homework/{of.pk}/step" in path]


def note(play: Play, by: Person, who: Person, hour: datetime) -> None:
    with play.at(by):
        client = Client.objects.get(pk=who.client.pk)
        caring.change(
            by=by.actor,
            at=now(),
            client=client,
            name=client.name,
            email=client.email,
            zone=client.zone,
            language=client.language,
            next_session_at=hour,
        )


@pytest.mark.parametrize(("own_in", "shared_in"), [(2, 3), (9, 3)])
def test_an_hour_of_ones_own_stays_beside_the_one_they_shared(
    stage: tuple[Ana, Browser],
    play: Play,
    dana: Person,
    ben: Person,
    cleared: Couple,
    own_in: int,
    shared_in: int,
):
    ana, browser = stage
    here = now().replace(second=0, microsecond=0)
    own, shared = here + timedelta(days=own_in), here + timedelta(days=shared_in)
    note(play, dana, ben, own)
    with play.at(dana):
        caring.set_session(by=dana.actor, at=now(), couple=cleared, next_session_at=shared)
    alone = play.homework(ben, play.assign(dana, ben))
    before = world(ben, browser)
    ana.erase()
    assert {path for path, said in world(ben, browser).items() if said != before[path]} == set()
    with play.at(dana):
        assert Client.objects.get(pk=ben.client.pk).next_session_at == own
    # To keep the details as they are moves nothing; another hour is the one that counts.
    note(play, dana, ben, own)
    assert world(ben, browser)["/today/"] == before["/today/"]
    note(play, dana, ben, own + timedelta(days=9))
    moved = world(ben, browser)
    assert moved["/today/"] != before["/today/"]
    assert not any(ALONE in body.decode() for _status, body, _head in _pages(moved, alone))


def test_what_was_to_come_for_two_is_let_go_day_by_day_and_no_more_is_planned(
    stage: tuple[Ana, Browser], play: Play, dana: Person, ben: Person, series: Assignment
):
    with play.at(dana):
        planned = list(
            Homework.objects.filter(assignment=series, client=ben.client).order_by("slot")
        )
        mails = Reminder.objects.filter(client_id=ben.client.pk).count()
    stage[0].erase()
    with play.at(dana):
        left = Homework.objects.filter(assignment=series)
        assert set(left.values_list("status", flat=True)) == {Status.SCHEDULED}
        assert Reminder.objects.filter(client_id=ben.client.pk).count() == mails
        assert planning.unfinished_shares(dana.practice.pk, now()) == []
    first, *later = planned
    with working():
        clockwork.tick_practice(dana.practice.pk, first.opens_at)
    assert play.fresh(first).status == Status.WITHDRAWN
    assert {play.fresh(one).status for one in later} == {Status.SCHEDULED}
    with play.at(dana):
        assert not Reminder.objects.filter(homework_id=first.pk).exists()
    assert "withdrawn" not in page(ben, "/you/reminders").lower()


def test_what_each_has_alone_goes_on(
    stage: tuple[Ana, Browser], play: Play, dana: Person, ben: Person, cleared: Couple
):
    given = play.assign(dana, cleared, rrule=WEEKLY, days=6, opens_in=timedelta(days=1))
    stage[0].erase()
    opens_at = play.homework(ben, given).opens_at
    with working():
        clockwork.tick_practice(dana.practice.pk, opens_at)
    assert play.homework(ben, given).status == Status.OPEN
    with play.at(dana):
        assert Assignment.objects.get(pk=given.pk).withdrawn_at is None


def test_what_the_release_before_has_written_is_understood(
    play: Play, dana: Person, ana: Person, ben: Person, ben_sent: Homework, noor: Person
):
    """It runs beside this one for a while; and the migrations find what it left behind."""
    alone = play.assign(dana, noor)
    with as_owner():
        Assignment.objects.update(given_to_both=False)
        Client.objects.update(was_in_couple=False)
    shown = page(ben, f"/homework/{ben_sent.pk}/sent/"), page(ben, "/you/topics")
    assert "Your partner sees nothing of it" in shown[0]
    assert "Your partner never sees it" in shown[1]
    assert "Your partner" not in page(noor, "/you/topics")
    with as_owner(), connection.cursor() as cursor:
        for name in (
            "clients.migrations.0008_who_is_or_was_in_a_couple",
            "exercises.migrations.0011_what_was_given_to_both",
        ):
            cursor.execute(importlib.import_module(name).COUPLES)
        told = set(Client.objects.values_list("pk", "was_in_couple"))
        assert told == {(ana.client.pk, True), (ben.client.pk, True), (noor.client.pk, False)}
        both = dict(Assignment.objects.values_list("pk", "given_to_both"))
        assert both == {ben_sent.assignment_id: True, alone.pk: False}


def test_linking_says_so(play: Play, dana: Person, ana: Person, ben: Person, noor: Person):
    with play.at(dana):
        caring.link(by=dana.actor, at=now(), first=ana.client, second=ben.client)
        found = dict(Client.objects.values_list("name", "was_in_couple"))
    assert found == {"Ana Quintero": True, "Ben Achterberg": True, "Noor Haddad": False}
