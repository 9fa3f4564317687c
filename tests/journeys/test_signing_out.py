"""Signing out in a real browser: nothing of one stays there, and nothing typed is lost unsaid."""

import re

import pytest
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from tests.cast import Person, Play
from tests.conftest import Visit
from tests.journeys.test_client_journey import go_on_until, sign_in

pytestmark = pytest.mark.django_db(transaction=True)
COPIES = """() => new Promise((ok) => { const r = indexedDB.open("homeward", 1);
  r.onupgradeneeded = () => r.result.createObjectStore("drafts");
  r.onsuccess = () => { const q = r.result.transaction("drafts").objectStore("drafts").count();
    q.onsuccess = () => { r.result.close(); ok(q.result); }; }; })"""


def writing(page: Page, homework: object) -> None:
    """Go to the question that wants words."""
    page.goto(f"/homework/{homework.pk}/step/1/")  # type: ignore[attr-defined]
    go_on_until(page, "topic")


def test_what_never_reached_us_is_said_before_and_gone_after(
    live_server: LiveServer, visit: Visit, play: Play, dana: Person, ana: Person
):
    homework = play.homework(ana, play.assign(dana, ana))
    page = visit(live_server.url, "phone")
    sign_in(page.context, ana.browser(), live_server.url)
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
    live_server: LiveServer, visit: Visit, play: Play, dana: Person, ana: Person
):
    homework = play.homework(ana, play.assign(dana, ana))
    page = visit(live_server.url, "phone")
    sign_in(page.context, ana.browser(), live_server.url)
    writing(page, homework)
    page.locator("[name=topic]").fill("half a thought")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/account/login/**")

    sign_in(page.context, ana.browser(), live_server.url)
    writing(page, homework)
    expect(page.locator("[name=topic]")).to_have_value("half a thought")


def test_leaving_in_one_tab_leaves_in_all(live_server: LiveServer, visit: Visit, ana: Person):
    page = visit(live_server.url, "phone")
    sign_in(page.context, ana.browser(), live_server.url)

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
