"""A client answers: one thing on a screen, skips, fear, old tabs."""

import html
import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils.timezone import now

from clients.models import Caseload, Client, Couple
from exercises.actions import assigning, responding
from exercises.models import Flag, Homework
from exercises.queries import review as review_queries
from practice.errors import BadInput
from tests.cast import ZONE, Person, Play
from tests.exercises.ground import E04, E10, E11, answers, save, step_with, text_of, url

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_item_of_every_exercise_has_its_screen(
    play: Play, dana: Person, ana: Person, cleared: Any, homework: Homework
):
    given = [homework]
    given += [play.homework(ana, play.assign(dana, ana, slug)) for slug in (E04, E10)]
    given += [play.homework(ana, play.assign(dana, cleared, E11))]
    browser = ana.browser()
    for row in given:
        number = 1
        while (page := browser.get(url(row, f"step/{number}/"))).status_code == 200:
            assert f"Step {number} of" in text_of(page)
            assert f"<title>Step {number} of" in text_of(page)
            if "data-draft" in text_of(page):  # something is asked: it can be skipped and paused
                assert 'name="skip"' in text_of(page)
                assert "Pause for now" in text_of(page)
            number += 1
        assert number > 2
        assert page["Location"].endswith("/check/")
        assert browser.get(page["Location"]).status_code == 200


def test_words_are_kept_and_the_next_question_comes(play: Play, homework: Homework, ana: Person):
    browser = ana.browser()
    number = step_with(browser, homework, "topic")
    response = browser.post(url(homework, f"step/{number}/"), {"topic": "who would drive"})
    assert response["Location"] == url(homework, f"step/{number + 1}/")
    assert "who would drive" in text_of(browser.get(url(homework, f"step/{number}/")))
    assert play.fresh(homework).status == "in_progress"
    assert "Where you left off" in text_of(browser.get("/today/"))


def test_silence_where_words_are_needed_says_what_to_do(homework: Homework, ana: Person):
    browser = ana.browser()
    number = step_with(browser, homework, "topic")
    response = browser.post(url(homework, f"step/{number}/"), {"topic": " "})
    assert response.status_code == 422
    page = text_of(response)
    assert f"<title>Problem: step {number} of" in page
    assert 'href="#q-topic"' in page
    assert "Write a few words, or choose “Skip this one”" in page


def test_a_step_is_saved_when_its_own_words_are(homework: Homework, ana: Person):
    browser = ana.browser()
    number = step_with(browser, homework, "topic")
    save(browser, homework, {"topic": ["the dishes"]})
    assert re.search(
        r"data-saved-text>Saved \d", text_of(browser.get(url(homework, f"step/{number}/")))
    )
    assert "data-saved-text></span>" in text_of(browser.get(url(homework, f"step/{number + 1}/")))


def test_what_is_too_long_stays_in_the_box(homework: Homework, ana: Person):
    browser = ana.browser()
    number = step_with(browser, homework, "topic")
    response = browser.post(url(homework, f"step/{number}/"), {"topic": "x" * 300})
    assert response.status_code == 422
    assert "x" * 300 in text_of(response)
    assert "20 characters over" in text_of(response)
    far = browser.post(url(homework, f"step/{number}/"), {"topic": "x" * 5280})
    assert "5 000 characters over" in text_of(far)


def test_what_is_refused_is_not_called_saved(homework: Homework, ana: Person):
    browser = ana.browser()
    number = step_with(browser, homework, "topic")
    save(browser, homework, {"topic": ["the dishes"]})
    refused = browser.post(url(homework, f"step/{number}/"), {"topic": "x" * 300})
    assert "data-saved-text></span>" in text_of(refused)


def test_what_has_been_is_not_still_to_come(play: Play, homework: Homework, ana: Person):
    browser = ana.browser()
    number = step_with(browser, homework, "when.day")
    far = {"when.day": "1", "when.month": "1", "when.year": "2099"}
    refused = browser.post(url(homework, f"step/{number}/"), far)
    assert refused.status_code == 422
    assert "This is still to come. Write when it was." in text_of(refused)
    draft = save(browser, homework, {name: [one] for name, one in far.items()})
    assert draft.status_code == 422
    with play.at(ana), pytest.raises(BadInput):
        responding.save(
            by=ana.actor,
            at=now(),
            homework=play.fresh(homework),
            said=[responding.AnswerInput("when", "2099-01-01")],
        )
    today = now().astimezone(ZoneInfo(ZONE))
    said = {
        "when.day": f"{today.day}",
        "when.month": f"{today.month}",
        "when.year": f"{today.year}",
    }
    assert browser.post(url(homework, f"step/{number}/"), said).status_code == 302


