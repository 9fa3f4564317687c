"""What a tester with a browser would check of the staff's pages, tried on the demo.

The numbers are those of the twenty-five checks the face was built to.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.utils.timezone import now
from playwright.sync_api import Page, expect

from clients.actors import client_actor
from clients.models import Caseload, Client
from exercises.actions import responding, reviewing
from exercises.models import Homework
from exercises.queries.homework import homework as homework_of
from practice.actors import member_actor
from practice.models import Membership, User
from practice.tenancy import scope
from tests.journeys.ground import say_who
from tests.processes import Site

Visit = Callable[..., Page]

# Where the focus is: whether a ring shows it, and whether anything lies over it.
FOCUS = """() => {
    const el = document.activeElement;
    if (!el || el === document.body || el === document.documentElement) return null;
    const shown = el.matches("[type=radio], [type=checkbox]") ? el.closest("label") ?? el : el;
    const ringed = [el, shown, el.closest(".item")].filter(Boolean).some((one) => {
        const style = getComputedStyle(one);
        return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    });
    const box = shown.getBoundingClientRect();
    const x = Math.min(Math.max(box.left + Math.min(box.width / 2, 40), 1), innerWidth - 1);
    const free = [box.top + 2, box.top + box.height / 2, box.bottom - 2].every((y) => {
        const hit = document.elementFromPoint(x, y);
        return hit && (shown.contains(hit) || hit.contains(shown));
    });
    const name = `${el.tagName} ${(el.innerText || el.name || "").slice(0, 40)}`;
    return { place: [...document.querySelectorAll("*")].indexOf(el), name, ringed, free };
}"""
# The page itself wider than the window, and words cut off at a side.
CUT = """() => {
    const wide = document.documentElement.scrollWidth > innerWidth ? ["the page"] : [];
    const cut = [...document.querySelectorAll("main *")].filter((el) =>
        /hidden|clip/.test(getComputedStyle(el).overflowX) && !el.classList.contains("vh")
        && !el.matches("input") && el.clientWidth > 2 && el.scrollWidth > el.clientWidth + 1);
    return [...wide, ...cut.map((el) => `${el.tagName}.${el.className}`)];
}"""
# Of each chart: its dots as numbers, its columns, its lines; and the table beneath.
CHARTS = """() => [...document.querySelectorAll(".fig")].map((fig) => {
    const svg = [...fig.querySelectorAll("svg")].find((one) => getComputedStyle(one).display !== "none");
    const grid = [...svg.querySelectorAll("line.grid")].map((line) => ({
        y: +line.getAttribute("y1"), value: +line.nextElementSibling.textContent }));
    const [bottom, top] = [grid[0], grid[grid.length - 1]];
    const dot = (el, x, y) => ({ x: +el.getAttribute(x), value: bottom.value
        + (bottom.y - el.getAttribute(y)) / (bottom.y - top.y) * (top.value - bottom.value) });
    const dots = {
        a: [...svg.querySelectorAll("circle:is(.pa, .pc)")].map((el) => dot(el, "cx", "cy")),
        b: [...svg.querySelectorAll("rect:is(.pb, .pd)")].map((el) => dot(el, "x", "y")),
    };
    const rows = [...fig.closest("section").querySelectorAll("tbody tr")]
        .map((row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent));
    const lines = [...svg.querySelectorAll("path.line")]
        .map((path) => ({ part: path.matches(".lb, .ld") ? "b" : "a",
            strokes: path.getAttribute("d").match(/M[^M]*/g).map((one) => one.split("L").length) }));
    return { dots, rows, lines };
})"""


def sign_in(page: Page, name: str) -> Page:
    page.goto("/demo/")
    page.get_by_role("button", name=f"Enter as {name}", exact=True).click()
    page.wait_for_url(lambda url: "/demo/" not in url)
    return page


def link_to(page: Page, pattern: str) -> str:
    found = page.locator(f"main a[href*='{pattern}']").first.get_attribute("href")
    assert found
    return found


def of_ana_and_ben(page: Page) -> str:
    page.goto("/clients/")
    return str(page.get_by_role("link", name=re.compile("^Couple")).first.get_attribute("href"))


# --- 20 · six in a row ------------------------------------------------------------------------
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


def omar_on(site: Site, path: str, *, send: bool) -> None:
    """Let Omar, who cares for this client too, write to the round, and send it or not."""
    pk = path.split("/")[2]
    with site.orm():
        omar = Membership.objects.get(user__email="omar@hillside.example")
        with scope(practice=omar.practice_id, user=omar.user_id):
            client = Client.objects.get(homeworks=pk)
            Caseload.objects.get_or_create(
                practice_id=omar.practice_id,
                client=client,
                member=omar,
                until_at=None,
                defaults={"from_at": now()},
            )
            found = member_actor(User.objects.get(pk=omar.user_id), omar.pk)
            assert found
            homework = homework_of(found[0], pk)  # type: ignore[arg-type]  # from an address
            keep = reviewing.send if send else reviewing.save_draft
            keep(
                by=found[0],
                at=now(),
                homework=homework,
                draft=reviewing.Draft(words="Mine.", decision="reviewed"),
            )


def test_six_reviews_in_a_row_and_never_one_that_a_colleague_has_taken(
    demo_site: Site, visit: Visit, problems: list[str]
):
    for name in ("Ines Larkin", "Lior Varga"):
        hand_in(demo_site, name)
    page = sign_in(visit(demo_site.url), "Dana")
    titles = page.locator("ol.list a.title")
    # However many the demo has waiting at this hour: all but the two that a colleague takes.
    order = [str(one.get_attribute("href")) for one in titles.all()]
    assert len(order) >= 8
    own = len(order) - 2
    taken, written_to = order[3], order[5]
    # Every click that the pages have seen, the way in from the queue not counted.
    page.add_init_script(
        "addEventListener('click', (e) => { if (e.isTrusted && e.detail) sessionStorage.clicks ="
        " 1 + +(sessionStorage.clicks ?? 0); }, true)"
    )
    titles.first.click()
    done = [order[0]]
    for number in range(own):
        page.wait_for_url(f"**{done[-1]}*")
        if number == 1:
            omar_on(demo_site, taken, send=True)
            omar_on(demo_site, written_to, send=False)
        page.locator("[data-comment] summary").first.click()
        expect(page.locator("textarea[name^=comment]").first).to_be_focused()
        page.keyboard.type(f"I read this, and number {number} stays with me.")
        page.get_by_role("button", name="Send and open next").click()
        page.wait_for_load_state()
        expect(page.get_by_text("Sent to").first).to_be_visible()
        done.append(page.url.removeprefix(demo_site.url).partition("?")[0])
    assert int(page.evaluate("sessionStorage.clicks")) == 2 * own
    assert done[:own] == [path for path in order if path not in {taken, written_to}]
    # Nothing is left but what Omar writes to: the list says so, and what was sent can be undone.
    assert done[own] == "/review/"
    expect(titles).to_have_count(1)
    expect(page.get_by_text("Omar Castellan is writing")).to_be_visible()
    expect(page.get_by_role("button", name="Take it back")).to_have_count(5)
    page.get_by_role("button", name="Take it back").first.click()
    expect(page.get_by_text("Taken back. It is a draft again.")).to_be_visible()
    expect(page.locator("textarea[name^=comment]").first).to_have_value(
        f"I read this, and number {own - 1} stays with me."
    )
    assert problems == []


def test_a_reply_is_kept_while_it_is_typed_and_sending_knows_of_it(
    demo_site: Site, visit: Visit, problems: list[str]
):
    page = sign_in(visit(demo_site.url), "Dana")
    path = str(page.locator("ol.list a.title").last.get_attribute("href"))
    page.goto(path)
    page.locator("textarea[name=letter]").focus()
    page.keyboard.type("You went back into the room.")
    expect(page.get_by_text("Kept as a draft.")).to_be_visible()
    page.keyboard.type(" And stayed.")
    expect(page.get_by_text("Kept as a draft.")).to_be_visible()
    page.goto("/clients/")  # away, without having said what becomes of it
    page.goto(path)
    expect(page.locator("textarea[name=letter]")).to_have_value(
        "You went back into the room. And stayed."
    )
    page.locator("textarea[name=letter]").press("Control+End")
    page.keyboard.type(" Thank you.")
    page.get_by_role("button", name="Send and go to the list").click()
    expect(page).to_have_url(re.compile("/review/$"))
    page.goto(path)
    expect(page.get_by_text("You went back into the room. And stayed. Thank you.")).to_be_visible()
    assert problems == []


def test_what_another_tab_changed_is_said_to_be_kept_no_longer(demo_site: Site, visit: Visit):
    page = sign_in(visit(demo_site.url), "Dana")
    path = str(page.locator("ol.list a.title").first.get_attribute("href"))
    other = page.context.new_page()
    for tab in (page, other):
        tab.goto(path)
    page.locator("textarea[name=letter]").press_sequentially("In the one tab.")
    expect(page.get_by_text("Kept as a draft.")).to_be_visible()
    box, not_kept = other.locator("textarea[name=letter]"), other.get_by_text("could not keep this")
    for words in ("In the other.", " And more of it."):
        box.press_sequentially(words)
        expect(not_kept).to_be_visible()


# --- 6 · by keyboard alone --------------------------------------------------------------------
def tab_to(page: Page, wanted: Callable[[dict[str, Any]], bool]) -> None:
    """Press Tab until the focus is where it is wanted; at each stop it shows, and nothing hides it."""
    for _stop in range(80):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        if focus is None:
            continue
        assert focus["ringed"], focus
        assert focus["free"], focus
        if wanted(focus):
            return
    pytest.fail("the keyboard never gets there")


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_a_whole_review_by_keyboard_from_the_queue_to_sent(
    demo_site: Site, visit: Visit, problems: list[str], device: str
):
    page = sign_in(visit(demo_site.url, device), "Omar")
    title = page.locator("ol.list a.title").first.inner_text()
    tab_to(page, lambda focus: title in focus["name"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/review/*-*/")
    tab_to(page, lambda focus: focus["name"].startswith("SUMMARY Comment"))
    page.keyboard.press("Enter")
    expect(page.locator("textarea[name^=comment]").first).to_be_focused()
    page.keyboard.type("What told you?")
    tab_to(page, lambda focus: focus["name"] == "TEXTAREA letter")
    page.keyboard.type("I read every line of it.")
    tab_to(page, lambda focus: focus["name"] == "INPUT decision")
    tab_to(page, lambda focus: "Send and go to the list" in focus["name"])
    page.keyboard.press("Enter")
    expect(page.get_by_text("Sent to").first).to_be_visible()
    assert problems == []


@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_the_focus_shows_at_every_stop_and_nothing_lies_over_it(
    demo_site: Site, visit: Visit, device: str
):
    page = sign_in(visit(demo_site.url, device), "Dana")
    couple = of_ana_and_ben(page)
    assign = f"/assign/?couple={couple.split('/')[2]}"
    for path in ("/review/", "/clients/", couple, assign, "/exercises/", "/clients/add"):
        page.goto(path)
        seen: list[int] = []
        while len(seen) < 80:
            page.keyboard.press("Tab")
            focus = page.evaluate(FOCUS)
            if focus is None or focus["place"] in seen[:-1]:
                break
            assert focus["ringed"], (path, focus)
            assert focus["free"], (path, focus)
            seen.append(focus["place"])
        assert len(seen) > 10, path


# --- 7 · at 200 and 400 percent ---------------------------------------------------------------
def test_nothing_is_cut_at_two_and_four_times_the_size(demo_site: Site, visit: Visit):
    hand_in(demo_site, "Kofi Prado")
    page = sign_in(visit(demo_site.url), "Dana")
    couple = of_ana_and_ben(page)
    page.goto("/review/")
    review = str(page.locator("ol.list a.title").first.get_attribute("href"))
    assign = f"/assign/?couple={couple.split('/')[2]}"
    found = []
    for path in ("/review/", review, couple, assign, "/clients/", "/exercises/"):
        page.goto(path)
        for width, height in ((640, 400), (320, 256)):  # 1280 by 800, seen from closer
            page.set_viewport_size({"width": width, "height": height})
            found += [f"{path} at {width}: {one}" for one in page.evaluate(CUT)]
    assert found == []


# The ways at the thumb, the menus and the views of a list: all of it lies on the screen.
OUTSIDE = """() => {
    for (const menu of document.querySelectorAll("details.menu")) menu.open = true;
    return [...document.querySelectorAll(".thumb > *, .menu-body, .seg > *")].filter((el) => {
        const box = el.getBoundingClientRect();
        return box.left < -1 || box.right > innerWidth + 1;
    }).map((el) => el.textContent.trim().slice(0, 20));
}"""


@pytest.mark.parametrize(("width", "size"), [(390, "200%"), (320, "100%")])
def test_on_a_phone_every_way_lies_on_the_screen(
    demo_site: Site, visit: Visit, width: int, size: str
):
    found = []
    for who in ("Dana", "Zoe"):  # Zoe administers, too: one way more
        page = sign_in(visit(demo_site.url, "phone"), who)
        page.context.add_cookies(
            [{"name": "homeward-language", "value": "es", "url": demo_site.url}]
        )
        page.set_viewport_size({"width": width, "height": 844})
        page.goto("/clients/")
        client = str(page.locator("a.title").first.get_attribute("href"))
        for path in ("/review/", "/clients/", f"{client}reminders"):
            page.goto(path)
            page.evaluate(f"document.documentElement.style.fontSize = '{size}'")
            found += [f"{who} {path}: {one}" for one in page.evaluate(CUT)]
            found += [f"{who} {path}: {one}" for one in page.evaluate(OUTSIDE)]
    assert found == []


# --- 11 · without script ----------------------------------------------------------------------
def test_without_script_one_assigns_and_answers(demo_site: Site, visit: Visit):
    page = sign_in(visit(demo_site.url, java_script_enabled=False), "Omar")
    page.locator("ol.list a.title").first.click()
    page.locator("summary", has_text="Comment").first.click()
    page.locator("textarea[name^=comment]").first.fill("Where did you notice it?")
    page.get_by_label("A few words to open with").fill("Thank you for staying with it.")
    page.get_by_role("button", name="Send and open next").click()
    expect(page.get_by_text("Sent to").first).to_be_visible()
    page.get_by_role("link", name="Assign", exact=True).click()
    page.locator("a.title").first.click()
    page.get_by_placeholder("Search the exercises").fill("argument")
    page.get_by_role("button", name="Search").click()
    page.locator("label", has_text="Under the argument").click()
    page.get_by_role("button", name=re.compile("^Assign to")).click()
    expect(page.get_by_role("heading", name=re.compile("has it now"))).to_be_visible()


# --- 13 · a form that cannot go yet -----------------------------------------------------------
@pytest.mark.parametrize(
    ("who", "path", "typed", "press"),
    [
        ("Dana", "/clients/add", "E-mail", "Add"),
        ("Ruth", "/people/invite", "Name", "Send the invitation"),
        ("Ruth", "/practice/settings", "Name of the practice", "Save"),
    ],
)
def test_a_form_says_what_it_wants_and_keeps_what_was_typed(
    demo_site: Site, visit: Visit, who: str, path: str, typed: str, press: str
):
    page = sign_in(visit(demo_site.url), who)
    say_who(page)
    page.goto(path)
    if path.endswith("settings"):
        page.get_by_label("Discreet name").fill("")
    page.get_by_label(typed, exact=True).fill("not.quite")
    page.locator("main").get_by_role("button", name=press, exact=True).click()
    expect(page.locator("[data-errors]")).to_be_focused()
    assert page.title().startswith("Problem: ")
    expect(page.get_by_label(typed, exact=True)).to_have_value("not.quite")
    link = page.locator("[data-errors] a").first
    field = page.locator(str(link.get_attribute("href")))
    link.click()
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")


# --- 23 · to a couple, and as they see it -----------------------------------------------------
def test_to_a_couple_in_six_clicks_as_previewed_and_taken_back_in_two(
    demo_site: Site, visit: Visit, problems: list[str]
):
    page = sign_in(visit(demo_site.url), "Dana")
    page.goto(of_ana_and_ben(page))
    page.locator("main").get_by_role("link", name="Assign").click()  # 1
    page.get_by_label("A word with it").fill("For Friday.")
    page.get_by_placeholder("Search the exercises").type("ask")
    expect(page.locator("#options label")).to_have_count(1)  # found while typing, no click
    with page.expect_response(lambda one: one.request.method == "GET" and one.ok):
        page.keyboard.press("Enter")  # who presses it all the same loses nothing
    expect(page.locator("#options label")).to_have_count(1)
    expect(page.get_by_label("A word with it")).to_have_value("For Friday.")
    page.locator("#options label").click()  # 2
    page.get_by_role("button", name="Assign").click()  # 3
    expect(page.get_by_role("heading", name="Ana & Ben have it now")).to_be_visible()
    given = page.url
    page.goto("/exercises/")
    page.get_by_role("link", name="From test to clear ask").click()
    page.get_by_role("link", name="See it as a client will").click()
    page.get_by_role("link", name="Begin").click()
    previewed = steps_of(page)
    ana = sign_in(visit(demo_site.url, "phone"), "Ana")
    ana.goto("/today/")
    ana.get_by_role("link", name=re.compile("From test to clear ask")).first.click()
    ana.wait_for_url("**/homework/*/")
    ana.get_by_role("link", name=re.compile("Begin|Continue")).first.click()
    ana.wait_for_url("**/step/*/")
    expect(ana.locator("form[data-draft]")).to_be_visible()
    shown = [asked for asked, _noted in steps_of(ana)]
    # What depends on an answer, or comes at the end, the preview says to be so; of a log it shows
    # what a moment asks, where the client finds the moments noted so far.
    assert [asked for asked, noted in previewed if not noted] == shown
    page.goto(given)
    page.get_by_role("link", name="Withdraw").click()  # 1
    page.locator("main").get_by_role("button", name="Withdraw").click()  # 2
    expect(page.get_by_text("Withdrawn.")).to_be_visible()
    assert problems == []


def steps_of(page: Page) -> list[tuple[str, bool]]:
    """Return each step's questions, word for word, and whether a note says when they are asked."""
    found = []
    for _step in range(20):
        page.wait_for_load_state()
        words = page.evaluate(
            """() => [...document.querySelectorAll(".question")].map((one) => {
                const copy = one.cloneNode(true);
                // What was said elsewhere may be put together here, and remarked upon.
                const theirs = ".disclosure, .hint p + p, textarea";
                for (const el of copy.querySelectorAll(theirs)) el.remove();
                return copy.textContent.replace(/\\s+/g, " ").trim();
            })"""
        )
        asked = re.split("For each moment:|Nothing noted yet", " | ".join(words))[0]
        found.append((asked, page.locator("main .note .icon").count() > 1))
        onward = page.locator(
            "a:visible:text-is('Skip this one'), button:visible:text-is('Skip this one')"
        )
        if not onward.count():
            onward = page.locator(
                "a:visible:text-is('Continue'), button:visible:text-is('Continue')"
            )
        if not onward.count():
            break
        before = page.url
        onward.first.click()
        page.wait_for_url(lambda url, before=before: url != before)
        if "/step" not in page.url and "?step=" not in page.url:
            break
    return found


