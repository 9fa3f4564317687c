"""The therapist's and the admin's day, in a real browser on the demo."""

import csv
import io
from pathlib import Path

import pytest
from django.utils.timezone import now
from playwright.sync_api import Dialog, Page, expect

from clients.models import Caseload, Client
from exercises.management.commands.demo import PASSWORD
from practice.models import Membership
from practice.tenancy import scope
from tests.conftest import Visit
from tests.journeys.ground import clicks, count_clicks, enter_as, invite, say_who
from tests.processes import Site

TYPED = "I would like to hear more about that evening."


def link_of(page: Page, name: str) -> str:
    found = page.get_by_role("link", name=name, exact=True).first.get_attribute("href")
    assert found
    return found


# --- assigning ---------------------------------------------------------------------------------
@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_from_the_clients_page_to_assigned_in_at_most_four_clicks(
    demo_site: Site, visit: Visit, device: str, problems: list[str]
):
    page = enter_as(visit(demo_site.url, device), "Dana")
    page.goto("/clients/?q=Petra")
    page.goto(link_of(page, "Petra Ashby"))
    # Counted where it happens: every click the page itself has seen, across pages.
    count_clicks(page)
    page.reload()
    page.locator("main").get_by_role("link", name="Assign").click()
    page.locator("label", has_text="Reassurance log").click()
    page.get_by_role("button", name="Assign to Petra").click()
    expect(page.get_by_role("heading", name="Petra has it now")).to_be_visible()
    pressed = clicks(page)
    # A click on a label is followed by one on its button: counted twice here, done once.
    assert 3 <= pressed <= 4
    page.get_by_role("link", name="Withdraw").click()
    page.locator("main").get_by_role("button", name="Withdraw").click()
    expect(page.get_by_text("Withdrawn.")).to_be_visible()
    assert problems == []


def test_noting_a_session_leads_back_to_what_was_chosen(
    demo_site: Site, visit: Visit, problems: list[str]
):
    page = enter_as(visit(demo_site.url), "Dana")
    page.goto("/clients/?q=Amal")
    page.goto(link_of(page, "Amal Romero"))
    page.get_by_role("link", name="Change the session").click()
    hour = page.get_by_label("Next session").input_value()
    page.get_by_label("Next session").fill("")
    page.get_by_role("button", name="Save").click()
    page.locator("main").get_by_role("link", name="Assign").click()
    page.locator("label", has_text="From test to clear ask").click()
    page.get_by_role("link", name="Note the next session").click()
    page.get_by_label("Next session").fill(hour)
    page.get_by_role("button", name="Save").click()
    chosen = page.locator("label", has_text="From test to clear ask")
    expect(chosen.get_by_role("radio")).to_be_checked()
    assert problems == []


# --- reviewing ---------------------------------------------------------------------------------
def test_one_key_leads_from_one_review_to_the_next(
    demo_site: Site, visit: Visit, problems: list[str]
):
    page = enter_as(visit(demo_site.url), "Dana")
    rows = page.locator("ol.list a.title")
    first, second = (rows.nth(number).get_attribute("href") for number in (0, 1))
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{first}")
    page.keyboard.press("j")
    page.wait_for_url(f"**{second}")
    page.keyboard.press("k")
    page.wait_for_url(f"**{first}")
    page.locator("textarea[name=letter]").focus()
    page.keyboard.type("jk")  # words, while one writes
    assert page.url.endswith(str(first))
    assert problems == []


def test_the_next_review_is_a_plain_link(demo_site: Site, visit: Visit):
    page = enter_as(visit(demo_site.url, java_script_enabled=False), "Dana")
    rows = page.locator("ol.list a.title")
    first, second = (str(rows.nth(number).get_attribute("href")) for number in (0, 1))
    page.goto(first)
    page.get_by_role("link", name="Next", exact=True).click()
    page.wait_for_url(f"**{second}")
    page.get_by_role("link", name="Previous", exact=True).click()
    page.wait_for_url(f"**{first}")


