"""A client's logs: moments noted, changed, removed, and closed with a look back."""

import json
import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client as Browser
from django.utils.timezone import now

from clients.models import Client
from exercises.actions import responding
from exercises.models import Answer, Entry, Homework
from exercises.queries import today as todays
from exercises.views import wording
from exercises.views.entries import FRESH
from exercises.visibility import read_rounds
from practice.tenancy import scope
from tests.cast import ZONE, Person, Play
from tests.exercises.ground import E04, E11, step_with, text_of, url

pytestmark = pytest.mark.django_db(transaction=True)


def begin_moment(browser: Browser, row: Homework) -> str:
    """Open the page of a new moment; return its address as links to it have it later."""
    address: str = browser.post(url(row, "entries/add/"), {"log": "moments"})["Location"]
    return address.partition("?")[0]


def test_a_moment_asks_and_insists_on_nothing(play: Play, dana: Person, ana: Person):
    row = play.homework(ana, play.assign(dana, ana, E04))
    browser = ana.browser()
    entry = begin_moment(browser, row)
    assert browser.post(entry, {"for": "body"})["Location"] == url(row, "entries/")
    assert "to calm my body" in text_of(browser.get(url(row, "entries/")))


def test_a_log_that_belongs_to_a_release_waits_for_one(
    play: Play, dana: Person, ana: Person, cleared: Any
):
    row = play.homework(ana, play.assign(dana, cleared, E11))
    browser = ana.browser()
    assert "What reaches me" not in text_of(browser.get("/log/"))
    assert browser.get(url(row, "entries/"))["Location"] == url(row)
    assert browser.post(url(row, "entries/add/"), {"log": "weeks"}).status_code == 404


def test_a_moment_is_noted_changed_and_removed(play: Play, dana: Person, ana: Person):
    row = play.homework(ana, play.assign(dana, ana, E04))
    browser = ana.browser()
    assert browser.get("/log/")["Location"] == url(row, "entries/")
    entry = begin_moment(browser, row)
    page = text_of(browser.get(entry))
    assert "Change this moment" not in page
    assert 'name="when.day"' in page
    assert 'name="relief_hour"' not in page  # asked an hour later, not now
    said = {
        "when.day": "2",
        "when.month": "11",
        "when.year": "2026",
        "when.time": "08:10",
        "trigger": "no-reply",
        "form": "let-pass",
        "for": "body",
    }
    assert browser.post(entry, {"when.day": "2"}).status_code == 422
    assert browser.post(entry, said)["Location"] == url(row, "entries/")
    page = text_of(browser.get(url(row, "entries/")))
    assert "No reply" in page
    assert "08:10" in page
    assert "Nobody but you until you send it; then only you and Dana." in page
    assert "Change this moment" in text_of(browser.get(entry))
    draft = json.dumps({"revision": 0, "device": "", "fields": {"note": ["it passed"]}})
    assert browser.post(f"{entry}draft", draft, content_type="application/json").status_code == 200
    assert "it passed" in text_of(browser.get(entry))
    assert browser.get(f"{entry}remove/").status_code == 200
    browser.post(f"{entry}remove/")
    with play.at(ana):
        assert not Entry.objects.exists()


def keep(browser: Browser, entry: str, **said: str) -> None:
    fields = {name.replace("_", "."): [value] for name, value in said.items()}
    draft = json.dumps({"revision": 0, "device": "phone", "fields": fields})
    kept = browser.post(f"{entry}draft", draft, content_type="application/json")
    assert kept.status_code == 200


