"""Two requests at the very same moment: one of them is told, nobody gets a 500, nothing is lost."""

import re
import threading
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils.timezone import now

from clients.actions import caring, joining, noting
from clients.models import Caseload, Clearance, Client, Couple, PrivateNote, SessionTopic
from clients.views import own
from exercises.actions import assigning, exporting, pausing, responding, reviewing
from exercises.models import Answer, Assignment, Homework, Response, Step
from practice.actions import invitations, people
from practice.models import Invitation, Membership, Practice, User
from practice.tenancy import scope
from tests.attacks.ground import PIA, answers, at_once, meet, one_is_told, quiet, word_of
from tests.cast import PASSWORD, Person, Play, make_member, make_user
from tests.practice.ground import on_the_list, text_of
from tests.processes import somebody_waits, until

pytestmark = pytest.mark.django_db(transaction=True)


def test_nobody_ends_up_in_two_couples(
    dana: Person, ana: Person, ben: Person, noor: Person, monkeypatch: pytest.MonkeyPatch
):
    """Ben with Ana in one tab and with Noor in the other: once he is the second, once the first."""
    one, other = quiet(dana.browser()), quiet(dana.browser())
    meet(monkeypatch, Couple.objects, "create")
    one_is_told(
        "One of them is in a couple already.",
        lambda: one.post("/couples/link", {"first": ana.client.pk, "second": ben.client.pk}),
        lambda: other.post("/couples/link", {"first": ben.client.pk, "second": noor.client.pk}),
    )
    with scope(practice=dana.practice.pk):
        assert Couple.objects.filter(ended_at=None).count() == 1


def test_the_same_couple_is_linked_once(
    dana: Person, ana: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
):
    both = {"first": ana.client.pk, "second": ben.client.pk}
    one, other = quiet(dana.browser()), quiet(dana.browser())
    meet(monkeypatch, Couple.objects, "create")
    one_is_told(
        "One of them is in a couple already.",
        lambda: one.post("/couples/link", both),
        lambda: other.post("/couples/link", both),
    )


def test_two_judgements_leave_one_that_stands(
    dana: Person, ana: Person, monkeypatch: pytest.MonkeyPatch
):
    said = {"cleared": "yes", "alone": "on"}
    path = f"/clients/{ana.client.pk}/clearance"
    one, other = quiet(dana.browser()), quiet(dana.browser())
    meet(monkeypatch, Clearance.objects, "create")
    assert at_once(lambda: one.post(path, said), lambda: other.post(path, said)) == [302, 302]
    with scope(practice=dana.practice.pk):
        assert Clearance.objects.filter(ended_at=None).count() == 1


def test_a_client_is_handed_over_to_one_colleague(
    dana: Person, omar: Person, uma: Person, ana: Person, monkeypatch: pytest.MonkeyPatch
):
    path = f"/clients/{ana.client.pk}/hand-over"
    one, other = quiet(dana.browser()), quiet(dana.browser())
    meet(monkeypatch, caring, "_move")
    one_is_told(
        "This has already moved on.",
        lambda: one.post(path, {"to": omar.member.pk}),
        lambda: other.post(path, {"to": uma.member.pk}),
    )
    with scope(practice=dana.practice.pk):
        assert Caseload.objects.filter(client=ana.client, until_at=None).count() == 1


@pytest.fixture
def way_in(dana: Person) -> str:
    """Return where Pia's invitation leads."""
    with scope(practice=dana.practice.pk, user=dana.user.pk):
        client = on_the_list(dana, "Pia", "pia@mail.example")
        link = caring.invite(by=dana.actor, at=now(), client=client).link
    return "/invitation/" + link.rpartition("/")[2]


def test_a_link_lets_one_person_in_once(dana: Person, way_in: str, monkeypatch: pytest.MonkeyPatch):
    meet(monkeypatch, invitations, "open_account")
    one, other = quiet(Browser()), quiet(Browser())
    said = [PIA | {"once": word_of(browser, way_in)} for browser in (one, other)]
    statuses = at_once(lambda: one.post(way_in, said[0]), lambda: other.post(way_in, said[1]))
    assert statuses == [302, 404]
    assert User.objects.filter(email="pia@mail.example").count() == 1
    with scope(practice=dana.practice.pk):
        assert Client.objects.get(email="pia@mail.example").user is not None


