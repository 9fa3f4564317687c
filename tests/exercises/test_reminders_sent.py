"""What the pump sends, what it holds back and why, and what a mail looks like."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import time, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core import signing
from django.core.management import call_command
from django.db import connection
from django.db.models import F
from django.test import Client as Browser
from django.urls import reverse
from django.utils.timezone import now
from pytest_django import Settings

from clients.models import Client, ContactPreference, ReminderKind
from exercises import emails
from exercises.actions import assigning, clockwork, doubts, pumping, reminding
from exercises.management.commands import pump as pump_command
from exercises.models import (
    Homework,
    MailChannel,
    Reminder,
    ReminderReason,
    ReminderState,
    Review,
)
from practice.config.sink import Sink
from practice.errors import KeyTrouble
from practice.tenancy import scope
from tests.cast import Person, Play
from tests.conftest import acting_as
from tests.faults.ground import somebody_waits, until

pytestmark = pytest.mark.django_db(transaction=True)
State, Reason = ReminderState, ReminderReason


@pytest.fixture(autouse=True)
def _awake(ana: Person, ben: Person) -> None:
    """Give Ana and Ben no quiet hours, whatever time these tests run at."""
    prefer(ana, quiet_from=time(0), quiet_until=time(0))
    prefer(ben, quiet_from=time(0), quiet_until=time(0))


def prefer(person: Person, **choices: Any) -> None:
    assert person.client is not None
    with scope(practice=person.practice.pk):
        ContactPreference.objects.filter(client=person.client).update(**choices)


@contextmanager
def working() -> Iterator[None]:
    """Act as the worker does."""
    with acting_as("homeward_worker"):
        yield


def pump() -> int:
    with working():
        return pumping.pump(now=now)


def reminders(person: Person, kind: str = "assigned") -> Reminder:
    """Return a client's newest reminder of a kind."""
    assert person.client is not None
    with scope(practice=person.practice.pk):
        return Reminder.objects.filter(client_id=person.client.pk, kind=kind).latest("pk")


def due_now(row: Reminder, **more: Any) -> None:
    with scope(practice=row.practice_id):
        Reminder.objects.filter(pk=row.pk).update(next_at=now() - timedelta(minutes=1), **more)


def claimed() -> tuple[pumping.Round, int, list[Reminder]]:
    """Claim what is due, as a pump does, and stop there."""
    current = pumping.Round(pumping.PhaseSMTP(), now, pumping.never)
    return current, 7, pumping._claim(current, 7)


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


