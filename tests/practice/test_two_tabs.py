"""Two tabs, or two of us, change the same: nobody overwrites anybody without a word."""

import hashlib
import json
import logging
import threading
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils.timezone import localtime, now
from django.utils.translation import gettext, override

from clients.actions import joining, noting
from clients.models import Client, ContactPreference, Couple, PrivateNote, SessionTopic
from clients.visibility import note_text
from exercises import emails
from practice.actions import people, practices
from practice.models import Membership, Practice, User
from practice.tenancy import scope
from practice.wording import place_of
from tests.attacks.ground import answers, meet, one_is_told
from tests.cast import Person, Play, make_client, make_member
from tests.practice.ground import form_on, policies, text_of
from tests.processes import somebody_waits, until

pytestmark = pytest.mark.django_db(transaction=True)

CHANGED_BY_ONESELF = "Changed meanwhile, in another tab or on another device. Nothing is saved yet."
CHANGED = "Changed meanwhile, in another tab or by somebody else. Nothing is saved yet."


class Tab:
    """A page with a form, as it was opened."""

    def __init__(self, person: Person, path: str) -> None:
        self.browser, self.path = person.browser(), path
        self.said = form_on(text_of(self.browser.get(path)))

    def save(self, **typed: Any) -> Any:
        """Change this on the page, and send all of it."""
        answer = self.browser.post(self.path, self.said | typed)
        if answer.status_code == 422:
            self.said = form_on(text_of(answer))
        return answer


def hour(days: int) -> str:
    return f"{localtime(now()) + timedelta(days=days):%Y-%m-%dT%H:%M}"


def settings_of(person: Person) -> Practice:
    with scope(practice=person.practice.pk):
        return Practice.objects.get(pk=person.practice.pk)


def test_settings_take_what_each_of_two_admins_changed(ruth: Person):
    policies(ruth.practice, crisis_texts={"en": "Call.", "es": "Llama."})
    one, other = (Tab(ruth, "/practice/settings") for _tab in range(2))
    assert one.save(name="Elm House", crisis_en="Call us.").status_code == 302
    assert other.save(idle_minutes="7", crisis_es="Ven.").status_code == 302
    kept = settings_of(ruth)
    assert (kept.name, kept.idle_minutes) == ("Elm House", 7)
    assert kept.crisis_texts == {"en": "Call us.", "es": "Ven."}


def test_a_setting_that_both_changed_is_asked_about_once(ruth: Person):
    policies(ruth.practice, second_factor_required=False)
    User.objects.filter(pk=ruth.user.pk).update(is_demo=True)  # needs no second step herself
    one, other = (Tab(ruth, "/practice/settings") for _tab in range(2))
    assert (
        one.save(name="Elm House", idle_minutes="9", second_factor_required="on").status_code == 302
    )
    answer = other.save(name="Oak House", leave_url="https://weather.example/")
    page = text_of(answer)
    assert answer.status_code == 422
    assert page.count(CHANGED) == 2  # on top, and beside the field
    assert "Elm House</p>" in page  # what stands there now
    kept = settings_of(ruth)
    assert (kept.name, kept.leave_url) == ("Elm House", ruth.practice.leave_url)
    # What was typed stays, and what was not touched is shown as it stands: a box ticked, too.
    assert (other.said["name"], other.said["idle_minutes"]) == ("Oak House", "9")
    assert other.said["second_factor_required"] == "on"
    assert other.save().status_code == 302
    kept = settings_of(ruth)
    assert (kept.name, kept.idle_minutes) == ("Oak House", 9)
    assert kept.leave_url == "https://weather.example/"
    assert kept.second_factor_required


def test_the_same_said_twice_is_no_quarrel(ruth: Person):
    one, other = (Tab(ruth, "/practice/settings") for _tab in range(2))
    assert one.save(name="Elm House").status_code == 302
    assert other.save(name="Elm House").status_code == 302