def test_of_a_time_that_cannot_be_nothing_says_it_is_saved(play: Play, dana: Person, ana: Person):
    """The words are kept as they are typed; the day is not, and that is said at once."""
    row = play.homework(ana, play.assign(dana, ana, E04))
    browser = ana.browser()
    entry = begin_moment(browser, row)
    no_day = when_said(now()) | {"when.day": "31", "when.month": "2"}
    for when, said in (
        (no_day, "There is no such day."),
        (when_said(now() + timedelta(days=40)), "still to come"),
        (when_said(now() - timedelta(days=800)), "That is long before you were given this."),
    ):
        fields = {"note": [said]} | {name: [one] for name, one in when.items()}
        draft = json.dumps({"revision": 0, "device": "phone", "fields": fields})
        kept = browser.post(f"{entry}draft", draft, content_type="application/json")
        assert kept.status_code == 422
        assert said in kept.json()["errors"]["when"][0]
        assert said in text_of(browser.get(entry))


@pytest.mark.parametrize(
    "typed", [[], [{"note": "it"}, {"note": ""}], ["when"]], ids=["opened", "emptied", "only when"]
)
def test_a_moment_of_which_nothing_is_said_is_not_there(
    play: Play, dana: Person, ana: Person, typed: list[Any]
):
    row = play.homework(ana, play.assign(dana, ana, E04))
    browser = ana.browser()
    browser.post(begin_moment(browser, row), {"for": "body"})
    entry = begin_moment(browser, row)
    for said in typed:
        fields = when_said(now() - timedelta(days=1)) if said == "when" else said
        keep(browser, entry, **{name.replace(".", "_"): one for name, one in fields.items()})
    assert text_of(browser.get(url(row, "entries/"))).count('class="entry"') == 1
    check = text_of(browser.get(url(row, "check/")))
    assert "One moment" in check
    assert (
        len(re.findall(r'row apart nowrap"><span>(?:Today|Yesterday), \d\d:\d\d<br>', check)) == 1
    )
    with play.at(ana):
        assert todays.entry_counts(ana.actor, [row]) == {row.pk: 1}
    assert browser.get(entry).status_code == 200  # who comes back to it can write it
    row = play.submit(ana, row)
    with play.at(ana):
        assert Entry.objects.count() == 1
    with play.at(dana):
        (found,) = read_rounds(dana.actor, row)
    assert len(found.moments) == 1
    assert not found.unwritten


def test_words_for_a_moment_that_is_gone_are_shown_once_more(play: Play, dana: Person, ana: Person):
    row = play.homework(ana, play.assign(dana, ana, E04))
    browser = ana.browser()
    gone = begin_moment(browser, row)
    row = play.submit(ana, row)
    with play.at(ana):
        responding.take_back(by=ana.actor, at=now(), homework=row)
    answer = browser.post(gone, {"note": "It was the door."})
    assert answer.status_code == 409
    assert "It was the door." in text_of(answer)


def test_a_moment_left_without_a_word_is_found_again_when_it_is_written(
    play: Play, dana: Person, ana: Person
):
    row = play.homework(ana, play.assign(dana, ana, E04))
    browser = ana.browser()
    entry = begin_moment(browser, row)
    assert begin_moment(browser, row) == entry
    keep(browser, entry, note="it passed")
    assert begin_moment(browser, row) != entry
    assert "it passed" in text_of(browser.get(url(row, "entries/")))


def test_a_new_moment_stays_a_new_one_while_it_is_kept_as_one_types(
    play: Play, dana: Person, ana: Person
):
    row = play.homework(ana, play.assign(dana, ana, E04))
    browser = ana.browser()
    address = browser.post(url(row, "entries/add/"), {"log": "moments"})["Location"]
    keep(browser, address.partition("?")[0], note="it passed")
    refused = browser.post(address, {"when.day": "40", "note": "it passed"})
    assert refused.status_code == 422
    assert "Change this moment" not in text_of(refused)


@pytest.fixture
def moment(play: Play, dana: Person, ana: Person) -> str:
    """Begin a moment; return its address."""
    row = play.homework(ana, play.assign(dana, ana, E04))
    return begin_moment(ana.browser(), row)


def when_said(at: datetime, zone: str = ZONE) -> dict[str, str]:
    local = at.astimezone(ZoneInfo(zone))
    parts = {"day": "%d", "month": "%m", "year": "%Y", "time": "%H:%M"}
    return {f"when.{name}": local.strftime(form) for name, form in parts.items()}


