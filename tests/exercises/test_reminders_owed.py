"""What a pump could not write down, it owes: told first of all, once the database has room again.

The database really refuses: with the code of a full disk, or of a file system with a quota.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from django.db import Error, OperationalError, connection
from django.utils.timezone import now

from clients.models import ContactPreference
from exercises.actions import pumping
from exercises.models import Reminder, ReminderState
from practice.config.sink import Sink
from practice.tenancy import scope
from tests.cast import Person, Play
from tests.conftest import as_owner

pytestmark = pytest.mark.django_db(transaction=True)
FULL = ("53100", "XX000")


@contextmanager
def no_room_for(state: ReminderState, code: str) -> Iterator[None]:
    """Refuse every row that would come into this state."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE 'no room' USING ERRCODE = '{code}'; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER no_room BEFORE UPDATE ON exercises_reminder FOR EACH ROW"
            f" WHEN (NEW.state = {state.value}) EXECUTE FUNCTION no_room()"
        )
    try:
        yield
    finally:
        with as_owner(), connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION no_room CASCADE")


@pytest.fixture
def due(play: Play, dana: Person, ana: Person) -> Iterator[None]:
    """Three reminders of Ana's, due now, at whatever hour these tests run."""
    with scope(practice=ana.practice.pk):
        ContactPreference.objects.update(quiet_from="00:00", quiet_until="00:00")
    for _each in range(3):
        play.assign(dana, ana)
    yield
    assert not pumping._owed, "something is owed to the next test"


def pump() -> int:
    """Work as the worker, over each new connection too."""
    options = connection.settings_dict["OPTIONS"]
    before = options["assume_role"]
    options["assume_role"] = "homeward_worker"
    connection.close()
    try:
        return pumping.pump(now=now)
    finally:
        options["assume_role"] = before
        connection.close()


def rows(person: Person) -> set[tuple[int, int]]:
    """Return how it stands with all that was due: state, and how often it was tried."""
    with scope(practice=person.practice.pk):
        return set(Reminder.objects.filter(kind="assigned").values_list("state", "attempt"))


@pytest.mark.parametrize("code", FULL)
def test_what_went_is_confirmed_later_and_does_not_go_again(
    due: None, ana: Person, sink: Sink, code: str
) -> None:
    with no_room_for(ReminderState.SENT, code):
        with pytest.raises(Error):
            pump()
        assert len(sink.to(ana.user.email)) == 1, "the next could not be armed"
        with pytest.raises(Error):
            pump()
        assert len(sink.to(ana.user.email)) == 1, "who owes sends nothing"
    assert pump() == 2
    assert rows(ana) == {(ReminderState.SENT, 1)}
    assert len({mail["Message-ID"] for mail in sink.to(ana.user.email)}) == 3
    assert len(sink.to(ana.user.email)) == 3


@pytest.mark.parametrize("code", FULL)
def test_what_could_not_be_armed_goes_as_soon_as_there_is_room(
    due: None, ana: Person, sink: Sink, code: str
) -> None:
    """Nobody waits for a lease to run out, and no attempt is counted."""
    with no_room_for(ReminderState.ARMED, code), pytest.raises(Error):
        pump()
    assert sink.to(ana.user.email) == []
    assert pump() == 3
    assert rows(ana) == {(ReminderState.SENT, 1)}


def test_a_mistake_of_ours_is_no_full_disk(due: None, ana: Person, sink: Sink) -> None:
    """It holds back its own row, as ever, and is not tried at once again."""
    with no_room_for(ReminderState.ARMED, "22012"):
        assert pump() == 0
    assert rows(ana) == {(ReminderState.CLAIMED, 1)}


def test_a_line_that_breaks_as_a_mail_is_decided_gives_all_back(
    due: None, ana: Person, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is away, whatever word the line breaks at: nothing waits for a lease."""
    whole = [True]

    def breaking(**about: Any) -> AbstractContextManager[None]:
        if whole.pop():
            with socket.socket(fileno=os.dup(connection.connection.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)
        return scope(**about)

    with monkeypatch.context() as patch:
        patch.setattr(pumping, "scope", breaking)
        with pytest.raises(OperationalError):
            pump()
    assert sink.to(ana.user.email) == []
    assert pump() == 3
    assert rows(ana) == {(ReminderState.SENT, 1)}
