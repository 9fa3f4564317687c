"""A second round and a third, as a client goes through them: what stood before stays beside what is
new, what is taken back stays a place to go deeper, and each sending is asked about for itself."""

import re
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.test import Client as Browser
from django.utils.timezone import now

from exercises.actions import responding
from exercises.models import Homework, Response
from practice.crypto import seal, unseal
from practice.tenancy import scope
from tests.cast import Person, Play
from tests.conftest import as_owner
from tests.exercises.ground import page, step_with, text_of, url

pytestmark = pytest.mark.django_db(transaction=True)

ASKED, AGAIN = "What was softer under it?", "And under that?"
FOLLOW_UP = "What was it you were holding on to?"


@pytest.fixture
def returned(play: Play, dana: Person, ana: Person, homework: Homework) -> Homework:
    """Dana asks more about what was underneath."""
    play.submit(ana, homework, topic="the dishes", under="being alone")
    play.review(dana, homework, comments={"under": ASKED}, returned=("under",))
    return play.fresh(homework)


def shown(browser: Browser, homework: Homework, rest: str = "") -> str:
    return text_of(browser.get(url(homework, rest)))


def in_order(text: str, *words: str) -> bool:
    return sorted(words, key=text.index) == list(words)


# --- taken back -----------------------------------------------------------------------------------
def asks_still(play: Play, ana: Person, dana: Person, homework: Homework) -> None:
    """Everything says that there is a place to go deeper, and nothing that it was sent."""
    browser = ana.browser()
    assert play.fresh(homework).status == "returned"
    assert in_order(shown(browser, homework, "check/"), "being alone", ASKED, "being left")
    step = shown(browser, homework, "step/1/")
    assert in_order(step, "What you wrote before", "being alone", "It stays as it is.", ASKED)
    today = text_of(browser.get("/today/"))
    assert "One place to go deeper" in today
    assert "See what Dana asks" in today
    note = shown(browser, homework, "feedback/")
    assert "One place to go deeper" in note
    assert "You added" not in note
    assert "going deeper, not in yet" in page(dana, f"/clients/{ana.client.pk}/")
    assert f'href="/review/{homework.pk}/"' in page(dana, f"/work/{homework.pk}/")


def test_a_second_round_that_is_taken_back_is_still_one(
    play: Play, dana: Person, ana: Person, returned: Homework
):
    first = returned.submitted_at
    play.submit(ana, returned, under="being left")
    taken = ana.browser().post(url(returned, "take-back/"), follow=True)
    assert "It is back with you." in text_of(taken)
    asks_still(play, ana, dana, returned)
    assert play.fresh(returned).submitted_at == first


def test_so_is_one_that_was_set_aside_and_picked_up(
    play: Play, dana: Person, ana: Person, returned: Homework
):
    browser = ana.browser()
    play.say(ana, returned, under="being left")
    browser.post(url(returned, "set-aside/"))
    resting = shown(browser, returned, "feedback/")
    assert "You added" not in resting
    assert in_order(resting, "Sent ", "being alone", ASKED, "Not sent yet", "being left")
    browser.post(url(returned, "pick-up/"))
    asks_still(play, ana, dana, returned)


def test_who_cares_reads_that_what_was_picked_up_after_a_flag_is_not_sent(
    play: Play, dana: Person, ana: Person, returned: Homework
):
    play.flag(ana, returned)
    ana.browser().post(url(returned, "pick-up/"))
    assert "What they write is not sent yet." in page(dana, f"/work/{returned.pk}/")


# --- how one is afterwards ------------------------------------------------------------------------
TELL, HEAVIER = "How are you, after doing this?", "You told Dana: “Heavier”."


def tell(person: Person, homework: Homework, how: str, number: int) -> Any:
    said = {"after": how, "round": str(number)}
    return person.browser().post(url(homework, "after/"), said, follow=True)


def felt(play: Play, homework: Homework) -> dict[int, bool]:
    """Return of which rounds something was told."""
    with scope(practice=homework.practice_id):
        found = Response.objects.filter(homework=homework)
        return {one.round: one.sealed_after_check is not None for one in found}


