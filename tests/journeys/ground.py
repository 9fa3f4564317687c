"""What the journeys share: coming in without the sign-in, and going on until something is asked."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser
from django.utils.timezone import now
from playwright.sync_api import BrowserContext, Locator, Page

from clients.actors import client_actor
from clients.models import Client
from exercises.actions import responding
from exercises.management.commands.demo import PASSWORD
from exercises.models import Homework
from exercises.queries.homework import homework as homework_of
from practice.tenancy import scope
from tests.processes import Site

CONTINUE = "button:visible:text-is('Continue')"
OpenAs = Callable[..., Page]


def sign_in(context: BrowserContext, browser: Browser, url: str) -> None:
    """Give a browser the cookies of somebody who is signed in."""
    context.add_cookies(
        [{"name": key, "value": one.value, "url": url} for key, one in browser.cookies.items()]
    )


def enter_as(page: Page, name: str) -> Page:
    """Come in as one of the demo's people, with one press."""
    page.goto("/demo/")
    page.get_by_role("button", name=f"Enter as {name}", exact=True).click()
    page.wait_for_url(lambda url: "/demo/" not in url)
    return page


def count_clicks(page: Page) -> None:
    """Count where it happens: every click that the page itself has seen, across pages (`clicks`)."""
    page.add_init_script(
        "addEventListener('click', (e) => { if (e.isTrusted && e.detail) sessionStorage.clicks ="
        " 1 + +(sessionStorage.clicks ?? 0); }, true)"
    )


def clicks(page: Page) -> int:
    """Return how many there were since they were counted."""
    return int(page.evaluate("sessionStorage.clicks"))


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


def hand_in(site: Site, name: str) -> None:
    """Let a client of the demo send what they have open."""
    with site.orm():
        client = Client.objects.select_related("user").get(name=name)
        with scope(practice=client.practice_id, user=client.user_id):
            found = client_actor(client.user, client.pk)
            assert found
            actor = found[0]
            pk = Homework.objects.filter(client=client, status="open").latest("opens_at").pk
            homework = homework_of(actor, pk)
            said = [
                responding.AnswerInput(item.key, None, responding.AnswerOutcome.SKIPPED)
                for item in homework.version.definition.asked
            ]
            responding.save(by=actor, at=now(), homework=homework, said=said)
            responding.submit(by=actor, at=now(), homework=homework_of(actor, pk))
