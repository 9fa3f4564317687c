"""Input nobody's browser sends: each gets the right 4xx, changes nothing and never a 500."""

import csv
import io
import json
import re
import tracemalloc
import zlib
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client as Browser
from django.urls import reverse
from django.utils.timezone import now

from clients.actions import noting
from clients.models import Client, SessionTopic
from exercises.models import Answer, Assignment, Entry, Homework, Review
from exercises.workflow import Status
from practice.config.sink import Sink
from practice.models import AuditEvent, Membership, User
from practice.tenancy import scope
from tests.api.ground import Program
from tests.attacks.ground import FORM, Flood, ask, knock
from tests.cast import Person, Play

SCRIPT = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7|add:7 }}</textarea>'
FORMULA = '=HYPERLINK("https://evil.example")'
JSON = "application/json"
# Years a calendar has and an instant may not, in some zone.
ENDS = ["0001-01-01", "0001-01-02", "9999-12-30", "9999-12-31"]


@pytest.fixture
def work(play: Play, dana: Person, ana: Person) -> Homework:
    return play.homework(ana, play.assign(dana, ana))


@pytest.fixture
def log(play: Play, dana: Person, ana: Person) -> Homework:
    return play.homework(ana, play.assign(dana, ana, "e04-reassurance-log"))


def step_of(browser: Browser, homework: Homework, key: str) -> str:
    """Return the address of the screen that asks this item."""
    for number in range(1, 40):
        path = reverse("step", kwargs={"pk": homework.pk, "number": number})
        if f'name="{key}"' in browser.get(path).content.decode():
            return path
    raise AssertionError(f"no screen asks {key}")


def cookie_of(person: Person) -> str:
    """Return the cookie of somebody's session."""
    session = person.browser().cookies[settings.SESSION_COOKIE_NAME]
    return f"{session.key}={session.value}"


def answers(play: Play, homework: Homework) -> int:
    with scope(practice=homework.practice_id):
        return Answer.objects.filter(response__homework=homework).count()


# --- characters -------------------------------------------------------------------------------
@pytest.mark.parametrize("device", ["\\u0000", "\\ud800", "phone\\u0000", "\\u202e", "x\\udfff"])
def test_a_device_of_strange_characters_keeps_the_words(
    device: str, play: Play, ana: Person, work: Homework
):
    body = f'{{"revision": 0, "device": "{device}", "fields": {{"topic": ["The bags"]}}}}'
    answer = ana.browser().generic(
        "POST", reverse("draft", kwargs={"pk": work.pk}), body, content_type=JSON
    )
    assert answer.status_code == 200, "the name of a device is no reason to lose words"
    assert answers(play, work) == 1


def test_a_device_of_strange_characters_in_a_form_keeps_the_words(
    play: Play, ana: Person, work: Homework
):
    browser = ana.browser()
    path = step_of(browser, work, "topic")
    answer = browser.generic("POST", path, "topic=The+bags&device=a%00b", content_type=FORM)
    assert answer.status_code == 302
    assert answers(play, work) == 1


@pytest.mark.parametrize("raw", ["%ED%A0%80", "%FF%FE", "%00", "a%00b", "%C0%80"])
def test_what_is_no_text_is_asked_for_again(raw: str, ana: Person, dana: Person, work: Homework):
    browser, desk = ana.browser(), dana.browser()
    step = step_of(browser, work, "topic")
    for who, path, field in (
        (browser, step, "topic"),
        (browser, "/you/topics", "text"),
        (browser, "/you/", "called"),
        (desk, f"/clients/{ana.client.pk}/notes", "text"),
        (desk, "/clients/add", "name"),
    ):
        status = ask(who, "POST", path, f"{field}={raw}").status_code
        assert status in {302, 422}, (path, status)
        assert status == 422 or "%00" not in raw, path


