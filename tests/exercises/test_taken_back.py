"""What "Check, then send" does not show is not sent: words under a question taken back with the
answer that had shown it."""

import pytest
from django.utils.timezone import now

from exercises import definition as definitions
from exercises.actions import moments, publishing, responding
from exercises.models import Answer, ExerciseVersion, Homework
from practice.tenancy import scope
from tests.api.ground import Program
from tests.cast import Person, Play
from tests.exercises.ground import page, step_with, text_of, url

pytestmark = pytest.mark.django_db(transaction=True)

TAKEN_BACK = "the car keys, and who had lost them"
QUESTION = "What was it you were holding on to?"
LET_GO = "You had written something here. It is not sent, and sending lets go of it for good."
LOG = """\
slug: nights
format: 1
title: {en: Nights}
purpose: {en: To notice.}
minutes: 5
kind: individual
items:
  - key: nights
    kind: log
    text: {en: Nights}
    items:
      - {key: when, kind: datetime, required: true, text: {en: When}}
      - key: what
        kind: choice
        text: {en: What it was}
        options:
          - {key: noise, text: {en: a noise}}
          - {key: else, text: {en: something else}}
      - {key: own, kind: text, text: {en: In your words}, show_if: {item: what, is: else}}
"""


HIDDEN_LOG = """\
slug: some-nights
format: 1
title: {en: Some nights}
purpose: {en: To notice.}
minutes: 5
kind: individual
items:
  - {key: any, kind: yesno, text: {en: "Were there such nights?"}}
  - key: nights
    kind: log
    text: {en: Nights}
    show_if: {item: any, is: "yes"}
    items:
      - {key: own, kind: text, text: {en: In your words}}
"""


def words_of(homework: Homework, key: str) -> list[int]:
    with scope(practice=homework.practice_id):
        found = Answer.objects.filter(response__homework=homework, item_key=key)
        return list(found.order_by("response__round").values_list("response__round", flat=True))


def given_this(play: Play, by: Person, to: Person, text: str) -> Homework:
    exercise = definitions.parse(text, file="x.yaml")
    with scope(practice=by.practice.pk):
        publishing.publish(by.practice.pk, [exercise], at=now())
        found = ExerciseVersion.objects.select_related("exercise")
        play.library[exercise.slug] = found.get(exercise__slug=exercise.slug)
    return play.homework(to, play.assign(by, to, exercise.slug))


def send(play: Play, person: Person, homework: Homework) -> None:
    with play.at(person):
        responding.submit(by=person.actor, at=now(), homework=play.fresh(homework))


def test_what_was_taken_back_reaches_nobody(
    play: Play, dana: Person, sana: Person, ana: Person, homework: Homework
):
    play.fill(ana, homework, topic="the dishes", surface=["else"], surface_own=TAKEN_BACK)
    browser = ana.browser()
    number = step_with(browser, homework, "surface")
    browser.post(url(homework, f"step/{number}/"), {"surface": "fairness", "keep": "mine"})
    check = text_of(browser.get(url(homework, "check/")))
    assert LET_GO in check.partition(QUESTION)[2].partition("</div>")[0]
    assert check.count(LET_GO) == 1
    assert TAKEN_BACK not in check
    browser.post(url(homework, "submit/"))
    assert play.fresh(homework).status == "submitted"
    for reader in (dana, sana):
        assert TAKEN_BACK not in page(reader, f"/review/{homework.pk}/")
        assert QUESTION not in page(reader, f"/review/{homework.pk}/")
    play.review(dana, homework, words="Thank you.")
    for path in (url(homework, "feedback/"), url(homework, "copy/"), "/you/record?as=json"):
        shown = text_of(browser.get(path))
        assert "the dishes" in shown
        assert TAKEN_BACK not in shown
        assert QUESTION not in shown
    assert words_of(homework, "surface_own") == []


