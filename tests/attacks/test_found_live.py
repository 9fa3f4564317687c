"""What an attacker found on a running site, each as it was done."""

import json
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client as Browser
from django.urls import reverse
from django.utils.timezone import now

from clients.models import Client
from exercises.definition import Definition
from exercises.models import Homework
from practice.actions import people
from practice.emails import sender
from practice.letters import normalized
from practice.models import Invitation, Practice
from practice.tenancy import scope
from tests.api.ground import Program
from tests.cast import PASSWORD, Person, Play, make_client
from tests.conftest import commit_trail
from tests.practice.ground import ARRIVAL, NEW, link

pytestmark = pytest.mark.django_db(transaction=True)

JSON = "application/json"
# Marks of two classes in the wrong order: sorting them takes the square of their number.
MARKS = "\u0315" * 50_000 + "\u0316" * 50_000


# --- letters ----------------------------------------------------------------------------------
def seconds(do: Callable[[], object]) -> float:
    """Return how long something held this process."""
    began = time.process_time()
    do()
    return time.process_time() - began


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKD"])
@pytest.mark.parametrize(
    "text",
    [
        "a" + MARKS,
        "a" + "\u0f73\u0f71" * 50_000,  # no marks themselves, and taken apart into them
        "a" + "\uff9e" * 50_000 + "\u0334" * 50_000,
    ],
)
def test_marks_without_end_take_no_time(form: str, text: str):
    assert seconds(lambda: normalized(form, text)) < 1  # type: ignore[arg-type]


def test_what_anybody_writes_is_normalised_as_ever():
    written = "Año nuevo, ma\u0303nana; Zoë\u0301 🕯️ \u05e9\u05c1\u05b8 " + "e\u0301" * 100
    for form in ("NFC", "NFD", "NFKD"):
        assert normalized(form, written) == unicodedata.normalize(form, written)  # type: ignore[arg-type]
    marks = "a" + "\u0315" * 40
    assert normalized("NFC", marks).replace("\u034f", "") == marks, "no letter is lost"


def test_nothing_else_normalises():
    files = (
        file for app in ("practice", "clients", "exercises") for file in Path(app).rglob("*.py")
    )
    found = [str(file) for file in files if "unicodedata.normalize(" in file.read_text()]
    assert found == ["practice/letters.py"]


def test_a_draft_of_marks_holds_nobody_up(ana: Person, work: Homework):
    browser, path = ana.browser(), reverse("draft", kwargs={"pk": work.pk})
    body = json.dumps(
        {"revision": 0, "device": "", "fields": {"topic": ["a" + MARKS[40_000:60_000]]}}
    )
    assert seconds(lambda: browser.generic("POST", path, body, content_type=JSON)) < 2


def test_a_password_of_marks_holds_nobody_up(ruth: Person, dana: Person, ana: Person):
    ruth.browser().post("/people/invite", NEW)
    long = "a" + MARKS
    hers = dana.browser()
    for who, path, form in (
        (Browser(), link(), {**ARRIVAL, "password": long}),
        (Browser(), "/account/login/", {"login": dana.user.email, "password": long}),
        (hers, "/account/reauthenticate/", {"password": long}),
        (
            hers,
            "/account/password/change/",
            {"oldpassword": PASSWORD, "password1": long, "password2": long},
        ),
    ):
        began = time.process_time()
        answer = who.post(path, form)
        assert time.process_time() - began < 2, path
        assert answer.status_code in {200, 422}, path
        assert "characters, and 256 fit" in answer.content.decode(), path
    # Without one so far:
    ana.user.set_unusable_password()
    ana.user.save()
    answer = ana.browser().post("/account/password/set/", {"password1": long, "password2": long})
    assert "characters, and 256 fit" in answer.content.decode()


# --- names ------------------------------------------------------------------------------------
UNSEEN = [
    "\u200b",
    "\ufeff\u2060",
    "\u3164",
    "\u202e",
    "\u200d\u034f",
    "\u2800",
    "\u00ad",
    "\u0301",
]


