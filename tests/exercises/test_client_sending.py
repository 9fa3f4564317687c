"""A client sends, takes back, sets aside, and reads what came back."""

import json
import re
from datetime import timedelta
from unittest import mock

import pytest
from django.utils.timezone import now

from exercises.actions import assigning, reviewing
from exercises.models import Homework, Review
from exercises.views import wording
from tests.cast import Person, Play
from tests.exercises.ground import save, text_of, url

pytestmark = pytest.mark.django_db(transaction=True)


def test_gaps_are_named_before_sending(homework: Homework, ana: Person):
    browser = ana.browser()
    browser.post(url(homework, "step/1/"), {})
    response = browser.post(url(homework, "submit/"), follow=True)
    assert response.status_code == 422
    page = text_of(response)
    assert 'href="#row-topic"' in page
    assert page.index("Answer them, skip them") < page.index('href="#row-topic"')
    rows = dict(re.findall(r'<div id="row-([\w-]+)" tabindex="-1">(.*?)</div>', page, re.DOTALL))
    needed, free = rows["topic"], rows["story"]
    assert "Answer" in needed
    assert "Still open" in needed
    assert "Answer" in free
    assert "Left empty, which is fine" in free
    assert "Still open" not in free


def test_sent_once_whatever_one_presses(play: Play, homework: Homework, ana: Person):
    play.fill(ana, homework, topic="the dishes")
    browser = ana.browser()
    assert "the dishes" in text_of(browser.get(url(homework, "check/")))
    for _press in range(5):
        assert browser.post(url(homework, "submit/"))["Location"] == url(homework, "sent/")
    page = text_of(browser.get(url(homework, "sent/")))
    assert "It’s with Dana now" in page
    assert "You can stop here for today." in page
    assert "Until Dana opens it you can take it back" in page
    assert "Take it back" in page
    with mock.patch("exercises.views.finishing.now", return_value=now() + timedelta(days=1)):
        page = text_of(browser.get(url(homework, "sent/")))
    assert "That took some honesty." in page
    assert "for today" not in page
    assert browser.get(url(homework, "step/2/"))["Location"] == url(homework)
    assert save(browser, homework, {"topic": ["later"]}).status_code == 409


def test_it_can_be_taken_back_until_it_is_read(
    play: Play, homework: Homework, ana: Person, dana: Person
):
    play.submit(ana, homework, topic="the dishes")
    browser = ana.browser()
    browser.post(url(homework, "take-back/"))
    assert play.fresh(homework).status == "in_progress"
    browser.post(url(homework, "submit/"))
    with play.at(dana):
        reviewing.open_rounds(by=dana.actor, at=now(), homework=play.fresh(homework))
    page = text_of(browser.get(url(homework, "sent/")))
    assert "It has been opened (today, " in page
    assert "Take it back" not in page
    assert browser.post(url(homework, "take-back/")).status_code == 409


def test_how_one_is_afterwards(play: Play, homework: Homework, ana: Person):
    play.submit(ana, homework, topic="the dishes")
    browser = ana.browser()
    browser.post(url(homework, "after/"), {"after": "heavier"})
    page = text_of(browser.get(url(homework, "sent/")))
    assert re.search(r'value="heavier"\s+checked', page)
    assert page.count("/breath/") == 1


def test_the_whole_can_be_set_aside_and_picked_up(play: Play, homework: Homework, ana: Person):
    browser = ana.browser()
    save(browser, homework, {"topic": ["half a thought"]})
    browser.post(url(homework, "set-aside/"), {"how": "let_go"})
    assert play.fresh(homework).status == "skipped"
    assert "Pick it up again" in text_of(browser.get(url(homework)))
    browser.post(url(homework, "pick-up/"))
    assert play.fresh(homework).status == "in_progress"
    assert "half a thought" in text_of(browser.get(url(homework, "check/")))


# --- what came back -------------------------------------------------------------------------------
def test_the_answer_is_read_and_deepened(play: Play, homework: Homework, ana: Person, dana: Person):
    play.submit(ana, homework, topic="the dishes", under="being alone")
    play.review(
        dana,
        homework,
        words="You came back into the room.",
        comments={"under": "What was softer under it?", "topic": "Well put."},
        returned=("under",),
    )
    browser = ana.browser()
    today = text_of(browser.get("/today/"))
    assert "Read what Dana wrote" in today
    # One question, and the hardest one: nothing of it is done yet.
    assert "See what Dana asks" in today
    assert "about 3 minutes<" in today
    day = wording.day(play.fresh(homework).submitted_at, ana.actor.zone)
    assert f"what you sent on {day}, and a place where".replace("\N{NO-BREAK SPACE}", " ") in today
    page = text_of(browser.get(url(homework, "feedback/")))
    kept = page.index("What you first wrote stays as it was.")
    assert page.index("being alone") < kept < page.index("What was softer")
    for words in ("You came back", "What was softer", "being alone", "Well put.", "One place"):
        assert words in page
    with play.at(ana):
        assert Review.objects.get().seen_at is not None
    step = text_of(browser.get(url(homework, "step/1/")))
    assert "Step 1 of 1" in step
    assert "being alone" in step
    response = browser.post(url(homework, "step/1/"), {"under": "being left"})
    assert response["Location"] == url(homework, "check/")
    assert save(browser, homework, {"topic": ["not open"]}).status_code == 200
    browser.post(url(homework, "submit/"))
    assert play.fresh(homework).status == "submitted"
    copy = text_of(browser.get(url(homework, "copy/")))
    assert "being alone" in copy
    assert "being left" in copy


def test_what_was_given_back_is_added_to_first(
    play: Play, homework: Homework, ana: Person, dana: Person
):
    play.submit(ana, homework, topic="the dishes", under="being alone")
    play.review(dana, homework, words="Say more.", returned=("under",))
    browser = ana.browser()
    page = text_of(browser.get(url(homework, "check/")))
    assert f'<a class="btn" href="{url(homework, "step/1/")}">Add to it</a>' in page
    assert "Send without adding" in page
    browser.post(url(homework, "step/1/"), {"under": "being left"})
    page = text_of(browser.get(url(homework, "check/")))
    assert "Nothing new has been sent yet." in page
    assert "Send to Dana" in page
    assert "Add to it" not in page
    copy = text_of(browser.get(url(homework, "copy/")))
    assert copy.index("Sent: ") < copy.index("being alone") < copy.index("Not sent yet")


def test_before_it_settles_there_is_nothing_to_read(
    play: Play, homework: Homework, ana: Person, dana: Person
):
    play.submit(ana, homework, topic="the dishes")
    play.review(dana, homework, words="A secret yet.", settle=False)
    browser = ana.browser()
    assert "A secret yet." not in text_of(browser.get(url(homework, "feedback/"), follow=True))
    assert "Read what" not in text_of(browser.get("/today/"))


def test_what_was_written_in_withdrawn_work_stays_in_ones_own_copy(
    play: Play, homework: Homework, ana: Person, dana: Person
):
    unwritten = play.homework(ana, play.assign(dana, ana))
    play.say(ana, homework, topic="the lighthouse")
    for one in (homework, unwritten):
        with play.at(dana):
            assigning.withdraw(by=dana.actor, at=now(), assignment=one.assignment)
    record = ana.browser().get("/you/record?as=json").json()["homework"]
    assert [one["status"] for one in record] == ["withdrawn"]
    assert "the lighthouse" in json.dumps(record)
    assert ana.browser().get(url(homework, "")).status_code == 404
    read = dana.browser().get(f"/clients/{ana.client.pk}/record?as=json")
    assert "the lighthouse" not in text_of(read)
