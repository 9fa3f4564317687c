"""Signing out in a real browser: nothing of one stays there, and nothing typed is lost unsaid.

A session that ends by itself, or from another device, costs nobody what they were writing.
"""

import re
import time

import pytest
from django.conf import settings
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from exercises.models import Homework
from tests.cast import Person, Play
from tests.journeys.ground import CONTINUE, OpenAs, go_on_until, sign_in

pytestmark = pytest.mark.django_db(transaction=True)
COPIES = """() => new Promise((ok) => { const r = indexedDB.open("homeward", 1);
  r.onupgradeneeded = () => r.result.createObjectStore("drafts");
  r.onsuccess = () => { const q = r.result.transaction("drafts").objectStore("drafts").count();
    q.onsuccess = () => { r.result.close(); ok(q.result); }; }; })"""


def writing(page: Page, homework: Homework) -> None:
    """Go to the question that wants words."""
    page.goto(f"/homework/{homework.pk}/step/1/")
    go_on_until(page, "topic")


def test_what_never_reached_us_is_said_before_and_gone_after(
    open_as: OpenAs, play: Play, dana: Person, ana: Person
):
    homework = play.homework(ana, play.assign(dana, ana))
    page = open_as(ana, "phone")
    other = page.context.new_page()
    other.goto("/today/")
    writing(page, homework)
    page.route(re.compile("/draft"), lambda route: route.abort())
    page.locator("[name=topic]").fill("the last of the plums")
    page.wait_for_function(f"({COPIES})().then((n) => n === 1)")

    leaving = page.context.new_page()
    leaving.goto("/you")
    leaving.get_by_role("button", name="Sign out").first.click()
    leaving.wait_for_url("**/account/logout/")
    expect(leaving.locator("[data-unsent]")).to_be_visible()
    leaving.locator("main").get_by_role("button", name="Sign out").click()
    leaving.wait_for_url("**/account/login/**")
    assert leaving.evaluate(COPIES) == 0

    # A tab that only showed something shows the way in; one with words in it keeps them, and says so.
    other.wait_for_url("**/account/login/**")
    expect(page.locator("[name=topic]")).to_have_value("the last of the plums")
    expect(page.locator("[data-trouble-note]")).to_be_visible()


def test_what_is_being_typed_lands_before_one_is_signed_out(
    open_as: OpenAs, live_server: LiveServer, play: Play, dana: Person, ana: Person
):
    homework = play.homework(ana, play.assign(dana, ana))
    page = open_as(ana, "phone")
    writing(page, homework)
    page.locator("[name=topic]").fill("half a thought")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/account/login/**")

    sign_in(page.context, ana.browser(), live_server.url)
    writing(page, homework)
    expect(page.locator("[name=topic]")).to_have_value("half a thought")


def half_saved(page: Page, homework: Homework) -> None:
    """Write something that is saved, lose the session elsewhere, and write on."""
    writing(page, homework)
    with page.expect_response("**/draft"):
        page.locator("[name=topic]").fill("before")
    page.wait_for_function(f"({COPIES})().then((n) => n === 0)")
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.locator("[name=topic]").press_sequentially(" AFTER")
    expect(page.locator("[data-case=signed-out]")).to_be_visible()
    page.wait_for_function(f"({COPIES})().then((n) => n === 1)")


@pytest.mark.parametrize("by", ["the note", "Continue"])
def test_what_is_typed_after_the_session_ended_comes_back_to_the_same_person(
    open_as: OpenAs, by: str, live_server: LiveServer, play: Play, dana: Person, ana: Person
):
    homework = play.homework(ana, play.assign(dana, ana))
    page = open_as(ana, "phone")
    half_saved(page, homework)
    step = page.url
    if by == "the note":
        page.locator("[data-sign-in]:visible").click()
    else:
        page.locator(CONTINUE).click()
    page.wait_for_url("**/account/login/**")
    assert "AFTER" not in page.content()

    sign_in(page.context, ana.browser(), live_server.url)
    with page.expect_response("**/draft") as saved:
        page.goto(step)
    assert saved.value.ok
    expect(page.locator("[name=topic]")).to_have_value("before AFTER")
    page.wait_for_function(f"({COPIES})().then((n) => n === 0)")


