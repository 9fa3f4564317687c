"""Two who are seen together, and what of that still holds once it changes: unlinked, handed over one
by one, screened again."""

import html
import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils.timezone import now

from clients.actions import caring, clearances
from clients.models import Client, Couple
from exercises.actions import pausing
from exercises.queries.homework import PAST
from exercises.views.target import Target
from practice.models import Membership, Supervision
from practice.tenancy import scope
from tests.cast import ZONE, Person, Play
from tests.exercises.ground import hrefs, page
from tests.world import world


def afraid(play: Play, by: Person, who: Person) -> None:
    homework = play.homework(who, play.assign(by, who))
    play.flag(who, homework)


# --- the screening -----------------------------------------------------------------------------
def test_a_screening_from_beside_another_partner_is_to_be_done_again(
    play: Play, dana: Person, ana: Person, ben: Person, noor: Person, cleared: Couple
):
    """Whether one fears the other was asked of the two they were then."""
    with play.at(dana):
        caring.unlink(by=dana.actor, at=now(), couple=cleared)
        caring.link(by=dana.actor, at=now(), first=ana.client, second=noor.client)
    said = "To be screened again: it was noted while they had another partner."
    assert said in page(dana, f"/clients/{ana.client.pk}/")
    assert said not in page(dana, f"/clients/{noor.client.pk}/")
    with play.at(dana):
        clearances.attest(by=dana.actor, at=now(), client=noor.client, cleared=True)
        pair = {ana.client.pk, noor.client.pk}
        assert clearances.cleared(pair, now()) == {noor.client.pk}
        # Ben's stands for as long as nobody else is beside him; and for Noor it counts from now on.
        assert clearances.cleared([ben.client.pk], now()) == {ben.client.pk}
    assert "To be screened again" not in page(dana, f"/clients/{noor.client.pk}/")


def test_what_was_noted_of_the_very_two_stands_when_they_are_linked_anew(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple
):
    with play.at(dana):
        caring.unlink(by=dana.actor, at=now(), couple=cleared)
        caring.link(by=dana.actor, at=now(), first=ben.client, second=ana.client)
        pair = {ana.client.pk, ben.client.pk}
        assert clearances.cleared(pair, now()) == pair


def test_a_screening_that_an_answer_ended_is_to_be_done_again(
    play: Play, dana: Person, sana: Person, ana: Person, ben: Person, cleared: Couple
):
    """On her own page since when; on the couple's, which may lie between the two, as when it ran out."""
    alone, together = f"/clients/{ana.client.pk}/", f"/couples/{cleared.pk}/"
    assert "Cleared until" in page(dana, alone)
    afraid(play, dana, ana)
    shown = page(dana, alone)
    assert "To be screened again, since their answer on" in shown
    assert "Screen again" in shown
    both = page(dana, together)
    after_flag = both.partition("Screening for couple work</h2>")[2].partition("</section>")[0]
    assert f'href="{alone}">Ana</a>: to be screened again</span>' in after_flag
    assert ">Ben</a>: cleared until" in after_flag
    for text in (shown, after_flag):
        assert "not screened yet" not in text.lower()
        assert "Note your decision" not in text
    assert "their answer" not in both
    assert "feel safe" not in both
    # It is the very word that stands there when the time has run out.
    with play.at(dana):
        cleared.first.clearances.update(ended_at=None, recheck_at=now() - timedelta(days=1))
    ran_out = page(dana, together)
    assert (
        after_flag == ran_out.partition("Screening for couple work</h2>")[2].partition("</sec")[0]
    )
    # Who reads along learns of neither.
    for address in (alone, together):
        assert "screened again" not in page(sana, address)
    assert "Exercises for two wait until couple work is cleared for Ana." in html.unescape(
        page(dana, f"/assign/?couple={cleared.pk}")
    )