@pytest.mark.parametrize("raw", ["%00", "a%00b", "%ED%A0%80", "%EF%BF%BE", "%E2%80%AE"])
def test_a_search_for_what_is_no_text_finds_nothing(
    raw: str, dana: Person, ruth: Person, ana: Person, work: Homework
):
    for who, path in (
        (dana, "/clients/"),
        (dana, "/assign/"),
        (dana, f"/assign/?client={ana.client.pk}"),
        (dana, "/exercises/"),
        (ruth, "/people/"),
        (ruth, "/records/"),
        (ruth, "/audit/"),
    ):
        sign = "&" if "?" in path else "?"
        for name in ("q", "after", "exercise", "only", "record"):
            status = who.browser().get(f"{path}{sign}{name}={raw}").status_code
            # The trail says what it cannot understand; everywhere else nothing is found.
            refused = 422 if (path, name) == ("/audit/", "record") else 404
            assert status in {200, refused}, (path, name, status)
    program = Program(dana)
    for path in ("exercises", "clients", "members", "homework", "couples", "queue"):
        assert program.get(f"{path}?q={raw}").status_code == 422, path
        assert program.get(f"{path}?after={raw}").status_code in {404, 422}, path


def test_text_that_would_read_backwards_is_put_straight(
    play: Play, dana: Person, ana: Person, work: Homework
):
    play.say(ana, work, topic="\u202egnp.exe\u202c and \u2066more\u2069")
    browser = ana.browser()
    shown = browser.get(step_of(browser, work, "topic")).content.decode()
    assert "gnp.exe and more" in shown
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", shown)


@pytest.mark.parametrize("value", ['"\\ud800"', '"a\\u0000"', '["\\ud800"]', '{"\\ud800": 1}'])
def test_an_answer_that_is_no_text_is_refused_by_name(
    value: str, play: Play, ana: Person, work: Homework
):
    program = Program(ana)
    for body in (f'{{"value": {value}}}', f'{{"value": "x", "device": {value}}}'):
        answer = program.browser.generic(
            "PUT",
            f"/api/v1/homework/{work.pk}/answers/topic",
            body,
            content_type=JSON,
            headers={"Authorization": f"Bearer {program.key}"},
        )
        assert answer.status_code in {400, 422}, (body, answer.status_code)
    assert answers(play, work) == 0


# --- sizes, shapes, types ---------------------------------------------------------------------
@pytest.mark.parametrize("length", [1_000_001, 50_000_000])
def test_a_huge_body_is_refused_unread(length: int, ana: Person, dana: Person, work: Homework):
    token = "a" * 32
    cookies = f"{cookie_of(ana)};{settings.CSRF_COOKIE_NAME}={token}"
    key = f"Bearer {Program(dana).key}"
    for path, kind, status in (
        ("/you/topics", FORM, 413),
        ("/account/login/", FORM, 413),
        (f"/homework/{work.pk}/draft", FORM, 413),
        (f"/homework/{work.pk}/draft", JSON, 413),
        ("/api/v1/assignments", JSON, 413),
        ("/api/v1/invitations", JSON, 403),
    ):
        body = Flood()
        who = {"HTTP_COOKIE": cookies, "HTTP_X_CSRFTOKEN": token}
        if path.startswith("/api/"):
            who = {"HTTP_AUTHORIZATION": key}
        found, _kind = knock(path, body, length=length, CONTENT_TYPE=kind, **who)
        assert found == status, path
        assert body.taken == 0, path


def test_ten_thousand_fields_or_parts_are_refused(ana: Person, dana: Person):
    many = "&".join(f"f{n}=x" for n in range(10_000))
    assert ana.browser().generic("POST", "/you/topics", many, content_type=FORM).status_code == 400
    parts = "".join(
        f'--b\r\nContent-Disposition: form-data; name="f{n}"; filename="x"\r\n\r\nx\r\n'
        for n in range(2_000)
    )
    answer = ana.browser().generic(
        "POST", "/you/topics", f"{parts}--b--\r\n", content_type="multipart/form-data; boundary=b"
    )
    assert answer.status_code == 400
    answer = Program(dana).post("assignments", {f"f{n}": 1 for n in range(10_000)})
    assert answer.status_code == 422


@pytest.mark.parametrize("shape", ["[" * 100_000, '{"a":' * 50_000, "[" * 900 + "]" * 900])
def test_a_body_nested_too_deep_is_refused(shape: str, ana: Person, work: Homework):
    program = Program(ana)
    headers = {"Authorization": f"Bearer {program.key}"}
    at = f"/api/v1/homework/{work.pk}"
    for method, path, body in (
        ("PUT", f"{at}/answers/topic", shape),
        ("PUT", f"{at}/answers/topic", f'{{"value": {shape}}}'),
        ("POST", f"{at}/entries", shape),
    ):
        answer = program.browser.generic(method, path, body, content_type=JSON, headers=headers)
        assert answer.status_code in {400, 404, 422}, (path, answer.status_code)
    draft = ana.browser().generic("POST", f"/homework/{work.pk}/draft", shape, content_type=JSON)
    assert draft.status_code == 400


