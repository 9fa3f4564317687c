"""One's own account: one bar of pages over each of them, in the frame of whoever looks."""

import re
from typing import Any

import pytest
from django.test import Client

from tests.cast import PASSWORD, Person

pytestmark = pytest.mark.django_db(transaction=True)

BARRED = {
    "/you/account": "You",
    "/account/email/": "E-mail",
    "/account/password/change/": "Password",
    "/account/2fa/": "Second step",
    "/account/sessions/": "Devices",
    "/you/keys": "Keys for programs",
}


def bar(page: str) -> list[tuple[str, bool]]:
    """Return what the bar offers, and whether one is there."""
    [found] = re.findall(r'<nav class="seg tabs".*?</nav>', page)
    links = re.findall(r"<a ([^>]*)>([^<]*)</a>", found)
    return [(text, "aria-current" in attributes) for attributes, text in links]


def text_of(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content, "utf-8")


@pytest.mark.parametrize(("path", "here"), BARRED.items())
def test_each_page_has_the_same_bar_and_says_which_it_is(path: str, here: str, dana: Person):
    page = text_of(dana.browser().get(path))
    assert bar(page) == [(name, name == here) for name in BARRED.values()]


def test_which_of_two_addresses_is_asked_for(dana: Person):
    page = text_of(dana.browser().get("/account/email/"))
    assert re.search(r"<label[^>]*>New e-mail", page)
    assert "Until you enter it, the old one stays." in page


def test_a_client_has_the_bar_without_what_is_for_those_who_work_here(ana: Person):
    page = text_of(ana.browser().get("/account/email/"))
    assert [text for text, _at in bar(page)] == ["E-mail", "Password", "Second step", "Devices"]


@pytest.mark.parametrize("path", ["/account/reauthenticate/", "/account/logout/"])
def test_who_works_here_keeps_their_frame(path: str, dana: Person, ana: Person):
    page = text_of(dana.browser().get(path))
    assert '<body class="staff"' in page
    assert 'href="/clients/"' in page
    assert "/leave" not in page


def test_a_client_finds_the_way_back_from_their_account(ana: Person):
    browser = ana.browser()
    for path in ("/account/email/", "/account/sessions/", "/account/reauthenticate/"):
        page = text_of(browser.get(path))
        assert 'href="/you/"' in page.partition("<main")[2].partition("<form")[0], path
        assert "has-thumb" in page, path


def test_what_was_saved_is_said_in_the_language_it_was_saved_with(dana: Person):
    said = {"name": "Dana", "language": "es", "zone": "Europe/Lisbon", "daily_mail_time": "08:00"}
    browser = dana.browser()
    assert browser.post("/you/account", said).status_code == 302
    assert "Guardado." in text_of(browser.get("/you/account"))


def test_two_faults_of_one_field_do_not_repeat_its_name(dana: Person):
    said = {"oldpassword": PASSWORD, "password1": "admin", "password2": "admin"}
    page = str(dana.browser().post("/account/password/change/", said).content, "utf-8")
    assert "<li>At least 12 characters.</li>" in page
    assert "New password: " not in page


def test_a_forgotten_password_is_one_press_from_signing_in(client: Client):
    assert '<a href="/account/password/reset/">' in text_of(client.get("/account/login/"))


def test_the_page_for_signing_out_offers_it_once_beside_the_menu(dana: Person, ana: Person):
    for person in (dana, ana):
        main = text_of(person.browser().get("/account/logout/")).partition("<main")[2]
        assert main.count('action="/account/logout/"') == 1


@pytest.mark.parametrize("path", ["/clients/", "/exercises/", "/you/account", "/account/2fa/"])
def test_help_is_at_the_foot_of_every_page(path: str, dana: Person):
    assert "get help now" in text_of(dana.browser().get(path))


@pytest.mark.parametrize(
    ("who", "offered"),
    [
        ("dana", ["read", "assign", "review"]),
        ("sana", ["read"]),
        ("ruth", ["read", "admin"]),
    ],
)
def test_a_key_is_offered_only_what_its_person_could_do(
    who: str, offered: list[str], request: pytest.FixtureRequest
):
    page = text_of(request.getfixturevalue(who).browser().get("/you/keys"))
    assert re.findall(r'name="scopes" value="(\w+)"', page) == offered


def test_whose_caseloads_are_read_is_asked_of_supervisors_alone(ruth: Person, dana: Person):
    browser, path = ruth.browser(), f"/people/{dana.member.pk}/"  # type: ignore[union-attr]
    assert "Reads the caseloads of" not in text_of(browser.get(path))
    page = text_of(browser.post(path, {"roles": ["therapist", "supervisor"]}, follow=True))
    assert "Now choose whose caseloads they read." in page
    assert "Reads the caseloads of" in page


def test_the_device_one_is_at_stands_on_top(dana: Person):
    dana.browser().get("/clients/")  # another one, signed in earlier
    page = text_of(dana.browser().get("/account/sessions/"))
    first, *others = page.partition('<ul role="list" class="list">')[2].split("<li")[1:]
    assert "This device" in first
    assert others
    assert all("Sign out there" in one and "This device" not in one for one in others)


def test_what_a_key_may_is_said_as_its_form_says_it(ruth: Person):
    browser = ruth.browser()
    said = {"name": "export", "scopes": ["read", "admin"], "days": 30}
    assert browser.post("/you/keys", said).status_code == 302
    page = text_of(browser.get("/you/keys"))
    assert "Read what I may read, Administer · until" in page
