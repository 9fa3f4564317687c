"""A form waits until its sender has said who they are; meanwhile they, or their place, have moved on."""

import re
import time
from typing import Any

import pytest
from allauth.account.views import BaseReauthenticateView
from allauth.core.internal.httpkit import serialize_request
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client as Browser
from django.test import RequestFactory
from django.urls import URLPattern, get_resolver
from django.utils.timezone import now

from clients.actions import caring
from clients.models import ErasureRequest
from practice.actions import invitations
from practice.models import ApiToken, Invitation, InvitationKind, Membership, Practice, User
from practice.tenancy import scope
from practice.views.account import _GoesOn
from tests.cast import PASSWORD, Person, make_client, make_member
from tests.practice.ground import (
    ASKED,
    away,
    code_now,
    form_on,
    long_open,
    policies,
    text_of,
    totp_of,
)

pytestmark = pytest.mark.django_db(transaction=True)
YVES = {"name": "Yves Roy", "email": "yves@hillside.example", "roles": ["admin", "therapist"]}
KEY = {"name": "For the diary", "scopes": ["read"], "days": "30"}
WRITTEN_FOR = "This was written for your page with Hillside Practice"
HOST = "http://testserver"


class Tabs:
    """The tabs of one browser, in which somebody said long ago who they are."""

    def __init__(self, person: Person) -> None:
        self.browser = Browser(enforce_csrf_checks=True, raise_request_exception=False)
        self.browser.cookies = long_open(person).cookies

    def open(self, page: str) -> str:
        """Open a page; return the word its forms carry."""
        found = re.search(
            r'name="csrfmiddlewaretoken" value="([^"]+)"', text_of(self.browser.get(page))
        )
        assert found is not None
        return found[1]

    def send(self, path: str, said: dict[str, Any], *, word: str, page: str = "") -> Any:
        """Send a form as a browser does, from its page."""
        return self.browser.post(
            path,
            {**said, "csrfmiddlewaretoken": word},
            headers={"origin": HOST, "referer": f"{HOST}{page or path}"},
        )

    def ask(self, path: str, said: dict[str, Any], page: str = "") -> str:
        """Send a form, and return where it is asked who one is."""
        answer = self.send(path, said, word=self.open(page or "/help"), page=page)
        assert answer["Location"].startswith(ASKED)
        return str(answer["Location"])

    def answer(self, asks: str, word: str = "") -> Any:
        """Say it: on the page of the question, loaded now unless its word is from before."""
        word = word or self.open(asks)
        return self.send(asks, {"password": PASSWORD}, word=word)

    def change_to(self, seat: str) -> None:
        """Change to another page of one's own, as in another tab."""
        changed = self.send("/practice/switch", {"seat": seat}, word=self.open("/help"))
        assert changed.status_code == 302

    def session(self, **values: Any) -> None:
        """Set what the session knows."""
        session = self.browser.session
        session.update(values)
        session.save()


def asked_ago(tabs: Tabs, seconds: float) -> None:
    """Let the form wait for so long by now."""
    waits = tabs.browser.session["waits"]
    tabs.session(waits={**waits, "at": time.time() - seconds})


@pytest.fixture
def ivy(practice: Practice) -> Person:
    """Return an admin here, who is one in the other practice too."""
    return make_member(practice, "ivy@both.example", "Ivy Moreau", "admin")


@pytest.fixture
def there(ivy: Person, other_practice: Practice) -> Person:
    return make_member(other_practice, "", "", "admin", user=ivy.user)


def invited(practice: Practice) -> list[str]:
    with scope(practice=practice.pk):
        return list(Invitation.objects.values_list("email", flat=True))


