"""What is said of something that was given: who has it, from when, and what is left of it."""

import html
import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import now

from clients.actions import caring
from clients.models import Client, Couple
from exercises.actions import planning
from exercises.actions.assigning import assign
from exercises.models import Assignment, Homework
from practice.models import Invitation
from tests.cast import ZONE, Person, Play
from tests.exercises.ground import page


def told(by: Person, given: Assignment) -> str:
    return page(by, reverse("assignment_sent", args=[given.pk])).partition("<main")[2]


@pytest.fixture
def yet_to_join(play: Play, dana: Person, ana: Person) -> Person:
    with play.at(dana):
        Client.objects.filter(pk=ana.client.pk).update(joined_at=None)
        ana.client.refresh_from_db()
    return ana


# --- who has not joined yet ----------------------------------------------------------------------
def test_what_waits_for_somebody_to_join_is_not_said_to_be_theirs_now(
    play: Play, dana: Person, ben: Person, yet_to_join: Person, couple: Couple
):
    alone = play.assign(dana, yet_to_join)
    shown = told(dana, alone)
    assert "Assigned to Ana</h1>" in shown
    assert "It waits until they join." in shown
    assert "No invitation is out to Ana." in shown
    assert "now</h1>" not in shown
    with play.at(dana):
        caring.invite(by=dana.actor, at=now(), client=yet_to_join.client)
    shown = told(dana, alone)
    assert "It waits until they join." in shown
    assert "No invitation" not in shown
    both = told(dana, play.assign(dana, couple))
    assert "Ben has it now</h1>" in both
    assert "For Ana it waits until they join." in both
    # A link that is over lets nobody join.
    with play.at(dana):
        Invitation.objects.update(expires_at=now() - timedelta(minutes=1))
        Client.objects.filter(pk=ben.client.pk).update(joined_at=None)
    later = play.assign(dana, couple, opens_in=timedelta(days=2))
    both = told(dana, later)
    opens = date_format((now() + timedelta(days=2)).astimezone(ZoneInfo(ZONE)), "D j M")
    assert "Assigned to Ana & Ben</h1>" in both.replace("&amp;", "&")
    assert f"It opens on {opens}." in both
    for name in ("Ana", "Ben"):
        assert f"No invitation is out to {name}." in both


def test_the_form_says_who_sees_it_now_and_for_whom_it_waits(
    play: Play, dana: Person, ben: Person, yet_to_join: Person, couple: Couple
):
    alone = page(dana, f"/assign/?client={yet_to_join.client.pk}")
    assert "It waits until they join." in alone
    assert "sees it now" not in alone
    together = f"/assign/?couple={couple.pk}"
    shown = page(dana, together)
    assert "Ben sees it now, or on the day you pick. For Ana it waits until they join." in shown
    with play.at(dana):
        Client.objects.update(joined_at=None)
    shown = page(dana, together)
    assert "It waits until they join." in shown
    assert "now, or on the day" not in shown


def test_of_two_who_were_parted_only_who_is_in_reach_is_spoken_of(
    play: Play, dana: Person, omar: Person, ben: Person, cleared: Couple
):
    given = play.assign(dana, cleared)
    with play.at(dana):
        caring.hand_over(by=dana.actor, at=now(), clients=[ben.client], to=omar.member)
        Client.objects.filter(pk=ben.client.pk).update(joined_at=None)
    shown = told(dana, given)
    assert "Ana has it now</h1>" in shown
    for news in ("join", "No invitation"):
        assert news not in shown


def test_who_has_joined_has_it_now(play: Play, dana: Person, cleared: Couple):
    shown = told(dana, play.assign(dana, cleared)).replace("&amp;", "&")
    assert "Ana & Ben have it now</h1>" in shown
    assert "join" not in shown


def test_who_has_sent_it_has_it_no_more(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple
):
    given = play.assign(dana, cleared)
    play.submit(ben, play.homework(ben, given))
    shown = told(dana, given)
    assert "Ana has it now</h1>" in shown
    assert "Ben sent it today, " in shown
    play.submit(ana, play.homework(ana, given))
    shown = told(dana, given).replace("&amp;", "&")
    assert "Assigned to Ana & Ben</h1>" in shown
    assert "Both have sent it." in shown