def test_each_round_is_asked_about_for_itself(
    play: Play, dana: Person, ana: Person, homework: Homework
):
    play.submit(ana, homework, topic="the dishes", under="being alone")
    assert HEAVIER in text_of(tell(ana, homework, "heavier", 1))
    review = f"/review/{homework.pk}/"
    assert "After sending, Ana felt heavier." in page(dana, review)
    play.review(dana, homework, returned=("under",))
    play.submit(ana, homework, under="being left")
    sent = shown(ana.browser(), homework, "sent/")
    assert TELL in sent
    assert "You told Dana" not in sent
    assert re.findall(r">([^<]*After sending[^<]*)<", page(dana, review)) == [
        "Round 1: After sending, Ana felt heavier."
    ]
    tell(ana, homework, "lighter", 2)
    assert re.findall(r">([^<]*After sending[^<]*)<", page(dana, review)) == [
        "After sending, Ana felt a little lighter.",
        "Round 1: After sending, Ana felt heavier.",
    ]


def test_what_is_told_late_stays_with_its_round(play: Play, ana: Person, returned: Homework):
    play.submit(ana, returned, under="being left")
    tell(ana, returned, "heavier", 1)
    assert felt(play, returned) == {1: True, 2: False}
    assert "You told Dana" not in shown(ana.browser(), returned, "sent/")


def test_what_was_told_of_a_sending_goes_when_it_is_taken_back(
    play: Play, ana: Person, homework: Homework
):
    play.submit(ana, homework, topic="the dishes")
    tell(ana, homework, "heavier", 1)
    browser = ana.browser()
    browser.post(url(homework, "take-back/"))
    refused = tell(ana, homework, "heavier", 1)
    assert "Send it first, then say how you are." in text_of(refused)
    assert felt(play, homework) == {1: False}
    browser.post(url(homework, "submit/"))
    assert "You told Dana" not in shown(browser, homework, "sent/")


def test_what_was_told_before_goes_to_the_first_round(play: Play, ana: Person, returned: Homework):
    play.submit(ana, returned, under="being left")
    field, practice = "sealed_after_check", returned.practice_id
    place: dict[str, Any] = {"practice": practice, "field": field}
    with scope(practice=practice):
        old = seal("heavier", table="exercises_homework", row=returned.pk, **place)
        Homework.objects.filter(pk=returned.pk).update(sealed_after_check=old)
    with as_owner(), transaction.atomic():
        import_module("exercises.migrations.0013_how_one_felt_after_the_first").move(apps, None)
    assert felt(play, returned) == {1: True, 2: False}
    with scope(practice=practice):
        first = Response.objects.get(homework=returned, round=1)
        box = first.sealed_after_check
        assert unseal(box, table="exercises_response", row=first.pk, **place) == "heavier"


# --- what stood before ----------------------------------------------------------------------------
def test_an_empty_line_between_two_is_no_words(
    play: Play, dana: Person, ana: Person, homework: Homework
):
    play.submit(ana, homework, under="One layer.\n\nAnother.")
    assert "<li></li>" not in page(dana, f"/review/{homework.pk}/")
    play.review(dana, homework, comments={"under": ASKED}, returned=("under",))
    for rest in ("feedback/", "check/"):
        found = shown(ana.browser(), homework, rest)
        assert re.findall(r"<q>(.*?)</q>", found) == ["One layer.", "Another."]
    assert '<p class="words"></p>' not in shown(ana.browser(), homework, "step/1/")


