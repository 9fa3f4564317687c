"""Rights that end while somebody is at work, and forms that somebody else's page sends."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client as Browser
from django.urls import reverse
from django.utils.timezone import now

from clients.models import Caseload, ContactPreference, PrivateNote, ReminderKind
from exercises import emails
from exercises.models import Answer, Assignment, Homework, Review
from exercises.workflow import Status
from practice.actions import people
from practice.models import AuditEvent, Invitation, Membership, User
from practice.tenancy import scope
from tests.api.ground import Program
from tests.architecture.access import TABLE
from tests.architecture.ground import address, kwargs  # noqa: F401 -- a fixture
from tests.attacks.ground import ask
from tests.cast import Person, Play
from tests.practice.ground import seat_in

# Forms that are taken without a token, and why. Everything else is refused.
WITHOUT_TOKEN = {
    # Getting out must work from a beacon; being signed out by others is a mere nuisance.
    "leave",
    # RFC 8058: the mail program posts without cookies; the signed link itself is the proof.
    "stop_mails",
}
# Programs come with a key; a session needs its token there too (tests/api/test_people.py).
API = "api_"
# Outside of the demo there is nothing at these.
DEMO = ("demo", "kit")


def leave(ruth: Person, member: Any) -> None:
    """End somebody's seat."""
    with scope(practice=ruth.practice.pk, user=ruth.user.pk):
        people.deactivate(by=ruth.actor, at=now(), member=member)


def rows(person: Person, model: Any) -> int:
    with scope(practice=person.practice.pk):
        return int(model.objects.count())


# --- forged forms -----------------------------------------------------------------------------
def posts() -> list[str]:
    """Return every page that takes a form, from the table of access."""
    lines = (line.split() for line in TABLE.splitlines() if line and not line.startswith("#"))
    return [name for name, method, *_cells in lines if method == "POST"]


def test_a_form_without_its_token_is_refused_everywhere(
    dana: Person,
    ana: Person,
    ruth: Person,
    kwargs: Callable[[str], dict[str, Any]],  # noqa: F811 -- the fixture above
):
    """Signed in, as a form on somebody else's site would be sent; nothing happens."""
    refused, taken = 0, []
    for person in (ana, dana, ruth):
        browser = Browser(enforce_csrf_checks=True)
        browser.cookies = person.browser().cookies
        before = rows(person, AuditEvent)
        for name in posts():
            if name.startswith((API, *DEMO)) or name in WITHOUT_TOKEN:
                continue
            answer = ask(browser, "POST", address(name, kwargs), "a=b")
            if answer.status_code == 403 and b"open for a long time" in answer.content:
                refused += 1
            else:
                taken.append((name, answer.status_code))
        assert rows(person, AuditEvent) == before
    assert taken == []
    assert refused > 150


def test_what_needs_no_token_is_what_is_named(
    ana: Person,
    kwargs: Callable[[str], dict[str, Any]],  # noqa: F811 -- the fixture above
):
    browser = Browser(enforce_csrf_checks=True)
    browser.cookies = ana.browser().cookies
    found = {
        name
        for name in posts()
        if not name.startswith((API, *DEMO))
        and b"open for a long time"
        not in ask(browser, "POST", address(name, kwargs), "a=b").content
    }
    assert found == WITHOUT_TOKEN


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver.evil"])
def test_a_token_from_elsewhere_does_not_help(origin: str, ana: Person):
    browser = Browser(enforce_csrf_checks=True)
    browser.cookies = ana.browser().cookies
    browser.cookies[settings.CSRF_COOKIE_NAME] = "a" * 32
    body = {"text": "Forged", "csrfmiddlewaretoken": "a" * 32}
    answer = browser.post("/you/topics", body, headers={"origin": origin})
    assert answer.status_code == 403