def test_what_stands_there_is_said_also_where_it_is_nothing_much(ruth: Person):
    one, other = (Tab(ruth, "/practice/settings") for _tab in range(2))
    assert one.save(idle_minutes="0", second_factor_required="").status_code == 302
    page = text_of(other.save(idle_minutes="7"))
    assert '<p class="words">0</p>' in page


def test_a_page_s_source_is_no_place_to_guess_what_a_field_held(ruth: Person):
    policies(ruth.practice, crisis_texts={"en": "7"}, idle_minutes=7)
    said = Tab(ruth, "/practice/settings").said
    marks = dict(pair.split(":") for pair in said["shown"].split())
    assert said["crisis_en"] == said["idle_minutes"] == "7"
    assert marks["crisis_en"] != marks["idle_minutes"]
    for guess in ("7", "crisis_en7", "crisis_en\n7"):
        assert hashlib.sha256(guess.encode()).hexdigest()[:16] not in said["shown"]


def test_what_both_change_at_one_moment_is_asked_about_as_well(
    ruth: Person, omar: Person, rae: Person, monkeypatch: pytest.MonkeyPatch
):
    settings, roles = "/practice/settings", f"/people/{omar.actor.member_id}/"
    one, other = Tab(ruth, settings), Tab(rae, settings)
    meet(monkeypatch, practices, "set_policies")
    one_is_told(CHANGED, partial(one.save, name="Elm"), partial(other.save, name="Oak"))
    one, other = Tab(ruth, roles), Tab(rae, roles)
    meet(monkeypatch, people, "set_roles")
    one_is_told(
        CHANGED,
        partial(one.save, roles=["therapist", "admin"]),
        partial(other.save, roles=["therapist", "supervisor"]),
    )


# --- roles --------------------------------------------------------------------------------------
def seat_of(person: Person) -> tuple[list[str], set[Any]]:
    with scope(practice=person.practice.pk):
        seat = Membership.objects.get(pk=person.actor.member_id)
        return seat.roles, set(seat.supervises.values_list("therapist_id", flat=True))


def test_of_two_admins_neither_sets_the_other_s_roles_back_unseen(
    ruth: Person, rae: Person, omar: Person, dana: Person
):
    path = f"/people/{omar.actor.member_id}/"
    with scope(practice=omar.practice.pk):  # as a link left them, in no order of ours
        Membership.objects.filter(pk=omar.actor.member_id).update(roles=["therapist", "admin"])
    one, other, third = (Tab(person, path) for person in (rae, ruth, ruth))
    assert one.save(roles=["therapist", "supervisor"]).status_code == 302
    # Saved untouched a page changes nothing, nor does it take what it never showed.
    one = Tab(rae, path)
    assert one.save(supervises=[str(dana.actor.member_id)]).status_code == 302
    assert other.save().status_code == 302
    assert seat_of(omar) == (["therapist", "supervisor"], {dana.actor.member_id})
    answer = third.save(roles=["admin", "therapist", "supervisor"])
    page = text_of(answer)
    assert answer.status_code == 422
    assert CHANGED in page
    assert '<p class="words">Therapist and Supervisor</p>' in page
    assert seat_of(omar)[0] == ["therapist", "supervisor"]
    # What was typed stays; and the caseload that the other one named is there, ticked.
    assert third.said["roles"] == ["admin", "therapist", "supervisor"]
    assert third.said["supervises"] == [str(dana.actor.member_id)]
    assert third.save().status_code == 302
    assert seat_of(omar) == (["admin", "therapist", "supervisor"], {dana.actor.member_id})


