"""Where one's partner is shows in nothing that is given to both: one of two moves to another zone and
tells nobody, and the other's homework, its times and its reminders stay the same, byte for byte."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils.timezone import now

import exercises.api.work
import exercises.views.assigning
from clients.models import Client, Couple
from exercises import schedule
from exercises.models import Homework, Reminder
from tests.api.ground import Program
from tests.cast import ZONE, Person, Play
from tests.partners import stand_still, undone

FAR = ["Pacific/Honolulu", "Pacific/Kiritimati", "America/New_York"]
EXERCISE = "e01-under-the-argument"
TOMORROW = (now() + timedelta(days=1)).replace(minute=10, second=7, microsecond=0)


def moved(play: Play, whose: Person, zone: str) -> None:
    with play.at(whose):
        Client.objects.filter(pk=whose.client.pk).update(zone=zone)


def give(play: Play, dana: Person, couple: Couple, said: dict[str, Any]) -> None:
    exercise = str(play.library[EXERCISE].exercise_id)
    if "when" in said:
        path, said = (
            f"/assign/?couple={couple.pk}",
            {"exercise": exercise, "reminders_on": "on", **said},
        )
        answer: Any = dana.browser().post(path, said)
    else:
        said = {"exercise": exercise, "couple": str(couple.pk), **said}
        answer = Program(dana).post("assignments", said)
    assert answer.status_code in {201, 302}, answer.content.decode()


def seen(play: Play, who: Person, program: Program) -> str:
    """Return all that tells somebody when their homework is there, without ids."""
    rows = program.get("homework").json()["results"]
    for row in rows:
        del row["id"], row["assignment"]
    with play.at(who):
        kept = Homework.objects.filter(client=who.client).order_by("slot")
        wanted = Reminder.objects.filter(client_id=who.client.pk).order_by("local_at", "kind")
        return json.dumps(
            [
                rows,
                list(kept.values("slot", "status", "opens_at", "due_at", "due_local", "zone")),
                list(wanted.values("kind", "state", "local_at", "not_after")),
            ],
            default=str,
        )


@pytest.mark.parametrize("hour", [12, 23])
@pytest.mark.parametrize(
    "said",
    [
        {"when": "session"},
        {"when": "session", "who": "ana"},
        {"when": "week"},
        {"when": "week", "who": "ana"},
        {"when": "weekly"},
        {"when": "dates"},
        {"when": "dates", "again": "1", "days": list(schedule.WEEKDAYS)},
        {"when": "dates", "opens": "today"},
        {},
        {"rrule": "FREQ=DAILY;COUNT=5"},
    ],
    ids=lambda said: "-".join(str(part) for part in said.values()) if said else "api",
)
def test_where_ones_partner_is_shows_in_nothing_that_is_given_to_both(
    play: Play,
    dana: Person,
    ana: Person,
    ben: Person,
    cleared: Couple,
    monkeypatch: pytest.MonkeyPatch,
    said: dict[str, Any],
    hour: int,
):
    at = TOMORROW.replace(hour=hour)
    stand_still(monkeypatch, at, exercises.views.assigning, exercises.api.work)
    with play.at(dana):
        Couple.objects.update(next_session_at=at + timedelta(days=3, hours=5))
    people = {"ana": str(ana.client.pk)}
    said = said | ({"who": people.get(said.get("who", ""), "both")} if "when" in said else {})
    if said.get("opens"):
        said = said | {"opens": f"{at.astimezone(ZoneInfo(ZONE)):%Y-%m-%d}"}
    program = Program(ana)
    found = []
    for zone in [ZONE, *FAR]:
        with undone():
            moved(play, ben, zone)
            # What was picked may be over for one of two: that is refused, and nobody has it.
            if zone != "Pacific/Kiritimati" or "opens" not in said:
                give(play, dana, cleared, said)
                found.append(seen(play, ana, program))
    assert json.loads(found[0])[1], "something was given"
    assert set(found) == {found[0]}


def test_now_is_one_moment_and_a_session_is_one_hour_wherever_one_lives(
    play: Play,
    dana: Person,
    ana: Person,
    ben: Person,
    cleared: Couple,
    monkeypatch: pytest.MonkeyPatch,
):
    """Kim is in New York, Lee in Auckland: both have it until the hour they share."""
    moved(play, ana, "America/New_York")
    moved(play, ben, "Pacific/Auckland")
    at = datetime(2030, 11, 27, 17, 10, tzinfo=UTC)
    stand_still(monkeypatch, at, exercises.views.assigning)
    session = datetime(2030, 12, 3, 18, tzinfo=ZoneInfo(ZONE))
    with play.at(dana):
        Couple.objects.update(next_session_at=session)
    give(play, dana, cleared, {"when": "session", "who": "both"})
    give(play, dana, cleared, {"when": "week", "who": "both", "twice": "on"})
    with play.at(dana):
        rows = {(bool(row.session_of), row.client_id): row for row in Homework.objects.all()}
    assert {row.opens_at for row in rows.values()} == {at}
    for person, wall, evening in (
        (ana, "2030-12-03T13:00", "2030-12-04T21:00"),
        (ben, "2030-12-04T07:00", "2030-12-05T21:00"),
    ):
        ends, one = rows[True, person.client.pk], rows[False, person.client.pk]
        assert ends.due_at == session
        assert f"{ends.due_local:%Y-%m-%dT%H:%M}" == wall
        assert f"{one.due_local:%Y-%m-%dT%H:%M}" == evening
        assert one.due_at == schedule.resolve(datetime.fromisoformat(evening), one.zone)


def test_of_a_daily_series_whoever_has_that_evening_behind_them_begins_with_the_next(
    play: Play,
    dana: Person,
    ana: Person,
    ben: Person,
    cleared: Couple,
    monkeypatch: pytest.MonkeyPatch,
):
    moved(play, ben, "Pacific/Auckland")
    at = datetime(2030, 11, 27, 17, 10, tzinfo=UTC)
    stand_still(monkeypatch, at, exercises.views.assigning)
    daily = {"when": "dates", "again": "1", "days": list(schedule.WEEKDAYS), "times": "3"}
    give(play, dana, cleared, {**daily, "who": "both"})
    with play.at(dana):
        rows = Homework.objects.order_by("slot")
        anas, bens = rows.filter(client=ana.client), rows.filter(client=ben.client)
        assert [row.slot for row in anas] == [0, 1, 2]
        assert [row.slot for row in bens] == [1, 2]
