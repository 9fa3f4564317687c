"""Refusals: what is said when something cannot be, on pages and to programs, and nothing more than that."""

import json
import logging
from unittest import mock

import pytest
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404
from django.test import Client as Browser
from psycopg.errors import DeadlockDetected
from rest_framework import exceptions

from practice import problems
from practice.errors import BadInput, KeyTrouble, NotPossible, Stale
from practice.models import NEUTRAL_PAGE
from tests.cast import Person
from tests.practice.ground import text_of

pytestmark = pytest.mark.django_db(transaction=True)


# --- on pages ---------------------------------------------------------------------------------
def test_an_error_page_has_a_reference_and_no_trace(dana: Person):
    browser = dana.browser()
    browser.raise_request_exception = False
    with mock.patch("practice.views.people.render", side_effect=RuntimeError("a secret word")):
        response = browser.get("/people/")
    assert response.status_code == 500
    assert response["X-Request-Id"] in text_of(response)
    assert "secret" not in text_of(response)
    assert "Traceback" not in text_of(response)


@pytest.mark.parametrize("error", [RuntimeError, OperationalError])
def test_in_trouble_a_page_is_tried_again_a_form_is_gone_back_to_and_one_can_leave(
    ruth: Person, error: type[Exception]
):
    browser = ruth.browser()
    browser.raise_request_exception = False
    with mock.patch("practice.views.people.form_page", side_effect=error):
        looked = text_of(browser.get("/people/invite"))
    with mock.patch("practice.views.people.InviteForm", side_effect=error):
        sent = text_of(
            browser.post("/people/invite", {}, headers={"referer": "http://testserver/people/"})
        )
    assert '<a class="btn" href="">Try again</a>' in looked
    assert '<a class="btn" href="/people/">Go back</a>' in sent
    assert "Try again</a>" not in sent
    # Leaving asks nothing of a server that is in trouble.
    for page in (looked, sent):
        assert (
            f'<a class="btn exit" href="{NEUTRAL_PAGE}" data-exit="{NEUTRAL_PAGE}" rel="noreferrer">'
            in page
        )


def test_what_is_not_ones_own_looks_like_nothing_at_all(dana: Person, ruth: Person):
    theirs, nowhere = dana.browser().get("/people/invite"), ruth.browser().get("/nowhere/")
    assert (theirs.status_code, nowhere.status_code) == (403, 404)
    for response in (theirs, nowhere):
        assert text_of(response).count("There is nothing at this address for you") == 2


def test_a_form_that_was_open_too_long_leads_back_to_itself(dana: Person):
    browser = Browser(enforce_csrf_checks=True)
    browser.cookies = dana.browser().cookies
    refused = browser.post("/you/account", {}, headers={"referer": "http://testserver/you/account"})
    assert refused.status_code == 403
    assert '<a class="btn" href="/you/account" data-back>Go back</a>' in text_of(refused)


def test_words_of_a_form_that_was_open_too_long_are_said_to_be_in_one_place(ruth: Person):
    browser = ruth.browser()
    browser.handler.enforce_csrf_checks = True
    said = {"name": "Yves Roy", "email": "yves@hillside.example"}
    answer = browser.post("/people/invite", said, headers={"referer": "http://testserver/"})
    assert answer.status_code == 403
    page = text_of(answer)
    assert "what you wrote stands below" in page
    assert "Yves Roy" in page.partition("What was in the form")[2]
    assert "is still there" not in page


def test_when_the_database_is_away_the_page_says_so(dana: Person):
    browser = dana.browser()
    with mock.patch("practice.views.people.render", side_effect=OperationalError):
        response = browser.get("/people/")
    assert response.status_code == 503
    assert response["Retry-After"] == "30"
    assert "could not reach our records" in text_of(response)
    assert response["X-Request-Id"] in text_of(response)


def test_who_was_in_somebody_s_way_is_asked_to_come_again_and_nobody_is_alarmed(
    dana: Person, caplog: pytest.LogCaptureFixture
):
    crossed = OperationalError("deadlock detected")
    crossed.__cause__ = DeadlockDetected()
    with mock.patch("practice.views.people.render", side_effect=crossed):
        response = dana.browser().get("/people/")
    assert (response.status_code, response["Retry-After"]) == (503, "30")
    page = text_of(response)
    assert page.count("That did not go through") == 2
    assert "could not reach our records" not in page
    assert "Try again</a>" in page
    assert [one.levelno for one in caplog.records if "each other" in one.msg] == [logging.WARNING]
    assert not [one for one in caplog.records if "away" in one.msg]
    problem = problems.handler(crossed, {})
    assert problem is not None
    assert (problem.status_code, problem.data["code"]) == (503, "try_again")


def test_the_database_may_be_away_before_anyone_is_known():
    browser = Browser(raise_request_exception=False)
    with mock.patch(
        "django.contrib.sessions.backends.db.SessionStore.load", side_effect=OperationalError
    ):
        browser.cookies["homeward"] = "x" * 32
        response = browser.get("/today/")
    assert response.status_code == 503