@pytest.mark.parametrize(("button", "outcome"), [("skip", "skipped"), ("say", "in_session")])
def test_anything_can_be_skipped_or_kept_for_the_session(
    play: Play, homework: Homework, ana: Person, button: str, outcome: str
):
    browser = ana.browser()
    number = step_with(browser, homework, "topic")
    browser.post(url(homework, f"step/{number}/"), {button: "1"})
    assert answers(homework)["topic"].outcome == outcome
    page = text_of(browser.get(url(homework, f"step/{number}/")))
    assert "You can still" in page
    # Going on without words from there is no problem: it stays as chosen.
    assert browser.post(url(homework, f"step/{number}/"), {}).status_code == 302


@pytest.mark.parametrize("button", ["skip", "say"])
def test_what_stood_there_is_found_again_and_is_not_sent(
    play: Play, homework: Homework, ana: Person, dana: Person, button: str
):
    """A slip of the thumb costs no words; and what was not to be said is not said."""
    play.fill(ana, homework, topic="Twenty minutes of words")
    browser = ana.browser()
    number = step_with(browser, homework, "topic")
    step = url(homework, f"step/{number}/")
    form = {"topic": "Twenty minutes of words, and one", "revision": "1", "device": "phone"}
    browser.post(step, form | {button: "1"})
    page = text_of(browser.get(step))
    assert "Twenty minutes of words, and one" in page
    assert "You can still" in page
    # Sending erases it, and says so before.
    check = text_of(browser.get(url(homework, "check/")))
    assert "Twenty minutes" not in check
    assert check.count("You had written something here. It is not sent") == 1
    assert f'href="{step}?from=check">Answer it after all<' in check
    assert browser.post(url(homework, "submit/")).status_code == 302
    assert answers(homework)["topic"].sealed_value is None
    assert "Twenty minutes" not in text_of(dana.browser().get(f"/review/{homework.pk}/"))


def test_a_save_that_its_own_form_overtook_does_not_undo_the_skip(homework: Homework, ana: Person):
    """A browser saves once more as it leaves the page; that may land behind the skip."""
    browser = ana.browser()
    number = step_with(browser, homework, "topic")
    save(browser, homework, {"topic": ["Words"]})
    form = {"topic": "Words", "revision": "1", "device": "phone", "skip": "1"}
    browser.post(url(homework, f"step/{number}/"), form)
    late = save(browser, homework, {"topic": ["Words"]}, revision=1)
    assert late.status_code == 200
    assert answers(homework)["topic"].outcome == "skipped"
    # Who comes back and types has seen that it was skipped.
    assert save(browser, homework, {"topic": ["Words after all"]}, revision=2).status_code == 200
    assert answers(homework)["topic"].outcome == "answered"


def test_a_stale_tab_sets_nothing_aside_that_another_device_wrote(homework: Homework, ana: Person):
    phone, laptop = ana.browser(), ana.browser()
    number = step_with(laptop, homework, "topic")
    save(phone, homework, {"topic": ["Words from the phone"]})
    step = url(homework, f"step/{number}/")
    response = laptop.post(step, {"skip": "1", "topic": "", "revision": "0", "device": "laptop"})
    assert response.status_code == 409
    assert "Words from the phone" in text_of(response)
    assert answers(homework)["topic"].outcome == "answered"


def closed(play: Play, dana: Person, ana: Person, homework: Homework, how: str) -> None:
    """Close it, while a tab of Ana's still shows a question of it."""
    if how == "sent":
        play.submit(ana, homework, topic="The bags")
    elif how == "aside":
        ana.browser().post(url(homework, "set-aside/"))
    else:
        play.say(ana, homework, topic="The bags")
        with play.at(dana):
            assigning.withdraw(by=dana.actor, at=now(), assignment=homework.assignment)


CLOSED = pytest.mark.parametrize("how", ["sent", "aside", "withdrawn"])


@CLOSED
def test_words_in_an_old_tab_are_shown_once_more(
    play: Play, homework: Homework, ana: Person, dana: Person, how: str
):
    browser = ana.browser()
    number = step_with(browser, homework, "topic")
    closed(play, dana, ana, homework, how)
    response = browser.post(url(homework, f"step/{number}/"), {"topic": "Words in an old tab"})
    assert response.status_code == 409
    page = text_of(response)
    assert ">Words in an old tab<" in page
    if how == "aside":
        assert "What stands below is not kept." in page
    else:  # what stood there before is
        assert "What you wrote before is kept. Your last changes are not" in page
    # They go along to where one puts them down for the session, and are kept when one says so.
    carried = re.findall(r'name="text" value="([^"]*)"', page)
    topics = browser.post("/you/topics", {"text": html.unescape(carried[0]), "carried": "1"})
    assert topics.status_code == 200
    assert "Words in an old tab</textarea>" in text_of(topics)
    assert "Remove it" not in text_of(browser.get("/you/topics"))
    assert browser.post(url(homework, f"step/{number}/"), {"topic": ""}).status_code == 302


