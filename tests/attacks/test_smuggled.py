"""What is smuggled in, with words, addresses or fields: script, formulas, hosts, names nobody asked for."""

import csv
import io
import json

import pytest
from django.core import mail
from django.test import Client as Browser
from django.utils.timezone import now

from clients.actions import noting
from clients.models import Client, SessionTopic
from exercises.models import Homework
from exercises.workflow import Status
from practice.config.sink import Sink
from practice.models import Membership, User
from practice.tenancy import scope
from tests.attacks.ground import JSON, step_of
from tests.cast import Person, Play

SCRIPT = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7|add:7 }}</textarea>'


# --- stored script ----------------------------------------------------------------------------
def test_a_script_stays_text_wherever_it_is_shown(
    play: Play, dana: Person, ana: Person, ruth: Person, work: Homework
):
    """In an answer, a comment, a letter, a note, a topic, a name: on every page and export."""
    User.objects.filter(pk__in=[dana.user.pk, ana.user.pk]).update(name=SCRIPT[:120])
    with scope(practice=ana.practice.pk):
        Client.objects.filter(pk=ana.client.pk).update(name=SCRIPT[:110], called=SCRIPT[:55])
    with play.at(ana):
        noting.raise_topic(by=ana.actor, at=now(), client=ana.client, text=SCRIPT)
    with play.at(dana):
        noting.keep_note(by=dana.actor, at=now(), client=ana.client, text=SCRIPT)
    play.submit(ana, work, topic=SCRIPT, under=SCRIPT)
    play.review(dana, work, words=SCRIPT, comments={"topic": SCRIPT}, returned=("topic",))
    browser, desk, office, pk = ana.browser(), dana.browser(), ruth.browser(), ana.client.pk
    pages = [
        (browser, path)
        for path in (
            "/today/",
            "/you/",
            "/you/topics",
            "/you/readers",
            "/you/record?as=page",
            "/growth/",
            f"/homework/{work.pk}/feedback/",
            f"/homework/{work.pk}/copy/",
            f"/homework/{work.pk}/step/1/",
            f"/homework/{work.pk}/check/",
        )
    ]
    pages += [
        (desk, path)
        for path in (
            "/clients/",
            f"/clients/{pk}/",
            f"/clients/{pk}/edit",
            f"/clients/{pk}/notes",
            f"/clients/{pk}/record?as=page",
            f"/clients/{pk}/reminders",
            f"/review/{work.pk}/",
            "/review/",
            f"/work/{work.pk}/",
            f"/assign/?client={pk}",
        )
    ]
    pages += [(office, path) for path in ("/people/", "/audit/", "/records/")]
    shown = 0
    for who, path in pages:
        answer = who.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        page = answer.content.decode()
        for live in ("<script>alert", "<img src=x", "{{ 14", "14</textarea>"):
            assert live not in page, path
        shown += "&lt;script&gt;alert(1)" in page
    assert shown > len(pages) * 0.7, "on most of these pages there is something to escape"


def test_a_record_as_json_is_a_file_and_no_page(ana: Person, play: Play, work: Homework):
    play.say(ana, work, topic=SCRIPT)
    answer = ana.browser().get("/you/record?as=json")
    assert answer["Content-Type"] == JSON
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"].startswith("attachment")
    assert SCRIPT in json.dumps(answer.json(), ensure_ascii=False).replace('\\"', '"')


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", " =", "＝", "\n="])
def test_no_name_is_a_formula_in_a_sheet(start: str, ruth: Person):
    User.objects.filter(pk=ruth.user.pk).update(name=f"{start}1+1")
    browser = ruth.browser()
    browser.get("/audit/?as=csv")  # leaves a line with the name
    rows = list(csv.reader(io.StringIO(browser.get("/audit/?as=csv").content.decode(), newline="")))
    assert len(rows) > 1
    for cell in (cell for row in rows for cell in row):
        assert cell.strip()[:1] not in {"=", "+", "-", "@", "＝"}, cell


