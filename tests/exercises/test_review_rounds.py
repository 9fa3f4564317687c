"""What a therapist finds on the page of a round: in which order, what is new, and what went where."""

import re

import pytest

from exercises.models import Homework
from tests.api.ground import Program
from tests.cast import Person, Play
from tests.exercises.ground import page, text_of

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


# --- once care has ended ---
@pytest.fixture
def ended(dana: Person, sent: Homework) -> Homework:
    assert dana.browser().post(f"/clients/{sent.client_id}/discharge").status_code == 302
    return sent


def test_once_care_has_ended_the_page_says_who_will_not_see_the_reply(
    dana: Person, ended: Homework
):
    assert f"/review/{ended.pk}/" in page(dana, "/review/")
    shown = page(dana, f"/review/{ended.pk}/")
    assert "Ana sees it only if you take their care up again" in shown
    for untrue in (
        "sees only that you have read it",
        "Return for deepening",
        "Open this one again",
    ):
        assert untrue not in shown
    browser = dana.browser()
    sent_on = browser.post(f"/review/{ended.pk}/", {"decision": "reviewed", "letter": "Read."})
    assert sent_on.status_code == 302
    for path in ("/review/", f"/review/{ended.pk}/"):
        shown = page(dana, path)
        assert "Kept in the record." in shown
        assert "Sent to Ana" not in shown
        assert "then the client sees it" not in shown


def test_once_care_has_ended_no_answer_opens_again_by_any_door(dana: Person, ended: Homework):
    said = {"decision": "returned", "reopen": "under", "letter": "A letter in the making."}
    refused = dana.browser().post(f"/review/{ended.pk}/", said)
    assert refused.status_code == 409
    assert "Their care has ended: no answer can be opened again." in text_of(refused)
    assert "A letter in the making." in text_of(refused)
    program = Program(dana)
    assert "return" not in program.get(f"homework/{ended.pk}").json()["can"]
    answer = program.post(
        f"homework/{ended.pk}/review/send",
        {"words": "", "decision": "returned", "returned": ["under"]},
    )
    assert answer.status_code == 409
    assert "review" in program.get(f"homework/{ended.pk}").json()["can"]
    assert dana.browser().post(f"/clients/{ended.client_id}/reactivate").status_code == 302
    assert "Return for deepening" in page(dana, f"/review/{ended.pk}/")
