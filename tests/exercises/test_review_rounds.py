"""What a therapist finds on the page of a round: in which order, what is new, and what went where."""

import re

import pytest

from exercises.models import Homework
from tests.cast import Person, Play
from tests.exercises.ground import page

ASKED = ("topic", "under", "need")


def questions(sent: Homework, *keys: str) -> list[str]:
    items = sent.version.definition.items
    return [item.text.get("en") for item in items if item.key in keys]


@pytest.mark.parametrize("order", [("need", "topic", "under"), ("under", "topic", "need")])
def test_comments_and_what_opens_again_stand_in_the_order_of_the_exercise(
    play: Play, dana: Person, sent: Homework, order: tuple[str, ...]
):
    play.review(dana, sent, comments={key: f"On {key}." for key in order}, returned=order)
    shown = page(dana, f"/review/{sent.pk}/")
    assert re.findall(r"<p>On (\w+)\.</p>", shown) == list(ASKED)
    (again,) = re.findall(r"Opened again: (.*?)</p>", shown)
    assert again.split(" · ") == questions(sent, *ASKED)


def test_a_second_round_leads_to_what_is_new(play: Play, dana: Person, ana: Person, sent: Homework):
    path = f"/review/{sent.pk}/"
    assert "New since the round before" not in page(dana, path)
    play.review(dana, sent, returned=("under",))
    assert "New since the round before" not in page(dana, path)
    play.submit(ana, sent, under="That nobody had asked me")
    shown = page(dana, path)
    (new,) = re.findall(r"New since the round before: (.*?)</span>", shown)
    assert re.findall(r'<a href="#(q-\w+)">([^<]+)</a>', new) == [
        ("q-under", *questions(sent, "under"))
    ]
    assert shown.index("New since the round before") < shown.index('id="q-topic"')
    assert 'id="q-under"' in shown


def test_what_happens_without_words_is_said_only_where_nothing_opens_again(
    dana: Person, sent: Homework
):
    shown = page(dana, f"/review/{sent.pk}/")
    assert re.search(
        r'class="unless-returned">If you write nothing, Ana sees only that you have read it.</span>',
        shown,
    )


def test_what_was_sent_has_one_name_for_taking_it_back(play: Play, dana: Person, sent: Homework):
    assert "You can undo the sending for two minutes." in page(dana, f"/review/{sent.pk}/")
    play.review(dana, sent, settle=False)
    for path in ("/review/", f"/review/{sent.pk}/?sent=1"):
        shown = page(dana, path)
        assert re.search(r'<button class="linkish">Take it back</button>', shown)
        assert "Undo" not in shown
