"""A client's pages around the work: today, the start, who reads, growth, the partner."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from django.utils.timezone import now

from clients.models import Caseload, Couple
from exercises import schedule
from exercises.models import Homework, Reminder, ReminderState
from exercises.queries import today as todays
from exercises.views import wording
from practice.actions import people
from practice.tenancy import scope
from tests.cast import ZONE, Person, Play
from tests.exercises.ground import E04, E10, E11, save, step_with, text_of, url

pytestmark = pytest.mark.django_db(transaction=True)


def test_today_says_what_is_there(homework: Homework, ana: Person, noor: Person):
    page = text_of(ana.browser().get("/today/"))
    assert "Under the argument" in page
    assert "Under the argument" not in re.search(r"<title>(.*?)</title>", page).group(1)  # type: ignore[union-attr]
    assert "Only you and Dana" in page
    empty = text_of(noor.browser().get("/today/"))
    assert "Nothing to do today" in empty


def test_the_next_mail_is_told_by_the_hour_that_was_chosen(homework: Homework, ana: Person):
    """That mails of one hour go some minutes apart is no business of their readers."""
    with scope(practice=ana.practice.pk):
        row = Reminder.objects.filter(state=ReminderState.PLANNED).order_by("next_at")[0]
        meant = row.next_at.replace(second=0, microsecond=0) + timedelta(days=1)
        local = schedule.local_time(meant, row.zone)
        Reminder.objects.filter(pk=row.pk).update(
            local_at=local.replace(tzinfo=UTC), next_at=meant + timedelta(minutes=7, seconds=12)
        )
    browser = ana.browser()
    for path in ("/today/", "/you/reminders"):
        page = text_of(browser.get(path))
        assert f"{local:%H:%M}" in page, path
        assert f"{local + timedelta(minutes=7):%H:%M}" not in page, path


def test_today_costs_the_same_with_one_row_and_with_three(
    play: Play, dana: Person, ana: Person, homework: Homework
):
    browser = ana.browser()
    play.homework(ana, play.assign(dana, ana, E04))
    browser.get("/today/")

    def own_queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get("/today/")
        frame = ("set_config", "SAVEPOINT", "django_session", "practice_user", "usersessions")
        return sum(1 for q in captured if not any(word in q["sql"] for word in frame))

    few = own_queries()
    play.assign(dana, ana, E10)
    play.assign(dana, ana)
    assert own_queries() == few <= 12


def test_of_what_is_due_at_one_time_both_partners_begin_with_the_same(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple
):
    given = [play.assign(dana, cleared, E11) for _n in range(4)]
    due = now() + timedelta(days=3)
    with play.at(dana):
        Homework.objects.update(due_at=due, opens_at=now() - timedelta(hours=1))
    for person in (ana, ben):
        with play.at(person):
            found = todays.today(person.actor, now())
        rows = [found.feature, *found.open]
        assert [row.assignment_id for row in rows if row] == [one.pk for one in given]


def test_the_start_says_what_comes(homework: Homework, ana: Person):
    page = text_of(ana.browser().get(url(homework)))
    for words in (
        "Look at one recent quarrel",
        "about 15 minutes",
        "Only you and Dana",
        "You will think back to a quarrel",
        "Take your time with this one.",
        "Begin",
    ):
        assert words in page
    assert "Do not assign" not in page  # cautions are the therapist's


def test_who_can_read_it_is_said_exactly_and_before_the_first_word(
    play: Play,
    homework: Homework,
    dana: Person,
    ana: Person,
    ruth: Person,
    sana: Person,
    cleared: Any,
):
    browser = ana.browser()
    for rest in ("", "step/1/", "check/"):
        assert "Only you, Dana and Dana’s supervisor" in text_of(browser.get(url(homework, rest)))
    step = text_of(browser.get(url(homework, f"step/{step_with(browser, homework, 'topic')}/")))
    assert step.index("Only you, Dana") < step.index('name="topic"')
    assert "unless you agree to it later" in step
    both = play.homework(ana, play.assign(dana, cleared, E11))
    nothing = "Your partner sees nothing of it"
    assert nothing in text_of(browser.get(url(both, "check/")))
    assert nothing not in text_of(browser.get(url(homework, "check/")))
    # Who supervises no more reads no more, and the page says so.
    with play.at(ruth):
        people.deactivate(by=ruth.actor, at=now(), member=sana.member)
    assert "Only you and Dana<" in text_of(browser.get(url(homework)))


def test_what_a_second_therapist_reads_is_not_said_to_be_dana_s_alone(
    homework: Homework, ana: Person, omar: Person, sana: Person
):
    """A topic, and that one is afraid: for all who care for Ana, and for no supervisor of theirs."""
    with scope(practice=ana.practice.pk):
        Caseload.objects.create(
            practice=ana.practice, member=omar.member, client=ana.client, from_at=now()
        )
    browser = ana.browser()
    assert "Only you, Dana and Omar<" in text_of(browser.get("/you/topics"))
    number = step_with(browser, homework, "afraid")
    browser.post(url(homework, f"step/{number}/"), {"afraid": "yes"})
    page = text_of(browser.get(url(homework, "ended/")))
    assert "Only you, Dana and Omar can see that you said this" in page


def test_nobody_else_finds_it(
    homework: Homework, ben: Person, dana: Person, zack: Person, zoe: Person
):
    for person in (ben, zack):
        for rest in ("", "step/1/", "check/", "sent/", "feedback/", "copy/", "entries/"):
            assert person.browser().get(url(homework, rest)).status_code == 404
        assert save(person.browser(), homework, {"topic": ["mine"]}).status_code == 404
    for person in (dana, zoe):
        assert person.browser().get(url(homework, "step/1/")).status_code == 403


def test_growth_shows_what_was_done(play: Play, homework: Homework, ana: Person, dana: Person):
    play.submit(ana, homework, topic="the dishes", close_before=3, close_after=6)
    page = text_of(ana.browser().get("/growth/"))
    assert "Under the argument" in page
    assert "Your own account" in page


def test_who_is_new_sees_no_empty_weeks(play: Play, homework: Homework, ana: Person):
    """Neither the weeks' head nor a drawing, nor that there are none; all of it with numbers."""

    def of_weeks(query: str = "") -> set[str]:
        marks = ("Other weeks", "No numbers in these weeks.", '<svg class="s"', "<table")
        shown = text_of(ana.browser().get(f"/growth/{query}"))
        return {mark for mark in (*marks, "small muted num") if mark in shown}

    assert of_weeks() == set()
    play.submit(ana, homework, close_before=3, close_after=6)
    assert of_weeks() == {'<svg class="s"', "<table", "small muted num"}
    assert of_weeks("?before=2020-01-06") == {
        "Other weeks",
        "No numbers in these weeks.",
        "small muted num",
    }


