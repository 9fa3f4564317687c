"""Two of one's clients, seen together; and what a therapist attests for it."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils.timezone import now

from clients.models import Clearance, Client, Couple
from practice.tenancy import scope
from tests.cast import ZONE, Person, make_client
from tests.practice.ground import text_of

pytestmark = pytest.mark.django_db(transaction=True)


def link(by: Person, first: Person, second: Person) -> Any:
    return by.browser().post(
        "/couples/link", {"first": str(first.client.pk), "second": str(second.client.pk)}
    )


def couples(of: Person) -> list[Couple]:
    with scope(practice=of.practice.pk):
        return list(Couple.objects.filter(ended_at=None))


def test_two_of_one_s_own_are_linked(dana: Person, ana: Person, ben: Person):
    assert link(dana, ben, ana).status_code == 302
    [couple] = couples(dana)
    # First is who came first, whatever the form said.
    assert (couple.first_id, couple.second_id) == (ana.client.pk, ben.client.pk)


def test_one_person_is_no_couple(dana: Person, ana: Person, ben: Person):
    response = link(dana, ana, ana)
    assert response.status_code == 422
    assert "Choose two different people." in text_of(response)
    assert couples(dana) == []


def test_nobody_is_in_two_couples(dana: Person, couple: Couple, ana: Person, noor: Person):
    assert link(dana, ana, noor).status_code == 422  # not offered any more
    assert couples(dana) == [couple]


def test_a_couple_wants_two_clients_first(dana: Person, omar: Person, couple: Couple):
    make_client(omar.practice, "lea@mail.example", "Lea Brandt", omar)
    for person in (dana, omar):  # nobody free, and only one
        page = text_of(person.browser().get("/couples/link"))
        assert "Two clients of yours first" in page
        assert 'href="/clients/add"' in page
        assert "<select" not in page


def test_a_colleague_s_client_is_not_offered(dana: Person, omar: Person, ana: Person):
    lea = make_client(omar.practice, "lea@mail.example", "Lea Brandt", omar)
    assert "Lea Brandt" not in text_of(dana.browser().get("/couples/link"))
    assert link(dana, ana, lea).status_code == 422
    assert couples(dana) == []


def test_who_may_not_link(ruth: Person, sana: Person, ana: Person):
    for person in (ruth, sana, ana):
        assert person.browser().get("/couples/link").status_code == 403


def test_unlinking_and_sessions_are_for_who_cares_for_both(
    couple: Couple, dana: Person, omar: Person, ruth: Person, sana: Person, ana: Person
):
    for rest in ("unlink", "session"):
        where = f"/couples/{couple.pk}/{rest}"
        assert dana.browser().get(where).status_code == 200
        assert omar.browser().get(where).status_code == 404
        assert sana.browser().get(where).status_code == 403
        for person in (ruth, ana):
            assert person.browser().get(where).status_code in {403, 404}
    assert dana.browser().post(f"/couples/{couple.pk}/unlink").status_code == 302
    assert couples(dana) == []


def test_the_next_session_is_a_day_that_can_be_meant(couple: Couple, dana: Person):
    where = f"/couples/{couple.pk}/session"
    soon = (now() + timedelta(days=3)).strftime("%Y-%m-%dT17:30")
    assert dana.browser().post(where, {"next_session_at": soon}).status_code == 302
    for typed in ("9999-12-31T23:59", "0001-01-01T00:00", "1990-01-01T10:00", "Thursday", "\x00"):
        assert dana.browser().post(where, {"next_session_at": typed}).status_code == 422
    for typed, said in (
        ("1990-01-01T10:00", "Choose today or a day to come."),
        (wall(now() - timedelta(hours=20)), "Choose today or a day to come."),
        (wall(now() - timedelta(minutes=2)), "Choose today or a day to come."),
        ("2190-01-01T10:00", "Choose a day within the next two years."),
    ):
        assert said in str(dana.browser().post(where, {"next_session_at": typed}).content)
    with scope(practice=dana.practice.pk):
        assert Couple.objects.get(pk=couple.pk).next_session_at is not None
    assert soon in text_of(dana.browser().get(where))
    assert dana.browser().post(where, {"next_session_at": ""}).status_code == 302
    with scope(practice=dana.practice.pk):
        assert Couple.objects.get(pk=couple.pk).next_session_at is None


def wall(hour: datetime) -> str:
    return hour.astimezone(ZoneInfo(ZONE)).strftime("%Y-%m-%dT%H:%M")


def test_an_hour_that_is_over_is_noted_for_nobody_and_may_stay_where_it_stands(
    dana: Person, ana: Person
):
    """It would be told on no page; but after a session somebody's name can still be changed."""
    where = f"/clients/{ana.client.pk}/edit"
    over = (now() - timedelta(hours=20)).replace(second=0, microsecond=0)
    refused = dana.browser().post(where, {"name": "Ana", "next_session_at": wall(over)})
    assert refused.status_code == 422
    assert "Choose today or a day to come." in text_of(refused)
    with scope(practice=dana.practice.pk):
        Client.objects.filter(pk=ana.client.pk).update(next_session_at=over)
    said = {"name": "Ana Q.", "next_session_at": wall(over)}
    assert dana.browser().post(where, said).status_code == 302
    with scope(practice=dana.practice.pk):
        kept = Client.objects.get(pk=ana.client.pk)
    assert (kept.name, kept.next_session_at) == ("Ana Q.", over)


def attest(by: Person, of: Person, **said: str) -> Any:
    return by.browser().post(f"/clients/{of.client.pk}/clearance", said)


def test_a_clearance_is_dated_and_overtakes_the_one_before(dana: Person, ana: Person):
    assert attest(dana, ana, cleared="yes", alone="on").status_code == 302
    assert attest(dana, ana, cleared="no", alone="on").status_code == 302
    with scope(practice=dana.practice.pk):
        older, newer = Clearance.objects.order_by("attested_at")
    assert (older.cleared, newer.cleared) == (True, False)
    assert older.ended_at == newer.attested_at
    assert newer.ended_at is None
    assert newer.recheck_at - newer.attested_at == timedelta(days=90)
    page = text_of(dana.browser().get(f"/clients/{ana.client.pk}/clearance"))
    assert "Not cleared" in page
    assert "Overtaken" in page


def test_a_clearance_needs_a_talk_alone(dana: Person, ana: Person):
    response = attest(dana, ana, cleared="yes")
    assert response.status_code == 422
    assert "after speaking with them alone" in text_of(response)
    with scope(practice=dana.practice.pk):
        assert not Clearance.objects.exists()


def test_no_client_learns_of_it(dana: Person, ana: Person, ben: Person, couple: Couple):
    def seen(by: Person) -> list[bytes]:
        browser = by.browser()
        return [
            scrubbed(browser.get(where).content)
            for where in ("/you/", "/you/consent", "/you/readers", "/you/topics", "/today/")
        ]

    before = seen(ana), seen(ben)
    attest(dana, ana, cleared="no", alone="on")
    assert (seen(ana), seen(ben)) == before


def scrubbed(page: bytes) -> bytes:
    """Take the form tokens out: they differ each time."""
    import re

    return re.sub(
        rb'(name="(?:csrfmiddlewaretoken|once)" value|name="csrf-token" content)="[^"]+"', b"", page
    )