# --- a member leaves in mid-session -----------------------------------------------------------
def test_a_member_who_left_writes_nothing_more(
    play: Play, dana: Person, omar: Person, ruth: Person, ana: Person, work: Homework
):
    """What was open in their tabs is refused, and nothing of it is kept."""
    play.submit(ana, work, topic="Who carries the bags")
    browser, program, pk = dana.browser(), Program(dana), ana.client.pk
    assert browser.get(f"/review/{work.pk}/").status_code == 200
    counted = (PrivateNote, Review, Assignment, Invitation)
    before = [rows(ana, model) for model in counted]
    with scope(practice=ruth.practice.pk):
        Caseload.objects.filter(member=dana.member).update(until_at=now())
    leave(ruth, dana.member)
    # The open tab is signed out; signing in once more opens nothing either.
    again = dana.browser()
    for path, body in (
        (f"/review/{work.pk}/", {"letter": "Late", "decision": "reviewed", "round": "1"}),
        (f"/review/{work.pk}/draft", {"letter": "Late"}),
        (f"/clients/{pk}/notes", {"text": "Late"}),
        (f"/clients/{pk}/edit", {"name": "Late"}),
        (f"/clients/{pk}/discharge", {}),
        (f"/assign/?client={pk}", {"exercise": str(work.version.exercise_id), "when": "week"}),
        ("/clients/add", {"name": "L", "email": "l@mail.example"}),
        ("/you/keys", {"name": "later", "scopes": ["read"], "days": 30}),
    ):
        assert browser.post(path, body)["Location"].startswith("/account/login/"), path
        assert again.post(path, body).status_code == 403, path
    for path in (f"/clients/{pk}/record?as=json", f"/clients/{pk}/", "/review/", "/people/"):
        assert browser.get(path)["Location"].startswith("/account/login/"), path
        assert again.get(path).status_code == 403, path
    assert program.get("clients").status_code == 401
    assert program.get(f"homework/{work.pk}/rounds").status_code == 401
    assert program.post("assignments", {"client": str(pk)}).status_code == 401
    assert [rows(ana, model) for model in counted] == before


def test_a_member_who_left_signs_in_to_nothing(dana: Person, ruth: Person):
    leave(ruth, dana.member)
    fresh = dana.browser()
    for path in ("/clients/", "/review/", "/people/", "/exercises/", "/you/keys", "/you/account"):
        assert fresh.get(path).status_code == 403, path


def test_a_reset_session_of_a_colleague_is_not_theirs(dana: Person, ruth: Person, uma: Person):
    """Who leaves one of two practices goes on in the other, and nowhere in the first."""
    browser, program = uma.browser(), Program(uma)
    assert "Hillside" in browser.get("/people/").content.decode()
    leave(ruth, uma.member)
    page = browser.get("/people/").content.decode()
    assert "Dana Whitlock" not in page
    assert program.get("clients").status_code == 401, "a key never slips into another seat"


# --- a role is taken away ---------------------------------------------------------------------
def test_a_therapist_no_more_reads_and_writes_nothing_more(
    play: Play, dana: Person, ruth: Person, ana: Person, work: Homework
):
    play.submit(ana, work, topic="Who carries the bags")
    browser, program, pk = dana.browser(), Program(dana), ana.client.pk
    with scope(practice=ruth.practice.pk):
        Membership.objects.filter(pk=dana.member.pk).update(roles=["admin"])
    for path in (f"/clients/{pk}/", f"/review/{work.pk}/", f"/clients/{pk}/notes", "/review/"):
        assert browser.get(path).status_code in {403, 404}, path
    for path, body in (
        (f"/review/{work.pk}/", {"letter": "Late", "decision": "reviewed", "round": "1"}),
        (f"/clients/{pk}/notes", {"text": "Late"}),
        (f"/assign/?client={pk}", {"exercise": str(work.version.exercise_id), "when": "week"}),
    ):
        assert browser.post(path, body).status_code in {403, 404}, path
    for path in (f"homework/{work.pk}/rounds", f"clients/{pk}", "queue"):
        assert program.get(path).status_code in {403, 404}, path
    assert rows(ana, Review) == 0
    assert rows(ana, PrivateNote) == 0


