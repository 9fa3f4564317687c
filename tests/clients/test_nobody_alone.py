"""Nobody in care is left with nobody: who hands over first, and who is found a therapist."""

import pytest
from django.core.exceptions import PermissionDenied
from django.utils.timezone import now

from clients.actions import caring
from clients.models import Couple
from practice.errors import NotPossible
from practice.models import Membership
from practice.tenancy import scope
from tests.cast import ZONE, Person, make_client
from tests.clients.ground import names_on
from tests.practice.ground import roles_chosen, text_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_therapist_with_clients_stays_one_until_they_are_handed_over(
    ana: Person, dana: Person, omar: Person, ruth: Person
):
    where = f"/people/{dana.member.pk}/"
    refused = ruth.browser().post(where, {"roles": ["admin"]})
    assert refused.status_code == 422
    assert "They still have 1 client. First hand over" in text_of(refused)
    assert roles_chosen(refused) == ["admin"]  # what was ticked stays
    with scope(practice=dana.practice.pk):
        assert Membership.objects.get(pk=dana.member.pk).roles == ["therapist"]
        caring.hand_over(by=dana.actor, at=now(), clients=[ana.client], to=omar.member)
    # More roles, and the same once more, were never the trouble.
    assert ruth.browser().post(where, {"roles": ["admin", "therapist"]}).status_code == 302
    assert ruth.browser().post(where, {"roles": ["admin"]}).status_code == 302
    with scope(practice=dana.practice.pk):
        assert Membership.objects.get(pk=dana.member.pk).roles == ["admin"]


def test_whose_care_has_ended_is_counted_apart(
    couple: Couple, dana: Person, ruth: Person, omar: Person
):
    with scope(practice=dana.practice.pk):
        caring.discharge(by=dana.actor, at=now(), client=couple.first)
    browser, whom = ruth.browser(), "1 client and 1 whose care has ended"
    refused = browser.post(f"/people/{dana.member.pk}/", {"roles": ["admin"]})
    assert f"They still have {whom}." in text_of(refused)
    deactivate = f"/people/{dana.member.pk}/deactivate"
    assert f"They have {whom}." in text_of(browser.get(deactivate))
    assert browser.post(deactivate, {"to": str(omar.member.pk)}).status_code == 302
    assert names_on(omar, "?only=discharged") == ["Ana Quintero"]


def test_nobody_is_given_to_somebody_who_is_a_therapist_no_more(
    ana: Person, dana: Person, omar: Person
):
    """The colleague's seat is asked anew, not as the page knew it."""
    before = omar.actor
    with scope(practice=dana.practice.pk):
        Membership.objects.filter(pk=omar.member.pk).update(roles=["admin"])
        with pytest.raises(NotPossible):
            caring.hand_over(by=dana.actor, at=now(), clients=[ana.client], to=omar.member)
        with pytest.raises(PermissionDenied):
            caring.add(by=before, at=now(), name="New", email="n@mail.example", zone=ZONE)


def test_who_was_left_with_nobody_is_told_so_and_found_a_therapist(
    ana: Person, ben: Person, dana: Person, omar: Person, ruth: Person
):
    """Rows from before it was refused: admins read names, and give them into a colleague's care."""
    browser = ruth.browser()
    where = f"/records/{ana.client.pk}/hand-over"
    assert browser.get(where).status_code == 404
    assert "nobody’s care" not in text_of(browser.get("/people/"))
    with scope(practice=dana.practice.pk):
        Membership.objects.filter(pk=dana.member.pk).update(roles=["admin"])
    # No page names who can no longer read, nor promises a talk with them.
    assert "Dana" not in text_of(ana.browser().get("/you/topics")).partition("<main")[2]
    assert "nobody’s care" in text_of(browser.get("/people/"))
    assert "Nobody cares for Ana Quintero." in text_of(browser.get("/records/"))
    assert browser.post(where, {"to": str(dana.member.pk)}).status_code == 422
    assert omar.browser().get(where).status_code == 403
    assert browser.post(where, {"to": str(omar.member.pk)}).status_code == 302
    assert names_on(omar) == ["Ana Quintero"]
    assert browser.post(where, {"to": str(omar.member.pk)}).status_code == 404
    page = text_of(browser.get("/records/"))
    assert "Nobody cares for Ana Quintero." not in page
    assert "Nobody cares for Ben Achterberg." in page
    # Dana's role may come back; Ana does not.
    with scope(practice=dana.practice.pk):
        Membership.objects.filter(pk=dana.member.pk).update(roles=["therapist"])
    assert names_on(dana) == ["Ben Achterberg"]


# --- a practice of one ----------------------------------------------------------------------------
ALONE = "Nobody else here is a therapist"


def test_who_works_alone_is_told_to_invite_somebody_before_they_hand_over(
    ana: Person, dana: Person, ruth: Person
):
    """She cannot invite: she reads whom to ask, and no choice among nobody."""
    where = f"/clients/{ana.client.pk}/hand-over"
    page = text_of(dana.browser().get(where))
    assert ALONE in page
    assert "Ask Ruth Abernathy." in page
    assert "<select" not in page.partition("<main")[2]
    assert dana.browser().post(where, {"to": ""}).status_code == 409


def test_nor_does_an_admin_deactivate_the_only_therapist(ana: Person, dana: Person, ruth: Person):
    page = text_of(ruth.browser().get(f"/people/{dana.member.pk}/deactivate"))
    assert ALONE in page
    assert 'class="btn" href="/people/invite"' in page
    said = text_of(ruth.browser().post(f"/people/{dana.member.pk}/", {"roles": ["admin"]}))
    assert "They still have 1 client, and nobody else here is a therapist." in said


def test_an_admin_reads_of_their_own_seat_as_theirs(ruth: Person, dana: Person):
    browser, where = ruth.browser(), f"/people/{ruth.member.pk}/"
    page = text_of(browser.get(where))
    assert "Where you are signed in" in page
    assert "you are shut out of this practice" in page
    assert "they" not in page.partition("<main")[2].lower().split()
    assert "You care for no one" in text_of(browser.get(f"{where}deactivate"))
    saved = browser.post(where, {"roles": ["admin", "therapist"]}, follow=True)
    assert "It holds from your next click on." in text_of(saved)
    make_client(ruth.practice, "ira@mail.example", "Ira Moss", ruth)
    refused = text_of(browser.post(where, {"roles": ["admin"]}))
    assert "You still have 1 client. First hand over" in refused
    assert "You have 1 client. Choose who takes over." in text_of(browser.get(f"{where}deactivate"))
    assert "Where they are signed in" in text_of(browser.get(f"/people/{dana.member.pk}/"))
    out = browser.post(f"{where}sign-out", follow=True)
    assert "You are signed out everywhere" in text_of(out)
