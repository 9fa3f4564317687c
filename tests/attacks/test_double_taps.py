"""A client's buttons, tapped twice at once: both taps lead to the same place, and it is done once."""

import pytest

from exercises.actions import pausing, responding
from exercises.models import Entry, Homework, Step
from practice.tenancy import scope
from tests.attacks.ground import answers, meet, quiet
from tests.cast import Person, Play
from tests.exercises.ground import E04, url

pytestmark = pytest.mark.django_db(transaction=True)


def twice(who: Person, path: str, **said: str) -> str:
    """Tap twice at the same moment; return where both led."""
    one, other = quiet(who.browser()), quiet(who.browser())
    found = answers(lambda: one.post(path, said), lambda: other.post(path, said))
    assert [answer.status_code for answer in found] == [302, 302]
    (led,) = {answer["Location"] for answer in found}
    return str(led)


def moves(homework: Homework) -> list[str]:
    with scope(practice=homework.practice_id):
        steps = Step.objects.filter(homework=homework).order_by("revision")
        return list(steps.values_list("move", flat=True))


def test_set_aside_and_picked_up(
    play: Play, ana: Person, work: Homework, monkeypatch: pytest.MonkeyPatch
):
    meet(monkeypatch, pausing, "catch_up")
    assert twice(ana, url(work, "set-aside/"), how="let_go") == url(work)
    assert play.fresh(work).status == "skipped"
    meet(monkeypatch, pausing, "catch_up")
    assert twice(ana, url(work, "pick-up/")) == url(work)
    assert play.fresh(work).status == "in_progress"
    assert moves(work) == ["open", "skip", "pick_up"]


def test_taken_back(play: Play, ana: Person, work: Homework, monkeypatch: pytest.MonkeyPatch):
    play.submit(ana, work)
    meet(monkeypatch, responding, "require")
    assert twice(ana, url(work, "take-back/")) == url(work, "check/")
    assert moves(work) == ["open", "begin", "submit", "take_back"]


def test_a_moment_begun_and_taken_out(
    play: Play, dana: Person, ana: Person, monkeypatch: pytest.MonkeyPatch
):
    log = play.homework(ana, play.assign(dana, ana, E04))
    meet(monkeypatch, responding, "_require_turn")
    led = twice(ana, url(log, "entries/add/"))
    with scope(practice=dana.practice.pk):
        (entry,) = Entry.objects.filter(response__homework=log)
    assert led.startswith(url(log, f"entries/{entry.pk}/"))
    assert twice(ana, url(log, f"entries/{entry.pk}/remove/")) == url(log, "entries/")
    with scope(practice=dana.practice.pk):
        assert not Entry.objects.exists()
