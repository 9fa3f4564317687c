"""A client's phone, checked: taps, Back, sending once, the keyboard, problems, colours, old tasks."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from exercises.models import Homework, Step
from exercises.workflow import Move
from tests.cast import PASSWORD, Person, Play
from tests.conftest import Visit
from tests.journeys.ground import CONTINUE, OpenAs, go_on_until

pytestmark = pytest.mark.django_db(transaction=True)

E10 = "e10-from-test-to-clear-ask"
SENT = "It’s with Dana now"
# What a form says, so that it can be compared: each field with its values, in order.
SAID = """() => [...document.querySelectorAll("main form [name]")]
    .filter((el) => !/hidden|submit/.test(el.type) && (!/radio|checkbox/.test(el.type) || el.checked))
    .map((el) => `${el.name}=${el.value}`)"""
# Of what has the focus: whether it is seen, whole enough to hit, and has a ring.
FOCUS = """() => {
    const el = document.activeElement, box = el.getBoundingClientRect();
    const label = el.closest("label"), drawn = [el, label, el.nextElementSibling].filter(Boolean);
    const shown = box.width > 2 ? box : label?.getBoundingClientRect() ?? box;
    const hit = document.elementFromPoint(shown.left + shown.width / 2, shown.top + shown.height / 2);
    const seen = !!hit && drawn.some((one) => one.contains(hit) || hit.contains(el));
    const ring = drawn.some((one) => {
        const style = getComputedStyle(one);
        return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    });
    const what = `${el.tagName} ${el.name || el.textContent.trim().slice(0, 40)}`;
    return { what, problem: seen ? (ring ? "" : "no ring") : "hidden under " + hit?.className };
}"""


@pytest.fixture
def asked(play: Play, dana: Person, ana: Person) -> Homework:
    """E10, given to Ana: words, choices, a sentence, a log, one thing on each of nine screens."""
    return play.homework(ana, play.assign(dana, ana, E10))


def answer(page: Page, press: Callable[[Locator], None]) -> None:
    """Say something to the one question of this screen."""
    choice, words = page.locator("main form .choice"), page.locator("main form textarea")
    if choice.count():
        press(choice.first)
    elif words.count():
        press(words.first)
        words.first.fill("a few words")


def steps_of(page: Page) -> int:
    found = re.search(r"of (\d+)", page.locator(".stepbar").inner_text())
    assert found
    return int(found[1])


def times_sent(homework: Homework, play: Play, person: Person) -> int:
    with play.at(person):
        return Step.objects.filter(homework=homework, move=Move.SUBMIT).count()


def test_three_taps_to_the_first_question_and_two_for_each_to_the_end(
    asked: Homework, ana: Person, open_as: OpenAs
):
    page = open_as(ana)
    page.goto("/")  # what every mail links to
    taps = 1

    def tap(what: Locator) -> None:
        nonlocal taps
        taps += 1
        what.tap()

    tap(page.get_by_role("link", name="Begin"))
    tap(page.get_by_role("link", name="Begin"))
    expect(page.locator("main form textarea, main form .choice").first).to_be_visible()
    assert taps == 3
    taps, steps = 1, steps_of(page)
    while "/check/" not in page.url:
        here = page.url
        answer(page, tap)
        tap(page.locator(CONTINUE))
        page.wait_for_url(lambda url, here=here: url != here)
    tap(page.get_by_role("button", name="Send to Dana"))
    expect(page.get_by_role("heading", name=SENT)).to_be_visible()
    # Six steps would be fourteen taps, Begin and Send among them.
    assert taps <= 2 * steps + 2


def test_five_taps_in_each_of_two_tabs_send_once(
    asked: Homework, play: Play, ana: Person, open_as: OpenAs
):
    play.fill(ana, asked, raw="you never call")
    page = open_as(ana)
    other = page.context.new_page()
    for tab in (page, other):
        tab.goto(f"/homework/{asked.pk}/check/")
    other.evaluate(
        """() => setTimeout(() => {
            const send = document.querySelector("main form button");
            for (let tap = 0; tap < 5; tap++) setTimeout(() => send.click(), 15 * tap);
        })"""
    )
    page.get_by_role("button", name="Send to Dana").click(click_count=5, no_wait_after=True)
    for tab in (page, other):
        expect(tab.get_by_role("heading", name=SENT)).to_be_visible()
    assert times_sent(asked, play, ana) == 1
    assert play.fresh(asked).round == 1


def test_a_step_left_open_does_not_promise_to_save_what_was_sent_meanwhile(
    asked: Homework, play: Play, ana: Person, open_as: OpenAs
):
    page = open_as(ana)
    page.goto(f"/homework/{asked.pk}/step/1/")
    go_on_until(page, "raw")
    play.submit(ana, asked, raw="you never call")
    page.locator("[name=raw]").fill("you never call, and I wait")
    expect(page.locator("[data-case=closed]")).to_be_visible()
    expect(page.locator("[data-saved-text]")).to_have_text("Not saved")


def test_two_tabs_of_one_browser_never_write_over_each_other(
    play: Play, dana: Person, ana: Person, open_as: OpenAs
):
    page = open_as(ana)
    page.goto(f"/homework/{play.homework(ana, play.assign(dana, ana)).pk}/step/1/")
    go_on_until(page, "topic")
    older = page.context.new_page()
    older.goto(page.url)
    for words in ("the lighthouse", "the lighthouse, at dusk"):
        with page.expect_response(lambda one: one.url.endswith("/draft")) as saved:
            page.locator("[name=topic]").fill(words)
        assert saved.value.status == 200
    older.locator("[name=topic]").fill("the harbour")
    expect(older.get_by_role("heading", name="You wrote here and in another tab")).to_be_visible()
    # What was chosen goes to the server at once; nothing of it is under way when the test ends.
    with older.expect_response(lambda one: one.url.endswith("/draft") and one.ok):
        older.get_by_role("button", name="Keep both").click()
    expect(older.locator("[name=topic]")).to_have_value(re.compile("lighthouse, at dusk"))
    expect(older.locator("[name=topic]")).to_have_value(re.compile("harbour"))
    expect(older.locator("[data-saved-text]")).to_have_text(re.compile("Saved"))


def test_blanks_around_the_words_are_no_other_words(
    play: Play, dana: Person, ana: Person, open_as: OpenAs
):
    """The server keeps words without them; a copy on the device that has them says the same."""
    page = open_as(ana)
    homework = play.homework(ana, play.assign(dana, ana))
    page.goto(f"/homework/{homework.pk}/step/1/")
    go_on_until(page, "topic")
    page.route("**/draft", lambda route: route.abort())
    page.locator("[name=topic]").fill(" the lighthouse ")
    expect(page.locator("[data-saved-text]")).to_have_text("Kept on this device")
    play.say(ana, homework, topic="the lighthouse")
    page.unroute("**/draft")
    page.reload()
    page.wait_for_function(
        """async () => {
            const db = await new Promise((ok) => { indexedDB.open("homeward").onsuccess = (e) => ok(e.target.result); });
            const all = db.transaction("drafts").objectStore("drafts").count();
            return new Promise((ok) => { all.onsuccess = () => ok(all.result === 0); });
        }"""
    )
    expect(page.get_by_role("heading", name="You wrote here and in another tab")).to_have_count(0)
    expect(page.locator("[name=topic]")).to_have_value("the lighthouse")


def test_what_is_too_long_is_said_below_the_words(
    play: Play, dana: Person, ana: Person, open_as: OpenAs
):
    page = open_as(ana)
    page.goto(f"/homework/{play.homework(ana, play.assign(dana, ana)).pk}/step/1/")
    go_on_until(page, "topic")
    words, below = page.locator("[name=topic]"), page.locator("[name=topic] + .field-error")
    words.fill("x" * 300)
    expect(below).to_contain_text("20 characters over")
    words.fill("x" * 200)
    expect(below).to_have_count(0)


def test_without_script_no_ring_stands_for_a_time(ana: Person, open_as: OpenAs):
    page = open_as(ana, java_script_enabled=False)
    page.goto("/breath/")
    expect(page.get_by_text("Let each breath out take a little longer")).to_be_visible()
    expect(page.locator(".dial")).to_be_hidden()


def test_a_line_of_a_list_is_saved_as_it_is_typed_and_one_is_enough(
    play: Play, dana: Person, ana: Person, open_as: OpenAs
):
    page = open_as(ana)
    homework = play.homework(ana, play.assign(dana, ana))
    page.goto(f"/homework/{homework.pk}/step/1/")
    go_on_until(page, "others")
    with page.expect_response(lambda one: one.url.endswith("/draft")) as saved:
        page.locator("[name='others.0']").fill("the train was late")
    assert saved.value.status == 200
    step = page.url
    page.locator("[name='others.0']").press("Enter")  # goes on: Back is no button of Enter's
    expect(page.locator("[name=close_before]")).to_have_count(11)
    page.goto(step)
    expect(page.locator("[name='others.0']")).to_have_value("the train was late")
    page.goto(f"/homework/{homework.pk}/check/")
    expect(page.locator("#row-others")).to_contain_text("the train was late")
    expect(page.locator("#row-others")).not_to_contain_text("Still open")


def test_back_shows_every_answer_as_it_was_left_and_no_form_after_sending(
    asked: Homework, ana: Person, open_as: OpenAs
):
    page = open_as(ana)
    page.goto(f"/homework/{asked.pk}/step/1/")
    # A problem on the way leaves no page behind that could only be sent once more.
    page.locator(CONTINUE).click()
    expect(page.locator("[data-errors]")).to_be_focused()
    said = []
    while "/check/" not in page.url:
        here = page.url
        answer(page, Locator.click)
        said.append((here, page.evaluate(SAID)))
        page.locator(CONTINUE).click()
        page.wait_for_url(lambda url, here=here: url != here)
    for here, words in reversed(said):
        page.go_back()
        page.wait_for_url(here)
        assert page.evaluate(SAID) == words
    page.goto(f"/homework/{asked.pk}/check/")
    page.get_by_role("button", name="Send to Dana").click()
    expect(page.get_by_role("heading", name=SENT)).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name=SENT)).to_be_visible()
    assert page.locator("form[data-draft], [name=revision]").count() == 0


class Keys:
    """Somebody with a keyboard and nothing else; notes each stop that cannot be seen."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.hidden: set[str] = set()

    def tab_to(self, wanted: str) -> None:
        for _stop in range(60):
            self.page.keyboard.press("Tab")
            found = self.page.evaluate(FOCUS)
            if found["problem"]:
                self.hidden.add(f"{self.page.url} {found['what']}: {found['problem']}")
            if self.page.evaluate("(wanted) => document.activeElement.matches(wanted)", wanted):
                return
        pytest.fail(f"no Tab leads to {wanted} on {self.page.url}")

    def go(self, wanted: str) -> None:
        self.tab_to(wanted)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def answer(self) -> None:
        asked = "main form :is(.choice input, textarea)"
        if self.page.locator(asked).count():
            self.tab_to(asked)
            is_choice = self.page.evaluate("document.activeElement.matches('.choice input')")
            self.page.keyboard.type(" " if is_choice else "today, a few words")


