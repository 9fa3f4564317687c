"""What is asked to be erased is gone when its time has come; what others wrote stays."""

import html
import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils.formats import date_format
from django.utils.timezone import now

from clients.actions import caring, erasing
from clients.models import (
    Client,
    ContactPreference,
    Couple,
    ErasureRequest,
)
from clients.queries import records
from exercises.actions.clockwork import erase_due
from exercises.models import Answer, Homework
from practice.models import AuditEvent, Practice, User
from practice.tenancy import scope
from tests.cast import Person, Play, make_member
from tests.clients.ground import acts
from tests.conftest import acting_as
from tests.practice.ground import text_of

pytestmark = pytest.mark.django_db(transaction=True)
LATER = timedelta(days=15)


def run(after: timedelta = LATER) -> int:
    """Let the worker do it, in its own role."""
    with acting_as("homeward_worker"):
        practices = list(Practice.objects.values_list("pk", flat=True))
        return sum(erase_due(practice, now() + after) for practice in practices)


def ask(person: Person) -> None:
    with scope(practice=person.practice.pk, user=person.user.pk):
        erasing.request(by=person.actor, at=now(), client=person.client)


def test_whose_record_is_to_be_erased_passes_by_the_way_to_take_it_back(
    ana: Person, ben: Person, couple: Couple
):
    browser, partner = ana.browser(), ben.browser()
    pages = ("/you/", "/today/")
    ask(ana)
    day = date_format((now() + timedelta(days=14)).astimezone(ZoneInfo(ana.client.zone)), "l")
    for page in pages:
        said = text_of(browser.get(page)).replace("\xa0", " ")
        assert f"Your record will be erased on {day}" in said
        assert 'href="/you/erasure"' in said.partition("as was asked.")[2]
        assert "as was asked" not in text_of(partner.get(page))
    browser.post("/you/erasure", {"cancel": "1"})
    assert "as was asked" not in "".join(text_of(browser.get(page)) for page in pages)


def left(practice: Practice) -> set[str]:
    with scope(practice=practice.pk):
        return set(Client.objects.values_list("name", flat=True))


def test_a_record_goes_with_its_account_and_the_partner_keeps_theirs(
    play: Play, cleared: Couple, dana: Person, ana: Person, ben: Person
):
    given = play.assign(dana, cleared, "e11-what-reaches-me")
    bens = play.homework(ben, given)
    play.submit(ana, play.homework(ana, given))
    play.submit(ben, bens)
    with scope(practice=ben.practice.pk):
        before = Answer.objects.filter(response__homework=bens).count()
    ask(ana)
    assert run(timedelta(days=13)) == 0
    assert run() == 1
    assert left(dana.practice) == {"Ben Achterberg"}
    assert not User.objects.filter(email="ana@mail.example").exists()
    with scope(practice=ben.practice.pk):
        assert Homework.objects.filter(client_id=ben.client.pk).count() == 1
        assert Answer.objects.filter(response__homework=bens).count() == before > 0
        assert not Homework.objects.exclude(client_id=ben.client.pk).exists()
        assert AuditEvent.objects.filter(action="record.erased").count() == 1
        assert ErasureRequest.objects.get().done_at is not None
    assert ben.browser().get(f"/homework/{bens.pk}/").status_code in {200, 302}
    assert run() == 0


def test_a_held_record_waits(ana: Person, ruth: Person, dana: Person):
    ask(ana)
    with scope(practice=ruth.practice.pk, user=ruth.user.pk):
        erasing.set_legal_hold(by=ruth.actor, at=now(), client=ana.client, held=True)
    assert run() == 0
    with scope(practice=ruth.practice.pk, user=ruth.user.pk):
        erasing.set_legal_hold(by=ruth.actor, at=now(), client=ana.client, held=False)
    assert run() == 1
    assert left(dana.practice) == set()