def test_who_shows_it_again_before_sending_finds_the_words_and_sends_them(
    play: Play, dana: Person, ana: Person, homework: Homework
):
    play.fill(ana, homework, surface=["else"], surface_own=TAKEN_BACK)
    play.say(ana, homework, surface=["fairness"])
    play.say(ana, homework, surface=["else"])
    assert TAKEN_BACK in text_of(ana.browser().get(url(homework, "check/")))
    send(play, ana, homework)
    assert TAKEN_BACK in page(dana, f"/review/{homework.pk}/")


def test_a_program_sends_no_more_than_the_page(
    play: Play, dana: Person, ana: Person, homework: Homework
):
    play.fill(ana, homework, surface=["fairness"], surface_own=TAKEN_BACK)
    client = Program(ana, "read", "answer")
    assert client.post(f"homework/{homework.pk}/submit").json()["result"] == "in"
    assert TAKEN_BACK not in page(dana, f"/review/{homework.pk}/")
    assert words_of(homework, "surface_own") == []


def test_of_a_second_round_as_well_and_the_first_stays_as_it_was_sent(
    play: Play, dana: Person, ana: Person, homework: Homework
):
    first = "who had said what"
    play.submit(ana, homework, surface=["else"], surface_own=first)
    play.review(dana, homework, words="Say more.", returned=("surface", "surface_own"))
    play.say(ana, homework, surface_own=TAKEN_BACK)
    check = url(homework, "check/")
    assert TAKEN_BACK in text_of(ana.browser().get(check))
    play.say(ana, homework, surface=["fairness"])
    assert TAKEN_BACK not in text_of(ana.browser().get(check))
    send(play, ana, homework)
    shown = page(dana, f"/review/{homework.pk}/")
    assert TAKEN_BACK not in shown
    assert first in shown
    assert words_of(homework, "surface_own") == [1]


def test_what_was_opened_again_by_itself_is_asked(
    play: Play, dana: Person, ana: Person, homework: Homework
):
    play.submit(ana, homework, surface=["else"], surface_own="who had said what")
    play.review(dana, homework, words="Say more.", returned=("surface_own",))
    play.say(ana, homework, surface_own=TAKEN_BACK)
    send(play, ana, homework)
    assert TAKEN_BACK in page(dana, f"/review/{homework.pk}/")


def test_within_a_moment_of_a_log_as_well(play: Play, dana: Person, ana: Person):
    row = given_this(play, dana, ana, LOG)
    with play.at(ana):
        at, fresh = now(), play.fresh(row)
        entry = moments.add_entry(
            by=ana.actor, at=at, homework=fresh, log_key="nights", happened_at=at
        )
        for key, value in (("what", "else"), ("own", TAKEN_BACK), ("what", "noise")):
            said = [responding.AnswerInput(key, value)]
            responding.save(by=ana.actor, at=at, homework=fresh, said=said, entry=entry)
    browser = ana.browser()
    for path in ("entries/", "check/"):
        shown = text_of(browser.get(url(row, path)))
        assert "noise" in shown
        assert TAKEN_BACK not in shown
    assert LET_GO in shown
    send(play, ana, row)
    shown = page(dana, f"/review/{row.pk}/")
    assert "noise" in shown
    assert TAKEN_BACK not in shown
    assert words_of(row, "own") == []


def test_nor_the_moments_of_a_log_that_is_asked_no_more(play: Play, dana: Person, ana: Person):
    row = given_this(play, dana, ana, HIDDEN_LOG)
    play.say(ana, row, any=True)
    with play.at(ana):
        at, fresh = now(), play.fresh(row)
        who = {"by": ana.actor, "at": at, "homework": fresh}
        entry = moments.add_entry(**who, log_key="nights", happened_at=at)
        responding.save(**who, said=[responding.AnswerInput("own", TAKEN_BACK)], entry=entry)
    play.say(ana, row, any=False)
    check = text_of(ana.browser().get(url(row, "check/")))
    assert TAKEN_BACK not in check
    assert LET_GO in check.partition("Nights</dt>")[2].partition("</div>")[0]
    send(play, ana, row)
    assert TAKEN_BACK not in page(dana, f"/review/{row.pk}/")
    assert words_of(row, "own") == []
