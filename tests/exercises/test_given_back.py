"""What staff typed into a page left open comes back to them, wherever sending it ends."""

import html
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
from practice.doors.giving_back import WORDS
from practice.doors.pages import HEADED
from practice.forms.policies import CRISIS
from practice.models import Membership, Practice
from practice.tenancy import scope
from tests.cast import Person, Play
from tests.exercises.ground import save, text_of, url
from tests.practice.ground import form_on, policies

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
    assert "Nothing was saved; what was in the form stands below." in shown
    assert "Nothing of yours is lost." not in shown
    assert "kept nowhere" not in shown
    given_back = shown[shown.index("What was in the form") : shown.index("</main>")]
    assert LETTER in given_back
    assert ("Which bags?<br>And whose?" in given_back) == ("comment.topic" in said)
    assert not [word for word in SECRETS.values() if word in given_back]
    # To whom the client went is not theirs to know any more.
    assert "Omar" not in shown
    assert "Ana" not in shown
    assert LETTER not in " ".join(f"{one.getMessage()} {one.__dict__}" for one in caplog.records)


def test_so_is_what_is_not_ones_own_to_send_any_more(dana: Person):
    said = {"crisis_en": LETTER, "name": "Elm House", "language": "es", "idle_minutes": "45"}
    response = dana.browser().post("/practice/settings", said | SECRETS, headers=OURS)
    shown = text_of(response)
    assert response.status_code == 403
    assert LETTER in shown
    assert fields_in(shown) == {
        "Name of the practice": "Elm House",
        "Language": "Español",
        "Lock a member’s screen after": "45",
    }


def fields_in(page: str) -> dict[str, str]:
    """Return what is given back by what its field is called."""
    part = page.partition("What was in the form</h2>")[2]
    found = re.findall(r"<p><b>([^<]*)</b></p><p class=\"words\">(.*?)</p>", part, re.DOTALL)
    return {html.unescape(name): html.unescape(text) for name, text in found}


@pytest.mark.parametrize(
    ("path", "said", "comes"),
    [
        (
            "/clients/{client}/edit",
            {"name": "Ana Q. Lima", "next_session_at": "2027-03-04T17:30", "zone": "Europe/Paris"},
            {
                "Name": "Ana Q. Lima",
                "Next session": "2027-03-04 17:30",
                "Time zone": "Paris (Europe)",
            },
        ),
        (
            "/clients/{client}/clearance",
            {"cleared": "no", "alone": "on"},
            {
                "Your decision": "Not cleared",
                "I spoke with them alone, and this is my own decision.": "Yes",
            },
        ),
        (
            "/assign/?client={client}",
            {"when": "dates", "opens": "2027-03-04", "again": "2", "who": SECRETS["exercise"]},
            {"Opens": "2027-03-04", "How often it comes": "Every two weeks"},
        ),
        (
            "/people/invite",
            {"name": "Yves Roy", "email": "yves@hillside.example", "roles": ["admin", "therapist"]},
            {"Name": "Yves Roy", "E-mail": "yves@hillside.example", "Roles": "Admin, Therapist"},
        ),
    ],
)
def test_every_field_of_a_form_comes_back_as_its_page_called_it(
    play: Play,
    dana: Person,
    omar: Person,
    ana: Person,
    path: str,
    said: dict[str, Any],
    comes: dict[str, str],
):
    handed_over(play, dana, omar, ana)
    response = dana.browser().post(path.format(client=ana.client.pk), SECRETS | said, headers=OURS)
    assert response.status_code in {403, 404}
    assert fields_in(text_of(response)) == comes
    assert not [word for word in SECRETS.values() if word in text_of(response)]


def test_what_nobody_touched_is_not_given_back_as_if_they_had(ruth: Person):
    Practice.objects.filter(pk=ruth.practice.pk).update(
        crisis_texts={"en": "Call 112.\nAt any hour.", "es": "Llama al 112.\nA cualquier hora."}
    )
    browser = ruth.browser()
    said = form_on(text_of(browser.get("/practice/settings")))
    said |= {"crisis_en": LETTER, "quiet_from": "21:15"}
    with scope(practice=ruth.practice.pk):
        Membership.objects.filter(pk=ruth.member.pk).update(roles=["therapist"])
    shown = text_of(browser.post("/practice/settings", said, headers=OURS))
    assert LETTER in shown
    assert "Llama" not in shown
    assert fields_in(shown) == {"Quiet hours from": "21:15"}


def test_a_form_with_nothing_to_give_back_says_all_the_same_that_it_saved_nothing(dana: Person):
    sent = dana.browser().post("/people/invite", headers=OURS)
    assert "Nothing was saved." in text_of(sent)
    assert "Nothing of yours is lost." in text_of(dana.browser().get("/people/invite"))


def test_what_only_its_page_could_name_is_no_code_to_copy(play: Play, dana: Person, ana: Person):
    homework = play.homework(ana, play.assign(dana, ana))
    with play.at(dana):
        caring.discharge(by=dana.actor, at=now(), client=ana.client)
    said = {"whose": "both", "until": "day", "due": "2031-05-06"}
    refused = dana.browser().post(f"/work/{homework.pk}/due", said, headers=OURS)
    assert refused.status_code == 409
    shown = text_of(refused)
    assert "2031-05-06" in shown
    assert not [one for one in (">both<", ">day<", ">None<") if one in shown]


def test_who_only_looks_or_wrote_nothing_is_given_nothing(dana: Person):
    for response in (
        dana.browser().get("/nowhere/?text=words", headers=OURS),
        dana.browser().post("/practice/settings", {"crisis_en": " "} | SECRETS, headers=OURS),
    ):
        assert "What was in the form</h2>" not in text_of(response)


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
    carried = {**SECRETS, "password1": "a lamp at dusk", "device": "phone.1", "add_row": "points"}
    del carried["exercise"], carried["next"]  # what no page of questions carries
    closed = browser.post(url(homework, page), {"topic": LETTER} | carried, headers=OURS)
    shown = text_of(closed)
    assert closed.status_code == 403
    assert "This was closed meanwhile" in shown
    given_back = shown[shown.index("What was in the form") : shown.index("</main>")]
    assert LETTER in given_back
    assert not [one for one in carried.values() if one in given_back]
    # Where nothing is written nothing comes back; the page's own saving is told apart from signed out.
    deed = browser.post(url(homework, "set-aside/"), {"how": LETTER}, headers=OURS)
    assert "What was in the form" not in text_of(deed)
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


@pytest.mark.parametrize(
    ("path", "said"),
    [("/clients/{}/notes", {"text": LETTER}), ("/assign/?client={}", {"note": LETTER})],
)
def test_so_are_words_sent_when_a_second_step_is_asked_for_meanwhile(
    dana: Person, ana: Person, path: str, said: dict[str, str]
):
    policies(dana.practice, second_factor_required=True)
    address, browser = path.format(ana.client.pk), dana.browser()
    came = OURS | {"referer": f"http://testserver{address}"}
    shown = browser.post(address, said | SECRETS, headers=came)
    page = text_of(shown)
    assert shown.status_code == 403
    assert "Set yours up, then go on." in page
    assert '<a class="btn" href="/account/2fa/">Set it up</a>' in page
    given_back = page[page.index("What was in the form") : page.index("</main>")]
    assert LETTER in given_back
    assert not [word for word in SECRETS.values() if word in given_back]
    # Once it is set up, one goes on where one wrote.
    assert browser.session[HEADED] == address.partition("?")[0]
    # Who sent no words is led there at once.
    assert browser.post("/still-here", headers=OURS).headers["Location"] == "/account/2fa/"
