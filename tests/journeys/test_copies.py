"""What a phone keeps of what is typed: until the server has it, and never by another zone's clock."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from clients.models import Client
from exercises.models import Homework
from tests.cast import Person, Play
from tests.conftest import Visit
from tests.journeys.ground import CONTINUE, go_on_until, press, sign_in

pytestmark = pytest.mark.django_db(transaction=True)

CONFLICT = "You wrote here and in another tab"
KEPT = "Kept on this device"
# Whether the phone comes to hold as many copies as are said.
HOLDS = """async (wanted) => {
    for (let look = 0; look < 200; look++) {
        const db = await new Promise((ok) => { indexedDB.open("homeward").onsuccess = (e) => ok(e.target.result); });
        const all = db.transaction("drafts").objectStore("drafts").count();
        const found = await new Promise((ok) => { all.onsuccess = () => ok(all.result); });
        db.close();
        if (found === wanted) return true;
        await new Promise((ok) => setTimeout(ok, 25));
    }
    return false;
}"""
# The day and the hour a moment's form says.
WHEN = """() => [...document.querySelectorAll("main form [name^='when.']")].map((el) => el.value)"""
# A line that carries what is sent as one types is one that is quick enough: here it never is.
NO_AUTOSAVE = "() => { window.fetch = () => new Promise(() => {}); }"


@pytest.fixture
def phone_of(live_server: LiveServer, answered: None, visit: Visit) -> Callable[[Person], Page]:
    """Open a phone of somebody's, signed in."""

    def open_phone(person: Person) -> Page:
        page = visit(live_server.url, "phone")
        sign_in(page.context, person.browser(), live_server.url)
        return page

    return open_phone


def asked_for_words(
    play: Play, dana: Person, ana: Person, phone_of: Callable[[Person], Page]
) -> tuple[Homework, Page]:
    homework = play.homework(ana, play.assign(dana, ana))
    page = phone_of(ana)
    page.goto(f"/homework/{homework.pk}/step/1/")
    go_on_until(page, "topic")
    return homework, page


def new_moment(
    play: Play, dana: Person, ana: Person, phone_of: Callable[[Person], Page]
) -> tuple[Homework, Page]:
    log = play.homework(ana, play.assign(dana, ana, "e04-reassurance-log"))
    page = phone_of(ana)
    page.goto(f"/homework/{log.pk}/entries/")
    press(page, page.get_by_role("button", name="Note a"))
    return log, page


def move_to_tokyo(play: Play, dana: Person, ana: Person) -> None:
    assert ana.client is not None
    with play.at(dana):
        Client.objects.filter(pk=ana.client.pk).update(zone="Asia/Tokyo")


def test_a_moment_saved_at_once_leaves_no_copy_to_move_it_in_another_zone(
    play: Play, dana: Person, ana: Person, phone_of: Callable[[Person], Page]
):
    log, page = new_moment(play, dana, ana, phone_of)
    page.evaluate(NO_AUTOSAVE)
    page.locator("main form textarea").first.fill("Asked whether all is well")
    assert page.evaluate(HOLDS, 1)
    here = page.evaluate(WHEN)
    press(page, page.get_by_role("button", name="Save", exact=True))
    assert page.evaluate(HOLDS, 0)

    move_to_tokyo(play, dana, ana)
    page.goto(f"/homework/{log.pk}/entries/")
    said = page.locator("main .card li").first.inner_text()
    press(page, page.get_by_role("link", name="Change"))
    there = page.evaluate(WHEN)
    assert there != here
    assert there[-1] in said
    expect(page.locator("[data-saved-text]")).not_to_have_text(KEPT)
    press(page, page.get_by_role("button", name="Save", exact=True))
    assert page.locator("main .card li").first.inner_text() == said


def test_a_copy_by_another_zones_clock_gives_back_the_words_and_no_hour(
    play: Play, dana: Person, ana: Person, phone_of: Callable[[Person], Page]
):
    _log, page = new_moment(play, dana, ana, phone_of)
    page.route("**/draft", lambda route: route.abort())
    page.locator("main form textarea").first.fill("Asked whether all is well")
    expect(page.locator("[data-saved-text]")).to_have_text(KEPT)
    here = page.evaluate(WHEN)
    move_to_tokyo(play, dana, ana)
    page.reload()
    expect(page.locator("main form textarea").first).to_have_value("Asked whether all is well")
    assert page.evaluate(WHEN) != here


def test_what_went_on_at_once_and_was_changed_elsewhere_is_no_conflict_here(
    play: Play, dana: Person, ana: Person, phone_of: Callable[[Person], Page]
):
    homework, page = asked_for_words(play, dana, ana, phone_of)
    asked = page.url
    page.evaluate(NO_AUTOSAVE)
    page.locator("[name=topic]").fill("the lighthouse")
    assert page.evaluate(HOLDS, 1)
    press(page, page.locator(CONTINUE))
    assert page.evaluate(HOLDS, 0)
    play.say(ana, homework, topic="the harbour")
    page.goto(asked)
    expect(page.locator("[name=topic]")).to_have_value("the harbour")
    expect(page.get_by_role("heading", name=CONFLICT)).to_have_count(0)