# --- in another seat ------------------------------------------------------------------------------
def test_an_invitation_written_in_one_practice_is_not_sent_from_the_other(
    ivy: Person, there: Person
):
    tabs = Tabs(ivy)
    asks = tabs.ask("/people/invite", YVES, page="/people/invite")
    tabs.change_to(there.actor.seat)
    refused = tabs.answer(asks)
    page = text_of(refused)
    assert refused.status_code == 403
    assert WRITTEN_FOR in page
    typed = page.partition("What was in the form</h2>")[2].partition("</main>")[0]
    assert "Yves Roy" in typed
    assert "yves@hillside.example" in typed
    assert PASSWORD not in page
    assert invited(ivy.practice) == invited(there.practice) == []
    assert mail.outbox == []
    # The button there leads back; what waited is gone, and nothing of it is done any more.
    found = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    back = tabs.send("/practice/switch", {"seat": ivy.actor.seat}, word=found[-1])
    assert back.status_code == 302
    assert tabs.answer(asks)["Location"] == "/people/invite"
    assert invited(ivy.practice) == []


def test_nor_are_settings_or_a_key_or_an_erasure(ivy: Person, there: Person, ana: Person):
    tabs = Tabs(ivy)
    said = form_on(text_of(tabs.browser.get("/practice/settings"))) | {"idle_minutes": "7"}
    asks = tabs.ask("/practice/settings", said)
    tabs.change_to(there.actor.seat)
    assert WRITTEN_FOR in text_of(tabs.answer(asks))
    both = list(Practice.objects.filter(pk__in=[ivy.practice.pk, there.practice.pk]))
    assert all(one.idle_minutes != 7 for one in both)

    tabs = Tabs(ivy)
    asks = tabs.ask("/you/keys", KEY)
    tabs.change_to(there.actor.seat)
    assert tabs.answer(asks).status_code == 403

    elsewhere = make_client(there.practice, "", "Ana Q.", there, user=ana.user)
    tabs = Tabs(ana)
    asks = tabs.ask("/you/erasure", {})
    tabs.change_to(elsewhere.actor.seat)
    assert tabs.answer(asks).status_code == 403
    for one in (ivy, there):
        with scope(practice=one.practice.pk, user=one.user.pk):
            assert not ApiToken.objects.exists()
            assert not ErasureRequest.objects.exists()


def test_the_question_that_lies_open_gives_the_words_back_as_well(ivy: Person, there: Person):
    """Its own form is of the seat before, and is refused before anybody looks at the password."""
    tabs = Tabs(ivy)
    asks = tabs.ask("/people/invite", YVES, page="/people/invite")
    word = tabs.open(asks)
    tabs.change_to(there.actor.seat)
    refused = tabs.answer(asks, word=word)
    assert refused.status_code == 403
    assert WRITTEN_FOR in text_of(refused)
    assert "yves@hillside.example" in text_of(refused)
    assert invited(ivy.practice) == invited(there.practice) == []


def test_a_code_answers_no_other_way_than_a_password(ivy: Person, there: Person):
    secret = totp_of(ivy.user)
    User.objects.filter(pk=ivy.user.pk).update(password="!")
    ivy.user.refresh_from_db()
    tabs, by_code = Tabs(ivy), "/account/2fa/reauthenticate/?next=/people/invite"
    word = tabs.open("/people/invite")
    asks = tabs.send("/people/invite", YVES, word=word)["Location"]
    assert asks == "/account/2fa/reauthenticate/?next=%2Fpeople%2Finvite"
    tabs.change_to(there.actor.seat)
    refused = tabs.send(by_code, {"code": code_now(secret)}, word=tabs.open(by_code))
    assert refused.status_code == 403
    assert WRITTEN_FOR in text_of(refused)
    assert invited(ivy.practice) == invited(there.practice) == []


def test_every_page_that_asks_goes_on_as_ours_do():
    def views(patterns: list[Any]) -> list[type]:
        found = []
        for one in patterns:
            if not isinstance(one, URLPattern):
                found += views(one.url_patterns)
            elif view := getattr(one.callback, "view_class", None):
                found.append(view)
        return found

    # Of two at one address Django takes the first: ours stand before allauth's.
    resolver = get_resolver()
    asking = [
        one for one in views(resolver.url_patterns) if issubclass(one, BaseReauthenticateView)
    ]
    assert len(asking) == 6
    for path in (ASKED, "/account/2fa/reauthenticate/", "/account/2fa/webauthn/reauthenticate/"):
        view: Any = resolver.resolve(path).func
        assert issubclass(view.view_class, _GoesOn)


