"""What is kept while a client writes, on one device or two; what is no draft is refused."""

import pytest

from exercises.models import Homework
from tests.cast import Person, Play
from tests.exercises.ground import answers, save, step_with, text_of, url

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