def test_a_day_that_does_not_exist_is_not_called_saved_and_is_no_conflict(
    play: Play, dana: Person, ana: Person, phone_of: Callable[[Person], Page]
):
    _log, page = new_moment(play, dana, ana, phone_of)
    moment = page.url
    for words in ("It was", "It was the door"):
        with page.expect_response("**/draft") as answer:
            page.locator("[name='when.day']").fill("31")
            page.locator("[name='when.month']").fill("2")
            page.locator("[name=note]").fill(words)
        assert answer.value.status == 422
        expect(page.locator("[data-saved-text]")).to_contain_text("There is no such day.")
    page.evaluate(NO_AUTOSAVE)
    page.locator("[name=note]").fill("It was the door, again")
    assert page.evaluate(HOLDS, 1)
    again = page.context.new_page()
    page.close()
    with again.expect_response("**/draft"):
        again.goto(moment)
    expect(again.locator("[name=note]")).to_have_value("It was the door, again")
    expect(again.locator("[name='when.day']")).to_have_value("31")
    expect(again.get_by_role("heading", name=CONFLICT)).to_have_count(0)
    again.evaluate(NO_AUTOSAVE)  # nothing is under way when the test ends


def test_both_are_kept_only_where_both_can_stay_and_each_says_what_it_is(
    play: Play, dana: Person, ana: Person, phone_of: Callable[[Person], Page]
):
    _homework, page = asked_for_words(play, dana, ana, phone_of)
    older = page.context.new_page()
    for field, lines in (("when.day", ["Day · 3", "Day · 1"]), ("close_before", ["far", "close"])):
        step = page.url.rsplit("/", 2)[0]
        number = {"when.day": 2, "close_before": 10}[field]
        page.goto(f"{step}/{number}/")
        older.goto(page.url)
        for tab, day, level in ((page, "1", "9"), (older, "3", "1")):
            if field == "close_before":
                tab.locator(f"[name=close_before][value='{level}']").check(force=True)
            else:
                for name, part in (("year", "2026"), ("month", "11"), ("day", day)):
                    tab.locator(f"[name='when.{name}']").fill(part)
                tab.locator("[name='when.day']").blur()
            if tab is page:
                expect(page.locator("[data-saved-text]")).to_contain_text("Saved")
        expect(older.get_by_role("heading", name=CONFLICT)).to_be_visible()
        expect(older.locator("[data-mine]")).to_contain_text(lines[0])
        expect(older.locator("[data-theirs]")).to_contain_text(lines[1])
        expect(older.get_by_role("button", name="Keep the other")).to_be_visible()
        expect(older.get_by_role("button", name="Keep both")).to_have_count(0)


def test_a_row_the_page_does_not_have_yet_says_what_it_is_too(
    play: Play, dana: Person, ana: Person, phone_of: Callable[[Person], Page]
):
    homework, page = asked_for_words(play, dana, ana, phone_of)
    go_on_until(page, "others")
    play.say(ana, homework, others=["tired", "late", "worried"])
    page.locator("[name='others.0']").fill("hungry")
    expect(page.get_by_role("heading", name=CONFLICT)).to_be_visible()
    expect(page.locator("[data-theirs]")).to_contain_text("nothing to do with me 3 · worried")
    with page.expect_response("**/draft"):
        page.get_by_role("button", name="Keep the other").click()
    expect(page.locator("[name='others.2']")).to_have_value("worried")
    page.evaluate(NO_AUTOSAVE)  # nothing is under way when the test ends


def test_what_was_skipped_with_words_in_the_box_stays_skipped(
    play: Play, dana: Person, ana: Person, phone_of: Callable[[Person], Page]
):
    homework, page = asked_for_words(play, dana, ana, phone_of)
    page.evaluate(NO_AUTOSAVE)
    page.locator("[name=topic]").fill("the lighthouse")
    press(page, page.locator("button[name=skip]"))
    assert page.evaluate(HOLDS, 0)
    page.goto(f"/homework/{homework.pk}/check/")
    expect(page.locator("#row-topic")).not_to_contain_text("the lighthouse")


def test_what_did_not_arrive_is_kept(
    play: Play, dana: Person, ana: Person, phone_of: Callable[[Person], Page]
):
    """A line that is there by the phone's word, and carries nothing; then a problem; then two texts."""
    homework, page = asked_for_words(play, dana, ana, phone_of)
    asked = page.url
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function("navigator.serviceWorker.controller")
    page.evaluate(NO_AUTOSAVE)
    page.locator("[name=topic]").fill("the lighthouse")
    assert page.evaluate(HOLDS, 1)
    page.evaluate("Object.defineProperty(navigator, 'onLine', { get: () => true })")
    page.context.set_offline(True)
    page.locator(CONTINUE).click()
    expect(page.get_by_role("heading", name="This did not go out")).to_be_visible()
    page.context.set_offline(False)
    page.goto("/today/")
    assert page.evaluate(HOLDS, 1)
    # Written elsewhere meanwhile: who leaves the choice has it again, who chooses is done with it.
    page.route("**/draft", lambda route: route.abort())
    page.goto(asked)
    expect(page.locator("[name=topic]")).to_have_value("the lighthouse")
    expect(page.locator("[data-saved-text]")).to_have_text(KEPT)
    page.evaluate(NO_AUTOSAVE)
    play.say(ana, homework, topic="the harbour")
    page.locator(CONTINUE).click()
    expect(page.get_by_role("heading", name=CONFLICT).first).to_be_attached()
    assert page.evaluate(HOLDS, 1)
    press(page, page.get_by_role("button", name="Keep this one"))
    assert page.evaluate(HOLDS, 0)
    assert play.fresh(homework).status == "in_progress"