def test_a_double_tap_on_come_in_lets_in_who_pressed_it(
    dana: Person, ben: Person, way_in: str, monkeypatch: pytest.MonkeyPatch
):
    """The browser throws the first answer away, and the session with it."""
    one, other = quiet(Browser()), quiet(Browser())
    said = PIA | {"once": word_of(one, way_in)}
    secret = one.cookies["homeward-form"].value
    other.cookies["homeward-form"] = secret
    meet(monkeypatch, invitations, "open_account")
    assert at_once(lambda: one.post(way_in, said), lambda: other.post(way_in, said)) == [302, 302]
    for browser in (one, other):
        assert browser.get("/today/").status_code == 200
    assert User.objects.filter(email="pia@mail.example").count() == 1
    # The very same press, and no other: not from a browser that did not show the page, not from
    # one that has been let in since, not with another word, not in somebody else's name, not later.
    stranger, since, again, late = (quiet(Browser()) for _each in range(4))
    word_of_nothing = PIA | {"once": "a" * 22}
    assert stranger.post(way_in, said).status_code == 404
    since.cookies["homeward-form"] = one.cookies["homeward-form"].value
    assert since.cookies["homeward-form"].value != secret
    assert since.post(way_in, said).status_code == 404
    again.cookies["homeward-form"] = late.cookies["homeward-form"] = secret
    assert again.post(way_in, word_of_nothing).status_code == 404
    elsewhere = quiet(ben.browser())
    elsewhere.cookies["homeward-form"] = secret
    assert elsewhere.post(way_in, said).status_code == 404
    assert "Ben" in text_of(elsewhere.get("/you/"))
    monkeypatch.setattr(own, "now", lambda: now() + timedelta(minutes=2))
    assert late.post(way_in, said).status_code == 404


def test_a_press_of_somebody_signed_in_opens_nothing_after_they_left(dana: Person, way_in: str):
    make_user("pia@mail.example", "Pia")
    browser = quiet(Browser())
    signed_in = browser.post("/account/login/", {"login": "pia@mail.example", "password": PASSWORD})
    assert signed_in.status_code == 302
    said = PIA | {"once": word_of(browser, way_in)}
    assert browser.post(way_in, said).status_code == 302
    assert browser.post(way_in, said).status_code == 302, "the second tap"
    assert browser.get("/today/").status_code == 200
    browser.post("/account/logout/")
    assert browser.post(way_in, said).status_code == 404
    assert browser.get("/today/").status_code == 302


def test_one_consent_stands_however_often_it_was_tapped(
    dana: Person, ana: Person, monkeypatch: pytest.MonkeyPatch
):
    one, other = quiet(ana.browser()), quiet(ana.browser())
    meet(monkeypatch, joining.Consent.objects, "create")
    both = at_once(lambda: one.post("/you/consent"), lambda: other.post("/you/consent"))
    assert both == [302, 302]
    with scope(practice=dana.practice.pk):
        assert joining.Consent.objects.filter(client=ana.client, withdrawn_at=None).count() == 1


def test_two_devices_may_write_the_first_words_at_once(
    play: Play, ana: Person, work: Homework, monkeypatch: pytest.MonkeyPatch
):
    """The second is shown both texts, and is never told that all of this is closed."""
    path = f"/homework/{work.pk}/draft"

    def save(browser: Browser, device: str) -> Any:
        body = f'{{"revision": 0, "device": "{device}", "fields": {{"topic": ["{device}"]}}}}'
        return browser.generic("POST", path, body, content_type="application/json")

    phone, laptop = quiet(ana.browser()), quiet(ana.browser())
    meet(monkeypatch, responding, "apply_move")
    assert at_once(lambda: save(phone, "phone"), lambda: save(laptop, "laptop")) == [200, 412]
    with scope(practice=ana.practice.pk):
        assert Answer.objects.filter(response__homework=work).count() == 1


def test_one_screen_sent_from_two_tabs_at_once_asks_which_to_keep(
    play: Play, ana: Person, work: Homework, monkeypatch: pytest.MonkeyPatch
):
    path = next(
        path
        for number in range(1, 9)
        if b'name="topic"'
        in ana.browser().get(path := f"/homework/{work.pk}/step/{number}/").content
    )
    one, other = quiet(ana.browser()), quiet(ana.browser())
    texts: list[str] = []

    def send(browser: Browser, words: str) -> Any:
        answer = browser.post(path, {"topic": words, "device": words, "revision": "0"})
        texts.append(answer.content.decode())
        return answer

    meet(monkeypatch, responding, "apply_move")
    assert at_once(lambda: send(one, "Left tab"), lambda: send(other, "Right tab")) == [302, 409]
    assert "Left tab" in max(texts, key=len)
    assert "Right tab" in max(texts, key=len)