def test_an_account_with_another_seat_stays(ana: Person, zoe: Person):
    make_member(zoe.practice, "", "", "therapist", user=ana.user)
    ask(ana)
    assert run() == 1
    assert User.objects.filter(pk=ana.user.pk).exists()


def test_one_practice_s_erasures_touch_no_other(ana: Person, zack: Person):
    ask(ana)
    assert run() == 1
    assert left(zack.practice) == {"Zack Oyelaran"}


def keep(practice: Practice, months: int | None) -> None:
    with scope(practice=practice.pk):
        Practice.objects.filter(pk=practice.pk).update(retention_months=months)


def end_care(dana: Person, ana: Person) -> None:
    with scope(practice=dana.practice.pk, user=dana.user.pk):
        caring.discharge(by=dana.actor, at=now() - timedelta(days=400), client=ana.client)


def test_what_was_kept_long_enough_is_asked_for_and_waits(
    ana: Person, noor: Person, dana: Person, ruth: Person
):
    end_care(dana, ana)
    assert run() == 0
    keep(dana.practice, 12)
    assert run(timedelta(0)) == 0
    page: Any = dana.browser().get(f"/clients/{ana.client.pk}/erasure")
    assert "Take it back" in page.content.decode()
    # Taken back, it is not asked for by the clock again.
    dana.browser().post(f"/clients/{ana.client.pk}/erasure", {"cancel": "1"})
    assert run() == 0
    assert left(dana.practice) == {"Ana Quintero", "Noor Haddad"}


def test_retention_erases_in_the_end(ana: Person, noor: Person, dana: Person):
    end_care(dana, ana)
    keep(dana.practice, 12)
    assert run(timedelta(0)) == 0
    assert run() == 1
    assert left(dana.practice) == {"Noor Haddad"}


def test_care_taken_up_again_calls_off_what_only_the_keeping_time_asked_for(
    ana: Person, dana: Person
):
    end_care(dana, ana)
    keep(dana.practice, 12)
    assert run(timedelta(0)) == 0
    where = f"/clients/{ana.client.pk}/erasure"
    assert "Take it back" in text_of(dana.browser().get(where))
    dana.browser().post(f"/clients/{ana.client.pk}/reactivate")
    assert "will be erased on" not in text_of(ana.browser().get("/you/"))
    assert run() == 0
    assert left(dana.practice) == {"Ana Quintero"}
    assert acts(ana, ana.client)[-3:] == [
        "erasure.requested",
        "erasure.cancelled",
        "client.reactivated",
    ]
    # Care ends once more, and is over for as long: then it is asked for again.
    end_care(dana, ana)
    assert run(timedelta(0)) == 0
    assert run() == 1


def test_care_taken_up_again_leaves_what_a_person_asked_for(ana: Person, dana: Person):
    end_care(dana, ana)
    keep(dana.practice, 12)
    with scope(practice=dana.practice.pk, user=dana.user.pk):
        erasing.request(by=dana.actor, at=now(), client=ana.client)
    dana.browser().post(f"/clients/{ana.client.pk}/reactivate")
    assert "will be erased on" in text_of(ana.browser().get("/you/"))
    assert run() == 1


@pytest.mark.parametrize("months", [120, None])
@pytest.mark.parametrize("later", [timedelta(0), LATER])
def test_a_slip_in_the_keeping_time_erases_nothing_once_it_is_put_right(
    ana: Person, dana: Person, months: int | None, later: timedelta
):
    end_care(dana, ana)
    keep(dana.practice, 1)
    assert run(timedelta(0)) == 0
    keep(dana.practice, months)
    assert run(later) == 0
    assert "Take it back" not in text_of(dana.browser().get(f"/clients/{ana.client.pk}/erasure"))
    assert acts(ana, ana.client)[-2:] == ["erasure.requested", "erasure.cancelled"]
    assert run() == 0
    # Nobody took it back: what was called off holds up no later asking.
    keep(dana.practice, 12)
    assert run() == 0
    assert run(2 * LATER) == 1


