"""What is logged of signing in and of refusals: numbers and names of addresses, never a word."""

import json
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.db import IntegrityError, connection
from django.test import Client as Browser
from gunicorn.config import Config

from practice.actions import people
from practice.config.web import QuietLogger
from practice.logs import JsonFormatter
from practice.models import AuditEvent, User
from practice.tenancy import scope
from tests import servers
from tests.cast import PASSWORD, Person
from tests.practice.ground import ask_for_code, code_now

pytestmark = pytest.mark.django_db(transaction=True)
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Return what a site would have written so far, by the real formatter."""
    written: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(self.format(record))

    handler = Keep()
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger("practice")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in written]
    logger.removeHandler(handler)
    logger.setLevel(before)


def said(lines: Lines, event: str) -> list[dict[str, Any]]:
    """Return the lines of one event, without what differs from run to run."""
    varies = {"at", "logger", "reference", "level", "event"}
    return [
        {name: value for name, value in line.items() if name not in varies}
        for line in lines()
        if line["event"] == event
    ]


def test_who_signs_in_and_out_is_logged_by_number_and_by_how(lines: Lines, dana: Person):
    secret = generate_totp_secret()
    TOTP.activate(dana.user, secret)
    browser = Browser()
    browser.post("/account/login/", {"login": "dana@hillside.example", "password": PASSWORD})
    browser.post("/account/2fa/authenticate/", {"code": "000000"})
    browser.post("/account/2fa/authenticate/", {"code": code_now(secret)})
    browser.post("/account/logout/")
    who = str(dana.user.pk)
    assert said(lines, "sign-in refused") == [{"code": "incorrect_code", "user": who}]
    assert said(lines, "signed in") == [{"user": who, "kind": "password+mfa"}]
    assert said(lines, "signed out") == [{"user": who}]


def test_a_wrong_password_is_logged_without_the_address(lines: Lines, ana: Person):
    for address in ("ana@mail.example", "nobody@mail.example"):
        Browser().post("/account/login/", {"login": address, "password": "persimmon"})
    assert said(lines, "sign-in failed") == [{"user": str(ana.user.pk)}, {"user": ""}]
    assert not any(word in str(lines()) for word in ("mail.example", "persimmon"))


def test_a_wrong_code_by_mail_is_logged(lines: Lines, ana: Person):
    browser = Browser()
    ask_for_code("ana@mail.example", browser)
    browser.post("/account/login/code/confirm/", {"code": "WRONGONE"})
    assert [line["code"] for line in said(lines, "sign-in refused")] == ["incorrect_code"]


def test_refusals_are_logged_with_who_and_where_and_no_path(
    lines: Lines, ana: Person, dana: Person, omar: Person
):
    wrong_role = ana.browser().get("/people/")
    stranger = omar.browser().get(f"/clients/{ana.client.pk}/edit")
    Browser().get("/api/v1/me", headers={"authorization": "Bearer hw_none_none"})
    Browser().get("/nothing/persimmon")
    assert [one.status_code for one in (wrong_role, stranger)] == [403, 404]
    assert said(lines, "refused") == [
        {
            "status": "403",
            "route": "people",
            "user": str(ana.user.pk),
            "seat": f"client:{ana.client.pk}",
        },
        {
            "status": "404",
            "route": "client_edit",
            "user": str(omar.user.pk),
            "seat": f"member:{omar.member.pk}",
        },
        {"status": "401", "route": "api_me"},
    ]
    assert [line["reference"] for line in lines() if line.get("status") == "403"] == [
        wrong_role["X-Request-Id"]
    ]
    assert "persimmon" not in str(lines())


def test_a_reference_leads_to_its_line_in_the_trail(ruth: Person, dana: Person):
    response = ruth.browser().post(f"/people/{dana.member.pk}/sign-out")
    with scope(practice=ruth.practice.pk):
        event = AuditEvent.objects.get(detail__reference=response["X-Request-Id"])
        assert event.action == "member.sessions_ended"
        # What the clock does by itself came from no request, and names none.
        people.end_sessions(by=ruth.actor, at=event.at, member=dana.member)
        assert "reference" not in AuditEvent.objects.order_by("-id")[0].detail


def test_the_database_s_own_log_says_no_name(dana: Person):
    """A unique violation would be logged with the statement, its parameters and the row it met."""
    with pytest.raises(IntegrityError):
        User.objects.create(email=dana.user.email, name="Dana Whitlock")
    with connection.cursor() as cursor:
        for name in ("log_min_error_statement", "log_error_verbosity"):
            cursor.execute(f"SHOW {name}")
            assert cursor.fetchone()[0] in {"panic", "terse"}
    if servers.OURS in os.environ:
        log = (Path(os.environ[servers.RUN]) / "logs" / "postgres.log").read_text()
        assert "duplicate key value violates unique constraint" in log
        assert "whitlock" not in log.lower()
        assert dana.user.email not in log


def test_wherever_it_runs_the_database_is_told_to_log_no_name():
    for file in ("compose.yaml", "deploy/roles.sql", "docs/operations.md"):
        text = (servers.ROOT / file).read_text()
        for name in (
            "log_min_error_statement",
            "log_error_verbosity",
            "log_parameter_max_length",
            "log_parameter_max_length_on_error",
        ):
            assert name in text, (file, name)


def test_a_forged_host_is_not_quoted(lines: Lines):
    record = logging.LogRecord(
        "django.security.DisallowedHost",
        logging.ERROR,
        __file__,
        1,
        "Invalid HTTP_HOST header: 'evil.example'. You may need to add it to ALLOWED_HOSTS.",
        (),
        None,
    )
    line = json.loads(JsonFormatter().format(record))
    assert line["event"] == "something suspicious was refused"
    assert line["logger"] == "django.security.DisallowedHost"
    assert "evil" not in json.dumps(line)


def test_what_the_web_server_cannot_read_is_not_quoted(caplog: pytest.LogCaptureFixture):
    log = QuietLogger(Config())
    log.error_log.propagate = True
    log.warning("Invalid request from ip=192.0.2.1: Invalid HTTP method: 'evil'")
    log.exception("Error handling request %s %s", "GET", "/evil")  # noqa: LOG004 -- as gunicorn does
    log.warning("Worker with pid %s was terminated", 7)
    assert "evil" not in caplog.text
    assert "Invalid request" in caplog.text
    assert "Worker with pid 7" in caplog.text