def test_a_third_round_shows_all_turns_and_when_they_were(
    play: Play, dana: Person, ana: Person, returned: Homework
):
    play.submit(ana, returned, under="being left")
    play.review(dana, returned, comments={"under": AGAIN}, returned=("under",))
    browser = ana.browser()
    turns = ("Sent ", "being alone", ASKED, "You added, ", "being left", AGAIN)
    note = shown(browser, returned, "feedback/").partition('id="deeper-under"')[2]
    assert in_order(note, *turns)
    assert in_order(shown(browser, returned, "check/").partition("row-under")[2], *turns)
    step = shown(browser, returned, "step/1/")
    assert in_order(step, *turns)
    assert step.count("It stays as it is.") == 1
    with scope(practice=returned.practice_id):
        moved = now().replace(year=now().year - 1, month=3, day=1, hour=12)
        Response.objects.filter(homework=returned, round=1).update(submitted_at=moved)
    assert "1 March" not in shown(browser, returned, "feedback/").partition("<h1>")[0]


# --- what follows from an answer ------------------------------------------------------------------
def follow_up(browser: Browser, homework: Homework, **said: Any) -> str:
    """Answer what is asked of the surface, and go where that leads."""
    number = step_with(browser, homework, "surface")
    where = browser.post(
        url(homework, f"step/{number}/"), {"surface": ["else"], "keep": "mine", **said}
    )
    return text_of(browser.get(where["Location"]))


def test_an_answer_opens_its_follow_up_in_a_later_round_too(
    play: Play, dana: Person, ana: Person, homework: Homework
):
    play.submit(ana, homework, surface=["fairness"])
    play.review(dana, homework, comments={"surface": "Anything else?"}, returned=("surface",))
    browser = ana.browser()
    assert "One place to go deeper" in text_of(browser.get("/today/"))
    asked = follow_up(browser, homework)
    assert FOLLOW_UP in asked
    assert "Step 2 of 2" in asked
    said = browser.post(url(homework, "step/2/"), {"surface_own": "the car keys"})
    assert said["Location"] == url(homework, "check/")
    browser.post(url(homework, "submit/"))
    assert "the car keys" in page(dana, f"/review/{homework.pk}/")


def test_a_follow_up_that_was_left_empty_comes_with_what_led_to_it(
    play: Play, dana: Person, ana: Person, homework: Homework
):
    play.say(ana, homework, topic="the dishes", surface=["else"])
    rest = [one.key for one in homework.version.definition.asked]
    with play.at(ana):
        aside = [
            responding.AnswerInput(key, None, responding.AnswerOutcome.SKIPPED)
            for key in rest
            if key not in {"topic", "surface", "surface_own"}
        ]
        fresh = play.fresh(homework)
        responding.save(by=ana.actor, at=now(), homework=fresh, said=aside)
        responding.submit(by=ana.actor, at=now(), homework=play.fresh(homework))
    review = page(dana, f"/review/{homework.pk}/")
    assert f'<h2 id="q-surface_own">{FOLLOW_UP}</h2>' in review
    assert 'name="reopen" value="surface_own"' in review
    play.review(dana, homework, comments={"surface": "Say what?"}, returned=("surface",))
    assert FOLLOW_UP in shown(ana.browser(), homework, "feedback/")
    play.say(ana, homework, surface_own="the car keys")
    assert "the car keys" in shown(ana.browser(), homework, "check/")


def test_a_follow_up_that_was_answered_opens_when_it_is_opened(
    play: Play, dana: Person, ana: Person, homework: Homework
):
    play.submit(ana, homework, surface=["else"], surface_own="the car keys")
    play.review(dana, homework, comments={"surface": "Say more."}, returned=("surface",))
    browser = ana.browser()
    assert "Step 1 of 1" in shown(browser, homework, "step/1/")
    assert "row-surface_own" not in shown(browser, homework, "check/")


def test_what_is_opened_from_the_check_is_asked(play: Play, ana: Person, homework: Homework):
    play.say(ana, homework, topic="the dishes", surface=["fairness"])
    browser = ana.browser()
    asked = follow_up(browser, homework, **{"from": "check"})
    assert FOLLOW_UP in asked
    assert 'name="from" value="check"' in asked
    number = step_with(browser, homework, "surface_own")
    said = {"surface_own": "the car keys", "from": "check"}
    where = browser.post(url(homework, f"step/{number}/"), said)["Location"]
    assert where == url(homework, "check/")