def test_of_a_name_given_twice_only_what_was_checked_counts(play: Play, ana: Person, log: Homework):
    program = Program(ana)
    answer = program.browser.generic(
        "PUT",
        f"/api/v1/homework/{log.pk}/answers/no-such",
        '{"value": "a", "status": "submitted", "value": {}, "status": "reviewed"}',
        content_type=JSON,
        headers={"Authorization": f"Bearer {program.key}"},
    )
    assert answer.status_code == 422
    assert set(answer.json()["fields"]) == {"status"}
    assert play.fresh(log).status == Status.OPEN


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("text/plain", 415),
        (FORM, 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/xml", 415),
        ("", 415),
        ("application/json; charset=UTF8", 422),
        ("application/json; charset=utf-16", 400),
        ("application/json; charset=undefined", 400),
        ("application/json; charset=no-such-thing", 400),
        ("application/json; charset=hex", 400),
        ("application/json; charset=zlib", 400),
    ],
)
def test_the_api_takes_json_in_utf_8_alone(kind: str, status: int, dana: Person):
    found = knock(
        "/api/v1/assignments",
        b"{}",
        CONTENT_TYPE=kind,
        HTTP_AUTHORIZATION=f"Bearer {Program(dana).key}",
    )
    assert found == (status, "application/problem+json")


@pytest.mark.parametrize("charset", ["zlib", "bz2", "hex", "rot13", "undefined", "utf-7", "x"])
def test_a_page_asked_for_in_another_encoding_is_refused(charset: str, dana: Person):
    cookies = cookie_of(dana)
    for kind in ("text/plain", FORM, "multipart/form-data; boundary=b"):
        for path, body in (
            ("/clients/", b""),
            ("/clients/add", b"--b--"),
            ("/account/login/", b""),
        ):
            claimed = f"{kind}; charset={charset}"
            found = knock(path, body, CONTENT_TYPE=claimed, HTTP_COOKIE=cookies, QUERY_STRING="q=a")
            assert found == (400, "text/html; charset=utf-8"), (kind, path)


def test_a_small_body_is_not_unpacked_to_a_large_one(dana: Person):
    key = Program(dana).key
    bomb = zlib.compress(b'{"note": "' + b"a" * 50_000_000 + b'"}')
    assert len(bomb) < 100_000
    tracemalloc.start()
    try:
        found = knock(
            "/api/v1/assignments",
            bomb,
            CONTENT_TYPE="application/json; charset=zlib",
            HTTP_AUTHORIZATION=f"Bearer {key}",
        )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found[0] == 400
    assert peak < 10_000_000


def test_a_form_in_the_wrong_type_is_asked_for_again(ana: Person, dana: Person):
    for kind in (JSON, "text/plain", "application/xml", "image/png"):
        answer = ana.browser().generic("POST", "/you/topics", '{"text": "x"}', content_type=kind)
        assert answer.status_code == 422, kind
    with scope(practice=ana.practice.pk):
        assert not SessionTopic.objects.exists()


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=\x01"])
def test_a_form_without_boundaries_is_refused(kind: str, ana: Person):
    answer = ana.browser().generic("POST", "/you/topics", "text=x", content_type=kind)
    assert answer.status_code == 400


# --- pages and cursors ------------------------------------------------------------------------
def cursor(values: Any) -> str:
    return urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


BROKEN = [
    "no cursor",
    "e30",
    cursor("text"),
    cursor([]),
    cursor(["\x00", "\x00"]),
    cursor(["\ud800", "\ud800"]),
    cursor(["9999-12-31T23:59:59-23:59", "x"]),
    cursor(["0001-01-01T00:00:00+23:59", "00000000-0000-0000-0000-000000000000"]),
    cursor(["NaN", "NaN"]),
    cursor(["9" * 400, "9" * 400]),
    cursor([{"a": 1}, None]),
    cursor(["x"] * 1000),
    "A" * 4000,
]


