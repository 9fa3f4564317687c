"""Ruth's pages: people, roles, invitations; and one's own account."""

import re
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client as Browser
from django.utils.timezone import now

from practice.actions import invitations, people
from practice.errors import NotPossible
from practice.models import (
    ApiToken,
    AuditEvent,
    Invitation,
    Membership,
    Practice,
    Supervision,
    User,
)
from practice.queries import people as queries
from practice.tenancy import scope
from tests.cast import PASSWORD, ZONE, Person, make_member
from tests.practice.ground import roles_chosen, text_of

pytestmark = pytest.mark.django_db(transaction=True)

NEW = {"name": "Ines Duarte", "email": "Ines@Hillside.example", "roles": ["therapist"]}
ARRIVAL = {
    "called": "Ines Duarte",
    "zone": ZONE,
    "language": "en",
    "password": "a quiet lane at noon",
}

AGAIN = {"called": "Ines Duarte", "zone": ZONE, "language": "en"}


def link() -> str:
    found = re.search(r"https?://[^/\s]+(/invitation/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def seat(person: Person) -> Membership:
    with scope(practice=person.practice.pk):
        assert person.member
        return Membership.objects.get(pk=person.member.pk)


def actions_of(practice: Practice) -> list[str]:
    with scope(practice=practice.pk):
        return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


# --- invitations ------------------------------------------------------------------------------
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
    assert "sign in" in text_of(response).lower()
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


def test_an_invitation_says_nothing(ruth: Person, invited: str):
    [message] = mail.outbox
    assert message.subject == "Your invitation"
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


# --- people -----------------------------------------------------------------------------------
def test_searching_and_filtering_people(ruth: Person, dana: Person, omar: Person, sana: Person):
    browser = ruth.browser()
    assert "Omar Castellan" not in text_of(browser.get("/people/?q=dana"))
    page = text_of(browser.get("/people/?role=supervisor"))
    assert "Sana Iqbal" in page
    assert "Omar Castellan" not in page
    nobody = text_of(browser.get("/people/?state=deactivated"))
    assert "Nobody here" in nobody
    assert "Nobody fits. Take a filter away." in nobody  # no letters were typed
    assert "No name has these letters in it" in text_of(browser.get("/people/?q=xyz"))


def test_pages_of_people_keep_the_search(ruth: Person):
    for n in range(30):
        make_member(ruth.practice, f"m{n}@hillside.example", f"Member {n:02}", "therapist")
    browser = ruth.browser()
    page = text_of(browser.get("/people/?q=Member"))
    found = re.search(r'rel="next" href="([^"]+)"', page)
    assert found
    following = text_of(browser.get(found[1].replace("&amp;", "&")))
    assert "Member 29" in following
    assert "Member 00" not in following
    assert "Ruth Abernathy</a>" not in following


@pytest.mark.parametrize("cursor", ["nonsense", "W10", "WyJhIl0", "x" * 5000, "%00"])
def test_a_broken_cursor_is_an_address_that_is_not_there(ruth: Person, cursor: str):
    assert ruth.browser().get(f"/people/?after={cursor}").status_code == 404


def test_people_costs_the_same_with_one_and_with_many(
    ruth: Person, django_assert_max_num_queries: Any
):
    browser = ruth.browser()
    browser.get("/people/")
    with django_assert_max_num_queries(40) as one:
        browser.get("/people/")
    for n in range(9):
        make_member(ruth.practice, f"m{n}@hillside.example", f"Member {n}", "therapist")
    with django_assert_max_num_queries(len(one.captured_queries)):
        browser.get("/people/")


def test_roles_and_named_therapists(ruth: Person, dana: Person, omar: Person):
    response = ruth.browser().post(
        f"/people/{omar.member.pk}/",  # type: ignore[union-attr]
        {"roles": ["therapist", "supervisor"], "supervises": [str(dana.member.pk)]},  # type: ignore[union-attr]
    )
    assert response.status_code == 302
    assert omar.actor.supervises == {dana.member.pk}  # type: ignore[union-attr]
    ruth.browser().post(f"/people/{omar.member.pk}/", {"roles": ["therapist"]})  # type: ignore[union-attr]
    with scope(practice=ruth.practice.pk):
        assert not Supervision.objects.exists()


def test_nobody_is_named_from_another_practice(ruth: Person, omar: Person, zoe: Person):
    response = ruth.browser().post(
        f"/people/{omar.member.pk}/",  # type: ignore[union-attr]
        {"roles": ["supervisor"], "supervises": [str(zoe.member.pk)]},  # type: ignore[union-attr]
    )
    assert response.status_code == 422
    with scope(practice=ruth.practice.pk):
        people.set_roles(
            by=ruth.actor,
            at=now(),
            member=seat(omar),
            roles=["supervisor"],
            supervises=[zoe.member.pk],  # type: ignore[union-attr]
        )
        assert not Supervision.objects.exists()


def test_the_last_admin_stays(ruth: Person, dana: Person):
    browser = ruth.browser()
    response = browser.post(f"/people/{ruth.member.pk}/", {"roles": ["therapist"]})  # type: ignore[union-attr]
    assert response.status_code == 422
    assert "Somebody has to be an admin" in text_of(response)
    assert roles_chosen(response) == ["therapist"]  # what was ticked stays
    with scope(practice=ruth.practice.pk), pytest.raises(NotPossible):
        people.deactivate(by=ruth.actor, at=now(), member=seat(ruth))
    assert seat(ruth).roles == ["admin"]


def test_a_seat_comes_back_as_it_was_but_keys_do_not(ruth: Person, dana: Person):
    dana.browser().post("/you/keys", {"name": "export", "scopes": ["read"], "days": 30})
    with scope(practice=ruth.practice.pk):
        people.deactivate(by=ruth.actor, at=now(), member=seat(dana))
        assert ApiToken.objects.get().revoked_at is not None
    ruth.browser().post(f"/people/{dana.member.pk}/reactivate")  # type: ignore[union-attr]
    assert dana.browser().get("/people/").status_code == 200
    with scope(practice=ruth.practice.pk):
        assert ApiToken.objects.get().revoked_at is not None
    assert actions_of(ruth.practice)[-2:] == ["member.deactivated", "member.reactivated"]


def test_a_name_is_found_without_its_accents(ruth: Person, dana: Person):
    with scope(practice=ruth.practice.pk):
        User.objects.filter(pk=dana.user.pk).update(name="Danaé Núñez")
    for typed in ("danae", "NUNEZ", "danaé nu", "dana@"):
        with scope(practice=ruth.practice.pk):
            found = queries.people(ruth.actor, search=typed)
        assert [row.pk for row in found] == [dana.member.pk], typed  # type: ignore[union-attr]


def test_a_zone_has_one_name_and_the_one_it_had_is_understood(dana: Person):
    browser = dana.browser()
    with scope(practice=dana.practice.pk):
        User.objects.filter(pk=dana.user.pk).update(zone="Asia/Calcutta")
    page = text_of(browser.get("/you/account"))
    assert '<option value="Asia/Kolkata" selected>' in page
    for name in ("Asia/Calcutta", "US/Eastern", "Etc/GMT+5"):
        assert f'value="{name}"' not in page
    said = {"name": "Dana", "language": "en", "daily_mail_time": "08:00"}
    for typed, kept in (("US/Eastern", "America/New_York"), ("Etc/GMT+5", "Etc/GMT+5")):
        assert browser.post("/you/account", {**said, "zone": typed}).status_code == 302
        assert f'<option value="{kept}" selected>' in text_of(browser.get("/you/account"))


def test_a_zone_is_offered_by_its_city_in_the_reader_s_language(dana: Person):
    browser = dana.browser()
    page = text_of(browser.get("/you/account"))
    assert '<option value="Europe/Lisbon" selected>Lisbon (Europe)</option>' in page
    assert '<option value="UTC">UTC</option>' in page
    assert page.index(">Amsterdam (") < page.index(">Asunción (") < page.index(">Zagreb")
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "es"
    page = text_of(browser.get("/you/account"))
    assert '<option value="Europe/Lisbon" selected>Lisboa (' in page


# --- one's own account ------------------------------------------------------------------------
def test_a_member_changes_their_own_account_and_no_other(dana: Person, omar: Person):
    browser = dana.browser()
    response = browser.post(
        "/you/account",
        {
            "name": "Dana W.",
            "language": "es",
            "zone": "Europe/Helsinki",
            "daily_mail_time": "07:15",
            "user": omar.user.pk,
            "email": "other@mail.example",
            "is_superuser": "1",
        },
    )
    assert response.status_code == 302
    user = User.objects.get(pk=dana.user.pk)
    assert (user.name, user.language, user.zone) == ("Dana W.", "es", "Europe/Helsinki")
    assert (user.email, user.is_superuser) == ("dana@hillside.example", False)
    assert seat(dana).daily_mail is False
    assert User.objects.get(pk=omar.user.pk).name == "Omar Castellan"
    assert '<html lang="es"' in text_of(browser.get("/you/account"))


def test_the_daily_mail_is_offered_to_whom_something_can_wait_for(dana: Person, sana: Person):
    asked = "One e-mail a day when something waits for me"
    assert asked in text_of(dana.browser().get("/you/account"))
    browser = sana.browser()
    assert asked not in text_of(browser.get("/you/account"))
    said = {"name": "Sana I.", "language": "en", "zone": "Europe/Lisbon"}
    before = seat(sana)
    assert browser.post("/you/account", said).status_code == 302
    assert User.objects.get(pk=sana.user.pk).name == "Sana I."
    # What they would get as a therapist stays as it was.
    after = seat(sana)
    assert (after.daily_mail, after.daily_mail_time) == (before.daily_mail, before.daily_mail_time)
    with scope(practice=sana.practice.pk):
        Membership.objects.filter(pk=sana.member.pk).update(daily_mail=False)
    browser.post("/you/account", said)
    assert seat(sana).daily_mail is False


def test_a_client_has_a_page_of_their_own(ana: Person):
    assert ana.browser().get("/you/account")["Location"] == "/you/"


def test_keys_are_made_only_just_after_signing_in(dana: Person):
    browser = dana.browser()
    session = browser.session
    session["account_authentication_methods"] = [
        {"method": "password", "at": now().timestamp() - 3600, "email": dana.user.email}
    ]
    session.save()
    response = browser.get("/you/keys")
    assert response["Location"].startswith("/account/reauthenticate/")
    browser.post("/account/reauthenticate/?next=/you/keys", {"password": PASSWORD})
    assert browser.get("/you/keys").status_code == 200


def test_a_key_is_shown_once_and_belongs_to_its_maker(dana: Person, omar: Person):
    browser = dana.browser()
    form = {"name": "export", "scopes": ["read"], "days": 30, "once": "a-word-of-its-page"}
    assert browser.post("/you/keys", form).status_code == 302
    # A page that is sent once more makes no second key, and what it made is nowhere as it is.
    assert browser.post("/you/keys", form)["Location"] == "/you/keys"
    waiting = str(dict(browser.session))
    page = text_of(browser.get("/you/keys"))
    found = re.search(r"hw_[0-9a-f]{32}_[\w-]{40,}", page)
    assert found
    assert found[0].rpartition("_")[2] not in waiting
    assert found[0] not in text_of(browser.get("/you/keys"))
    with scope(practice=dana.practice.pk):
        pk = ApiToken.objects.get().pk
        assert found[0] not in str(ApiToken.objects.values())
    assert omar.browser().post(f"/you/keys/{pk}/revoke").status_code == 404
    assert browser.post(f"/you/keys/{pk}/revoke").status_code == 302
