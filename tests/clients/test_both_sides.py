"""Who is a client here does not work here: nobody is given their own record, or their partner's."""

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils.timezone import now

from clients.actions import caring, erasing
from clients.models import Caseload, Client, Couple
from clients.permissions import cared_for, reachable, reachable_couples, seen_together
from clients.queries import records, seats
from practice.actions import invitations, people
from practice.errors import NotPossible
from practice.models import Invitation, InvitationKind, Membership, Practice, Role, Supervision
from practice.queries import audit
from practice.tenancy import scope
from tests.cast import ZONE, Person, Play, make_client, make_member
from tests.practice.ground import ARRIVAL, NEW, link, text_of

pytestmark = pytest.mark.django_db(transaction=True)

TAKEN = "Somebody in this practice has this address already."
NOT_BY_THIS = "This link does not open with your address."


def seated(person: Person, *roles: str) -> Person:
    """Give a client a seat beside, as an invitation of before the rule did."""
    return make_member(person.practice, "", "", *roles, user=person.user)


def waiting(dana: Person, email: str) -> Client:
    """Bring somebody into care who has not joined."""
    said = {"name": "Lucio Ferro", "email": email, "zone": ZONE, "invite_now": False}
    with scope(practice=dana.practice.pk):
        return caring.add(by=dana.actor, at=now(), **said)


@pytest.mark.parametrize("state", ["joined", "ended", "invited"])
def test_a_client_is_not_invited_to_work_here(state: str, ana: Person, dana: Person, ruth: Person):
    address = "Ana@mail.example"
    with scope(practice=dana.practice.pk):
        if state == "ended":
            caring.discharge(by=dana.actor, at=now(), client=ana.client)
        if state == "invited":
            address = "lucio@mail.example"
    if state == "invited":
        waiting(dana, address)
    said = {**NEW, "email": address, "roles": ["therapist"]}
    answer = ruth.browser().post("/people/invite", said)
    assert answer.status_code == 422
    assert TAKEN in text_of(answer)
    answer = ruth.browser().post("/api/v1/invitations", said, content_type="application/json")
    assert answer.status_code == 422
    with scope(practice=dana.practice.pk):
        assert not Invitation.objects.filter(kind=InvitationKind.MEMBER).exists()


def test_a_client_of_another_practice_is_invited(zack: Person, ruth: Person):
    said = {**NEW, "email": zack.user.email, "roles": ["therapist"]}
    assert ruth.browser().post("/people/invite", said).status_code == 302
    with scope(practice=ruth.practice.pk):
        [sent] = Invitation.objects.all()
        assert invitations.accept(invitation=sent, user=zack.user, at=now())


def test_an_address_that_became_a_client_s_meanwhile_brings_in_no_colleague(
    dana: Person, ruth: Person
):
    ruth.browser().post("/people/invite", {**NEW, "roles": ["therapist"]})
    way_in = link()
    waiting(dana, NEW["email"])
    answer = Browser().post(way_in, ARRIVAL)
    assert NOT_BY_THIS in text_of(answer)
    with scope(practice=ruth.practice.pk):
        assert not Membership.objects.filter(user__email=NEW["email"]).exists()
        [sent] = Invitation.objects.filter(kind=InvitationKind.MEMBER)
        assert sent.accepted_at is None
        with pytest.raises(NotPossible) as refused:
            invitations.resend(by=ruth.actor, at=now(), invitation=sent)
    assert refused.value.message == TAKEN


def test_who_came_to_work_here_meanwhile_is_not_let_in_as_a_client(
    practice: Practice, dana: Person
):
    client = waiting(dana, "lucio@mail.example")
    with scope(practice=practice.pk):
        sent = caring.invite(by=dana.actor, at=now(), client=client)
    lucio = make_member(practice, "lucio@mail.example", "Lucio Ferro", "therapist")
    with scope(practice=practice.pk), pytest.raises(NotPossible) as refused:
        invitations.accept(invitation=sent.invitation, user=lucio.user, at=now())
    assert NOT_BY_THIS in refused.value.message


def test_who_left_and_became_a_client_gets_no_seat_back(
    practice: Practice, dana: Person, omar: Person, ruth: Person
):
    with scope(practice=practice.pk):
        people.deactivate(by=ruth.actor, at=now(), member=omar.member)
    make_client(practice, "", "Omar Castellan", dana, user=omar.user)
    answer = ruth.browser().post(f"/people/{omar.member.pk}/reactivate")
    assert answer.status_code == 409
    assert "Nobody is both a client and a colleague." in text_of(answer)
    with scope(practice=practice.pk):
        assert Membership.objects.get(pk=omar.member.pk).deactivated_at is not None


