"""Who reaches whom: the caseload decides, from one request to the next."""

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import F
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from clients.actions import caring
from clients.models import Caseload, Client, Couple
from clients.permissions import reachable
from clients.queries import care
from practice.models import Membership, Practice, Supervision
from practice.queries import people
from practice.queries.paging import page
from practice.tenancy import scope
from tests.cast import ZONE, Person, make_client, make_member
from tests.clients.ground import acts, names_on
from tests.practice.ground import on_the_list, text_of

pytestmark = pytest.mark.django_db(transaction=True)

OF_A_CLIENT = ("edit", "clearance", "hand-over", "discharge", "notes", "erasure")
POSTED = ("invite", "uninvite", "reactivate")


@pytest.mark.parametrize("rest", OF_A_CLIENT)
def test_a_client_s_pages_open_for_their_therapist_alone(
    rest: str, ana: Person, dana: Person, omar: Person, ruth: Person, zoe: Person, sana: Person
):
    where = f"/clients/{ana.client.pk}/{rest}"
    assert dana.browser().get(where).status_code == 200
    for stranger in (omar, zoe):
        assert stranger.browser().get(where).status_code == 404
    for wrong_role in (ruth, sana, ana):
        assert wrong_role.browser().get(where).status_code == 403


@pytest.mark.parametrize("rest", [*OF_A_CLIENT, "record"])
def test_a_form_says_for_whom_and_the_browser_s_title_does_not(
    rest: str, ana: Person, dana: Person
):
    page = text_of(dana.browser().get(f"/clients/{ana.client.pk}/{rest}"))
    said = {tag: re.findall(rf"<{tag}>(.*?)</{tag}>", page) for tag in ("h1", "title")}
    assert "Ana Quintero" in said["h1"][0]
    assert "Ana" not in said["title"][0]
    back = rf'<a [^>]*href="/clients/{ana.client.pk}/"><svg.*?</svg>Ana Quintero</a>'
    assert re.search(back, page)


def test_a_client_s_form_says_when_they_come_with_their_partner(couple: Couple, dana: Person):
    edit = f"/clients/{couple.first_id}/edit"
    assert "With Ben" not in text_of(dana.browser().get(edit))
    for hours, is_said in ((-2, False), (30, True)):
        with scope(practice=dana.practice.pk):
            Couple.objects.update(next_session_at=now() + timedelta(hours=hours))
        assert ("The session with Ben is on " in text_of(dana.browser().get(edit))) is is_said
    # Once the care of one has ended, the hour is the other's.
    with scope(practice=dana.practice.pk):
        caring.discharge(by=dana.actor, at=now(), client=couple.first)
    assert "session with Ben" not in text_of(dana.browser().get(edit))
    partner_s = text_of(dana.browser().get(f"/clients/{couple.second_id}/edit"))
    assert "The session noted for the two is on " in partner_s
    assert "session with Ana" not in partner_s


def test_an_hour_noted_twice_is_said_and_not_for_whom(
    couple: Couple, noor: Person, dana: Person, omar: Person
):
    zone = ZoneInfo(ZONE)
    hour = (now() + timedelta(days=3)).astimezone(zone).replace(second=0, microsecond=0)
    twice = "You have noted somebody else for the same hour, too."
    browser = dana.browser()

    def note(where: str, at: datetime, **more: str) -> str:
        said = {"next_session_at": f"{at:%Y-%m-%dT%H:%M}", **more}
        return text_of(browser.post(where, said, follow=True))

    of_two, of_noor = f"/couples/{couple.pk}/session", f"/clients/{noor.client.pk}/edit"
    assert twice not in note(of_two, hour)
    saved = note(of_noor, hour, name="Noor Haddad")
    assert twice in saved
    assert "Ana" not in saved.partition("<main")[2]
    assert twice not in note(of_noor, hour, name="Noor Hadad")  # the hour is what it was
    assert twice not in note(of_noor, hour + timedelta(hours=1), name="Noor Hadad")
    assert twice in note(of_two, hour + timedelta(hours=1))
    # A colleague's client is no matter of it, nor is one's own hour beside the shared one.
    with scope(practice=dana.practice.pk):
        make_client(dana.practice, "lea@mail.example", "Lea Brandt", omar)
        Client.objects.filter(email="lea@mail.example").update(next_session_at=hour)
    assert twice not in note(of_two, hour)
    assert twice not in note(f"/clients/{couple.first_id}/edit", hour, name="Ana Quintero")


