"""Nobody in care is left with nobody: who hands over first, and who is found a therapist."""

import pytest
from django.core.exceptions import PermissionDenied
from django.utils.timezone import now

from clients.actions import caring
from clients.models import Couple
from practice.errors import NotPossible
from practice.models import Membership
from practice.tenancy import scope
from tests.cast import ZONE, Person
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