@CLOSED
def test_fear_in_an_old_tab_is_heard(
    play: Play, homework: Homework, ana: Person, dana: Person, how: str
):
    browser = ana.browser()
    number = step_with(browser, homework, "afraid")
    closed(play, dana, ana, homework, how)
    status = play.fresh(homework).status
    response = browser.post(url(homework, f"step/{number}/"), {"afraid": "yes"})
    assert response["Location"] == url(homework, "ended/")
    assert 'href="tel:112"' in text_of(browser.get(url(homework, "ended/")))
    assert play.fresh(homework).status == status
    again = browser.post(url(homework, f"step/{number}/"), {"afraid": "yes"})  # a double tap
    assert again["Location"] == url(homework, "ended/")
    with play.at(dana):
        assert [flag.kind for flag in review_queries.flags(dana.actor)] == ["safety"]


def test_that_there_was_such_an_answer_is_not_to_be_seen_from_the_address(
    homework: Homework, ana: Person
):
    browser = ana.browser()
    assert browser.get(url(homework, "ended/")).status_code == 302
    browser.post(url(homework, "set-aside/"))
    assert browser.get(url(homework, "ended/")).status_code == 200


def test_an_answer_opens_a_question(homework: Homework, ana: Person):
    browser = ana.browser()
    number = step_with(browser, homework, "surface")
    response = browser.post(
        url(homework, f"step/{number}/"), {"surface": ["else"], "device": "phone"}
    )
    assert 'name="surface_own"' in text_of(browser.get(response["Location"]))
    response = browser.post(
        url(homework, f"step/{number}/"), {"surface": ["done"], "device": "phone"}
    )
    assert 'name="surface_own"' not in text_of(browser.get(response["Location"]))


def test_what_a_yes_to_fear_does_is_said_before_it_is_answered(
    play: Play, homework: Homework, ana: Person, dana: Person
):
    browser = ana.browser()
    path = url(homework, f"step/{step_with(browser, homework, 'afraid')}/")
    page = text_of(browser.get(path))
    told = "If you say yes and go on, the exercise stops here and Dana is told straight away."
    assert told in page
    assert "Your partner is never shown it." in page
    topic = text_of(browser.get(url(homework, f"step/{step_with(browser, homework, 'topic')}/")))
    assert "the exercise stops" not in topic
    with play.at(dana):
        Caseload.objects.update(until_at=now())
    page = text_of(browser.get(path))
    assert "If you say yes, the exercise stops here." in page
    assert "is told" not in page


def test_what_the_partner_never_sees_is_offered_to_be_told_alone(
    play: Play, homework: Homework, ana: Person, dana: Person, couple: Couple
):
    browser = ana.browser()
    afraid = url(homework, f"step/{step_with(browser, homework, 'afraid')}/")
    topic = url(homework, f"step/{step_with(browser, homework, 'topic')}/")
    alone, anywhere = "I’d rather tell Dana alone", "I’d rather say it in the session"
    assert anywhere in text_of(browser.get(afraid))
    at = now() + timedelta(days=2)
    with play.at(dana):
        Couple.objects.filter(pk=couple.pk).update(next_session_at=at)
    assert alone in text_of(browser.get(afraid))
    # An hour the two share is never named.
    assert anywhere in text_of(browser.get(topic))
    with play.at(dana):
        Client.objects.filter(pk=ana.client.pk).update(next_session_at=at)
    assert "I’d rather say it on " in text_of(browser.get(afraid))


def test_a_yes_to_fear_ends_it_kindly(play: Play, homework: Homework, ana: Person, dana: Person):
    browser = ana.browser()
    number = step_with(browser, homework, "afraid")
    response = browser.post(url(homework, f"step/{number}/"), {"afraid": "yes"})
    assert response["Location"] == url(homework, "ended/")
    page = text_of(browser.get(url(homework, "ended/")))
    assert 'href="tel:112"' in page
    assert "around the clock" in page
    assert play.fresh(homework).status == "skipped"
    # Not a word that tells it from any other exercise set aside, and none that is not so.
    aside = text_of(browser.get(url(homework)))
    assert "Anything you wrote here is kept. The exercise itself has not been sent." in aside
    with play.at(dana):
        assert Flag.objects.get().kind == "safety"


def test_the_sentence_is_put_together_and_can_be_changed(play: Play, dana: Person, ana: Person):
    row = play.homework(ana, play.assign(dana, ana, E10))
    play.say(ana, row, feel="alone", do="called me", time="today at six", free="no")
    browser = ana.browser()
    number = step_with(browser, row, "ask")
    page = text_of(browser.get(url(row, f"step/{number}/")))
    assert "I feel alone. I’d appreciate it if you called me, today at six." in page


def test_a_hint_holds_nothing_up(play: Play, dana: Person, ana: Person):
    row = play.homework(ana, play.assign(dana, ana, E10))
    browser = ana.browser()
    number = step_with(browser, row, "do")
    response = browser.post(url(row, f"step/{number}/"), {"do": "you never listen"})
    assert response.status_code == 302
    assert "hard to answer" in text_of(browser.get(url(row, f"step/{number}/")))
    assert "hard to answer" in text_of(browser.get(url(row, "check/")))
