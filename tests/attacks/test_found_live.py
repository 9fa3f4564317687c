"""What an attacker found on a running site, each as it was done."""

import json
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client as Browser
from django.urls import reverse

from exercises.models import Homework
from practice.letters import normalized
from tests.cast import PASSWORD, Person, Play
from tests.practice.test_people import ARRIVAL, NEW, link

pytestmark = pytest.mark.django_db(transaction=True)

JSON = "application/json"
# Marks of two classes in the wrong order: sorting them takes the square of their number.
MARKS = "\u0315" * 50_000 + "\u0316" * 50_000


@pytest.fixture
def work(play: Play, dana: Person, ana: Person) -> Homework:
    return play.homework(ana, play.assign(dana, ana))


# --- letters ----------------------------------------------------------------------------------
def seconds(do: Callable[[], object]) -> float:
    """Return how long something held this process."""
    began = time.process_time()
    do()
    return time.process_time() - began


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKD"])
@pytest.mark.parametrize(
    "text",
    [
        "a" + MARKS,
        "a" + "\u0f73\u0f71" * 50_000,  # no marks themselves, and taken apart into them
        "a" + "\uff9e" * 50_000 + "\u0334" * 50_000,
    ],
)
def test_marks_without_end_take_no_time(form: str, text: str):
    assert seconds(lambda: normalized(form, text)) < 1  # type: ignore[arg-type]


def test_what_anybody_writes_is_normalised_as_ever():
    written = "Año nuevo, ma\u0303nana; Zoë\u0301 🕯️ \u05e9\u05c1\u05b8 " + "e\u0301" * 100
    for form in ("NFC", "NFD", "NFKD"):
        assert normalized(form, written) == unicodedata.normalize(form, written)  # type: ignore[arg-type]
    marks = "a" + "\u0315" * 40
    assert normalized("NFC", marks).replace("\u034f", "") == marks, "no letter is lost"


def test_nothing_else_normalises():
    files = (
        file for app in ("practice", "clients", "exercises") for file in Path(app).rglob("*.py")
    )
    found = [str(file) for file in files if "unicodedata.normalize(" in file.read_text()]
    assert found == ["practice/letters.py"]


def test_a_draft_of_marks_holds_nobody_up(ana: Person, work: Homework):
    browser, path = ana.browser(), reverse("draft", kwargs={"pk": work.pk})
    body = json.dumps(
        {"revision": 0, "device": "", "fields": {"topic": ["a" + MARKS[40_000:60_000]]}}
    )
    assert seconds(lambda: browser.generic("POST", path, body, content_type=JSON)) < 2


def test_a_password_of_marks_holds_nobody_up(ruth: Person, dana: Person, ana: Person):
    ruth.browser().post("/people/invite", NEW)
    long = "a" + MARKS
    hers = dana.browser()
    for who, path, form in (
        (Browser(), link(), {**ARRIVAL, "password": long}),
        (Browser(), "/account/login/", {"login": dana.user.email, "password": long}),
        (hers, "/account/reauthenticate/", {"password": long}),
        (
            hers,
            "/account/password/change/",
            {"oldpassword": PASSWORD, "password1": long, "password2": long},
        ),
    ):
        began = time.process_time()
        answer = who.post(path, form)
        assert time.process_time() - began < 2, path
        assert answer.status_code in {200, 422}, path
        assert "characters, and 256 fit" in answer.content.decode(), path
    # Without one so far:
    ana.user.set_unusable_password()
    ana.user.save()
    answer = ana.browser().post("/account/password/set/", {"password1": long, "password2": long})
    assert "characters, and 256 fit" in answer.content.decode()
