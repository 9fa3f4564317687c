"""A sentence that is put together from what its client wrote follows it, until it is reworded."""

import html

import pytest
from django.test import Client as Browser

from exercises.models import Homework
from tests.cast import Person, Play
from tests.exercises.ground import E10, save, step_with, text_of, url

pytestmark = pytest.mark.django_db(transaction=True)
SAID = {"feel": "lonely", "do": "called me", "time": "today", "free": "no"}
PUT_TOGETHER = "I feel lonely. I’d appreciate it if you called me, {time}. It’s fine to say no."
CHANGED = "What it was put together from has changed since."


@pytest.fixture
def begun(play: Play, dana: Person, ana: Person) -> Homework:
    """E10, with all there is to put the sentence together from."""
    homework = play.homework(ana, play.assign(dana, ana, E10))
    play.say(ana, homework, **SAID)
    return homework


def whole(browser: Browser, homework: Homework) -> tuple[str, str]:
    """Return where the whole sentence is asked for, and that page."""
    address = url(homework, f"step/{step_with(browser, homework, 'ask')}/")
    return address, html.unescape(text_of(browser.get(address)))


@pytest.mark.parametrize("door", ["step", "draft", "program"])
def test_what_nobody_reworded_is_put_together_anew(
    play: Play, ana: Person, begun: Homework, door: str
):
    browser = ana.browser()
    address, _page = whole(browser, begun)
    browser.post(address, {"ask": PUT_TOGETHER.format(time="today")})
    time = {"time": "tomorrow at five"}
    if door == "step":
        step = url(begun, f"step/{step_with(browser, begun, 'time')}/")
        assert browser.post(step, time | {"revision": "1"}).status_code == 302
    elif door == "draft":
        laptop = {"revision": 1, "device": "laptop"}
        assert save(browser, begun, {"time": ["tomorrow at fi"]}, **laptop).status_code == 200
        laptop["revision"] = 2
        assert save(browser, begun, {"time": [time["time"]]}, **laptop).status_code == 200
    else:
        play.say(ana, begun, **time)
    now_ = PUT_TOGETHER.format(time="tomorrow at five")
    _address, page = whole(browser, begun)
    assert f"\n{now_}</textarea>" in page
    assert CHANGED not in page
    assert now_ in html.unescape(text_of(browser.get(url(begun, "check/"))))


def test_it_follows_what_is_kept_and_not_what_was_typed(play: Play, ana: Person, begun: Homework):
    """A program's line with a break in it is kept as one line; the sentence goes on following it."""
    browser = ana.browser()
    address, _page = whole(browser, begun)
    browser.post(address, {"ask": PUT_TOGETHER.format(time="today")})
    for typed, kept in (("tomorrow\nat five", "tomorrow at five"), ("on Friday", "on Friday")):
        play.say(ana, begun, time=typed)
        assert f"\n{PUT_TOGETHER.format(time=kept)}</textarea>" in whole(browser, begun)[1]


def test_what_was_reworded_stays_and_its_new_wording_is_offered(
    play: Play, ana: Person, begun: Homework
):
    browser, mine = ana.browser(), "Could you call me today? No is fine, too."
    address, _page = whole(browser, begun)
    browser.post(address, {"ask": mine})
    assert CHANGED not in whole(browser, begun)[1]
    play.say(ana, begun, time="tomorrow")
    offered = PUT_TOGETHER.format(time="tomorrow")
    page = whole(browser, begun)[1]
    assert f"\n{mine}</textarea>" in page
    assert CHANGED in page
    assert f'<p class="words">{offered}</p>' in page
    # Taken is kept, whatever is pressed next.
    taken = browser.post(address, {"ask": mine, "anew": "ask", "revision": "1"})
    assert taken["Location"] == address
    assert offered in html.unescape(text_of(browser.get(url(begun, "check/"))))
    page = whole(browser, begun)[1]
    assert f"\n{offered}</textarea>" in page
    assert CHANGED not in page


def test_a_keyboard_begins_with_a_capital_only_what_begins_a_sentence(ana: Person, begun: Homework):
    browser = ana.browser()
    small = {}
    for key in ("raw", "feel", "do", "time", "ask"):
        page = text_of(browser.get(url(begun, f"step/{step_with(browser, begun, key)}/")))
        small[key] = 'autocapitalize="none"' in page
    inside = dict.fromkeys(("feel", "do", "time"), True)
    assert small == {"raw": False, "ask": False} | inside


def test_a_piece_that_is_missing_ends_its_sentence_once(play: Play, ana: Person, begun: Homework):
    with play.at(ana):
        begun.responses.get().answers.filter(item_key="free").delete()
    assert "called me, today. …</textarea>" in whole(ana.browser(), begun)[1]


def test_what_a_piece_ends_with_is_not_doubled(play: Play, ana: Person, begun: Homework):
    play.say(ana, begun, feel="lonely.", do="called me,", time="today;")
    page = whole(ana.browser(), begun)[1]
    assert f"\n{PUT_TOGETHER.format(time='today')}</textarea>" in page
