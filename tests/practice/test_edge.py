"""The edge: headers, refusals, errors, small doors; nothing here says more than it must."""

import gzip
import json
import logging
import os
import re
import subprocess
import sys
from typing import Any
from unittest import mock

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404
from django.test import Client as Browser
from rest_framework import exceptions

from practice import problems
from practice.errors import BadInput, KeyTrouble, NotPossible, Stale
from practice.models import NEUTRAL_PAGE
from practice.templatetags.homeward import dialable
from practice.tenancy import scope
from tests.cast import PASSWORD, Person
from tests.practice.ground import text_of

# Whole transactions, as in real life: a 500 undoes its request's.
pytestmark = pytest.mark.django_db(transaction=True)


# --- headers ----------------------------------------------------------------------------------
def test_a_private_page_is_kept_nowhere(ana: Person):
    response = ana.browser().get("/today/")
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store, private"
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["X-Frame-Options"] == "DENY"
    assert "camera=()" in response["Permissions-Policy"]
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"


def test_pages_are_compressed_to_a_length_that_tells_nothing(ana: Person):
    browser = ana.browser()
    answers = [browser.get("/today/", headers={"accept-encoding": "gzip"}) for _time in range(8)]
    assert {one["Content-Encoding"] for one in answers} == {"gzip"}
    assert "Accept-Encoding" in answers[0]["Vary"]
    plain = browser.get("/today/")
    assert not plain.has_header("Content-Encoding")
    # The same page each time: only the token of its forms differs, which has one length.
    pages = [gzip.decompress(one.content) for one in answers]
    assert {len(page) for page in pages} == {len(plain.content)}
    assert len(answers[0].content) < len(plain.content) / 2
    # The random bytes stand in the header, as the name of a file.
    assert len({_length_of_name(one.content) for one in answers}) > 1


def _length_of_name(packed: bytes) -> int:
    start = 10  # what every header has
    return packed.index(0, start) - start if packed[3] & 8 else 0


def test_what_programs_get_is_not_compressed_so_that_its_tags_stay_strong(dana: Person):
    answer = dana.browser().get("/api/v1/exercises", headers={"accept-encoding": "gzip"})
    assert answer.status_code == 200
    assert not answer.has_header("Content-Encoding")


