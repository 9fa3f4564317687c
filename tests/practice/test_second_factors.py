"""Seeds of second factors: sealed for one person, readable from before, and never lost."""

import base64
import importlib
import os
import re
from typing import Any

import pytest
from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.apps import apps
from django.core import mail
from django.core.management import call_command
from django.db import transaction
from django.test import Client as Browser
from django.test import RequestFactory
from django.utils.formats import date_format
from django.utils.timezone import now

from practice.actions import factors
from practice.crypto import FACTOR, keyring
from practice.models import User
from tests.cast import PASSWORD, Person
from tests.conftest import acting_as, as_owner
from tests.practice.ground import (
    add_passkey,
    ask_for_code,
    code_now,
    code_sent,
    long_open,
    passkey_of,
    policies,
    text_of,
)

pytestmark = pytest.mark.django_db(transaction=True)


def set_up(person: Person) -> tuple[str, list[str]]:
    """Set up an app and codes on paper as the pages do; return the seed and the codes."""
    request = RequestFactory().post("/account/2fa/totp/activate/")
    request.user = person.user
    secret = generate_totp_secret()
    with context.request_context(request):
        TOTP.activate(person.user, secret)
        return secret, RecoveryCodes.activate(person.user).generate_codes()


def rows(person: Person) -> dict[str, dict[str, Any]]:
    found = Authenticator.objects.filter(user=person.user)
    return {str(one.type): one.data for one in found}


def second_step(person: Person, code: str) -> Any:
    browser = Browser()
    browser.post("/account/login/", {"login": person.user.email, "password": PASSWORD})
    return browser.post("/account/2fa/authenticate/", {"code": code})


def test_a_seed_is_sealed_where_it_lies_and_opens_for_its_owner(dana: Person):
    secret, codes = set_up(dana)
    data = rows(dana)
    assert data["totp"]["secret"].startswith(FACTOR)
    assert data["recovery_codes"]["seed"].startswith(FACTOR)
    assert secret not in str(data)
    assert second_step(dana, code_now(secret)).status_code == 302
    assert second_step(dana, codes[0]).status_code == 302
    assert second_step(dana, codes[0]).status_code == 200  # once


def test_a_seed_opens_in_nobody_else_s_row(dana: Person, ruth: Person):
    secret, _codes = set_up(dana)
    set_up(ruth)
    copied = rows(dana)["totp"]
    Authenticator.objects.filter(user=ruth.user, type="totp").update(data=copied)
    answer = second_step(ruth, code_now(secret))
    assert answer.status_code == 503
    assert "the key did not fit" in text_of(answer)


def test_what_an_older_release_wrote_opens_and_is_sealed_by_the_worker(dana: Person):
    secret = generate_totp_secret()
    TOTP.activate(dana.user, secret)
    codes = RecoveryCodes.activate(dana.user).generate_codes()
    assert rows(dana)["totp"]["secret"] == secret
    assert second_step(dana, codes[0]).status_code == 302
    before = rows(dana)["recovery_codes"]

    with acting_as("homeward_worker"):
        assert factors.seal_new() == 2
        assert factors.seal_new() == 0

    after = rows(dana)
    assert after["totp"]["secret"].startswith(FACTOR)
    assert {**after["recovery_codes"], "seed": before["seed"]} == before
    assert second_step(dana, code_now(secret)).status_code == 302
    assert second_step(dana, codes[1]).status_code == 302
    assert second_step(dana, codes[0]).status_code == 200  # used before, and still


def test_a_new_master_key_takes_over_and_a_lost_one_is_said(dana: Person, settings: Any):
    _secret, codes = set_up(dana)
    old, new = settings.HOMEWARD_MASTER_KEY, base64.b64encode(os.urandom(32)).decode()
    settings.HOMEWARD_MASTER_KEY = f"{new},{old}"
    keyring.forget()
    with as_owner():
        call_command("rotatekeys", rewrap=True)
    settings.HOMEWARD_MASTER_KEY = new
    keyring.forget()
    assert second_step(dana, codes[0]).status_code == 302
    settings.HOMEWARD_MASTER_KEY = old
    keyring.forget()
    answer = second_step(dana, codes[1])
    assert answer.status_code == 503
    assert "the key did not fit" in text_of(answer)


