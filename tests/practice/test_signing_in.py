"""Signing in: who gets in how, what a stranger learns from trying, and when one is let go."""

import json
import time
from email import message_from_string, policy
from email.message import EmailMessage
from typing import Any

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client as Browser
from django.utils.timezone import now

from practice.actions import people
from practice.crypto import unseal_system
from practice.models import AccountMail, AuditEvent, Membership, Practice, User
from practice.tenancy import scope
from tests.cast import PASSWORD, Person, make_member, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _outbox(settings: Any) -> None:
    settings.EMAIL_BACKEND = "practice.smtp.OutboxBackend"


def text_of(response: Any) -> str:
    return str(response.content, "utf-8")


def mails() -> list[tuple[list[str], EmailMessage]]:
    found = []
    for row in AccountMail.objects.order_by("created_at"):
        content = json.loads(unseal_system(row.sealed, row=row.pk))
        message = message_from_string(content["message"], policy=policy.default)
        assert isinstance(message, EmailMessage)
        found.append((content["to"], message))
    return found


def words(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return f"{message['Subject']}\n{body.get_content()}"


def without_tokens(page: str, address: str) -> str:
    import re

    return re.sub(r'value="[^"]{60,}"', "", page).replace(address, "ADDRESS")


def policies(practice: Practice, **values: Any) -> None:
    with scope(practice=practice.pk):
        Practice.objects.filter(pk=practice.pk).update(**values)


# --- codes by mail ----------------------------------------------------------------------------
def ask_for_code(address: str, browser: Browser | None = None, **headers: str) -> Any:
    browser = browser or Browser()
    return browser.post(
        "/account/login/code/", {"email": address}, follow=True, headers=headers or None
    )


def test_a_client_signs_in_with_a_code_by_mail(ana: Person):
    browser = Browser()
    ask_for_code("ana@mail.example", browser)
    [(to, message)] = mails()
    assert to == ["ana@mail.example"]
    assert message["Subject"] == "Your code"
    code = next(line for line in words(message).splitlines() if line.isupper())
    response = browser.post("/account/login/code/confirm/", {"code": code}, follow=True)
    assert response.redirect_chain[-1][0] == "/today/"


def test_who_confirmed_an_address_is_back_where_they_changed_it(dana: Person):
    browser = dana.browser()
    add = {"email": "new@mail.example", "action_add": "1"}
    asked = browser.post("/account/email/", add)["Location"]
    page = text_of(browser.get(asked))
    assert "A code is on its way to new@mail.example." in page
    (message,) = (message for to, message in mails() if to == ["new@mail.example"])
    code = next(line for line in words(message).splitlines() if line.isupper())
    answer = browser.post(asked, {"code": code})
    assert answer["Location"] == "/account/email/"
    assert "new@mail.example is confirmed." in text_of(browser.get(answer["Location"]))


def test_a_code_opens_nothing_in_another_browser(ana: Person):
    ask_for_code("ana@mail.example", Browser())
    code = next(line for line in words(mails()[0][1]).splitlines() if line.isupper())
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


def test_a_member_gets_no_code_but_a_word_what_to_do(dana: Person):
    ask_for_code("dana@hillside.example")
    [(to, message)] = mails()
    assert to == ["dana@hillside.example"]
    assert "password or a passkey" in words(message)
    assert not [line for line in words(message).splitlines() if line.isupper()]


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


# --- members ----------------------------------------------------------------------------------
def totp_of(user: User) -> str:
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def code_now(secret: str) -> str:
    return f"{hotp_value(secret, next(iter(yield_hotp_counters_from_time()))):06d}"


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


def test_an_idle_member_is_signed_out_and_led_back(dana: Person):
    browser = dana.browser()
    assert browser.get("/people/").status_code == 200
    session = browser.session
    key = session.session_key
    session["last_seen"] = time.time() - 31 * 60
    session.save()
    response = browser.get("/people/?q=ruth")
    assert response["Location"] == "/account/login/?next=%2Fpeople%2F%3Fq%3Druth"
    assert not Session.objects.filter(session_key=key).exists()
    page = browser.get(response["Location"])
    assert "to keep this private" in text_of(page)
    response = browser.post(
        response["Location"],
        {"login": "dana@hillside.example", "password": PASSWORD, "next": "/people/?q=ruth"},
    )
    assert response["Location"] == "/people/?q=ruth"
    assert browser.get("/people/").status_code == 200


def test_pressing_stay_counts_as_being_here_and_nothing_is_kept_of_it(dana: Person, ana: Person):
    browser = dana.browser()
    browser.get("/people/")
    session = browser.session
    session["last_seen"] = before = time.time() - 29 * 60
    session.save()
    answer = browser.post("/still-here")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer["Cache-Control"] == "no-store, private"
    assert browser.session["last_seen"] > before + 28 * 60
    assert ana.browser().post("/still-here").status_code == 204
    assert Browser().post("/still-here").status_code == 302
    assert browser.get("/still-here").status_code == 405
    # Another site cannot keep a screen from locking.
    strict = Browser(enforce_csrf_checks=True)
    strict.force_login(dana.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert strict.post("/still-here").status_code == 403
    # Too late is too late: it wakes nobody's session.
    session = browser.session
    session["last_seen"] = time.time() - 31 * 60
    session.save()
    assert browser.post("/still-here").status_code == 302
    assert browser.get("/people/").status_code == 302


def test_a_program_of_an_idle_member_is_told_it_is_nobody(dana: Person):
    browser = dana.browser()
    browser.get("/people/")
    session = browser.session
    session["last_seen"] = time.time() - 31 * 60
    session.save()
    response = browser.get("/api/v1/exercises")
    assert (response.status_code, response.json()["code"]) == (401, "signed_out")


def test_the_lock_can_be_switched_off_and_leaves_clients_alone(dana: Person, ana: Person):
    policies(dana.practice, idle_minutes=0)
    for person, address in ((dana, "/people/"), (ana, "/today/")):
        browser = person.browser()
        browser.get(address)
        session = browser.session
        session["last_seen"] = time.time() - 9999 * 60
        session.save()
        assert browser.get(address).status_code == 200


def test_an_empty_sign_in_says_what_to_write(db: None):
    page = text_of(Browser().post("/account/login/", {}))
    assert "Two things before you go on" in page
    assert ">Write your e-mail address.<" in page
    assert ">Write your password, or ask for a code.<" in page


# --- seats ------------------------------------------------------------------------------------
def test_somebody_without_a_seat_reads_a_kind_page(db: None):
    user = make_user("nobody@mail.example", "No Body")
    browser = Browser()
    browser.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    response = browser.get("/")
    assert response.status_code == 403
    assert "nothing here for you" in text_of(response)
    assert browser.get("/account/email/").status_code in {200, 302}


def test_deactivating_holds_on_the_very_next_request(dana: Person, ruth: Person):
    browser = dana.browser()
    assert browser.get("/people/").status_code == 200
    with scope(practice=ruth.practice.pk):
        people.deactivate(by=ruth.actor, at=now(), member=dana.member)
    for address in ("/people/", "/clients/"):
        assert browser.get(address)["Location"].startswith("/account/login/")
    assert Session.objects.count() == 0


def test_who_still_works_elsewhere_stays_signed_in_there(uma: Person, zoe: Person, ruth: Person):
    browser = uma.browser()
    assert browser.get("/people/").status_code == 200
    with scope(practice=ruth.practice.pk):
        seat = Membership.objects.get(user=uma.user, practice=ruth.practice)
        people.deactivate(by=ruth.actor, at=now(), member=seat)
    page = text_of(browser.get("/people/"))
    assert "Zoe Marchetti" in page
    assert "Dana Whitlock" not in page


def test_an_admin_signs_somebody_out_everywhere(dana: Person, ruth: Person, omar: Person):
    phone, laptop, other = dana.browser(), dana.browser(), omar.browser()
    for browser in (phone, laptop, other):
        assert browser.get("/people/").status_code == 200
    response = ruth.browser().post(f"/people/{dana.member.pk}/sign-out", follow=True)
    assert "signed out everywhere" in text_of(response)
    for browser in (phone, laptop):
        assert browser.get("/people/")["Location"].startswith("/account/login/")
    assert other.get("/people/").status_code == 200
    with scope(practice=ruth.practice.pk):
        event = AuditEvent.objects.get(action="member.sessions_ended")
    assert (event.object_id, event.detail["count"]) == (str(dana.member.pk), 2)
    assert dana.browser().get("/people/").status_code == 200  # signed in anew


def test_an_admin_may_sign_themselves_out_everywhere_and_end_their_own_seat(ruth: Person):
    """Their own session is among those that end; they are led to the sign-in, not to a 400."""
    browser, other = ruth.browser(), make_member(ruth.practice, "b@x.example", "Bo", "admin")
    for path in ("sign-out", "deactivate"):
        assert browser.get("/people/").status_code == 200
        answer = browser.post(f"/people/{ruth.member.pk}/{path}", follow=True)
        assert answer.status_code == 200
        assert answer.redirect_chain[-1][0].startswith("/account/login/")
        browser = ruth.browser()
    with scope(practice=ruth.practice.pk):
        assert list(Membership.objects.filter(deactivated_at=None)) == [other.member]


# --- the end of a session ---------------------------------------------------------------------
def began(browser: Browser, *, hours: float) -> None:
    session = browser.session
    session["began"] = time.time() - hours * 3600
    session["last_seen"] = time.time()
    session.save()


@pytest.mark.parametrize(("who", "hours"), [("dana", 12), ("ana", 30 * 24)])
def test_even_a_busy_session_has_an_end(request: pytest.FixtureRequest, who: str, hours: int):
    browser = request.getfixturevalue(who).browser()
    page = "/people/" if who == "dana" else "/today/"
    assert browser.get(page).status_code == 200
    began(browser, hours=hours - 0.1)
    assert browser.get(page).status_code == 200
    began(browser, hours=hours + 0.1)
    key = browser.session.session_key
    response = browser.get(page)
    assert response["Location"] == f"/account/login/?next={page.replace('/', '%2F')}"
    assert not Session.objects.filter(session_key=key).exists()
    assert "to keep this private" in text_of(browser.get(response["Location"]))


def test_at_the_end_what_is_being_written_may_still_be_sent(ana: Person):
    browser = ana.browser()
    browser.get("/today/")
    began(browser, hours=30 * 24 + 0.9)
    assert browser.post("/you/", {"part": "x"}).status_code != 302
    began(browser, hours=30 * 24 + 1.1)
    assert browser.post("/you/", {"part": "x"})["Location"].startswith("/account/login/")


def test_the_end_holds_for_one_s_own_account_too(dana: Person):
    browser = dana.browser()
    browser.get("/people/")
    began(browser, hours=12.1)
    response = browser.get("/account/email/")
    assert response["Location"].startswith("/account/login/")
    assert browser.get("/account/login/").status_code == 200


def test_signing_in_begins_a_session_of_its_own(dana: Person):
    browser = dana.browser()
    browser.get("/people/")
    began(browser, hours=13)
    browser.get("/people/")
    browser.post("/account/login/", {"login": "dana@hillside.example", "password": PASSWORD})
    assert browser.get("/people/").status_code == 200
    assert time.time() - browser.session["began"] < 60


# --- the list of devices ----------------------------------------------------------------------
def long_ago(browser: Browser) -> None:
    session = browser.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        {"method": "password", "at": time.time() - 3600, "reauthenticated": True}
    ]
    session.save()


def say_who(browser: Browser) -> None:
    browser.post("/account/reauthenticate/", {"password": PASSWORD})


@pytest.mark.parametrize("which", ["the others", "this one"])
def test_sessions_are_ended_only_by_who_says_who_they_are(dana: Person, which: str):
    here, there = dana.browser(), dana.browser()
    for browser in (here, there):
        assert browser.get("/people/").status_code == 200
    long_ago(here)
    line = UserSession.objects.get(session_key=there.session.session_key)
    ask = {"session": str(line.pk)} if which == "this one" else {}
    assert here.get("/account/sessions/").status_code == 200
    assert here.post("/account/sessions/", ask)["Location"].startswith("/account/reauthenticate/")
    assert there.get("/people/").status_code == 200
    say_who(here)
    assert here.post("/account/sessions/", ask)["Location"] == "/account/sessions/"
    assert there.get("/people/").status_code == 302
    assert here.get("/people/").status_code == 200


def test_who_has_but_a_code_by_mail_signs_in_once_more(ana: Person):
    User.objects.filter(pk=ana.user.pk).update(password="!")
    ana.user.refresh_from_db()
    here, there = ana.browser(), ana.browser()
    for browser in (here, there):
        assert browser.get("/today/").status_code == 200
    assert here.post("/account/sessions/")["Location"] == "/account/sessions/"  # just signed in
    long_ago(here)
    there = ana.browser()
    assert there.get("/today/").status_code == 200
    came = "http://testserver/account/sessions/"
    response = here.post("/account/sessions/", headers={"Referer": came})
    assert response["Location"] == "/account/login/?next=%2Faccount%2Fsessions%2F"
    assert there.get("/today/").status_code == 200


def test_nobody_ends_a_session_of_somebody_else(dana: Person, omar: Person):
    here, there = dana.browser(), omar.browser()
    for browser in (here, there):
        browser.get("/people/")
    line = UserSession.objects.get(session_key=there.session.session_key)
    say_who(here)
    for asked in (str(line.pk), "x", "", "9" * 30):
        assert here.post("/account/sessions/", {"session": asked}).status_code == 404
    assert there.get("/people/").status_code == 200


def test_a_role_taken_away_holds_on_the_very_next_request(ruth: Person, dana: Person):
    with scope(practice=ruth.practice.pk):
        Membership.objects.filter(pk=dana.member.pk).update(roles=["admin", "therapist"])
    browser = dana.browser()
    assert browser.get("/audit/").status_code == 200
    with scope(practice=ruth.practice.pk):
        people.set_roles(by=ruth.actor, at=now(), member=dana.member, roles=["therapist"])
    assert browser.get("/audit/").status_code == 403


def test_everybody_begins_in_their_own_place(ana: Person, dana: Person, ruth: Person, sana: Person):
    assert ana.browser().get("/")["Location"] == "/today/"
    assert dana.browser().get("/")["Location"] == "/review/"
    assert sana.browser().get("/")["Location"] == "/clients/"
    assert ruth.browser().get("/")["Location"] == "/people/"


def test_uma_switches_practices_and_sees_one_at_a_time(uma: Person, zoe: Person, dana: Person):
    browser = uma.browser()
    page = text_of(browser.get("/people/"))
    assert "Dana Whitlock" in page
    assert "Zoe Marchetti" not in page
    assert "Riverside Practice" in page  # on offer in the menu
    browser.post("/practice/switch", {"practice": str(zoe.practice.pk)})
    page = text_of(browser.get("/people/"))
    assert "Zoe Marchetti" in page
    assert "Dana Whitlock" not in page


def test_nobody_switches_into_a_practice_they_have_no_seat_in(dana: Person, zoe: Person):
    browser = dana.browser()
    for practice in (str(zoe.practice.pk), "nonsense", ""):
        browser.post("/practice/switch", {"practice": practice})
        assert "Zoe Marchetti" not in text_of(browser.get("/people/"))


def test_a_seat_that_ended_is_not_on_offer(uma: Person, zoe: Person):
    with scope(practice=zoe.practice.pk):
        Membership.objects.filter(user=uma.user, practice=zoe.practice).update(deactivated_at=now())
    browser = uma.browser()
    assert "Riverside Practice" not in text_of(browser.get("/people/"))
    browser.post("/practice/switch", {"practice": str(zoe.practice.pk)})
    assert "Zoe Marchetti" not in text_of(browser.get("/people/"))


# --- operators --------------------------------------------------------------------------------
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
