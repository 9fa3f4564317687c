"""What waits past its day: the newest as cards, the rest folded, all let go at one press; what is over."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from clients.models import Couple
from exercises.models import Homework
from tests.cast import Person, Play
from tests.exercises.ground import E04, E10, E11, text_of, url

pytestmark = pytest.mark.django_db(transaction=True)
CATCHING_UP = "There is no catching up to do"
ALL = "/today/let-go/"


def olds(
    play: Play, dana: Person, to: Any, *, of: Person, count: int, **more: Any
) -> list[Homework]:
    """Give the same again and again, each with its day behind it; the newest comes first."""
    return [
        play.homework(
            of, play.assign(dana, to, opens_in=timedelta(days=-9 - before), days=4, **more)
        )
        for before in range(count)
    ]


def waiting_on(browser: Browser) -> str:
    """Return what Today says under "Still here if you want it"."""
    page = text_of(browser.get("/today/"))
    return page.partition('id="older"')[2].partition("</section>")[0]


def listed(part: str) -> list[str]:
    """Return the homework that is led to, in order."""
    return re.findall(r'href="/homework/([0-9a-f-]{36})/"', part)


def meant(browser: Browser) -> list[str]:
    """Return what the confirming page asks about."""
    return re.findall(r'name="homework" value="([^"]+)"', text_of(browser.get(ALL)))


def test_the_newest_two_stand_whole_and_the_others_are_folded(
    play: Play, dana: Person, ana: Person
):
    rows = olds(play, dana, ana, of=ana, count=5)
    for begun in (rows[1], rows[3]):
        play.say(ana, begun, topic="the train")
    page = waiting_on(ana.browser())
    cards, _, folded = page.partition("<details")
    assert page.count(CATCHING_UP) == cards.count(CATCHING_UP) == 1
    assert listed(cards) == [str(row.pk) for row in rows[:2]]
    assert cards.count("Let it go") == 2
    assert cards.count(">Begun<") == 1
    assert "3 earlier ones" in folded
    assert listed(folded) == [str(row.pk) for row in rows[2:]]
    # What was given again and again is told apart by its day.
    assert len(set(re.findall(r"From (\w+ \d+ \w+)", page))) == 5
    assert re.findall(r'<span class="tag pine">(\w+)</span>', folded) == ["Begun"]
    assert page.count(f'href="{ALL}"') == 1


def test_one_alone_is_let_go_where_it_stands(play: Play, dana: Person, ana: Person):
    browser = ana.browser()
    assert browser.get(ALL)["Location"] == "/today/"
    olds(play, dana, ana, of=ana, count=1)
    page = waiting_on(browser)
    assert "Let it go" in page
    assert "<details" not in page
    assert ALL not in page


def test_a_page_names_what_is_meant_before_all_of_it_is_let_go(
    play: Play, dana: Person, ana: Person
):
    rows, new = olds(play, dana, ana, of=ana, count=4), play.homework(ana, play.assign(dana, ana))
    play.say(ana, rows[3], topic="the train")
    browser = ana.browser()
    asked = text_of(browser.get(ALL))
    assert 'href="/today/" aria-current="true"' in asked
    assert asked.count("Under the argument</b>") == 4
    assert asked.count("From ") == 4
    assert "Anything you wrote here is kept" in asked
    assert meant(browser) == [str(row.pk) for row in rows]
    # Nothing happens by looking, nor without a name.
    assert browser.post(ALL)["Location"] == "/today/"
    assert len(meant(browser)) == 4
    done = browser.post(ALL, {"homework": [*meant(browser)[1:], str(new.pk), "none"]}, follow=True)
    assert "These rest now." in text_of(done)
    assert listed(waiting_on(browser)) == [str(rows[0].pk)]
    assert [play.fresh(row).status for row in (*rows, new)] == ["open", *["skipped"] * 3, "open"]
    browser.post(url(rows[3], "pick-up/"))
    assert "the train" in text_of(browser.get(url(rows[3], "check/")))


def test_pressed_twice_and_with_one_taken_up_meanwhile_it_changes_nothing_more(
    play: Play, dana: Person, ana: Person
):
    rows, browser = olds(play, dana, ana, of=ana, count=3), ana.browser()
    named = meant(browser)
    play.submit(ana, rows[0], topic="the train")
    for _press in range(2):
        assert browser.post(ALL, {"homework": named})["Location"] == "/today/"
    assert [play.fresh(row).status for row in rows] == ["submitted", "skipped", "skipped"]


def test_nobody_else_s_is_let_go_and_the_partner_sees_nothing_of_it(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple
):
    shared = [
        play.assign(dana, cleared, E11, opens_in=timedelta(days=-9 - before), days=4)
        for before in range(3)
    ]
    hers = [play.homework(ana, one) for one in shared]
    his = [play.homework(ben, one) for one in shared]
    browser = ben.browser()
    browser.get("/today/")

    def seen() -> list[str]:
        token = re.compile(r'(csrfmiddlewaretoken" value|csrf-token" content)="[^"]+"')
        return [token.sub("", text_of(browser.get(page))) for page in ("/today/", ALL, "/growth/")]

    before = seen()
    everyone = {"homework": [str(row.pk) for row in (*hers, *his)]}
    ana.browser().post(ALL, everyone)
    assert [play.fresh(row).status for row in (*hers, *his)] == ["skipped"] * 3 + ["open"] * 3
    assert seen() == before


@pytest.mark.parametrize("page", ["/today/", ALL, "/log/"])
def test_more_of_it_asks_no_more(play: Play, dana: Person, ana: Person, page: str):
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(page).status_code == 200
        return len(captured)

    browser = ana.browser()
    for row in olds(play, dana, ana, of=ana, count=3, slug=E10):
        play.say(ana, row, raw="why")
    browser.get("/today/")  # the first visit notes the session
    few = count()
    olds(play, dana, ana, of=ana, count=6, slug=E10)
    assert count() == few


def test_of_the_same_log_given_again_each_has_its_day_and_no_minutes_it_does_not_take(
    play: Play, dana: Person, ana: Person
):
    rows = olds(play, dana, ana, of=ana, count=3, slug=E10)
    play.homework(ana, play.assign(dana, ana, E04))
    begun = play.homework(ana, play.assign(dana, ana, E10))
    play.say(ana, begun, raw="why")
    page = text_of(ana.browser().get("/log/")).partition("<main")[2]
    said = re.findall(r'class="small muted">([^<]+)</p>', page)
    assert len([one for one in said if one.startswith("From ")]) == len(rows) == len(set(said[2:]))
    # As on its own page, which says what is left.
    assert [one for one in said if "About" in one] == [said[1]]
    assert "a moment" in said[1]


def test_what_is_over_leads_on_where_there_is_more_of_it(play: Play, dana: Person, ana: Person):
    browser = ana.browser()
    for count in range(1, 7):
        row = play.homework(ana, play.assign(dana, ana))
        browser.post(url(row, "set-aside/"), {"how": "let_go"})
        lately = text_of(browser.get("/today/")).partition('id="recent"')[2]
        assert ('href="/growth/#past"' in lately) is (count > 5)
    assert len(listed(text_of(browser.get("/growth/")).partition('id="past"')[2])) == 6
