"""Ruth's pages: people, roles, invitations; and one's own account."""

import re
from typing import Any

import pytest
from django.conf import settings
from django.utils.timezone import now

from practice.actions import people
from practice.errors import NotPossible
from practice.models import (
    ApiToken,
    Invitation,
    Supervision,
    User,
)
from practice.queries import people as queries
from practice.tenancy import scope
from tests.cast import Person, make_client, make_member
from tests.practice.ground import actions_of, policies, roles_chosen, seat, text_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_searching_and_filtering_people(ruth: Person, dana: Person, omar: Person, sana: Person):
    browser = ruth.browser()
    assert "Omar Castellan" not in text_of(browser.get("/people/?q=dana"))
    page = text_of(browser.get("/people/?role=supervisor"))
    assert "Sana Iqbal" in page
    assert "Omar Castellan" not in page
    nobody = text_of(browser.get("/people/?state=deactivated"))
    assert "Nobody here" in nobody
    assert "Nobody fits. Take a filter away." in nobody  # no letters were typed
    assert "No name and no e-mail has these letters in it" in text_of(browser.get("/people/?q=xyz"))


def test_who_was_invited_is_looked_for_as_well(ruth: Person):
    browser = ruth.browser()
    for name, roles in (("Nía Roca", "therapist"), ("Theo Marsh", "supervisor")):
        said = {"name": name, "email": f"{name[0]}@hillside.example", "roles": [roles]}
        assert browser.post("/people/invite", said).status_code == 302
    for asked in ("q=nia", "q=N@HILLSIDE", "role=therapist&q=roca"):
        page = text_of(browser.get(f"/people/?{asked}"))
        assert "Nía Roca" in page
        assert "Theo Marsh" not in page
        assert "Nobody here" not in page
        assert '<a href="/people/">Show everyone</a>' in page
    # Who has not come in is neither active nor deactivated.
    for asked in ("q=xyz", "role=admin", "state=active", "state=deactivated"):
        assert ">Invitations<" not in text_of(browser.get(f"/people/?{asked}"))


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


# --- what a young practice still needs -------------------------------------------------------------
def test_an_admin_of_a_young_practice_reads_what_to_begin_with_until_it_is_done(ruth: Person):
    policies(ruth.practice, crisis_texts={})
    browser = ruth.browser()
    page = text_of(browser.get("/people/"))
    assert "To begin with" in page
    assert "Nobody here is a therapist yet" in page
    assert f'href="/people/{seat(ruth).pk}/"' in page
    assert "To see clients yourself" in page
    assert "one general sentence so far" in page
    assert "You have no clients yet" not in page  # she sees none
    policies(ruth.practice, crisis_texts={"es": "Llama al 112."})
    browser.post(f"/people/{seat(ruth).pk}/", {"roles": ["admin", "therapist"]})
    page = text_of(browser.get("/people/"))
    assert "Nobody here is a therapist yet" not in page
    assert "one general sentence so far" not in page
    assert "You have no clients yet" in page
    make_client(ruth.practice, "ira@mail.example", "Ira Moss", ruth)
    assert "To begin with" not in text_of(browser.get("/people/"))


def test_whom_an_admin_asked_to_be_a_therapist_counts(ruth: Person):
    browser = ruth.browser()
    assert "Nobody here is a therapist yet" in text_of(browser.get("/people/"))
    said = {"name": "Yves Roy", "email": "yves@hillside.example", "roles": ["therapist"]}
    browser.post("/people/invite", said)
    assert "To begin with" not in text_of(browser.get("/people/"))
    # Nobody comes in by a link that opens no more.
    with scope(practice=ruth.practice.pk):
        Invitation.objects.update(expires_at=now())
    assert "Nobody here is a therapist yet" in text_of(browser.get("/people/"))


def test_who_has_another_admin_is_told_to_do_nothing_that_is_refused(ruth: Person, dana: Person):
    with scope(practice=ruth.practice.pk):
        type(dana.member).objects.filter(pk=dana.member.pk).update(roles=["admin"])
    page = text_of(ruth.browser().get("/people/"))
    assert "Nobody here is a therapist yet." in page
    assert "To see clients yourself" not in page
    assert "Invite a colleague" in page


def test_what_to_begin_with_is_the_admins_concern(dana: Person):
    policies(dana.practice, crisis_texts={})
    assert "To begin with" not in text_of(dana.browser().get("/people/"))
