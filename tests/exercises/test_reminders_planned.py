"""What is planned, for when, and what happens to it when things change."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils.timezone import now

from clients.actions import joining
from clients.models import Client, ContactPreference, Couple, ReminderKind
from exercises import schedule
from exercises.actions import clockwork, pausing, reminding, rescheduling, responding
from exercises.actions.reminding import Hours, Wanted
from exercises.models import Homework, Reminder, ReminderState
from practice.models import Membership
from practice.tenancy import scope
from tests.cast import ZONE, Person, Play

NO_QUIET = (time(0), time(0))
DAILY = time(8, 30)


def rows(homework: Homework) -> dict[str, Reminder]:
    """Return a homework's reminders that are to come, by kind."""
    with scope(practice=homework.practice_id):
        found = Reminder.objects.filter(homework_id=homework.pk, state=ReminderState.PLANNED)
        return {row.kind: row for row in found}


def count(homework: Homework) -> int:
    with scope(practice=homework.practice_id):
        return Reminder.objects.filter(homework_id=homework.pk).count()


def mark(row: Reminder, state: ReminderState) -> None:
    with scope(practice=row.practice_id):
        Reminder.objects.filter(pk=row.pk).update(state=state)


def everything(person: Person) -> list[dict[str, Any]]:
    assert person.client is not None
    with scope(practice=person.practice.pk):
        return list(Reminder.objects.filter(client_id=person.client.pk).order_by("pk").values())


def test_a_homework_earns_four(dana: Person, ana: Person, play: Play) -> None:
    homework = play.homework(ana, play.assign(dana, ana, days=7))
    planned = rows(homework)
    assert set(planned) == {"assigned", "due_soon", "due_today", "follow_up"}
    assert homework.due_at is not None
    due = homework.due_at.astimezone(ZoneInfo(ZONE)).date()
    soon = schedule.at_local_hour(due - timedelta(days=2), time(19, 30), ZONE)
    assert soon <= planned["due_soon"].next_at < soon + timedelta(minutes=10)
    assert planned["due_soon"].local_at == datetime.combine(
        due - timedelta(days=2), time(19, 30), UTC
    )
    after = schedule.at_local_hour(due + timedelta(days=2), time(19, 30), ZONE)
    assert after <= planned["follow_up"].next_at < after + timedelta(minutes=10)
    assert planned["due_today"].not_after == homework.due_at


def test_without_a_due_date_one_mail_and_one_follow_up(
    dana: Person, ana: Person, play: Play
) -> None:
    assert set(rows(play.homework(ana, play.assign(dana, ana, days=0)))) == {
        "assigned",
        "follow_up",
    }


def test_switched_off_means_none(dana: Person, ana: Person, play: Play) -> None:
    homework = play.homework(ana, play.assign(dana, ana, reminders_on=False))
    assert count(homework) == 0


def test_handed_in_calls_them_off_and_taken_back_plans_them_again(
    dana: Person, ana: Person, play: Play
) -> None:
    homework = play.homework(ana, play.assign(dana, ana))
    mark(rows(homework)["assigned"], ReminderState.SENT)
    before = set(rows(homework))
    homework = play.submit(ana, homework)
    assert rows(homework) == {}
    with play.at(ana):
        responding.take_back(by=ana.actor, at=now(), homework=homework)
    assert set(rows(homework)) == before
    assert count(homework) == 4, "revived, not repeated"


def test_picked_up_again_is_reminded_of_again(dana: Person, ana: Person, play: Play) -> None:
    """What was sent stays sent, and who picks it up is not told that something new is there."""
    homework = play.homework(ana, play.assign(dana, ana))
    mark(rows(homework)["due_soon"], ReminderState.SENT)
    with play.at(ana):
        pausing.set_aside(by=ana.actor, at=now(), homework=homework)
    assert rows(homework) == {}
    with play.at(ana):
        pausing.pick_up(by=ana.actor, at=now(), homework=play.fresh(homework))
    assert set(rows(homework)) == {"due_today", "follow_up"}
    assert count(homework) == 4, "revived, not repeated"


