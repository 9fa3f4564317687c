"""What is spent is swept out by the worker, behind the same walls, in bounded batches."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import IntegrityError
from django.utils.timezone import now

from clients.actions import erasing
from clients.models import Client
from clients.queries.records import past_retention
from exercises.actions import clockwork
from practice.actions import housekeeping, idempotency
from practice.models import IdempotencyKey, Practice
from practice.tenancy import scope
from tests.cast import Person
from tests.conftest import acting_as

HOUR = timedelta(hours=1)


def claim(person: Person, key: str, hours_ago: float) -> None:
    with scope(practice=person.practice.pk):
        idempotency.claim(
            by=person.actor, at=now() - hours_ago * HOUR, key=key, fingerprint="of a post"
        )


def kept(person: Person) -> set[str]:
    with scope(practice=person.practice.pk):
        return set(IdempotencyKey.objects.values_list("key", flat=True))


def test_answers_to_repeated_posts_are_kept_two_days_in_every_practice(dana: Person, zoe: Person):
    for person in (dana, zoe):
        claim(person, "spent-key", 48.1)
        claim(person, "young-key", 47.9)
    with acting_as("homeward_worker"):
        clockwork.plan(now())
    assert kept(dana) == kept(zoe) == {"young-key"}


def test_nobody_sweeps_in_a_practice_they_were_not_told_of(dana: Person, zoe: Person):
    for person in (dana, zoe):
        claim(person, "spent-key", 100)
    with acting_as("homeward_worker"):
        housekeeping.sweep([dana.practice.pk], now())
    assert kept(dana) == set()
    assert kept(zoe) == {"spent-key"}


def test_what_is_too_much_for_one_round_is_left_to_the_next(
    dana: Person, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(housekeeping, "BATCH", 2)
    monkeypatch.setattr(housekeeping, "MOST_BATCHES", 2)
    for number in range(5):
        claim(dana, f"spent-{number}", 100 - number)
    with acting_as("homeward_worker"):
        assert housekeeping.sweep([dana.practice.pk], now()) == 4
        assert kept(dana) == {"spent-4"}, "the oldest go first"
        assert housekeeping.sweep([dana.practice.pk], now()) == 1
    assert kept(dana) == set()


def test_ended_sessions_and_their_devices_go_and_living_ones_stay(ana: Person, ben: Person):
    living, ended = ana.browser(), ben.browser()
    for browser in (living, ended):
        assert browser.get("/today/").status_code == 200
    assert UserSession.objects.count() == 2
    Session.objects.filter(pk=ended.session.session_key).update(expire_date=now() - HOUR)
    with acting_as("homeward_worker"):
        clockwork.plan(now())
    assert [row.pk for row in Session.objects.all()] == [living.session.session_key]
    assert [row.user_id for row in UserSession.objects.all()] == [ana.user.pk]
    assert living.get("/today/").status_code == 200


def test_a_device_whose_session_was_ended_elsewhere_goes_too(ana: Person):
    browser = ana.browser()
    browser.get("/today/")
    browser.session.flush()
    with acting_as("homeward_worker"):
        housekeeping.sweep([], now())
    assert not UserSession.objects.exists()


@pytest.mark.parametrize("what", ["clients_erasing.request_past_retention", "housekeeping.sweep"])
def test_what_breaks_in_one_holds_up_nothing_else(
    what: str, dana: Person, zoe: Person, ana: Person, zack: Person, monkeypatch: pytest.MonkeyPatch
):
    for person in (ana, zack):
        with scope(practice=person.practice.pk, user=person.user.pk):
            erasing.request(by=person.actor, at=now(), client=person.client)
    claim(dana, "spent-key", 100)
    place, name = what.split(".")
    module: Any = getattr(clockwork, place)
    real = getattr(module, name)

    def broken(whose: Any, at: datetime) -> Any:
        if name == "sweep" or whose.pk == dana.practice.pk:
            raise OverflowError("date value out of range")
        return real(whose, at)

    sealed = []
    monkeypatch.setattr(module, name, broken)
    monkeypatch.setattr(clockwork.factors, "seal_new", lambda: sealed.append(1))
    with acting_as("homeward_worker"):
        clockwork.plan(now() + timedelta(days=15))
    with scope(practice=zack.practice.pk):
        assert not Client.objects.filter(pk=zack.client.pk).exists()
    assert sealed == [1]
    assert kept(dana) == ({"spent-key"} if name == "sweep" else set())


@pytest.mark.parametrize("months", [0, 1201, 32767])
def test_no_keeping_time_leads_out_of_the_calendar(months: int, dana: Person):
    with pytest.raises(IntegrityError), scope(practice=dana.practice.pk):
        Practice.objects.filter(pk=dana.practice.pk).update(retention_months=months)


def test_the_longest_keeping_time_is_a_date(dana: Person):
    with scope(practice=dana.practice.pk):
        Practice.objects.filter(pk=dana.practice.pk).update(retention_months=1200)
        assert not past_retention(Practice.objects.get(pk=dana.practice.pk), now()).exists()
