"""What the journeys share: coming in without the sign-in, and going on until something is asked."""

import pytest
from django.test import Client as Browser
from playwright.sync_api import BrowserContext, Locator, Page

from exercises.management.commands.demo import PASSWORD

CONTINUE = "button:visible:text-is('Continue')"


def sign_in(context: BrowserContext, browser: Browser, url: str) -> None:
    """Give a browser the cookies of somebody who is signed in."""
    context.add_cookies(
        [{"name": key, "value": one.value, "url": url} for key, one in browser.cookies.items()]
    )


def press(page: Page, button: Locator) -> None:
    """Press what leads to another page, and be there: else one asks the page that is about to go."""
    before = page.url
    button.first.click()
    page.wait_for_url(lambda url: url != before)


def go_on_until(page: Page, name: str, *, skip: bool = True) -> None:
    """Pass by what comes before the question with this field."""
    for _step in range(20):
        if page.locator(f"[name='{name}'], [name^='{name}.']").count():
            return
        by = page.locator("button[name=skip]")
        press(page, by if skip and by.count() else page.locator(CONTINUE))
    pytest.fail(f"{name} was never asked")


def skip_to_check(page: Page) -> None:
    """Skip whatever is asked from here on, to the page before sending."""
    for _step in range(20):
        if page.url.endswith("/check/"):
            return
        press(page, page.locator("button[name=skip]"))
    pytest.fail("there was no end to what is asked")


def say_who(page: Page) -> None:
    """Say once more who one is, before what asks for it."""
    page.goto("/account/reauthenticate/?next=/you/account")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/you/account")


def invite(admin: Page, name: str, email: str) -> None:
    """Let an admin invite a therapist."""
    admin.goto("/people/invite")
    admin.get_by_label("Name").fill(name)
    admin.get_by_label("E-mail").fill(email)
    admin.get_by_label("Therapist").check()
    admin.get_by_role("button", name="Send the invitation").click()