def test_an_admin_no_more_changes_nobody(ruth: Person, dana: Person, omar: Person):
    with scope(practice=ruth.practice.pk):
        Membership.objects.filter(pk=dana.member.pk).update(roles=["admin"])
    browser, program = dana.browser(), Program(dana)
    assert browser.get(f"/people/{omar.member.pk}/").status_code == 200
    with scope(practice=ruth.practice.pk):
        Membership.objects.filter(pk=dana.member.pk).update(roles=["therapist"])
    for path, body in (
        (f"/people/{dana.member.pk}/", {"roles": ["admin"]}),
        (f"/people/{omar.member.pk}/deactivate", {}),
        ("/people/invite", {"name": "X", "email": "x@mail.example", "roles": ["admin"]}),
        ("/practice/settings", {"name": "Mine"}),
    ):
        assert browser.post(path, body).status_code == 403, path
    assert browser.get("/audit/?as=csv").status_code == 403
    assert program.get("audit").status_code == 403
    invited = {"name": "X", "email": "x@mail.example", "roles": ["admin"]}
    assert program.post("invitations", invited).status_code == 403
    assert rows(ruth, Invitation) == 0


def test_who_supervised_reads_along_no_more(
    play: Play, sana: Person, ruth: Person, dana: Person, ana: Person, work: Homework
):
    play.submit(ana, work, topic="Who carries the bags")
    browser = sana.browser()
    assert browser.get(f"/review/{work.pk}/").status_code == 200
    ruth.browser().post(f"/people/{sana.member.pk}/", {"roles": ["supervisor"], "supervises": []})
    assert browser.get(f"/review/{work.pk}/").status_code == 404
    assert browser.get(f"/clients/{ana.client.pk}/").status_code == 404
    assert browser.get(f"/clients/{ana.client.pk}/record?as=json").status_code in {403, 404}


# --- a client is discharged or handed over in mid-exercise ------------------------------------
def test_a_client_discharged_while_writing_is_told_and_loses_nothing(
    play: Play, dana: Person, ana: Person, work: Homework
):
    play.say(ana, work, topic="Half a sentence")
    browser, program = ana.browser(), Program(ana)
    dana.browser().post(f"/clients/{ana.client.pk}/discharge")
    draft = '{"revision": 1, "device": "x", "fields": {"topic": ["The other half"]}}'
    late = browser.generic(
        "POST",
        reverse("draft", kwargs={"pk": work.pk}),
        draft,
        content_type="application/json",
        headers={"accept": "application/json"},
    )
    assert late.status_code == 403
    for name in ("submit", "set_aside", "take_back", "pick_up"):
        assert browser.post(reverse(name, kwargs={"pk": work.pk})).status_code == 403, name
    step = reverse("step", kwargs={"pk": work.pk, "number": 4})
    assert browser.post(step, {"topic": "The other half"}).status_code == 403
    assert program.put(f"homework/{work.pk}/answers/topic", {"value": "x"}).status_code == 401
    dana.browser().post(f"/clients/{ana.client.pk}/reactivate")
    with scope(practice=ana.practice.pk):
        assert Answer.objects.filter(response__homework=work).count() == 1
    assert play.fresh(work).status == Status.IN_PROGRESS
    pages = (
        ana.browser().get(reverse("step", kwargs={"pk": work.pk, "number": number})).content
        for number in range(1, 8)
    )
    assert any(b"Half a sentence" in page for page in pages)


def test_who_handed_a_client_over_finishes_nothing_for_them(
    play: Play, dana: Person, omar: Person, ana: Person, work: Homework
):
    play.submit(ana, work, topic="Who carries the bags")
    browser, program = dana.browser(), Program(dana)
    assert browser.get(f"/review/{work.pk}/").status_code == 200
    browser.post(f"/clients/{ana.client.pk}/hand-over", {"to": str(omar.member.pk)})
    reply = {"letter": "Late", "decision": "reviewed", "base": "0", "round": "1"}
    assert browser.post(f"/review/{work.pk}/", reply).status_code == 404
    assert browser.post(f"/review/{work.pk}/draft", reply).status_code == 404
    assert browser.post(f"/assignments/{work.assignment_id}/withdraw").status_code == 404
    assert browser.post(f"/work/{work.pk}/due", {"due": "2027-01-01"}).status_code == 404
    assert browser.get(f"/clients/{ana.client.pk}/record?as=json").status_code == 404
    assert program.get(f"homework/{work.pk}/rounds").status_code == 404
    sent = program.post(f"homework/{work.pk}/review/send", {"words": "", "decision": "reviewed"})
    assert sent.status_code == 404
    assert rows(ana, Review) == 0
    assert play.fresh(work).status == Status.SUBMITTED
    assert omar.browser().post(f"/review/{work.pk}/", reply).status_code == 302


