"""What is for two opens for both or for neither, and never past an answer that has shut the gate."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import now

from clients.models import Clearance, Couple
from exercises.actions import assigning, clockwork, flagging, gate
from exercises.models import Assignment, Homework
from practice.tenancy import scope
from tests.attacks.ground import answers, quiet
from tests.cast import Person, Play
from tests.exercises.ground import E11, step_with, url
from tests.practice.ground import text_of
from tests.processes import somebody_waits, until

pytestmark = pytest.mark.django_db(transaction=True)

Press = Callable[[], Any]


@pytest.fixture
def afraid(ana: Person, work: Homework) -> Press:
    """Let Ana say so, on the page of what she has alone."""
    hers = quiet(ana.browser())
    step = url(work, f"step/{step_with(hers, work, 'afraid')}/")
    return lambda: hers.post(step, {"afraid": "yes"})


@pytest.fixture
def series(play: Play, dana: Person, cleared: Couple) -> Assignment:
    """What is for two, from tomorrow."""
    return play.assign(dana, cleared, E11, opens_in=timedelta(days=1))


def states(by: Person) -> list[str]:
    """Return where what is for two stands, for each of them."""
    with scope(practice=by.practice.pk):
        given = Homework.objects.filter(assignment__couple__isnull=False)
        return list(given.order_by("client__created_at").values_list("status", flat=True))


def clearances(by: Person) -> int:
    with scope(practice=by.practice.pk):
        return Clearance.objects.filter(ended_at=None).count()


def tick(by: Person) -> None:
    clockwork.tick_practice(by.practice.pk, now() + timedelta(days=3))


def clock_comes(by: Person) -> list[str]:
    """Let the hour come on a line of its own, while this one is in the middle of something; return
    where everything stands then."""

    def come() -> Any:
        tick(by)
        return type("Done", (), {"status_code": 200, "states": states(by)})

    (done,) = answers(come)
    return list(done.states)


class Second:
    """Somebody who presses while somebody else is in the middle of something, and waits for them."""

    def __init__(self, press: Press) -> None:
        self.found: list[Any] = []
        self.thread = threading.Thread(target=lambda: self.found.extend(answers(press)))

    def comes_at(self, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
        """Come as soon as the first has done this much."""
        inner = getattr(owner, name)

        def then(*args: Any, **kwargs: Any) -> Any:
            found = inner(*args, **kwargs)
            if self.thread.ident is None:
                self.thread.start()
                assert until(somebody_waits)
            return found

        monkeypatch.setattr(owner, name, then)

    def answer(self) -> Any:
        """Return what they were answered."""
        self.thread.join(30)
        (answer,) = self.found
        return answer


def gives(play: Play, dana: Person, couple: Couple) -> Press:
    said = {"exercise": play.library[E11].exercise_id, "who": "both", "when": "week"}
    browser = quiet(dana.browser())
    return lambda: browser.post(f"/assign/?couple={couple.pk}", said)


def test_what_is_given_behind_an_answer_that_shuts_the_gate_is_refused(
    play: Play, dana: Person, cleared: Couple, afraid: Press, monkeypatch: pytest.MonkeyPatch
):
    """The answer is not committed yet when it is given: that waits for it."""
    second = Second(gives(play, dana, cleared))
    second.comes_at(monkeypatch, flagging, "_end_clearance")
    assert afraid().status_code == 302
    answer = second.answer()
    assert answer.status_code == 422
    assert "Couple work is not cleared for both yet." in text_of(answer)
    assert states(dana) == []


def test_what_is_given_before_such_an_answer_is_there_for_both(
    play: Play, dana: Person, cleared: Couple, afraid: Press, monkeypatch: pytest.MonkeyPatch
):
    second = Second(afraid)
    second.comes_at(monkeypatch, assigning, "_check_gate")
    assert gives(play, dana, cleared)().status_code == 302
    assert second.answer().status_code == 302
    assert states(dana) == ["open", "open"]
    assert clearances(dana) == 1


@pytest.mark.usefixtures("series")
def test_what_opens_before_such_an_answer_opens_for_both(
    dana: Person, afraid: Press, monkeypatch: pytest.MonkeyPatch
):
    second = Second(afraid)
    second.comes_at(monkeypatch, gate, "is_closed")
    tick(dana)
    assert second.answer().status_code == 302
    assert states(dana) == ["open", "open"]
    assert clearances(dana) == 1


@pytest.mark.usefixtures("series")
def test_behind_such_an_answer_it_opens_for_neither(
    dana: Person, afraid: Press, monkeypatch: pytest.MonkeyPatch
):
    """The clock waits for nobody: it looks again in its next round."""
    seen, inner = list[list[str]](), flagging._end_clearance

    def then(*args: Any) -> None:
        inner(*args)
        seen.append(clock_comes(dana))

    monkeypatch.setattr(flagging, "_end_clearance", then)
    assert afraid().status_code == 302
    assert seen == [["scheduled", "scheduled"]]
    tick(dana)
    assert states(dana) == ["withdrawn", "withdrawn"]


def test_another_day_behind_such_an_answer_opens_nothing(
    play: Play,
    dana: Person,
    ana: Person,
    series: Assignment,
    afraid: Press,
    monkeypatch: pytest.MonkeyPatch,
):
    """Today, instead of tomorrow: that waits for the answer, and is told."""
    his, homework = quiet(dana.browser()), play.homework(ana, series)
    day = {"whose": "both", "opens": f"{now():%Y-%m-%d}"}
    day["due"] = f"{now() + timedelta(days=5):%Y-%m-%d}"
    second = Second(lambda: his.post(f"/work/{homework.pk}/due", day))
    second.comes_at(monkeypatch, flagging, "_end_clearance")
    assert afraid().status_code == 302
    answer = second.answer()
    assert answer.status_code == 422
    assert "Couple work waits now." in text_of(answer)
    assert states(dana) == ["scheduled", "scheduled"]


def test_what_is_moved_by_somebody_just_now_waits_for_both(
    play: Play, dana: Person, cleared: Couple, series: Assignment, monkeypatch: pytest.MonkeyPatch
):
    """Ben's is being withdrawn, in a transaction that may yet end in nothing."""
    seen, inner = list[list[str]](), assigning._end

    def then(*args: Any) -> None:
        seen.append(clock_comes(dana))
        inner(*args)

    monkeypatch.setattr(assigning, "_end", then)
    with play.at(dana):
        assigning.withdraw(by=dana.actor, at=now(), assignment=series, client=cleared.second)
    assert seen == [["scheduled", "scheduled"]]
    tick(dana)
    assert states(dana) == ["open", "withdrawn"]