def test_one_reads_what_was_read_once_a_day_and_thing(
    play: Play, homework: Homework, ana: Person, dana: Person
):
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get("/you/readers").status_code == 200
        return len(captured)

    browser = ana.browser()
    browser.get("/today/")  # the first visit notes the session
    play.submit(ana, homework, close_before=3)
    dana.browser().get(f"/review/{homework.pk}/")
    one = count()
    another = play.homework(ana, play.assign(dana, ana, E04))
    play.submit(ana, another)
    for pk in (homework.pk, homework.pk, another.pk):
        dana.browser().get(f"/review/{pk}/")
    dana.browser().get(f"/clients/{ana.client.pk}/")
    page = text_of(browser.get("/you/readers"))
    assert re.findall(r"<b>([^<]+)</b>", page.partition("<main")[2]) == [
        "Your charts",
        "Reassurance log",
        "Under the argument",
    ]
    assert page.count("Dana Whitlock, ") == 3
    assert count() == one


def test_who_reads_over_the_therapist_s_shoulder_is_called_supervisor(
    play: Play, homework: Homework, ana: Person, dana: Person, sana: Person
):
    play.submit(ana, homework, topic="the dishes")
    for reader in (dana, sana):
        assert reader.browser().get(f"/review/{homework.pk}/").status_code == 200
    page = text_of(ana.browser().get("/you/readers"))
    assert "Sana Iqbal (supervisor), " in page
    assert "Dana Whitlock, " in page


@pytest.mark.parametrize(
    ("path", "way"),
    [
        ("/today/", "today"),
        ("/breath/", None),
        ("/you/topics", "today"),
        ("/you/topics?from=you", "you"),
        ("/you/readers", "you"),
        ("/you/consent", "you"),
        ("/you/reminders", "you"),
        ("/account/email/", "you"),
        ("/account/2fa/", "you"),
        ("{}entries/", "log"),
    ],
)
def test_the_menu_says_where_one_is(play: Play, dana: Person, ana: Person, path: str, way: Any):
    log = play.homework(ana, play.assign(dana, ana, E04))
    page = text_of(ana.browser().get(path.format(url(log))))
    marked = re.findall(r'<a href="/(\w+)/" aria-current="(\w+)"', page)
    assert [name for name, _how in marked] == ([way] if way else [])
    assert all((how == "page") == (path == f"/{name}/") for name, how in marked)


