"""The trail of one client: found by their name, which no address says."""

import csv
import html
import io
import re

import pytest
from django.utils.timezone import now

from clients.models import Couple
from practice.actions import invitations, people
from practice.tenancy import scope
from tests.cast import Person, Play
from tests.conftest import commit_trail
from tests.practice.ground import text_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_everything_of_one_client_is_found_by_their_name_and_no_address_says_it(
    play: Play, dana: Person, ana: Person, noor: Person, ruth: Person, zack: Person, cleared: Couple
):
    play.assign(dana, cleared)
    homework = play.submit(ana, play.homework(ana, play.assign(dana, ana)), topic="Bags")
    dana.browser().get(f"/review/{homework.pk}/")
    play.assign(dana, noor)
    commit_trail()
    browser = ruth.browser()
    sealed = browser.post("/audit/", {"q": "quintero", "action": "", "person": ""})
    assert "uintero" not in sealed.url
    found = html.unescape(text_of(browser.get(sealed.url)))
    assert 'value="quintero"' in found
    assert "Everything of: <b>Ana Quintero</b>" in found
    assert "Read homework" in found
    assert cleared.names_in_lists in found
    assert "Noor" not in found.partition("<table")[2]
    # What no admin is shown is not shown this way, either.
    assert "homework.begin" not in found
    assert "Begun" not in found
    # The same from a line, and from the records, by id; and the file holds the same lines.
    by_id = f"?client={ana.client.pk}"
    assert f'href="{by_id}"' in text_of(browser.get("/audit/"))
    assert f'href="/audit/{by_id}"' in text_of(browser.get("/records/"))
    rows = '<th scope="row"'
    assert text_of(browser.get(f"/audit/{by_id}")).count(rows) == found.count(rows)
    offered = html.unescape(text_of(browser.get(f"{sealed.url}&as=ready")))
    (file,) = re.findall(r'href="(\?[^"]*as=csv)"', offered)
    assert "uintero" not in file
    lines = list(csv.DictReader(io.StringIO(text_of(browser.get(f"/audit/{file}")))))
    assert len(lines) == found.count(rows)
    assert {line["client"] for line in lines} == {str(ana.client.pk), ""}
    assert text_of(browser.get(f"/audit/?client={zack.client.pk}")).count(rows) == 0


def test_two_who_are_called_so_are_told_apart(
    play: Play, dana: Person, ana: Person, ben: Person, ruth: Person
):
    for one in (ana, ben):
        play.assign(dana, one)
    found = text_of(ruth.browser().post("/audit/", {"q": "e"}, follow=True))
    for one in (ana, ben):
        assert f'<a href="?client={one.client.pk}">{one.client.name}</a>' in found


def test_a_name_nobody_has_shows_not_the_client_from_whose_link_one_came(
    play: Play, dana: Person, ana: Person, ruth: Person
):
    play.assign(dana, ana)
    asked = {"q": "petrichor", "client": str(ana.client.pk)}
    answer = ruth.browser().post("/audit/", asked, follow=True)
    assert answer.status_code == 422
    assert "No client has these letters in their name" in text_of(answer)


@pytest.mark.parametrize("typed", ["petrichor", "12ab"])
def test_what_is_no_id_and_nobody_s_name_is_said_to_be_neither(
    ruth: Person, ana: Person, typed: str
):
    answer = ruth.browser().post("/audit/", {"q": typed}, follow=True)
    assert answer.status_code == 422
    assert "No client has these letters in their name" in text_of(answer)
    assert "Nothing happened that fits" not in text_of(answer)


def test_a_name_nobody_has_is_said_so_beside_the_client_one_came_from(
    play: Play, dana: Person, ana: Person, ruth: Person
):
    play.assign(dana, ana)
    said = {"q": "petrichor", "client": str(ana.client.pk), "action": "", "person": ""}
    answer = ruth.browser().post("/audit/", said, follow=True)
    page = text_of(answer)
    assert answer.status_code == 422
    assert "No client has these letters in their name" in page
    assert "Everything of: <b>Ana Quintero</b>" in page
    assert '<th scope="row"' not in page


def test_the_file_says_what_the_page_says_beside_the_ids(
    ruth: Person, omar: Person, dana: Person, ana: Person, play: Play
):
    play.assign(dana, ana)
    with scope(practice=ruth.practice.pk, user=ruth.user.pk):
        people.set_roles(
            by=ruth.actor,
            at=now(),
            member=omar.member,
            roles=["therapist", "supervisor"],
            supervises=[dana.member.pk],
        )
        invitations.invite(
            by=ruth.actor,
            at=now(),
            kind="member",
            email="yves@hillside.example",
            name="+Yves",
            roles=["admin"],
        )
    browser = ruth.browser()
    page = html.unescape(text_of(browser.get("/audit/")))
    file = csv.DictReader(io.StringIO(text_of(browser.get("/audit/?as=csv"))))
    lines = {line["what"]: line for line in file}
    given = "Therapist, Supervisor, reads along with Dana Whitlock"
    roles, invited = lines["member.roles_set"], lines["invitation.sent"]
    assert (roles["which"], roles["whose"]) == (given, "Omar Castellan")
    assert (roles["what in words"], roles["record"]) == (
        "Set a member’s roles",
        str(omar.member.pk),
    )
    assert given in page
    assert (invited["which"], invited["whose"]) == ("Admin", "'+Yves")
    assert lines["assignment.assigned"]["client's name"] == "Ana Quintero"
    assert lines["assignment.assigned"]["client"] == str(ana.client.pk)
