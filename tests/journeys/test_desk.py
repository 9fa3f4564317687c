"""The therapist's desk: a review begins with what it has to say; on paper there is nothing to press."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from clients.models import Couple
from exercises.models import Homework
from tests.cast import Person, Play
from tests.conftest import Visit
from tests.journeys.ground import OpenAs, sign_in

pytestmark = pytest.mark.django_db(transaction=True)
Desk = Callable[..., Page]


@pytest.fixture
def sent(play: Play, dana: Person, ana: Person) -> Homework:
    """A round with so many answers that the page scrolls."""
    return play.submit(ana, play.homework(ana, play.assign(dana, ana)), topic="Bags")


@pytest.fixture
def desk(open_as: OpenAs, dana: Person, sent: Homework) -> Desk:
    """Open the round as Dana."""

    def open_one(device: str = "desktop", **options: bool) -> Page:
        page = open_as(dana, device, **options)
        page.goto(f"/review/{sent.pk}/")
        return page

    return open_one


def at_the_top(page: Page) -> bool:
    """Say whether the page stays where it began when the boxes that came open with it are told of.

    A browser does so by itself, sometimes before the script listens: here it is once more, after.
    """
    page.wait_for_load_state("networkidle")
    page.evaluate(
        "document.querySelectorAll('[data-comment][open]')"
        ".forEach((box) => box.dispatchEvent(new Event('toggle')))"
    )
    return bool(page.evaluate("scrollY === 0 && !document.activeElement.matches('textarea')"))


def test_what_the_page_has_to_say_is_not_scrolled_away(desk: Desk):
    page = desk()
    page.locator("[data-comment] summary").last.click()
    expect(page.locator("textarea[name^=comment]").last).to_be_focused()
    page.keyboard.type("What did the quiet feel like?")
    page.get_by_role("button", name="Keep as draft").click()
    expect(page.get_by_text("Kept as a draft. Only you see it.")).to_be_in_viewport()
    assert at_the_top(page)
    page.reload()
    expect(page.locator("[data-comment][open]")).to_have_count(1)
    assert at_the_top(page)
    page.get_by_label("Return for deepening").check()
    page.get_by_role("button", name="Send and open next").click()
    expect(page.locator("[data-errors]")).to_be_focused()
    expect(page.locator("[data-errors]")).to_be_in_viewport()
    page.get_by_role("link", name="Choose at least one answer to open again.").click()
    expect(page.get_by_label("Open this one again").first).to_be_focused()
    page.get_by_label("Open this one again").first.check()
    page.get_by_role("button", name="Send and go to the list").click()
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("Taken back. It is a draft again.")).to_be_in_viewport()
    assert at_the_top(page)


@pytest.mark.parametrize("script", [True, False])
def test_what_opens_again_can_be_marked_once_it_is_returned(desk: Desk, *, script: bool):
    page = desk("phone", java_script_enabled=script)
    boxes = page.get_by_label("Open this one again")
    many = page.locator("[data-comment]").count()
    assert many > 1
    expect(boxes.locator("visible=true")).to_have_count(0)
    # On a phone the comments come before the decision: each has its box with it.
    page.locator("[data-comment] summary").first.click()
    expect(boxes.locator("visible=true")).to_have_count(1)
    boxes.first.check()
    page.locator("[data-comment] summary").first.click()
    expect(boxes.locator("visible=true")).to_have_count(1)
    page.get_by_label("Return for deepening").check()
    expect(boxes.locator("visible=true")).to_have_count(many)
    boxes.last.check()
    page.get_by_role("button", name="Send and go to the list").click()
    expect(page.get_by_text("Sent to Ana.")).to_be_visible()


def test_a_long_letter_leaves_the_buttons_in_reach(desk: Desk):
    page = desk()
    with page.expect_response("**/draft"):  # kept before the test's database is emptied
        page.locator("textarea[name=letter]").fill("I read this twice. " * 70)
    page.evaluate("scrollTo(0, 400)")
    for name in (re.compile("Send and open next"), re.compile("Keep as draft")):
        expect(page.get_by_role("button", name=name)).to_be_in_viewport()
    expect(page.get_by_label("Return for deepening")).to_be_in_viewport()


def test_what_is_too_long_is_no_reason_to_keep_nothing_more(desk: Desk):
    page = desk()
    letter = page.locator("textarea[name=letter]")
    with page.expect_response("**/draft") as answer:
        letter.fill("l" * 5001)
    assert answer.value.status == 422
    with page.expect_response("**/draft") as answer:
        letter.fill("l" * 5000)
    assert answer.value.status == 200
    expect(page.locator("[data-kept]")).to_have_text("Kept as a draft.")


def test_on_paper_is_what_there_is_and_nothing_that_one_could_do(
    live_server: LiveServer, visit: Visit, play: Play, dana: Person, ana: Person, cleared: Couple
):
    play.submit(ana, play.homework(ana, play.assign(dana, cleared)), topic="Bags")
    page = visit(live_server.url)
    sign_in(page.context, dana.browser(), live_server.url)
    deeds = re.compile(r"^(Open|Review|Screen again|Unlink|Assign|Edit|End care|.*held back)")
    for path in (f"/couples/{cleared.pk}/", f"/clients/{ana.client.pk}/"):
        page.goto(path)
        found = page.locator("main").get_by_role("link", name=deeds)
        assert found.count() > 3
        page.emulate_media(media="print")
        expect(found).to_have_count(0)
        expect(page.get_by_role("heading", name="Homework now")).to_be_visible()
        page.emulate_media(media="screen")
