"""What somebody found who attacked the running site by hand, with two browsers and curl."""

import html
import re
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client as Browser
from django.utils.timezone import now

from clients.models import Client, ErasureRequest
from exercises.emails import Recipient, reminder
from exercises.models import Reminder
from practice.models import ApiToken, AuditEvent, Invitation, Membership, Practice
from practice.tenancy import scope
from tests.api.ground import Program, key_of
from tests.cast import PASSWORD, Person, Play
from tests.conftest import commit_trail
from tests.practice.ground import seat_in


# --- a phone that lies open -------------------------------------------------------------------
def by_code_alone(person: Person, seconds_ago: int) -> Browser:
    """Return a browser of somebody without a password, who came in with a code some time ago."""
    person.user.set_unusable_password()
    person.user.save()
    browser = person.browser()
    session = browser.session
    session["account_authentication_methods"] = [
        {"method": "code", "at": now().timestamp() - seconds_ago, "email": person.user.email}
    ]
    session.save()
    return browser


GUARDED = [
    ("GET", "/you/record?as=json", {}),
    ("POST", "/you/erasure", {}),
    ("GET", "/you/keys", {}),
    ("POST", "/you/keys", {"name": "watch", "scopes": ["read"], "days": "365"}),
    ("POST", "/account/email/", {"email": "partner@mail.example", "action_add": ""}),
    ("POST", "/account/password/set/", {"password1": "a" * 20, "password2": "a" * 20}),
    ("GET", "/account/2fa/totp/activate/", {}),
]


@pytest.mark.parametrize(("method", "path", "body"), GUARDED)
def test_who_has_codes_by_mail_alone_is_asked_once_more(
    method: str, path: str, body: dict[str, Any], ana: Person
):
    """Whoever picks the phone up an hour later takes nothing, moves nothing, makes no key."""
    browser = by_code_alone(ana, 3600)
    assert browser.get("/today/").status_code == 200
    answer = browser.get(path) if method == "GET" else browser.post(path, body)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/login/?next=")
    assert browser.get("/today/")["Location"].startswith("/account/login/"), "and is signed out"
    with scope(practice=ana.practice.pk):
        assert not ErasureRequest.objects.exists()
        assert not ApiToken.objects.exists()


def test_who_came_in_by_code_just_now_goes_on(ana: Person):
    browser = by_code_alone(ana, 60)
    assert browser.get("/you/record?as=json").status_code == 200
    assert browser.get("/you/keys").status_code == 200
    assert browser.post("/you/erasure").status_code == 302
    with scope(practice=ana.practice.pk):
        assert ErasureRequest.objects.exists()


def test_the_trail_leaves_the_house_only_with_who_one_is(ruth: Person):
    browser = ruth.browser()
    assert browser.get("/audit/?as=csv").status_code == 200
    session = browser.session
    long_ago = {"method": "password", "at": now().timestamp() - 3600, "reauthenticated": True}
    session["account_authentication_methods"] = [long_ago]
    session.save()
    assert browser.get("/audit/").status_code == 200
    asked = "/account/reauthenticate/"
    assert browser.get("/audit/?as=csv")["Location"].startswith(asked)
    page = browser.get("/audit/?action=member.roles_set").content.decode()
    assert "as=csv" not in page
    (export,) = set(re.findall(r'href="(\?[^"]*as=ready)"', page))
    asks = browser.get(f"/audit/{html.unescape(export)}")["Location"]
    assert asks.startswith(asked)
    # Not to the file itself: the browser would keep it, and stay where it was asked.
    back = browser.post(asks, {"password": PASSWORD})["Location"]
    offer = browser.get(back).content.decode()
    assert "The file is ready." in offer
    (file,) = set(re.findall(r'href="(\?[^"]*as=csv)"', offer))
    assert "action=member.roles_set" in file
    assert browser.get(f"/audit/{html.unescape(file)}")["Content-Type"].startswith("text/csv")


# --- two practices, one browser ---------------------------------------------------------------
@pytest.fixture
def tab(uma: Person) -> tuple[Browser, str]:
    """Return Uma's browser in the first practice, and the token of a form she has open there."""
    browser = Browser(enforce_csrf_checks=True)
    browser.cookies = uma.browser().cookies
    page = browser.get("/clients/add").content.decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found is not None
    return browser, found[1]


NEW = {"name": "Pia Somebody", "email": "pia@mail.example", "zone": "Europe/Lisbon"}
NEW |= {"language": "en", "invite_now": "on"}


def clients_called(practice: Practice, name: str) -> int:
    with scope(practice=practice.pk):
        return Client.objects.filter(name=name).count()


def test_a_form_of_one_practice_is_never_kept_in_the_other(
    tab: tuple[Browser, str], uma: Person, zoe: Person
):
    """Also one that names nobody's id: who is in care in one practice is not the other's to know."""
    browser, token = tab
    switched = {"seat": seat_in(uma, zoe.practice), "csrfmiddlewaretoken": token}
    assert browser.post("/practice/switch", switched).status_code == 302
    answer = browser.post("/clients/add", {**NEW, "csrfmiddlewaretoken": token})
    assert answer.status_code == 403
    assert clients_called(zoe.practice, NEW["name"]) == 0
    assert clients_called(uma.practice, NEW["name"]) == 0


def test_a_form_of_a_practice_one_left_is_not_kept_in_the_next(
    tab: tuple[Browser, str], uma: Person, zoe: Person
):
    browser, token = tab
    with scope(practice=uma.practice.pk):
        Membership.objects.filter(pk=uma.member.pk).update(deactivated_at=now())
    answer = browser.post("/clients/add", {**NEW, "csrfmiddlewaretoken": token})
    assert answer.status_code == 403
    assert clients_called(zoe.practice, NEW["name"]) == 0
    # Getting out works from any seat.
    assert browser.get("/clients/").status_code == 200
    assert browser.post("/leave").status_code in {200, 204}


