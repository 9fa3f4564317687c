"""Who gives whom a way to clients' words: never oneself, never unseen, and just after saying who one is."""

import pytest
from django.utils.timezone import now

from practice.actions import invitations
from practice.models import AuditEvent, InvitationKind, Membership, User
from practice.tenancy import scope
from tests.cast import ZONE, Person
from tests.practice.ground import text_of

pytestmark = pytest.mark.django_db(transaction=True)
ANOTHER = "Another admin can give it to you."


def give(by: Person, to: Person, *roles: str, reads: Person | None = None) -> tuple[int, str]:
    said: dict[str, object] = {"roles": list(roles)}
    if reads:
        said["supervises"] = [str(reads.member.pk)]  # type: ignore[union-attr]
    answer = by.browser().post(f"/people/{to.member.pk}/", said)  # type: ignore[union-attr]
    return answer.status_code, text_of(answer)


@pytest.mark.parametrize("role", ["therapist", "supervisor"])
def test_no_admin_gives_themselves_what_another_can_give(ruth: Person, rae: Person, role: str):
    status, page = give(ruth, ruth, "admin", role)
    assert status == 422
    assert ANOTHER in page
    assert give(rae, ruth, "admin", role)[0] == 302
    # What one has stays, and may be given up.
    assert give(ruth, ruth, "admin", role)[0] == 302
    assert give(ruth, ruth, "admin")[0] == 302


def test_no_admin_names_another_caseload_for_themselves(
    ruth: Person, rae: Person, dana: Person, omar: Person
):
    assert give(rae, ruth, "admin", "supervisor", reads=dana)[0] == 302
    assert ANOTHER in give(ruth, ruth, "admin", "supervisor", reads=omar)[1]
    assert ruth.actor.supervises == {dana.member.pk}  # type: ignore[union-attr]
    assert give(ruth, ruth, "admin", "supervisor", reads=dana)[0] == 302


def test_where_one_is_the_only_admin_they_may_be_its_therapist(ruth: Person, rae: Person):
    assert give(ruth, rae, "therapist")[0] == 302
    assert give(ruth, ruth, "admin", "therapist")[0] == 302


def test_an_admin_whose_account_is_closed_is_none(ruth: Person, rae: Person):
    """Else the only one who can still come in could give it up, and nobody could give it back."""
    User.objects.filter(pk=rae.user.pk).update(is_active=False)
    status, page = give(ruth, ruth, "therapist")
    assert status == 422
    assert "Somebody has to be an admin." in page
    assert give(ruth, ruth, "admin", "therapist")[0] == 302


def test_a_link_one_sent_oneself_adds_no_role(ruth: Person, rae: Person):
    """To another address, which one takes before opening it."""
    with scope(practice=ruth.practice.pk, user=ruth.user.pk):
        link = invitations.invite(
            by=ruth.actor,
            at=now(),
            kind=InvitationKind.MEMBER,
            email="other@hillside.example",
            name="Ruth",
            roles=["supervisor"],
        ).link
    User.objects.filter(pk=ruth.user.pk).update(email="other@hillside.example")
    way = "/invitation/" + link.rpartition("/")[2]
    said = {"called": "Ruth Abernathy", "zone": ZONE, "language": "en"}
    assert ruth.browser().post(way, said).status_code == 302
    with scope(practice=ruth.practice.pk):
        assert Membership.objects.get(pk=ruth.member.pk).roles == ["admin"]  # type: ignore[union-attr]


def test_roles_are_set_just_after_saying_who_one_is(ruth: Person, omar: Person):
    browser = ruth.browser()
    session = browser.session
    long_ago = {"method": "password", "at": now().timestamp() - 3600, "reauthenticated": True}
    session["account_authentication_methods"] = [long_ago]
    session.save()
    page = f"/people/{omar.member.pk}/"  # type: ignore[union-attr]
    assert browser.get(page).status_code == 200
    answer = browser.post(page, {"roles": ["therapist", "supervisor"]})
    assert answer["Location"].startswith("/account/reauthenticate/")
    assert omar.actor.roles == {"therapist"}


def test_whose_caseload_somebody_was_given_is_in_the_trail_and_said_to_them(
    ruth: Person, omar: Person, dana: Person
):
    assert "reads along" not in text_of(dana.browser().get("/clients/"))
    give(ruth, omar, "therapist", "supervisor", reads=dana)
    with scope(practice=ruth.practice.pk):
        line = AuditEvent.objects.get(action="member.roles_set")
    assert line.detail["supervises"] == str(dana.member.pk)  # type: ignore[union-attr]
    page = text_of(ruth.browser().get("/audit/"))
    assert "reads along with Dana Whitlock" in page
    assert "Omar Castellan reads along with you" in text_of(dana.browser().get("/clients/"))
    assert "reads along with you" not in text_of(omar.browser().get("/clients/"))
    give(ruth, omar, "therapist")
    assert "reads along" not in text_of(dana.browser().get("/clients/"))