def test_a_wrong_code_of_an_app_speaks_of_no_mail(dana: Person):
    page = text_of(dana.browser().post("/account/2fa/totp/activate/", {"code": "000000"}))
    assert re.search(r'<span class="code">([A-Z2-7]{4} ){7}[A-Z2-7]{4}</span>', page)
    assert ">Cancel</a>" in page
    set_up(dana)
    for said in (page, text_of(second_step(dana, "000000"))):
        assert "Look at the app again" in said
        assert "mail, or" not in said


def test_a_key_is_offered_to_who_has_one_and_a_new_one_opens_alone(dana: Person):
    set_up(dana)
    assert "Use your passkey" not in text_of(second_step(dana, "000000"))
    browser = dana.browser()
    page = text_of(browser.get("/account/2fa/webauthn/add/"))
    (box,) = re.findall(r'<input[^>]*name="passwordless"[^>]*>', page)
    assert "checked" in box
    said = {"credential": '{"id": "nonsense"}'}
    nonsense = Browser().post("/account/2fa/webauthn/login/", said, follow=True)
    assert "This passkey did not open." in text_of(nonsense)


def test_who_has_a_passkey_alone_is_asked_for_no_code(dana: Person):
    passkey_of(dana.user)
    browser = Browser()
    browser.post("/account/login/", {"login": dana.user.email, "password": PASSWORD})
    page = text_of(browser.get("/account/2fa/authenticate/"))
    assert "Use your passkey" in page
    assert "six digits" not in page
    assert 'name="code"' not in page
    set_up(dana)
    page = text_of(browser.get("/account/2fa/authenticate/"))
    assert page.index("Use your passkey") < page.index("six digits") < page.index('name="code"')


def test_a_password_that_is_missing_is_asked_for_by_its_name(dana: Person):
    page = text_of(dana.browser().post("/account/password/change/", {}))
    assert "needed to go on" not in page
    for name in ("Your current password", "New password", "New password, once more"):
        assert f"{name}: Write something here." in page


def test_going_back_opens_all_of_them(dana: Person, ruth: Person):
    seeds = {person.user.pk: set_up(person) for person in (dana, ruth)}
    backwards = importlib.import_module("practice.migrations.0004_second_factors").open_all
    with as_owner(), transaction.atomic():
        backwards(apps, None)
    for person in (dana, ruth):
        secret, codes = seeds[person.user.pk]
        assert rows(person)["totp"]["secret"] == secret
        assert FACTOR not in str(rows(person))
        assert second_step(person, codes[2]).status_code == 302


def set_up_by_pages(browser: Browser) -> Any:
    browser.get("/account/2fa/totp/activate/")
    code = code_now(browser.session["mfa.totp.secret"])
    return browser.post("/account/2fa/totp/activate/", {"code": code}, follow=True)


def test_the_first_codes_on_paper_replace_none(dana: Person):
    browser = dana.browser()
    first = text_of(set_up_by_pages(browser))
    assert "Here are your codes" in first
    assert "The old ones no longer work." not in first
    again = browser.post("/account/2fa/recovery-codes/generate/", follow=True)
    assert "Here are new codes. The old ones no longer work." in text_of(again)