@pytest.mark.parametrize("after", BROKEN)
def test_a_broken_cursor_leads_nowhere(
    after: str, ana: Person, dana: Person, ruth: Person, work: Homework
):
    for who, paths in (
        (ana, ["/growth/", "/you/readers", "/you/reminders"]),
        (dana, ["/clients/", "/review/", "/exercises/", "/assign/", f"/clients/{ana.client.pk}/"]),
        (ruth, ["/people/", "/audit/", "/records/"]),
    ):
        browser = who.browser()
        for path in paths:
            assert browser.get(path, {"after": after}).status_code in {200, 404}, path
    program = Program(dana)
    for path in ("exercises", "clients", "couples", "homework", "queue", "members"):
        assert program.get(f"{path}?after={after}").status_code in {200, 404, 422}, path
    office = Program(ruth)
    for path in ("audit", "invitations"):
        assert office.get(f"{path}?after={after}").status_code in {200, 404, 422}, path


def test_nobody_chooses_the_size_of_a_page(dana: Person, ana: Person, ben: Person):
    program = Program(dana)
    for name in ("size", "limit", "page_size", "per_page", "count"):
        assert program.get(f"clients?{name}=100000").status_code == 422, name
        assert dana.browser().get("/clients/", {name: "100000"}).status_code == 200


# --- the calendar and its zones ---------------------------------------------------------------
@pytest.mark.parametrize("day", ENDS)
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_days_at_the_ends_of_the_calendar_are_refused(
    day: str, zone: str, play: Play, dana: Person, ana: Person, log: Homework
):
    User.objects.filter(pk__in=[ana.user.pk, dana.user.pk]).update(zone=zone)
    with scope(practice=ana.practice.pk):
        Client.objects.filter(pk=ana.client.pk).update(zone=zone)
    desk, phone, pk = dana.browser(), ana.browser(), ana.client.pk
    exercise = str(log.version.exercise_id)
    given = {"exercise": exercise, "when": "dates", "opens": day, "note": ""}
    edit = {"name": "Ana", "email": "ana@mail.example", "zone": zone}
    for path, body in (
        (f"/work/{log.pk}/due", {"due": day}),
        (f"/clients/{pk}/edit", edit | {"next_session_at": f"{day}T23:59"}),
        (f"/assign/?client={pk}", given | {"due": day}),
    ):
        answer = desk.post(path, body)
        assert answer.status_code in {409, 422}, (path, answer.status_code)
        assert day in answer.content.decode(), f"{path} forgot what was typed"
    program = Program(dana)
    for body in (
        {"opens_local": f"{day}T23:59"},
        {"due_local": f"{day}T23:59"},
        {"opens_local": f"{day}T00:00", "rrule": "FREQ=YEARLY;COUNT=3"},
    ):
        answer = program.post("assignments", {"exercise": exercise, "client": str(pk)} | body)
        assert answer.status_code in {409, 422}, (body, answer.status_code)
    add = phone.post(f"/homework/{log.pk}/entries/add/")
    year, month, number = day.split("-")
    when = {"when.day": number, "when.month": month, "when.year": year, "when.time": "23:59"}
    answer = phone.post(add["Location"], when)
    assert answer.status_code == 422, "a moment is of these days"
    moment = {"log": "moments", "happened_at": f"{day}T23:59:59Z"}
    key = next(i.key for i in log.version.definition.walk() if i.kind == "log")
    answer = Program(ana).post(f"homework/{log.pk}/entries", moment | {"log": key})
    assert answer.status_code in {409, 422}, answer.status_code
    with scope(practice=ana.practice.pk):
        assert Assignment.objects.count() == 1
        assert [one.happened_at.year for one in Entry.objects.all()] == [now().year]


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "../../etc/passwd", "UTC\x00", "posixrules", "a/b"]
)
def test_an_unknown_zone_is_asked_for_again(zone: str, dana: Person, ana: Person, ruth: Person):
    for who, path in ((ana, "/you/"), (dana, "/clients/add"), (ruth, "/practice/settings")):
        assert who.browser().post(path, {"zone": zone}).status_code == 422
    person = {"name": "N", "email": "n@mail.example", "zone": zone, "language": "en"}
    answer = Program(dana).post("clients", person)
    assert answer.status_code == 422
    assert "zone" in answer.json()["fields"]


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
        ("/practice/switch", {"practice": str(dana.practice.pk)}),
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