def test_nobody_who_is_a_client_here_is_offered_to_take_over(
    couple: Couple, ana: Person, dana: Person, omar: Person, ruth: Person
):
    own = seated(ana, "therapist").member
    for by, where in (
        (dana, f"/clients/{couple.second_id}/hand-over"),
        (ruth, f"/people/{dana.member.pk}/deactivate"),
    ):
        page = text_of(by.browser().get(where))
        assert str(omar.member.pk) in page
        assert str(own.pk) not in page
        # Nor by a form that was made by hand, or a program.
        assert by.browser().post(where, {"to": str(own.pk)}).status_code == 422
    with scope(practice=dana.practice.pk), pytest.raises(NotPossible):
        caring.hand_over(by=dana.actor, at=now(), clients=[couple.second], to=own)


def test_whom_only_their_partner_would_care_for_is_in_nobody_s_care(
    couple: Couple, ana: Person, omar: Person, ruth: Person
):
    own = seated(ana, "therapist").member
    with scope(practice=ana.practice.pk):
        Caseload.objects.update(member=own)
        assert [one.pk for one in records.uncared(ruth.actor)] == [ana.client.pk, couple.second_id]
        assert own not in seats.can_take_over(ruth.actor)
        caring.entrust(by=ruth.actor, at=now(), client=couple.second, to=omar.member)
        assert [one.pk for one in records.uncared(ruth.actor)] == [ana.client.pk]


def test_a_client_is_given_no_role_that_reads(ana: Person, dana: Person, ruth: Person):
    own = seated(ana, "admin").member
    browser, where = ruth.browser(), f"/people/{own.pk}/"
    for said in (
        {"roles": ["admin", "therapist"]},
        {"roles": ["supervisor"], "supervises": [str(dana.member.pk)]},
    ):
        answer = browser.post(where, said)
        assert answer.status_code == 422
        assert "Nobody is both a client and a colleague." in text_of(answer)
    # What somebody has may be taken away.
    with scope(practice=ana.practice.pk):
        Membership.objects.filter(pk=own.pk).update(roles=["admin", "therapist"])
    assert browser.post(where, {"roles": ["therapist"]}).status_code == 302


def read_along(person: Person, dana: Person) -> None:
    """Let somebody read what Dana's clients wrote, as a supervision of before the rule does."""
    with scope(practice=person.practice.pk):
        Supervision.objects.create(
            practice=person.practice, supervisor=person.member, therapist=dana.member
        )


@pytest.mark.parametrize("role", [Role.THERAPIST, Role.SUPERVISOR])
@pytest.mark.parametrize("state", ["linked", "unlinked", "not joined"])
def test_whatever_they_were_given_a_member_opens_neither_record_of_the_two(
    role: Role,
    state: str,
    couple: Couple,
    ana: Person,
    ben: Person,
    noor: Person,
    dana: Person,
    play: Play,
):
    sent = play.submit(ben, play.homework(ben, play.assign(dana, couple)))
    both = seated(ana, role)
    with scope(practice=dana.practice.pk):
        if role is Role.THERAPIST:
            for client in (couple.first, couple.second, noor.client):
                Caseload.objects.create(
                    practice=dana.practice, member=both.member, client=client, from_at=now()
                )
        Couple.objects.update(next_session_at=now() + timedelta(days=2))
        if state == "unlinked":
            caring.unlink(by=dana.actor, at=now(), couple=couple)
        if state == "not joined":  # the record waits under the address they sign in with
            Client.objects.filter(pk=ana.client.pk).update(user=None, email="ana@mail.example")
    if role is Role.SUPERVISOR:
        read_along(both, dana)
    with scope(practice=dana.practice.pk):
        actor = both.actor
        assert [one.pk for one in reachable(actor)] == [noor.client.pk]
        own = [noor.client.pk] if role is Role.THERAPIST else []
        assert [one.pk for one in cared_for(actor)] == own
        assert not reachable_couples(actor).exists()
        assert not seen_together(actor).exists()
    browser = both.browser()
    for where in (
        f"/clients/{couple.first_id}/",
        f"/clients/{couple.second_id}/",
        f"/couples/{couple.pk}/",
        reverse("homework_page", args=[sent.pk]),
        reverse("review", args=[sent.pk]),
    ):
        assert browser.get(where).status_code == 404, where
    assert browser.get(f"/clients/{noor.client.pk}/").status_code == 200
    for where in ("/clients/", "/review/"):
        assert "Ben" not in text_of(browser.get(where)), where


def test_an_admin_sees_neither_in_the_records_nor_in_the_trail(
    couple: Couple, ana: Person, noor: Person, dana: Person, ruth: Person
):
    both = seated(ana, "admin")
    with scope(practice=dana.practice.pk):
        for client in (couple.first, couple.second, noor.client):
            erasing.request(by=dana.actor, at=now(), client=client)
        assert len(records.records(ruth.actor)[0].rows) == 3
        assert [one.pk for one in records.records(both.actor)[0].rows] == [noor.client.pk]
        asked = {"action": "erasure.requested"}
        assert len(audit.trail(ruth.actor, **asked).rows) == 3
        found = audit.trail(both.actor, **asked).rows
        assert [one.client_id for one in found] == [noor.client.pk]
