"""One review after the other, on the demo: none that a colleague has taken, and what is typed is kept."""

import re

from django.utils.timezone import now
from playwright.sync_api import expect

from clients.models import Caseload, Client
from exercises.actions import reviewing
from exercises.queries.homework import homework as homework_of
from practice.actors import member_actor
from practice.models import Membership, User
from practice.tenancy import scope
from tests.conftest import Visit
from tests.journeys.ground import clicks, count_clicks, enter_as, hand_in
from tests.processes import Site


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
    page = enter_as(visit(demo_site.url), "Dana")
    titles = page.locator("ol.list a.title")
    # However many the demo has waiting at this hour: all but the two that a colleague takes.
    order = [str(one.get_attribute("href")) for one in titles.all()]
    assert len(order) >= 8
    own = len(order) - 2
    taken, written_to = order[3], order[5]
    # Every click that the pages have seen, the way in from the queue not counted.
    count_clicks(page)
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
    assert clicks(page) == 2 * own
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
    page = enter_as(visit(demo_site.url), "Dana")
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
    page = enter_as(visit(demo_site.url), "Dana")
    path = str(page.locator("ol.list a.title").first.get_attribute("href"))
    other = page.context.new_page()
    for tab in (page, other):
        tab.goto(path)
    page.locator("textarea[name=letter]").press_sequentially("In the one tab.")
    expect(page.get_by_text("Kept as a draft.")).to_be_visible()
    box, not_kept = other.locator("textarea[name=letter]"), other.get_by_text("in another tab, too")
    for words in ("In the other.", " And more of it."):
        box.press_sequentially(words)
        expect(not_kept).to_be_visible()