def test_a_mail_whose_new_hour_is_over_is_not_lost(dana: Person, ana: Person, play: Play) -> None:
    """It keeps its moment, but for the quiet hours."""
    homework = play.homework(ana, play.assign(dana, ana, days=0))
    before = rows(homework)["follow_up"].next_at
    at = before - timedelta(minutes=30)
    wishes = joining.Preferences("Ana", ZONE, "en", time(8), time(22), time(7), by_email=True)
    assert ana.client is not None
    with play.at(ana):
        joining.set_preferences(by=ana.actor, at=at, client=ana.client, wishes=wishes)
    assert rows(homework)["follow_up"].next_at == before
    with play.at(ana):
        early = replace(wishes, quiet_from=time(18))
        joining.set_preferences(by=ana.actor, at=at, client=ana.client, wishes=early)
    goes = rows(homework)["follow_up"].next_at
    assert f"{goes.astimezone(ZoneInfo(ZONE)):%H:%M}" == "07:00"


def test_a_moved_date_earns_new_ones_and_moved_back_none_extra(
    dana: Person, ana: Person, play: Play
) -> None:
    """Case 35."""
    homework = play.homework(ana, play.assign(dana, ana, days=7))
    first = rows(homework)
    mark(first["due_soon"], ReminderState.SENT)
    assert homework.due_local is not None
    original = homework.due_local
    for due in (original + timedelta(days=3), original):
        with play.at(dana):
            rescheduling.reschedule(
                by=dana.actor, at=now(), homework=homework, ends=rescheduling.Ends(due)
            )
        homework = play.fresh(homework)
    again = rows(homework)
    assert "due_soon" not in again, "the one for this date was sent"
    assert again["due_today"].pk == first["due_today"].pk
    assert again["follow_up"].pk == first["follow_up"].pk
    assert count(homework) == 6, "two for the date that is no more"


def test_planning_again_and_again_changes_nothing(dana: Person, ana: Person, play: Play) -> None:
    """Case 38."""
    homework = play.homework(ana, play.assign(dana, ana))
    mark(rows(homework)["assigned"], ReminderState.SENT)
    before = {kind: row.next_at for kind, row in rows(homework).items()}
    for _run in range(5):
        with play.at(dana):
            reminding.plan_for_homework(homework, now())
    assert {kind: row.next_at for kind, row in rows(homework).items()} == before
    assert count(homework) == 4


def test_a_retry_under_way_is_left_to_the_pump(dana: Person, ana: Person, play: Play) -> None:
    homework = play.homework(ana, play.assign(dana, ana))
    row, later = rows(homework)["due_today"], now() + timedelta(minutes=15)
    with scope(practice=row.practice_id):
        Reminder.objects.filter(pk=row.pk).update(attempt=2, error_code=451, next_at=later)
        reminding.plan_for_homework(homework, now())
    assert rows(homework)["due_today"].next_at == later