# --- the place ended, or its rules changed --------------------------------------------------------
def test_a_seat_that_ended_meanwhile_hands_its_form_to_no_other(ivy: Person, there: Person):
    tabs = Tabs(ivy)
    asks = tabs.ask("/people/invite", YVES, page="/people/invite")
    with scope(practice=ivy.practice.pk):
        Membership.objects.filter(pk=ivy.member.pk).update(deactivated_at=now())
    refused = tabs.answer(asks)
    assert refused.status_code == 403
    assert "on another of your pages when you wrote this" in text_of(refused)
    assert "yves@hillside.example" in text_of(refused)
    assert "Hillside Practice" not in text_of(refused)
    assert invited(ivy.practice) == invited(there.practice) == []


def test_whose_care_ends_at_the_question_reads_that_it_has(ana: Person, dana: Person):
    tabs = Tabs(ana)
    asks = tabs.ask("/you/erasure", {})
    word = tabs.open(asks)
    with scope(practice=dana.practice.pk, user=dana.user.pk):
        caring.discharge(by=dana.actor, at=now(), client=ana.client)
    closed = tabs.answer(asks, word=word)
    assert closed.status_code == 403
    assert "There is nothing here for you now" in text_of(closed)


def test_a_second_step_that_is_asked_for_by_now_is_asked_of_what_waits(ivy: Person):
    tabs = Tabs(ivy)
    asks = tabs.ask("/people/invite", YVES)
    word = tabs.open(asks)
    policies(ivy.practice, second_factor_required=True)
    answer = tabs.answer(asks, word=word)
    assert answer.status_code == 403
    assert "Set yours up, then go on." in text_of(answer)
    assert "Yves Roy" in text_of(answer)
    assert tabs.browser.get("/people/")["Location"] == "/account/2fa/"
    assert invited(ivy.practice) == []


# --- the lock -------------------------------------------------------------------------------------
def test_saying_who_one_is_opens_no_locked_screen(ivy: Person):
    tabs = Tabs(ivy)
    asks = tabs.ask("/people/invite", YVES)
    word = tabs.open(asks)
    tabs.session(last_seen=time.time() - 31 * 60)
    assert tabs.answer(asks, word=word)["Location"].startswith("/account/login/")
    assert tabs.browser.get("/people/")["Location"].startswith("/account/login/")
    assert invited(ivy.practice) == []


@pytest.mark.parametrize("page", ["email", "2fa", "sessions", "password/change", "reauthenticate"])
def test_one_s_own_account_is_locked_with_the_rest(dana: Person, ana: Person, page: str):
    for who, is_locked in ((dana, True), (ana, False)):
        browser = who.browser()
        assert browser.get(f"/account/{page}/").status_code == 200
        key = away(browser, 31)
        seen = browser.get(f"/account/{page}/")
        assert (seen.status_code == 302) == is_locked
        assert Session.objects.filter(session_key=key).exists() != is_locked
        assert not is_locked or seen["Location"].startswith("/account/login/?next=%2Faccount")


def test_who_is_busy_with_their_account_is_here(dana: Person):
    browser = dana.browser()
    browser.get("/people/")
    away(browser, 29)
    browser.get("/account/email/")
    assert time.time() - browser.session["last_seen"] < 60


def test_signing_out_of_a_locked_screen_is_signing_out(dana: Person):
    browser = dana.browser()
    browser.get("/people/")
    away(browser, 31)
    assert browser.post("/account/logout/")["Clear-Site-Data"] == '"cache"'
    assert browser.get("/people/").status_code == 302


# --- given up, or left lying ----------------------------------------------------------------------
def keys_of(person: Person) -> int:
    with scope(practice=person.practice.pk, user=person.user.pk):
        return ApiToken.objects.count()


def test_a_form_that_was_given_up_is_not_done_at_the_next_visit(dana: Person):
    tabs = Tabs(dana)
    tabs.ask("/you/keys", KEY)
    tabs.open("/people/")  # elsewhere, meaning no
    asks = tabs.browser.get("/you/keys")["Location"]
    assert asks.startswith(ASKED)
    assert tabs.answer(asks)["Location"] == "/you/keys"
    assert keys_of(dana) == 0