def body(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    assert part is not None
    text: str = part.get_content()
    return text


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
        first = reminding.schedule.at_local_hour(now().date(), time(8, 30), zone)
        reminding.plan_daily_for_members(dana.practice.pk, first - timedelta(hours=1))
        row = Reminder.objects.get(kind="waiting")
    due_now(row, not_after=now() + timedelta(hours=1))
    assert pump() == 1
    (mail,) = sink.to(dana.user.email)
    assert "Ana" not in mail.as_string()
    play.review(dana, homework)
    due_now(row, state=State.PLANNED)
    pump()
    assert len(sink.to(dana.user.email)) == 1


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
    doubts.settle(
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
    ask = pumping.ask_again

    def break_one(row: Reminder, at: Any) -> Any:
        mail = ask(row, at)
        if row.pk == bad:
            raise KeyError("a template broke")
        return mail

    monkeypatch.setattr(pumping, "ask_again", break_one)
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


# --- the way out ------------------------------------------------------------------------------
def test_one_click_stops_this_kind_and_looking_stops_nothing(
    dana: Person, ana: Person, play: Play, sink: Sink
) -> None:
    """Case 41: POST without cookies, token or sign-in, twice; GET and HEAD change nothing."""
    play.assign(dana, ana)
    pump()
    link = sink.messages[0]["List-Unsubscribe"].strip("<>")
    assert link.startswith(settings.BASE_URL)
    assert len(link) < 200
    path = urlsplit(link).path
    stranger = Browser(enforce_csrf_checks=True)
    assert stranger.get(path).status_code == 200
    assert stranger.head(path).status_code == 200
    assert kinds_off(ana) == []
    for _click in range(2):
        answer = stranger.post(path, {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    assert kinds_off(ana) == ["assigned"]
    assert stranger.post(path[:-2] + "xx").status_code == 404
    play.assign(dana, ana)
    assert pump() == 0
    assert reminders(ana).reason == Reason.OPTED_OUT


def kinds_off(person: Person) -> list[str]:
    with scope(practice=person.practice.pk):
        return list(ContactPreference.objects.get(client=person.client).kinds_off)


def test_the_ledger_says_what_came_of_each(
    dana: Person, ana: Person, ben: Person, play: Play, sink: Sink
) -> None:
    play.assign(dana, ana)
    pump()
    assert ana.client is not None
    hers = ana.browser().get(reverse("own_ledger")).content.decode()
    staff = dana.browser().get(reverse("reminder_ledger", args=[ana.client.pk])).content.decode()
    for page in (hers, staff):
        assert "Sent" in page
        assert "Lisbon time" in page
        assert "Under the argument" in page
        assert page.count("Lisbon time") == 1  # said once, above them all
    assert "about 1" in hers
    assert "about 1" in staff
    his = ben.browser().get(reverse("own_ledger")).content.decode()
    assert "Under the argument" not in his


def test_what_should_have_gone_is_said_to_wait(dana: Person, ana: Person, play: Play) -> None:
    """A pump that was held back is nobody's fault, and no promise of an hour that is over."""
    play.assign(dana, ana)
    with scope(practice=ana.practice.pk):
        Reminder.objects.update(next_at=now() - timedelta(hours=1))
    assert ana.client is not None
    for page in (
        ana.browser().get(reverse("own_ledger")).content.decode(),
        dana.browser().get(reverse("reminder_ledger", args=[ana.client.pk])).content.decode(),
    ):
        assert "Not sent yet" in page
        assert "goes " not in page
        assert "about 1" not in page


def test_each_reader_is_told_in_their_own_words(dana: Person, ana: Person, play: Play) -> None:
    homework = play.submit(ana, play.homework(ana, play.assign(dana, ana)))
    play.review(dana, homework, words="You stayed with it.")
    ledger = reverse("own_ledger")
    assert "On the day" not in ana.browser().get(ledger).content.decode()  # not to come any more
    with scope(practice=ana.practice.pk):
        Reminder.objects.filter(state=State.CANCELLED).update(next_at=now())
    assert ana.client is not None
    hers = ana.browser().get(reverse("own_ledger")).content.decode()
    staff = dana.browser().get(reverse("reminder_ledger", args=[ana.client.pk])).content.decode()
    assert "You had already sent it" in hers
    assert "Your therapist answered" in hers
    assert "They had already sent it" in staff
    assert "Your reply is there" in staff
    assert "Reminders for Ana" in staff


# --- discretion -------------------------------------------------------------------------------
CANARY = "Canary"


def _recipient(client: Client, address: str = "") -> emails.Recipient:
    assert client.user is not None
    return emails.Recipient(
        practice_id=client.practice_id,
        client_id=client.pk,
        address=address or client.user.email,
        language=client.language,
        from_name=client.practice.discreet_name,
        reminder_time=client.preference.reminder_time,
    )


@pytest.mark.parametrize(
    "address", ["ana@mail.example", "ZstopZ@mail.example", "o'hara=a@mail.example"]
)
@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("kind", [kind for kind in ReminderKind.values if kind != "waiting"])
def test_a_mail_filled_in_reads_like_one_written_anew(
    kind: str,
    language: str,
    address: str,
    dana: Person,
    ana: Person,
    play: Play,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Most mails are a sheet with blanks; it must not show, whatever goes into the blanks."""
    monkeypatch.setattr(signing.TimestampSigner, "timestamp", lambda self: "1")
    play.assign(dana, ana)
    assert ana.client is not None
    with scope(practice=ana.practice.pk):
        client = Client.objects.select_related("user", "practice", "preference").get(
            pk=ana.client.pk
        )
        client.language = language
        row = reminders(ana)
        row.kind = kind
        mails = [emails.reminder(row, _recipient(client, address)) for _again in range(2)]
        monkeypatch.setattr(emails.Blanks, "is_plain", False)
        mails.append(emails.reminder(row, _recipient(client, address)))
    first, again, anew = (re.sub(rb"={15}\d+==", b"border", mail.text) for mail in mails)
    assert first == again == anew
    assert f"To: {address}\r\n".encode() in first
    blank = {found for found in emails.BLANK.findall(first) if found.decode() not in address}
    assert not blank


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("kind", ReminderKind.values)
def test_no_mail_says_who_what_or_how_much(
    kind: str, language: str, dana: Person, ana: Person, play: Play
) -> None:
    """Case 42: every template in every language, with a client full of canaries."""
    homework = play.homework(ana, play.assign(dana, ana, note=f"{CANARY} note"))
    assert ana.client is not None
    assert dana.member is not None
    with scope(practice=ana.practice.pk):
        client = Client.objects.select_related("user", "practice", "preference").get(
            pk=ana.client.pk
        )
        client.name, client.called, client.language = f"{CANARY} name", CANARY, language
        dana.user.name, dana.user.language = f"{CANARY} therapist", language
        row = reminders(ana)
        row.kind = kind
        member = type(dana.member).objects.select_related("user", "practice").get()
        mail = (
            emails.waiting(row, member)
            if kind == "waiting"
            else emails.reminder(row, _recipient(client))
        )
    raw = mail.dated(now())
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    said = " ".join([str(message["Subject"]), body(message), body(message, "html"), str(message)])
    title = homework.version.exercise.slug.replace("-", " ")
    for word in (CANARY, str(homework.pk), str(client.pk), title, "Under the argument"):
        assert word not in said
    assert "!" not in body(message)
    assert settings.BASE_URL in body(message)
    assert raw.isascii()
    assert max(map(len, raw.splitlines())) < 998
    assert raw.startswith(b"Date: ")


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
    ("broken", "turn"), [("plan_daily_for_members", "plan"), ("_open_scheduled", "tick")]
)
def test_what_breaks_in_one_practice_holds_up_no_other(
    dana: Person, zoe: Person, monkeypatch: pytest.MonkeyPatch, broken: str, turn: str
) -> None:
    reached: list[str] = []

    def breaks_in_the_first(*_given: Any) -> int:
        reached.append("here")
        if len(reached) == 1:
            raise KeyTrouble("the key of this practice")
        return 0

    owner = clockwork if turn == "tick" else reminding
    monkeypatch.setattr(owner, broken, breaks_in_the_first)
    with working():
        getattr(clockwork, turn)(now())
    assert len(reached) == 2