def test_reminders_follow_the_client_to_another_zone(dana: Person, ana: Person, play: Play) -> None:
    """Case 37: the sent ones stay sent; the others keep the local hour."""
    homework = play.homework(ana, play.assign(dana, ana))
    mark(rows(homework)["assigned"], ReminderState.SENT)
    at = now() + timedelta(seconds=1)
    with play.at(ana):
        Client.objects.filter(pk=homework.client_id).update(zone="Pacific/Honolulu")
        ContactPreference.objects.filter(client_id=homework.client_id).update(changed_at=at)
        clockwork.replan_changed(homework.practice_id, at + timedelta(seconds=1))
    planned = rows(homework)
    assert "assigned" not in planned
    assert count(homework) == 4
    for kind in ("due_soon", "follow_up"):
        there = planned[kind].next_at.astimezone(ZoneInfo("Pacific/Honolulu"))
        assert (there.hour, there.minute // 10) == (19, 3)
        assert planned[kind].zone == "Pacific/Honolulu"


def test_new_zone_data_moves_what_was_planned_with_the_old(
    dana: Person, ana: Person, play: Play
) -> None:
    """Case 43: an hour's shift, and none doubled."""
    homework = play.homework(ana, play.assign(dana, ana))
    before = rows(homework)
    with scope(practice=homework.practice_id):
        Reminder.objects.filter(homework_id=homework.pk).update(
            tzdata="2025b", next_at=now() + timedelta(days=3, hours=1)
        )
        clockwork.replan_changed(homework.practice_id, now())
    after = rows(homework)
    assert {row.tzdata for row in after.values()} == {schedule.tzdata_version()}
    assert after["due_soon"].next_at == before["due_soon"].next_at
    assert count(homework) == 4


def test_one_partners_doings_leave_the_others_reminders_alone(
    dana: Person, ana: Person, ben: Person, cleared: Couple, play: Play
) -> None:
    given = play.assign(dana, cleared, "e11-what-reaches-me")
    before = everything(ben)
    assert before
    homework = play.submit(ana, play.homework(ana, given))
    play.review(dana, homework, returned=_one_item(play, homework), comments={})
    with play.at(ana):
        pausing.set_aside(by=ana.actor, at=now(), homework=play.fresh(homework))
    with scope(practice=dana.practice.pk):
        clockwork.replan_changed(dana.practice.pk, now())
    assert everything(ben) == before


def _one_item(play: Play, homework: Homework) -> tuple[str, ...]:
    with scope(practice=homework.practice_id):
        found = homework.version.definition.asked
    return (found[0].key,)


def hours(zone: str, quiet: tuple[time, time] = NO_QUIET) -> Hours:
    return Hours(zone, time(9), *quiet)


NIGHT = (time(22), time(8))
PLANNED = [
    # Wall time, zone, quiet hours, not after (UTC), expected (UTC)
    ("2027-03-14T02:30", "America/New_York", NO_QUIET, None, "2027-03-14T07:30"),
    ("2026-11-01T01:30", "America/New_York", NO_QUIET, None, "2026-11-01T05:30"),
    ("2026-12-15T09:00", "America/Vancouver", NO_QUIET, None, "2026-12-15T16:00"),
    ("2026-12-15T09:00", "Africa/Casablanca", NO_QUIET, None, "2026-12-15T09:00"),
    ("2026-06-01T21:59", "Europe/Lisbon", NIGHT, None, "2026-06-01T20:59"),
    ("2026-06-01T22:00", "Europe/Lisbon", NIGHT, None, "2026-06-02T07:00"),
    ("2026-06-02T07:59", "Europe/Lisbon", NIGHT, None, "2026-06-02T07:00"),
    ("2026-06-02T08:00", "Europe/Lisbon", NIGHT, None, "2026-06-02T07:00"),
    # Too late at the end of the quiet hours: the last minute before them.
    ("2026-06-01T23:00", "Europe/Lisbon", NIGHT, "2026-06-02T06:00", "2026-06-01T20:59"),
    # Quiet hours that end within the gap, and at the time that comes twice.
    ("2027-03-14T01:00", "America/New_York", (time(22), time(2, 30)), None, "2027-03-14T07:30"),
    ("2026-11-01T01:00", "America/New_York", (time(22), time(1, 30)), None, "2026-11-01T06:30"),
]


@pytest.mark.parametrize(("wall", "zone", "quiet", "not_after", "expected"), PLANNED)
def test_the_local_hour_through_every_clock_change(
    wall: str, zone: str, quiet: tuple[time, time], not_after: str | None, expected: str
) -> None:
    latest = datetime.fromisoformat(not_after or "2030-01-01T00:00").replace(tzinfo=UTC)
    one = Wanted(ReminderKind.DUE_SOON, "x", datetime.fromisoformat(wall), latest, prompt=True)
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    found = reminding.next_at(one, hours(zone, quiet), reminding.uuid.UUID(int=0), long_ago)
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_everyone_has_their_own_few_minutes_and_keeps_them() -> None:
    one = Wanted(
        ReminderKind.DUE_SOON,
        "x",
        datetime.fromisoformat("2026-06-01T09:00"),
        datetime(2030, 1, 1, tzinfo=UTC),
    )
    keys = [reminding.uuid.UUID(int=number) for number in range(200)]
    at = datetime(2026, 1, 1, tzinfo=UTC)
    first = [reminding.next_at(one, hours("UTC"), key, at) for key in keys]
    again = [reminding.next_at(one, hours("UTC"), key, at) for key in keys]
    nine = datetime(2026, 6, 1, 9, tzinfo=UTC)
    assert first == again
    assert all(nine <= when < nine + timedelta(minutes=10) for when in first)
    assert len(set(first)) > 100


def daily(member: Membership) -> list[Reminder]:
    with scope(practice=member.practice_id):
        return list(Reminder.objects.filter(member_id=member.pk).order_by("next_at"))


def plan_daily(person: Person, at: datetime) -> list[Reminder]:
    assert person.member is not None
    with scope(practice=person.practice.pk):
        clockwork.plan_daily_mails(person.practice.pk, at)
    return daily(person.member)


def test_a_therapist_gets_one_mail_a_day_if_anything_waits(
    dana: Person, omar: Person, ana: Person, play: Play
) -> None:
    early = schedule.at_local_hour((now() + timedelta(days=1)).date(), DAILY, ZONE) - timedelta(
        hours=2
    )
    assert plan_daily(dana, early) == []
    play.submit(ana, play.homework(ana, play.assign(dana, ana)))
    assert len(plan_daily(dana, early)) == 1
    assert len(plan_daily(dana, early + timedelta(minutes=5))) == 1
    assert len(plan_daily(dana, early + timedelta(days=1))) == 2
    assert plan_daily(omar, early) == [], "not his clients"


def test_a_travelling_therapist_is_not_written_to_twice(
    dana: Person, ana: Person, play: Play
) -> None:
    """Case 37: daily mails keep 18 hours between them."""
    play.submit(ana, play.homework(ana, play.assign(dana, ana)))
    member = dana.member
    assert member is not None
    day = (now() + timedelta(days=1)).date()
    # 08:30 in Auckland comes an hour after 08:30 in Honolulu, on the next day of the calendar.
    for number, zone in enumerate(("Pacific/Honolulu", "Pacific/Auckland", "Pacific/Auckland")):
        dana.user.zone = zone
        dana.user.save(update_fields=["zone"])
        first = schedule.at_local_hour(day + timedelta(days=number), DAILY, zone)
        plan_daily(dana, first - timedelta(minutes=30))
    times = [row.next_at for row in daily(member)]
    assert len(times) == 2
    assert times[1] - times[0] >= timedelta(hours=18)


def test_a_daily_mail_that_is_late_does_not_come_in_the_night(
    dana: Person, ana: Person, play: Play
) -> None:
    """Planned for the evening, and the mail server is away until three: tomorrow's will say it."""
    play.submit(ana, play.homework(ana, play.assign(dana, ana)))
    with scope(practice=dana.practice.pk):
        Membership.objects.filter(pk=dana.member.pk).update(daily_mail_time=time(18))
    today = (now() + timedelta(days=1)).date()
    evening = schedule.at_local_hour(today, time(18), ZONE)
    (row,) = plan_daily(dana, evening - timedelta(minutes=5))
    assert row.next_at == evening
    assert row.not_after == evening + timedelta(hours=3)
    assert len(plan_daily(dana, evening + timedelta(hours=12))) == 2
