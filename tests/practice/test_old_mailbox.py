"""Who reads the mailbox somebody left opens nothing with what lies there; its owner still can."""

import pytest
from django.test import Client as Browser

from practice.models import AccountMail, User
from tests.cast import PASSWORD, Person
from tests.practice.ground import (
    code_in,
    code_sent,
    confirm_another_address,
    mails,
    text_of,
    without_tokens,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("outbox")]

RESET = "/account/password/reset/"
CONFIRM = "/account/password/reset/confirm/"
COMPLETE = "/account/password/reset/complete/"
THEIRS, OWN = "quartz heron velvet 81 moss", "own quiet meadow 55 fern"


def forget(address: str) -> tuple[Browser, str]:
    """Ask for a code for a forgotten password; return the browser it was asked in, and the code."""
    browser = Browser()
    assert browser.post(RESET, {"email": address})["Location"] == CONFIRM
    return browser, code_sent(address)


def choose(browser: Browser, password: str) -> str:
    """Choose a new password; return where that leads."""
    answer = browser.post(COMPLETE, {"password1": password, "password2": password})
    return str(answer.headers.get("Location", ""))


def change_password(browser: Browser, password: str) -> None:
    answer = browser.post(
        "/account/password/change/",
        {"oldpassword": PASSWORD, "password1": password, "password2": password},
    )
    assert answer.status_code == 302


def has_password(person: Person, password: str) -> bool:
    return User.objects.get(pk=person.user.pk).check_password(password)


def test_a_forgotten_password_is_chosen_anew(ana: Person):
    browser, code = forget("ana@mail.example")
    assert browser.post(CONFIRM, {"code": code})["Location"] == COMPLETE
    assert choose(browser, OWN)
    assert has_password(ana, OWN)


def test_a_code_in_the_old_mailbox_opens_nothing_once_its_owner_moved(ana: Person):
    reader, code = forget("ana@mail.example")
    stranger = Browser()
    stranger.post(RESET, {"email": "nobody@mail.example"})
    confirm_another_address(ana, "new@mail.example")
    answer = reader.post(CONFIRM, {"code": code})
    assert answer.status_code == 200
    # As for an address that nobody has: what became of the account is not told either.
    told = text_of(stranger.post(CONFIRM, {"code": code}))
    asked = ("ana@mail.example", "nobody@mail.example")
    assert without_tokens(text_of(answer), *asked) == without_tokens(told, *asked)
    assert choose(reader, THEIRS) == CONFIRM
    assert has_password(ana, PASSWORD)


def test_who_waits_on_the_last_page_sets_no_password_once_its_owner_moved(ana: Person):
    reader, code = forget("ana@mail.example")
    assert reader.post(CONFIRM, {"code": code})["Location"] == COMPLETE
    confirm_another_address(ana, "new@mail.example")
    assert choose(reader, THEIRS) == RESET
    assert "This code no longer opens." in text_of(reader.get(RESET))
    assert has_password(ana, PASSWORD)
    assert reader.get("/today/").status_code == 302


def test_a_code_from_before_opens_nothing_once_its_owner_chose_a_password(ana: Person):
    reader, code = forget("ana@mail.example")
    change_password(ana.browser(), OWN)
    assert reader.post(CONFIRM, {"code": code}).status_code == 200
    assert choose(reader, THEIRS) == CONFIRM
    assert has_password(ana, OWN)


def test_who_waits_on_the_last_page_sets_no_password_once_its_owner_chose_one(ana: Person):
    reader, code = forget("ana@mail.example")
    reader.post(CONFIRM, {"code": code})
    change_password(ana.browser(), OWN)
    assert choose(reader, THEIRS) == RESET
    assert has_password(ana, OWN)


def test_a_session_holds_nothing_of_the_password(ana: Person):
    browser, _code = forget("ana@mail.example")
    kept = str(dict(browser.session))
    assert User.objects.get(pk=ana.user.pk).password not in kept


# --- another code ---------------------------------------------------------------------------------
def test_another_code_is_sent_and_tells_nobody_who_is_here(ana: Person, dana: Person):
    seen, again = set(), {"action": "resend"}
    for address in ("ana@mail.example", "dana@hillside.example", "nobody@mail.example"):
        browser = Browser()
        browser.post(RESET, {"email": address})
        before = AccountMail.objects.count()
        page = text_of(browser.post(CONFIRM, again, follow=True))
        assert AccountMail.objects.count() == before + 1
        assert "Send a new code" in page
        seen.add(without_tokens(page, address))
        for _press in range(4):
            answer = browser.post(CONFIRM, again, follow=True)
        assert "Wait five minutes" in text_of(answer)
        assert AccountMail.objects.count() == before + 4, "five in all, as when asking"
    assert len(seen) == 1


def test_another_code_opens_and_the_first_no_longer_does(ana: Person):
    browser, first = forget("ana@mail.example")
    browser.post(CONFIRM, {"action": "resend"})
    assert browser.post(CONFIRM, {"code": first}).status_code == 200
    assert browser.post(CONFIRM, {"code": code_sent("ana@mail.example")})["Location"] == COMPLETE
    assert choose(browser, OWN)
    assert has_password(ana, OWN)


def test_no_other_code_goes_to_the_mailbox_its_owner_left(ana: Person):
    reader, code = forget("ana@mail.example")
    confirm_another_address(ana, "new@mail.example")
    reader.post(CONFIRM, {"action": "resend"})
    assert [
        one for to, mail in mails() if to == ["ana@mail.example"] and (one := code_in(mail))
    ] == [code]
    assert reader.post(CONFIRM, {"code": code}).status_code == 200
    assert choose(reader, THEIRS) == CONFIRM