# --- unlinked ----------------------------------------------------------------------------------
def test_who_is_linked_no_more_is_only_read_about(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple
):
    session, exercise = f"/couples/{cleared.pk}/session", play.library["e01-under-the-argument"]
    play.assign(dana, cleared)
    ana.browser().post("/you/topics", {"text": "The move in spring"})
    with play.at(dana):
        Couple.objects.update(next_session_at=now() + timedelta(days=2))
        caring.unlink(by=dana.actor, at=now(), couple=cleared)
    shown = page(dana, f"/couples/{cleared.pk}/")
    assert "No longer linked since" in shown
    for gone in ("Next session", session, "/unlink", "/assign/?couple", "The move in spring"):
        assert gone not in shown
    assert "Under the argument" in shown
    # Each of the two pages refuses before anything is typed, and the deed itself as well.
    for address in (session, f"/couples/{cleared.pk}/unlink"):
        assert "They are no longer linked." in page(dana, address, 409)
    assert dana.browser().post(session, {"next_session_at": ""}).status_code == 409
    with scope(practice=dana.practice.pk):
        assert Couple.objects.get().next_session_at is not None
    assign = f"/assign/?couple={cleared.pk}"
    refused = html.unescape(page(dana, f"{assign}&exercise={exercise.exercise_id}", 409))
    assert "They are no longer linked." in refused
    assert f"?client={ana.client.pk}&exercise={exercise.exercise_id}" in refused
    assert "<textarea" not in refused
    said = {"exercise": exercise.exercise_id, "who": "both", "when": "week", "note": "For Friday."}
    answer = dana.browser().post(assign, said)
    assert answer.status_code == 422
    assert "They are no longer linked." in answer.content.decode()
    assert "For Friday." in answer.content.decode()


# --- an hour that two share ----------------------------------------------------------------------
def told(clock: str, by: Person, of: Person) -> list[str]:
    """Return which pages tell of an hour, by what o'clock it is."""
    queue, card = page(by, "/review/").split("Sessions</h2>")
    pages = {
        "queue": queue,
        "sessions": card.partition("</section>")[0],
        "list": page(by, "/clients/"),
        "client": page(by, f"/clients/{of.client.pk}/"),
        "edit": page(by, f"/clients/{of.client.pk}/edit"),
        "assign": page(by, f"/assign/?client={of.client.pk}"),
        "today": page(of, "/today/"),
    }
    return [name for name, text in pages.items() if clock in text]


EVERYWHERE = ["queue", "sessions", "list", "client", "edit", "assign", "today"]


def test_a_couples_hour_counts_while_one_therapist_sees_both(
    play: Play, dana: Person, omar: Person, ana: Person, ben: Person, couple: Couple
):
    """Once one of the two is handed over it is nobody's to move, and no page tells it any more."""
    day = (now() + timedelta(days=3)).astimezone(ZoneInfo(ZONE))
    shared, own = day.replace(hour=16, minute=37), day.replace(hour=18, minute=23)
    with play.at(dana):
        Couple.objects.update(next_session_at=shared)
        Client.objects.filter(pk=ana.client.pk).update(next_session_at=own)
    for who in (ana, ben):
        play.submit(who, play.homework(who, play.assign(dana, who)), topic="Bags")
    assert told("16:37", dana, ana) == EVERYWHERE
    assert told("18:23", dana, ana) == ["sessions", "edit"]  # the other comes first
    with play.at(dana):
        caring.hand_over(by=dana.actor, at=now(), clients=[ben.client], to=omar.member)
    assert told("16:37", dana, ana) == []
    assert told("16:37", omar, ben) == []
    assert told("18:23", dana, ana) == EVERYWHERE
    # Who supervises reads the couple's page again, and still no hour that nobody can move.
    with play.at(dana):
        Membership.objects.filter(pk=omar.member.pk).update(roles=["therapist", "supervisor"])
        Supervision.objects.create(
            practice=dana.practice, supervisor=omar.member, therapist=dana.member
        )
    assert told("16:37", omar, ben) == []
    assert "16:37" not in page(omar, f"/couples/{couple.pk}/")
    with play.at(dana):
        caring.hand_over(by=omar.actor, at=now(), clients=[ben.client], to=dana.member)
    assert told("16:37", dana, ben) == EVERYWHERE
    assert "16:37" in page(omar, f"/couples/{couple.pk}/")