def test_a_caseload_that_both_named_differently_is_asked_about_by_name(
    ruth: Person, rae: Person, omar: Person, dana: Person
):
    uwe = make_member(ruth.practice, "uwe@hillside.example", "Uwe Brandt", "therapist")
    path = f"/people/{omar.actor.member_id}/"
    assert Tab(ruth, path).save(roles=["therapist", "supervisor"]).status_code == 302
    one, other = (Tab(person, path) for person in (rae, ruth))
    assert one.save(supervises=[str(dana.actor.member_id)]).status_code == 302
    answer = other.save(supervises=[str(uwe.actor.member_id)])
    assert answer.status_code == 422
    assert '<p class="words">Dana Whitlock</p>' in text_of(answer)
    assert seat_of(omar)[1] == {dana.actor.member_id}


# --- one's own choices --------------------------------------------------------------------------
def stop(ana: Person, **said: str) -> Any:
    """Press what the link in a mail leads to."""
    link = emails.unsubscribe_link(ana.practice.pk, ana.client.pk, "due_soon")
    return Browser().post("/" + link.split("/", 3)[3], said)


def wishes(ana: Person) -> ContactPreference:
    with scope(practice=ana.practice.pk):
        return ContactPreference.objects.select_related("client").get(client=ana.client)


def test_a_page_left_open_does_not_begin_mails_again_that_were_stopped(ana: Person):
    one, other = Tab(ana, "/you/"), Tab(ana, "/you/")
    assert stop(ana, all="yes").status_code == 200
    assert one.save(called="Anna").status_code == 302
    assert (wishes(ana).by_email, wishes(ana).client.called) == (False, "Anna")
    assert stop(ana).status_code == 200
    assert other.save(reminder_time="17:30").status_code == 302
    assert (wishes(ana).by_email, wishes(ana).kinds_off) == (False, ["due_soon"])


@pytest.mark.parametrize(
    ("who", "path", "field"), [("ana", "/you/", "called"), ("dana", "/you/account", "name")]
)
def test_a_laptop_s_page_does_not_take_somebody_back_from_where_they_are(
    request: pytest.FixtureRequest, who: str, path: str, field: str
):
    person: Person = request.getfixturevalue(who)
    laptop, phone, third = (Tab(person, path) for _tab in range(3))
    assert phone.save(zone="Asia/Tokyo", language="es").status_code == 302
    assert laptop.save(**{field: "Ani"}).status_code == 302
    account = User.objects.get(pk=person.user.pk)
    assert (account.zone, account.language) == ("Asia/Tokyo", "es")
    answer = third.save(zone="America/Bogota")
    assert answer.status_code == 422
    with override("es"):
        assert f'<p class="words">{place_of("Asia/Tokyo")}</p>' in text_of(answer)
        assert text_of(answer).count(gettext(CHANGED_BY_ONESELF)) == 2
    assert third.said["zone"] == "America/Bogota"
    assert third.save().status_code == 302


def test_a_daily_mail_that_was_switched_off_elsewhere_stays_off(dana: Person):
    one, other = Tab(dana, "/you/account"), Tab(dana, "/you/account")
    one.said.pop("daily_mail", None)
    assert one.save().status_code == 302
    assert other.save(name="Dana W.").status_code == 302
    with scope(practice=dana.practice.pk):
        assert not Membership.objects.get(pk=dana.member.pk).daily_mail


@pytest.mark.parametrize("door", ["take_turns", "set_preferences"])
def test_mails_stopped_while_a_page_is_saved_stay_stopped(
    ana: Person, monkeypatch: pytest.MonkeyPatch, door: str
):
    """Whichever comes first: the one waits, and starts from what the other kept."""
    tab, inner = Tab(ana, "/you/"), getattr(joining, door)
    got: list[Any] = []
    press = threading.Thread(target=lambda: got.extend(answers(lambda: stop(ana))))

    def then(**said: Any) -> Any:
        press.start()
        assert until(lambda: bool(got) if door == "take_turns" else somebody_waits())
        return inner(**said)

    monkeypatch.setattr(joining, door, then)
    assert tab.save(called="Anna").status_code == 302
    press.join(30)
    assert got[0].status_code == 200
    assert (wishes(ana).kinds_off, wishes(ana).client.called) == (["due_soon"], "Anna")


