"""The demo's doors: being somebody in one click, and reading what the mail server received."""

import re
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.test import Client as Browser

from practice.models import User
from tests.cast import Person
from tests.practice.ground import text_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _demo(settings: Any, tmp_path: Path) -> None:
    settings.DEMO = True
    settings.MAIL_DIR = str(tmp_path)


def test_one_click_makes_one_somebody_of_the_demo_and_nobody_else(ana: Person, dana: Person):
    User.objects.filter(pk=ana.user.pk).update(is_demo=True)
    browser = Browser()
    page = text_of(browser.get("/demo/"))
    assert "ana@mail.example" in page
    assert "dana@hillside.example" not in page
    response = browser.post("/demo/sign-in", {"email": "ana@mail.example"}, follow=True)
    assert response.redirect_chain[-1][0] == "/today/"
    assert browser.post("/demo/sign-in", {"email": "dana@hillside.example"}).status_code == 404
    assert (
        Browser(enforce_csrf_checks=True)
        .post("/demo/sign-in", {"email": "ana@mail.example"})
        .status_code
        == 403
    )


def test_who_changed_their_address_can_still_be_chosen(ana: Person, dana: Person):
    User.objects.filter(pk__in=[ana.user.pk, dana.user.pk]).update(is_demo=True)
    User.objects.filter(pk=ana.user.pk).update(email="ana.quintero@mail.example")
    page = text_of(Browser().get("/demo/"))
    assert "Has another address by now: ana.quintero@mail.example" in page
    assert page.index('value="dana@') < page.index('value="ana.quintero@')
    said = {"email": "ana.quintero@mail.example"}
    response = Browser().post("/demo/sign-in", said, follow=True)
    assert response.redirect_chain[-1][0] == "/today/"


def test_mails_are_shown_newest_first_and_harm_nobody(tmp_path: Path):
    for n, subject in enumerate(("First", "<script>alert(1)</script>")):
        message = EmailMessage()
        message["Subject"], message["To"] = subject, "ana@mail.example"
        message.set_content("Open it: http://testserver/today/ <b>now</b>")
        path = tmp_path / f"{n}.eml"
        path.write_bytes(message.as_bytes())
        import os

        os.utime(path, (n, n))
    page = text_of(Browser().get("/demo/mail"))
    assert page.index("&lt;script&gt;") < page.index("First")
    assert "<script>alert" not in page
    assert "<b>now" not in page
    assert 'href="http://testserver/today/"' in page


def test_every_part_is_on_one_page():
    assert Browser().get("/kit").status_code == 200


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_mail_goes_on_with_a_sentence_after_its_greeting(settings: Any, language: str):
    browser = Browser()
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    begun = re.findall(
        r"(?:Hello,|Hola:)(?:</p>\s*<p>|\s+)(\S)", text_of(browser.get("/kit")), re.MULTILINE
    )
    assert len(begun) > 12
    assert [letter for letter in begun if not letter.isupper()] == []
