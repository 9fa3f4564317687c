"""Signing in: who gets in how, and what a stranger learns from trying."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from practice.models import AccountMail, Membership, User
from practice.tenancy import scope
from tests.cast import PASSWORD, Person, make_client
from tests.practice.ground import (
    ask_for_code,
    code_in,
    code_now,
    mails,
    policies,
    text_of,
    totp_of,
    without_tokens,
    words,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("outbox")]


def codes_sent() -> list[str]:
    """Return the codes that were mailed, oldest first."""
    return [code for _to, message in mails() if (code := code_in(message))]


def test_a_client_signs_in_with_a_code_by_mail(ana: Person):
    browser = Browser()
    ask_for_code("ana@mail.example", browser)
    [(to, message)] = mails()
    assert to == ["ana@mail.example"]
    assert message["Subject"] == "Your code"
    said = {"code": code_in(message)}
    response = browser.post("/account/login/code/confirm/", said, follow=True)
    assert response.redirect_chain[-1][0] == "/today/"


def test_a_code_opens_nothing_in_another_browser(ana: Person):
    ask_for_code("ana@mail.example", Browser())
    (code,) = codes_sent()
    other = Browser()
    other.post("/account/login/code/confirm/", {"code": code})
    assert other.get("/today/")["Location"].startswith("/account/login/")


def test_asking_for_a_code_tells_nobody_who_is_here(ana: Person, dana: Person):
    """A client's, a member's and an unknown address: one page, one status, one mail queued."""
    seen = set()
    for address in ("ana@mail.example", "dana@hillside.example", "nobody@mail.example"):
        before = AccountMail.objects.count()
        response = ask_for_code(address)
        seen.add((response.status_code, without_tokens(text_of(response), address)))
        assert AccountMail.objects.count() == before + 1
    assert len(seen) == 1


def test_a_code_is_promised_to_nobody(ana: Person):
    page = text_of(ask_for_code("nobody@mail.example"))
    assert "If we know this address, a code is on its way to" in page
    # Another is one press away, on this page.
    assert "or press “Send a new code”:" in page


def test_a_new_code_is_sent_to_the_same_address_and_tells_nobody_who_is_here(
    ana: Person, dana: Person
):
    seen, again = set(), {"action": "resend"}
    confirm = "/account/login/code/confirm/"
    for address in ("ana@mail.example", "dana@hillside.example", "nobody@mail.example"):
        browser = Browser()
        ask_for_code(address, browser)
        before = AccountMail.objects.count()
        page = text_of(browser.post(confirm, again, follow=True))
        assert AccountMail.objects.count() == before + 1
        assert "Send a new code" in page
        seen.add(without_tokens(page, address))
        browser.post(confirm, again)
        assert "Wait five minutes" in text_of(browser.post(confirm, again, follow=True))
        assert AccountMail.objects.count() == before + 2, "three in five minutes, as when asking"
    assert len(seen) == 1


def test_a_code_that_was_sent_anew_opens(ben: Person):
    browser = Browser()
    ask_for_code("ben@mail.example", browser)
    browser.post("/account/login/code/confirm/", {"action": "resend"})
    first, second = codes_sent()
    confirm = "/account/login/code/confirm/"
    assert browser.post(confirm, {"code": first}).status_code == 200
    assert browser.post(confirm, {"code": second}, follow=True).redirect_chain[-1][0] == "/today/"


@pytest.mark.parametrize("press", ["resend", ""])
def test_a_code_opens_nothing_once_the_address_is_no_longer_theirs(ana: Person, press: str):
    """Who reads the mailbox she has left does not come back in by it."""
    confirm, partner, hers = "/account/login/code/confirm/", Browser(), ana.browser()
    ask_for_code("ana@mail.example", partner)
    asked = hers.post("/account/email/", {"email": "new@mail.example", "action_add": "1"})
    old, moved = codes_sent()
    assert hers.post(asked["Location"], {"code": moved}).status_code == 302
    partner.post(confirm, {"action": press})
    for code in {old, *codes_sent()} - {moved}:
        partner.post(confirm, {"code": code})
    assert partner.get("/today/").status_code == 302
    assert User.objects.get(pk=ana.user.pk).email == "new@mail.example"


@pytest.mark.parametrize("press", ["resend", ""])
def test_a_code_opens_nothing_once_its_owner_works_here(ana: Person, press: str):
    confirm, browser = "/account/login/code/confirm/", Browser()
    ask_for_code("ana@mail.example", browser)
    with scope(practice=ana.practice.pk):
        Membership.objects.create(
            practice=ana.practice, user=ana.user, roles=["therapist"], joined_at=now()
        )
    browser.post(confirm, {"action": press})
    for code in codes_sent():
        browser.post(confirm, {"code": code})
    assert browser.get("/review/").status_code == 302


def test_who_tried_a_code_too_often_is_told_to_ask_for_a_new_one(ana: Person):
    browser = Browser()
    ask_for_code("ana@mail.example", browser)
    for _try in range(3):
        answer = browser.post("/account/login/code/confirm/", {"code": "WRONG"}, follow=True)
    page = text_of(answer)
    assert "Ask for a new code." in page
    assert "Wait five minutes" not in page
    assert 'action="/account/login/code/"' in page


def test_a_member_gets_no_code_but_a_word_what_to_do(dana: Person):
    ask_for_code("dana@hillside.example")
    [(to, message)] = mails()
    assert to == ["dana@hillside.example"]
    assert "password or a passkey" in words(message)
    assert codes_sent() == []


def test_we_never_write_to_strangers():
    ask_for_code("nobody@mail.example")
    Browser().post("/account/password/reset/", {"email": "nobody@mail.example"})
    assert [to for to, _message in mails()] == [[], []]


def test_forgetting_the_password_tells_nobody_who_is_here(ana: Person, dana: Person):
    seen = set()
    for address in ("ana@mail.example", "dana@hillside.example", "nobody@mail.example"):
        response = Browser().post("/account/password/reset/", {"email": address}, follow=True)
        seen.add((response.status_code, without_tokens(text_of(response), address)))
    assert len(seen) == 1


def test_a_wrong_password_tells_nobody_who_is_here(ana: Person):
    seen = set()
    for address in ("ana@mail.example", "nobody@mail.example"):
        response = Browser().post("/account/login/", {"login": address, "password": "wrong"})
        seen.add((response.status_code, without_tokens(text_of(response), address)))
    assert len(seen) == 1


def test_account_mails_are_discreet(ana: Person, dana: Person):
    ask_for_code("ana@mail.example")
    ask_for_code("dana@hillside.example")
    Browser().post("/account/password/reset/", {"email": "ana@mail.example"})
    dana.browser().post(
        "/account/password/change/",
        {
            "oldpassword": PASSWORD,
            "password1": "a quiet lane at noon",
            "password2": "a quiet lane at noon",
        },
    )
    found = mails()
    assert len(found) == 4
    for _to, message in found:
        for word in ("Ana", "Dana", "therap", "couple", "Hillside", "127.0.0.1", "Homeward"):
            assert word not in words(message)
        assert message["Auto-Submitted"] == "auto-generated"
        assert message["Message-ID"].endswith("@localhost.localdomain>")


def sender_of(address: str, way: str = "/account/login/code/") -> str:
    """Return whom the newest mail to an address comes from."""
    Browser().post(way, {"email": address})
    *_earlier, found = (message["From"] for to, message in mails() if to == [address])
    return str(found)


def test_account_mails_come_from_the_discreet_name(ana: Person, dana: Person, zack: Person):
    policies(ana.practice, discreet_name="Casa Nogal")
    at = "<homeward@localhost.localdomain>"
    assert sender_of(ana.user.email) == f"Casa Nogal {at}"
    assert sender_of(ana.user.email, "/account/password/reset/") == f"Casa Nogal {at}"
    assert sender_of(dana.user.email) == f"Casa Nogal {at}"  # what a member does instead
    assert sender_of(zack.user.email) == f"Homeward {at}"
    ana.browser().post("/account/email/", {"email": "new@mail.example", "action_add": "1"})
    assert mails()[-1][0] == ["new@mail.example"]
    assert mails()[-1][1]["From"] == f"Casa Nogal {at}"
    # Who sits in two practices has no one name, except where the two have the same.
    make_client(dana.practice, "", "Zack Oyelaran", dana, user=zack.user)
    assert sender_of(zack.user.email) == f"Homeward {at}"
    policies(zack.practice, discreet_name="Casa Nogal")
    assert sender_of(zack.user.email) == f"Casa Nogal {at}"


@pytest.mark.parametrize(
    "address", ["ana@mail.example", "dana@hillside.example", "no@mail.example"]
)
def test_by_which_name_a_mail_goes_is_asked_for_nobody_as_well(
    ana: Person, dana: Person, address: str
):
    """The answer takes as long: who is here does not show by it."""
    with CaptureQueriesContext(connection) as asked:
        Browser().post("/account/login/code/", {"email": address})
    assert len([one for one in asked if "discreet_name" in one["sql"]]) == 1


# --- limits -----------------------------------------------------------------------------------
def test_a_forged_address_does_not_help_against_the_limit():
    codes = {
        Browser()
        .post(
            "/account/login/",
            {"login": f"a{n}@mail.example", "password": "x"},
            headers={"x-forwarded-for": f"10.0.0.{n}", "x-real-ip": f"10.0.1.{n}"},
        )
        .status_code
        for n in range(31)
    }
    assert 429 in codes


def test_codes_for_one_address_are_limited_for_known_and_unknown_alike(ana: Person):
    pages = []
    for address in ("ana@mail.example", "nobody@mail.example"):
        for _n in range(4):
            response = ask_for_code(address)
        pages.append(without_tokens(text_of(response), address))
    assert pages[0] == pages[1]
    assert AccountMail.objects.count() == 6


def test_guessing_one_password_is_limited_from_everywhere(ana: Person):
    for _n in range(6):
        Browser().post("/account/login/", {"login": "ana@mail.example", "password": "wrong"})
    browser = Browser()
    browser.post("/account/login/", {"login": "ana@mail.example", "password": PASSWORD})
    assert browser.get("/today/").status_code == 302


def test_invitations_cannot_be_guessed_at_speed():
    codes = [Browser().get(f"/invitation/{n}.{n}").status_code for n in range(21)]
    assert codes[0] == 404
    assert codes[-1] == 429


# --- the door ---------------------------------------------------------------------------------
def test_there_is_no_open_sign_up():
    response = Browser().post(
        "/account/signup/", {"email": "new@mail.example", "password1": "a quiet lane at noon"}
    )
    assert not User.objects.filter(email="new@mail.example").exists()
    assert response.status_code in {200, 302, 403}


def test_signing_in_changes_the_session(ana: Person):
    browser = Browser()
    browser.get("/account/login/")
    session = browser.session
    session["planted"] = "yes"
    session.save()
    before = browser.session.session_key
    browser.cookies["homeward"] = str(before)
    browser.post("/account/login/", {"login": "ana@mail.example", "password": PASSWORD})
    assert browser.get("/today/").status_code == 200
    assert browser.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "/\\evil.example"])
def test_signing_in_leads_nowhere_else(ana: Person, target: str):
    response = Browser().post(
        f"/account/login/?next={target}",
        {"login": "ana@mail.example", "password": PASSWORD, "next": target},
    )
    assert "evil" not in response["Location"]


ACCOUNT_PAGES = [
    "/account/login/",
    "/account/login/code/",
    "/account/logout/",
    "/account/signup/",
    "/account/password/reset/",
    "/account/password/change/",
    "/account/password/set/",
    "/account/email/",
    "/account/reauthenticate/",
    "/account/2fa/",
    "/account/2fa/totp/activate/",
    "/account/2fa/webauthn/",
    "/account/2fa/webauthn/add/",
    "/account/2fa/recovery-codes/generate/",
    "/account/sessions/",
]


@pytest.mark.parametrize("address", ACCOUNT_PAGES)
def test_every_account_page_opens_or_leads_on(ana: Person, dana: Person, address: str):
    for browser in (Browser(), ana.browser(), dana.browser()):
        assert browser.get(address).status_code in {200, 302}


def test_a_member_sets_up_a_second_step_before_anything_else(dana: Person):
    policies(dana.practice, second_factor_required=True)
    browser = dana.browser()
    response = browser.get("/people/", follow=True)
    assert response.redirect_chain == [("/account/2fa/", 302)]
    assert "second step" in text_of(response)
    assert browser.get("/help").status_code == 200
    assert browser.get("/api/v1/exercises").status_code == 403
    totp_of(dana.user)
    assert browser.get("/people/").status_code == 200


def test_codes_on_paper_alone_are_no_second_step(dana: Person):
    policies(dana.practice, second_factor_required=True)
    Authenticator.objects.create(
        user=dana.user, type=Authenticator.Type.RECOVERY_CODES, data={"seed": "x"}
    )
    assert dana.browser().get("/people/").status_code == 302


def test_people_of_the_demo_need_no_second_step(dana: Person):
    policies(dana.practice, second_factor_required=True)
    User.objects.filter(pk=dana.user.pk).update(is_demo=True)
    assert dana.browser().get("/people/").status_code == 200


def test_clients_need_no_second_step(ana: Person):
    policies(ana.practice, second_factor_required=True)
    assert ana.browser().get("/today/").status_code == 200


def test_a_member_signs_in_with_password_and_code(dana: Person):
    secret = totp_of(dana.user)
    browser = Browser()
    response = browser.post(
        "/account/login/", {"login": "dana@hillside.example", "password": PASSWORD}
    )
    assert response["Location"].startswith("/account/2fa/authenticate/")
    assert browser.get("/people/").status_code == 302
    response = browser.post("/account/2fa/authenticate/", {"code": code_now(secret)})
    assert response.status_code == 302
    assert browser.get("/people/").status_code == 200


def test_an_empty_sign_in_says_what_to_write(db: None):
    page = text_of(Browser().post("/account/login/", {}))
    assert "Two things before you go on" in page
    assert ">Write your e-mail address.<" in page
    assert ">Write your password, or ask for a code.<" in page
