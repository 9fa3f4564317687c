"""The pump when things go wrong: the mail server, a bad row, two clocks, a restored backup."""

from datetime import timedelta
from functools import partial
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.db.models import F
from django.urls import reverse
from django.utils.timezone import now
from pytest_django import Settings

from exercises.actions import ambiguous_mails, clockwork, pumping, reminding
from exercises.management.commands import pump as pump_command
from exercises.models import MailChannel, Reminder
from practice.config.sink import Sink
from practice.errors import KeyTrouble
from practice.tenancy import scope
from tests.cast import Person, Play
from tests.exercises.ground import Reason, State, claimed, due_now, pump, reminders, working

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("awake")]


# --- the mail server misbehaves ---------------------------------------------------------------
BOTH_WAYS = pytest.mark.parametrize("sink", [True, False], ids=["breath", "turns"], indirect=True)


def test_a_connection_that_fails_costs_no_attempt_and_trips_the_breaker(
    dana: Person, ana: Person, play: Play, sink: Sink
) -> None:
    """Case 25 and 26: one probe a minute, and the rows keep their attempts."""
    play.assign(dana, ana)
    sink.misbehave("greeting", reply="421 come back later", drop=True)
    for _tick in range(5):
        assert pump() == 0
    row = reminders(ana)
    assert (row.state, row.attempt) == (State.PLANNED, 0)
    assert sink.connections == 1
    sink.behave()
    with working():
        MailChannel.objects.update(paused_until=now() - timedelta(seconds=1))
    assert pump() == 1
    assert MailChannel.objects.get().paused_until is None


@pytest.mark.parametrize(
    "url", ["smtp://127.0.0.1:1", "smtp://nowhere.invalid", "smtps://127.0.0.1:{port}"]
)
def test_nobody_there(
    url: str, dana: Person, ana: Person, play: Play, sink: Sink, settings: Settings
) -> None:
    """Case 25: refused, no such name, no TLS."""
    settings.EMAIL_URL = url.format(port=urlsplit(sink.url).port)
    play.assign(dana, ana)
    assert pump() == 0
    row = reminders(ana)
    assert (row.state, row.attempt) == (State.PLANNED, 0)
    assert MailChannel.objects.get().failures == 1


@pytest.mark.parametrize(
    ("phase", "reply"), [("mail", "451 not now"), ("rcpt", "450 greylisted"), ("dot", "451 busy")]
)
@BOTH_WAYS
def test_refused_for_now_is_tried_by_schedule(
    phase: Any, reply: str, dana: Person, ana: Person, play: Play, sink: Sink
) -> None:
    """Case 26 and 29."""
    play.assign(dana, ana)
    behaviour = sink.misbehave(phase, reply=reply, times=1)
    assert pump() == 0
    row = reminders(ana)
    assert (row.state, row.attempt, row.error_code) == (State.PLANNED, 1, int(reply[:3]))
    assert timedelta(seconds=30) < row.next_at - now() < timedelta(seconds=90)
    assert behaviour.times == 0
    due_now(row)
    assert pump() == 1
    assert len(sink.messages) == 1


def test_refused_again_and_again_comes_to_an_end(
    dana: Person, ana: Person, play: Play, sink: Sink
) -> None:
    play.assign(dana, ana)
    sink.misbehave("rcpt", reply="450 greylisted")
    for _attempt in range(9):
        due_now(reminders(ana))
        pump()
    row = reminders(ana)
    assert (row.state, row.reason) == (State.FAILED, Reason.REFUSED)


@BOTH_WAYS
def test_an_address_that_does_not_exist_is_written_to_no_more(
    dana: Person, ana: Person, play: Play, sink: Sink
) -> None:
    """Case 27: and the therapist finds it in the ledger."""
    play.assign(dana, ana)
    sink.misbehave("rcpt", reply="550 no such user", times=1)
    pump()
    row = reminders(ana)
    assert (row.state, row.error_code) == (State.FAILED, 550)
    play.assign(dana, ana)
    pump()
    assert reminders(ana).reason == Reason.NO_ADDRESS
    page = dana.browser().get(reverse("reminder_ledger", args=[row.client_id]))
    assert "There is no working address" in page.content.decode()


