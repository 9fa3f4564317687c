"""Which language a page speaks before anybody has signed in, and after they have gone."""

import time

import pytest
from django.conf import settings
from django.test import Client as Browser

from practice.models import User
from tests.cast import PASSWORD, Person
from tests.practice.ground import text_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("outbox")]

ENGLISH = {"accept-language": "en"}


@pytest.fixture
def spanish(dana: Person) -> Browser:
    """Dana's browser speaks English; she chose Spanish for her account."""
    browser = dana.browser()
    said = {"name": "Dana", "language": "es", "zone": "Europe/Lisbon", "daily_mail_time": "08:30"}
    assert browser.post("/you/account", said, headers=ENGLISH).status_code == 302
    assert '<html lang="es"' in text_of(browser.get("/you/account", headers=ENGLISH))
    return browser


def sign_in_page(browser: Browser) -> str:
    return text_of(browser.get("/account/login/", headers=ENGLISH))


def test_who_signed_out_is_asked_in_as_they_were_spoken_to(spanish: Browser):
    assert spanish.post("/account/logout/").status_code == 302
    assert '<html lang="es"' in sign_in_page(spanish)


@pytest.mark.parametrize("how", ["idle", "gone"])
def test_whose_session_ended_is_asked_in_as_they_were_spoken_to(spanish: Browser, how: str):
    session = spanish.session
    if how == "idle":
        session["last_seen"] = time.time() - 31 * 60
        session.save()
    else:
        session.flush()
    assert spanish.get("/people/", headers=ENGLISH).status_code == 302
    assert '<html lang="es"' in sign_in_page(spanish)


def test_leaving_ends_the_session_and_the_door_speaks_as_before(spanish: Browser):
    answer = spanish.get("/leave")
    assert answer["Clear-Site-Data"] == '"cache"'
    assert not spanish.session.get("_auth_user_id")
    assert '<html lang="es"' in sign_in_page(spanish)


def test_a_client_s_choice_does_the_same(ana: Person):
    browser = ana.browser()
    User.objects.filter(pk=ana.user.pk).update(language="es")
    browser.get("/today/", headers=ENGLISH)
    browser.post("/account/logout/")
    assert '<html lang="es"' in sign_in_page(browser)


def test_whoever_comes_next_is_spoken_to_in_their_own(spanish: Browser, omar: Person):
    spanish.post("/account/logout/")
    spanish.post("/account/login/", {"login": omar.user.email, "password": PASSWORD})
    assert '<html lang="en"' in text_of(spanish.get("/people/", headers=ENGLISH))


def test_what_was_chosen_at_the_door_counts_more(spanish: Browser):
    spanish.post("/account/logout/")
    spanish.post("/language", {"language": "en"})
    assert '<html lang="en"' in sign_in_page(spanish)


def test_nonsense_in_the_cookie_is_no_language():
    browser = Browser()
    browser.cookies[settings.SPOKEN_COOKIE_NAME] = "xx"
    assert '<html lang="en"' in sign_in_page(browser)


def test_a_stranger_s_browser_keeps_nothing():
    browser = Browser()
    sign_in_page(browser)
    assert settings.SPOKEN_COOKIE_NAME not in browser.cookies