# --- an old tab -------------------------------------------------------------------------------
def test_an_old_tab_of_the_other_practice_writes_to_neither(
    play: Play, uma: Person, ana: Person, zack: Person, zoe: Person, work: Homework
):
    """The form in the old tab names the first practice's people; the seat is in the second."""
    with scope(practice=uma.practice.pk):
        Caseload.objects.create(
            practice=uma.practice, member=uma.member, client=ana.client, from_at=now()
        )
    browser, pk = uma.browser(), ana.client.pk
    assert browser.get(f"/clients/{pk}/notes").status_code == 200
    browser.post("/practice/switch", {"seat": seat_in(uma, zoe.practice)})
    for path, body in (
        (f"/clients/{pk}/notes", {"text": "Which practice?"}),
        (f"/clients/{pk}/edit", {"name": "Which practice?"}),
        (f"/assign/?client={pk}", {"exercise": str(work.version.exercise_id), "when": "week"}),
        (f"/clients/{pk}/discharge", {}),
    ):
        assert browser.post(path, body).status_code == 404, path
    for person in (ana, zack):
        assert rows(person, PrivateNote) == 0
    # A form that names nobody writes where one sits now, and says where that is.
    page = browser.get("/clients/add").content.decode()
    assert "Riverside Practice" in page


# --- links of somebody who left ---------------------------------------------------------------
def test_a_mails_link_still_stops_mails_after_discharge_and_shows_nobody(dana: Person, ana: Person):
    """It may only make it quieter: it opens no page, names nobody and signs nobody in."""
    with scope(practice=ana.practice.pk):
        link = emails.unsubscribe_link(ana.practice.pk, ana.client.pk, ReminderKind.values[0])
    dana.browser().post(f"/clients/{ana.client.pk}/discharge")
    path = urlsplit(link).path
    stranger = Browser(enforce_csrf_checks=True)
    page = stranger.get(path)
    assert page.status_code == 200
    assert settings.SESSION_COOKIE_NAME not in stranger.cookies
    for word in ("Ana", "Dana", "Hillside", "ana@mail.example"):
        assert word not in page.content.decode(), word
    stranger.post(path, {"List-Unsubscribe": "One-Click", "all": "1"})
    with scope(practice=ana.practice.pk):
        kept = ContactPreference.objects.get(client=ana.client)
    assert kept.kinds_off or not kept.by_email


def test_an_invitation_of_an_admin_who_left_is_the_practices(ruth: Person, dana: Person):
    """It was the practice's word; a new admin sees it and can take it back."""
    ruth.browser().post(
        "/people/invite", {"name": "Ivo", "email": "ivo@hillside.example", "roles": ["therapist"]}
    )
    with scope(practice=ruth.practice.pk):
        Membership.objects.filter(pk=dana.member.pk).update(roles=["admin"])
        invitation = Invitation.objects.get()
    leave(dana, ruth.member)
    revoke = reverse("invitation_revoke", kwargs={"pk": invitation.pk})
    assert ruth.browser().post(revoke).status_code == 403
    assert dana.browser().post(revoke).status_code == 302


def test_a_forgotten_account_without_a_seat_still_leaks_nothing(ana: Person, dana: Person):
    dana.browser().post(f"/clients/{ana.client.pk}/discharge")
    page = ana.browser().get("/today/")
    assert page.status_code == 403
    for word in ("Dana", "Hillside", "Ana Quintero"):
        assert word not in page.content.decode(), word
    assert User.objects.filter(pk=ana.user.pk).exists()