def test_what_was_done_to_an_account_is_told_by_its_owner_s_clock(dana: Person, settings: Any):
    """Codes of an app are told of when the transaction is over, a password within it."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    User.objects.filter(pk=dana.user.pk).update(language="es", zone="America/Bogota")
    dana.user.refresh_from_db()
    browser = dana.browser()
    page = text_of(set_up_by_pages(browser))
    assert "The app is set up." not in page
    new = "a quiet lane at noon"
    said = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert browser.post("/account/password/change/", said).status_code == 302
    of_app, of_password = mail.outbox
    for message in (of_app, of_password):
        assert "Bogotá" in message.body
        assert "UTC" not in message.body
        assert message.subject == "Un cambio en tu cuenta"


def test_who_has_no_password_is_not_told_to_change_it(ana: Person, settings: Any):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    ana.user.set_unusable_password()
    ana.user.save()
    key = passkey_of(ana.user)
    removed = ana.browser().post(f"/account/2fa/webauthn/keys/{key.pk}/remove/")
    assert removed.status_code == 302
    (message,) = mail.outbox
    assert "If not, tell your practice right away." in str(message.body)
    assert "change your password" not in str(message.body)


def test_after_the_codes_one_goes_on_to_where_one_was_headed(ruth: Person):
    policies(ruth.practice, second_factor_required=True)
    browser = ruth.browser()
    browser.get("/audit/?since=2026-01-01")
    assert "Go on" not in text_of(browser.get("/account/2fa/"))  # there is nothing set up
    page = text_of(set_up_by_pages(browser))
    on = '<a class="btn" href="/audit/?since=2026-01-01">'
    assert f"{on}I have kept them, go on</a>" in page
    assert f"{on}Go on</a>" in text_of(browser.get("/account/2fa/"))
    assert browser.get("/audit/?since=2026-01-01").status_code == 200
    # From here on the codes are looked at for their own sake.
    page = text_of(browser.get("/account/2fa/recovery-codes/"))
    assert '<a class="btn" href="/account/2fa/">I have kept them</a>' in page


# --- who has no password -------------------------------------------------------------------------
CODES = re.compile(r"<li>([0-9]{8})</li>")


def without_password(person: Person) -> Browser:
    """Sign somebody in with a code by mail, as who has no password does."""
    person.user.set_unusable_password()
    person.user.save()
    browser = Browser()
    ask_for_code(person.user.email, browser)
    browser.post("/account/login/code/confirm/", {"code": code_sent(person.user.email)})
    return browser


@pytest.mark.usefixtures("outbox")
@pytest.mark.parametrize("add", [add_passkey, set_up_by_pages])
def test_who_has_no_password_sees_the_codes_that_come_with_the_first_key(ana: Person, add: Any):
    browser = without_password(ana)
    page = text_of(add(browser))
    assert "Here are your codes" in page
    assert len(CODES.findall(page)) == 10
    # A second look, later, is asked for all the same.
    session = browser.session
    for one in session["account_authentication_methods"]:
        one["at"] -= 601
    session.save()
    assert "/reauthenticate/" in browser.get("/account/2fa/recovery-codes/")["Location"]


def asked_once_more(browser: Browser) -> str:
    """Return the page that asks who one is, before the codes are shown."""
    return text_of(browser.get("/account/2fa/recovery-codes/", follow=True))


def test_what_is_asked_once_more_goes_by_the_name_of_what_there_is(ana: Person):
    ana.user.set_unusable_password()
    ana.user.save()
    passkey_of(ana.user)
    browser = long_open(ana)
    secret, codes = set_up(ana)
    page = asked_once_more(browser)
    assert "Write the six digits from your authenticator app, or one of your" in page
    browser.post("/account/2fa/reauthenticate/", {"code": code_now(secret)})
    browser.post("/account/2fa/totp/deactivate/")
    page = asked_once_more(long_open(ana))
    assert "Use your passkey" in page
    assert "Use a recovery code" in page
    assert "Talk to your practice" in page
    assert "authenticator app" not in page
    later = long_open(ana)
    page = text_of(later.get("/account/2fa/reauthenticate/"))
    assert re.search(r"<label[^>]*>Recovery code<", page)
    wrong = text_of(later.post("/account/2fa/reauthenticate/", {"code": "00000000"}))
    assert "That is none of your recovery codes" in wrong
    assert later.post("/account/2fa/reauthenticate/", {"code": codes[0]}).status_code == 302


def use_up(person: Person) -> None:
    """Let every code on paper have been used."""
    paper = Authenticator.objects.get(user=person.user, type="recovery_codes")
    paper.data["used_mask"] = 2**10 - 1
    paper.save()


def first_step(person: Person) -> Browser:
    browser = Browser()
    browser.post("/account/login/", {"login": person.user.email, "password": PASSWORD})
    return browser


def test_the_second_step_names_what_there_is_and_whom_to_ask_without_it(ana: Person):
    _secret, codes = set_up(ana)
    way = "/account/2fa/authenticate/"
    assert "six digits from your authenticator app, or one" in text_of(first_step(ana).get(way))
    passkey_of(ana.user)
    Authenticator.objects.filter(user=ana.user, type="totp").delete()
    browser = first_step(ana)
    page = text_of(browser.get(way))
    assert "Use your passkey" in page
    assert re.search(r"<label[^>]*>Recovery code<", page)
    assert "Talk to your practice" in page
    wrong = text_of(browser.post(way, {"code": "00000000"}))
    assert "That is none of your recovery codes" in wrong
    assert "app" not in re.sub(r"<[^>]*>", "", wrong.partition("<main")[2].partition("</main")[0])
    assert browser.post(way, {"code": codes[0]}).status_code == 302
    use_up(ana)
    page = text_of(first_step(ana).get(way))
    assert 'name="code"' not in page
    assert "Talk to your practice" in page


def test_a_way_that_is_used_up_is_not_offered(ana: Person):
    ana.user.set_unusable_password()
    ana.user.save()
    passkey_of(ana.user)
    set_up(ana)
    use_up(ana)
    Authenticator.objects.filter(user=ana.user, type="totp").delete()
    page = asked_once_more(long_open(ana))
    assert "Use your passkey" in page
    assert "2fa/reauthenticate/" not in page


def test_a_key_that_did_not_open_is_said_where_keys_are_asked_for(ana: Person, dana: Person):
    """The script shows the sentence (a browser looks at that); each page has one of its own."""
    ana.user.set_unusable_password()
    ana.user.save()
    passkey_of(ana.user)
    browser = first_step(dana)
    passkey_of(dana.user)
    for page, said in (
        (asked_once_more_of_a_key(ana), "This passkey did not open."),
        (text_of(first_step(dana).get("/account/2fa/authenticate/")), "This passkey did not open."),
        (text_of(browser.get("/account/2fa/webauthn/add/")), "No key was added."),
    ):
        (shown,) = re.findall(r"<p [^>]*data-no-key[^>]*hidden><span>([^<]*)", page)
        assert shown.startswith(said)


def asked_once_more_of_a_key(person: Person) -> str:
    return text_of(person.browser().get("/account/2fa/webauthn/reauthenticate/"))


# --- codes on paper ------------------------------------------------------------------------------
@pytest.fixture
def sent(settings: Any) -> list[mail.EmailMessage]:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    found: list[mail.EmailMessage] = mail.outbox
    return found


def test_what_is_kept_of_the_codes_says_for_where_and_of_which_day(ana: Person):
    """And not whose they are: who finds the sheet has no address to try them with."""
    _secret, codes = set_up(ana)
    day = date_format(now(), "DATE_FORMAT")
    for way in ("", "download/"):
        answer = ana.browser().get(f"/account/2fa/recovery-codes/{way}")
        kept = text_of(answer)
        assert all(code in kept for code in codes)
        assert f"For testserver. As of {day}: newer ones take their place." in kept
        assert ana.user.email not in kept
    assert "Ana" not in kept
    assert answer["Content-Disposition"] == 'attachment; filename="recovery-codes.txt"'


def test_a_code_on_paper_that_was_used_is_told_to_its_owner(
    dana: Person, sent: list[mail.EmailMessage]
):
    secret, codes = set_up(dana)
    second_step(dana, "00000000")
    second_step(dana, code_now(secret))
    assert sent == []
    second_step(dana, codes[0])
    (message,) = sent
    assert message.to == [dana.user.email]
    assert "One of your recovery codes was used" in str(message.body)
    assert "9 codes are left." in str(message.body)


GO, GONE = "your recovery codes stop working too", "Your recovery codes no longer work either."


def test_the_last_key_takes_the_codes_along_and_says_so(ana: Person, sent: list[mail.EmailMessage]):
    set_up(ana)
    first, last = passkey_of(ana.user), passkey_of(ana.user)
    Authenticator.objects.filter(user=ana.user, type="totp").delete()
    browser = ana.browser()
    browser.post("/account/reauthenticate/", {"password": PASSWORD})
    for key, takes in ((first, False), (last, True)):
        way = f"/account/2fa/webauthn/keys/{key.pk}/remove/"
        assert (GO in text_of(browser.get(way))) is takes
        assert (GONE in text_of(browser.post(way, follow=True))) is takes
        assert (GONE in str(sent[-1].body)) is takes
    assert rows(ana) == {}


def test_so_does_the_app(ana: Person, sent: list[mail.EmailMessage]):
    set_up(ana)
    browser, way = ana.browser(), "/account/2fa/totp/deactivate/"
    assert GO in text_of(browser.get(way))
    assert GONE in text_of(browser.post(way, follow=True))
    assert GONE in str(sent[-1].body)
    set_up(ana)
    passkey_of(ana.user)
    assert GO not in text_of(browser.get(way))
    assert GONE not in text_of(browser.post(way, follow=True))
    assert GONE not in str(sent[-1].body)
