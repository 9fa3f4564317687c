"""On a phone whose line is gone, or whose seat is: nothing typed is lost unsaid."""

from collections.abc import Callable

import pytest
from django.utils.timezone import now
from playwright.sync_api import Page, expect

from clients.actions import caring
from tests.cast import Person, Play
from tests.journeys.ground import CONTINUE, OpenAs, go_on_until, press

pytestmark = pytest.mark.django_db(transaction=True)

NOT_SENT = "You are offline, so this did not go out."


@pytest.fixture
def phone(open_as: OpenAs, ana: Person) -> Page:
    """Ana's phone, signed in."""
    return open_as(ana)


def test_no_form_leads_to_the_browsers_own_page_of_errors(
    play: Play, dana: Person, ana: Person, phone: Page
):
    play.fill(ana, homework := play.homework(ana, play.assign(dana, ana)), topic="the dishes")
    log = play.homework(ana, play.assign(dana, ana, "e04-reassurance-log"))
    pressed: list[tuple[str, Callable[[], None]]] = [
        (f"/homework/{homework.pk}/check/", phone.get_by_role("button", name="Send to Dana").click),
        (f"/homework/{log.pk}/entries/", phone.get_by_role("button", name="Note a").first.click),
        ("/today/", phone.get_by_role("button", name="Bring it to the session instead").click),
        ("/you", phone.get_by_role("button", name="Save", exact=True).click),
    ]
    for address, send in pressed:
        phone.goto(address)
        expect(phone.get_by_text(NOT_SENT)).to_be_hidden()
        phone.context.set_offline(True)
        send()
        expect(phone.get_by_text(NOT_SENT)).to_be_in_viewport()
        phone.context.set_offline(False)
        expect(phone.get_by_text(NOT_SENT)).to_be_hidden()
    assert play.fresh(homework).status == "in_progress"

    phone.goto("/you/topics")
    phone.context.set_offline(True)
    phone.locator("[name=text]").fill("The move in spring")
    keep = phone.get_by_role("button", name="Keep it for the session")
    keep.click()
    expect(phone.get_by_text(NOT_SENT)).to_be_in_viewport()
    expect(phone.locator("[name=text]")).to_have_value("The move in spring")
    phone.context.set_offline(False)
    expect(phone.get_by_text(NOT_SENT)).to_be_hidden()
    keep.click()
    expect(
        phone.get_by_role("article").get_by_text("The move in spring", exact=True)
    ).to_be_visible()


def test_no_button_of_a_step_or_a_moment_promises_that_it_went_out(
    play: Play, dana: Person, ana: Person, phone: Page
):
    """One sentence, the same for all, also where nothing or something was typed before."""
    homework = play.homework(ana, play.assign(dana, ana))
    log = play.homework(ana, play.assign(dana, ana, "e04-reassurance-log"))
    phone.goto(f"/homework/{homework.pk}/step/1/")
    go_on_until(phone, "topic")
    step = phone.url
    phone.goto(f"/homework/{log.pk}/entries/")
    press(phone, phone.get_by_role("button", name="Note a"))
    pressed = [
        (phone.url, "button:text-is('Save')", "Asked whether all is well"),
        (step, "button[name=skip]", ""),
        (step, "button[name=say]", ""),
        (step, CONTINUE, "the dishes"),
    ]
    for address, button, words in pressed:
        phone.goto(address)
        phone.context.set_offline(True)
        if words:
            phone.locator("main form textarea").first.fill(words)
            expect(phone.get_by_text("Keep writing")).to_be_visible()
        phone.locator(button).last.click()
        expect(phone.get_by_text(NOT_SENT)).to_be_in_viewport()
        expect(phone.get_by_text("Keep writing")).to_be_hidden()
        phone.context.set_offline(False)
        expect(phone.get_by_text(NOT_SENT)).to_be_hidden()
        press(phone, phone.locator(button).last)


def test_what_goes_all_the_same_and_does_not_arrive_is_answered_by_us(phone: Page):
    """A line that is there by the phone's word, and carries nothing."""
    phone.goto("/you/topics")
    phone.evaluate("navigator.serviceWorker.ready.then(() => true)")
    phone.wait_for_function("navigator.serviceWorker.controller")
    phone.locator("[name=text]").fill("The move in spring")
    phone.context.set_offline(True)
    phone.evaluate("HTMLFormElement.prototype.submit.call(document.querySelector('form.card'))")
    expect(phone.get_by_role("heading", name="This did not go out")).to_be_visible()
    expect(phone.get_by_role("link", name="Go back")).to_be_visible()
    phone.context.set_offline(False)


def test_who_writes_while_their_care_ends_is_told_so_and_keeps_their_words(
    play: Play, dana: Person, ana: Person, phone: Page
):
    homework = play.homework(ana, play.assign(dana, ana))
    phone.goto(f"/homework/{homework.pk}/step/1/")
    go_on_until(phone, "topic")
    with play.at(dana):
        caring.discharge(by=dana.actor, at=now(), client=ana.client)
    with phone.expect_response("**/draft"):
        phone.locator("[name=topic]").fill("the last of the plums")
    expect(phone.get_by_text("This cannot be saved here any more.")).to_be_visible()
    expect(phone.locator("[data-case=signed-out]")).to_be_hidden()
    phone.locator(CONTINUE).click()
    expect(phone.get_by_role("heading", name="This was closed meanwhile")).to_be_visible()
    expect(phone.get_by_text("the last of the plums")).to_be_visible()
    assert "care has ended" in phone.content()