def test_from_the_sign_in_to_sent_by_keyboard_alone(
    asked: Homework, ana: Person, live_server: LiveServer, visit: Visit
):
    page = visit(live_server.url, "phone")
    page.goto("/account/login/?next=/today/")
    keys = Keys(page)
    keys.tab_to("[name=login]")
    page.keyboard.type("ana@mail.example")
    keys.tab_to("[name=password]")
    page.keyboard.type(PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    keys.go(".feature a.btn")
    keys.go(".actions a.btn")
    while "/check/" not in page.url:
        keys.answer()
        keys.go("main form .actions .btn:not(.quiet)")
    keys.go("main form.actions button")
    expect(page.get_by_role("heading", name=SENT)).to_be_visible()
    keys.tab_to("footer form button")  # past the bar at the thumb, to the last line of the page
    assert keys.hidden == set()


def test_a_blank_answer_says_what_to_do(play: Play, dana: Person, ana: Person, open_as: OpenAs):
    homework = play.homework(ana, play.assign(dana, ana))
    page = open_as(ana)
    page.goto(f"/homework/{homework.pk}/step/1/")
    go_on_until(page, "topic")
    page.locator(CONTINUE).last.click()
    expect(page.locator("[data-errors]")).to_be_focused()
    assert page.title().startswith("Problem: step ")
    page.locator("[data-errors] a").click()
    expect(page.locator("[name=topic]")).to_be_focused()
    # A line is a line: Enter goes on, as it does everywhere.
    page.locator("[name=topic]").fill("the dishes")
    page.locator("[name=topic]").press("Enter")
    expect(page.locator("[name=topic]")).to_have_count(0)
    go_on_until(page, "others")
    page.locator(CONTINUE).last.click()
    expect(page.locator("[data-errors]")).to_be_focused()
    page.locator("button[name=skip]").click()
    expect(page.locator("[data-errors]")).to_have_count(0)


def test_what_is_chosen_is_seen_without_colours_and_nothing_moves(
    play: Play, dana: Person, ana: Person, open_as: OpenAs
):
    homework = play.homework(ana, play.assign(dana, ana))
    page = open_as(ana, forced_colors="active")
    page.goto(f"/homework/{homework.pk}/step/1/")
    for name, part in (("felt", ".feeling"), ("need", ".choice"), ("close_after", ".scale label")):
        go_on_until(page, name)
        one = page.locator(part).first
        before = one.screenshot()
        one.click()
        page.mouse.move(0, 0)
        page.locator(CONTINUE).focus()
        assert one.screenshot() != before, part
        assert page.evaluate("document.getAnimations().length") == 0


def test_a_tapped_number_can_be_taken_back(play: Play, dana: Person, ana: Person, open_as: OpenAs):
    homework = play.homework(ana, play.assign(dana, ana))
    page = open_as(ana)
    page.goto(f"/homework/{homework.pk}/step/1/")
    go_on_until(page, "close_after")
    seven = page.locator("[name=close_after][value='7']")
    label = page.locator(".scale label", has=seven)
    label.click()
    expect(seven).to_be_checked()
    label.click()
    expect(seven).not_to_be_checked()
    label.dblclick()
    expect(seven).to_be_checked()
    with page.expect_response(lambda one: '"close_after":[]' in (one.request.post_data or "")):
        seven.press("Delete")
    expect(seven).not_to_be_checked()
    page.reload()
    expect(seven).not_to_be_checked()


@pytest.fixture
def old(play: Play, dana: Person, ana: Person) -> Homework:
    """E01 from last week, not begun: its day has passed."""
    return play.homework(ana, play.assign(dana, ana, opens_in=timedelta(days=-9), days=4))


def test_an_old_task_waits_without_reproach_and_letting_go_can_be_undone(
    old: Homework, ana: Person, open_as: OpenAs
):
    page = open_as(ana)
    page.goto("/today/")
    waiting = page.locator("section", has=page.get_by_text("Still here if you want it")).last
    words = waiting.inner_text()
    assert "There is no catching up to do" in words
    assert not re.search(r"late|overdue|missed|days? ago|\d+ (day|week)", words)
    colours = waiting.evaluate(
        """(part) => [...part.querySelectorAll("*")].flatMap((el) => {
            const { color, backgroundColor, borderTopColor } = getComputedStyle(el);
            return [color, backgroundColor, borderTopColor];
        })"""
    )
    reds = [
        one
        for one in set(colours)
        if (rgb := [int(part) for part in re.findall(r"\d+", one)[:3]])
        and rgb[0] > 120
        and rgb[0] > 1.6 * max(rgb[1:])
    ]
    assert reds == []
    waiting.get_by_role("button", name="Let it go").click()
    expect(page.get_by_role("heading", name="This is set aside")).to_be_visible()
    picking = page.get_by_role("button", name="Pick it up again")
    picking.click()
    expect(picking).to_have_count(0)
    page.goto("/today/")
    expect(page.get_by_text("Still here if you want it")).to_be_visible()