def test_a_question_elsewhere_takes_nothing_from_the_form_that_waits(dana: Person):
    tabs = Tabs(dana)
    asks = tabs.ask("/you/keys", KEY)
    word = tabs.open(asks)
    assert tabs.answer(f"{ASKED}?next=/account/email/", word=word)["Location"] == "/account/email/"
    assert keys_of(dana) == 0
    assert tabs.answer(asks, word=word)["Location"] == "/you/keys"
    assert keys_of(dana) == 1


def test_what_waited_too_long_is_not_done_and_its_words_come_back(ivy: Person):
    tabs = Tabs(ivy)
    asks = tabs.ask("/people/invite", YVES, page="/people/invite")
    asked_ago(tabs, 601)
    late = tabs.answer(asks)
    page = text_of(late)
    assert late.status_code == 409
    assert "Nothing was done." in page
    assert "yves@hillside.example" in page
    assert 'class="btn" href="/people/invite"' in page
    assert invited(ivy.practice) == []
    # They have said who they are: sent once more, it goes at once.
    assert tabs.send("/people/invite", YVES, word=tabs.open("/people/invite"))["Location"] == (
        "/people/"
    )
    assert invited(ivy.practice) == ["yves@hillside.example"]


def test_up_to_then_it_is_done(ivy: Person):
    tabs = Tabs(ivy)
    asks = tabs.ask("/people/invite", YVES)
    asked_ago(tabs, 540)
    assert tabs.answer(asks)["Location"] == "/people/"
    assert invited(ivy.practice) == ["yves@hillside.example"]


def test_what_an_older_version_left_waiting_is_not_done(ivy: Person):
    """It says neither in which seat it was sent nor when."""
    tabs = Tabs(ivy)
    sent = RequestFactory().post("/people/invite", YVES)
    tabs.session(account_reauthentication_state={"request": serialize_request(sent)})
    assert tabs.answer(f"{ASKED}?next=/people/invite")["Location"] == "/people/invite"
    assert invited(ivy.practice) == []
    assert "account_reauthentication_state" not in tabs.browser.session


def test_what_is_refused_after_the_question_leads_back_to_its_page(ivy: Person):
    with scope(practice=ivy.practice.pk, user=ivy.user.pk):
        sent = invitations.invite(
            by=ivy.actor, at=now(), kind=InvitationKind.MEMBER, **YVES
        ).invitation
    tabs = Tabs(ivy)
    asks = tabs.ask(f"/people/invitations/{sent.pk}/resend", {}, page="/people/")
    with scope(practice=ivy.practice.pk):
        Invitation.objects.update(accepted_at=now())
    refused = tabs.answer(asks)
    assert refused.status_code in {404, 409}
    assert "/reauthenticate/" not in text_of(refused).partition("<main")[2].partition("</main>")[0]


# --- no secret waits ------------------------------------------------------------------------------
def test_a_new_password_never_lies_in_the_session(ben: Person):
    """Who has an app and no password yet is asked, and types the new one anew."""
    User.objects.filter(pk=ben.user.pk).update(password="!")
    ben.user.refresh_from_db()
    secret = totp_of(ben.user)
    assert Authenticator.objects.filter(user=ben.user).exists()
    tabs, chosen = Tabs(ben), "kumquat lantern 77 orbit"
    said = {"password1": chosen, "password2": chosen}
    asks = tabs.send("/account/password/set/", said, word=tabs.open("/help"))["Location"]
    assert asks.startswith("/account/2fa/reauthenticate/")
    assert not [one for one in Session.objects.all() if "kumquat" in str(one.get_decoded())]
    assert "You will type it once more." in text_of(tabs.browser.get(asks))
    answered = tabs.send(asks, {"code": code_now(secret)}, word=tabs.open(asks))
    assert answered["Location"] == "/account/password/set/"
    ben.user.refresh_from_db()
    assert not ben.user.has_usable_password()
    word = tabs.open("/account/password/set/")
    assert tabs.send("/account/password/set/", said, word=word).status_code == 302
    ben.user.refresh_from_db()
    assert ben.user.check_password(chosen)
