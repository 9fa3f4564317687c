"""A client fills in a list: rows, what is wrong with one of them, one more."""

import re

import pytest

from clients.models import Couple
from exercises.models import Homework
from tests.cast import Person, Play
from tests.exercises.ground import E11, save, step_with, text_of, url

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_a_list_it_is_said_which_line_is_too_long(
    play: Play, homework: Homework, dana: Person, ana: Person, cleared: Couple
):
    browser = ana.browser()
    over, lines = "x" * 300, play.homework(ana, play.assign(dana, cleared, E11))
    # Rows that were left empty have their number on the page, too.
    for row, first, field, said in (
        (homework, "others.0", "others.2", {"others.0": "the train", "others.1": ""}),
        (lines, "words.0.line", "words.2.line", {"words.0.line": "x", "words.1.line": ""}),
    ):
        said[field] = over
        step = url(row, f"step/{step_with(browser, row, first)}/")
        response = browser.post(step, said)
        assert response.status_code == 422
        page = text_of(response)
        told = re.findall(r'<li><a href="#([^"]+)">([^<]+)</a>', page)
        assert [(to, text[:18]) for to, text in told] == [(f"q-{field}", "Number 3: That is ")]
        wrong = re.findall(r"<(?:input|textarea)[^>]*aria-invalid[^>]*>", page)
        assert [re.findall(r' name="([^"]+)"', one) for one in wrong] == [[field]]
        assert f' id="q-{field}"' in wrong[0]
        kept = save(browser, row, {name: [one] for name, one in said.items()})
        assert field in kept.json()["errors"]


def test_of_a_list_it_is_said_which_row_is_half_empty(
    play: Play, dana: Person, ana: Person, cleared: Couple
):
    browser, lines = ana.browser(), play.homework(ana, play.assign(dana, cleared, E11))
    step = url(lines, f"step/{step_with(browser, lines, 'words.0.line')}/")
    # The second is of blanks alone, and nobody's.
    said = {"words.0.line": "x", "words.1.line": " ", "words.2.line": "", "words.2.reaches": "4"}
    response = browser.post(step, said)
    page = text_of(response)
    assert response.status_code == 422
    told = re.findall(r'<li><a href="#([^"]+)">([^<]+)</a>', page)
    assert [(to, text[:35]) for to, text in told] == [
        ("q-words.2.line", "Number 3: This row is half empty. W")
    ]
    wrong = re.findall(r"<(?:input|textarea)[^>]*aria-invalid[^>]*>", page)
    assert [re.findall(r' name="([^"]+)"', one) for one in wrong] == [["words.2.line"]]


def test_a_list_with_a_problem_marks_its_fields(homework: Homework, ana: Person):
    browser = ana.browser()
    number = step_with(browser, homework, "others.0")
    page = text_of(browser.post(url(homework, f"step/{number}/"), {"others.0": " "}))
    assert re.search(r'name="others.0" value=" " [^>]*aria-invalid="true"', page)


def test_one_reason_is_enough_where_two_or_three_are_asked_for(homework: Homework, ana: Person):
    browser = ana.browser()
    step = url(homework, f"step/{step_with(browser, homework, 'others')}/")
    assert "Two or three, however small." in text_of(browser.get(step))
    assert browser.post(step, {"others.0": "the train"}).status_code == 302


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
