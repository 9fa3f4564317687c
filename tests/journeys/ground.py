"""What the journeys share: coming in without the sign-in, and going on until something is asked."""

import pytest
from django.test import Client as Browser
from playwright.sync_api import BrowserContext, Page

CONTINUE = "button:visible:text-is('Continue')"


def sign_in(context: BrowserContext, browser: Browser, url: str) -> None:
    """Give a browser the cookies of somebody who is signed in."""
    context.add_cookies(
        [{"name": key, "value": one.value, "url": url} for key, one in browser.cookies.items()]
    )


def go_on_until(page: Page, name: str) -> None:
    """Skip what comes before the question with this field."""
    for _step in range(20):
        if page.locator(f"[name='{name}'], [name^='{name}.']").count():
            return
        skip = page.locator("button[name=skip]")
        (skip if skip.count() else page.locator(CONTINUE)).first.click()
    pytest.fail(f"{name} was never asked")


def skip_to_check(page: Page) -> None:
    """Skip whatever is asked from here on, to the page before sending."""
    for _step in range(20):
        if page.url.endswith("/check/"):
            return
        page.locator("button[name=skip]").click()
    pytest.fail("there was no end to what is asked")
