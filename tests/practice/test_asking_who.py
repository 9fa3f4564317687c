"""What opens or weakens the house is done just after saying who one is; nothing typed is lost by it."""

from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client as Browser
from django.utils.timezone import now

from clients.models import Caseload
from practice.actions import invitations, people
from practice.models import AuditEvent, Invitation, InvitationKind, Membership, Practice
from practice.tenancy import scope
from tests.cast import PASSWORD, Person
from tests.practice.ground import (
    ARRIVAL,
    ASKED,
    ask_for_code,
    code_sent,
    form_on,
    link,
    long_open,
    text_of,
)

pytestmark = pytest.mark.django_db(transaction=True)
YVES = {"name": "Yves Roy", "email": "yves@hillside.example", "roles": ["admin", "therapist"]}


def trail(ruth: Person) -> list[str]:
    with scope(practice=ruth.practice.pk):
        return list(AuditEvent.objects.order_by("seq").values_list("action", flat=True))


def idle_minutes(ruth: Person) -> int:
    with scope(practice=ruth.practice.pk):
        return Practice.objects.get().idle_minutes


def an_invitation(ruth: Person) -> Invitation:
    with scope(practice=ruth.practice.pk, user=ruth.user.pk):
        return invitations.invite(
            by=ruth.actor, at=now(), kind=InvitationKind.MEMBER, **YVES
        ).invitation


def deactivated(ruth: Person, who: Person) -> None:
    with scope(practice=ruth.practice.pk, user=ruth.user.pk):
        people.deactivate(by=ruth.actor, at=now(), member=who.member)


def test_a_colleague_is_invited_just_after_saying_who_one_is_and_what_was_typed_goes(ruth: Person):
    browser = long_open(ruth)
    assert browser.get("/people/invite").status_code == 200
    asks = browser.post("/people/invite", YVES)["Location"]
    assert asks.startswith(ASKED)
    assert mail.outbox == []
    assert trail(ruth) == []
    assert browser.post(asks, {"password": PASSWORD})["Location"] == "/people/"
    with scope(practice=ruth.practice.pk):
        sent = Invitation.objects.get()
    assert (sent.name, sent.email, sent.roles) == tuple(YVES.values())
    assert "Admin, Therapist" in text_of(browser.get("/audit/"))


@pytest.mark.parametrize(
    ("way", "ready", "done"),
    [
        ("/people/{member}/deactivate", None, "member.deactivated"),
        ("/people/{member}/sign-out", None, "member.sessions_ended"),
        ("/people/{member}/reactivate", deactivated, "member.reactivated"),
    ],
)
def test_a_colleague_s_access_is_touched_just_after_saying_who_one_is(
    ruth: Person,
    omar: Person,
    way: str,
    ready: Callable[[Person, Person], None] | None,
    done: str,
):
    if ready:
        ready(ruth, omar)
    browser, at = long_open(ruth), way.format(member=omar.member.pk)
    asks = browser.post(at)["Location"]
    assert asks.startswith(ASKED)
    assert done not in trail(ruth)
    browser.post(asks, {"password": PASSWORD})
    assert done in trail(ruth)


def test_so_is_a_link_sent_again(ruth: Person):
    browser, sent = long_open(ruth), an_invitation(ruth)
    mail.outbox.clear()
    asks = browser.post(f"/people/invitations/{sent.pk}/resend")["Location"]
    assert asks.startswith(ASKED)
    assert mail.outbox == []
    browser.post(asks, {"password": PASSWORD})
    assert len(mail.outbox) == 1


def test_the_practice_s_settings_are_set_just_after_saying_who_one_is(ruth: Person):
    browser = long_open(ruth)
    said = form_on(text_of(browser.get("/practice/settings"))) | {"idle_minutes": "0"}
    asks = browser.post("/practice/settings", said)["Location"]
    assert asks.startswith(ASKED)
    assert idle_minutes(ruth) > 0
    browser.post(asks, {"password": PASSWORD})
    assert idle_minutes(ruth) == 0


def test_somebody_in_nobody_s_care_is_entrusted_just_after_saying_who_one_is(
    ruth: Person, omar: Person, ana: Person
):
    """It opens a whole record to whom the admin names."""
    with scope(practice=ana.practice.pk):
        Caseload.objects.filter(client=ana.client).update(until_at=now())
    browser, page = long_open(ruth), f"/records/{ana.client.pk}/hand-over"
    assert browser.get(page).status_code == 200
    asks = browser.post(page, {"to": str(omar.member.pk)})["Location"]
    assert asks.startswith(ASKED)
    assert omar.browser().get(f"/clients/{ana.client.pk}/").status_code == 404
    browser.post(asks, {"password": PASSWORD})
    assert omar.browser().get(f"/clients/{ana.client.pk}/").status_code == 200


