"""Two partners side by side: every move one of them can make, on pages whose clock stands still."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from types import ModuleType

import pytest
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import transaction
from django.http import Http404
from django.test import Client as Browser
from django.utils.timezone import now

import clients.views.own
import exercises.views.drafts
import exercises.views.entries
import exercises.views.reading
import exercises.views.steps
import exercises.views.submitting
import exercises.views.today
from clients.actions import erasing
from clients.models import Couple
from exercises.actions import clockwork, flagging, pausing, responding, reviewing
from exercises.models import Assignment, Homework
from exercises.workflow import Status
from practice.errors import NotPossible
from tests.cast import Person, Play
from tests.conftest import acting_as


class Ana:
    """Ana and Dana, making any move that is possible."""

    def __init__(self, play: Play, ana: Person, dana: Person, assignment: Assignment) -> None:
        self.play, self.ana, self.dana, self.assignment = play, ana, dana, assignment

    @property
    def homework(self) -> Homework:
        return self.play.homework(self.ana, self.assignment)

    def save(self) -> None:
        with self.play.at(self.ana):
            responding.begin(by=self.ana.actor, at=now(), homework=self.homework)

    def fill(self) -> None:
        self.play.fill(self.ana, self.homework)

    def submit(self) -> None:
        self.play.submit(self.ana, self.homework)

    def take_back(self) -> None:
        with self.play.at(self.ana):
            responding.take_back(by=self.ana.actor, at=now(), homework=self.homework)

    def set_aside(self) -> None:
        with self.play.at(self.ana):
            pausing.set_aside(by=self.ana.actor, at=now(), homework=self.homework)

    def bring(self) -> None:
        with self.play.at(self.ana):
            pausing.set_aside(by=self.ana.actor, at=now(), homework=self.homework, for_session=True)

    def pick_up(self) -> None:
        with self.play.at(self.ana):
            pausing.pick_up(by=self.ana.actor, at=now(), homework=self.homework)

    def be_read(self) -> None:
        with self.play.at(self.dana):
            reviewing.open_rounds(by=self.dana.actor, at=now(), homework=self.homework)

    def be_answered(self) -> None:
        if self.homework.status == Status.SUBMITTED:
            self.play.review(self.dana, self.homework, words="thank you")

    def be_returned(self) -> None:
        if self.homework.status == Status.SUBMITTED:
            self.play.review(self.dana, self.homework, returned=("top",))

    def be_flagged(self) -> None:
        with self.play.at(self.ana):
            flagging.raise_flag(
                by=self.ana.actor,
                at=now(),
                homework=self.homework,
                item_key="top",
                kind="safety",
            )

    def erase(self) -> None:
        """Be gone: what she asked for two weeks ago is carried out, and the clock looks round."""
        asked_at = now() - erasing.WAIT
        with self.play.at(self.ana):
            erasing.request(by=self.ana.actor, at=asked_at, client=self.ana.client)
        with acting_as("homeward_worker"):
            erased = clockwork.erase_due(self.ana.practice.pk, now())
            clockwork.end_what_was_for_two(self.ana.practice.pk, now())
        assert erased == 1


MOVES = [name for name in vars(Ana) if not name.startswith("_") and name != "homework"]


def make(ana: Ana, moves: list[str]) -> None:
    """Make these moves one after the other; whose record is erased makes no more."""
    for name in moves:
        try_to(getattr(ana, name))
        if name == "erase":
            break


def try_to(move: Callable[[], None]) -> None:
    """Make a move if it is possible now; most random ones are not."""
    try:
        with transaction.atomic():
            move()
    except (NotPossible, PermissionDenied, Http404, ObjectDoesNotExist):
        return


@pytest.fixture
def stage(
    play: Play,
    dana: Person,
    ana: Person,
    ben: Person,
    cleared: Couple,
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[Ana, Browser]:
    """Both have the same exercise; the clock stands still on the pages, so that only moves count."""
    assignment = play.assign(dana, cleared, "e11-what-reaches-me")
    stand_still(
        monkeypatch,
        now() + timedelta(minutes=5),
        clients.views.own,
        exercises.views.entries,
        exercises.views.submitting,
        exercises.views.drafts,
        exercises.views.reading,
        exercises.views.steps,
        exercises.views.today,
    )
    browser = ben.browser()
    browser.get("/today/")
    return Ana(play, ana, dana, assignment), browser


def stand_still(monkeypatch: pytest.MonkeyPatch, at: datetime, *doors: ModuleType) -> None:
    """Let the clock of these doors stand at that moment."""
    for door in doors:
        monkeypatch.setattr(door, "now", lambda: at)


@contextmanager
def undone() -> Iterator[None]:
    """Take back whatever happens inside, so that what follows begins from the same rows."""
    sid = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(sid)
