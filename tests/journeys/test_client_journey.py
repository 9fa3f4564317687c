"""Ana on her phone: answers, loses the tab half-way, comes back, sends, reads what came."""

import pytest
from playwright.sync_api import expect

from tests.cast import Person, Play
from tests.journeys.ground import CONTINUE, OpenAs, go_on_until, press, skip_to_check

pytestmark = pytest.mark.django_db(transaction=True)


def test_ana_answers_loses_the_tab_and_comes_back(
    open_as: OpenAs,
    play: Play,
    dana: Person,
    ana: Person,
):
    homework = play.homework(ana, play.assign(dana, ana))
    page = open_as(ana, "phone")

    page.goto("/today/")
    press(page, page.get_by_role("link", name="Begin"))
    press(page, page.get_by_role("link", name="Begin"))
    go_on_until(page, "topic")
    page.locator("[name=topic]").press_sequentially("who picks up the children", delay=30)
    page.close()

    again = page.context.new_page()
    again.goto("/today/")
    again.goto(f"/homework/{homework.pk}/")
    press(again, again.get_by_role("link", name="Continue"))
    again.goto(f"/homework/{homework.pk}/step/1/")
    go_on_until(again, "topic", skip=False)
    expect(again.locator("[name=topic]")).to_have_value("who picks up the children")
    press(again, again.locator(CONTINUE))
    go_on_until(again, "under")
    again.locator("[name=under]").fill("I would be left")
    press(again, again.locator(CONTINUE))
    skip_to_check(again)
    expect(again.get_by_text("I would be left")).to_be_visible()
    again.get_by_role("button", name="Send to Dana").click()
    expect(again.get_by_role("heading", name="It’s with Dana now")).to_be_visible()
    again.go_back()
    again.goto(f"/homework/{homework.pk}/step/3/")
    expect(again.get_by_role("heading", name="It’s with Dana now")).to_be_visible()

    play.review(
        dana,
        homework,
        words="You came back.",
        comments={"under": "And under it?"},
        returned=("under",),
    )
    again.goto("/today/")
    again.get_by_role("link", name="See what Dana asks").click()
    expect(again.get_by_text("You came back.")).to_be_visible()
    again.locator("[name=under]").fill("that I do not matter")
    press(again, again.locator(CONTINUE))
    again.get_by_role("button", name="Send to Dana").click()
    expect(again.get_by_role("heading", name="It’s with Dana now")).to_be_visible()
    assert play.fresh(homework).round == 2