@pytest.mark.parametrize("name", UNSEEN)
def test_nobody_has_a_name_that_nobody_sees(name: str, dana: Person, ruth: Person, ana: Person):
    client = {"name": name, "email": "ivo@mail.example", "zone": "Europe/Lisbon", "language": "en"}
    assert dana.browser().post("/clients/add", client).status_code == 422
    assert Program(dana).post("clients", client).status_code == 422
    assert Program(dana).patch(f"clients/{ana.client.pk}", {"name": name}).status_code == 422
    invited = {"name": name, "email": "ivo@hillside.example", "roles": ["therapist"]}
    assert Program(ruth).post("invitations", invited).status_code == 422
    account = {"name": name, "language": "en", "zone": "Europe/Lisbon", "daily_mail_time": "08:00"}
    assert dana.browser().post("/you/account", account).status_code == 422
    with scope(practice=dana.practice.pk):
        assert set(Client.objects.values_list("name", flat=True)) == {"Ana Quintero"}
        assert not Invitation.objects.exists()


def test_a_name_is_read_as_it_is_written(dana: Person, ana: Person):
    written = "\u202eanA \u200bQuin\u2066tero\u2069 \u0645\u06cc\u200c\u0634\u0648\u062f"
    answer = Program(dana).patch(f"clients/{ana.client.pk}", {"name": written})
    assert answer.json()["name"] == "anA Quintero \u0645\u06cc\u200c\u0634\u0648\u062f"


@pytest.mark.parametrize(
    "name", ["=?utf-8?q?a=0ABcc=3A?=", "=?utf-8?b?QW5h?=", "x =?utf-8?q?y?= z", "=?x?q?=0d=0a?="]
)
def test_a_sender_s_name_is_no_riddle(name: str, ruth: Person, dana: Person):
    browser = ruth.browser()
    page = browser.get("/practice/settings")
    said = {one: page.context["form"][one].value() for one in page.context["form"].fields}
    said = {one: value for one, value in said.items() if value not in {None, False}}
    del said["shown"]  # what the page showed: another tab, each time
    answer = browser.post("/practice/settings", {**said, "discreet_name": name})
    assert answer.status_code == 422
    for plain in ("A note", "Sol, Mar & Cía.", "Дом", "Home (ward)", 'The "Lamp"', "x" * 60):
        answer = browser.post("/practice/settings", {**said, "discreet_name": plain})
        assert answer.status_code == 302, plain


# --- what ended in a 500 ----------------------------------------------------------------------
def test_a_draft_in_parts_is_none(ana: Person, work: Homework):
    browser = ana.browser()
    browser.get(f"/homework/{work.pk}/")
    browser.handler.enforce_csrf_checks = True  # it takes the form in, to look for the token
    form = {"csrfmiddlewaretoken": browser.cookies[settings.CSRF_COOKIE_NAME].value}
    assert browser.post(reverse("draft", kwargs={"pk": work.pk}), form).status_code == 400
    key = {"Idempotency-Key": "parts-of-it"}
    answer = browser.post(f"/api/v1/homework/{work.pk}/submit", form, headers=key)
    assert answer.status_code == 415


@pytest.mark.parametrize("item", ["to%00pic", "%00", "no-such", "x" * 3000])
def test_an_answer_to_nothing_is_not_there(item: str, ana: Person, work: Homework):
    answer = Program(ana).put(f"homework/{work.pk}/answers/{item}", {"value": "x"})
    assert answer.status_code == 404


@pytest.mark.parametrize("line", ["9" * 5000, "9" * 19, "²", "٣", "-1", "x", ""])
def test_a_device_there_is_not_is_not_signed_out(line: str, dana: Person):
    answer = dana.browser().post("/account/sessions/", {"session": line})
    assert answer.status_code == 404


