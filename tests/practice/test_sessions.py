"""Sessions and seats: idle, ended, listed, taken away; from which practice one acts."""

import re
import time
from datetime import timedelta

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client as Browser
from django.utils.timezone import now

from practice.actions import people
from practice.models import AuditEvent, Membership, Practice, User
from practice.tenancy import scope
from tests.cast import PASSWORD, Person, make_client, make_member, make_user
from tests.practice.ground import away, policies, seat_in, text_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("outbox")]


def test_an_idle_member_is_signed_out_and_led_back(dana: Person):
    browser = dana.browser()
    assert browser.get("/people/").status_code == 200
    key = away(browser, 31)
    response = browser.get("/people/?q=ruth")
    assert response["Location"] == "/account/login/?next=%2Fpeople%2F%3Fq%3Druth"
    assert not Session.objects.filter(session_key=key).exists()
    page = browser.get(response["Location"])
    assert "to keep this private" in text_of(page)
    response = browser.post(
        response["Location"],
        {"login": "dana@hillside.example", "password": PASSWORD, "next": "/people/?q=ruth"},
    )
    assert response["Location"] == "/people/?q=ruth"
    assert browser.get("/people/").status_code == 200


def test_who_is_at_work_is_not_locked_out_however_soon_the_screen_locks(dana: Person):
    """Within a minute the clock is looked at more often than once in it."""
    policies(dana.practice, idle_minutes=1)
    browser = dana.browser()
    for _twice in range(2):
        browser.get("/people/")
        session = browser.session
        session["last_seen"] -= 40
        session.save()
    assert browser.get("/people/").status_code == 200


@pytest.mark.parametrize(("minutes", "warns"), [(1, 30), (2, 60), (30, 300), (720, 300)])
def test_a_page_tells_of_the_lock_when_half_of_its_time_is_over_at_the_earliest(
    dana: Person, minutes: int, warns: int
):
    policies(dana.practice, idle_minutes=minutes)
    page = text_of(dana.browser().get("/people/"))
    assert f'data-expires="{minutes * 60}" data-warns="{warns}"' in page