def test_the_second_of_two_reviewers_is_told_and_keeps_what_was_typed(
    demo_site: Site, visit: Visit
):
    dana = enter_as(visit(demo_site.url), "Dana")
    path = link_of(dana, "From test to clear ask")
    _let_omar_care_too(demo_site, "Noor Haddad")
    omar = enter_as(visit(demo_site.url), "Omar")
    for page in (dana, omar):
        page.goto(path)
    dana.locator("summary", has_text="Comment").first.click()
    dana.locator("textarea[name^=comment]").first.fill("Whose idea was it?")
    dana.locator("textarea[name=letter]").fill(TYPED)
    omar.locator("textarea[name=letter]").fill("Thank you for this, Noor.")
    omar.get_by_role("button", name="Send and go to the list").click()
    expect(omar.get_by_text("Sent to Noor.")).to_be_visible()
    dana.get_by_role("button", name="Send and go to the list").click()
    expect(dana.get_by_text("A colleague has answered this meanwhile.")).to_be_visible()
    for again in (False, True):
        if again:
            dana.goto(path)
        for text in (TYPED, "Whose idea was it?", "Thank you for this, Noor."):
            expect(dana.get_by_text(text).first).to_be_visible()


def _let_omar_care_too(site: Site, name: str) -> None:
    with site.orm():
        omar = Membership.objects.get(user__email="omar@hillside.example")
        with scope(practice=omar.practice_id):
            client = Client.objects.get(name=name, practice=omar.practice_id)
            Caseload.objects.create(
                practice_id=omar.practice_id, client=client, member=omar, from_at=now()
            )


# --- Ruth's pages ------------------------------------------------------------------------------
def test_an_invitation_goes_out_again_and_is_cancelled(
    demo_site: Site, visit: Visit, problems: list[str]
):
    ruth = enter_as(visit(demo_site.url), "Ruth")
    say_who(ruth)
    invite(ruth, "Ivo Marek", "ivo@hillside.example")
    row = ruth.locator("li.item", has_text="Ivo Marek")
    expect(row.get_by_text("Waiting")).to_be_visible()
    row.get_by_role("button", name="Send it again").click()
    expect(ruth.get_by_text("A new link is on its way.")).to_be_visible()
    off = row.get_by_role("button", name="Cancel the invitation")
    off.click()  # a slip: asked whether it is meant, the browser says no
    expect(row.get_by_text("Waiting")).to_be_visible()
    ruth.once("dialog", lambda ask: ask.accept())
    off.click()
    expect(row.get_by_text("Cancelled")).to_be_visible()
    expect(row.get_by_role("button", name="Cancel the invitation")).to_have_count(0)
    row.get_by_role("button", name="Send it again").click()
    expect(row.get_by_text("Waiting")).to_be_visible()
    # To the same address once more: one open invitation, not two.
    invite(ruth, "Ivo Marek", "ivo@hillside.example")
    ruth.goto("/people/")
    expect(row.get_by_text("Waiting")).to_have_count(1)
    assert [one for one in problems if "409" not in one and "422" not in one] == []


def test_a_seat_ends_with_its_clients_handed_over_and_comes_back(demo_site: Site, visit: Visit):
    ruth = enter_as(visit(demo_site.url), "Ruth")
    omar = enter_as(visit(demo_site.url), "Omar")
    omar.goto("/clients/")
    handed = omar.locator("ul.list a.title").first.inner_text()
    ruth.goto("/people/?q=Omar")
    ruth.get_by_role("link", name="Omar Castellan").click()
    ruth.get_by_role("link", name="Deactivate").click()
    ruth.get_by_label("Who takes over?").select_option("Dana Whitlock")
    ruth.get_by_role("button", name="Deactivate").click()
    # It opens or shuts the house, so she says once more who she is; what she chose is not lost by that.
    ruth.get_by_label("Password").fill(PASSWORD)
    ruth.get_by_role("button", name="Continue").click()
    expect(ruth.get_by_text("They can no longer open anything here")).to_be_visible()
    omar.goto("/clients/")
    expect(omar.get_by_text(handed)).to_have_count(0)
    dana = enter_as(visit(demo_site.url), "Dana")
    dana.goto("/clients/")
    expect(dana.get_by_role("link", name=handed, exact=True)).to_have_count(1)
    ruth.goto("/people/?state=deactivated")
    ruth.get_by_role("link", name="Omar Castellan").click()
    ruth.get_by_role("button", name="Reactivate").click()
    expect(ruth.get_by_text("They can sign in again.")).to_be_visible()
    ruth.get_by_label("Supervisor").check()
    ruth.get_by_role("button", name="Save").click()
    expect(ruth.get_by_text("Now choose whose caseloads they read.")).to_be_visible()
    ruth.get_by_label("Dana Whitlock").check()
    ruth.get_by_role("button", name="Save").click()
    expect(ruth.get_by_text("It holds from their next click on.")).to_be_visible()
    # His session ended with the seat.
    omar = enter_as(visit(demo_site.url), "Omar")
    omar.goto("/clients/")
    expect(omar.get_by_text("You read along with Dana Whitlock, as a supervisor.")).to_be_visible()


