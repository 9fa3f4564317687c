"""What the clock does by itself: a row that breaks holds up no other, nobody waits for another's."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError, connection
from django.db.models import QuerySet
from django.utils.timezone import now

from clients.actions import erasing
from clients.models import Client, Couple, ErasureRequest
from exercises import schedule
from exercises.actions import assigning, clockwork, reminding
from exercises.models import Assignment, Reminder, Review
from exercises.workflow import Status
from practice.logs import JsonFormatter
from practice.models import AuditEvent, Membership
from practice.tenancy import scope
from tests.cast import ZONE, Person, Play
from tests.conftest import as_owner
from tests.exercises.ground import E04, break_next_move, planned, working
from tests.processes import until

# Zone data had this name once. For whom it still stands no local time can be computed.
GONE = "US/Pacific-New"
DAY = timedelta(days=1)


# --- a row that breaks ------------------------------------------------------------------------
def live_in(person: Person, zone: str) -> None:
    with scope(practice=person.practice.pk):
        Client.objects.filter(pk=person.client.pk).update(zone=zone)


def tick(at: datetime, times: int = 3) -> None:
    for _time in range(times):
        with working():
            clockwork.tick(at)


def left_out(caplog: pytest.LogCaptureFixture) -> set[str]:
    """Return the rows that the log says were left out."""
    return {
        record.__dict__["row"]
        for record in caplog.records
        if record.msg == "something was left out of a round"
    }


def test_a_review_that_breaks_holds_up_nothing_else(
    play: Play,
    dana: Person,
    ana: Person,
    ben: Person,
    noor: Person,
    caplog: pytest.LogCaptureFixture,
):
    """The other client's reply arrives, and what is due opens; the broken one waits to be mended."""
    broken, other = (
        play.submit(who, play.homework(who, play.assign(dana, who))) for who in (ana, noor)
    )
    due = play.homework(ben, play.assign(dana, ben, opens_in=timedelta(minutes=2)))
    review = play.review(dana, broken, words="The bags again", settle=False)
    play.review(dana, other, settle=False)
    live_in(ana, GONE)
    later = now() + timedelta(minutes=3)
    tick(later)
    assert play.fresh(other).status == Status.REVIEWED
    assert play.fresh(due).status == Status.OPEN
    assert play.fresh(broken).status == Status.SUBMITTED
    with scope(practice=dana.practice.pk):
        assert Review.objects.get(pk=review.pk).settled_at is None
    assert left_out(caplog) == {review.pk}
    line = JsonFormatter().format(caplog.records[0])
    assert f'"row": "{review.pk}"' in line
    assert not [word for word in ("Ana", "bags", GONE) if word in line]
    live_in(ana, ZONE)
    tick(later, times=1)
    assert play.fresh(broken).status == Status.REVIEWED


@pytest.mark.parametrize(
    ("opens_in", "after", "reached"),
    [(DAY, 2 * DAY, Status.OPEN), (timedelta(0), 8 * DAY + clockwork.KEPT_FOR, Status.EXPIRED)],
)
def test_homework_that_breaks_holds_up_no_other(
    play: Play,
    dana: Person,
    ana: Person,
    noor: Person,
    caplog: pytest.LogCaptureFixture,
    opens_in: timedelta,
    after: timedelta,
    reached: Status,
):
    """It is due first, and the database itself refuses it."""
    broken = play.homework(ana, play.assign(dana, ana, opens_in=opens_in))
    other = play.homework(noor, play.assign(dana, noor, opens_in=opens_in))
    before = broken.status
    break_next_move(broken)
    tick(now() + after)
    assert play.fresh(broken).status == before
    assert play.fresh(other).status == reached
    assert left_out(caplog) == {broken.pk}


