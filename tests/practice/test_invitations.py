"""Coming in by invitation: once, in time, by its link; several to one address, and what they offer."""

import re

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client as Browser
from django.utils.timezone import now

from practice.actions import invitations, people
from practice.errors import NotPossible
from practice.models import (
    Invitation,
    Membership,
    Practice,
    User,
)
from practice.tenancy import scope
from tests.cast import ZONE, Person, make_member
from tests.practice.ground import ARRIVAL, NEW, actions_of, link, policies, seat, text_of

pytestmark = pytest.mark.django_db(transaction=True)


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
    assert ">Invitations<" not in page


def test_of_several_to_one_address_the_last_one_sent_is_shown(ruth: Person):
    def shown() -> list[str]:
        page = text_of(ruth.browser().get("/people/"))
        states = re.findall(r'<span class="tag[^"]*">(Waiting|Cancelled)</span>', page)
        return [*states, *re.findall(r"/people/invitations/([^/]*)/resend", page)]

    for _time in range(3):
        invite(ruth, "therapist")
    first, _second, third = sent_to_ines(ruth.practice)
    assert shown() == ["Waiting", str(third.pk)]
    ruth.browser().post(f"/people/invitations/{first.pk}/resend")
    assert shown() == ["Waiting", str(first.pk)]
    ruth.browser().post(f"/people/invitations/{first.pk}/revoke")
    assert shown() == ["Cancelled", str(first.pk)]


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


AGAIN = {"called": "Ines Duarte", "zone": ZONE, "language": "en"}


# --- by one link -------------------------------------------------------------------------------
@pytest.fixture
def invited(ruth: Person) -> str:
    assert ruth.browser().post("/people/invite", NEW).status_code == 302
    return link()


def test_a_colleague_comes_in_by_invitation(ruth: Person, invited: str):
    browser = Browser()
    response = browser.post(invited, ARRIVAL, follow=True)
    assert response.redirect_chain[-1][0] == "/review/"
    user = User.objects.get(email="ines@hillside.example")
    assert user.check_password("a quiet lane at noon")
    page = text_of(ruth.browser().get("/people/"))
    assert "Ines Duarte" in page
    assert actions_of(ruth.practice) == ["invitation.sent", "invitation.accepted"]


def test_a_link_works_once_and_nobody_gets_in_on_a_replay(ruth: Person, invited: str):
    Browser().post(invited, ARRIVAL)
    for again in (Browser().get(invited), Browser().post(invited, ARRIVAL)):
        assert again.status_code == 404
        assert "Ines" not in text_of(again)


def test_a_revoked_link_opens_nothing(ruth: Person, invited: str):
    with scope(practice=ruth.practice.pk):
        pk = Invitation.objects.get().pk
    assert ruth.browser().post(f"/people/invitations/{pk}/revoke").status_code == 302
    assert Browser().get(invited).status_code == 404


def test_sending_again_kills_the_old_link(ruth: Person, invited: str):
    with scope(practice=ruth.practice.pk):
        pk = Invitation.objects.get().pk
    ruth.browser().post(f"/people/invitations/{pk}/resend")
    assert link() != invited
    assert Browser().get(invited).status_code == 404
    assert Browser().get(link()).status_code == 200


def test_a_link_runs_out(ruth: Person, invited: str):
    with scope(practice=ruth.practice.pk):
        Invitation.objects.update(expires_at=now())
    assert Browser().get(invited).status_code == 404


def test_a_link_of_one_practice_opens_nothing_in_another(ruth: Person, invited: str, zoe: Person):
    secret = invited.rpartition(".")[2]
    assert Browser().get(f"/invitation/{zoe.practice.pk}.{secret}").status_code == 404


def test_nobody_joins_in_somebody_elses_name(ruth: Person, invited: str, dana: Person):
    response = dana.browser().get(invited)
    assert "Sign out first" in text_of(response)
    dana.browser().post(invited, ARRIVAL)
    assert not User.objects.filter(email="ines@hillside.example").exists()
    with (
        scope(practice=ruth.practice.pk),
        pytest.raises(NotPossible, match="not_possible"),
    ):
        invitations.accept(invitation=Invitation.objects.get(), user=dana.user, at=now())


@pytest.fixture
def ines(ruth: Person, invited: str) -> Person:
    """Ines, who came in by another link, became more meanwhile, and still has the old one."""
    return make_member(ruth.practice, "ines@hillside.example", "Ines Duarte", "supervisor", "admin")


def test_an_old_link_adds_to_what_somebody_is(invited: str, ines: Person):
    assert ines.browser().post(invited, AGAIN).status_code == 302
    assert sorted(seat(ines).roles) == ["admin", "supervisor", "therapist"]