def refused(play: Play, ana: Person, moment: str, said: dict[str, str]) -> str:
    """Return the page of a moment that is not noted: what was said stands there, nothing is kept."""
    answer = ana.browser().post(moment, said)
    assert answer.status_code == 422
    shown = text_of(answer)
    for name in ("year", "time"):
        assert f'name="when.{name}" value="{said[f"when.{name}"]}"' in shown
    with play.at(ana):
        assert not Answer.objects.exists()
    return shown


@pytest.mark.parametrize("ahead", [timedelta(days=1500), timedelta(hours=1)])
def test_a_moment_has_happened(play: Play, ana: Person, moment: str, ahead: timedelta):
    shown = refused(play, ana, moment, when_said(now() + ahead) | {"for": "body"})
    assert "This is still to come. Write when it was." in shown.partition('id="q-when-error"')[2]


def test_clocks_may_differ_a_little(ana: Person, moment: str):
    said = when_said(now() + FRESH) | {"for": "body"}
    assert ana.browser().post(moment, said).status_code == 302


def test_a_moment_of_another_year_says_so(ana: Person, moment: str):
    browser, then = ana.browser(), now() - timedelta(days=400)
    shown = text_of(browser.post(moment, when_said(then) | {"for": "body"}, follow=True))
    assert f"{then.astimezone(ZoneInfo(ZONE)):%Y}, " in shown.partition('class="entry"')[2]
    copy = text_of(browser.get(f"{moment.partition('entries/')[0]}copy/"))
    assert f"{then.astimezone(ZoneInfo(ZONE)):%Y}, " in copy.partition("<h3>")[2]


def test_a_moment_from_long_before_is_taken_for_a_slip_of_the_year(
    play: Play, ana: Person, moment: str
):
    said = when_said(now() - timedelta(days=13000)) | {"for": "body"}
    shown = refused(play, ana, moment, said)
    assert "Look at the year once more." in shown.partition('id="q-when-error"')[2]


@pytest.mark.parametrize("keep", ["", "mine", "anything"])
def test_no_way_leads_a_moment_into_the_future_or_half_of_it_into_the_log(
    play: Play, ana: Person, moment: str, keep: str
):
    said = when_said(now() + timedelta(days=3)) | {"for": "body", "keep": keep}
    assert "This is still to come. Write when it was." in refused(play, ana, moment, said)


def test_a_moment_without_a_word_is_not_noted_and_keeps_its_date(
    play: Play, ana: Person, moment: str
):
    said = when_said(now() - timedelta(days=2)) | {"note": " "}
    shown = refused(play, ana, moment, said)
    assert "Write or choose one thing, or choose “Remove this moment”." in shown


def test_what_is_brought_to_the_session_is_named_by_its_day(
    play: Play, homework: Homework, ana: Person, dana: Person
):
    browser = ana.browser()
    for page in ("/today/", url(homework)):
        assert "Bring it to the session instead" in text_of(browser.get(page))
    at = now() + timedelta(days=2)
    with scope(practice=ana.practice.pk):
        Client.objects.filter(pk=ana.client.pk).update(next_session_at=at)
    day = wording.soon(at, now(), ana.actor.zone)
    for page in ("/today/", url(homework)):
        assert f"Bring it to {day} instead" in text_of(browser.get(page))


def test_a_log_says_what_a_moment_takes(play: Play, dana: Person, ana: Person):
    log = play.homework(ana, play.assign(dana, ana, E04))
    browser = ana.browser()
    assert "about 2 minutes a moment" in text_of(browser.get("/today/"))
    play.homework(ana, play.assign(dana, ana))
    assert "bout 2 minutes a moment" in text_of(browser.get("/today/"))
    assert "about 2 minutes a moment" in text_of(browser.get(url(log)))