def test_however_many_break_others_have_their_turn(
    play: Play, dana: Person, ana: Person, noor: Person, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(clockwork, "BATCH", 1)
    for _each in range(2):
        break_next_move(play.homework(ana, play.assign(dana, ana, opens_in=DAY / 2)))
    others = [play.homework(noor, play.assign(dana, noor, opens_in=DAY)) for _each in range(2)]
    for opened in (1, 2):
        tick(now() + 2 * DAY, times=1)
        assert [play.fresh(other).status for other in others].count(Status.OPEN) == opened


@pytest.mark.parametrize("breaks", ["zone", "rule"])
def test_a_series_that_breaks_holds_up_no_other(
    play: Play,
    dana: Person,
    ana: Person,
    noor: Person,
    caplog: pytest.LogCaptureFixture,
    breaks: str,
):
    broken, other = (play.assign(dana, who, E04, rrule="FREQ=WEEKLY") for who in (ana, noor))
    before = planned(broken)
    if breaks == "zone":
        live_in(ana, GONE)
    else:
        with scope(practice=dana.practice.pk):
            Assignment.objects.filter(pk=broken.pk).update(rrule="FREQ=NOW;COUNT=99999999999999")
    with working():
        clockwork.plan(now() + 7 * DAY)
    assert (planned(broken), planned(other)) == (before, before + 1)
    assert broken.pk in left_out(caplog)


def test_one_of_two_for_whom_planning_breaks_holds_up_nothing_of_the_others(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple
):
    given = play.assign(dana, cleared, E04, rrule="FREQ=WEEKLY")
    before = planned(given)
    live_in(ana, GONE)
    with working():
        clockwork.plan(now() + 7 * DAY)
    assert planned(given) == before + 1


def test_mails_that_cannot_be_planned_again_hold_up_no_others(
    play: Play, dana: Person, ana: Person, noor: Person, caplog: pytest.LogCaptureFixture
):
    broken, other = (play.homework(who, play.assign(dana, who)) for who in (ana, noor))
    with scope(practice=dana.practice.pk):
        Reminder.objects.update(tzdata="2025b")
    live_in(ana, GONE)
    with working():
        clockwork.plan(now())
    with scope(practice=dana.practice.pk):
        found = dict(Reminder.objects.values_list("homework_id", "tzdata"))
    assert found == {broken.pk: "2025b", other.pk: schedule.tzdata_version()}
    assert left_out(caplog) == {broken.pk}


def test_a_therapist_whose_day_cannot_be_told_holds_up_no_others_mail(
    play: Play, dana: Person, omar: Person, ana: Person, both: None
):
    play.submit(ana, play.homework(ana, play.assign(dana, ana)))
    first, other = sorted((dana, omar), key=lambda person: person.member.pk)
    first.user.zone = GONE
    first.user.save(update_fields=["zone"])
    with scope(practice=dana.practice.pk):
        hour = Membership.objects.get(pk=other.member.pk).daily_mail_time
    tomorrow = (now() + DAY).date()
    with working():
        clockwork.plan(schedule.at_local_hour(tomorrow, hour, ZONE))
    with scope(practice=dana.practice.pk):
        told = Reminder.objects.filter(kind="waiting").values_list("member_id", flat=True)
        assert list(told) == [other.member.pk]


def test_a_record_that_cannot_be_erased_holds_up_no_other(
    play: Play, dana: Person, ana: Person, noor: Person, caplog: pytest.LogCaptureFixture
):
    for person in (ana, noor):
        with scope(practice=person.practice.pk, user=person.user.pk):
            erasing.request(by=person.actor, at=now(), client=person.client)
    with scope(practice=dana.practice.pk):
        broken = ErasureRequest.objects.get(client_id=ana.client.pk)
    with as_owner(), connection.cursor() as cursor:
        # A table of a release to come, say, which this one does not know to empty.
        cursor.execute("CREATE TABLE to_come (client uuid REFERENCES clients_client (id))")
        cursor.execute("INSERT INTO to_come VALUES (%s)", [ana.client.pk])
    with working():
        clockwork.plan(now() + 15 * DAY)
    with scope(practice=dana.practice.pk):
        assert [client.pk for client in Client.objects.all()] == [ana.client.pk]
        assert AuditEvent.objects.filter(action="record.erased").count() == 1
    assert left_out(caplog) == {broken.pk}


# --- who waits for whom -----------------------------------------------------------------------
def beside(deed: Callable[[UUID, datetime], object], practice: UUID, at: datetime) -> Thread:
    """Begin it over a line of its own, beside what is done here."""

    def do() -> None:
        try:
            deed(practice, at)
        finally:
            connection.close()

    thread = Thread(target=do)
    thread.start()
    return thread


def hold(rows: QuerySet[Any]) -> None:
    """Hold these rows until the transaction ends; wait for nobody who holds them for long."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '3s'")
    assert list(rows.select_for_update(of=("self",)))


@pytest.mark.django_db(transaction=True)
def test_who_withdraws_waits_for_no_series_but_their_own(
    play: Play, dana: Person, ana: Person, noor: Person
):
    """While planning stands before the second series, the first one is planned and free."""
    given = [play.assign(dana, who, E04, rrule="FREQ=WEEKLY") for who in (ana, noor)]
    first, second = sorted(given, key=lambda one: one.pk)
    before, at = planned(first), now() + 7 * DAY
    with play.at(dana):
        hold(Assignment.objects.filter(pk=second.pk))
        thread = beside(clockwork.extend_series, dana.practice.pk, at)
        assert until(lambda: planned(first) == before + 1, 10)
        gone = assigning.withdraw(by=dana.actor, at=at, assignment=first)
        assert gone == before + 1
    thread.join(30)
    assert planned(second) == before + 1


@pytest.mark.django_db(transaction=True)
def test_who_hands_in_waits_for_no_mails_but_their_own(
    play: Play, dana: Person, ana: Person, noor: Person
):
    """After new zone data all are planned again; each is free as soon as its own are."""
    for who in (ana, noor):
        play.assign(dana, who)
    with play.at(dana):
        Reminder.objects.update(tzdata="2025b")
        first, second = reminding.changed_homeworks(dana.practice.pk, most=100)

    def is_done(homework: UUID) -> bool:
        rows = Reminder.objects.filter(homework_id=homework)
        return not rows.filter(tzdata="2025b").exists()

    with play.at(dana):
        hold(Reminder.objects.filter(homework_id=second))
        thread = beside(clockwork.replan_changed, dana.practice.pk, now())
        assert until(lambda: is_done(first), 10)
        hold(Reminder.objects.filter(homework_id=first))
        assert not is_done(second)
    thread.join(30)
    with play.at(dana):
        assert is_done(second)


@pytest.mark.django_db(transaction=True)
def test_a_database_that_goes_away_ends_the_round(
    play: Play, dana: Person, ana: Person, caplog: pytest.LogCaptureFixture
):
    """It is no row's fault, and to try the next one would be in vain."""
    given = play.assign(dana, ana, E04, rrule="FREQ=WEEKLY")
    ended: list[Exception] = []

    def extend(practice: UUID, at: datetime) -> None:
        try:
            clockwork.extend_series(practice, at)
        except OperationalError as error:
            ended.append(error)

    def end_who_waits() -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks"
                " WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            return cursor.fetchone() is not None

    with play.at(dana):
        hold(Assignment.objects.filter(pk=given.pk))
        thread = beside(extend, dana.practice.pk, now() + 7 * DAY)
        with as_owner():
            assert until(end_who_waits, 10)
        thread.join(30)
    assert len(ended) == 1
    assert left_out(caplog) == set()