# --- what is left of it -----------------------------------------------------------------------------
def withdraw(play: Play, by: Person, given: Assignment, slot: int, part: str) -> None:
    with play.at(by):
        homework = Homework.objects.filter(assignment=given, slot=slot).earliest("pk")
    ask = f"/assignments/{given.pk}/withdraw?homework={homework.pk}"
    assert by.browser().post(ask, {"part": part}).status_code == 302


def test_what_is_withdrawn_of_a_series_is_told_no_more(play: Play, dana: Person, ana: Person):
    given = play.assign(dana, ana, rrule="FREQ=WEEKLY;COUNT=5", days=6, opens_in=timedelta(days=1))
    day = [
        date_format(given.opens_local.replace(tzinfo=None) + timedelta(weeks=n), "D j M")
        for n in range(5)
    ]
    shown = told(dana, given)
    assert f"Ana will have it on {day[0]}</h1>" in shown
    assert f"Then on {day[1]}, {day[2]}, {day[3]} and so on: 5 times in all." in shown
    withdraw(play, dana, given, 0, "one")
    shown = told(dana, given)
    assert f"Ana will have it on {day[1]}</h1>" in shown
    assert f"Then on {day[2]}, {day[3]} and {day[4]}: 4 times in all." in shown
    withdraw(play, dana, given, 3, "later")
    shown = told(dana, given)
    assert f"Ana will have it on {day[1]}</h1>" in shown
    assert f"Then on {day[2]}: 2 times in all." in shown
    withdraw(play, dana, given, 1, "all")
    shown = told(dana, given)
    assert "Withdrawn</h1>" in shown
    assert "Nobody has it any more." in shown
    assert "will have it" not in shown
    assert "/withdraw" not in shown


@pytest.mark.parametrize(
    ("rule", "number", "end"),
    [
        ("FREQ=WEEKLY;COUNT=4", 0, ""),  # the sentence names them all
        ("FREQ=WEEKLY;BYDAY=MO,TH;COUNT=6", 6, ""),
        ("FREQ=WEEKLY;COUNT=40", 26, "and so on"),
        ("FREQ=WEEKLY;INTERVAL=4", 26, "and so on"),
    ],
)
def test_all_days_of_a_series_are_to_be_seen(
    play: Play, dana: Person, ana: Person, rule: str, number: int, end: str
):
    given = play.assign(dana, ana, rrule=rule, days=2, opens_in=timedelta(days=1))
    shown = told(dana, given)
    days = shown.partition("All these days")[2].partition("</ul>")[0]
    said = re.findall(r"<li>([^<]+)</li>", days)
    assert len(said) == number
    assert ("and so on" in days) is bool(end)
    if number:
        first = given.opens_local.replace(tzinfo=None)
        assert ("MO" in rule) or said[0] == date_format(first, "D j M")
        named = shown.partition("Then on ")[2].partition(" and so on")[0]
        assert said[1:4] == named.split(", ")


def test_what_is_sent_of_a_series_leads_to_what_comes_next(play: Play, dana: Person, ana: Person):
    given = play.assign(dana, ana, rrule="FREQ=WEEKLY;COUNT=3", days=6)
    day = [
        date_format(given.opens_local.replace(tzinfo=None) + timedelta(weeks=n), "D j M")
        for n in range(3)
    ]
    assert "Ana has it now</h1>" in told(dana, given)
    play.submit(ana, play.homework(ana, given), topic="Bags")
    shown = told(dana, given)
    assert f"Ana will have it on {day[1]}</h1>" in shown
    assert f"Then on {day[2]}: 3 times in all." in shown
    assert ", the next one until " in shown
    withdraw(play, dana, given, 2, "one")
    shown = told(dana, given)
    assert "Ana will have it on" in shown
    assert "Then on" not in shown
    assert "It comes once." not in shown


def test_what_is_sent_is_nobodys_now(play: Play, dana: Person, ana: Person):
    given = play.assign(dana, ana)
    play.submit(ana, play.homework(ana, given), topic="Bags")
    shown = told(dana, given)
    assert "Assigned to Ana</h1>" in shown
    assert "now</h1>" not in shown
    assert "Withdrawn" not in shown


