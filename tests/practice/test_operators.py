"""Operators: a door of their own, and no other."""

import pytest
from django.test import Client as Browser

from practice.models import User
from tests.cast import PASSWORD, Person
from tests.practice.ground import text_of, totp_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("outbox")]


@pytest.fixture
def operator(db: None) -> Browser:
    user = User.objects.create_superuser("ops@homeward.example", PASSWORD)
    totp_of(user)
    browser = Browser()
    browser.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return browser


def test_operators_have_their_own_door_and_no_other(operator: Browser, ana: Person):
    assert operator.get("/")["Location"] == "/operations/"
    for address in ("/operations/", "/operations/practice/user/"):
        assert operator.get(address).status_code == 200
    for address in ("/people/", "/today/", "/clients/"):
        assert operator.get(address).status_code == 403


def test_operators_see_accounts_and_no_second_factors_or_words(operator: Browser, ana: Person):
    index = text_of(operator.get("/operations/"))
    for word in ("Authenticator", "Answer", "Client", "Session", "Note"):
        assert f">{word}" not in index
    assert operator.get("/operations/password_change/")["Location"] == "/account/password/change/"
    assert operator.get("/operations/practice/user/add/").status_code == 403


def test_operators_sign_in_by_the_front_door(dana: Person):
    response = Browser().get("/operations/", follow=True)
    assert response.redirect_chain[-1][0].startswith("/account/login/")
    assert (
        Browser()
        .post("/operations/login/", {"username": "x", "password": "y"})["Location"]
        .startswith("/account/login/")
    )
    assert dana.browser().get("/operations/", follow=True).status_code == 403


def test_an_operator_needs_a_second_step(db: None):
    user = User.objects.create_superuser("ops@homeward.example", PASSWORD)
    browser = Browser()
    browser.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert browser.get("/operations/")["Location"] == "/account/2fa/"
