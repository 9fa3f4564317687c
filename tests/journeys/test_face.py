"""The face: every page as each person, on a phone and a laptop, by day and by night.

On each page axe finds nothing (WCAG 2.0 to 2.2, A and AA, and best practice), the console says
nothing, no markup is there to be read, and nothing is wider than the screen, at 390, 1280 and 320
pixels. What axe finds in the tree of a page does not depend on the theme, so that by night only its
colours are asked again.
"""

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

from tests.budgets import CLIENT, STAFF, overruns
from tests.conftest import Visit
from tests.journeys.tour import JOURNEYS, TROUBLES, addresses, be, open_at, pretend
from tests.processes import Site

TAGS = [
    "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice",
]  # fmt: skip
QUICK = {"resultTypes": ["violations"], "preload": False, "iframes": False}
WHOLE = QUICK | {"runOnly": TAGS}
COLOURS = QUICK | {"runOnly": ["color-contrast", "link-in-text-block"]}
# One line for a finding: the rule, where, and what it is.
ASK = """async (options) => (await axe.run(options)).violations.flatMap((one) =>
    one.nodes.map((node) => `${one.id} at ${node.target.join(" ")}: ${node.html.slice(0, 160)}`))"""
STATUS = "the server responded with a status of"
# What sticks out to the side. The screen's width is told: a phone zooms out until a page that is too
# wide fits, and its `innerWidth` with it.
TOO_WIDE = """(screen) => document.documentElement.scrollWidth <= screen ? [] :
    ["the page", ...[...document.querySelectorAll("body *")]
        .filter((el) => el.getBoundingClientRect().right > screen + 1).slice(0, 3)
        .map((el) => `${el.tagName}.${el.className}`)]"""
# Markup somebody would read as words: it was escaped once too often. Code may show some.
READ = """() => [...document.querySelectorAll("body *:not(script, noscript, style, pre, code)")]
    .flatMap((el) => [...el.childNodes]).filter((node) => node.nodeType === Node.TEXT_NODE
        && /<\\/?[a-z][a-z0-9-]*(\\s[^<>]*|\\/)?>|&[a-z]+;|&#\\d+;/i.test(node.data))
    .map((node) => node.data.trim())"""

# Twice the text on the smallest phone is more than WCAG 1.4.10 asks; clients' and guests' pages hold it.
BOTH = f"""(screen) => document.body.matches(".client, .public") && location.pathname !== "/kit"
    ? ({TOO_WIDE})(screen) : []"""

# At twice the text, what of a client's page sticks out of the screen, or out of its own frame.
CUT = """(screen) => !document.body.matches(".client, .public") || location.pathname === "/kit" ? [] :
    [...document.querySelectorAll("header *, main *, footer *")].filter((el) => {
        const box = el.getBoundingClientRect();
        if (!box.width || el.closest(".vh, .skip, .scroll-x, svg, .demo")) return false;
        const frame = el.parentElement.closest(".card")?.getBoundingClientRect().right ?? screen;
        return box.right > Math.min(screen, frame) + 1;
    }).slice(0, 3).map((el) => `${el.tagName}.${el.className}`)"""

# Words for feelings that take two lines by themselves, as they are or all chosen.
BROKEN = """(chosen) => {
    for (const family of document.querySelectorAll("details.family")) family.open = true;
    return [...document.querySelectorAll(".feeling")].flatMap((label) => {
        label.querySelector("input").checked = chosen;
        const text = [...label.querySelector("span").childNodes].find((n) => n.data?.trim());
        const range = document.createRange();
        return [...text.data.matchAll(/\\S+/g)].filter((word) => {
            range.setStart(text, word.index);
            range.setEnd(text, word.index + word[0].length);
            const boxes = [...range.getClientRects()].filter((box) => box.width > 1);
            return new Set(boxes.map((box) => Math.round(box.top / 8))).size > 1;
        }).map(String);
    });
}"""


@pytest.fixture(scope="module")
def places(demo_site: Site) -> dict[str, str]:
    """Return the addresses that hold an id."""
    return addresses(demo_site)


def _width(page: Page) -> int:
    assert page.viewport_size
    return page.viewport_size["width"]


def findings(page: Page, device: str) -> list[str]:
    """Return what is wrong with this page, in both themes."""
    page.evaluate(AXE_SCRIPT)
    found = [f"by day: {one}" for one in page.evaluate(ASK, WHOLE)]
    found += [f"markup to be read: {one}" for one in page.evaluate(READ)]
    page.emulate_media(color_scheme="dark")
    found += [f"by night: {one}" for one in page.evaluate(ASK, COLOURS)]
    page.emulate_media(color_scheme="light")
    found += [f"too wide: {one}" for one in page.evaluate(TOO_WIDE, _width(page))]
    if device == "phone":
        page.set_viewport_size({"width": 320, "height": 844})
        found += [f"too wide at 320: {one}" for one in page.evaluate(TOO_WIDE, 320)]
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        found += [f"too wide at 320, twice the text: {one}" for one in page.evaluate(BOTH, 320)]
        page.set_viewport_size({"width": 390, "height": 844})
        found += [f"cut at 200 % text: {one}" for one in page.evaluate(CUT, 390)]
    return found


