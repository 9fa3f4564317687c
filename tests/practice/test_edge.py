"""The edge: headers, cookies, small doors; nothing here says more than it must."""

import gzip
import os
import re
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings
from django.test import Client as Browser

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