def test_without_a_switch_the_form_is_kept(tab: tuple[Browser, str], uma: Person):
    browser, token = tab
    assert browser.post("/clients/add", {**NEW, "csrfmiddlewaretoken": token}).status_code == 302
    assert clients_called(uma.practice, NEW["name"]) == 1


# --- what a partner can count -----------------------------------------------------------------
def test_no_mail_tells_how_many_there_were_in_between(
    play: Play, dana: Person, ana: Person, ben: Person
):
    """Two mails of Ben's are the same whether or not anything was planned for Ana between them."""
    play.assign(dana, ben)
    with scope(practice=ben.practice.pk):
        row = Reminder.objects.filter(client_id=ben.client.pk).order_by("pk").first()
        assert row is not None
        at = ben.client.preference.reminder_time
        to = Recipient(ben.practice.pk, ben.client.pk, ben.user.email, "en", "Homeward", at)
        before = reminder(row, to)
        row.pk += 7  # as many went to Ana first
        after = reminder(row, to)
    assert after.message_id == before.message_id
    assert before.message_id.encode() in after.text


# --- names that are more than one line --------------------------------------------------------
def test_a_sender_s_name_is_one_line(ruth: Person):
    """A line break in it would end every invitation with a 500, and every reminder unsent."""
    browser = ruth.browser()
    page = browser.get("/practice/settings")
    said = {name: page.context["form"][name].value() for name in page.context["form"].fields}
    said = {name: value for name, value in said.items() if value not in {None, False}}
    for name in ("Home\r\nBcc: somebody@mail.example", "Home\u2028ward", "Home\x0bward"):
        answer = browser.post("/practice/settings", {**said, "discreet_name": name})
        assert answer.status_code == 422, repr(name)
    invited = {"name": "Ivo\r\nX", "email": "ivo@hillside.example", "roles": ["therapist"]}
    assert browser.post("/people/invite", invited).status_code == 422
    assert Program(ruth).post("invitations", invited).status_code == 422
    with scope(practice=ruth.practice.pk):
        assert not Invitation.objects.exists()
        assert Practice.objects.get().discreet_name == "Homeward"


def test_leaving_leads_where_a_browser_can_go(ruth: Person):
    browser = ruth.browser()
    page = browser.get("/practice/settings")
    said = {name: page.context["form"][name].value() for name in page.context["form"].fields}
    said = {name: value for name, value in said.items() if value not in {None, False}}
    for url in ("ftp://somewhere.example/", "javascript:alert(1)", "data:text/html,x"):
        answer = browser.post("/practice/settings", {**said, "leave_url": url})
        assert answer.status_code == 422, url
    for url in ("http://localhost:8201/you/", "https://LocalHost", "http://127.0.0.1/x"):
        answer = browser.post("/practice/settings", {**said, "leave_url": url})
        assert "That is Homeward itself." in answer.content.decode(), url


# --- smaller ones -----------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/static/no-such", "/offlinex", "/sw.jsx"])
def test_a_page_that_names_somebody_is_kept_nowhere_wherever_it_is(path: str, dana: Person):
    answer = dana.browser().get(path)
    assert answer.status_code == 404
    assert answer["Cache-Control"] == "no-store, private"


def test_a_lesser_key_is_not_answered_with_what_a_greater_one_did(dana: Person):
    body = {"name": "Pia", "email": "pia@mail.example", "zone": "Europe/Lisbon"}
    twice = {"Idempotency-Key": "the-very-same-1"}
    greater, lesser = (
        Browser(headers={"Authorization": f"Bearer {key_of(dana, *scopes)}"})
        for scopes in (("read", "assign"), ("read",))
    )
    path, kind = "/api/v1/clients", "application/json"
    assert greater.post(path, body, content_type=kind, headers=twice).status_code == 201
    assert greater.post(path, body, content_type=kind, headers=twice).status_code == 201
    assert lesser.post(path, body, content_type=kind, headers=twice).status_code == 409


def test_no_table_of_one_s_own_stands_in_for_the_real_one(play: Play, dana: Person, ana: Person):
    """The database's guards look at the real tables, whatever the web's role puts before them."""
    work = play.submit(ana, play.homework(ana, play.assign(dana, ana)), topic="The bags")
    with scope(practice=dana.practice.pk), connection.cursor() as cursor:
        commit_trail()
        before = AuditEvent.objects.filter(seq__isnull=False).count()
        for table in ("practice_auditevent", "exercises_response"):
            cursor.execute(f"CREATE TEMP TABLE {table} (LIKE public.{table}) ON COMMIT DROP")
        with (
            pytest.raises(IntegrityError, match="a submitted round does not change"),
            transaction.atomic(),
        ):
            cursor.execute("UPDATE exercises_answer SET outcome = 'skipped'")
        cursor.execute(
            "INSERT INTO public.practice_auditevent (practice_id, at, actor_kind, action,"
            " object_kind, object_id, detail, payload)"
            " VALUES (%s, now(), 'system', 't', 't', '1', '{}', '{}') RETURNING id",
            [dana.practice.pk],
        )
        (added,) = cursor.fetchone()
        commit_trail()
        cursor.execute("SELECT seq FROM public.practice_auditevent WHERE id = %s", [added])
        assert cursor.fetchone() == (before + 1,)
        cursor.execute("DROP TABLE pg_temp.practice_auditevent, pg_temp.exercises_response")
    assert play.fresh(work).status == "submitted"