# --- addresses and hosts ----------------------------------------------------------------------
@pytest.mark.parametrize("path", ["//evil.example/x", "///evil.example", "/\\evil.example"])
def test_no_way_back_leads_to_another_house(path: str, dana: Person, ana: Person):
    came = {"Referer": f"http://testserver{path}"}
    refused = dana.browser().post(f"/clients/{ana.client.pk}/invite", headers=came)
    assert refused.status_code == 409
    assert "evil" not in refused.content.decode()
    asked = Browser().post("/people/invite", headers=came)
    assert asked.status_code == 302
    assert "evil" not in asked["Location"]


def test_the_page_one_came_from_is_still_the_way_back(dana: Person, ana: Person):
    path = f"/clients/{ana.client.pk}/"
    came = {"Referer": f"http://testserver{path}?x=1"}
    answer = dana.browser().post(f"{path}invite", headers=came)
    assert answer.status_code == 409
    assert f'href="{path}"' in answer.content.decode()


# --- what is only read ------------------------------------------------------------------------
@pytest.mark.parametrize("outcome", ["in_session", "skipped", "answered"])
def test_what_is_only_read_takes_no_answer(
    outcome: str, play: Play, dana: Person, ana: Person, shelf: list[Definition]
):
    asleep = {"value": None, "outcome": outcome}
    for definition in shelf:
        if definition.kind in {"pair", "joint"}:
            continue
        work = play.homework(ana, play.assign(dana, ana, definition.slug))
        for item in definition.items:
            answer = Program(ana).put(f"homework/{work.pk}/answers/{item.key}", asleep)
            open_now = item in definition.asked
            assert answer.status_code == (200 if open_now else 404), (definition.slug, item.key)


def test_nothing_is_returned_that_nobody_could_answer(play: Play, dana: Person, ana: Person):
    work = play.homework(ana, play.assign(dana, ana))
    play.submit(ana, work, topic="Who carries the bags")
    definition = play.fresh(work).version.definition
    unraised = [item.key for item in definition.items if item not in definition.asked]
    assert unraised
    program, at = Program(dana), f"homework/{work.pk}/review"
    said = {"words": "Look again.", "decision": "returned", "returned": unraised}
    assert program.post(f"{at}/send", said).status_code == 409
    sent = program.post(f"{at}/send", {**said, "returned": [*unraised, "topic"]})
    assert sent.json()["returned"] == ["topic"]
    play.settle(ana.practice.pk)
    (new_round,) = Program(ana).get(f"homework/{work.pk}/rounds").json()[1:]
    assert new_round["open_items"] == ["topic"]


# --- forms that say nothing -------------------------------------------------------------------
def test_a_form_that_says_nothing_is_told_what_is_missing(ruth: Person, dana: Person, ana: Person):
    for who, path in (
        (ruth, f"/people/{dana.member.pk}/"),
        (ruth, "/people/invite"),
        (ruth, "/practice/settings"),
        (dana, "/you/account"),
        (dana, "/clients/add"),
        (dana, "/you/keys"),
    ):
        answer = who.browser().post(path)
        assert answer.status_code == 422, path
        assert "field-error" in answer.content.decode(), path


def test_a_filter_that_is_none_shows_no_trail(ruth: Person, dana: Person):
    ruth.browser().post(f"/people/{dana.member.pk}/", {"roles": ["therapist", "supervisor"]})
    commit_trail()
    browser = ruth.browser()
    assert browser.get("/audit/?action=member.roles_set").context["rows"]
    assert browser.get("/audit/?action=member.deactivated").context["rows"] == []
    for query in ("person=bad", "person=999999", "action=no.such", "since=yesterday"):
        page = browser.get(f"/audit/?{query}")
        assert page.status_code == 422, query
        assert page.context["rows"] == [], query
        assert "field-error" in page.content.decode(), query
        sheet = browser.get(f"/audit/?{query}&as=csv")
        assert (sheet.status_code, sheet["Content-Type"][:9]) == (422, "text/html"), query
    assert browser.get("/audit/?as=csv")["Content-Type"].startswith("text/csv")


