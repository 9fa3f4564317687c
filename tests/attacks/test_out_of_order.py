"""Moves out of order, and decisions there are not: a state changes by its rules alone."""

from typing import Any

import pytest
from django.urls import reverse

from exercises.models import Answer, Homework, Review
from exercises.workflow import Status
from practice.models import AuditEvent
from practice.tenancy import scope
from tests.attacks.ground import FORM, JSON
from tests.cast import Person, Play

MOVES = ("submit", "take_back", "set_aside", "pick_up", "after_check", "step", "draft", "entry_add")


def test_a_state_moves_by_its_rules_alone(play: Play, dana: Person, ana: Person):
    """Every deed in every state: what is not that state's move leaves state and words alone."""
    opened = play.homework(ana, play.assign(dana, ana))
    sent, read, done = (play.homework(ana, play.assign(dana, ana)) for _ in range(3))
    for one in (sent, read, done):
        play.submit(ana, one, topic="The bags")
    with play.at(dana):
        dana.browser().get(f"/review/{read.pk}/")
    play.review(dana, done, words="Thank you.")
    gone = play.homework(ana, play.assign(dana, ana))
    dana.browser().post(f"/assignments/{gone.assignment_id}/withdraw")
    allowed = {
        opened.pk: {"set_aside", "step", "draft", "after_check", "entry_add"},
        sent.pk: {"take_back", "after_check"},
        read.pk: {"after_check"},
        done.pk: {"after_check"},
        gone.pk: set(),
    }
    browser = ana.browser()
    for pk, moves in allowed.items():
        for move in MOVES:
            kwargs = {"pk": pk} | ({"number": 1} if move == "step" else {})
            body = '{"revision": 0, "fields": {"topic": ["New words"]}}' if move == "draft" else ""
            before = state(ana, pk)
            kind = JSON if body else FORM
            path = reverse(move, kwargs=kwargs)
            answer = browser.generic("POST", path, body or "topic=New+words", content_type=kind)
            assert answer.status_code < 500, (pk, move)
            if move not in moves:
                assert state(ana, pk) == before, f"{move} moved {before}"
            else:
                restore(play, ana, pk, before)


def state(ana: Person, pk: Any) -> tuple[str, int, int]:
    with scope(practice=ana.practice.pk):
        row = Homework.objects.get(pk=pk)
        return str(row.status), row.round, Answer.objects.filter(response__homework=row).count()


def restore(play: Play, ana: Person, pk: Any, before: tuple[str, int, int]) -> None:
    with scope(practice=ana.practice.pk):
        now_ = str(Homework.objects.get(pk=pk).status)
    if now_ == before[0]:
        return
    browser = ana.browser()
    if now_ == str(Status.SKIPPED):
        browser.post(reverse("pick_up", kwargs={"pk": pk}))
    elif before[0] == str(Status.SUBMITTED):
        browser.post(reverse("submit", kwargs={"pk": pk}))


@pytest.mark.parametrize("decision", ["x" * 500, "\x00", "sent", "", "reviewed\x00"])
def test_a_decision_there_is_not_is_refused(
    decision: str, play: Play, dana: Person, ana: Person, work: Homework
):
    play.submit(ana, work, topic="The bags")
    desk = dana.browser()
    body = {"letter": "Thank you", "decision": decision, "base": "0", "round": "1"}
    for path, deed in (("", "next"), ("", "draft"), ("draft", "draft")):
        answer = desk.post(f"/review/{work.pk}/{path}", body | {"send": deed})
        assert answer.status_code in {200, 302, 409, 412, 422}, (path, answer.status_code)
    assert play.fresh(work).status == Status.SUBMITTED
    with scope(practice=ana.practice.pk):
        assert not Review.objects.filter(sent_at__isnull=False).exists()


@pytest.mark.parametrize(
    "name", ["comment.\x00", "comment.", "comment.no-such", "comment." + "x" * 9000]
)
def test_a_comment_on_nothing_breaks_nothing(
    name: str, play: Play, dana: Person, ana: Person, work: Homework
):
    play.submit(ana, work, topic="The bags")
    desk = dana.browser()
    body = {"letter": "Thank you", "decision": "returned", name: "x", "reopen": [name, "\x00"]}
    for path in (f"/review/{work.pk}/draft", f"/review/{work.pk}/"):
        assert desk.post(path, body).status_code < 500
    assert desk.get(f"/review/{work.pk}/").status_code == 200
    assert play.fresh(work).status == Status.SUBMITTED
    with scope(practice=ana.practice.pk):
        assert not AuditEvent.objects.filter(action="review.sent").exists()
