"""Check 22 of ux/README, seen: only named answers open, old words stay, the partner cannot notice."""

import re

import pytest
from playwright.sync_api import Page, expect

from clients.models import Couple
from tests.cast import Person, Play
from tests.journeys.ground import CONTINUE, OpenAs
from tests.world import world

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_returned_answer_opens_alone_and_only_its_author_knows(
    play: Play,
    dana: Person,
    ana: Person,
    ben: Person,
    cleared: Couple,
    open_as: OpenAs,
    problems: list[str],
):
    given = play.assign(dana, cleared)
    anas, bens = (play.homework(one, given) for one in (ana, ben))
    play.say(ben, bens, topic="the train")
    bens_phone = ben.browser()
    before = world(ben, bens_phone)
    play.submit(ana, anas, topic="the dishes", under="being alone")
    assert world(ben, bens_phone) == before

    desk = open_as(dana, "desktop")
    desk.goto(f"/review/{anas.pk}/")
    question = desk.locator("section", has=desk.locator("#q-under"))
    question.locator("summary", has_text="Comment").click()
    question.get_by_label("Your comment").fill("What was softer under it?")
    question.get_by_label("Open this one again").check()
    desk.get_by_role("radio", name=re.compile("Return")).check()
    desk.get_by_role("button", name="Send and go to the list").click()
    expect(desk.get_by_text("Sent to Ana.")).to_be_visible()
    play.settle(dana.practice.pk)
    assert world(ben, bens_phone) == before

    phone = open_as(ana, "phone")
    phone.goto("/today/")
    phone.get_by_role("link", name=re.compile("See what Dana asks")).first.click()
    for words in ("What was softer under it?", "being alone", "the dishes"):
        expect(phone.get_by_text(words)).to_be_visible()
    assert fields(phone) == ["under"]
    # Nor does the address of an old step open anything else.
    for number in (1, 2, 3, 7):
        phone.goto(f"/homework/{anas.pk}/step/{number}/")
        assert set(fields(phone)) <= {"under"}
    phone.goto(f"/homework/{anas.pk}/step/1/")
    expect(phone.get_by_text("being alone")).to_be_visible()
    phone.locator("[name=under]").fill("being left")
    phone.locator(CONTINUE).click()
    phone.wait_for_url("**/check/")
    assert world(ben, bens_phone) == before
    phone.get_by_role("button", name="Send to Dana").click()
    phone.wait_for_url("**/sent/**")
    assert world(ben, bens_phone) == before

    desk.goto(f"/review/{anas.pk}/")
    for words in ("being left", "being alone", "What was softer under it?"):
        expect(desk.get_by_text(words, exact=True).first).to_be_visible()
    phone.goto(f"/homework/{anas.pk}/copy/")
    for words in ("being left", "being alone"):
        expect(phone.get_by_text(words)).to_be_visible()
    assert problems == []


def fields(page: Page) -> list[str]:
    """Return the questions that stand open on this page."""
    return page.locator("main form [name]:not([type=hidden], button)").evaluate_all(
        "(all) => [...new Set(all.map((one) => one.name.split('.')[0]))]"
    )