def test_pressing_stay_counts_as_being_here_and_nothing_is_kept_of_it(dana: Person, ana: Person):
    browser = dana.browser()
    browser.get("/people/")
    session = browser.session
    session["last_seen"] = before = time.time() - 29 * 60
    session.save()
    answer = browser.post("/still-here")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer["Cache-Control"] == "no-store, private"
    assert browser.session["last_seen"] > before + 28 * 60
    assert ana.browser().post("/still-here").status_code == 204
    assert Browser().post("/still-here").status_code == 302
    assert browser.get("/still-here").status_code == 405
    # Another site cannot keep a screen from locking.
    strict = Browser(enforce_csrf_checks=True)
    strict.force_login(dana.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert strict.post("/still-here").status_code == 403
    # Too late is too late: it wakes nobody's session.
    away(browser, 31)
    assert browser.post("/still-here").status_code == 302
    assert browser.get("/people/").status_code == 302


def test_a_program_of_an_idle_member_is_told_it_is_nobody(dana: Person):
    browser = dana.browser()
    browser.get("/people/")
    away(browser, 31)
    response = browser.get("/api/v1/exercises")
    assert (response.status_code, response.json()["code"]) == (401, "signed_out")


def test_the_lock_can_be_switched_off_and_leaves_clients_alone(dana: Person, ana: Person):
    policies(dana.practice, idle_minutes=0)
    for person, address in ((dana, "/people/"), (ana, "/today/")):
        browser = person.browser()
        browser.get(address)
        away(browser, 9999)
        assert browser.get(address).status_code == 200


# --- seats ------------------------------------------------------------------------------------
def test_somebody_without_a_seat_reads_a_kind_page(db: None):
    user = make_user("nobody@mail.example", "No Body")
    browser = Browser()
    browser.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    response = browser.get("/")
    assert response.status_code == 403
    assert "nothing here for you" in text_of(response)
    assert browser.get("/account/email/").status_code in {200, 302}


def test_deactivating_holds_on_the_very_next_request(dana: Person, ruth: Person):
    browser = dana.browser()
    assert browser.get("/people/").status_code == 200
    with scope(practice=ruth.practice.pk):
        people.deactivate(by=ruth.actor, at=now(), member=dana.member)
    for address in ("/people/", "/clients/"):
        assert browser.get(address)["Location"].startswith("/account/login/")
    assert Session.objects.count() == 0


def test_who_still_works_elsewhere_stays_signed_in_there(uma: Person, zoe: Person, ruth: Person):
    browser = uma.browser()
    assert browser.get("/people/").status_code == 200
    with scope(practice=ruth.practice.pk):
        seat = Membership.objects.get(user=uma.user, practice=ruth.practice)
        people.deactivate(by=ruth.actor, at=now(), member=seat)
    page = text_of(browser.get("/people/"))
    assert "Zoe Marchetti" in page
    assert "Dana Whitlock" not in page


def test_who_sits_in_two_practices_sees_without_a_menu_in_which(uma: Person, zoe: Person):
    def bar(person: Person) -> list[str]:
        page = text_of(person.browser().get("/people/"))
        return re.findall(r'at-practice">.*</svg>([^<]*)</p>', page)

    assert bar(uma) == ["Hillside Practice"]
    assert bar(zoe) == []


def test_an_admin_signs_somebody_out_everywhere(dana: Person, ruth: Person, omar: Person):
    phone, laptop, other = dana.browser(), dana.browser(), omar.browser()
    for browser in (phone, laptop, other):
        assert browser.get("/people/").status_code == 200
    response = ruth.browser().post(f"/people/{dana.member.pk}/sign-out", follow=True)
    assert "signed out everywhere" in text_of(response)
    for browser in (phone, laptop):
        assert browser.get("/people/")["Location"].startswith("/account/login/")
    assert other.get("/people/").status_code == 200
    with scope(practice=ruth.practice.pk):
        event = AuditEvent.objects.get(action="member.sessions_ended")
    assert (event.object_id, event.detail["count"]) == (str(dana.member.pk), 2)
    assert dana.browser().get("/people/").status_code == 200  # signed in anew


def test_an_admin_may_sign_themselves_out_everywhere_and_end_their_own_seat(ruth: Person):
    """Their own session is among those that end; they are led to the sign-in, not to a 400."""
    browser, other = ruth.browser(), make_member(ruth.practice, "b@x.example", "Bo", "admin")
    for path in ("sign-out", "deactivate"):
        assert browser.get("/people/").status_code == 200
        answer = browser.post(f"/people/{ruth.member.pk}/{path}", follow=True)
        assert answer.status_code == 200
        assert answer.redirect_chain[-1][0].startswith("/account/login/")
        browser = ruth.browser()
    with scope(practice=ruth.practice.pk):
        assert list(Membership.objects.filter(deactivated_at=None)) == [other.member]


# --- the end of a session ---------------------------------------------------------------------
def began(browser: Browser, *, hours: float) -> None:
    session = browser.session
    session["began"] = time.time() - hours * 3600
    session["last_seen"] = time.time()
    session.save()


@pytest.mark.parametrize(("who", "hours"), [("dana", 12), ("ana", 30 * 24)])
def test_even_a_busy_session_has_an_end(request: pytest.FixtureRequest, who: str, hours: int):
    browser = request.getfixturevalue(who).browser()
    page = "/people/" if who == "dana" else "/today/"
    assert browser.get(page).status_code == 200
    began(browser, hours=hours - 0.1)
    assert browser.get(page).status_code == 200
    began(browser, hours=hours + 0.1)
    key = browser.session.session_key
    response = browser.get(page)
    assert response["Location"] == f"/account/login/?next={page.replace('/', '%2F')}"
    assert not Session.objects.filter(session_key=key).exists()
    assert "to keep this private" in text_of(browser.get(response["Location"]))


def test_at_the_end_what_is_being_written_may_still_be_sent(ana: Person):
    browser = ana.browser()
    browser.get("/today/")
    began(browser, hours=30 * 24 + 0.9)
    assert browser.post("/you/", {"part": "x"}).status_code != 302
    began(browser, hours=30 * 24 + 1.1)
    assert browser.post("/you/", {"part": "x"})["Location"].startswith("/account/login/")


def test_the_end_holds_for_one_s_own_account_too(dana: Person):
    browser = dana.browser()
    browser.get("/people/")
    began(browser, hours=12.1)
    response = browser.get("/account/email/")
    assert response["Location"].startswith("/account/login/")
    assert browser.get("/account/login/").status_code == 200


def test_signing_in_begins_a_session_of_its_own(dana: Person):
    browser = dana.browser()
    browser.get("/people/")
    began(browser, hours=13)
    browser.get("/people/")
    browser.post("/account/login/", {"login": "dana@hillside.example", "password": PASSWORD})
    assert browser.get("/people/").status_code == 200
    assert time.time() - browser.session["began"] < 60


# --- the list of devices ----------------------------------------------------------------------
def long_ago(browser: Browser) -> None:
    session = browser.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        {"method": "password", "at": time.time() - 3600, "reauthenticated": True}
    ]
    session.save()


