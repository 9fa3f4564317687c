"""A client sends, takes back, sets aside, and reads what came back."""

import html
import json
import re
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.test import Client as Browser
from django.utils.timezone import now

from exercises.actions import assigning, reviewing
from exercises.models import Homework, Review
from exercises.views import wording
from tests.cast import Person, Play
from tests.exercises.ground import E11, page, save, step_with, text_of, url

pytestmark = pytest.mark.django_db(transaction=True)


def test_gaps_are_named_before_sending(homework: Homework, ana: Person):
    browser = ana.browser()
    browser.post(url(homework, "step/1/"), {})
    response = browser.post(url(homework, "submit/"), follow=True)
    assert response.status_code == 422
    page = text_of(response)
    assert 'href="#row-topic"' in page
    assert " questions before you send</h2>" in page
    assert page.index("</h1>") < page.index("data-errors")  # as on every other page
    assert page.index("Answer them, skip them, or keep them for the session.") < page.index(
        'href="#row-topic"'
    )
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
    with mock.patch("exercises.views.submitting.now", return_value=now() + timedelta(days=1)):
        page = text_of(browser.get(url(homework, "sent/")))
    assert "for today" not in page
    assert "honesty" not in page  # nobody praises what is in it, nor what is not
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
    page = text_of(browser.get(url(homework, "sent/")))
    assert "You told Dana" not in page
    assert '<details class="more"><summary>Change it' not in page
    browser.post(url(homework, "after/"), {"after": "heavier"})
    page = text_of(browser.get(url(homework, "sent/")))
    assert "You told Dana: “Heavier”." in page
    # The choice is folded away, and stands as it was told.
    folded = page[page.index('<details class="more"><summary>Change it') :]
    assert re.search(r'value="heavier"\s+checked', folded[: folded.index("</details>")])
    assert page.count("/breath/") == 1
    browser.post(url(homework, "after/"), {"after": "same"})
    assert "You told Dana: “About the same”." in text_of(browser.get(url(homework, "sent/")))


def test_who_tells_nothing_is_told_what_to_choose(play: Play, homework: Homework, ana: Person):
    play.submit(ana, homework, topic="the dishes")
    page = ana.browser().post(url(homework, "after/"), follow=True)
    assert "Choose one of the three." in text_of(page)


def test_the_rows_of_a_list_are_checked_one_by_one(
    play: Play, dana: Person, ana: Person, cleared: Any
):
    row = play.homework(ana, play.assign(dana, cleared, E11))
    key, cells = next(
        (i.key, [part.key for part in i.items])
        for i in row.version.definition.items
        if i.kind == "list" and i.items
    )
    play.say(ana, row, **{key: [{cells[0]: "a walk", cells[1]: 2}, {cells[0]: "tea"}]})
    play.say(ana, row, top=[{"what": "a hug", "example": "stay with me"}])
    browser = ana.browser()
    page = text_of(browser.get(url(row, "check/")))
    assert re.search(r'entry">a walk\n[^<]*: 2', page)
    assert 'entry">tea</dd>' in page
    # What stands below the first words says what it is.
    assert 'entry">a hug\nFor example, when you… stay with me</dd>' in page


def test_a_suggestion_that_was_reworded_or_taken_out_does_not_come_back(
    play: Play, dana: Person, ana: Person, cleared: Any
):
    row = play.homework(ana, play.assign(dana, cleared, E11))
    browser = ana.browser()
    step = url(row, f"step/{step_with(browser, row, 'words.0.line')}/")
    offered = lines_of(browser, step)
    assert len(offered) == 6
    said = {f"words.{n}.line": line for n, line in enumerate(offered)}
    said |= {"words.0.line": "I love you, you know", "words.2.line": "", "words.4.reaches": "8"}
    assert browser.post(step, said).status_code == 302
    mine = ["I love you, you know", offered[1], *offered[3:]]
    assert lines_of(browser, step) == mine
    # What was only left there is still offered to its writer, and nobody reads it as said.
    check = html.unescape(text_of(browser.get(url(row, "check/"))))
    assert mine[0] in check
    assert offered[4] in check
    assert offered[5] not in check


def lines_of(browser: Browser, step: str) -> list[str]:
    """Return the lines of the menu on this step, as they stand in their boxes."""
    page = text_of(browser.get(step))
    found = re.findall(r'<textarea[^>]*name="words\.\d+\.line"[^>]*>([^<]*)</textarea>', page)
    return [html.unescape(line) for line in found]


def test_the_whole_can_be_set_aside_and_picked_up(play: Play, homework: Homework, ana: Person):
    browser = ana.browser()
    save(browser, homework, {"topic": ["half a thought"]})
    browser.post(url(homework, "set-aside/"), {"how": "let_go"})
    assert play.fresh(homework).status == "skipped"
    assert "Pick it up again" in text_of(browser.get(url(homework)))
    there = browser.post(url(homework, "pick-up/"))["Location"]
    assert play.fresh(homework).status == "in_progress"
    # Where "Continue" leads.
    assert there != url(homework)
    assert f'href="{there}">Continue</a>' in text_of(browser.get(url(homework)))
    assert "half a thought" in text_of(browser.get(url(homework, "check/")))