@pytest.mark.parametrize("device", ["phone", "desktop"])
@pytest.mark.parametrize("who", JOURNEYS)
def test_every_page_is_for_everybody(
    demo_site: Site,
    visit: Visit,
    problems: list[str],
    places: dict[str, str],
    who: str,
    device: str,
) -> None:
    email, stops = JOURNEYS[who]
    page = visit(
        demo_site.url,
        device,
        color_scheme="light",
        service_workers="block",  # what `pretend` answers would not pass through it
    )
    for status in TROUBLES:
        pretend(page, status)
    be(page, email)
    found: list[str] = []
    for stop in stops:
        status = open_at(page, stop, places)
        if status != stop.status:
            found.append(f"{stop.path}: {status}")
        found += [f"{stop.path} {stop.press} {one}" for one in findings(page, device)]
        # That a page says 404, or a form sent back 422, the console notes, as it should.
        refused = stop.status >= 400 or stop.press
        found += [f"{stop.path} {one}" for one in problems if not (refused and STATUS in one)]
        problems.clear()
    assert not found, "\n".join(found)


WEIGHED = {
    "Ana": (CLIENT, ["/today/", "{begun}", "{begun}step/5/", "{begun}step/6/", "{begun}check/",
                     "{answered}feedback/", "{log}entries/", "/growth/", "/you/"]),
    "Dana": (STAFF, ["/review/", "{review}", "{client}", "{couple}", "/clients/", "/exercises/",
                     "/assign/?client={client_id}"]),
}  # fmt: skip


@pytest.mark.parametrize("who", WEIGHED)
def test_no_page_weighs_more_than_its_side_may(
    demo_site: Site, visit: Visit, places: dict[str, str], who: str
) -> None:
    budget, paths = WEIGHED[who]
    page = visit(demo_site.url, "phone", service_workers="block")
    be(page, JOURNEYS[who][0])
    assert [one for path in paths for one in overruns(page, path.format(**places), budget)] == []


def test_going_on_without_a_line_stays_and_loses_nothing(
    demo_site: Site, visit: Visit, places: dict[str, str]
) -> None:
    page = visit(demo_site.url, "phone")
    be(page, "ana@mail.example")
    for number in range(1, 12):  # which step asks for words depends on what was answered before
        page.goto(f"{places['begun']}step/{number}/")
        if page.locator("textarea").count():
            break
    page.context.set_offline(True)
    page.locator("textarea").fill("written on the train")
    page.locator("button:visible:text-is('Continue')").click()
    expect(page.get_by_text("You are offline, so this did not go out.")).to_be_in_viewport()
    expect(page.get_by_text("You are offline. Keep writing")).to_be_hidden()
    expect(page.locator("textarea")).to_have_value("written on the train")
    page.context.set_offline(False)
    expect(page.get_by_text("You are offline, so this did not go out.")).to_be_hidden()
    page.locator("button:visible:text-is('Continue')").click()
    page.wait_for_url(f"**/step/{number + 1}/")
    page.goto(f"{places['begun']}step/{number}/")
    expect(page.locator("textarea")).to_have_value("written on the train")


def test_the_page_for_offline_goes_by_itself_once_the_line_is_back(
    demo_site: Site, visit: Visit
) -> None:
    """Whoever opened it without a line is not told by every browser that it is back."""
    page = visit(demo_site.url, "phone")
    be(page, "ana@mail.example")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function("navigator.serviceWorker.controller")
    page.context.set_offline(True)
    page.goto("/you/")
    expect(page.get_by_role("heading", name="You are offline")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_role("heading", name="You", exact=True)).to_be_visible(timeout=30_000)


def test_the_page_for_offline_speaks_as_the_person_does_and_not_as_the_browser(
    demo_site: Site, visit: Visit
) -> None:
    page = visit(demo_site.url, "phone")
    # The one who was here first speaks as this browser does.
    for who, heading in (("ana", "You are offline"), ("lucia", "Estás sin conexión")):
        be(page, f"{who}@mail.example")
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        page.wait_for_function("navigator.serviceWorker.controller")
        page.goto("/today/")
        page.wait_for_function(
            """caches.match("/offline").then(
                (kept) => kept.headers.get("Content-Language") === document.documentElement.lang
            )"""
        )
        page.context.set_offline(True)
        page.goto("/you/")
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
        page.context.set_offline(False)
        page.goto("/today/")


def test_on_a_phone_every_word_for_a_feeling_stays_whole(
    demo_site: Site, visit: Visit, places: dict[str, str]
) -> None:
    page = visit(demo_site.url, "phone")
    be(page, "ana@mail.example")
    page.goto(f"{places['begun']}step/5/")
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate(BROKEN, arg=False) == []
        assert page.evaluate(BROKEN, arg=True) == []
