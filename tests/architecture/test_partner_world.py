"""Whatever Ana does, Ben's world stays the same, byte for byte.

Hypothesis plays random moves of Ana; before and after, everything Ben can fetch is compared. A
planted leak makes the comparison fail, which shows that it can.
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client as Browser
from django.utils.timezone import now
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clients.models import Couple
from exercises.actions import flagging, pausing, responding, reviewing
from exercises.models import Assignment, Homework, Reminder, ReminderState
from exercises.queries import today as todays
from exercises.workflow import Status
from practice.errors import NotPossible
from practice.tenancy import scope
from tests.cast import Person, Play
from tests.world import world


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


MOVES = [name for name in vars(Ana) if not name.startswith("_") and name != "homework"]


def try_to(move: Callable[[], None]) -> None:
    """Make a move if it is possible now; most random ones are not."""
    from django.core.exceptions import PermissionDenied
    from django.http import Http404

    try:
        with transaction.atomic():
            move()
    except (NotPossible, PermissionDenied, Http404, Homework.DoesNotExist):
        return
    except Exception as error:
        if type(error).__name__ != "DoesNotExist":
            raise


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
    import clients.views.own
    import exercises.views.drafts
    import exercises.views.entries
    import exercises.views.reading
    import exercises.views.steps
    import exercises.views.submitting
    import exercises.views.today

    assignment = play.assign(dana, cleared, "e11-what-reaches-me")
    still: datetime = now() + timedelta(minutes=5)
    for module in (
        clients.views.own,
        exercises.views.entries,
        exercises.views.submitting,
        exercises.views.drafts,
        exercises.views.reading,
        exercises.views.steps,
        exercises.views.today,
    ):
        if hasattr(module, "now"):
            monkeypatch.setattr(module, "now", lambda: still)
    browser = ben.browser()
    browser.get("/today/")
    return Ana(play, ana, dana, assignment), browser


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(moves=st.lists(st.sampled_from(MOVES), min_size=1, max_size=6))
def test_nothing_ana_does_changes_anything_for_ben(
    stage: tuple[Ana, Browser], ben: Person, moves: list[str]
):
    ana, browser = stage
    sid = transaction.savepoint()
    before = world(ben, browser)
    for name in moves:
        try_to(getattr(ana, name))
    after = world(ben, browser)
    transaction.savepoint_rollback(sid)
    assert {path for path in before if before[path] != after[path]} == set()
    assert [answer[0] for path, answer in before.items() if path == "/today/"] == [200]


def test_a_planted_leak_is_found(
    stage: tuple[Ana, Browser], ben: Person, monkeypatch: pytest.MonkeyPatch
):
    """Show that the comparison can fail: a page that counts the partner's sent work."""
    ana, browser = stage
    honest = todays.today

    def leaking(actor: Any, at: datetime) -> todays.Today:
        found = honest(actor, at)
        partner_sent = Homework.objects.filter(
            assignment=ana.assignment, status=Status.SUBMITTED
        ).exists()
        return honest(actor, at) if not partner_sent else type(found)(None, [], [], [], [], [])

    monkeypatch.setattr(todays, "today", leaking)
    before = world(ben, browser)
    ana.submit()
    after = world(ben, browser)
    assert before["/today/"] != after["/today/"]


def test_the_partners_mails_do_not_depend_on_the_other(stage: tuple[Ana, Browser], ben: Person):
    ana, _browser = stage

    def planned() -> str:
        with scope(practice=ben.practice.pk):
            rows = Reminder.objects.filter(
                client_id=ben.client.pk, state=ReminderState.PLANNED
            ).order_by("id")
            return json.dumps(list(rows.values("kind", "next_at", "not_after")), default=str)

    before = planned()
    ana.submit()
    ana.be_answered()
    assert planned() == before