def say_who(browser: Browser) -> None:
    browser.post("/account/reauthenticate/", {"password": PASSWORD})


def test_this_device_stands_on_top_and_then_whichever_was_here_last(dana: Person):
    here, *there = (dana.browser() for _device in range(3))
    for days, browser in enumerate((*there, here)):
        browser.get("/people/", headers={"user-agent": f"Device {days}"})
        UserSession.objects.filter(session_key=browser.session.session_key).update(
            last_seen_at=now() - timedelta(days=3 - days)
        )
    page = text_of(here.get("/account/sessions/", headers={"user-agent": "Device 2"}))
    assert re.findall(r"<b>(Device \d)</b>", page) == ["Device 2", "Device 1", "Device 0"]


@pytest.mark.parametrize("which", ["the others", "this one"])
def test_sessions_are_ended_only_by_who_says_who_they_are(dana: Person, which: str):
    here, there = dana.browser(), dana.browser()
    for browser in (here, there):
        assert browser.get("/people/").status_code == 200
    long_ago(here)
    line = UserSession.objects.get(session_key=there.session.session_key)
    ask = {"session": str(line.pk)} if which == "this one" else {}
    assert here.get("/account/sessions/").status_code == 200
    assert here.post("/account/sessions/", ask)["Location"].startswith("/account/reauthenticate/")
    assert there.get("/people/").status_code == 200
    say_who(here)
    assert here.post("/account/sessions/", ask)["Location"] == "/account/sessions/"
    assert there.get("/people/").status_code == 302
    assert here.get("/people/").status_code == 200


def test_who_has_but_a_code_by_mail_signs_in_once_more(ana: Person):
    User.objects.filter(pk=ana.user.pk).update(password="!")
    ana.user.refresh_from_db()
    here, there = ana.browser(), ana.browser()
    for browser in (here, there):
        assert browser.get("/today/").status_code == 200
    page = text_of(here.get("/account/sessions/"))
    assert "your codes go there" in page
    assert "change your password" not in page
    assert here.post("/account/sessions/")["Location"] == "/account/sessions/"  # just signed in
    long_ago(here)
    there = ana.browser()
    assert there.get("/today/").status_code == 200
    came = "http://testserver/account/sessions/"
    response = here.post("/account/sessions/", headers={"Referer": came})
    assert response["Location"] == "/account/login/?next=%2Faccount%2Fsessions%2F"
    assert there.get("/today/").status_code == 200


def test_nobody_ends_a_session_of_somebody_else(dana: Person, omar: Person):
    here, there = dana.browser(), omar.browser()
    for browser in (here, there):
        browser.get("/people/")
    line = UserSession.objects.get(session_key=there.session.session_key)
    say_who(here)
    for asked in (str(line.pk), "x", "", "9" * 30):
        assert here.post("/account/sessions/", {"session": asked}).status_code == 404
    assert there.get("/people/").status_code == 200


def test_a_role_taken_away_holds_on_the_very_next_request(ruth: Person, dana: Person):
    with scope(practice=ruth.practice.pk):
        Membership.objects.filter(pk=dana.member.pk).update(roles=["admin", "therapist"])
    browser = dana.browser()
    assert browser.get("/audit/").status_code == 200
    with scope(practice=ruth.practice.pk):
        people.set_roles(by=ruth.actor, at=now(), member=dana.member, roles=["therapist"])
    assert browser.get("/audit/").status_code == 403


def test_everybody_begins_in_their_own_place(ana: Person, dana: Person, ruth: Person, sana: Person):
    assert ana.browser().get("/")["Location"] == "/today/"
    assert dana.browser().get("/")["Location"] == "/review/"
    assert sana.browser().get("/")["Location"] == "/clients/"
    assert ruth.browser().get("/")["Location"] == "/people/"


def test_uma_switches_practices_and_sees_one_at_a_time(uma: Person, zoe: Person, dana: Person):
    browser = uma.browser()
    page = text_of(browser.get("/people/"))
    assert "Dana Whitlock" in page
    assert "Zoe Marchetti" not in page
    assert "Riverside Practice" in page  # on offer in the menu
    browser.post("/practice/switch", {"seat": seat_in(uma, zoe.practice)})
    page = text_of(browser.get("/people/"))
    assert "Zoe Marchetti" in page
    assert "Dana Whitlock" not in page


