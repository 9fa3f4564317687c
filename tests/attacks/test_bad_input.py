"""Input nobody's browser sends: each gets the right 4xx, changes nothing and never a 500."""

import json
import re
import tracemalloc
import zlib
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils.timezone import now

from clients.models import Client, SessionTopic
from exercises.models import Answer, Assignment, Entry, Homework
from exercises.workflow import Status
from practice.models import User
from practice.tenancy import scope
from tests.api.ground import Program
from tests.attacks.ground import FORM, JSON, Flood, ask, knock, step_of
from tests.cast import Person, Play

# Years a calendar has and an instant may not, in some zone.
ENDS = ["0001-01-01", "0001-01-02", "9999-12-30", "9999-12-31"]


@pytest.fixture
def log(play: Play, dana: Person, ana: Person) -> Homework:
    return play.homework(ana, play.assign(dana, ana, "e04-reassurance-log"))


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
            refused = 422 if path == "/audit/" and name in {"q", "record"} else 404
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
