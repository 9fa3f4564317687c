"""What the pump sends, and what it holds back and why."""

import re
from collections.abc import Callable
from datetime import time, timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.utils.timezone import now

from clients.models import Client, ContactPreference
from exercises import schedule
from exercises.actions import assigning, clockwork, pumping
from exercises.models import Homework, Reminder, Review
from practice.config.sink import Sink
from practice.tenancy import scope
from tests.cast import Person, Play
from tests.exercises.ground import (
    Reason,
    State,
    body,
    claimed,
    due_now,
    prefer,
    pump,
    reminders,
    working,
)
from tests.processes import somebody_waits, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("awake")]


def test_a_new_homework_is_told_at_once_and_discreetly(
    dana: Person, ana: Person, play: Play, sink: Sink
) -> None:
    play.assign(dana, ana)
    assert pump() == 1
    (mail,) = sink.to(ana.user.email)
    row = reminders(ana)
    assert row.state == State.SENT
    assert row.sent_at is not None
    assert mail["Message-ID"] == row.message_id
    assert mail["Message-ID"].startswith(f"<{row.dedupe_key.hex}.")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Entity-Ref-ID"] == row.dedupe_key.hex
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["From"].startswith(ana.practice.discreet_name)
    assert pump() == 0


def test_a_couples_mails_are_each_their_own(
    dana: Person, ana: Person, ben: Person, play: Play, sink: Sink
) -> None:
    play.assign(dana, ana)
    play.assign(dana, ben)
    assert pump() == 2
    (hers,), (his,) = sink.to(ana.user.email), sink.to(ben.user.email)
    hide = re.compile(r"/stop/\S+|\d+")
    for part in ("plain", "html"):
        assert hide.sub("", body(hers, part)) == hide.sub("", body(his, part))


# --- held back --------------------------------------------------------------------------------
def _withdraw(play: Play, dana: Person, ana: Person, homework: Homework) -> None:
    with play.at(dana):
        assigning.withdraw(by=dana.actor, at=now(), assignment=homework.assignment)


def _discharge(play: Play, dana: Person, ana: Person, homework: Homework) -> None:
    with play.at(dana):
        Client.objects.filter(pk=homework.client_id).update(discharged_at=now())


HELD: dict[str, tuple[Callable[[Play, Person, Person, Homework], Any], set[str]]] = {
    "submitted": (lambda play, dana, ana, homework: play.submit(ana, homework), {"submitted"}),
    "withdrawn": (_withdraw, {"withdrawn"}),
    "unsubscribed": (lambda p, d, ana, h: prefer(ana, kinds_off=["assigned"]), {"opted_out"}),
    "no mail": (lambda p, d, ana, h: prefer(ana, by_email=False), {"opted_out"}),
    "paused": (
        lambda p, d, ana, h: prefer(ana, paused_until=now() + timedelta(days=1)),
        {"paused"},
    ),
    "no such address": (lambda p, d, ana, h: prefer(ana, suppressed_at=now()), {"no_address"}),
    "discharged": (_discharge, {"discharged"}),
}


@pytest.mark.parametrize("change", HELD)
@pytest.mark.parametrize("moment", ["before", "between claim and arm"])
def test_nothing_goes_that_should_not(
    change: str, moment: str, dana: Person, ana: Person, play: Play, sink: Sink
) -> None:
    """Case 33: whatever is saved before the mail is armed counts, even between claim and arm."""
    homework = play.homework(ana, play.assign(dana, ana))
    do, reasons = HELD[change]
    if moment != "before":
        with working():
            current, token, rows = claimed()
        do(play, dana, ana, homework)
        with working():
            pumping._send_all(current, rows, token)
    else:
        do(play, dana, ana, homework)
        pump()
    row = reminders(ana)
    assert row.state in {State.SKIPPED, State.CANCELLED}
    assert row.reason in reasons
    assert sink.messages == []


def test_in_quiet_hours_it_waits_for_the_morning(
    dana: Person, ana: Person, play: Play, sink: Sink
) -> None:
    play.assign(dana, ana)
    prefer(ana, quiet_from=time(0), quiet_until=time(23, 59, 59))
    assert pump() == 0
    row = reminders(ana)
    assert (row.state, row.reason, row.attempt) == (State.PLANNED, Reason.QUIET, 0)
    assert row.next_at > now()
    prefer(ana, quiet_from=time(0), quiet_until=time(0))
    due_now(row)
    assert pump() == 1
    assert reminders(ana).reason == ""


def test_too_late_is_held_back(dana: Person, ana: Person, play: Play, sink: Sink) -> None:
    """Case 40: after an outage of days the mails of the days before are not replayed."""
    play.assign(dana, ana)
    due_now(reminders(ana), not_after=now() - timedelta(seconds=1))
    assert pump() == 0
    row = reminders(ana)
    assert (row.state, row.reason) == (State.SKIPPED, Reason.TOO_LATE)
    assert sink.messages == []


def nudges(dana: Person, ana: Person, play: Play) -> list[Reminder]:
    """Give Ana two things to do; return the reminders of both, due now."""
    found = []
    for _number in range(2):
        play.assign(dana, ana)
        found.append(reminders(ana, "due_soon"))
    pump()
    for row in found:
        due_now(row)
    return found