def test_nobody_switches_into_a_practice_they_have_no_seat_in(dana: Person, zoe: Person):
    browser = dana.browser()
    for seat in (zoe.actor.seat, "nonsense", ""):
        browser.post("/practice/switch", {"seat": seat})
        assert "Zoe Marchetti" not in text_of(browser.get("/people/"))


def test_a_seat_that_ended_is_not_on_offer(uma: Person, zoe: Person):
    with scope(practice=zoe.practice.pk):
        Membership.objects.filter(user=uma.user, practice=zoe.practice).update(deactivated_at=now())
    browser = uma.browser()
    assert "Riverside Practice" not in text_of(browser.get("/people/"))
    browser.post("/practice/switch", {"seat": seat_in(uma, zoe.practice)})
    assert "Zoe Marchetti" not in text_of(browser.get("/people/"))


# --- leaving ----------------------------------------------------------------------------------
@pytest.mark.parametrize("method", ["get", "post"])
def test_leaving_ends_the_session_on_the_server(ana: Person, method: str):
    with scope(practice=ana.practice.pk):
        Practice.objects.filter(pk=ana.practice.pk).update(leave_url="https://weather.example/")
    browser = ana.browser()
    key = browser.session.session_key
    response = getattr(browser, method)("/leave", headers={"accept": "text/html"})
    assert response["Clear-Site-Data"] == '"cache"'
    assert "https://weather.example/" in (
        response.get("Location", "") + response.get("Refresh", "")
    )
    assert not Session.objects.filter(session_key=key).exists()
    assert browser.get("/today/").status_code == 302


def test_leaving_works_from_a_beacon_without_a_token(ana: Person):
    browser = Browser(enforce_csrf_checks=True)
    browser.cookies = ana.browser().cookies
    assert browser.post("/leave").status_code == 204
    assert browser.get("/today/").status_code == 302


def test_leaving_twice_harms_nobody():
    assert Browser().get("/leave")["Location"] == "https://www.wikipedia.org/"


def test_signing_out_ends_the_session_and_empties_the_cache(ana: Person):
    browser = ana.browser()
    browser.get("/today/")
    key = browser.session.session_key
    assert "Clear-Site-Data" not in browser.get("/account/logout/")
    response = browser.post("/account/logout/")
    assert response["Clear-Site-Data"] == '"cache"'
    assert not Session.objects.filter(session_key=key).exists()
    assert not UserSession.objects.filter(session_key=key).exists()


def test_who_is_in_care_at_two_practices_reaches_both(dana: Person, zack: Person):
    """The record is each practice's own; signing in anew leads to the first, and that on."""
    make_client(dana.practice, "", "Zack Oyelaran", dana, user=zack.user)
    policies(dana.practice, discreet_name="The Hillside")
    browser = zack.browser()
    for path in ("/today/", "/you/"):
        page = text_of(browser.get(path))
        assert "You also have a page with The Hillside." in page
        assert "Hillside Practice" not in page
    (there,) = re.findall(r'name="seat" value="([^"]+)"', page)
    assert browser.post("/practice/switch", {"seat": there})["Location"] == "/"
    page = text_of(browser.get("/today/"))
    assert "Dana" in page
    assert "You also have a page with Homeward." in page


def test_two_pages_that_go_by_one_name_are_told_apart(dana: Person, zack: Person):
    make_client(dana.practice, "", "Zack Oyelaran", dana, user=zack.user)
    assert "You also have a page with Hillside Practice." in text_of(zack.browser().get("/you/"))


def test_who_works_here_and_is_in_care_elsewhere_reaches_both(dana: Person, zoe: Person):
    make_client(zoe.practice, "", "Dana Whitlock", zoe, user=dana.user)
    policies(zoe.practice, discreet_name="Riverside")
    browser = dana.browser()
    page = text_of(browser.get("/people/"))
    (there,) = re.findall(r'name="seat" value="(client:[^"]+)"', page)
    browser.post("/practice/switch", {"seat": there})
    assert browser.get("/")["Location"] == "/today/"
    page = text_of(browser.get("/today/"))
    assert "You also have a page with Hillside Practice." in page
    browser.post("/practice/switch", {"seat": dana.actor.seat})
    assert browser.get("/people/").status_code == 200


def test_who_has_one_page_is_offered_no_other(zack: Person):
    assert "You also have a page" not in text_of(zack.browser().get("/you/"))