def test_the_trail_says_that_a_session_was_noted_and_what_else_was_changed(
    ana: Person, dana: Person
):
    hour = now() + timedelta(days=3)
    kept = {"email": ana.client.email, "zone": ZONE, "language": "en"}
    for name, at, deeds in (
        ("Ana Quintero", hour, ["session.set"]),
        ("Ana Q.", hour, ["client.changed"]),
        ("Ana Quintero", None, ["client.changed", "session.set"]),
        ("Ana Quintero", None, []),
    ):
        with scope(practice=dana.practice.pk):
            before = len(acts(ana, ana.client))
            client = Client.objects.get(pk=ana.client.pk)
            said = kept | {"name": name, "next_session_at": at}
            caring.change(by=dana.actor, at=now(), client=client, **said)
            assert acts(ana, ana.client)[before:] == deeds


@pytest.mark.parametrize("rest", POSTED)
def test_nobody_else_acts_on_a_client(
    rest: str, ana: Person, omar: Person, ruth: Person, zoe: Person, sana: Person
):
    where = f"/clients/{ana.client.pk}/{rest}"
    assert [p.browser().post(where).status_code for p in (omar, zoe)] == [404, 404]
    assert [p.browser().post(where).status_code for p in (ruth, sana, ana)] == [403, 403, 403]


def test_the_list_holds_one_s_own(ana: Person, noor: Person, dana: Person, omar: Person):
    assert names_on(dana) == ["Ana Quintero", "Noor Haddad"]
    assert names_on(omar) == []
    assert "Nobody in your care" in text_of(omar.browser().get("/clients/"))
    # Somebody may have had clients: nothing is said to be the first.
    assert "first client" not in text_of(omar.browser().get("/review/"))


def test_a_supervisor_sees_whose_clients_they_are(ana: Person, omar: Person, sana: Person):
    make_client(omar.practice, "lea@mail.example", "Lea Brandt", omar)
    assert names_on(sana) == ["Ana Quintero"]
    page = text_of(sana.browser().get("/clients/"))
    assert "with Dana Whitlock" in page
    assert "Add a client" not in page
    with scope(practice=sana.practice.pk):
        Caseload.objects.filter(client=ana.client).update(until_at=now())
    page = text_of(sana.browser().get("/clients/"))
    assert "Nobody yet" in page
    assert "Add a client" not in page


def test_among_those_one_reads_about_ones_own_are_told_apart(
    ana: Person, dana: Person, omar: Person
):
    make_client(omar.practice, "lea@mail.example", "Lea Brandt", omar)
    assert 'value="own"' not in text_of(omar.browser().get("/clients/"))
    with scope(practice=omar.practice.pk):
        Membership.objects.filter(pk=omar.member.pk).update(roles=["therapist", "supervisor"])
        Supervision.objects.create(
            practice=omar.practice, supervisor=omar.member, therapist=dana.member
        )
    page = text_of(omar.browser().get("/clients/"))
    assert "with Dana Whitlock" in page
    assert "with Omar Castellan" not in page
    assert 'value="own"' in page
    assert names_on(omar) == ["Ana Quintero", "Lea Brandt"]
    assert names_on(omar, "?only=own") == ["Lea Brandt"]