def test_a_name_of_one_long_word_keeps_within_a_phone(demo_site: Site, visit: Visit):
    dana = enter_as(visit(demo_site.url), "Dana")
    dana.goto("/clients/")
    page = f"{link_of(dana, 'Noor Haddad')}edit"
    dana.goto(page)
    dana.locator("[name=name]").fill("Noor " + "Wolfeschlegelsteinhausenbergerdorff")
    dana.get_by_role("button", name="Save").click()
    dana.set_viewport_size({"width": 360, "height": 780})
    for path in (page.removesuffix("edit"), page):
        dana.goto(path)
        assert dana.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    dana.set_viewport_size({"width": 1280, "height": 800})
    dana.goto(page)
    dana.locator("[name=name]").fill("Noor Haddad")
    dana.get_by_role("button", name="Save").click()
    expect(dana.get_by_role("heading", name="Noor Haddad")).to_be_visible()


def test_settings_hold_and_the_trail_is_filtered_and_taken_along(demo_site: Site, visit: Visit):
    ruth = enter_as(visit(demo_site.url), "Ruth")
    ruth.goto("/practice/settings")
    ruth.get_by_label("Reminders go at").fill("18:45")
    ruth.get_by_role("button", name="Save").click()
    # They are set, and the trail leaves the house, only with who one is; what she chose stays.
    ruth.locator("[type=password]").fill(PASSWORD)
    ruth.locator("main form button").first.click()
    expect(ruth.get_by_text("Saved.")).to_be_visible()
    expect(ruth.get_by_label("Reminders go at")).to_have_value("18:45")
    ruth.goto("/audit/")
    ruth.get_by_label("What", exact=True).select_option(label="Changed the practice’s settings")
    ruth.get_by_role("button", name="Filter").click()
    rows = ruth.locator("tbody tr")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("Ruth Abernathy")
    # What a browser sends of the texts nobody touched is no change; on a phone, too, each has its line.
    for width in (1280, 390):
        ruth.set_viewport_size({"width": width, "height": 844})
        act = rows.first.locator("td").nth(1).inner_text()
        assert act.splitlines() == ["Changed the practice’s settings", "Reminders go at"]
    ruth.get_by_role("link", name="Export").click()
    with ruth.expect_download() as taken:
        ruth.get_by_role("link", name="Download the file").click()
    assert taken.value.suggested_filename == "audit.csv"
    lines = list(csv.reader(io.StringIO(Path(taken.value.path()).read_text("utf-8"))))
    assert len(lines) == 2
    assert lines[1][1] == "Ruth Abernathy"
    # From one line to everything that happened to the same record, and back to the whole.
    ruth.goto("/audit/")
    of_one = rows.first.get_by_role("link")
    short = of_one.inner_text()
    of_one.click()
    ruth.wait_for_url("**?record=*")
    assert set(rows.get_by_role("link").all_inner_texts()) == {short}
    ruth.get_by_role("link", name="Show everything").click()
    expect(rows).to_have_count(50)


