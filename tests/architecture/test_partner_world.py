"""Whatever Ana does, Ben's world stays the same, byte for byte.

Hypothesis plays random moves of Ana; before and after, everything Ben can fetch is compared. A
planted leak makes the comparison fail, which shows that it can.
"""

import json
from datetime import datetime
from typing import Any

import pytest
from django.test import Client as Browser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exercises.models import Homework, Reminder, ReminderState
from exercises.queries import today as todays
from exercises.workflow import Status
from practice.tenancy import scope
from tests.cast import Person
from tests.partners import MOVES, Ana, make, stage, undone
from tests.world import world

__all__ = ["stage"]  # a fixture


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
    with undone():
        before = world(ben, browser)
        make(ana, moves)
        after = world(ben, browser)
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