def test_a_request_from_before_care_ended_does_not_hold_up_the_keeping_time(
    ana: Person, noor: Person, dana: Person, ruth: Person
):
    ask(ana)
    with scope(practice=ruth.practice.pk, user=ruth.user.pk):
        erasing.set_legal_hold(by=ruth.actor, at=now(), client=ana.client, held=True)
    with scope(practice=dana.practice.pk, user=dana.user.pk):
        caring.discharge(by=dana.actor, at=now(), client=ana.client)
    keep(dana.practice, 1)
    assert run(timedelta(days=60)) == 0
    with scope(practice=ruth.practice.pk, user=ruth.user.pk):
        erasing.set_legal_hold(by=ruth.actor, at=now(), client=ana.client, held=False)
    assert run(timedelta(days=60)) == 1
    assert left(dana.practice) == {"Noor Haddad"}


def test_erasure_waits_and_can_be_taken_back(ana: Person, dana: Person):
    where = f"/clients/{ana.client.pk}/erasure"
    page = text_of(dana.browser().get(where))
    for asks in (page, text_of(ana.browser().get("/you/erasure"))):
        assert "14 days after you ask, everything here is erased for good, unless the law" in asks
    assert f'href="/clients/{ana.client.pk}/">Leave it as it is</a>' in page
    # The copy stands before the button that asks.
    assert page.index(">Take a copy</a>") < page.index("record to be erased</button>")
    assert "Ana is shown that it was asked for" in page
    assert dana.browser().post(where).status_code == 302
    assert dana.browser().post(where).status_code == 409
    with scope(practice=ana.practice.pk):
        asked = ErasureRequest.objects.get()
    assert asked.due_at - asked.requested_at == timedelta(days=14)
    # The client sees it, and takes it back.
    waiting = text_of(ana.browser().get("/you/erasure"))
    assert "Take it back" in waiting
    assert "Take your record with you" in waiting  # a copy can still be had
    taken_back = ana.browser().post("/you/erasure", {"cancel": "1"}, follow=True)
    assert "Taken back. Nothing will be erased." in text_of(taken_back)
    with scope(practice=ana.practice.pk):
        assert ErasureRequest.objects.get().cancelled_at is not None
    assert ana.browser().post("/you/erasure").status_code == 302
    assert acts(ana, ana.client) == ["erasure.requested", "erasure.cancelled", "erasure.requested"]


def test_erasing_asks_who_one_is_when_that_is_long_ago(ana: Person):
    browser = ana.browser()
    session = browser.session
    session["account_authentication_methods"] = [
        {"method": "password", "at": now().timestamp() - 3600, "reauthenticated": True}
    ]
    session["account_authentication_methods_user"] = str(ana.user.pk)
    session.save()
    assert "/reauthenticate" in browser.post("/you/erasure")["Location"]
    with scope(practice=ana.practice.pk):
        assert not ErasureRequest.objects.exists()


def test_the_office_holds_records_and_reads_no_word(ana: Person, ruth: Person, dana: Person):
    assert dana.browser().get("/records/").status_code == 403
    assert ana.browser().get("/records/").status_code == 403
    page = text_of(ruth.browser().get("/records/"))
    assert "Ana Quintero" in page
    assert ">In care<" in page
    assert ">Kept from erasure<" not in page
    hold = f"/records/{ana.client.pk}/hold"
    assert dana.browser().post(hold).status_code == 403
    assert ruth.browser().post(hold, {"held": "yes"}).status_code == 302
    with scope(practice=ana.practice.pk):
        assert Client.objects.get(pk=ana.client.pk).legal_hold
    assert ">Kept from erasure<" in text_of(ruth.browser().get("/records/"))
    assert acts(ana, ana.client) == ["record.held"]