def test_no_session_gets_round_it_by_asking_as_a_program_does(ruth: Person):
    browser, sent = long_open(ruth), an_invitation(ruth)
    for way, said in (
        ("/api/v1/invitations", YVES | {"email": "other@hillside.example"}),
        (f"/api/v1/invitations/{sent.pk}/resend", {}),
    ):
        answer = browser.post(way, said, content_type="application/json")
        assert answer.status_code == 403
        assert "once more who you are" in answer.json()["detail"]
    assert browser.get("/api/v1/invitations").status_code == 200
    with scope(practice=ruth.practice.pk):
        assert Invitation.objects.count() == 1
    fresh = ruth.browser()
    answer = fresh.post(way, {}, content_type="application/json")
    assert answer.status_code == 200


def test_who_may_not_is_asked_for_nothing(dana: Person, ruth: Person):
    browser, seat = long_open(dana), ruth.member.pk
    for way in ("/people/invite", f"/people/{seat}/sign-out", "/practice/settings"):
        assert browser.post(way).status_code == 403
    with scope(practice=ruth.practice.pk):
        assert Membership.objects.get(pk=seat).deactivated_at is None


@pytest.mark.parametrize(
    ("path", "wrong", "put_right"),
    [
        ("/people/invite", {"email": "yves"}, {"email": "yves@hillside.example"}),
        ("/practice/settings", {"quiet_until": "never"}, {"quiet_until": "07:00"}),
    ],
)
def test_what_is_refused_after_it_can_be_put_right(
    ruth: Person, path: str, wrong: dict[str, str], put_right: dict[str, str]
):
    browser = long_open(ruth)
    said = form_on(text_of(browser.get(path))) | YVES
    asks = browser.post(path, said | wrong)["Location"]
    refused = browser.post(asks, {"password": PASSWORD})
    page = text_of(refused)
    assert refused.status_code == 422
    assert "Yves Roy" in page
    # It stands at the address that asked; what is sent from it goes where it belongs.
    form = page[page.rindex('<form class="') :]
    assert f'action="{path}"' in form.partition(">")[0]
    assert browser.post(path, said | put_right).status_code == 302


# --- the page that asks ---------------------------------------------------------------------------
def back_on(page: str) -> str:
    return page.partition("<main")[2].partition("<h1")[0].partition('href="')[2].partition('"')[0]


def test_the_way_back_leads_to_the_page_whose_form_waits(ruth: Person, omar: Person):
    page = f"/people/{omar.member.pk}/"
    form = {"HTTP_REFERER": f"http://testserver{page}", "HTTP_ORIGIN": "http://testserver"}
    browser = long_open(ruth)
    asks = browser.post(f"{page}sign-out", **form)["Location"]
    assert back_on(text_of(browser.get(asks, HTTP_REFERER=form["HTTP_REFERER"]))) == page
    # A wrong password is typed on the page that asks; the way back is the same.
    wrong = browser.post(asks, {"password": "no"}, HTTP_REFERER=f"http://testserver{asks}")
    assert back_on(text_of(wrong)) == page
    assert "for you alone" not in text_of(wrong)


@pytest.mark.parametrize(
    ("came", "leads"),
    [
        ("http://testserver/audit/?client=x", "/audit/"),
        ("http://testserver/account/reauthenticate/", "/you/"),
        ("https://evil.example/people/", "/you/"),
        ("http://testserver//evil.example/", "/you/"),
        ("http://[", "/you/"),
        ("", "/you/"),
    ],
)
def test_the_way_back_leads_nowhere_else(ruth: Person, came: str, leads: str):
    page = long_open(ruth).get(f"{ASKED}?next=http://[", HTTP_REFERER=came)
    assert back_on(text_of(page)) == leads


# --- a password that was just given ---------------------------------------------------------------
def signed_in(person: Person) -> Browser:
    browser = Browser()
    browser.post("/account/login/", {"login": person.user.email, "password": PASSWORD})
    return browser


def later(browser: Browser, seconds: int) -> None:
    """Let somebody have said so long ago who they are."""
    session = browser.session
    for one in session["account_authentication_methods"]:
        one["at"] -= seconds
    session.save()


def test_who_signed_in_with_a_password_is_asked_for_it_ten_minutes_later(ruth: Person):
    browser = signed_in(ruth)
    assert browser.get("/account/2fa/totp/activate/").status_code == 200
    later(browser, 500)
    assert browser.get("/account/2fa/totp/activate/").status_code == 200
    later(browser, 101)
    assert browser.get("/account/2fa/totp/activate/")["Location"].startswith(ASKED)
    assert browser.post("/people/invite", YVES)["Location"].startswith(ASKED)


def test_a_password_chosen_on_the_way_in_is_not_asked_for_at_once(ruth: Person):
    ruth.browser().post("/people/invite", YVES)
    browser = Browser()
    browser.post(link(), ARRIVAL)
    assert browser.get("/account/2fa/totp/activate/").status_code == 200
    later(browser, 601)
    assert browser.get("/account/2fa/totp/activate/")["Location"].startswith(ASKED)


@pytest.mark.usefixtures("outbox")
def test_who_came_in_without_their_password_is_asked_for_it(ana: Person):
    browser = Browser()
    ask_for_code(ana.user.email, browser)
    browser.post("/account/login/code/confirm/", {"code": code_sent(ana.user.email)})
    assert browser.get("/today/").status_code == 200
    assert browser.get("/account/2fa/totp/activate/")["Location"].startswith(ASKED)