def test_two_of_one_evening_go_as_one_mail(
    dana: Person, ana: Person, play: Play, sink: Sink
) -> None:
    """They would say the same, and Today promises one."""
    rows = nudges(dana, ana, play)
    told = len(sink.to(ana.user.email))
    assert pump() == 1
    for row in rows:
        if reloaded(row).state == State.PLANNED:
            due_now(row)
    assert pump() == 0
    assert len(sink.to(ana.user.email)) == told + 1
    assert sorted((row.state, row.reason) for row in map(reloaded, rows)) == [
        (State.SENT, ""),
        (State.SKIPPED, Reason.TOGETHER),
    ]


def test_what_another_pump_armed_in_this_moment_is_seen(
    dana: Person, ana: Person, play: Play, sink: Sink
) -> None:
    """It asked before the other was through; it learns of it when it arms, and not too late."""
    first, second = nudges(dana, ana, play)
    told = len(sink.to(ana.user.email))

    def elsewhere() -> None:
        try:
            pump()
        finally:
            connection.close()

    thread = Thread(target=elsewhere)
    with scope(practice=ana.practice.pk):
        ContactPreference.objects.select_for_update(no_key=True).get(client=ana.client)
        Reminder.objects.filter(pk=first.pk).update(state=State.ARMED, armed_at=now())
        thread.start()
        assert until(somebody_waits)
    thread.join(30)
    assert len(sink.to(ana.user.email)) == told
    assert (reloaded(second).state, reloaded(second).reason) == (State.PLANNED, Reason.TOGETHER)


def test_while_the_others_fate_is_open_it_waits_and_goes_when_that_one_did_not(
    dana: Person, ana: Person, play: Play, sink: Sink
) -> None:
    first, second = nudges(dana, ana, play)
    with scope(practice=ana.practice.pk):
        Reminder.objects.filter(pk=first.pk).update(state=State.ARMED, armed_at=now())
    told = len(sink.to(ana.user.email))
    assert pump() == 0
    row = reloaded(second)
    assert (row.state, row.reason, row.attempt) == (State.PLANNED, Reason.TOGETHER, 0)
    assert row.next_at > now() + timedelta(minutes=4)
    with scope(practice=ana.practice.pk):
        Reminder.objects.filter(pk=first.pk).update(state=State.CANCELLED)
    due_now(second)
    assert pump() == 1
    assert len(sink.to(ana.user.email)) == told + 1
    assert (reloaded(second).state, reloaded(second).reason) == (State.SENT, "")


def test_something_new_and_an_answer_are_told_each_for_itself(
    dana: Person, ana: Person, play: Play, sink: Sink
) -> None:
    nudges(dana, ana, play)
    pump()
    told = len(sink.to(ana.user.email))
    play.assign(dana, ana)
    assert pump() == 1
    assert len(sink.to(ana.user.email)) == told + 1


def reloaded(row: Reminder) -> Reminder:
    with scope(practice=row.practice_id):
        return Reminder.objects.get(pk=row.pk)


def test_what_is_about_to_open_waits_for_it(
    dana: Person, ana: Person, play: Play, sink: Sink
) -> None:
    play.assign(dana, ana, opens_in=timedelta(hours=2))
    due_now(reminders(ana))
    assert pump() == 0
    row = reminders(ana)
    assert row.state == State.PLANNED
    assert row.next_at > now() + timedelta(hours=1)


def test_an_answer_is_told_once_each_and_not_when_it_was_read(
    dana: Person, ana: Person, play: Play, sink: Sink
) -> None:
    homework = play.submit(ana, play.homework(ana, play.assign(dana, ana)))
    pump()
    sink.messages.clear()
    play.review(dana, homework, words="words of a therapist")
    due_now(reminders(ana, "answered"))
    assert pump() == 1
    assert "words" not in sink.messages[0].as_string()
    row = reminders(ana, "answered")
    due_now(row, state=State.PLANNED)
    with scope(practice=ana.practice.pk):
        Review.objects.update(seen_at=now())
    assert pump() == 0
    assert reminders(ana, "answered").reason == Reason.NOT_THEIR_TURN


def test_a_therapist_is_told_only_while_something_waits(
    dana: Person, ana: Person, play: Play, sink: Sink
) -> None:
    homework = play.submit(ana, play.homework(ana, play.assign(dana, ana)))
    with scope(practice=dana.practice.pk):
        zone = dana.practice.zone
        first = schedule.at_local_hour(now().date(), time(8, 30), zone)
        clockwork.plan_daily_mails(dana.practice.pk, first - timedelta(hours=1))
        row = Reminder.objects.get(kind="waiting")
    due_now(row, not_after=now() + timedelta(hours=1))
    assert pump() == 1
    (mail,) = sink.to(dana.user.email)
    assert "Ana" not in mail.as_string()
    play.review(dana, homework)
    due_now(row, state=State.PLANNED)
    pump()
    assert len(sink.to(dana.user.email)) == 1
