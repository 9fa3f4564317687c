"""What staff typed into a page left open comes back to them, wherever sending it ends."""

import logging
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.test import Client as Browser
from django.utils.timezone import now

from clients.actions import caring
from exercises.models import Homework
from practice.doors.failures import WORDS
from practice.forms.policies import CRISIS
from tests.cast import Person, Play
from tests.exercises.ground import save, text_of, url

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
# Where a browser says that a form comes from.
OURS = {"origin": "http://testserver"}
LETTER, COMMENT = "You caught the second it turned.", "Which bags?\nAnd whose?"
SECRETS = {
    "csrfmiddlewaretoken": "a-form-token",
    "once": "a-word-of-the-page",
    "password": "correct horse battery",
    "code": "123 456",
    "token": "hw_a_key",
    "exercise": "8d2bd6a2-6f54-4ac3-a3f6-6ad0c2b9e1a5",
    "next": "/somewhere/else",
}


def handed_over(play: Play, dana: Person, omar: Person, ana: Person) -> None:
    with play.at(dana):
        caring.hand_over(by=dana.actor, at=now(), clients=[ana.client], to=omar.member)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/review/{homework}/", {"letter": LETTER, "comment.topic": COMMENT, "round": "1"}),
        ("/review/{homework}/draft", {"letter": LETTER, "comment.topic": COMMENT}),
        ("/clients/{client}/notes", {"text": LETTER}),
        ("/assign/?client={client}", {"note": LETTER, "when": "week"}),
    ],
)
def test_words_sent_after_a_hand_over_are_given_back(
    play: Play,
    dana: Person,
    omar: Person,
    ana: Person,
    sent: Homework,
    caplog: pytest.LogCaptureFixture,
    path: str,
    said: dict[str, str],
):
    handed_over(play, dana, omar, ana)
    address = path.format(homework=sent.pk, client=ana.client.pk)
    with caplog.at_level(logging.DEBUG):
        response = dana.browser().post(address, said | SECRETS, headers=OURS)
    shown = text_of(response)
    assert response.status_code == 404
    assert response["Cache-Control"] == "no-store, private"
    # A draft of it may be kept, but not where one comes any more: no word says "lost", nor "nowhere".
    assert "What you typed stands below." in shown
    assert "Nothing of yours is lost." not in shown
    assert "kept nowhere" not in shown
    given_back = shown[shown.index("What you typed just now") : shown.index("</main>")]
    assert LETTER in given_back
    assert ("Which bags?<br>And whose?" in given_back) == ("comment.topic" in said)
    assert not [word for word in SECRETS.values() if word in given_back]
    # To whom the client went is not theirs to know any more.
    assert "Omar" not in shown
    assert "Ana" not in shown
    assert LETTER not in " ".join(f"{one.getMessage()} {one.__dict__}" for one in caplog.records)


def test_so_are_words_that_are_not_ones_own_to_send_any_more(dana: Person):
    said = {"crisis_en": LETTER, "name": "Elm House"}
    response = dana.browser().post("/practice/settings", said, headers=OURS)
    assert response.status_code == 403
    assert LETTER in text_of(response)
    assert "Elm House" not in text_of(response)


def test_who_only_looks_or_wrote_nothing_is_given_nothing(dana: Person):
    for response in (
        dana.browser().get("/nowhere/?text=words", headers=OURS),
        dana.browser().post("/practice/settings", {"crisis_en": " "} | SECRETS, headers=OURS),
    ):
        assert "What you typed just now" not in text_of(response)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},
        {"origin": "https://evil.example"},
        {"referer": "https://evil.example/"},
        {"referer": "/nowhere"},
        {"origin": "https://evil.example", "referer": "http://testserver/"},
    ],
)
def test_words_that_another_site_sends_are_not_shown_as_one_s_own(
    dana: Person, headers: dict[str, str]
):
    """An address that is not there asks for no token."""
    response = dana.browser().post("/nowhere", {"text": LETTER}, headers=headers)
    assert response.status_code == 404
    assert LETTER not in text_of(response)
    ours = {"referer": "http://testserver/clients/"}
    assert LETTER in text_of(dana.browser().post("/nowhere", {"text": LETTER}, headers=ours))


def test_a_program_that_asks_is_given_nothing_but_the_problem(dana: Person):
    response = dana.browser().post("/api/v1/nowhere", {"text": LETTER}, headers=OURS)
    assert response.status_code == 404
    assert LETTER not in text_of(response)


# --- a client whose care ended while they wrote ---------------------------------------------------
@pytest.mark.parametrize("page", ["step/1/", "entries/8d2bd6a2-6f54-4ac3-a3f6-6ad0c2b9e1a5/"])
def test_a_clients_own_words_are_given_back_when_their_care_has_ended(
    play: Play, dana: Person, ana: Person, page: str
):
    homework, browser = play.homework(ana, play.assign(dana, ana)), ana.browser()
    with play.at(dana):
        caring.discharge(by=dana.actor, at=now(), client=ana.client)
    carried = {"csrfmiddlewaretoken": "a-form-token", "device": "phone.1", "add_row": "points"}
    closed = browser.post(url(homework, page), {"topic": LETTER} | carried, headers=OURS)
    shown = text_of(closed)
    assert closed.status_code == 403
    assert "This was closed meanwhile" in shown
    given_back = shown[shown.index("What you typed just now") : shown.index("</main>")]
    assert LETTER in given_back
    assert not [one for one in carried.values() if one in given_back]
    # Where nothing is written nothing comes back; the page's own saving is told apart from signed out.
    deed = browser.post(url(homework, "set-aside/"), {"how": LETTER}, headers=OURS)
    assert "What you typed" not in text_of(deed)
    assert save(browser, homework, {"topic": [LETTER]}).status_code == 403
    strict = Browser(enforce_csrf_checks=True)
    strict.force_login(dana.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert save(strict, homework, {"topic": [LETTER]}).status_code == 401


# --- no box is forgotten ------------------------------------------------------------------------
def all_forms(of: Any = forms.BaseForm) -> Iterator[Any]:
    return chain.from_iterable([one, *all_forms(one)] for one in of.__subclasses__())


def test_every_box_for_words_on_a_page_of_ours_is_one_whose_words_come_back():
    names = {
        name
        for form in all_forms()
        if form.__module__.split(".")[0] in {"practice", "clients", "exercises"}
        for name, field in getattr(form, "base_fields", {}).items()  # a part of a form has none
        if isinstance(field.widget, forms.Textarea)
    }
    written = re.compile(r'<textarea[^>]* name="([^"]+)"')
    for page in TEMPLATES.glob("exercises/therapist/*.html"):
        names |= set(written.findall(page.read_text()))
    assert {"text", "letter", "note", "comment.{{ block.key }}"} <= names
    assert [name for name in {*names, *CRISIS} if not name.startswith(WORDS)] == []