def test_from_the_topics_one_goes_back_to_where_one_came_from(ana: Person):
    browser = ana.browser()

    def up(path: str) -> str:
        return re.findall(
            r'<p><a class="btn quiet small" href="([^"]+)"', text_of(browser.get(path))
        )[0]

    assert [up("/you/topics"), up("/you/topics?from=you")] == ["/today/", "/you/"]
    response = browser.post("/you/topics?from=you", {"text": "the phone"})
    page = text_of(browser.get(response["Location"]))
    assert up(response["Location"]) == "/you/"
    assert "Kept for your session." in page
    drop = re.findall(r'href="(/you/topics/[^"]+)"', page)
    asked = text_of(browser.get(drop[0]))
    assert "Remove this?" in asked
    assert 'href="/you/topics?from=you">Leave it as it is</a>' in asked
    assert "the phone" in text_of(browser.get("/you/topics"))
    assert f'action="{drop[0]}"' in asked
    response = browser.post(drop[0])
    assert up(response["Location"]) == "/you/"
    assert "the phone" not in text_of(browser.get("/you/topics"))


# --- the partner ----------------------------------------------------------------------------------
def test_the_partner_changes_nothing(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Any
):
    assignment = play.assign(dana, cleared, E11)
    hers, his = play.homework(ana, assignment), play.homework(ben, assignment)
    browser = ben.browser()
    pages = ("/today/", "/growth/", url(his), url(his, "step/2/"), url(his, "check/"))

    def seen() -> list[str]:
        token = re.compile(r'(csrfmiddlewaretoken" value|csrf-token" content)="[^"]+"')
        return [token.sub("", text_of(browser.get(page))) for page in pages]

    before = seen()
    play.submit(ana, hers, words=[{"line": "we're okay", "reaches": 9}])
    assert seen() == before
    assert play.fresh(hers).status == "submitted"
    play.review(dana, hers, words="Thank you.")
    assert seen() == before


@pytest.mark.parametrize(
    ("days", "said"), [(-1, ""), (0, "today, if you want it"), (4, "by Tuesday"), (9, "by Sunday")]
)
def test_the_day_something_is_due_is_part_of_the_time_for_it(days: int, said: str):
    friday = datetime(2026, 11, 27, 12, tzinfo=ZoneInfo(ZONE))
    due = friday.replace(hour=21) + timedelta(days=days)
    words = wording.due(due, friday, ZONE)
    assert words.startswith(said)
    assert bool(words) == bool(said)


def test_the_hour_something_ends_at_is_named_where_it_ends_before_the_evening():
    friday = datetime(2026, 11, 27, 12, tzinfo=ZoneInfo(ZONE))
    in_an_hour, at_six = friday.replace(hour=13), friday.replace(hour=6) + timedelta(days=6)
    assert wording.due(in_an_hour, friday, ZONE) == "today until 13:00, if you want it"
    # A weekday alone, though it is more than six days of 24 hours until the evening of that day.
    assert wording.due(at_six, friday, ZONE) == "by Thursday, 06:00"
    assert wording.due(at_six.replace(hour=21), friday, ZONE) == "by Thursday"


@pytest.mark.parametrize(
    ("language", "near", "far"),
    [
        ("en", "Tue 21:00", "Tue 8 Dec, 21:00"),
        ("es", "martes, 21:00", "martes 8 de diciembre, 21:00"),
    ],
)
def test_until_a_tuesday_is_never_until_the_sea(language: str, near: str, far: str):
    friday = datetime(2026, 11, 27, 12, tzinfo=ZoneInfo(ZONE))
    due = friday.replace(day=1, month=12, hour=21)
    with translation.override(language):
        said = [wording.until(at, friday, ZONE) for at in (due, due + timedelta(days=7))]
    assert [text.replace("\N{NO-BREAK SPACE}", " ") for text in said] == [near, far]


def test_what_one_has_worked_on_stands_in_the_order_of_the_days_it_shows(
    play: Play, dana: Person, ana: Person
):
    """Given first and sent last comes first; the pages go on where the one before stopped."""
    first, second, *rest = (
        play.homework(ana, play.assign(dana, ana, opens_in=timedelta(days=-days), days=0))
        for days in range(40, 17, -1)
    )
    for row in rest:
        play.say(ana, row, topic="the train")
    for row in (second, first):
        play.submit(ana, row, topic="the train")
    seen: list[str] = []
    address = "/growth/"
    while address:
        page = text_of(ana.browser().get(address)).partition('id="past"')[2]
        seen += re.findall(r'href="/homework/([0-9a-f-]{36})/"', page)
        more = re.search(r'rel="next" href="([^"]+)"', page)
        address = f"/growth/{more[1]}" if more else ""
    assert seen == [str(row.pk) for row in (first, second, *reversed(rest))]