# --- led elsewhere ----------------------------------------------------------------------------
ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    "\\\\evil.example",
    "http:///evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "\x01//evil.example",
    " //evil.example",
    "//localhost@evil.example",
    "https://testserver@evil.example/",
]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_next_leads_nowhere_else(target: str, dana: Person):
    for path, body in (
        ("/theme", {"theme": "dark"}),
        ("/language", {"language": "es"}),
        ("/practice/switch", {"seat": dana.actor.seat}),
        ("/account/logout/", {}),
        ("/account/reauthenticate/", {"password": "a lamp in the window at dusk"}),
        ("/leave", {}),
    ):
        answer = dana.browser().post(path, body | {"next": target})
        assert answer.status_code in {204, 302}, path
        assert "evil" not in answer.get("Location", ""), path
        assert "javascript" not in answer.get("Location", ""), path
    page = dana.browser().get("/account/reauthenticate/", {"next": target}).content.decode()
    assert f'href="{target}"' not in page


def test_mails_lead_to_our_own_address_whatever_host_was_asked(
    ana: Person, dana: Person, sink: Sink
):
    """ALLOWED_HOSTS refuses all but our names; and not even these get into a mail."""
    headers = {
        "host": "127.0.0.1",
        "x-forwarded-host": "evil.example",
        "forwarded": "host=evil.example",
    }
    for path, email in (("/account/password/reset/", dana), ("/account/login/code/", ana)):
        answer = Browser().post(path, {"email": email.user.email}, headers=headers)
        assert answer.status_code == 302
        assert "evil" not in answer["Location"]
    dana.browser().post(
        "/clients/add",
        {
            "name": "Ivo",
            "email": "ivo@mail.example",
            "zone": "Europe/Lisbon",
            "language": "en",
            "invite_now": "on",
        },
        headers=headers,
    )
    bodies = [one.body for one in mail.outbox]
    for body in bodies:
        assert "evil" not in str(body)
        assert "127.0.0.1" not in str(body)


# --- what nobody asked for --------------------------------------------------------------------
def test_a_form_takes_its_own_fields_and_no_other(
    play: Play, dana: Person, ana: Person, ben: Person, zoe: Person, work: Homework
):
    smuggled = {
        "practice": str(zoe.practice.pk),
        "practice_id": str(zoe.practice.pk),
        "client": str(ben.client.pk),
        "client_id": str(ben.client.pk),
        "member": str(zoe.member.pk),
        "author": str(zoe.member.pk),
        "user": str(ben.user.pk),
        "pk": str(ben.client.pk),
        "id": str(ben.client.pk),
        "status": "reviewed",
        "state": "reviewed",
        "round": "7",
        "roles": "admin",
        "joined_at": "2020-01-01",
        "is_staff": "on",
        "is_superuser": "on",
        "submitted_at": "2020-01-01T00:00",
        "discharged_at": "2020-01-01T00:00",
    }
    browser, desk = ana.browser(), dana.browser()
    assert browser.post("/you/topics", {"text": "Mine"} | smuggled).status_code == 302
    desk.post(f"/clients/{ana.client.pk}/notes", {"text": "Mine"} | smuggled)
    account = {"name": "Dana", "language": "en", "zone": "UTC", "daily_mail_time": "08:00"}
    assert desk.post("/you/account", account | smuggled).status_code == 302
    added = {"name": "Ivo", "email": "ivo@mail.example", "zone": "UTC", "language": "en"}
    assert desk.post("/clients/add", smuggled | added).status_code == 302
    browser.post(step_of(browser, work, "topic"), {"topic": "The bags"} | smuggled)
    with scope(practice=ana.practice.pk):
        topic = SessionTopic.objects.get()
        assert (topic.client_id, topic.practice_id) == (ana.client.pk, ana.practice.pk)
        fresh = play.fresh(work)
        assert (fresh.status, fresh.round) == (Status.IN_PROGRESS, 1)
        assert fresh.client_id == ana.client.pk
        ivo = Client.objects.get(name="Ivo")
        assert (ivo.joined_at, ivo.user_id, ivo.discharged_at) == (None, None, None)
        assert Membership.objects.get(pk=dana.member.pk).roles == ["therapist"]
    with scope(practice=zoe.practice.pk):
        assert not Client.objects.exists()
    dana.user.refresh_from_db()
    assert (dana.user.is_staff, dana.user.is_superuser) == (False, False)
