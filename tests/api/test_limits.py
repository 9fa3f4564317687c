"""How often one may ask: each key and each person by themselves, and nobody while nobody counts."""

from datetime import UTC, datetime
from typing import Any

import pytest

from practice.cache import seconds_to_wait
from tests.api.ground import Program
from tests.cast import Person
from tests.servers import closed_port

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2027, 3, 4, 9, 0, 20, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _one_minute(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Stand still in one minute, in which three requests are a lot."""
    for kind in ("pages", "programs"):
        monkeypatch.setattr(f"practice.doors.{kind}.now", lambda: AT)
    settings.API_PER_MINUTE = settings.EXPORTS_PER_MINUTE = 3


def test_a_key_that_asks_too_often_is_told_how_long_to_wait(ana: Person, dana: Person):
    program = Program(ana)
    assert [program.get("me").status_code for _n in range(4)] == [200, 200, 200, 429]
    answer = program.get("me")
    assert answer["Retry-After"] == "40"
    assert answer["Content-Type"] == "application/problem+json"
    said = answer.json()
    assert (said["status"], said["code"]) == (429, "throttled")
    assert said["detail"] == "That was a lot at once. Wait a moment, then go on."
    # Another key of theirs, their own session and everyone else have room of their own.
    assert Program(ana).get("me").status_code == 200
    assert ana.browser().get("/api/v1/me").status_code == 200
    assert Program(dana).get("me").status_code == 200


def test_the_next_minute_has_room_again(ana: Person, monkeypatch: pytest.MonkeyPatch):
    program = Program(ana)
    assert [program.get("me").status_code for _n in range(4)][-1] == 429
    monkeypatch.setattr("practice.doors.programs.now", lambda: AT.replace(minute=1, second=0))
    assert program.get("me").status_code == 200


def test_a_session_is_counted_by_its_person(ana: Person):
    statuses = [ana.browser().get("/api/v1/me").status_code for _n in range(4)]
    assert statuses == [200, 200, 200, 429]


def test_without_anybody_who_counts_nothing_is_refused(ana: Person, settings: Any):
    settings.CACHES = {
        "default": {
            "BACKEND": "practice.cache.ForgivingRedisCache",
            "LOCATION": f"redis://127.0.0.1:{closed_port()}/0",
        }
    }
    program = Program(ana)
    assert {program.get("me").status_code for _n in range(5)} == {200}


def test_a_count_that_was_forgotten_in_between_is_no_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("practice.cache.cache.add", lambda *_a, **_k: True)
    assert seconds_to_wait("something", per_minute=0, at=AT.timestamp()) == 0


@pytest.mark.parametrize(
    ("who", "address"),
    [("ana", "/you/record"), ("dana", "/clients/{client}/record"), ("ruth", "/audit/?as=csv")],
)
def test_what_is_heavy_is_taken_away_a_few_times_a_minute(
    request: pytest.FixtureRequest, ana: Person, dana: Person, ruth: Person, who: str, address: str
):
    browser = request.getfixturevalue(who).browser()
    path = address.format(client=ana.client.pk)
    statuses = [browser.get(path).status_code for _n in range(4)]
    assert statuses[:3] in ([200] * 3, [302] * 3)  # some ask first who one is
    assert statuses[3] == 429
    assert browser.get(path)["Retry-After"] == "40"
    assert ruth.browser().get("/people/").status_code == 200
