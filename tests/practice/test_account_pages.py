"""One's own account: one bar over its pages, in the frame of whoever looks; what is kept, and keys."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now

from practice.models import (
    ApiToken,
    Membership,
    User,
)
from practice.tenancy import scope
from tests.cast import PASSWORD, Person
from tests.practice.ground import passkey_of, seat, text_of

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


def page_of(response: Any) -> str:
    assert response.status_code == 200
    return text_of(response)


@pytest.mark.parametrize(("path", "here"), BARRED.items())
def test_each_page_has_the_same_bar_and_says_which_it_is(path: str, here: str, dana: Person):
    page = page_of(dana.browser().get(path))
    assert bar(page) == [(name, name == here) for name in BARRED.values()]


def test_which_of_two_addresses_is_asked_for(dana: Person):
    page = page_of(dana.browser().get("/account/email/"))
    assert re.search(r"<label[^>]*>New e-mail", page)
    assert "Until you enter it, the old one stays." in page


def test_a_client_has_the_bar_without_what_is_for_those_who_work_here(ana: Person):
    page = page_of(ana.browser().get("/account/email/"))
    assert [text for text, _at in bar(page)] == ["E-mail", "Password", "Second step", "Devices"]


@pytest.mark.parametrize("path", ["/account/reauthenticate/", "/account/logout/"])
def test_who_works_here_keeps_their_frame(path: str, dana: Person, ana: Person):
    page = page_of(dana.browser().get(path))
    assert '<body class="staff"' in page
    assert 'href="/clients/"' in page
    assert "/leave" not in page


def test_a_client_finds_the_way_back_from_their_account(ana: Person):
    browser = ana.browser()
    assert 'href="/you/keys"' in page_of(browser.get("/you/"))
    for path in ("/account/email/", "/account/sessions/", "/account/reauthenticate/", "/you/keys"):
        page = page_of(browser.get(path))
        assert 'href="/you/"' in page.partition("<main")[2].partition("<form")[0], path
        assert "has-thumb" in page, path


def test_what_was_saved_is_said_in_the_language_it_was_saved_with(dana: Person):
    said = {"name": "Dana", "language": "es", "zone": "Europe/Lisbon", "daily_mail_time": "08:00"}
    browser = dana.browser()
    assert browser.post("/you/account", said).status_code == 302
    assert "Guardado." in page_of(browser.get("/you/account"))


def test_two_faults_of_one_field_do_not_repeat_its_name(dana: Person):
    said = {"oldpassword": PASSWORD, "password1": "admin", "password2": "admin"}
    page = str(dana.browser().post("/account/password/change/", said).content, "utf-8")
    assert "<li>At least 12 characters.</li>" in page
    assert "New password: " not in page


def test_a_forgotten_password_is_one_press_from_signing_in(client: Client):
    assert '<a href="/account/password/reset/">' in text_of(client.get("/account/login/"))


def test_the_page_for_signing_out_offers_it_once_beside_the_menu(dana: Person, ana: Person):
    for person in (dana, ana):
        main = page_of(person.browser().get("/account/logout/")).partition("<main")[2]
        assert main.count('action="/account/logout/"') == 1


@pytest.mark.parametrize("path", ["/clients/", "/exercises/", "/you/account", "/account/2fa/"])
def test_help_is_at_the_foot_of_every_page(path: str, dana: Person):
    assert "get help now" in page_of(dana.browser().get(path))


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
    page = page_of(request.getfixturevalue(who).browser().get("/you/keys"))
    assert re.findall(r'name="scopes" value="(\w+)"', page) == offered


def test_whose_caseloads_are_read_is_asked_of_supervisors_alone(ruth: Person, dana: Person):
    browser, path = ruth.browser(), f"/people/{dana.member.pk}/"  # type: ignore[union-attr]
    assert "Reads the caseloads of" not in page_of(browser.get(path))
    page = page_of(browser.post(path, {"roles": ["therapist", "supervisor"]}, follow=True))
    assert "Now choose whose caseloads they read." in page
    assert "Reads the caseloads of" in page


def test_the_device_one_is_at_stands_on_top(dana: Person):
    dana.browser().get("/clients/")  # another one, signed in earlier
    page = page_of(dana.browser().get("/account/sessions/"))
    first, *others = page.partition('<ul role="list" class="list">')[2].split("<li")[1:]
    assert "This device" in first
    assert others
    assert all("Sign out there" in one and "This device" not in one for one in others)


def test_who_lost_a_phone_is_led_to_the_passkey_on_it(dana: Person, ruth: Person):
    link = '<a href="/account/2fa/webauthn/">'
    browser = ruth.browser()
    assert link not in page_of(browser.get("/account/sessions/"))
    passkey_of(ruth.user)
    assert link in page_of(browser.get("/account/sessions/"))
    assert link in page_of(browser.get(f"/people/{seat(ruth).pk}/"))
    assert link not in page_of(browser.get(f"/people/{seat(dana).pk}/"))


# --- what is kept, and keys ----------------------------------------------------------------------
def test_a_member_changes_their_own_account_and_no_other(dana: Person, omar: Person):
    browser = dana.browser()
    response = browser.post(
        "/you/account",
        {
            "name": "Dana W.",
            "language": "es",
            "zone": "Europe/Helsinki",
            "daily_mail_time": "07:15",
            "user": omar.user.pk,
            "email": "other@mail.example",
            "is_superuser": "1",
        },
    )
    assert response.status_code == 302
    user = User.objects.get(pk=dana.user.pk)
    assert (user.name, user.language, user.zone) == ("Dana W.", "es", "Europe/Helsinki")
    assert (user.email, user.is_superuser) == ("dana@hillside.example", False)
    assert seat(dana).daily_mail is False
    assert User.objects.get(pk=omar.user.pk).name == "Omar Castellan"
    assert '<html lang="es"' in text_of(browser.get("/you/account"))


def test_the_daily_mail_is_offered_to_whom_something_can_wait_for(dana: Person, sana: Person):
    asked = "One e-mail a day when something waits for me"
    assert asked in text_of(dana.browser().get("/you/account"))
    browser = sana.browser()
    assert asked not in text_of(browser.get("/you/account"))
    said = {"name": "Sana I.", "language": "en", "zone": "Europe/Lisbon"}
    before = seat(sana)
    assert browser.post("/you/account", said).status_code == 302
    assert User.objects.get(pk=sana.user.pk).name == "Sana I."
    # What they would get as a therapist stays as it was.
    after = seat(sana)
    assert (after.daily_mail, after.daily_mail_time) == (before.daily_mail, before.daily_mail_time)
    with scope(practice=sana.practice.pk):
        Membership.objects.filter(pk=sana.member.pk).update(daily_mail=False)
    browser.post("/you/account", said)
    assert seat(sana).daily_mail is False


def test_a_client_has_a_page_of_their_own(ana: Person):
    assert ana.browser().get("/you/account")["Location"] == "/you/"


def test_keys_are_made_only_just_after_signing_in(dana: Person):
    browser = dana.browser()
    session = browser.session
    session["account_authentication_methods"] = [
        {"method": "password", "at": now().timestamp() - 3600, "email": dana.user.email}
    ]
    session.save()
    response = browser.get("/you/keys")
    assert response["Location"].startswith("/account/reauthenticate/")
    browser.post("/account/reauthenticate/?next=/you/keys", {"password": PASSWORD})
    assert browser.get("/you/keys").status_code == 200


def test_a_key_is_shown_once_and_belongs_to_its_maker(dana: Person, omar: Person):
    browser = dana.browser()
    form = {"name": "export", "scopes": ["read"], "days": 30, "once": "a-word-of-its-page"}
    assert browser.post("/you/keys", form).status_code == 302
    # A page that is sent once more makes no second key, and what it made is nowhere as it is.
    assert browser.post("/you/keys", form)["Location"] == "/you/keys"
    waiting = str(dict(browser.session))
    page = text_of(browser.get("/you/keys"))
    found = re.search(r"hw_[0-9a-f]{32}_[\w-]{40,}", page)
    assert found
    assert found[0].rpartition("_")[2] not in waiting
    assert found[0] not in text_of(browser.get("/you/keys"))
    with scope(practice=dana.practice.pk):
        pk = ApiToken.objects.get().pk
        assert found[0] not in str(ApiToken.objects.values())
    assert omar.browser().post(f"/you/keys/{pk}/revoke").status_code == 404
    assert browser.post(f"/you/keys/{pk}/revoke").status_code == 302


def test_what_a_key_may_is_said_as_its_form_says_it(ruth: Person):
    browser = ruth.browser()
    said = {"name": "export", "scopes": ["read", "admin"], "days": 30}
    assert browser.post("/you/keys", said).status_code == 302
    page = text_of(browser.get("/you/keys"))
    assert "Read what I may read, Administer · until" in page
