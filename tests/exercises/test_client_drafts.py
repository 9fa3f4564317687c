"""What is kept while a client writes, on one device or two; what is no draft is refused."""

import re

import pytest

from exercises.models import Answer, Homework
from tests.cast import Person, Play
from tests.exercises.ground import E04, E10, answers, save, step_with, text_of, url

pytestmark = pytest.mark.django_db(transaction=True)


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


def test_both_are_offered_only_where_both_can_be_kept(play: Play, homework: Homework, ana: Person):
    """Of two of a choice one would go without a word, and so would the end of two long texts."""
    browser = ana.browser()
    cases = [
        ("close_before", {"close_before": ["2"]}, {"close_before": "8"}, False),
        ("line", {"line": ["topic"]}, {"line": "need"}, False),
        ("topic", {"topic": ["a" * 200]}, {"topic": "b" * 200}, False),
        ("surface", {"surface": ["done"]}, {"surface": "not-told"}, True),
        ("others", {"others.0": ["Late"]}, {"others.0": "Tired"}, True),
    ]
    for key, there, here, is_offered in cases:
        step = url(homework, f"step/{step_with(browser, homework, key)}/")
        assert save(browser, homework, there).status_code == 200
        response = browser.post(step, here | {"revision": "0"})
        assert response.status_code == 409, key
        assert ('value="both"' in text_of(response)) is is_offered, key
        assert 'value="theirs"' in text_of(response)


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


@pytest.mark.parametrize(("way", "where"), [("pause", "/today/"), ("back", "before")])
def test_who_leaves_a_step_without_script_keeps_what_stands_there(
    homework: Homework, ana: Person, way: str, where: str
):
    browser = ana.browser()
    number = step_with(browser, homework, "others")
    step, before = url(homework, f"step/{number}/"), url(homework, f"step/{number - 1}/")
    page = text_of(browser.get(step))
    assert page.count('form="answers"') == 2  # Enter goes on; Back takes along what stands there
    assert page.index('class="vh" form="answers"') < page.index('value="back"')
    half = {"others.0": "Late again", "revision": "0", "leave": way}
    response = browser.post(step, half)
    assert response["Location"] == (before if where == "before" else where)
    assert "Late again" in text_of(browser.get(step))


def test_leaving_a_step_asks_for_nothing_and_tells_nobody(
    play: Play, homework: Homework, ana: Person
):
    """Silence is no problem, nothing is begun by looking, and a yes that was only ticked is a draft."""
    browser = ana.browser()
    topic = url(homework, f"step/{step_with(browser, homework, 'topic')}/")
    assert browser.post(topic, {"topic": "", "leave": "pause"})["Location"] == "/today/"
    assert play.fresh(homework).status == "open"
    afraid = url(homework, f"step/{step_with(browser, homework, 'afraid')}/")
    assert browser.post(afraid, {"afraid": "yes", "leave": "pause"})["Location"] == "/today/"
    assert play.fresh(homework).status == "in_progress"
    assert answers(homework)["afraid"].outcome == "answered"
    # What cannot be kept stays on the page, and is said.
    refused = browser.post(topic, {"topic": "x" * 300, "leave": "back"})
    assert refused.status_code == 422
    assert "x" * 300 in text_of(refused)


def test_looking_at_a_step_and_leaving_changes_nothing(
    play: Play, homework: Homework, dana: Person, ana: Person
):
    browser = ana.browser()
    step = url(homework, f"step/{step_with(browser, homework, 'topic')}/")
    browser.post(step, {"topic": "Words", "skip": "1"})
    browser.post(step, {"topic": "Words", "revision": "1", "leave": "back"})
    assert answers(homework)["topic"].outcome == "skipped"
    browser.post(step, {"topic": "Words after all", "revision": "1", "leave": "back"})
    assert answers(homework)["topic"].outcome == "answered"

    row = play.homework(ana, play.assign(dana, ana, E10))
    play.say(ana, row, feel="alone", do="called me", time="today at six", free="no")
    offered = "I feel alone. I’d appreciate it if you called me, today at six. It’s fine to say no."
    step = url(row, f"step/{step_with(browser, row, 'ask')}/")
    browser.post(step, {"ask": offered, "revision": "0", "leave": "pause"})
    assert "ask" not in answers(row)


def test_who_leaves_after_another_device_wrote_chooses_first_and_is_led_on(
    homework: Homework, ana: Person
):
    browser = ana.browser()
    number = step_with(browser, homework, "topic")
    save(browser, homework, {"topic": ["from the phone"]})
    form = {"topic": "from the laptop", "revision": "0", "leave": "pause"}
    response = browser.post(url(homework, f"step/{number}/"), form)
    assert response.status_code == 409
    assert 'name="leave" value="pause"' in text_of(response)
    chosen = browser.post(url(homework, f"step/{number}/"), form | {"keep": "mine"})
    assert chosen["Location"] == "/today/"
    assert "from the laptop" in text_of(browser.get(url(homework, f"step/{number}/")))


def test_who_leaves_a_moment_without_script_keeps_what_stands_there(
    play: Play, dana: Person, ana: Person
):
    log = play.homework(ana, play.assign(dana, ana, E04))
    browser = ana.browser()
    moment = browser.post(url(log, "entries/add/"))["Location"].split("?")[0]
    when = dict(
        re.findall(r'name="(when\.\w+)"[^>]*? value="([^"]+)"', text_of(browser.get(moment)))
    )
    assert len(when) == 4
    assert browser.post(moment, when | {"leave": "back"})["Location"] == url(log, "entries/")
    with play.at(ana):
        assert not Answer.objects.exists()
    browser.post(moment, when | {"trigger": "quarrel", "leave": "back"})
    assert "After a quarrel" in text_of(browser.get(url(log, "entries/")))