def test_who_had_not_begun_picks_it_up_at_its_start(homework: Homework, ana: Person):
    browser = ana.browser()
    browser.post(url(homework, "set-aside/"), {"how": "let_go"})
    assert browser.post(url(homework, "pick-up/"))["Location"] == url(homework)


def test_what_is_kept_for_the_session_is_told_apart_from_what_is_let_go(
    play: Play, homework: Homework, ana: Person, dana: Person
):
    browser, hers = ana.browser(), f"/clients/{ana.client.pk}/"
    staff = url(homework).replace("homework", "work")
    let_go, kept = "set aside", "would rather talk about it in the session"
    title, told = (
        "Under the argument",
        "Would rather talk about “Under the argument” in the session",
    )
    browser.post(url(homework, "set-aside/"), {"how": "let_go"})
    assert "This is set aside" in text_of(browser.get(url(homework)))
    for text in (page(dana, hers), page(dana, staff)):
        assert let_go in text
        assert kept not in text
    browser.post(url(homework, "pick-up/"))
    save(browser, homework, {"topic": ["half a thought"]})
    # The button on Today says no more than that; on the page before a step it says which.
    browser.post(url(homework, "set-aside/"))
    own = text_of(browser.get(url(homework)))
    assert "Kept for your session" in own
    assert "Dana is shown that you would rather talk about" in own
    assert "This is set aside" not in own
    for text in (page(dana, hers), page(dana, staff)):
        assert kept in text
        assert let_go not in text
        assert "half a thought" not in text
    assert told in page(dana, hers)
    assert "Set aside, to talk about it in the session" in page(dana, staff)
    today = text_of(browser.get("/today/"))
    waiting = today.partition("Next session</h2>")[2].partition("</section>")[0]
    assert title in waiting
    assert f'action="{url(homework, "pick-up/")}"' in waiting
    browser.post(url(homework, "pick-up/"))
    assert "would rather talk" not in text_of(browser.get("/today/"))
    assert told not in page(dana, hers)


def test_what_was_sent_before_can_be_read_from_where_its_deepening_was_set_aside(
    play: Play, homework: Homework, ana: Person, dana: Person
):
    browser = ana.browser()
    browser.post(url(homework, "set-aside/"), {"how": "let_go"})
    unsent = text_of(browser.get(url(homework)))
    assert "The exercise itself has not been sent." in unsent
    assert url(homework, "copy/") not in unsent
    browser.post(url(homework, "pick-up/"))
    play.submit(ana, homework, topic="the dishes")
    play.review(dana, homework, comments={"topic": "What then?"}, returned=("topic",))
    for how in ("let_go", "bring"):
        browser.post(url(homework, "set-aside/"), {"how": how})
        rests = text_of(browser.get(url(homework)))
        assert (
            "What you sent stays with Dana; what you wrote after that has not been sent." in rests
        )
        assert "The exercise itself has not been sent" not in rests
        assert f'href="{url(homework, "feedback/")}">What Dana wrote</a>' in rests
        assert f'href="{url(homework, "copy/")}">Read or print your words</a>' in rests
        browser.post(url(homework, "pick-up/"))


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
    # One question, and the hardest one: nothing of it is done yet. One way leads to it.
    assert "See what Dana asks" in today
    assert today.count(url(homework, "feedback/")) == 1
    assert "about 3 minutes<" in today
    # Where something begun comes first, the letter says it.
    begun = play.homework(ana, play.assign(dana, ana))
    play.say(ana, begun, topic="the bins")
    today = text_of(browser.get("/today/"))
    assert "Read what Dana wrote" in today
    assert "See what Dana asks" not in today
    day = wording.day(play.fresh(homework).submitted_at, ana.actor.zone)
    assert f"what you sent on {day}, and a place where".replace("\N{NO-BREAK SPACE}", " ") in today
    page = text_of(browser.get(url(homework, "feedback/")))
    kept = page.index("What you first wrote stays as it was.")
    # Her words, what is asked of them, and only then how the two are kept.
    assert "<q>being alone</q>" in page
    assert page.index("being alone") < page.index("What was softer") < kept
    check = text_of(browser.get(url(homework, "check/")))
    assert check.index("<q>being alone</q>") < check.index("What was softer under it?")
    assert check.index("What was softer under it?") < check.index("Nothing added yet")
    for words in ("You came back", "What was softer", "being alone", "Well put.", "One place"):
        assert words in page
    with play.at(ana):
        assert Review.objects.get().seen_at is not None
    step = text_of(browser.get(url(homework, "step/1/")))
    assert "Step 1 of 1" in step
    # What is asked of these words stands beside them here as well.
    assert step.index("being alone") < step.index("What was softer under it?")
    assert "Well put." not in step
    response = browser.post(url(homework, "step/1/"), {"under": "being left"})
    assert response["Location"] == url(homework, "check/")
    assert save(browser, homework, {"topic": ["not open"]}).status_code == 200
    browser.post(url(homework, "submit/"))
    assert play.fresh(homework).status == "submitted"
    copy = text_of(browser.get(url(homework, "copy/")))
    assert "being alone" in copy
    assert "being left" in copy
    # What Dana wrote stays in reach, and stands between the first words and those it asked for.
    for page in (copy, text_of(browser.get(url(homework, "sent/")))):
        assert f'href="{url(homework, "feedback/")}">What Dana wrote</a>' in page
    page = text_of(browser.get(url(homework, "feedback/")))
    order = ["being alone", "What was softer under it?", "You added, ", "being left"]
    assert sorted(order, key=page.index) == order
    assert page.count("You added, ") == 1