def test_a_held_record_says_on_every_page_that_its_erasure_waits(
    ana: Person, ruth: Person, dana: Person
):
    with scope(practice=ana.practice.pk, user=ana.user.pk):
        erasing.request(by=ana.actor, at=now(), client=ana.client)
    pages = (
        (ana, "/you/erasure", "The practice has to keep this record for now"),
        (dana, f"/clients/{ana.client.pk}/", "until the practice no longer has to keep it"),
        (ruth, "/records/", ">Erasure waits<"),
    )
    for person, path, said in pages:
        assert said not in text_of(person.browser().get(path))
    with scope(practice=ruth.practice.pk, user=ruth.user.pk):
        erasing.set_legal_hold(by=ruth.actor, at=now(), client=ana.client, held=True)
    for person, path, said in pages:
        assert said in text_of(person.browser().get(path))


def test_a_double_tap_does_not_undo_a_hold(ana: Person, ruth: Person):
    browser, hold = ruth.browser(), f"/records/{ana.client.pk}/hold"
    for wanted, page, deeds in (
        ("yes", 'name="held" value="no"', ["record.held"]),
        ("no", 'name="held" value="yes"', ["record.held", "record.released"]),
    ):
        assert [browser.post(hold, {"held": wanted}).status_code for _tap in range(2)] == [302, 302]
        assert page in text_of(browser.get("/records/"))
        assert acts(ana, ana.client) == deeds
    # A page from before, or nonsense: nobody guesses what was meant.
    for nothing in ({}, {"held": "maybe"}):
        assert browser.post(hold, nothing).status_code == 409


def test_what_was_held_past_its_day_waits_anew_once_it_is_let_go(
    ana: Person, ruth: Person, dana: Person
):
    practice, began = ana.practice, now() - timedelta(days=20)
    browser, hold = ruth.browser(), f"/records/{ana.client.pk}/hold"
    assert browser.get(hold).status_code == 409  # nothing is held, and nothing was asked for
    with scope(practice=practice.pk, user=dana.user.pk):
        erasing.request(by=dana.actor, at=began, client=ana.client)
        erasing.set_legal_hold(by=ruth.actor, at=began, client=ana.client, held=True)
    # No day that is over is named to anybody.
    for person, path in ((ana, "/you/erasure"), (dana, f"/clients/{ana.client.pk}/erasure")):
        page = text_of(person.browser().get(path))
        assert "14 days after it no longer has to" in page
        assert "not before" not in page
    # One press on the list lets nothing go: a page says first when it is erased.
    asked = text_of(browser.get("/records/?only=held"))
    assert f'href="{hold}?only=held"' in asked
    assert f'action="{hold}' not in asked
    page = text_of(browser.get(f"{hold}?only=held")).replace("\xa0", " ")
    day = date_format((now() + timedelta(days=14)).astimezone(ZoneInfo(ana.client.zone)), "l j F Y")
    assert f"On {day} everything written here is erased, for good." in page
    assert "Ana" not in re.findall("<title>(.*?)</title>", page)[0]
    done = browser.post(f"{hold}?only=held", {"held": "no"})
    assert done.url == "/records/?only=held"
    assert run(timedelta(days=13)) == 0
    assert run() == 1


def test_what_is_let_go_before_its_day_keeps_it(ana: Person, ruth: Person):
    ask(ana)
    with scope(practice=ruth.practice.pk, user=ruth.user.pk):
        due = ErasureRequest.objects.get().due_at
        erasing.set_legal_hold(by=ruth.actor, at=now(), client=ana.client, held=True)
        day = date_format(due.astimezone(ZoneInfo(ana.client.zone)), "l j F Y")
        page = text_of(ruth.browser().get(f"/records/{ana.client.pk}/hold"))
        assert f"On {day} everything" in page.replace("\xa0", " ")
        erasing.set_legal_hold(by=ruth.actor, at=now(), client=ana.client, held=False)
        assert ErasureRequest.objects.get().due_at == due


def test_another_practice_s_office_holds_nothing(ana: Person, zoe: Person):
    assert zoe.browser().post(f"/records/{ana.client.pk}/hold").status_code == 404