# --- words that are kept nowhere yet --------------------------------------------------------------
def test_words_that_were_not_sent_are_not_left_without_a_question(demo_site: Site, visit: Visit):
    page = enter_as(visit(demo_site.url), "Dana")
    page.goto("/clients/")
    client = page.locator("main a.title").first.get_attribute("href") or ""
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.goto(f"{client}notes")
    words, away = page.get_by_label("Your words"), page.locator("main a").first
    away.click()
    page.goto(f"{client}notes")
    assert asked == []  # nothing was typed
    words.fill(TYPED)
    away.click()
    expect(words).to_have_value(TYPED)
    assert asked == ["beforeunload"]
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    # What was refused stands in the form, and nowhere else.
    page.get_by_role("link", name="Change").first.click()
    words.fill("x" * 5001)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("[data-errors]")).to_be_visible()
    assert asked == ["beforeunload"]
    away.click()
    expect(words).to_have_value("x" * 5001)
    assert asked == ["beforeunload"] * 2
    # Signing out hides it at once.
    page.get_by_role("group").locator("summary").last.click()
    page.locator("form[action$='/account/logout/'] button").first.click()
    page.wait_for_url(lambda url: "/notes" not in url)
    assert asked == ["beforeunload"] * 2


# --- a reply in two tabs --------------------------------------------------------------------------
def test_a_reply_that_is_not_kept_says_that_the_other_tab_is_why(demo_site: Site, visit: Visit):
    page = enter_as(visit(demo_site.url), "Dana")
    page.goto("/review/")
    page.locator("a.title").first.click()
    page.wait_for_url("**/review/*/")
    other = page.context.new_page()
    other.goto(page.url)
    for tab, typed, said in (
        (other, "Written in the one.", "Kept as a draft."),
        (page, "Written in the other.", "another tab"),
    ):
        tab.locator("textarea[name=letter]").fill(typed)
        expect(tab.locator("[data-kept]")).to_contain_text(said)


# --- a page that goes on at once --------------------------------------------------------------------
# As browsers do it: before the page is shown, no event hands out the fade whose end nobody awaits.
SKIPPED = """() => {
    Promise.reject(new DOMException("Transition was skipped", "AbortError"));
    return new Promise((ok) => setTimeout(ok));
}"""


def test_a_fade_that_is_skipped_is_no_error(demo_site: Site, visit: Visit, problems: list[str]):
    page = enter_as(visit(demo_site.url), "Dana")
    page.evaluate(SKIPPED)
    assert [one for one in problems if "skipped" in one] == []


# --- a client who went to a colleague meanwhile --------------------------------------------------
def test_what_is_typed_after_a_hand_over_stays_in_its_form_and_comes_back(
    demo_site: Site, visit: Visit
):
    page = enter_as(visit(demo_site.url), "Dana")
    page.goto("/clients/?q=Petra")
    client = link_of(page, "Petra Ashby")
    page.goto(client)
    page.locator("main").get_by_role("link", name="Assign").click()
    note = page.get_by_label("A word with it")
    note.fill(TYPED)
    desk, other = page.context.new_page(), page.context.new_page()
    desk.goto(client)
    desk.clock.install()
    desk.goto(desk.get_by_role("link", name="Under the argument").first.get_attribute("href") or "")
    tries: list[str] = []
    desk.on("request", lambda one: tries.append(one.url) if one.url.endswith("/draft") else None)
    other.goto(f"{client}hand-over")
    other.get_by_label("Who takes over?").select_option(label="Omar Castellan")
    other.locator("main").get_by_role("button", name="Hand over").click()
    other.wait_for_url("**/clients/**")
    # The search, as one types: it finds nothing to show, and leaves the form alone.
    with page.expect_response(lambda one: one.status == 404):
        page.get_by_label("Search the exercises").type("ask")
    expect(note).to_have_value(TYPED)
    page.locator("#options label").first.click()
    page.get_by_role("button", name="Assign to Petra").click()
    expect(page.get_by_role("heading", name="What was in the form")).to_be_visible()
    expect(page.get_by_text(TYPED)).to_be_visible()
    # A reply that cannot be kept any more is not tried again and again; sending it gives it back.
    desk.locator("textarea[name=letter]").fill(TYPED)
    with desk.expect_response(lambda one: one.status == 404):
        desk.clock.run_for(1500)
    expect(desk.get_by_text("We could not keep this just now.")).to_be_visible()
    desk.clock.run_for(30_000)
    desk.get_by_role("button", name="Send and go to the list").click()
    expect(desk.get_by_text(TYPED)).to_be_visible()
    assert len(tries) == 1