def test_a_search_finds_two_who_are_a_couple_and_an_address(
    couple: Couple, noor: Person, dana: Person, sana: Person
):
    both = ["Ana Quintero", "Ben Achterberg"]
    assert names_on(dana, "?q=ana+ben") == names_on(dana, "?q=BEN+ana") == both
    assert names_on(dana, "?q=quintero+ána") == names_on(dana, "?q=ana") == ["Ana Quintero"]
    assert names_on(dana, "?q=ana+noor") == []
    with scope(practice=dana.practice.pk):
        Couple.objects.update(ended_at=now())
    assert names_on(dana, "?q=ana+ben") == []
    # An address is for those who have it; it is found from its beginning.
    assert names_on(dana, "?q=Noor@mail") == ["Noor Haddad"]
    assert names_on(dana, "?q=oor@mail") == names_on(sana, "?q=noor@mail") == []


def test_admins_and_clients_have_no_list(ruth: Person, ana: Person):
    assert ruth.browser().get("/clients/").status_code == 403
    assert ana.browser().get("/clients/").status_code == 403


def test_search_and_filters(couple: Couple, noor: Person, dana: Person):
    assert names_on(dana, "?q=quint") == ["Ana Quintero"]
    assert names_on(dana, "?only=couples") == ["Ana Quintero", "Ben Achterberg"]
    assert names_on(dana, "?only=individuals") == ["Noor Haddad"]
    assert names_on(dana, "?only=invited") == []
    assert names_on(dana, "?only=discharged") == []
    page = text_of(dana.browser().get("/clients/?q=xyz"))
    assert "Nobody found" in page
    assert "An e-mail is found from its beginning" in page  # as the box asks for one
    page = text_of(dana.browser().get("/clients/?q=xyz@"))
    assert "No e-mail begins like this" in page
    assert "No name" not in page
    assert "Nobody here" in text_of(dana.browser().get("/clients/?only=invited"))
    # What makes no sense filters nothing, and harms nothing.
    assert len(names_on(dana, "?only=nonsense&q=%00")) == 3
    assert dana.browser().get("/clients/?after=tampered").status_code == 404


def test_an_invitation_that_opens_no_more_says_so_and_asks_for_a_new_one(dana: Person):
    pia = on_the_list(dana, "Pia", "pia@mail.example")
    page = f"/clients/{pia.pk}/"
    with scope(practice=dana.practice.pk):
        caring.invite(by=dana.actor, at=now() - timedelta(days=30), client=pia)
    said = text_of(dana.browser().get(page))
    assert "Its link stopped opening on" in said
    assert ("works until" in said, "Cancel the invitation" in said) == (False, False)
    dana.browser().post(f"{page}invite")
    assert "works until" in text_of(dana.browser().get(page))


def test_the_next_page_keeps_the_search(dana: Person):
    for number in range(27):
        make_client(dana.practice, f"kim{number}@mail.example", f"Kim {number:02}", dana)
    make_client(dana.practice, "zed@mail.example", "Zed Ray", dana)
    page = text_of(dana.browser().get("/clients/?q=kim"))
    onward = re.search(r'rel="next" href="([^"]+)"', page)
    assert onward
    rest = names_on(dana, onward[1].replace("&amp;", "&").removeprefix("/clients/"))
    assert rest == ["Kim 25", "Kim 26"]


def test_the_list_costs_the_same_with_one_row_and_with_three(dana: Person, ana: Person):
    browser = dana.browser()
    browser.get("/clients/")

    def own_queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get("/clients/")
        return sum("clients_" in query["sql"] for query in captured)

    one = own_queries()
    for name in ("Ida Ray", "Bo Lind"):
        make_client(dana.practice, f"{name[:2]}@mail.example", name, dana)
    assert own_queries() == one <= 5


def test_one_question_finds_a_client_and_says_whether_one_cares_for_them(
    dana: Person, ana: Person, ruth: Person, sana: Person, zoe: Person
):
    for by, refused in ((sana, PermissionDenied), (ruth, PermissionDenied), (zoe, Http404)):
        with scope(practice=by.practice.pk, user=by.user.pk), pytest.raises(refused):
            care.client_to_care_for(by.actor, ana.client.pk)
    with (
        scope(practice=dana.practice.pk, user=dana.user.pk),
        CaptureQueriesContext(connection) as captured,
    ):
        found: Any = care.client_to_care_for(dana.actor, ana.client.pk, calls=F("name"))
        assert (found, found.calls) == (ana.client, "Ana Quintero")
    assert len([query for query in captured if "clients_client" in query["sql"]]) == 1


