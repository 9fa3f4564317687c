"""Two are unlinked while something is done for both: whoever comes second is told, and it is not done."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import now

from clients.actions import caring
from clients.models import Couple
from exercises.actions import assigning
from exercises.models import Assignment
from practice.tenancy import scope
from tests.api.ground import Program
from tests.attacks.ground import at_once, quiet
from tests.cast import Person, Play
from tests.practice.ground import text_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def parted_at(
    dana: Person, couple: Couple, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Any, str], list[int]]:
    """Let the couple be unlinked, on another line, as soon as somebody comes up to `owner.name`."""
    other = quiet(dana.browser())

    def meanwhile(owner: Any, name: str) -> list[int]:
        inner, statuses = getattr(owner, name), list[int]()

        def waiting(*args: Any, **kwargs: Any) -> Any:
            statuses.extend(at_once(lambda: other.post(f"/couples/{couple.pk}/unlink")))
            return inner(*args, **kwargs)

        monkeypatch.setattr(owner, name, waiting)
        return statuses

    return meanwhile


@pytest.mark.parametrize("door", ["page", "api"])
def test_two_who_are_parted_meanwhile_get_no_hour(
    dana: Person, couple: Couple, parted_at: Callable[[Any, str], list[int]], door: str
):
    hour = {"next_session_at": f"{now() + timedelta(days=3):%Y-%m-%dT%H:%M}"}
    statuses = parted_at(caring, "_move_session")
    if door == "page":
        answer: Any = quiet(dana.browser()).post(f"/couples/{couple.pk}/session", hour)
        said = text_of(answer)
    else:
        answer = Program(dana).patch(f"couples/{couple.pk}", hour)
        said = answer.content.decode()
    assert (statuses, answer.status_code) == ([302], 409)
    assert "They are no longer linked." in said
    with scope(practice=dana.practice.pk):
        assert Couple.objects.get().next_session_at is None


def test_two_who_are_parted_meanwhile_are_given_nothing(
    play: Play, dana: Person, couple: Couple, parted_at: Callable[[Any, str], list[int]]
):
    exercise = play.library["e01-under-the-argument"].exercise_id
    statuses = parted_at(assigning, "_check_gate")
    said = {"exercise": exercise, "who": "both", "when": "week"}
    answer = quiet(dana.browser()).post(f"/assign/?couple={couple.pk}", said)
    assert (statuses, answer.status_code) == ([302], 422)
    assert "They are no longer linked." in text_of(answer)
    with scope(practice=dana.practice.pk):
        assert not Assignment.objects.exists()