# --- clients ------------------------------------------------------------------------------------
def test_a_client_s_record_takes_what_each_tab_changed(dana: Person, ana: Person):
    path = f"/clients/{ana.client.pk}/edit"
    one, other, third = (Tab(dana, path) for _tab in range(3))
    assert one.save(name="Ana Q. Ferreira").status_code == 302
    assert other.save(next_session_at=hour(3)).status_code == 302
    answer = third.save(name="Ana Marques")
    assert answer.status_code == 422
    assert "Ana Q. Ferreira</p>" in text_of(answer)
    with scope(practice=dana.practice.pk):
        kept = Client.objects.get(pk=ana.client.pk)
    assert kept.name == "Ana Q. Ferreira"
    assert kept.next_session_at is not None
    assert third.said["next_session_at"] == hour(3)


def test_what_became_the_client_s_own_meanwhile_is_not_dropped_unsaid(dana: Person, ana: Person):
    def joined(at: datetime | None) -> None:
        with scope(practice=dana.practice.pk):
            Client.objects.filter(pk=ana.client.pk).update(joined_at=at)

    joined(None)
    tab = Tab(dana, f"/clients/{ana.client.pk}/edit")
    joined(now())
    assert tab.save(email="another@mail.example").status_code == 422


def test_a_stale_tab_does_not_set_a_couple_s_old_hour_back(dana: Person, couple: Couple):
    with scope(practice=dana.practice.pk):
        Couple.objects.update(next_session_at=now() + timedelta(days=1))
    path = f"/couples/{couple.pk}/session"
    one, other, third = (Tab(dana, path) for _tab in range(3))
    assert one.save(next_session_at=hour(5)).status_code == 302
    assert other.save().status_code == 302  # nothing was changed there
    answer = third.save(next_session_at=hour(9))
    assert answer.status_code == 422
    assert CHANGED in text_of(answer)
    with scope(practice=dana.practice.pk):
        kept = Couple.objects.get(pk=couple.pk)
    assert f"{localtime(kept.next_session_at):%Y-%m-%dT%H:%M}" == hour(5)
    assert third.said["next_session_at"] == hour(9)


def test_of_a_note_changed_in_two_tabs_both_texts_are_there(play: Play, dana: Person, ana: Person):
    with play.at(dana):
        note = noting.keep_note(by=dana.actor, at=now(), client=ana.client, text="first")
    one, other = (Tab(dana, f"/clients/{ana.client.pk}/notes/{note.pk}") for _tab in range(2))
    assert one.save(text="alpha\nand more").status_code == 302
    answer = other.save(text="beta")
    page = text_of(answer)
    assert answer.status_code == 422
    assert CHANGED in page
    assert "alpha<br>and more" in page
    assert other.said["text"] == "beta"
    with play.at(dana):
        assert note_text(dana.actor, PrivateNote.objects.get()) == "alpha\nand more"
    assert other.save().status_code == 302
    with play.at(dana):
        assert note_text(dana.actor, PrivateNote.objects.get()) == "beta"


# --- two practices, a tab each ---
WORDS = "what I never told anyone"
OURS = {"origin": "http://testserver"}


@pytest.fixture
def noor_there(noor: Person, other_practice: Practice, zoe: Person) -> Person:
    """Noor's other page."""
    return make_client(other_practice, "", "Noor Haddad", zoe, user=noor.user)


def strict(person: Person) -> Browser:
    """Return a browser that asks of forms what a real one is asked."""
    browser = Browser(enforce_csrf_checks=True)
    browser.cookies = person.browser().cookies
    return browser


def token_on(page: str) -> dict[str, str]:
    """Return the word by which a page's forms are known."""
    return {"csrfmiddlewaretoken": page.partition('name="csrfmiddlewaretoken" value="')[2][:64]}