def test_a_hand_over_holds_on_the_next_request(ana: Person, dana: Person, omar: Person):
    before, after = dana.browser(), omar.browser()
    where = f"/clients/{ana.client.pk}/edit"
    assert (before.get(where).status_code, after.get(where).status_code) == (200, 404)
    done = before.post(
        f"/clients/{ana.client.pk}/hand-over", {"to": str(omar.member.pk)}, follow=True
    )
    assert "Handed over." in text_of(done)
    assert (before.get(where).status_code, after.get(where).status_code) == (404, 200)
    with scope(practice=dana.practice.pk):
        rows = list(Caseload.objects.filter(client=ana.client).order_by("from_at"))
    assert [(row.member_id, row.until_at is None) for row in rows] == [
        (dana.member.pk, False),
        (omar.member.pk, True),
    ]
    assert acts(dana, ana.client) == ["caseload.handed_over"]


def test_partners_are_handed_over_together_unless_told_otherwise(
    couple: Couple, dana: Person, omar: Person, ruth: Person
):
    where = f"/clients/{couple.first_id}/hand-over"
    assert "Hand over Ben Achterberg, too" in text_of(dana.browser().get(where))
    dana.browser().post(where, {"to": str(omar.member.pk), "both": "on"})
    assert names_on(omar) == ["Ana Quintero", "Ben Achterberg"]
    assert names_on(dana) == []
    omar.browser().post(where, {"to": str(dana.member.pk)})
    assert names_on(omar) == ["Ben Achterberg"]


def test_a_client_is_handed_to_a_therapist_who_works_here(
    ana: Person, dana: Person, omar: Person, ruth: Person, zoe: Person
):
    for wrong in (str(ruth.member.pk), str(zoe.member.pk), str(dana.member.pk), "", "nobody"):
        response = dana.browser().post(f"/clients/{ana.client.pk}/hand-over", {"to": wrong})
        assert response.status_code == 422
    assert names_on(dana) == ["Ana Quintero"]


def test_deactivating_a_member_hands_their_caseload_over_at_once(
    couple: Couple, dana: Person, omar: Person, ruth: Person
):
    dana_s = dana.browser()
    where = f"/people/{dana.member.pk}/deactivate"
    page = text_of(ruth.browser().get(where))
    assert "They have 2 clients. Choose who takes over." in page
    assert "Quintero" not in page
    assert ruth.browser().post(where, {"to": ""}).status_code == 422
    assert ruth.browser().post(where, {"to": str(omar.member.pk)}).status_code == 302
    assert dana_s.get("/clients/").status_code == 403  # no seat is left
    assert names_on(omar) == ["Ana Quintero", "Ben Achterberg"]


def test_a_member_without_clients_is_simply_deactivated(omar: Person, ruth: Person, dana: Person):
    where = f"/people/{omar.member.pk}/deactivate"
    assert dana.browser().get(where).status_code == 403
    assert ruth.browser().post(where).status_code == 302
    with scope(practice=omar.practice.pk):
        assert Membership.objects.get(pk=omar.member.pk).deactivated_at is not None


def test_the_last_admin_stays(ruth: Person):
    refused = ruth.browser().post(f"/people/{ruth.member.pk}/deactivate")
    assert refused.status_code == 422
    assert "Somebody has to be an admin" in refused.content.decode()


def test_an_old_tab_in_another_practice_reaches_nobody(ana: Person, zack: Person, uma: Person):
    browser = uma.browser()
    for client in (ana.client, zack.client):
        assert browser.get(f"/clients/{client.pk}/edit").status_code == 404