@pytest.fixture
def after_ana(
    open_as: OpenAs, live_server: LiveServer, play: Play, dana: Person, ana: Person, ben: Person
) -> tuple[Page, str, Homework]:
    """Ben signs in where a session of Ana's ended while she wrote; with where that was, and his own."""
    homework, bens = (play.homework(one, play.assign(dana, one)) for one in (ana, ben))
    page = open_as(ana, "phone")
    half_saved(page, homework)
    step = page.url
    page.goto("/account/login/")
    sign_in(page.context, ben.browser(), live_server.url)
    return page, step, bens


def test_who_signs_in_on_that_device_is_told_nothing_and_takes_nothing_away(
    live_server: LiveServer, ana: Person, after_ana: tuple[Page, str, Homework]
):
    page, step, bens = after_ana
    writing(page, bens)
    expect(page.locator("[name=topic]")).to_have_value("")
    page.goto("/account/logout/")
    page.wait_for_load_state("networkidle")
    expect(page.locator("[data-unsent]")).to_be_hidden()
    page.goto("/you")
    # Straight out, as on a device where nobody else ever wrote.
    with page.expect_request(lambda one: one.method == "POST"):
        page.get_by_role("button", name="Sign out").first.click()
    page.wait_for_url("**/account/login/**")
    assert page.evaluate(COPIES) == 1

    sign_in(page.context, ana.browser(), live_server.url)
    with page.expect_response("**/draft"):
        page.goto(step)
    expect(page.locator("[name=topic]")).to_have_value("before AFTER")
    page.wait_for_function(f"({COPIES})().then((n) => n === 0)")


def test_a_copy_whose_owner_stays_away_goes_after_a_month(after_ana: tuple[Page, str, Homework]):
    page, _step, bens = after_ana
    page.clock.set_system_time(time.time() + 29 * 24 * 3600)
    writing(page, bens)
    page.wait_for_load_state("networkidle")
    assert page.evaluate(COPIES) == 1
    page.clock.set_system_time(time.time() + 31 * 24 * 3600)
    page.reload()
    page.wait_for_function(f"({COPIES})().then((n) => n === 0)")


def test_on_a_shared_device_one_is_told_to_copy_the_words_first(
    open_as: OpenAs, play: Play, dana: Person, ana: Person
):
    homework = play.homework(ana, play.assign(dana, ana))
    page = open_as(ana, "phone")
    page.goto("/today/")
    page.evaluate("localStorage.setItem('homeward-shared', '1')")
    writing(page, homework)
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.locator("[name=topic]").fill("nowhere else")
    expect(page.get_by_text("copy it first, then sign in")).to_be_visible()
    assert page.evaluate(COPIES) == 0


def test_leaving_takes_the_copies_away(open_as: OpenAs, play: Play, dana: Person, ana: Person):
    homework = play.homework(ana, play.assign(dana, ana))
    page = open_as(ana, "phone")
    other = page.context.new_page()
    writing(page, homework)
    page.route(re.compile("/draft"), lambda route: route.abort())
    page.locator("[name=topic]").fill("the last of the plums")
    page.wait_for_function(f"({COPIES})().then((n) => n === 1)")
    page.context.route(
        lambda url: "localhost" not in url and "127.0.0.1" not in url,
        lambda route: route.fulfill(content_type="text/html", body="<title>Weather</title>sunny"),
    )
    page.locator(".exit-form").get_by_role("button").click()
    page.wait_for_url(re.compile("wikipedia|weather"))
    other.goto("/help")
    assert other.evaluate(COPIES) == 0


def test_leaving_in_one_tab_leaves_in_all(open_as: OpenAs, ana: Person):
    page = open_as(ana, "phone")

    def weather(route: Route) -> None:
        route.fulfill(content_type="text/html", body="<title>Weather</title>sunny")

    page.context.route(lambda url: "localhost" not in url and "127.0.0.1" not in url, weather)
    other = page.context.new_page()
    other.goto("/today/")
    page.goto("/growth/")
    page.locator(".exit-form").get_by_role("button").click()
    for tab in (page, other):
        tab.wait_for_url(re.compile("wikipedia|weather"))
        assert tab.title() == "Weather"
    assert "homeward-out" not in str(page.context.storage_state())