def test_a_double_tap_gives_an_exercise_once(
    play: Play, dana: Person, ana: Person, monkeypatch: pytest.MonkeyPatch
):
    path = f"/assign/?client={ana.client.pk}"
    version = play.library["e01-under-the-argument"]
    one, other = quiet(dana.browser()), quiet(dana.browser())
    said = {"exercise": version.exercise_id, "when": "week", "reminders_on": "on"}
    said |= {"once": word_of(one, path)}
    meet(monkeypatch, assigning, "assign")
    assert at_once(lambda: one.post(path, said), lambda: other.post(path, said)) == [302, 302]
    with scope(practice=dana.practice.pk):
        assert Assignment.objects.count() == 1
    # The same again, meant: another page, or other words.
    meant = {**said, "twice": "on"}
    assert one.post(path, {**meant, "note": "And once more"}).status_code == 302
    assert one.post(path, {**meant, "once": word_of(one, path)}).status_code == 302
    with scope(practice=dana.practice.pk):
        assert Assignment.objects.count() == 3


@pytest.mark.parametrize(
    ("who", "path", "model"),
    [("ana", "/you/topics", SessionTopic), ("dana", "/clients/{client}/notes", PrivateNote)],
)
def test_a_double_tap_keeps_what_was_written_once(
    request: pytest.FixtureRequest,
    ana: Person,
    dana: Person,
    monkeypatch: pytest.MonkeyPatch,
    who: str,
    path: str,
    model: Any,
):
    person = request.getfixturevalue(who)
    one, other = quiet(person.browser()), quiet(person.browser())
    path = path.format(client=ana.client.pk)
    said = {"text": "the phone at dinner", "once": word_of(one, path)}
    meet(monkeypatch, noting, "_checked")
    assert at_once(lambda: one.post(path, said), lambda: other.post(path, said)) == [302, 302]
    with scope(practice=dana.practice.pk):
        assert model.objects.count() == 1
    assert one.post(path, {**said, "once": word_of(one, path)}).status_code == 302
    with scope(practice=dana.practice.pk):
        assert model.objects.count() == 2


def test_a_double_tap_lets_all_that_waits_go_once(
    play: Play, dana: Person, ana: Person, monkeypatch: pytest.MonkeyPatch
):
    for days in (9, 10, 11):
        play.assign(dana, ana, opens_in=timedelta(days=-days), days=4)
    one, other = quiet(ana.browser()), quiet(ana.browser())
    page = text_of(one.get("/today/let-go/"))
    named = {"homework": re.findall(r'name="homework" value="([^"]+)"', page)}
    assert len(named["homework"]) == 3
    meet(monkeypatch, pausing, "let_all_go")
    path = "/today/let-go/"
    assert at_once(lambda: one.post(path, named), lambda: other.post(path, named)) == [302, 302]
    with scope(practice=dana.practice.pk):
        assert Step.objects.filter(move="skip").count() == 3


def test_a_double_click_adds_a_client_once(dana: Person, monkeypatch: pytest.MonkeyPatch):
    path = "/clients/add"
    one, other = quiet(dana.browser()), quiet(dana.browser())
    said = {"name": "Pia", "email": "pia@mail.example", "zone": "Europe/Lisbon", "language": "en"}
    said |= {"once": word_of(one, path)}
    meet(monkeypatch, caring, "add")
    found = answers(lambda: one.post(path, said), lambda: other.post(path, said))
    with scope(practice=dana.practice.pk):
        client = Client.objects.get(email="pia@mail.example")
    assert {answer["Location"] for answer in found} == {f"/clients/{client.pk}/"}
    # Meant as another one, it is told.
    assert one.post(path, said | {"once": word_of(one, path)}).status_code == 422


def test_a_double_click_on_what_was_refused_is_refused_twice(dana: Person, ana: Person):
    path, browser = "/clients/add", quiet(dana.browser())
    said = {"name": "Pia", "email": "ana@mail.example", "zone": "Europe/Lisbon", "language": "en"}
    said |= {"once": word_of(browser, path)}
    assert [browser.post(path, said).status_code for _tap in range(2)] == [422, 422]
    assert browser.post(path, said | {"email": "pia@mail.example"}).status_code == 302