def test_scripts_of_client_pages_are_our_own_and_types_are_trusted(ana: Person):
    policy = ana.browser().get("/today/")["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_scripts_of_staff_pages_carry_a_fresh_nonce(dana: Person):
    browser = dana.browser()
    seen = set()
    for address in ("/people/", "/people/", "/account/email/", "/nowhere"):
        response = browser.get(address)
        policy = response["Content-Security-Policy"]
        [nonce] = {part[7:-1] for part in policy.replace(";", " ").split() if "'nonce-" in part}
        assert "'strict-dynamic'" in policy
        assert "trusted-types htmx homeward" in policy
        assert "unsafe" not in policy
        page = text_of(response)
        assert page.count("<script") - page.count("application/json") == page.count(
            f'nonce="{nonce}"'
        )
        seen.add(nonce)
    assert len(seen) == 4


def test_over_http_a_page_is_led_to_https_and_a_program_is_refused(ana: Person, settings: Any):
    settings.SECURE = settings.SECURE_SSL_REDIRECT = True
    assert Browser().get("/help")["Location"] == "https://testserver/help"
    for method in ("get", "post"):
        refused = getattr(Browser(), method)("/api/v1/me")
        assert (refused.status_code, refused.json()["code"]) == (403, "https_only")
    assert Browser().get("/api/v1/me", secure=True).status_code == 401


# --- refusals ---------------------------------------------------------------------------------
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


def test_when_the_database_is_away_the_page_says_so(dana: Person):
    browser = dana.browser()
    with mock.patch("practice.views.people.render", side_effect=OperationalError):
        response = browser.get("/people/")
    assert response.status_code == 503
    assert response["Retry-After"] == "30"
    assert "could not reach our records" in text_of(response)
    assert response["X-Request-Id"] in text_of(response)


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


# --- the API's refusals -----------------------------------------------------------------------
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


# --- small doors ------------------------------------------------------------------------------
def test_everybody_may_ask_for_help_and_read_who_reads_what(ana: Person):
    assert Browser().get("/help").status_code == 200
    assert Browser().get("/privacy").status_code == 200
    page = text_of(ana.browser().get("/help"))
    assert 'Call <a href="tel:112">112</a>, or the line of your country' in page
    assert "in the European Union" not in page


def test_who_works_here_reads_who_reads_what_in_words_for_them(ana: Person, ruth: Person):
    theirs, ours = (text_of(one.browser().get("/privacy")) for one in (ana, ruth))
    assert "Your therapist" in theirs
    assert "Your therapist" not in ours
    assert "Their therapist" in ours
    assert "<dt>A client</dt>" in ours


def test_who_reads_another_language_gets_our_words_above_the_practice_s(ana: Person):
    browser = ana.browser()
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "es"
    page = text_of(browser.get("/help"))
    ours = '(<a href="tel:112">112</a> en la Unión Europea)'
    assert page.index(ours) < page.index('<div class="stack" lang="en"><p>Call ')
    assert '(<a href="tel:112">112</a> in the European Union)' in text_of(Browser().get("/help"))


def test_who_reads_another_language_gets_the_practice_s_words_in_it(ana: Person):
    with scope(practice=ana.practice.pk):
        ana.practice.crisis_texts["es"] = "Llama al faro."
        ana.practice.save()
    browser = ana.browser()
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "es"
    page = text_of(browser.get("/help"))
    assert '<div class="stack" lang="es"><p>Llama al faro.</p></div>' in page
    assert "Call " not in page
    assert "Unión Europea" not in page


def test_each_line_of_the_practice_s_words_stands_by_itself(ana: Person):
    with scope(practice=ana.practice.pk):
        ana.practice.crisis_texts["en"] = "The lighthouse: 116 123\r\n\r\nThe ward: 020 7946 0001"
        ana.practice.save()
    page = text_of(ana.browser().get("/help"))
    assert '<p>The lighthouse: <a href="tel:116123">116 123</a></p><p>The ward: ' in page


@pytest.mark.parametrize(
    ("written", "called"),
    [
        ("116 123, 24 h", ["116123"]),
        ("112 24 horas", ["112"]),
        ("+49 (0)30 1234-567", ["+49301234567"]),
        ("(555) 123-4567 or 988", ["5551234567", "988"]),
        ("1-800-273-8255, 24/7", ["18002738255"]),
        ("Mon 9-17, 08:00 to 22:00, 2 days", []),
    ],
)
def test_numbers_in_a_text_can_be_called(written: str, called: list[str]):
    assert re.findall(r'href="tel:([^"]*)"', dialable(written)) == called


def test_what_can_be_called_is_escaped_first():
    assert dialable('<b onclick="x(112)">') == (
        '&lt;b onclick=&quot;x(<a href="tel:112">112</a>)&quot;&gt;'
    )


def test_a_monitor_gets_a_short_answer():
    assert Browser().get("/health").json() == {"ok": True}


@pytest.mark.parametrize("address", ["/sw.js", "/manifest.webmanifest", "/offline"])
def test_the_shell_is_the_same_for_everybody(ana: Person, dana: Person, address: str):
    pages = {browser.get(address).content for browser in (Browser(), ana.browser(), dana.browser())}
    assert len(pages) == 1
    assert Browser().get(address).status_code == 200


def test_the_look_and_the_language_stay_on_the_device(ana: Person):
    browser = ana.browser()
    assert browser.post("/theme", {"theme": "dark", "next": "/today/"})["Location"] == "/today/"
    assert 'data-theme="dark"' in text_of(browser.get("/today/"))
    browser.post("/language", {"language": "es"})
    assert '<html lang="es"' in text_of(browser.get("/today/"))


COOKIES = ("SESSION", "CSRF", "LANGUAGE", "SPOKEN", "THEME")


def test_no_cookie_but_those_that_the_settings_name(ana: Person, settings: Any):
    browser = Browser()
    browser.get("/account/login/")
    browser.post("/account/login/", {"login": "ana@mail.example", "password": PASSWORD})
    browser.post("/theme", {"theme": "dark"})
    browser.post("/language", {"language": "es"})
    # What the next page says travels in no cookie.
    browser.post("/account/logout/")
    assert browser.session["_messages"]
    assert set(browser.cookies) == {getattr(settings, f"{name}_COOKIE_NAME") for name in COOKIES}


def test_on_https_every_cookie_is_bound_to_this_host_alone():
    code = (
        "from django.conf import settings as s;"
        f"print(*(getattr(s, name + '_COOKIE_NAME') for name in {COOKIES!r}),"
        " s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.LANGUAGE_COOKIE_SECURE, s.SECURE,"
        " s.MESSAGE_STORAGE)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "practice.config.settings",
            "HOMEWARD_BASE_URL": "https://homeward.example.org",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    *said, storage = answer.stdout.split()
    assert all(name.startswith("__Host-") for name in said[: len(COOKIES)])
    assert said[len(COOKIES) :] == ["True"] * 4
    assert "cookie" not in storage


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "javascript:alert(1)"]
)
def test_a_way_on_never_leads_elsewhere(target: str):
    assert Browser().post("/theme", {"theme": "dark", "next": target})["Location"] == "/"


def test_demo_doors_are_closed_outside_of_the_demo():
    for address in ("/demo/", "/demo/mail", "/kit"):
        assert Browser().get(address).status_code == 404
    assert Browser().post("/demo/sign-in", {"email": "ana@mail.example"}).status_code == 404