def test_a_missing_key_is_said_and_alerted(dana: Person, caplog: pytest.LogCaptureFixture):
    with mock.patch("practice.views.people.render", side_effect=KeyTrouble("which one")):
        response = dana.browser().get("/people/")
    assert response.status_code == 503
    assert "the key did not fit" in text_of(response)
    assert "which one" not in text_of(response)
    assert [record.levelno for record in caplog.records if "key" in record.msg] == [
        logging.CRITICAL
    ]


def test_what_cannot_happen_now_is_409_with_a_way_back(dana: Person):
    with mock.patch(
        "practice.views.people.render", side_effect=NotPossible("It was sent already.")
    ):
        response = dana.browser().get("/people/")
    assert response.status_code == 409
    assert "It was sent already." in text_of(response)


def test_a_way_back_never_leads_elsewhere(ruth: Person):
    browser = ruth.browser()
    body = {"name": "", "email": ""}
    with mock.patch("practice.views.people.InviteForm", side_effect=NotPossible("Not now.")):
        ours = browser.post(
            "/people/invite", body, headers={"referer": "http://testserver/people/"}
        )
        theirs = browser.post("/people/invite", body, headers={"referer": "https://evil.example/x"})
    assert 'href="/people/"' in text_of(ours)
    assert "evil" not in text_of(theirs)


def test_a_form_that_came_too_late_leads_back_to_its_page():
    response = Browser().post(
        "/you/topics", {"text": "words"}, headers={"Referer": "http://testserver/today/"}
    )
    assert response["Location"] == "/account/login/?next=/today/"
    assert Browser().get("/you/topics")["Location"] == "/account/login/?next=/you/topics"


def test_an_address_that_only_takes_forms_says_so_on_a_page_of_ours(ana: Person):
    response = ana.browser().get("/practice/switch")
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert "There is nothing at this address for you" in str(response.content, "utf-8")


def test_a_guest_who_finds_nothing_stands_before_the_same_hills(ana: Person):
    assert 'class="gate-scene"' in text_of(Browser().get("/nothing/here"))
    assert 'class="gate-scene"' not in text_of(ana.browser().get("/nothing/here"))


def test_a_stranger_gets_404_and_the_wrong_role_403(dana: Person, ruth: Person, zoe: Person):
    assert dana.browser().get("/practice/settings").status_code == 403
    assert ruth.browser().get("/practice/settings").status_code == 200
    assert zoe.browser().get(f"/people/{dana.member.pk}/").status_code == 404


def test_a_form_from_elsewhere_is_refused_kindly(ana: Person):
    browser = Browser(enforce_csrf_checks=True)
    browser.cookies = ana.browser().cookies
    response = browser.post("/practice/switch", {"practice": "x"})
    assert response.status_code == 403
    assert "open for a long time" in text_of(response)


def test_an_unknown_host_is_refused():
    assert Browser().get("/", headers={"host": "evil.example"}).status_code == 400


def test_too_many_fields_are_refused(ana: Person):
    response = ana.browser().post("/practice/switch", {f"f{n}": "x" for n in range(600)})
    assert response.status_code == 400


# --- to programs ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NotPossible("Not now.", code="sent_already"), 409, "sent_already"),
        (Stale("Both are kept.", mine="a", theirs="b", revision=3), 412, "stale"),
        (BadInput({"rrule": ["Too often."]}), 422, "bad_input"),
        (PermissionDenied(), 403, "forbidden"),
        (Http404(), 404, "not_found"),
        (exceptions.NotFound(), 404, "not_found"),
        (exceptions.ParseError(), 400, "parse_error"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (exceptions.ValidationError({"note": ["Too long."]}), 422, "bad_input"),
        (exceptions.Throttled(wait=3), 429, "throttled"),
        (RecursionError(), 400, "bad_request"),
        (OperationalError("secret"), 503, "records_away"),
        (KeyTrouble("secret"), 503, "key_trouble"),
    ],
)
def test_a_problem_is_told_in_the_standard_shape(error: Exception, status: int, code: str):
    response = problems.handler(error, {})
    assert response is not None
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    assert {"type", "title", "status", "detail", "code"} <= set(response.data)
    assert response.data["code"] == code
    assert "secret" not in json.dumps(response.data)


def test_a_stale_write_gets_both_texts_back():
    response = problems.handler(Stale("Both.", mine="mine", theirs="theirs", revision=7), {})
    assert response is not None
    assert (response.data["mine"], response.data["theirs"]) == ("mine", "theirs")
    assert response["ETag"] == '"7"'


def test_nested_findings_are_told_by_path():
    error = exceptions.ValidationError({"answers": [{}, {"value": ["Write a number."]}]})
    response = problems.handler(error, {})
    assert response is not None
    assert response.data["fields"] == {"answers.1.value": ["Write a number."]}


def test_an_unknown_error_is_not_swallowed():
    assert problems.handler(RuntimeError(), {}) is None


def test_errors_outside_the_doors_are_problems_too(ana: Person):
    response = ana.browser().get("/api/v1/nowhere")
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