# --- answers that outlive what they were given for --------------------------------------------
def test_no_repeated_post_is_answered_after_a_hand_over(dana: Person, omar: Person):
    program = Program(dana)
    added = {"name": "Pia", "email": "pia@mail.example", "zone": "Europe/Lisbon"}
    first = program.post("clients", added, Idempotency_Key="somebody-new")
    assert first.status_code == 201
    assert program.post("clients", added, Idempotency_Key="somebody-new").content == first.content
    over = {"to": str(omar.member.pk)}
    path = f"clients/{first.json()['id']}/hand-over"
    for _once_more in range(2):  # what one gave away oneself is answered as before
        assert program.post(path, over, Idempotency_Key="given-away").status_code == 204
    answer = program.post("clients", added, Idempotency_Key="somebody-new")
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_spent")
    assert "Pia" not in answer.content.decode()
    with scope(practice=dana.practice.pk):
        assert Client.objects.filter(name="Pia").count() == 1


def test_no_repeated_post_is_answered_after_a_role_is_gone(ruth: Person, dana: Person):
    roles = {"by": ruth.actor, "at": now(), "member": dana.member}
    with scope(practice=dana.practice.pk, user=ruth.user.pk):
        people.set_roles(**roles, roles=["therapist", "admin"])
    program, twice = Program(dana), {"Idempotency_Key": "the-very-same-1"}
    invited = {"name": "Ivo", "email": "ivo@hillside.example", "roles": ["therapist"]}
    assert program.post("invitations", invited, **twice).status_code == 201
    with scope(practice=dana.practice.pk, user=ruth.user.pk):
        people.set_roles(**roles, roles=["therapist"])
    refused = program.post("invitations", invited, **twice)
    assert refused.status_code in {403, 409}
    assert "Ivo" not in refused.content.decode()


# --- addresses that say nothing ---------------------------------------------------------------
def test_what_an_address_hides_opens_for_nobody_else(
    dana: Person, omar: Person, uma: Person, ruth: Person, ana: Person
):
    browser = dana.browser()
    where = browser.post("/clients/", {"q": "Quintero"})["Location"]
    assert "Quintero" not in where
    assert "Quintero" in browser.get(where).content.decode()
    for other in (omar, uma):
        assert other.browser().get(where).status_code == 404
    sealed = where.partition("?")[2]
    assert browser.get(f"/people/?{sealed}").status_code == 404, "nor on another page"
    assert ruth.browser().get(f"/records/?{sealed}").status_code == 404


def test_a_cursor_opens_for_nobody_else_and_nowhere_else(
    dana: Person, omar: Person, practice: Practice
):
    for number in range(27):
        make_client(practice, f"c{number}@mail.example", f"Client {number:02}", dana)
    here, there = Program(dana), Program(omar)
    cursor = here.post("clients/search", {"q": "Client"}).json()["next"]
    assert here.get(f"clients?after={cursor}").json()["results"]
    assert there.get(f"clients?after={cursor}").status_code == 404
    assert here.get(f"members?after={cursor}").status_code == 404
    browser = dana.browser()
    next_url = browser.get("/clients/").context["next_url"]
    assert browser.get(next_url).status_code == 200
    assert omar.browser().get(next_url).status_code == 404


def test_a_name_from_before_stops_no_mail(ruth: Person, practice: Practice):
    with scope(practice=practice.pk):
        Practice.objects.update(discreet_name="=?utf-8?q?a=0ABcc=3A?=")
    invited = {"name": "Ivo", "email": "ivo@hillside.example", "roles": ["therapist"]}
    assert ruth.browser().post("/people/invite", invited).status_code == 302
    assert sender("=?utf-8?q?a=0ABcc=3A?=", "a@b.example") == "a@b.example"
    assert sender("A note", "a@b.example") == "A note <a@b.example>"