def test_the_hand_over_says_what_becomes_of_private_notes(ana: Person, dana: Person, omar: Person):
    page = text_of(dana.browser().get(f"/clients/{ana.client.pk}/hand-over"))
    assert (
        "Private notes stay behind; you can no longer read them. <b>Copy what you need first.</b>"
        in page
    )


NAMES = ["Álvaro", "ana", "Íris", "Ines", "iris", "Ísis", "Óscar", "olga", "Wanda", "Zoë", "zed"]
SORTED = ["Álvaro", "ana", "Ines", "Íris", "iris", "Ísis", "olga", "Óscar", "Wanda", "zed", "Zoë"]


def test_lists_of_names_know_no_accents_and_no_capitals(practice: Practice, dana: Person):
    with scope(practice=practice.pk):
        for number, name in enumerate(NAMES):
            client = Client.objects.create(
                practice=practice,
                name=name,
                email=f"{number}@mail.example",
                zone=ZONE,
                created_at=now(),
            )
            Caseload.objects.create(
                practice=practice, member=dana.member, client=client, from_at=now()
            )
            make_member(practice, f"{number}@hillside.example", name, "therapist")
        in_reach, members = reachable(dana.actor), people.members(dana.actor)
        of_members = [one.user.name for one in people.therapists(dana.actor)]
        # Page by page, each beginning where the one before ended.
        for order, rows, name in (
            (care.BY_NAME, in_reach, "name"),
            (people.BY_NAME, members.exclude(pk=dana.member.pk), "user__name"),
        ):
            seen, found = [], page(rows, order=order, size=2)
            while True:
                seen += [row.pk for row in found.rows]
                if not found.after:
                    break
                found = page(rows, order=order, size=2, after=found.after)
            assert len(set(seen)) == len(NAMES)
            names = dict(rows.values_list("pk", name))
            assert _regardless([names[pk] for pk in seen]) == _regardless(SORTED)
        assert _regardless(of_members) == _regardless([*SORTED[:2], "Dana Whitlock", *SORTED[2:]])
        with scope(practice=practice.pk), connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_sort = off")
            plan = Client.objects.filter(practice=practice).order_by(*care.BY_NAME).explain()
    assert "clients_cli_practic_b70ad9_idx" in plan


def _regardless(names: list[str]) -> list[str]:
    """Take two who are called the same for the same: their keys decide."""
    return ["Iris" if name in {"Íris", "iris"} else name for name in names]


def test_who_was_handed_over_is_new_on_the_list_for_some_days(
    ana: Person, noor: Person, dana: Person, omar: Person, ruth: Person, sana: Person
):
    assert "New in your care" not in text_of(dana.browser().get("/clients/"))
    with scope(practice=ana.practice.pk):
        caring.hand_over(by=dana.actor, at=now(), clients=[ana.client], to=omar.member)
        Caseload.objects.filter(client=noor.client).update(until_at=now())
        caring.entrust(by=ruth.actor, at=now(), client=noor.client, to=omar.member)
    listed = text_of(omar.browser().get("/clients/"))
    assert listed.count("New in your care") == 2
    assert "New in your care, from Dana Whitlock, on " in listed
    assert "New in your care, on " in listed
    for who in (dana, sana):
        assert "New in your care" not in text_of(who.browser().get("/clients/"))
    with scope(practice=ana.practice.pk):
        Caseload.objects.filter(member=omar.member).update(from_at=now() - timedelta(days=8))
    assert "New in your care" not in text_of(omar.browser().get("/clients/"))


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Noor Haddad", "Noor H."),
        ("Maximilian-Alexander Freiherr von und zu", "Maximilian-Alexander F."),
        ("Ana Gómez de la Cruz", "Ana C."),
        ("ana quintero", "ana q."),
        ("李 小龙", "李 小."),
        ("Cher", "Cher"),
    ],
)
def test_a_short_name_takes_no_letter_of_a_von_or_de_la(name: str, short: str):
    assert Client(name=name).name_in_lists == short