def test_records_past_their_keeping_time(ana: Person, noor: Person, dana: Person):
    practice = dana.practice
    with scope(practice=practice.pk, user=dana.user.pk):
        caring.discharge(by=dana.actor, at=now() - timedelta(days=400), client=ana.client)
        assert list(records.past_retention(practice, now())) == []  # kept until asked
        practice.retention_months = 12
        assert list(records.past_retention(practice, now())) == [ana.client]
        Client.objects.filter(pk=ana.client.pk).update(legal_hold=True)
        assert list(records.past_retention(practice, now())) == []


def test_erasing_one_partner_s_rows_leaves_the_other_whole(couple: Any, dana: Person):
    with scope(practice=dana.practice.pk, user=dana.user.pk):
        erasing.erase_client_rows(couple.first, now())
        assert not Client.objects.filter(pk=couple.first_id).exists()
        assert Client.objects.filter(pk=couple.second_id).exists()
        assert ContactPreference.objects.filter(client_id=couple.second_id).exists()


def test_where_there_is_no_record_yet_nobody_is_said_to_have_looked_for_one(ruth: Person):
    page = text_of(ruth.browser().get("/records/"))
    assert "Whoever a therapist adds as a client stands here" in page
    assert "these letters" not in page
    assert "Show everyone" not in page
    assert "these letters" in text_of(ruth.browser().get("/records/?q=ana"))


def test_a_record_is_held_from_a_search_and_the_search_stays(
    ana: Person, noor: Person, ruth: Person, dana: Person
):
    browser = ruth.browser()
    found = browser.post("/records/", {"q": "ana"})
    page = text_of(browser.get(found.url))
    (deed,) = re.findall(r'action="(/records/[^"]+/hold[^"]*)"', page)
    done = browser.post(html.unescape(deed), {"held": "yes"})
    assert done.url == found.url
    assert "ana" not in done.url.lower()
    page = text_of(browser.get(done.url))
    assert ">Kept from erasure<" in page
    assert "Noor Haddad" not in page.partition("<main")[2]
    # And nobody has asked for anything by that.
    said = text_of(dana.browser().get(f"/clients/{ana.client.pk}/erasure"))
    assert "If it is asked for, the request waits" in said


def test_records_that_wait_or_are_held_are_found_among_all(
    ana: Person, noor: Person, ben: Person, ruth: Person, dana: Person
):
    with scope(practice=ruth.practice.pk, user=dana.user.pk):
        erasing.request(by=dana.actor, at=now(), client=ana.client)
        erasing.set_legal_hold(by=ruth.actor, at=now(), client=noor.client, held=True)
    browser = ruth.browser()

    def named(page: str) -> list[str]:
        return re.findall(r"<div class=\"grow\"><b>([^<]+)</b>", page)

    everyone = text_of(browser.get("/records/"))
    assert named(everyone) == ["Ana Quintero", "Ben Achterberg", "Noor Haddad"]
    assert named(text_of(browser.get("/records/?only=waits"))) == ["Ana Quintero"]
    held = text_of(browser.get("/records/?only=held"))
    assert named(held) == ["Noor Haddad"]
    assert re.findall(r'<a href="([^"]*)"[^>]*>([^<]*)', held.partition('class="seg"')[2])[:3] == [
        ("?", "All"),
        ("?only=waits", "Erasure asked for "),
        ("?only=held", "Kept from erasure "),
    ]
    # A name is looked for within, and the way to another state keeps it, unsaid.
    found = browser.post("/records/", {"q": "ana", "only": "held"})
    assert "only=held" in found.url
    page = text_of(browser.get(found.url))
    assert "Nobody fits. Take a filter away." in page
    (waits,) = re.findall(r'<a href="(\?[^"]*only=waits)"', page)
    assert "ana" not in waits
    assert named(text_of(browser.get(f"/records/{html.unescape(waits)}"))) == ["Ana Quintero"]
    assert named(text_of(browser.get("/records/?only=nonsense"))) == named(everyone)
