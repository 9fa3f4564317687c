"""Several invitations to one address, what they offer, and the language they speak."""

import re

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client as Browser
from django.utils.timezone import now

from practice.actions import invitations
from practice.errors import NotPossible
from practice.models import Invitation, Practice
from practice.tenancy import scope
from tests.cast import ZONE, Person
from tests.practice.ground import policies, text_of

pytestmark = pytest.mark.django_db(transaction=True)

NEW = {"name": "Ines Duarte", "email": "ines@hillside.example"}
ARRIVAL = {
    "called": "Ines Duarte",
    "zone": ZONE,
    "language": "en",
    "password": "a quiet lane at noon",
}


def link() -> str:
    found = re.search(r"https?://[^/\s]+(/invitation/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def invite(by: Person, *roles: str) -> str:
    assert by.browser().post("/people/invite", {**NEW, "roles": roles}).status_code == 302
    return link()


def sent_to_ines(practice: Practice) -> list[Invitation]:
    with scope(practice=practice.pk):
        return list(Invitation.objects.order_by("created_at"))


def test_sending_a_replaced_invitation_again_replaces_the_other(ruth: Person):
    invite(ruth, "admin", "therapist")
    later = invite(ruth, "therapist")
    first, _second = sent_to_ines(ruth.practice)
    ruth.browser().post(f"/people/invitations/{first.pk}/resend")
    assert [one.revoked_at is None for one in sent_to_ines(ruth.practice)] == [True, False]
    assert Browser().get(later).status_code == 404
    assert Browser().get(link()).status_code == 200


def test_who_came_in_by_one_link_is_waited_for_by_no_other(ruth: Person):
    invite(ruth, "admin", "therapist")
    older = sent_to_ines(ruth.practice)[0].pk
    newest = invite(ruth, "therapist")
    with scope(practice=ruth.practice.pk):  # two open ones, from before there was one at most
        Invitation.objects.filter(pk=older).update(revoked_at=None)
    assert Browser().post(newest, ARRIVAL).status_code == 302
    page = text_of(ruth.browser().get("/people/"))
    assert ">Waiting<" not in page
    assert ">Cancelled<" in page


def test_what_was_accepted_meanwhile_is_not_sent_again(ruth: Person):
    """The admin's page is older than the press of whom it names."""
    address = invite(ruth, "therapist")
    [stale] = sent_to_ines(ruth.practice)
    Browser().post(address, ARRIVAL)
    with (
        scope(practice=ruth.practice.pk),
        pytest.raises(NotPossible, match="not_possible"),
    ):
        invitations.resend(by=ruth.actor, at=now(), invitation=stale)


def test_the_list_says_what_was_offered_in_one_order(ruth: Person, dana: Person):
    invite(ruth, "supervisor", "admin")
    listed = text_of(ruth.browser().get("/people/")).partition('id="inv"')[2]
    assert re.findall(r'class="tag">(\w+)<', listed) == ["Admin", "Supervisor"]
    with scope(practice=ruth.practice.pk):
        type(dana.member).objects.filter(pk=dana.member.pk).update(roles=["therapist", "admin"])
    people = text_of(ruth.browser().get("/people/?role=therapist"))
    assert re.findall(r'class="tag">(\w+)<', people)[:2] == ["Admin", "Therapist"]


def test_a_colleague_is_invited_in_the_practice_s_language(ruth: Person):
    policies(ruth.practice, language="es")
    address = invite(ruth, "therapist")
    assert "Hola:" in str(mail.outbox[-1].body)
    assert '<html lang="es"' in text_of(Browser().get(address))


def test_what_somebody_chose_on_their_device_counts_more(ruth: Person):
    policies(ruth.practice, language="es")
    address, browser = invite(ruth, "therapist"), Browser()
    browser.get(address)
    browser.post("/language", {"language": "en", "next": address})
    assert '<html lang="en"' in text_of(browser.get(address))
    assert browser.cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"