@pytest.mark.parametrize(
    ("who", "path", "more"),
    [
        ("dana", "/couples/link", {"first": "{ana}", "second": "{ben}"}),
        ("dana", "/clients/{ana}/hand-over", {"to": "{omar}"}),
        ("dana", "/clients/{ana}/discharge", {}),
        ("ruth", "/people/{omar}/deactivate", {}),
        (
            "ruth",
            "/people/invite",
            {"name": "Kit", "email": "kit@hillside.example", "roles": "therapist"},
        ),
    ],
)
def test_the_second_of_two_clicks_leads_where_the_first_led(
    request: pytest.FixtureRequest,
    ana: Person,
    ben: Person,
    omar: Person,
    who: str,
    path: str,
    more: dict[str, str],
):
    ids = {"ana": ana.client.pk, "ben": ben.client.pk, "omar": omar.member.pk}
    browser = quiet(request.getfixturevalue(who).browser())
    path = path.format(**ids)
    said = {name: text.format(**ids) for name, text in more.items()}
    said |= {"once": word_of(browser, path)}
    first, second = browser.post(path, said), browser.post(path, said)
    assert (first.status_code, second.status_code) == (302, 302)
    assert first["Location"] == second["Location"]
    with scope(practice=ana.practice.pk):
        assert Invitation.objects.count() == (path == "/people/invite")


def test_what_is_taken_back_while_it_is_opened_is_read_by_nobody(
    play: Play, dana: Person, ana: Person, monkeypatch: pytest.MonkeyPatch
):
    """Dana's page has found it and not yet marked it: Ana is told that it is back, so it is."""
    work = play.submit(
        ana, play.homework(ana, play.assign(dana, ana)), topic="Who carries the bags"
    )
    client, inner = quiet(ana.browser()), reviewing.mark_opened
    statuses: list[int] = []

    def meanwhile(**kwargs: Any) -> None:
        statuses.extend(at_once(lambda: client.post(reverse("take_back", args=[work.pk]))))
        inner(**kwargs)

    monkeypatch.setattr(reviewing, "mark_opened", meanwhile)
    answer = quiet(dana.browser()).get(f"/review/{work.pk}/")
    assert statuses == [302]
    assert b"Who carries the bags" not in answer.content
    assert answer.status_code == 404
    assert play.fresh(work).status == "in_progress"
    with scope(practice=dana.practice.pk):
        assert not Response.objects.filter(opened_at__isnull=False).exists()


@pytest.mark.parametrize("path", ["/review/{work}/", "/clients/{client}/record?as=json"])
def test_what_is_opened_first_stays_as_it_was_sent(
    play: Play, dana: Person, ana: Person, monkeypatch: pytest.MonkeyPatch, path: str
):
    """Ana's tap comes while Dana's page is being made: it waits, and is told so."""
    work = play.submit(
        ana, play.homework(ana, play.assign(dana, ana)), topic="Who carries the bags"
    )
    client, inner = quiet(ana.browser()), reviewing.mark_opened
    statuses: list[int] = []
    tap = threading.Thread(
        target=lambda: statuses.extend(
            at_once(lambda: client.post(reverse("take_back", args=[work.pk])))
        )
    )

    def then(*args: Any, **kwargs: Any) -> None:
        inner(*args, **kwargs)
        tap.start()
        assert until(somebody_waits)

    monkeypatch.setattr(reviewing, "mark_opened", then)
    monkeypatch.setattr(exporting, "mark_opened", then)
    answer = quiet(dana.browser()).get(path.format(work=work.pk, client=ana.client.pk))
    tap.join(30)
    assert b"Who carries the bags" in answer.content
    assert statuses == [409]
    assert play.fresh(work).status == "submitted"


def test_two_admins_who_demote_each_other_leave_one(
    practice: Practice, ruth: Person, monkeypatch: pytest.MonkeyPatch
):
    rae = make_member(practice, "rae@hillside.example", "Rae Ito", "admin")
    pairs = [(quiet(ruth.browser()), rae), (quiet(rae.browser()), ruth)]
    meet(monkeypatch, people, "_keep_an_admin")
    deeds = [
        partial(browser.post, f"/people/{other.member.pk}/", {"roles": ["therapist"]})
        for browser, other in pairs
    ]
    one_is_told("Somebody has to be an admin.", *deeds)
    with scope(practice=practice.pk):
        (left,) = Membership.objects.filter(roles__contains=["admin"])
        assert left.pk in {ruth.member.pk, rae.member.pk}
