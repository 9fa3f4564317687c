"""Leaving in a real browser, with script and without: nothing of ours stays on the screen."""

from playwright.sync_api import Page

from tests.conftest import Visit
from tests.processes import Site


def signed_in(page: Page) -> None:
    page.goto("/demo/")
    page.get_by_role("button", name="Enter as Ana").click()
    page.wait_for_url("**/today/")


def pretend_elsewhere(page: Page) -> None:
    # The neutral site is not ours to bother in a test.
    page.context.route(
        lambda url: "localhost" not in url,
        lambda route: route.fulfill(content_type="text/html", body="<title>Weather</title>sunny"),
    )


def leave(page: Page) -> None:
    pretend_elsewhere(page)
    page.locator(".exit-form").get_by_role("button").click()
    page.wait_for_url(lambda url: "localhost" not in url, timeout=10_000)
    assert page.title() == "Weather"


def test_leaving_with_script(demo_site: Site, visit: Visit, problems: list[str]) -> None:
    page = visit(demo_site.url, "phone")
    signed_in(page)
    # Two of her pages: leaving replaces the second, and Back asks for the first.
    page.goto("/growth/")
    leave(page)
    page.go_back()
    page.wait_for_url("**/account/login/**")
    assert "Ana" not in page.content()
    page.goto("/today/")
    assert "/account/login/" in page.url
    assert problems == []


def test_shift_three_times_covers_the_page_before_anything_else_happens(
    demo_site: Site, visit: Visit
) -> None:
    page = visit(demo_site.url, "phone")
    signed_in(page)
    page.goto("/growth/")  # the second of two: Back asks for the first
    pretend_elsewhere(page)
    # Asked in the same breath as the third key: no time passes for anyone to read on.
    over, title = page.evaluate(
        """() => {
            for (let press = 0; press < 3; press++)
                dispatchEvent(new KeyboardEvent("keydown", { key: "Shift" }));
            const top = document.elementFromPoint(innerWidth / 2, innerHeight / 2);
            return [top.className, document.title];
        }"""
    )
    assert (over, title) == ("cover", "Weather")
    page.wait_for_url(lambda url: "localhost" not in url)
    page.go_back()
    page.wait_for_url("**/account/login/**")


def test_leaving_without_script(demo_site: Site, visit: Visit):
    page = visit(demo_site.url, "phone", java_script_enabled=False)
    signed_in(page)
    leave(page)
    page.goto(f"{demo_site.url}/today/")
    assert "/account/login/" in page.url


def test_the_members_pages_run_their_scripts(demo_site: Site, visit: Visit, problems: list[str]):
    page = visit(demo_site.url, "desktop")
    page.goto("/demo/")
    page.get_by_role("button", name="Enter as Ruth").click()
    page.wait_for_load_state()
    for address in (
        "/people/",
        "/practice/settings",
        "/audit/",
        "/you/account",
        "/account/email/",
        "/account/2fa/",
        "/account/sessions/",
    ):
        page.goto(address)
        assert page.evaluate("typeof htmx === 'object' || !document.querySelector('[src*=htmx]')")
    page.goto("/demo/mail")
    assert problems == []