def test_an_old_link_is_not_sent_again_to_who_works_here(ruth: Person, invited: str, ines: Person):
    with scope(practice=ruth.practice.pk):
        pk = Invitation.objects.get().pk
    assert ruth.browser().post(f"/people/invitations/{pk}/resend").status_code == 409


def test_who_was_deactivated_comes_back_only_when_asked_and_as_no_more_than_that(
    ruth: Person, invited: str, ines: Person
):
    with scope(practice=ruth.practice.pk):
        people.deactivate(by=ruth.actor, at=now(), member=ines.member)
        pk = Invitation.objects.get().pk
    assert ines.browser().post(invited, AGAIN).status_code == 404
    assert seat(ines).deactivated_at is not None
    assert ruth.browser().post(f"/people/invitations/{pk}/resend").status_code == 302
    assert ines.browser().post(link(), AGAIN).status_code == 302
    assert (seat(ines).roles, seat(ines).deactivated_at) == (["therapist"], None)


def test_uma_accepts_as_herself_and_has_one_more_seat(ruth: Person, other_practice: Practice):
    uma = make_member(other_practice, "uma@both.example", "Uma Lindqvist", "therapist")
    ruth.browser().post("/people/invite", {**NEW, "email": "UMA@both.example"})
    assert "sign in" in text_of(Browser().get(link())).lower()
    browser = uma.browser()
    browser.post(link(), {"called": "Uma Lindqvist", "zone": ZONE, "language": "en"})
    assert User.objects.filter(email__iexact="uma@both.example").count() == 1
    with scope(user=uma.user.pk):
        assert Membership.objects.filter(user=uma.user).count() == 2


def test_a_weak_password_is_said_kindly_and_nothing_typed_is_lost(invited: str):
    response = Browser().post(invited, {**ARRIVAL, "password": "short"})
    assert response.status_code == 422
    assert 'value="Ines Duarte"' in text_of(response)


def test_an_invitation_names_nobody(ruth: Person, invited: str):
    [message] = mail.outbox
    assert message.subject == "Your invitation to work with Homeward"
    assert "You are invited to work with Homeward." in str(message.body)
    for word in ("Ines", "Ruth", "Hillside", "therap", "couple"):
        assert word not in message.subject + str(message.body) + message.from_email


def test_somebody_who_works_here_is_not_invited_again(ruth: Person, dana: Person):
    response = ruth.browser().post("/people/invite", {**NEW, "email": "DANA@hillside.example"})
    assert response.status_code == 422
    assert "works here already" in text_of(response)
    assert 'id="id_email_error"' in text_of(response)
    assert f'value="{NEW["name"]}"' in text_of(response)  # nothing typed is lost
    assert mail.outbox == []


def test_an_empty_form_is_asked_for_once_more(ruth: Person):
    response = ruth.browser().post("/people/invite", {"name": "Ines", "email": "nonsense"})
    page = text_of(response)
    assert response.status_code == 422
    assert 'value="Ines"' in page
    assert "like name@example.org" in page
    # Each names what it asks for; its field's name before it would say it twice.
    assert ">Write an e-mail address, like name@example.org.</a>" in page
    assert ">Choose at least one role.</a>" in page
    for word in ("required", "nvalid"):
        assert f"field is {word}" not in page


@pytest.mark.parametrize("name", ["dana", "omar", "sana", "zoe", "ana"])
def test_only_the_practices_admin_changes_people(
    name: str, request: pytest.FixtureRequest, ruth: Person, omar: Person, invited: str
):
    browser = request.getfixturevalue(name).browser()
    with scope(practice=ruth.practice.pk):
        pk = Invitation.objects.get().pk
    for address, body in (
        (f"/people/{omar.member.pk}/", {"roles": ["admin"]}),  # type: ignore[union-attr]
        (f"/people/{omar.member.pk}/reactivate", {}),  # type: ignore[union-attr]
        (f"/people/invitations/{pk}/revoke", {}),
        (f"/people/invitations/{pk}/resend", {}),
    ):
        assert browser.post(address, body).status_code in {403, 404}
    assert seat(omar).roles == ["therapist"]
    assert Browser().get(invited).status_code == 200


def test_an_admins_role_cannot_be_smuggled_into_an_invitation(invited: str, ruth: Person):
    Browser().post(invited, {**ARRIVAL, "roles": ["admin"], "practice": "x", "is_superuser": "1"})
    user = User.objects.get(email="ines@hillside.example")
    assert not user.is_superuser
    with scope(practice=ruth.practice.pk):
        assert Membership.objects.get(user=user).roles == ["therapist"]