def change_over(browser: Browser, page: str, to: Person) -> None:
    said = token_on(text_of(browser.get(page)))
    seat = f"client:{to.client.pk}" if to.client else f"member:{to.member.pk}"
    answer = browser.post("/practice/switch", said | {"seat": seat}, headers=OURS)
    assert answer.status_code == 302


@pytest.mark.parametrize("path", ["/you/topics", "/you/"])
def test_what_was_written_for_one_s_other_page_is_not_saved_here(
    noor: Person, noor_there: Person, path: str, caplog: pytest.LogCaptureFixture
):
    browser = strict(noor_there)
    said = token_on(text_of(browser.get(path)))
    change_over(browser, "/you/", noor)
    with caplog.at_level(logging.DEBUG):
        answer = browser.post(path, said | {"text": WORDS, "name": "N."}, headers=OURS)
    page = text_of(answer)
    assert answer.status_code == 403
    assert (
        "You changed to your page with Hillside Practice meanwhile. This was written for your page "
        "with Riverside Practice: nothing was saved." in page
    )
    assert WORDS in page
    assert "data-back" not in page
    assert "Go to Riverside Practice" in page
    assert "Hillside" not in page[: page.index("</title>")]
    logged = " ".join(f"{one.getMessage()} {one.__dict__}" for one in caplog.records)
    assert not [word for word in ("Hillside", "Riverside", WORDS) if word in logged]
    for person in (noor, noor_there):
        with scope(practice=person.practice.pk):
            assert not SessionTopic.objects.exists()
            assert Client.objects.get(pk=person.client.pk).name == "Noor Haddad"
    # The way there leads there, and nothing typed goes along.
    back = token_on(page) | {"seat": f"client:{noor_there.client.pk}"}
    assert browser.post("/practice/switch", back, headers=OURS).status_code == 302
    there = text_of(browser.get("/you/topics"))
    assert "Only you and Zoe" in there
    assert WORDS not in there


def test_a_step_left_open_there_says_where_one_is_and_not_that_one_was_signed_out(
    play: Play, dana: Person, noor: Person, noor_there: Person
):
    homework = play.homework(noor, play.assign(dana, noor))
    browser = strict(noor)
    step = f"/homework/{homework.pk}/step/2/"
    said = token_on(text_of(browser.get(step)))
    change_over(browser, "/you/", noor_there)
    body = json.dumps({"revision": 0, "device": "a", "fields": {"topic": [WORDS]}})
    token = {"x-csrftoken": said["csrfmiddlewaretoken"], **OURS}
    answer = browser.post(
        f"/homework/{homework.pk}/draft", body, content_type="application/json", headers=token
    )
    assert answer.status_code == 403
    assert answer.json()["code"] == "elsewhere"
    page = text_of(browser.post(step, said | {"topic": WORDS}, headers=OURS))
    assert "This was written for your page with Hillside Practice: nothing was saved." in page
    assert WORDS in page


def test_who_changed_back_meanwhile_only_sends_it_once_more(noor: Person, noor_there: Person):
    browser = strict(noor)
    said = token_on(text_of(browser.get("/you/topics")))
    change_over(browser, "/you/", noor_there)
    change_over(browser, "/you/", noor)
    page = text_of(browser.post("/you/topics", said | {"text": WORDS}, headers=OURS))
    assert "This page was open for a long time" in page


def test_staff_with_two_practices_are_told_the_same(uma: Person, other_practice: Practice):
    with scope(practice=other_practice.pk):
        there = Membership.objects.get(user=uma.user, practice=other_practice)
    browser = strict(uma)
    said = token_on(text_of(browser.get("/assign/")))
    change_over(browser, "/review/", Person(uma.user, other_practice, member=there))
    page = text_of(browser.post("/assign/", said | {"note": WORDS}, headers=OURS))
    assert "You changed to your page with Riverside Practice meanwhile." in page
    assert "Go to Hillside Practice" in page
    assert WORDS in page