def test_one_entry_answers_what_was_asked_of_a_list(
    play: Play, homework: Homework, dana: Person, ana: Person
):
    play.submit(ana, homework, others=["the train", "the money"])
    play.review(dana, homework, comments={"others": "Which one?"}, returned=("others",))
    browser = ana.browser()
    said = browser.post(url(homework, "step/1/"), {"others.0": "the train", "others.1": ""})
    assert said["Location"] == url(homework, "check/")
    browser.post(url(homework, "submit/"))
    assert play.fresh(homework).status == "submitted"


def test_where_there_is_nothing_to_read_no_link_says_so(
    play: Play, homework: Homework, ana: Person, dana: Person
):
    play.submit(ana, homework, under="being alone")
    play.review(dana, homework, returned=("under",))
    browser = ana.browser()
    browser.post(url(homework, "step/1/"), {"under": "being left"})
    browser.post(url(homework, "submit/"))
    for rest in ("sent/", "copy/"):
        assert "What Dana wrote" not in text_of(browser.get(url(homework, rest)))


@pytest.mark.parametrize("returned", [("under",), ("under", "others")])
def test_a_place_that_was_skipped_says_so_and_is_answered_not_added_to(
    play: Play, homework: Homework, ana: Person, dana: Person, returned: tuple[str, ...]
):
    play.submit(ana, homework, topic="the dishes")
    play.review(dana, homework, returned=returned)
    page = text_of(ana.browser().get(url(homework, "feedback/")))
    for key in returned:
        place = page.partition(f'id="deeper-{key}"')[2].partition("</section>")[0]
        assert '<p class="muted">Skipped, and that is fine</p>' in place
        assert "Add to your answer" not in place
        assert "stays as it was" not in place


@pytest.mark.parametrize("returned", [(), ("under",)])
def test_an_answer_without_a_word_is_not_called_one(
    play: Play, homework: Homework, ana: Person, dana: Person, returned: tuple[str, ...]
):
    play.submit(ana, homework, topic="the dishes", under="being alone")
    play.review(dana, homework, returned=returned)
    # What is begun comes first: a place to go deeper has its letter then.
    play.say(ana, play.homework(ana, play.assign(dana, ana)), topic="the bins")
    browser = ana.browser()
    letter = text_of(browser.get("/today/")).partition('id="letter-')[2].partition("</section>")[0]
    assert "Dana has read what you sent on" in letter
    assert ("a little more" in letter) == bool(returned)
    assert ">See it</a>" in letter
    page = text_of(browser.get(url(homework, "feedback/")))
    assert "<h1>Dana has read what you sent</h1>" in page
    assert "What Dana wrote" not in page
    if not returned:
        assert ">Read</span>" in text_of(browser.get("/growth/"))
        assert ">Read</span>" in text_of(browser.get("/today/"))


def test_what_was_skipped_and_is_asked_again_says_so_where_it_is_asked(
    play: Play, homework: Homework, ana: Person, dana: Person
):
    play.submit(ana, homework, topic="the dishes")
    play.review(dana, homework, comments={"under": "Perhaps now?"}, returned=("under",))
    page = text_of(ana.browser().get(url(homework, "feedback/")))
    place = page.partition('aria-labelledby="deeper-under"')[2].partition('aria-labelledby="rest"')[
        0
    ]
    assert place.index("Skipped, and that is fine") < place.index("Perhaps now?")
    assert "Your answer" in place
    assert "Add to your answer" not in place


def test_words_about_one_answer_are_an_answer(
    play: Play, homework: Homework, ana: Person, dana: Person
):
    play.submit(ana, homework, topic="the dishes", under="being alone")
    play.review(dana, homework, comments={"topic": "Well put."})
    today = text_of(ana.browser().get("/today/"))
    assert "There is an answer to what you sent on" in today
    assert ">Answered</span>" in text_of(ana.browser().get("/growth/"))


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