def test_a_log_is_closed_with_a_look_back(play: Play, dana: Person, ana: Person):
    row = play.homework(ana, play.assign(dana, ana, E04))
    browser = ana.browser()
    browser.post(url(row, "entries/add/"))
    number = step_with(browser, row, "saw")
    browser.post(url(row, f"step/{number}/"), {"saw": "mostly in the evening"})
    browser.post(url(row, f"step/{number + 1}/"), {"skip": "1"})
    assert browser.post(url(row, "submit/"))["Location"] == url(row, "sent/")
    assert play.fresh(row).status == "submitted"


def test_before_it_is_sent_and_after_it_was_answered_each_moment_has_its_words(
    play: Play, dana: Person, ana: Person
):
    row = play.homework(ana, play.assign(dana, ana, E04))
    browser = ana.browser()
    day = {"when.day": "2", "when.month": "11", "when.year": "2026", "when.time": "08:10"}
    browser.post(begin_moment(browser, row), day | {"trigger": "no-reply", "for": "body"})
    moments = re.findall(
        r'<dd class="row apart nowrap">(.*?)</dd>', text_of(browser.get(url(row, "check/")))
    )
    assert len(moments) == 1
    assert "08:10" in moments[0]
    assert "No reply · A wish to calm my body</span>" in moments[0]
    play.submit(ana, row)
    play.review(
        dana, row, words="Look at the second of November once more.", comments={"saw": "And?"}
    )
    page = text_of(browser.get(url(row, "feedback/")))
    folded = re.search(r"One moment</dd>\s*<dd><details.*?</details>", page, re.DOTALL)
    assert folded
    assert "08:10" in folded[0]
    assert "No reply" in folded[0]
    # In one's copy, too, the hour stands once, above what was noted.
    for shown in (folded[0], text_of(browser.get(url(row, "copy/")))):
        assert shown.count("08:10") == 1
        assert "When was it?" not in shown


def test_a_later_round_still_has_the_moments_of_the_first(play: Play, dana: Person, ana: Person):
    row = play.homework(ana, play.assign(dana, ana, E04))
    browser = ana.browser()
    browser.post(begin_moment(browser, row), {"trigger": "no-reply", "for": "body"})
    play.submit(ana, row)
    play.review(dana, row, comments={"saw": "And?"}, returned=("saw",))
    page = text_of(browser.get(url(row, "feedback/")))
    assert "Your other answers" in page
    assert "No reply" in page


def test_a_moment_keeps_its_instant_when_its_client_travels(play: Play, dana: Person, ana: Person):
    """The form shows and reads what the list says: the clock of now, and no other."""
    row = play.homework(ana, play.assign(dana, ana, E04, opens_in=-timedelta(days=2)))
    browser, far = ana.browser(), "Pacific/Honolulu"
    entry = begin_moment(browser, row)
    here = {"for": "body", "device": "phone"}
    browser.post(entry, when_said(now()) | here)
    with play.at(ana):
        before = Entry.objects.get().happened_at
        Client.objects.filter(pk=ana.client.pk).update(zone=far)
    form = dict(re.findall(r'name="(when\.\w+)" value="([^"]*)"', text_of(browser.get(entry))))
    said = when_said(before, far)
    assert {name: value.zfill(2) for name, value in form.items()} == said
    assert said["when.time"] in text_of(browser.get(url(row, "entries/")))
    # Saved without a word about the time, it stays where it was, to the second.
    keep(browser, entry, note="it", **{key.replace(".", "_"): one for key, one in form.items()})
    assert browser.post(entry, form | here)["Location"] == url(row, "entries/")
    with play.at(ana):
        assert Entry.objects.get().happened_at == before
    # And what is said of it is said by that clock; as one types, too.
    earlier = (before - timedelta(hours=3)).replace(second=0, microsecond=0)
    keep(
        browser,
        entry,
        **{key.replace(".", "_"): one for key, one in when_said(earlier, far).items()},
    )
    with play.at(ana):
        assert Entry.objects.get().happened_at == earlier