def test_what_has_no_end_goes_on_after_all_that_is_planned(play: Play, dana: Person, ana: Person):
    """Of what comes every four weeks two times at most are planned."""
    given = play.assign(
        dana, ana, rrule="FREQ=WEEKLY;INTERVAL=4", days=6, opens_in=timedelta(days=2)
    )
    with play.at(dana):
        planned = Homework.objects.filter(assignment=given).count()
    for slot in range(planned):
        withdraw(play, dana, given, slot, "one")
    shown = told(dana, given)
    opens = given.opens_local + timedelta(weeks=4 * planned)
    assert f"Ana will have it on {date_format(opens.replace(tzinfo=None), 'D j M')}</h1>" in shown
    assert "and so on, until you withdraw it." in shown


@pytest.mark.parametrize("rule", ["", "FREQ=WEEKLY;COUNT=3"])
def test_a_days_own_page_says_that_it_is_one_of_a_series(
    play: Play, dana: Person, sana: Person, ana: Person, rule: str
):
    given = play.assign(dana, ana, rrule=rule, days=6)
    where = reverse("homework_page", args=[play.homework(ana, given).pk])
    there = f'href="/assignments/{given.pk}/"'
    assert ("One of a series." in page(dana, where)) is bool(rule)
    assert (there in page(dana, where)) is bool(rule)
    along = page(sana, where)
    assert ("One of a series." in along) is bool(rule)
    assert there not in along  # which is for therapists alone


def test_each_sentence_names_whom_it_is_true_for(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple
):
    rule = "FREQ=WEEKLY;COUNT=3"
    given = play.assign(dana, cleared, rrule=rule, days=6, opens_in=timedelta(days=1))
    day = [
        date_format(given.opens_local.replace(tzinfo=None) + timedelta(weeks=n), "D j M")
        for n in range(3)
    ]

    def shown() -> str:
        return html.unescape(told(dana, given))

    assert f"Ana & Ben will have it on {day[0]}</h1>" in shown()
    ask = f"/assignments/{given.pk}/withdraw?homework={play.homework(ana, given).pk}"
    said = {"part": "one", "whose": str(ana.client.pk)}
    assert dana.browser().post(ask, said).status_code == 302
    text = shown()
    assert "Assigned to Ana & Ben</h1>" in text
    assert f"Ana will have it on {day[1]}</h2>" in text
    assert f"Ben will have it on {day[0]}</h2>" in text
    assert f"Then on {day[1]} and {day[2]}: 3 times in all." in text
    assert f"Then on {day[2]}: 2 times in all." in text
    # All the rest of hers: it is his alone, on each page.
    with play.at(dana):
        hers = Homework.objects.get(assignment=given, client=ana.client, slot=1)
    ask = f"/assignments/{given.pk}/withdraw?homework={hers.pk}"
    assert dana.browser().post(ask, said | {"part": "all"}).status_code == 302
    text = shown()
    assert f"Ben will have it on {day[0]}</h1>" in text
    assert "Ana will" not in text
    ask = f"/assignments/{given.pk}/withdraw?homework={play.homework(ben, given).pk}"
    assert "It disappears from Ben’s page." in html.unescape(page(dana, ask))


def test_taking_back_says_what_stays_of_what_was_sent(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple
):
    given = play.assign(dana, cleared)
    ask = f"/assignments/{given.pk}/withdraw"
    shown = html.unescape(page(dana, ask))
    assert "It disappears from the pages of Ana & Ben." in shown
    assert "stays with you" not in shown
    play.submit(ben, play.homework(ben, given), topic="Bags")
    shown = html.unescape(page(dana, ask))
    assert "It disappears from Ana’s page. What Ben sent stays with you." in shown


