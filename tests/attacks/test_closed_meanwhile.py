"""An answer that wants a human is heard once, whatever closes its homework in the same moment."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils.timezone import now

from clients.models import Clearance, Couple
from exercises.actions import assigning, clockwork, flagging, responding
from exercises.models import Assignment, Flag, Homework
from practice.tenancy import scope
from tests.attacks.ground import answers, quiet
from tests.cast import Person, Play
from tests.exercises.ground import DIARY, of_our_own, step_with, url
from tests.processes import somebody_waits, until

pytestmark = pytest.mark.django_db(transaction=True)


def asks(browser: Browser, homework: Homework) -> str:
    """Return the address of the screen that asks whether one is afraid."""
    return url(homework, f"step/{step_with(browser, homework, 'afraid')}/")


def flags(by: Person) -> int:
    with scope(practice=by.practice.pk):
        return Flag.objects.count()


@pytest.mark.parametrize("begun", [False, True])
def test_a_double_tap_on_fear_leads_to_help_twice_and_asks_for_a_human_once(
    dana: Person, ana: Person, work: Homework, monkeypatch: pytest.MonkeyPatch, *, begun: bool
):
    """The second press has read the homework as open, and waits for the first."""
    one, other = quiet(ana.browser()), quiet(ana.browser())
    step, second = asks(one, work), list[Any]()
    if begun:
        one.post(step, {"afraid": "no"})
    said = {"afraid": "yes", "revision": "1" if begun else "0"}
    press = threading.Thread(target=lambda: second.extend(answers(lambda: other.post(step, said))))
    inner = flagging._end_clearance

    def then(*args: Any) -> None:
        inner(*args)
        if not second and not press.is_alive():
            press.start()
            assert until(somebody_waits)

    monkeypatch.setattr(flagging, "_end_clearance", then)
    first = one.post(step, said)
    press.join(30)
    assert {answer["Location"] for answer in [first, *second]} == {url(work, "ended/")}
    assert len(second) == 1
    assert flags(dana) == 1


def withdraws(dana: Person, homework: Homework) -> None:
    with scope(practice=dana.practice.pk, user=dana.user.pk):
        given = Assignment.objects.get(pk=homework.assignment_id)
        assigning.withdraw(by=dana.actor, at=now(), assignment=given)


def lets_go(dana: Person, _homework: Homework) -> None:
    clockwork.tick_practice(dana.practice.pk, now() + timedelta(days=90))


def at_the_same_moment(deed: Callable[[], None]) -> None:
    """Do it on a line of its own, as soon as it can be done, and come back then."""
    done = list[bool]()

    def then() -> Any:
        deed()
        done.append(True)
        return type("Done", (), {"status_code": 200})

    answers(then)
    assert done


@pytest.mark.parametrize(("meanwhile", "left"), [(withdraws, "withdrawn"), (lets_go, "expired")])
@pytest.mark.parametrize("door", ["step", "submit"])
def test_fear_is_heard_when_its_homework_is_closed_in_that_moment(
    play: Play,
    dana: Person,
    ana: Person,
    cleared: Couple,
    work: Homework,
    monkeypatch: pytest.MonkeyPatch,
    door: str,
    meanwhile: Callable[[Person, Homework], None],
    left: str,
):
    hers, closed = quiet(ana.browser()), list[str]()
    step = asks(hers, work)
    hers.post(step, {"afraid": "no"})
    if door == "submit":
        play.fill(ana, work, afraid=True)
    owner: Any = {"step": responding.save, "submit": responding.unraised}[door]

    def then(*args: Any, **kwargs: Any) -> Any:
        found = owner(*args, **kwargs)
        if not closed:
            closed.append(left)
            at_the_same_moment(lambda: meanwhile(dana, work))
        return found

    monkeypatch.setattr(responding, owner.__name__, then)
    said = {"afraid": "yes", "revision": "1"}
    answer = hers.post(step, said) if door == "step" else hers.post(url(work, "submit/"))
    assert (closed, play.fresh(work).status) == ([left], left)
    assert answer["Location"] == url(work, "ended/")
    assert hers.get(answer["Location"]).status_code == 200
    assert flags(dana) == 1
    with scope(practice=dana.practice.pk):
        standing = Clearance.objects.filter(ended_at=None)
        assert [one.client_id for one in standing] == [cleared.second_id]


def test_a_moment_that_wants_a_human_is_heard_when_its_log_is_sent_in_that_moment(
    play: Play, dana: Person, ana: Person, monkeypatch: pytest.MonkeyPatch
):
    """The press waits for the log that is being sent, and finds it closed."""
    log = of_our_own(play, dana, ana, DIARY)
    one, other = quiet(ana.browser()), quiet(ana.browser())
    moment = one.post(url(log, "entries/add/"))["Location"].partition("?")[0]
    one.post(moment, {"hurt": "no"})
    second = list[Any]()
    press = threading.Thread(
        target=lambda: second.extend(
            answers(lambda: other.post(moment, {"hurt": "yes", "revision": "1"}))
        )
    )
    inner = responding._refuse_gaps

    def then(*args: Any) -> None:
        inner(*args)
        press.start()
        assert until(somebody_waits)

    monkeypatch.setattr(responding, "_refuse_gaps", then)
    assert one.post(url(log, "submit/"))["Location"] == url(log, "sent/")
    press.join(30)
    assert [answer["Location"] for answer in second] == [url(log, "ended/")]
    assert play.fresh(log).status == "submitted"
    assert flags(dana) == 1