@BOTH_WAYS
def test_refused_content_says_nothing_about_the_address(
    dana: Person, ana: Person, play: Play, sink: Sink
) -> None:
    """Case 29."""
    play.assign(dana, ana)
    sink.misbehave("dot", reply="554 not this", times=1)
    pump()
    assert reminders(ana).state == State.FAILED
    play.assign(dana, ana)
    assert pump() == 1


@BOTH_WAYS
def test_silence_after_the_dot_is_settled_once(
    dana: Person, ana: Person, play: Play, sink: Sink
) -> None:
    """Case 30: armed, one resend with the same name and date, counted."""
    play.assign(dana, ana)
    sink.misbehave("dot", drop=True, accept=True, times=1)
    assert pump() == 0
    assert reminders(ana).state == State.ARMED
    assert pump() == 0, "not before fifteen minutes are over"
    a_while_passes(ana, minutes=16)
    assert pump() == 0, "nor before it was announced"
    a_while_passes(ana, minutes=3)
    assert pump() == 1
    first, second = sink.messages
    assert (first["Message-ID"], first["Date"]) == (second["Message-ID"], second["Date"])
    row = reminders(ana)
    assert (row.state, row.resent, row.reason) == (State.SENT, 1, Reason.AMBIGUOUS)


def test_who_knows_that_it_went_writes_it_down_before_another_settles_the_doubt(
    dana: Person, ana: Person, play: Play, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a long outage one process owes the confirmation, and another comes to its round first."""
    play.assign(dana, ana)
    with monkeypatch.context() as away:
        away.setattr(pumping, "_write_down", lambda _current: None)
        assert pump() == 1
    row = reminders(ana)
    assert row.state == State.ARMED
    a_while_passes(ana, minutes=60)
    ambiguous_mails.settle(
        most_attempts=pumping.MOST_ATTEMPTS
    )  # the other process, the moment the database is back
    assert reminders(ana).state == State.ARMED
    pumping._owed.append(partial(pumping._confirm, (row.pk, row.lease_token)))
    assert pump() == 0
    a_while_passes(ana, minutes=60)
    assert pump() == 0
    assert (reminders(ana).state, reminders(ana).reason) == (State.SENT, "")
    assert len(sink.messages) == 1


def a_while_passes(person: Person, *, minutes: int) -> None:
    """Let it be longer ago that something was armed, or announced as a doubt."""
    with scope(practice=person.practice.pk):
        Reminder.objects.filter(state=State.ARMED).update(
            next_at=F("next_at") - timedelta(minutes=minutes)
        )


@BOTH_WAYS
def test_a_line_cut_within_the_text_is_not_called_sent(
    dana: Person, ana: Person, play: Play, sink: Sink
) -> None:
    """Case 28."""
    play.assign(dana, ana)
    sink.misbehave("body", drop=True, times=1)
    assert pump() == 0
    assert reminders(ana).state in {State.PLANNED, State.ARMED}


@BOTH_WAYS
def test_a_slow_answer_is_waited_for(
    dana: Person, ana: Person, play: Play, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 31 in short: slower than everything before the dot may be."""
    monkeypatch.setattr("practice.smtp.BEFORE_DOT_SECONDS", 0.3)
    play.assign(dana, ana)
    sink.misbehave("dot", delay=1.0)
    assert pump() == 1
    assert len(sink.messages) == 1


@BOTH_WAYS
def test_a_machine_that_slept_sends_nothing_stale(
    dana: Person, ana: Person, play: Play, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 7 in short: too long between arming and the dot, so it is asked again."""
    play.assign(dana, ana)
    monkeypatch.setattr("practice.smtp.STALE_SECONDS", 0.1)
    sink.misbehave("data", delay=0.3, times=1)
    assert pump() == 1
    assert len(sink.messages) == 1
    assert reminders(ana).attempt == 1


@BOTH_WAYS
def test_an_idle_connection_that_was_closed_is_opened_again(
    dana: Person, ana: Person, play: Play, sink: Sink
) -> None:
    """Case 32."""
    play.assign(dana, ana)
    play.assign(dana, ana)
    sink.misbehave("mail", times=0)
    with working():
        current, token, rows = claimed()
        assert pumping._send_one(current, rows[0], token) is pumping.Outcome.SENT
        sink.misbehave("mail", reply="421 idle too long", drop=True, times=1)
        assert pumping._send_one(current, rows[1], token) is pumping.Outcome.SENT
        pumping._write_down(current)
        current.line.close()
    assert len(sink.messages) == 2


# --- one bad row, two clocks, a hold ----------------------------------------------------------
def test_a_row_that_breaks_takes_nothing_down(
    dana: Person, ana: Person, play: Play, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 11: only that row backs off, and the one before it stays confirmed."""
    for _each in range(3):
        play.assign(dana, ana)
    with scope(practice=ana.practice.pk):
        bad = Reminder.objects.filter(kind="assigned").order_by("next_at", "pk")[1].pk
    ask = pumping.mail_if_still_due

    def break_one(row: Reminder, at: Any) -> Any:
        mail = ask(row, at)
        if row.pk == bad:
            raise KeyError("a template broke")
        return mail

    monkeypatch.setattr(pumping, "mail_if_still_due", break_one)
    assert pump() == 2
    with scope(practice=ana.practice.pk):
        found = dict(Reminder.objects.filter(kind="assigned").values_list("pk", "state"))
    assert found.pop(bad) == State.CLAIMED
    assert set(found.values()) == {State.SENT}
    assert len(sink.messages) == 2


def test_clocks_that_disagree_hold_everything(
    dana: Person, ana: Person, play: Play, sink: Sink
) -> None:
    """Case 21."""
    play.assign(dana, ana)
    with working():
        assert pumping.pump(now=lambda: now() + timedelta(minutes=2)) == 0
    assert pump() == 1


def test_a_restored_backup_is_held_until_someone_looked(
    dana: Person, ana: Person, play: Play, sink: Sink, settings: Settings
) -> None:
    play.assign(dana, ana)
    settings.REMINDERS_HOLD = True
    assert pump() == 0
    settings.REMINDERS_HOLD = False
    assert pump() == 1


def test_a_practice_that_floods_leaves_room(
    dana: Person, ana: Person, play: Play, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pumping, "BATCH", 2)
    monkeypatch.setattr(pumping, "MOST_OF_A_PRACTICE", 4)
    for _each in range(6):
        play.assign(dana, ana)
    assert pump() == 4
    assert pump() == 2


def test_mails_do_not_wait_for_a_chore_that_cannot_be_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pump's loop goes on to what is due though planning, erasing or sealing breaks each time."""
    rounds: list[str] = []

    def work_twice(stop: Event) -> None:
        rounds.append("worked")
        if len(rounds) == 4:
            stop.set()

    def breaks() -> None:
        if len(rounds) > 4:
            pytest.fail("nothing but planning was done")
        rounds.append("planned")
        raise KeyTrouble("there is no master key")

    monkeypatch.setattr(pump_command, "_plan", breaks)
    monkeypatch.setattr(pump_command, "_work", work_twice)
    monkeypatch.setattr(pump_command, "_stop_on_signals", lambda stop: None)
    monkeypatch.setattr(pump_command, "TICK", 0)
    call_command("pump", forever=True)
    assert rounds == ["planned", "worked"] * 2


@pytest.mark.parametrize(
    ("broken", "turn"), [("members_with_daily_mail", "plan"), ("_open_scheduled", "tick")]
)
def test_what_breaks_in_one_practice_holds_up_no_other(
    dana: Person, zoe: Person, monkeypatch: pytest.MonkeyPatch, broken: str, turn: str
) -> None:
    reached: list[str] = []
    owner = clockwork if turn == "tick" else reminding
    real = getattr(owner, broken)

    def breaks_in_the_first(*given: Any) -> Any:
        reached.append("here")
        if len(reached) == 1:
            raise KeyTrouble("the key of this practice")
        return real(*given)

    monkeypatch.setattr(owner, broken, breaks_in_the_first)
    with working():
        getattr(clockwork, turn)(now())
    assert len(reached) == 2
