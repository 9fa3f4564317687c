"""One address, and two who ask for it at the very same moment: one has it, the other is told."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client as Browser
from django.utils.timezone import now

from clients.actions import caring
from clients.models import Client
from practice.actions import invitations
from practice.models import User
from practice.tenancy import scope
from tests.attacks.ground import PIA, answers, meet, quiet, word_of
from tests.cast import Person
from tests.practice.ground import code_sent, on_the_list, text_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("outbox")]


def test_of_two_who_confirm_one_address_the_second_is_told(
    ana: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
):
    asked = []
    for person in (ana, ben):
        browser = quiet(person.browser())
        said = {"email": "shared@mail.example", "action_add": "1"}
        to = browser.post("/account/email/", said)["Location"]
        asked.append((browser, to, code_sent("shared@mail.example")))
        cache.clear()  # one address is written to only so often; the second asks a little later
    # Both have looked, and found it free.
    meet(monkeypatch, EmailAddress, "set_as_primary")
    found = answers(*[lambda one=one: one[0].post(one[1], {"code": one[2]}) for one in asked])
    assert [answer.status_code for answer in found] == [302, 302]
    pages = [text_of(browser.get("/account/email/")) for browser, _to, _code in asked]
    assert sorted("Somebody has this address already." in page for page in pages) == [False, True]
    assert User.objects.filter(email="shared@mail.example").count() == 1
    assert EmailAddress.objects.filter(email="shared@mail.example").count() == 1
    assert not any("Changing to" in page for page in pages)


def test_of_two_practices_that_invite_one_address_the_second_link_asks_for_a_sign_in(
    dana: Person, zoe: Person, monkeypatch: pytest.MonkeyPatch
):
    ways = []
    for person in (dana, zoe):
        client = on_the_list(person, "Pia", "pia@mail.example")
        with scope(practice=person.practice.pk, user=person.user.pk):
            link = caring.invite(by=person.actor, at=now(), client=client).link
        ways.append((quiet(Browser()), "/invitation/" + link.rpartition("/")[2]))
    said = [PIA | {"once": word_of(browser, way)} for browser, way in ways]
    meet(monkeypatch, invitations, "open_account")

    def come_in(number: int) -> Any:
        browser, way = ways[number]
        return browser.post(way, said[number])

    won, lost = answers(lambda: come_in(0), lambda: come_in(1))
    assert (won.status_code, lost.status_code) == (302, 409)
    assert "There is an account with this address." in text_of(lost)
    assert User.objects.filter(email="pia@mail.example").count() == 1
    joined = 0
    for person in (dana, zoe):
        with scope(practice=person.practice.pk):
            joined += Client.objects.filter(
                email="pia@mail.example", joined_at__isnull=False
            ).count()
    assert joined == 1