# --- by whose clock ---------------------------------------------------------------------------------
def test_the_days_of_homework_are_their_clients_and_a_session_is_ones_own(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple
):
    """One weekday on all pages: the client's, whose clock is named where one's own says another hour."""
    far, session = ZoneInfo("Pacific/Auckland"), now() + timedelta(days=4)
    with play.at(dana):
        Client.objects.filter(pk=ana.client.pk).update(zone=str(far))
        Couple.objects.update(next_session_at=session)
        ana.client.refresh_from_db()
    opens = datetime.combine(now().astimezone(far).date() + timedelta(days=3), time(8), UTC)
    due = opens + timedelta(days=1, hours=13)

    def give(to: Person | Couple, when: planning.Schedule) -> Assignment:
        with play.at(dana):
            return assign(
                by=dana.actor,
                at=now(),
                version=play.library["e01-under-the-argument"],
                client=to.client if isinstance(to, Person) else None,
                couple=to if isinstance(to, Couple) else None,
                when=when,
            )

    picked = give(ana, planning.Schedule(opens_local=opens, due_local=due))
    work = reverse("homework_page", args=[play.homework(ana, picked).pk])
    starts, ends = (
        f"{date_format(wall.replace(tzinfo=None), 'D j M, H:i')}, Auckland time"
        for wall in (opens, due)
    )

    def shown(path: str) -> str:
        return html.unescape(page(dana, path)).replace("\xa0", " ")

    both = [work, f"/clients/{ana.client.pk}/", f"/couples/{cleared.pk}/"]
    assert [path for path in both if f"opens {starts}" not in shown(path)] == []
    assert f"until {ends}" in shown(work)
    assert f"until {ends}." in shown(reverse("assignment_sent", args=[picked.pk]))
    assert f"it opens {starts}." in shown(f"/assign/?client={ana.client.pk}")
    # The same for both, each by their own clock; until a session it is one hour, and that is Dana's.
    of_two = give(cleared, planning.Schedule(opens_local=opens, due_local=due))
    wall = date_format(due.replace(tzinfo=None), "D j M, H:i")
    said = shown(reverse("assignment_sent", args=[of_two.pk]))
    assert f"until {wall}, each by their own clock." in said
    until = give(cleared, planning.Schedule(session_at=session, session_of=cleared.pk))
    hour = date_format(session.astimezone(ZoneInfo(ZONE)), "D j M, H:i")
    assert f"until {hour}." in shown(reverse("assignment_sent", args=[until.pk]))
    form = shown(f"/assign/?couple={cleared.pk}")
    assert f"Now, until the next session: {hour}" in form
    assert "The session’s hour: Lisbon time." in form


def test_what_has_no_end_says_so(play: Play, dana: Person, ana: Person):
    given = play.assign(dana, ana, days=0)
    assert "with no end: it stays open until" in page(dana, f"/assignments/{given.pk}/")


def test_where_no_session_is_noted_the_form_offers_to_note_one_and_is_come_back_to(
    play: Play, dana: Person, ana: Person, cleared: Couple
):
    exercise = play.library["e01-under-the-argument"].exercise_id
    forms = {
        f"/assign/?client={ana.client.pk}": f"/clients/{ana.client.pk}/edit?assign={{}}#id_next_s",
        f"/assign/?couple={cleared.pk}": f"/couples/{cleared.pk}/session?assign={{}}",
    }
    hour = f"{now() + timedelta(days=2):%Y-%m-%dT%H:%M}"
    for address, there in forms.items():
        assert f'href="{there.format("")}' in page(dana, address)
        back = f"{address}&exercise={exercise}"
        assert f'href="{there.format(exercise)}' in page(dana, back)
        noting = there.format(exercise).partition("#")[0]
        assert f'href="{back}"'.replace("&", "&amp;") in page(dana, noting), "to cancel it"
        said = {"name": "Ana Quintero", "next_session_at": hour}
        answer = dana.browser().post(noting, said, follow=True)
        assert answer.redirect_chain == [(back, 302)]
        assert f'value="{exercise}" checked' in answer.content.decode()
        assert "until the next session" in answer.content.decode()
        nothing_chosen = dana.browser().post(there.format("").partition("#")[0], said)
        assert nothing_chosen["Location"] == address
        plain = dana.browser().post(noting.partition("?")[0], said)
        assert not plain["Location"].startswith("/assign/")
        with play.at(dana):
            Client.objects.update(next_session_at=None)
            Couple.objects.update(next_session_at=None)
    with play.at(dana):
        Couple.objects.update(next_session_at=now() + timedelta(days=2))
    for address, there in forms.items():
        assert there.partition("?")[0] not in page(dana, address)


def test_a_clients_page_offers_to_note_when_they_come(play: Play, dana: Person, ana: Person):
    path, link = f"/clients/{ana.client.pk}/", f'href="/clients/{ana.client.pk}/edit#id_next_s'
    shown = page(dana, path)
    assert "Note the next session" in shown.partition(link)[2].partition("</a>")[0]
    with play.at(dana):
        Client.objects.update(next_session_at=now() + timedelta(days=2))
    assert "Change the session" in page(dana, path).partition(link)[2].partition("</a>")[0]
    with play.at(dana):
        Client.objects.update(discharged_at=now())
    assert link not in page(dana, path)