# --- states out of order ----------------------------------------------------------------------
MOVES = ("submit", "take_back", "set_aside", "pick_up", "after_check", "step", "draft", "entry_add")


def test_a_state_moves_by_its_rules_alone(play: Play, dana: Person, ana: Person):
    """Every deed in every state: what is not that state's move leaves state and words alone."""
    opened = play.homework(ana, play.assign(dana, ana))
    sent, read, done = (play.homework(ana, play.assign(dana, ana)) for _ in range(3))
    for one in (sent, read, done):
        play.submit(ana, one, topic="The bags")
    with play.at(dana):
        dana.browser().get(f"/review/{read.pk}/")
    play.review(dana, done, words="Thank you.")
    gone = play.homework(ana, play.assign(dana, ana))
    dana.browser().post(f"/assignments/{gone.assignment_id}/withdraw")
    allowed = {
        opened.pk: {"set_aside", "step", "draft", "after_check", "entry_add"},
        sent.pk: {"take_back", "after_check"},
        read.pk: {"after_check"},
        done.pk: {"after_check"},
        gone.pk: set(),
    }
    browser = ana.browser()
    for pk, moves in allowed.items():
        for move in MOVES:
            kwargs = {"pk": pk} | ({"number": 1} if move == "step" else {})
            body = '{"revision": 0, "fields": {"topic": ["New words"]}}' if move == "draft" else ""
            before = state(ana, pk)
            kind = JSON if body else FORM
            path = reverse(move, kwargs=kwargs)
            answer = browser.generic("POST", path, body or "topic=New+words", content_type=kind)
            assert answer.status_code < 500, (pk, move)
            if move not in moves:
                assert state(ana, pk) == before, f"{move} moved {before}"
            else:
                restore(play, ana, pk, before)


def state(ana: Person, pk: Any) -> tuple[str, int, int]:
    with scope(practice=ana.practice.pk):
        row = Homework.objects.get(pk=pk)
        return str(row.status), row.round, Answer.objects.filter(response__homework=row).count()


def restore(play: Play, ana: Person, pk: Any, before: tuple[str, int, int]) -> None:
    with scope(practice=ana.practice.pk):
        now_ = str(Homework.objects.get(pk=pk).status)
    if now_ == before[0]:
        return
    browser = ana.browser()
    if now_ == str(Status.SKIPPED):
        browser.post(reverse("pick_up", kwargs={"pk": pk}))
    elif before[0] == str(Status.SUBMITTED):
        browser.post(reverse("submit", kwargs={"pk": pk}))


@pytest.mark.parametrize("decision", ["x" * 500, "\x00", "sent", "", "reviewed\x00"])
def test_a_decision_there_is_not_is_refused(
    decision: str, play: Play, dana: Person, ana: Person, work: Homework
):
    play.submit(ana, work, topic="The bags")
    desk = dana.browser()
    body = {"letter": "Thank you", "decision": decision, "base": "0", "round": "1"}
    for path, deed in (("", "next"), ("", "draft"), ("draft", "draft")):
        answer = desk.post(f"/review/{work.pk}/{path}", body | {"send": deed})
        assert answer.status_code in {200, 302, 409, 412, 422}, (path, answer.status_code)
    assert play.fresh(work).status == Status.SUBMITTED
    with scope(practice=ana.practice.pk):
        assert not Review.objects.filter(sent_at__isnull=False).exists()


@pytest.mark.parametrize(
    "name", ["comment.\x00", "comment.", "comment.no-such", "comment." + "x" * 9000]
)
def test_a_comment_on_nothing_breaks_nothing(
    name: str, play: Play, dana: Person, ana: Person, work: Homework
):
    play.submit(ana, work, topic="The bags")
    desk = dana.browser()
    body = {"letter": "Thank you", "decision": "returned", name: "x", "reopen": [name, "\x00"]}
    for path in (f"/review/{work.pk}/draft", f"/review/{work.pk}/"):
        assert desk.post(path, body).status_code < 500
    assert desk.get(f"/review/{work.pk}/").status_code == 200
    assert play.fresh(work).status == Status.SUBMITTED
    with scope(practice=ana.practice.pk):
        assert not AuditEvent.objects.filter(action="review.sent").exists()
