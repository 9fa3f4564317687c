"""A client's pages through Django's test browser: real database, real views, real words."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from clients.models import Caseload, Client, Couple
from exercises import schedule
from exercises.actions import assigning, reviewing
from exercises.models import Answer, Entry, Flag, Homework, Reminder, ReminderState, Review
from exercises.queries import review as review_queries
from exercises.views import wording
from practice.actions import people
from practice.tenancy import scope
from tests.cast import ZONE, Person, Play

pytestmark = pytest.mark.django_db(transaction=True)

E04, E10, E11 = "e04-reassurance-log", "e10-from-test-to-clear-ask", "e11-what-reaches-me"


@pytest.fixture
def homework(play: Play, dana: Person, ana: Person) -> Homework:
    """E01, given to Ana."""
    return play.homework(ana, play.assign(dana, ana, note="Take your time with this one."))


def url(homework: Homework, rest: str = "") -> str:
    return f"/homework/{homework.pk}/{rest}"


def text_of(response: Any) -> str:
    return response.content.decode().replace("\N{NO-BREAK SPACE}", " ")


def answers(homework: Homework) -> dict[str, Answer]:
    with scope(practice=homework.practice_id):
        found = Answer.objects.filter(response__homework=homework, entry=None)
        return {answer.item_key: answer for answer in found}


def save(browser: Browser, homework: Homework, fields: dict[str, list[str]], **more: Any) -> Any:
    body = {"revision": 0, "device": "phone", "fields": fields} | more
    return browser.post(url(homework, "draft"), json.dumps(body), content_type="application/json")


def step_with(browser: Browser, homework: Homework, field: str) -> int:
    """Return the number of the step that asks for this field."""
    for number in range(1, 30):
        response = browser.get(url(homework, f"step/{number}/"))
        if response.status_code != 200:
            break
        if f'name="{field}' in text_of(response):
            return number
    pytest.fail(f"no step asks for {field}")


def test_today_says_what_is_there(homework: Homework, ana: Person, noor: Person):
    page = text_of(ana.browser().get("/today/"))
    assert "Under the argument" in page
    assert "Under the argument" not in re.search(r"<title>(.*?)</title>", page).group(1)  # type: ignore[union-attr]
    assert "Only you and Dana" in page
    empty = text_of(noor.browser().get("/today/"))
    assert "Nothing to do today" in empty


def test_the_next_mail_is_told_by_the_hour_that_was_chosen(homework: Homework, ana: Person):
    """That mails of one hour go some minutes apart is no business of their readers."""
    with scope(practice=ana.practice.pk):
        row = Reminder.objects.filter(state=ReminderState.PLANNED).order_by("next_at")[0]
        meant = row.next_at.replace(second=0, microsecond=0) + timedelta(days=1)
        local = schedule.local_time(meant, row.zone)
        Reminder.objects.filter(pk=row.pk).update(
            local_at=local.replace(tzinfo=UTC), next_at=meant + timedelta(minutes=7, seconds=12)
        )
    browser = ana.browser()
    for path in ("/today/", "/you/reminders"):
        page = text_of(browser.get(path))
        assert f"{local:%H:%M}" in page, path
        assert f"{local + timedelta(minutes=7):%H:%M}" not in page, path


def test_today_costs_the_same_with_one_row_and_with_three(
    play: Play, dana: Person, ana: Person, homework: Homework
):
    browser = ana.browser()
    play.homework(ana, play.assign(dana, ana, E04))
    browser.get("/today/")

    def own_queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get("/today/")
        frame = ("set_config", "SAVEPOINT", "django_session", "practice_user", "usersessions")
        return sum(1 for q in captured if not any(word in q["sql"] for word in frame))

    few = own_queries()
    play.assign(dana, ana, E10)
    play.assign(dana, ana)
    assert own_queries() == few <= 12


def test_the_start_says_what_comes(homework: Homework, ana: Person):
    page = text_of(ana.browser().get(url(homework)))
    for words in (
        "Look at one recent quarrel",
        "about 15 minutes",
        "Only you and Dana",
        "You will think back to a quarrel",
        "Take your time with this one.",
        "Begin",
    ):
        assert words in page
    assert "Do not assign" not in page  # cautions are the therapist's


def test_who_can_read_it_is_said_exactly_and_before_the_first_word(
    play: Play,
    homework: Homework,
    dana: Person,
    ana: Person,
    ruth: Person,
    sana: Person,
    cleared: Any,
):
    browser = ana.browser()
    for rest in ("", "step/1/", "check/"):
        assert "Only you, Dana and Dana’s supervisor" in text_of(browser.get(url(homework, rest)))
    step = text_of(browser.get(url(homework, f"step/{step_with(browser, homework, 'topic')}/")))
    assert step.index("Only you, Dana") < step.index('name="topic"')
    assert "unless you agree to it later" in step
    both = play.homework(ana, play.assign(dana, cleared, E11))
    nothing = "Your partner sees nothing of it"
    assert nothing in text_of(browser.get(url(both, "check/")))
    assert nothing not in text_of(browser.get(url(homework, "check/")))
    # Who supervises no more reads no more, and the page says so.
    with play.at(ruth):
        people.deactivate(by=ruth.actor, at=now(), member=sana.member)
    assert "Only you and Dana<" in text_of(browser.get(url(homework)))


def test_what_a_second_therapist_reads_is_not_said_to_be_dana_s_alone(
    homework: Homework, ana: Person, omar: Person, sana: Person
):
    """A topic, and that one is afraid: for all who care for Ana, and for no supervisor of theirs."""
    with scope(practice=ana.practice.pk):
        Caseload.objects.create(
            practice=ana.practice, member=omar.member, client=ana.client, from_at=now()
        )
    browser = ana.browser()
    assert "Only you, Dana and Omar<" in text_of(browser.get("/you/topics"))
    number = step_with(browser, homework, "afraid")
    browser.post(url(homework, f"step/{number}/"), {"afraid": "yes"})
    page = text_of(browser.get(url(homework, "ended/")))
    assert "Only you, Dana and Omar can see that you said this" in page


def test_a_moment_asks_and_insists_on_nothing(play: Play, dana: Person, ana: Person):
    row = play.homework(ana, play.assign(dana, ana, E04))
    browser = ana.browser()
    entry = browser.post(url(row, "entries/add/"), {"log": "moments"})["Location"]
    assert browser.post(entry, {"for": "body"})["Location"] == url(row, "entries/")
    assert "to calm my body" in text_of(browser.get(url(row, "entries/")))


def test_a_log_that_belongs_to_a_release_waits_for_one(
    play: Play, dana: Person, ana: Person, cleared: Any
):
    row = play.homework(ana, play.assign(dana, cleared, E11))
    browser = ana.browser()
    assert "What reaches me" not in text_of(browser.get("/log/"))
    assert browser.get(url(row, "entries/"))["Location"] == url(row)
    assert browser.post(url(row, "entries/add/"), {"log": "weeks"}).status_code == 404


def test_nobody_else_finds_it(
    homework: Homework, ben: Person, dana: Person, zack: Person, zoe: Person
):
    for person in (ben, zack):
        for rest in ("", "step/1/", "check/", "sent/", "feedback/", "copy/", "entries/"):
            assert person.browser().get(url(homework, rest)).status_code == 404
        assert save(person.browser(), homework, {"topic": ["mine"]}).status_code == 404
    for person in (dana, zoe):
        assert person.browser().get(url(homework, "step/1/")).status_code == 403


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
    assert "Twenty minutes" not in text_of(browser.get(url(homework, "check/")))
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
    assert "Words in an old tab" in text_of(response)
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


def test_a_row_can_be_added_without_script(homework: Homework, ana: Person):
    browser = ana.browser()
    number = step_with(browser, homework, "others")
    response = browser.post(
        url(homework, f"step/{number}/"),
        {"others.0": "tired", "others.1": "late", "add_row": "others"},
    )
    page = text_of(response)
    assert response.status_code == 200
    assert 'name="others.2"' in page
    assert 'value="tired"' in page


def test_what_a_yes_to_fear_does_is_said_before_it_is_answered(
    play: Play, homework: Homework, ana: Person, dana: Person
):
    browser = ana.browser()
    path = url(homework, f"step/{step_with(browser, homework, 'afraid')}/")
    page = text_of(browser.get(path))
    assert "If you say yes, the exercise stops here and Dana is told straight away." in page
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
    alone, anywhere = "I’d rather tell Dana alone", "I’d rather say it in session"
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


def test_a_yes_to_fear_ends_it_kindly(play: Play, homework: Homework, ana: Person, dana: Person):
    browser = ana.browser()
    number = step_with(browser, homework, "afraid")
    response = browser.post(url(homework, f"step/{number}/"), {"afraid": "yes"})
    assert response["Location"] == url(homework, "ended/")
    page = text_of(browser.get(url(homework, "ended/")))
    assert 'href="tel:112"' in page
    assert "around the clock" in page
    assert play.fresh(homework).status == "skipped"
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


# --- drafts ---------------------------------------------------------------------------------------
def test_a_draft_is_kept_while_writing(homework: Homework, ana: Person):
    browser = ana.browser()
    first = save(browser, homework, {"topic": ["who would"]})
    assert first.status_code == 200, first.content
    assert first.json()["revision"] == 1
    assert first.json()["saved_at_text"].startswith("Saved ")
    second = save(browser, homework, {"topic": ["who would drive"]}, revision=1)
    assert second.json()["revision"] == 2
    # The same again changes nothing.
    assert (
        save(browser, homework, {"topic": ["who would drive"]}, revision=2).json()["revision"] == 2
    )
    number = step_with(browser, homework, "topic")
    assert "who would drive" in text_of(browser.get(url(homework, f"step/{number}/")))


def test_another_device_gets_both_texts(play: Play, homework: Homework, ana: Person):
    browser = ana.browser()
    save(browser, homework, {"topic": ["from the phone"]})
    clash = save(browser, homework, {"topic": ["from the laptop"]}, device="laptop")
    assert clash.status_code == 412
    assert clash.json()["theirs"] == {"topic": ["from the phone"]}
    assert clash.json()["mine"] == {"topic": ["from the laptop"]}
    kept = save(
        browser, homework, {"topic": ["both"]}, device="laptop", revision=clash.json()["revision"]
    )
    assert kept.status_code == 200


def test_without_script_the_choice_is_a_page(play: Play, homework: Homework, ana: Person):
    browser = ana.browser()
    number = step_with(browser, homework, "topic")
    save(browser, homework, {"topic": ["from the phone"]})
    response = browser.post(
        url(homework, f"step/{number}/"), {"topic": "from the laptop", "revision": "0"}
    )
    page = text_of(response)
    assert response.status_code == 409
    assert "from the phone" in page
    assert "from the laptop" in page
    response = browser.post(
        url(homework, f"step/{number}/"), {"topic": "from the laptop", "keep": "both"}
    )
    assert response.status_code == 302
    page = text_of(browser.get(url(homework, f"step/{number}/")))
    assert "from the laptop / from the phone" in page


@pytest.mark.parametrize(
    "body", ["", "nonsense", "[]", '{"fields": 3}', '{"fields": {"topic": "x"}}', "[" * 5000]
)
def test_a_malformed_draft_is_refused_calmly(homework: Homework, ana: Person, body: str):
    response = ana.browser().post(url(homework, "draft"), body, content_type="application/json")
    assert response.status_code == 400


def test_a_huge_draft_is_refused(homework: Homework, ana: Person):
    assert save(ana.browser(), homework, {"topic": ["x" * 300_000]}).status_code == 413


def test_an_unreadable_field_keeps_the_others(play: Play, homework: Homework, ana: Person):
    response = save(ana.browser(), homework, {"topic": ["fine"], "need": ["nonsense"]})
    assert response.status_code == 422
    assert set(answers(homework)) == {"topic"}


def test_unknown_items_are_not_written(play: Play, homework: Homework, ana: Person):
    assert save(ana.browser(), homework, {"nothing": ["x"], "_from": ["y"]}).status_code == 200
    assert answers(homework) == {}


# --- sending --------------------------------------------------------------------------------------
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


# --- logs -----------------------------------------------------------------------------------------
def test_a_moment_is_noted_changed_and_removed(play: Play, dana: Person, ana: Person):
    row = play.homework(ana, play.assign(dana, ana, E04))
    browser = ana.browser()
    assert browser.get("/log/")["Location"] == url(row, "entries/")
    response = browser.post(url(row, "entries/add/"), {"log": "moments"})
    entry = response["Location"]
    page = text_of(browser.get(entry))
    assert "Change this moment" not in page
    assert 'name="when.day"' in page
    assert 'name="relief_hour"' not in page  # asked an hour later, not now
    said = {
        "when.day": "2",
        "when.month": "11",
        "when.year": "2026",
        "when.time": "08:10",
        "trigger": "no-reply",
        "form": "let-pass",
        "for": "body",
    }
    assert browser.post(entry, {"when.day": "2"}).status_code == 422
    assert browser.post(entry, said)["Location"] == url(row, "entries/")
    page = text_of(browser.get(url(row, "entries/")))
    assert "No reply" in page
    assert "08:10" in page
    assert "Nobody but you until you send it; then only you and Dana." in page
    assert "Change this moment" in text_of(browser.get(entry))
    draft = json.dumps({"revision": 0, "device": "", "fields": {"note": ["it passed"]}})
    assert browser.post(f"{entry}draft", draft, content_type="application/json").status_code == 200
    assert "it passed" in text_of(browser.get(entry))
    assert browser.get(f"{entry}remove/").status_code == 200
    browser.post(f"{entry}remove/")
    with play.at(ana):
        assert not Entry.objects.exists()


def test_what_is_brought_to_the_session_is_named_by_its_day(
    play: Play, homework: Homework, ana: Person, dana: Person
):
    browser = ana.browser()
    for page in ("/today/", url(homework)):
        assert "Bring it to session instead" in text_of(browser.get(page))
    at = now() + timedelta(days=2)
    with scope(practice=ana.practice.pk):
        Client.objects.filter(pk=ana.client.pk).update(next_session_at=at)
    day = wording.soon(at, now(), ana.actor.zone)
    for page in ("/today/", url(homework)):
        assert f"Bring it to {day} instead" in text_of(browser.get(page))


def test_a_log_says_what_a_moment_takes(play: Play, dana: Person, ana: Person):
    log = play.homework(ana, play.assign(dana, ana, E04))
    browser = ana.browser()
    assert "about 2 minutes a moment" in text_of(browser.get("/today/"))
    play.homework(ana, play.assign(dana, ana))
    assert "bout 2 minutes a moment" in text_of(browser.get("/today/"))
    assert "about 2 minutes a moment" in text_of(browser.get(url(log)))


def test_a_log_is_closed_with_a_look_back(play: Play, dana: Person, ana: Person):
    row = play.homework(ana, play.assign(dana, ana, E04))
    browser = ana.browser()
    browser.post(url(row, "entries/add/"))
    number = step_with(browser, row, "saw")
    browser.post(url(row, f"step/{number}/"), {"saw": "mostly in the evening"})
    browser.post(url(row, f"step/{number + 1}/"), {"skip": "1"})
    assert browser.post(url(row, "submit/"))["Location"] == url(row, "sent/")
    assert play.fresh(row).status == "submitted"


def test_growth_shows_what_was_done(play: Play, homework: Homework, ana: Person, dana: Person):
    play.submit(ana, homework, topic="the dishes", close_before=3, close_after=6)
    page = text_of(ana.browser().get("/growth/"))
    assert "Under the argument" in page
    assert "Your own account" in page


def test_who_is_new_sees_no_empty_weeks(homework: Homework, ana: Person):
    assert "Over the weeks" not in text_of(ana.browser().get("/growth/"))


def test_one_reads_what_was_read_once_a_day_and_thing(
    play: Play, homework: Homework, ana: Person, dana: Person
):
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get("/you/readers").status_code == 200
        return len(captured)

    browser = ana.browser()
    browser.get("/today/")  # the first visit notes the session
    play.submit(ana, homework, close_before=3)
    dana.browser().get(f"/review/{homework.pk}/")
    one = count()
    another = play.homework(ana, play.assign(dana, ana, E04))
    play.submit(ana, another)
    for pk in (homework.pk, homework.pk, another.pk):
        dana.browser().get(f"/review/{pk}/")
    dana.browser().get(f"/clients/{ana.client.pk}/")
    page = text_of(browser.get("/you/readers"))
    assert re.findall(r"<b>([^<]+)</b>", page.partition("<main")[2]) == [
        "Your numbers over some weeks",
        "Reassurance log",
        "Under the argument",
    ]
    assert page.count("Dana Whitlock, ") == 3
    assert count() == one


def test_who_reads_over_the_therapist_s_shoulder_is_called_supervisor(
    play: Play, homework: Homework, ana: Person, dana: Person, sana: Person
):
    play.submit(ana, homework, topic="the dishes")
    for reader in (dana, sana):
        assert reader.browser().get(f"/review/{homework.pk}/").status_code == 200
    page = text_of(ana.browser().get("/you/readers"))
    assert "Sana Iqbal (supervisor), " in page
    assert "Dana Whitlock, " in page


@pytest.mark.parametrize(
    ("path", "way"),
    [
        ("/today/", "today"),
        ("/breath/", None),
        ("/you/topics", "today"),
        ("/you/topics?from=you", "you"),
        ("/you/readers", "you"),
        ("/you/consent", "you"),
        ("/you/reminders", "you"),
        ("/account/email/", "you"),
        ("/account/2fa/", "you"),
        ("{}entries/", "log"),
    ],
)
def test_the_menu_says_where_one_is(play: Play, dana: Person, ana: Person, path: str, way: Any):
    log = play.homework(ana, play.assign(dana, ana, E04))
    page = text_of(ana.browser().get(path.format(url(log))))
    marked = re.findall(r'<a href="/(\w+)/" aria-current="(\w+)"', page)
    assert [name for name, _how in marked] == ([way] if way else [])
    assert all((how == "page") == (path == f"/{name}/") for name, how in marked)


def test_from_the_topics_one_goes_back_to_where_one_came_from(ana: Person):
    browser = ana.browser()

    def up(path: str) -> str:
        return re.findall(
            r'<p><a class="btn quiet small" href="([^"]+)"', text_of(browser.get(path))
        )[0]

    assert [up("/you/topics"), up("/you/topics?from=you")] == ["/today/", "/you/"]
    response = browser.post("/you/topics?from=you", {"text": "the phone"})
    assert up(response["Location"]) == "/you/"
    drop = re.findall(r'action="(/you/topics/[^"]+)"', text_of(browser.get(response["Location"])))
    assert up(browser.post(drop[0])["Location"]) == "/you/"


# --- the partner ----------------------------------------------------------------------------------
def test_the_partner_changes_nothing(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Any
):
    assignment = play.assign(dana, cleared, E11)
    hers, his = play.homework(ana, assignment), play.homework(ben, assignment)
    browser = ben.browser()
    pages = ("/today/", "/growth/", url(his), url(his, "step/2/"), url(his, "check/"))

    def seen() -> list[str]:
        token = re.compile(r'(csrfmiddlewaretoken" value|csrf-token" content)="[^"]+"')
        return [token.sub("", text_of(browser.get(page))) for page in pages]

    before = seen()
    play.submit(ana, hers, words=[{"line": "we're okay", "reaches": 9}])
    assert seen() == before
    assert play.fresh(hers).status == "submitted"
    play.review(dana, hers, words="Thank you.")
    assert seen() == before


@pytest.mark.parametrize(
    ("days", "said"), [(-1, ""), (0, "today, if you want it"), (4, "by Tuesday"), (9, "by Sunday")]
)
def test_the_day_something_is_due_is_part_of_the_time_for_it(days: int, said: str):
    friday = datetime(2026, 11, 27, 12, tzinfo=ZoneInfo(ZONE))
    due = friday.replace(hour=21) + timedelta(days=days)
    words = wording.due(due, friday, ZONE)
    assert words.startswith(said)
    assert bool(words) == bool(said)