# --- 24 · charts ------------------------------------------------------------------------------
@pytest.mark.parametrize("media", ["screen", "print"])
def test_the_dots_are_the_table_gaps_are_gaps_and_four_make_no_line(
    demo_site: Site, visit: Visit, media: str
):
    page = sign_in(visit(demo_site.url), "Dana")
    page.goto(of_ana_and_ben(page))
    page.emulate_media(media=media)  # type: ignore[arg-type]
    drawn = page.evaluate(CHARTS)
    assert len(drawn) == 4
    gaps = lines = 0
    for chart in drawn:
        for place, part in enumerate("ab"):
            cells = [row[place] for row in chart["rows"]]
            numbers = [float(cell) for cell in cells if cell != "no entry"]
            dots = chart["dots"][part]
            assert [round(dot["value"], 1) for dot in dots] == numbers
            strokes = [line["strokes"] for line in chart["lines"] if line["part"] == part]
            assert len(strokes) == (len(numbers) >= 5)
            # As many strokes as there are stretches without a gap.
            stretches = [
                len(one)
                for one in "".join("." if c == "no entry" else "x" for c in cells).split(".")
                if one
            ]
            if strokes:
                assert strokes == [stretches]
                lines += 1
            gaps += cells.count("no entry")
    assert gaps
    assert lines
    if media == "print":
        # Told apart without colour: filled circles on whole lines, empty squares on dashes.
        styles = page.evaluate(
            """() => [".fig .pa:not(.tie)", ".fig .pb", ".fig .la", ".fig .lb"].map((name) => {
                const style = getComputedStyle(document.querySelector(name));
                return [style.fill, style.stroke, style.strokeDasharray];
            })"""
        )
        black, white = "rgb(0, 0, 0)", "rgb(255, 255, 255)"
        assert [styles[0][0], styles[1][0], styles[1][1]] == [black, white, black]
        assert [styles[2][1], styles[3][1]] == [black, black]
        assert [styles[2][2], styles[3][2] != "none"] == ["none", True]