def test_what_one_would_rather_talk_about_stands_with_what_is_for_the_hour(
    play: Play, dana: Person, sana: Person, ana: Person, ben: Person, cleared: Couple
):
    """For who cares for them; the partner's pages tell nothing of it."""
    given = play.assign(dana, cleared, opens_in=-timedelta(hours=1))
    together, browser = f"/couples/{cleared.pk}/", ana.browser()
    for _over in range(PAST):  # which come before it, where it says what is over
        later = play.homework(ana, play.assign(dana, ana))
        browser.post(f"/homework/{later.pk}/set-aside/", {"how": "let_go"})
    bens = ben.browser()
    before = world(ben, bens)
    told = "Would rather talk about “Under the argument” in the session"
    assert told not in page(dana, together)
    with play.at(ana):
        homework = play.homework(ana, given)
        pausing.set_aside(by=ana.actor, at=now(), homework=homework, for_session=True)
    (second,) = hrefs(page(dana, together), "after=")
    both = [page(dana, address) for address in (together, html.unescape(second))]
    assert [text.count(told) for text in both] == [1, 1]
    assert [text.count("would rather talk about it") for text in both] == [0, 1]
    assert told not in page(sana, together)
    assert told not in page(sana, f"/clients/{ana.client.pk}/")
    assert told not in page(dana, f"/clients/{ben.client.pk}/")
    assert world(ben, bens) == before


def test_where_one_stands_is_the_way_there_and_only_a_review_is_a_deed(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple
):
    given = play.assign(dana, cleared)
    sent = play.submit(ana, play.homework(ana, given), topic="Bags")
    shown = page(dana, f"/couples/{cleared.pk}/").partition("Homework now")[2]
    links = re.findall(
        r'<a(?: class="[^"]*")? href="([^"]+)">(.*?)</a>', shown.partition("</section>")[0]
    )
    review, work = f"/review/{sent.pk}/", f"/work/{play.homework(ben, given).pk}/"
    assert [there for there, _words in links] == [review, review, work]
    assert [words for _there, words in links if "Ana" not in words and "Ben" not in words] == [
        "Review"
    ]


def test_what_was_given_to_both_leads_to_the_one_who_stayed(
    play: Play, dana: Person, omar: Person, ana: Person, ben: Person, cleared: Couple
):
    """The couple's page is closed to both therapists then: nothing leads there."""
    given = play.assign(dana, cleared)
    sent = play.submit(ana, play.homework(ana, given), topic="Bags")
    pages = (
        f"/review/{sent.pk}/",
        f"/assignments/{given.pk}/",
        f"/assignments/{given.pk}/withdraw",
    )
    together, alone = f'href="/couples/{cleared.pk}/"', f'href="/clients/{ana.client.pk}/"'
    for address in pages:
        assert together in page(dana, address)
    with play.at(dana):
        caring.hand_over(by=dana.actor, at=now(), clients=[ben.client], to=omar.member)
    for address in pages:
        assert together not in page(dana, address)
        assert alone in page(dana, address)


def test_no_hour_comes_and_nothing_is_open_where_care_has_ended(
    play: Play, dana: Person, noor: Person
):
    soon = (now() + timedelta(days=3)).astimezone(ZoneInfo(ZONE)).replace(hour=16, minute=37)
    with play.at(dana):
        Client.objects.filter(pk=noor.client.pk).update(next_session_at=soon)
    play.submit(noor, play.homework(noor, play.assign(dana, noor)), topic="Bags")
    play.assign(dana, noor)
    listed = page(dana, "/clients/")
    assert "1 to review</b> · 1 open" in listed
    with play.at(dana):
        caring.discharge(by=dana.actor, at=now(), client=noor.client)
    listed = page(dana, "/clients/?only=discharged")
    assert "1 to review</b></span>" in listed
    client = page(dana, f"/clients/{noor.client.pk}/")
    assert "Care ended on" in client
    for text in (listed, client, page(dana, "/review/")):
        assert "16:37" not in text


# --- their hour ----------------------------------------------------------------------------------
@pytest.mark.parametrize(("minutes", "found"), [(-1, 0), (0, 1), (1, 1)])
def test_an_hour_that_begins_now_is_to_come_for_one_as_for_two(
    ana: Person, couple: Couple, minutes: int, found: int
):
    at = now()
    hour = at + timedelta(minutes=minutes)
    ana.client.next_session_at = couple.next_session_at = hour
    for target in (Target(ana.client, None), Target(None, couple)):
        assert target.session(at) == ((hour, (target.couple or ana.client).pk) if found else None)
