"""The screen that locks by itself: it can be kept open, and it costs nobody their words.

The browser's clock is moved on; the session is made as old as the browser thinks it is.
"""

import time
from importlib import import_module

from django.conf import settings
from playwright.sync_api import Page, expect

from exercises.management.commands.demo import PASSWORD
from practice.models import Membership, Practice
from tests.conftest import Visit
from tests.journeys.ground import enter_as
from tests.processes import Site

MINUTE = 60_000
WORDS = "She said it before I could ask."
# What the tab keeps, opened with the key that this page was given; null where it does not fit.
UNSEALED = """async () => {
    const bytes = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
    const [iv, box] = JSON.parse(sessionStorage.getItem("homeward-typed")).map(bytes);
    const given = bytes(document.querySelector("meta[name=lock-key]").content);
    const key = await crypto.subtle.importKey("raw", given, "AES-GCM", false, ["decrypt"]);
    const opened = crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, box);
    return opened.then((plain) => new TextDecoder().decode(plain), () => null);
}"""


def seat(demo_site: Site, visit: Visit) -> Page:
    """Sit Dana down in front of a client's private notes, half a sentence in."""
    page = visit(demo_site.url)
    page.clock.install()
    enter_as(page, "Dana")
    page.goto("/clients/?q=Petra")
    page.get_by_role("link", name="Petra Ashby", exact=True).first.click()
    page.wait_for_url("**/clients/*-*/")
    page.goto(f"{page.url}notes")
    page.locator("main textarea").first.fill(WORDS)
    return page


def grow_old(site: Site, page: Page, minutes: int) -> None:
    """Let the session have been idle for so long."""
    (key,) = [
        one["value"]
        for one in page.context.cookies()
        if one["name"] == settings.SESSION_COOKIE_NAME
    ]
    with site.orm():
        store = import_module(settings.SESSION_ENGINE).SessionStore(key)
        store["last_seen"] = time.time() - minutes * 60
        store.save()


def lock_after(site: Site, minutes: int) -> None:
    """Let screens of Dana's practice lock after so long."""
    with site.orm():
        whose = Membership.objects.filter(user__email="dana@hillside.example")
        Practice.objects.filter(pk__in=whose.values("practice")).update(idle_minutes=minutes)


def come_in(page: Page, who: str) -> None:
    page.wait_for_url("**/account/login/**")
    page.locator("[name=login]").fill(f"{who}@hillside.example")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main button.btn", has_text="Sign in").first.click()
    page.wait_for_url("**/notes")


def test_who_presses_stay_stays_and_goes_on_typing(
    demo_site: Site, visit: Visit, problems: list[str]
):
    page = seat(demo_site, visit)
    for _twice in range(2):
        page.clock.fast_forward(26 * MINUTE)
        grow_old(demo_site, page, 26)
        warning = page.locator("[data-session-warning]")
        expect(warning).to_be_visible()
        with page.expect_response("**/still-here") as asked:
            warning.get_by_role("button", name="Stay signed in").click()
        assert asked.value.status == 204
        expect(warning).to_be_hidden()
    page.clock.fast_forward(10 * MINUTE)
    expect(page.locator("main textarea").first).to_have_value(WORDS)
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text(WORDS).first).to_be_visible()
    assert problems == []


def test_the_warning_says_the_minutes_that_are_left_and_comes_halfway_at_most(
    demo_site: Site, visit: Visit, problems: list[str]
):
    page, warning = seat(demo_site, visit), "[data-session-warning]"
    page.clock.fast_forward(24 * MINUTE)
    expect(page.locator(warning)).to_be_hidden()
    page.clock.fast_forward(90_000)
    expect(page.locator(warning)).to_contain_text("Within 5 min you will be signed out")
    page.clock.fast_forward(3 * MINUTE)
    expect(page.locator(warning)).to_contain_text("Within 2 min you will be signed out")

    # Read before our script runs: a practice whose screens lock after two minutes.
    page.add_init_script(
        "document.addEventListener('readystatechange', () =>"
        " Object.assign(document.body.dataset, { expires: 120, warns: 60 }))"
    )
    page.on("dialog", lambda asks: asks.accept())
    page.reload()
    page.clock.fast_forward(50_000)
    expect(page.locator(warning)).to_be_hidden()
    page.clock.fast_forward(15_000)
    expect(page.locator(warning)).to_contain_text("Within 1 min you will be signed out")
    assert problems == []


def test_the_lock_hides_what_is_typed_and_gives_it_back_to_the_same_person(
    demo_site: Site, visit: Visit
):
    page = seat(demo_site, visit)
    grow_old(demo_site, page, 31)
    page.clock.fast_forward(31 * MINUTE)
    page.wait_for_url("**/account/login/**")
    # Whoever sits down finds no word of it, in the page or in what the tab keeps.
    assert WORDS not in page.content()
    left = page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])")
    assert "homeward-typed" in left
    assert "She said" not in left
    come_in(page, "dana")
    expect(page.locator("main textarea").first).to_have_value(WORDS)
    expect(page.locator("[data-words-back]")).to_be_visible()
    assert page.evaluate("sessionStorage.getItem('homeward-typed')") is None


def test_what_is_sent_in_the_last_moment_is_not_refused_with_its_words(
    demo_site: Site, visit: Visit
):
    """The machine slept: the page comes to itself when somebody sends, and asks first."""
    page = seat(demo_site, visit)
    grow_old(demo_site, page, 31)
    page.clock.set_system_time(page.evaluate("Date.now()") + 29.5 * MINUTE)
    page.get_by_role("button", name="Save").first.click()
    come_in(page, "dana")
    expect(page.locator("main textarea").first).to_have_value(WORDS)


def test_where_the_screen_locks_after_a_minute_what_is_sent_goes(
    demo_site: Site, visit: Visit, problems: list[str]
):
    """It cannot be chosen any more; a practice may have it from before."""
    lock_after(demo_site, 1)
    try:
        page = seat(demo_site, visit)
        asked: list[str] = []
        page.on("request", lambda one: asked.append(one.url))
        page.clock.fast_forward(5_000)
        expect(page.locator("[data-session-warning]")).to_be_hidden()
        page.get_by_role("button", name="Save").first.click()
        expect(page.get_by_text(WORDS).first).to_be_visible()
        page.locator("main textarea").first.fill(f"{WORDS} Twice.")
        # The machine slept: the page knows of no warning yet, and asks once.
        page.clock.set_system_time(page.evaluate("Date.now()") + 40_000)
        page.get_by_role("button", name="Save").first.click()
        expect(page.get_by_text(f"{WORDS} Twice.").first).to_be_visible()
        assert len([one for one in asked if one.endswith("/still-here")]) == 1
        assert problems == []
    finally:
        lock_after(demo_site, 30)


def test_a_colleague_who_signs_in_after_the_lock_gets_no_word(demo_site: Site, visit: Visit):
    page = seat(demo_site, visit)
    grow_old(demo_site, page, 31)
    page.clock.fast_forward(31 * MINUTE)
    page.wait_for_url("**/account/login/**")
    enter_as(page, "Omar")
    page.goto("/clients/add")
    assert "She said" not in page.content()
    assert "She said" not in page.evaluate("JSON.stringify({...sessionStorage})")
    assert page.evaluate(UNSEALED) is None
    # With the key that her own page gets it opens: it was still there, and the look was a real one.
    enter_as(page, "Dana")
    page.goto("/clients/add")
    assert WORDS in page.evaluate(UNSEALED)
