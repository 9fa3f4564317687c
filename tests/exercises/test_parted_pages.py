"""Of two who were parted only who is in reach is named, on each page; and what is said where care ends
or a couple is unlinked."""

import html
from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import now

from clients.actions import caring
from clients.models import Client, Couple
from exercises.actions import assigning
from exercises.models import Assignment, Homework
from tests.cast import Person, Play
from tests.exercises.ground import E11, page
from tests.world import world


@pytest.fixture
def given(play: Play, dana: Person, omar: Person, ben: Person, cleared: Couple) -> Assignment:
    """Given to both by Dana, who then handed Ben alone to Omar; Ben has sent it."""
    given = play.assign(dana, cleared, E11)
    with play.at(dana):
        caring.hand_over(by=dana.actor, at=now(), clients=[ben.client], to=omar.member)
    play.submit(ben, play.homework(ben, given))
    return given


def of_ben(play: Play, ben: Person, given: Assignment) -> Homework:
    return play.homework(ben, given)


@pytest.mark.parametrize(
    "where", ["/review/", "/review/{work}/", "/work/{work}/", "/assignments/{given}/"]
)
def test_whoever_took_over_one_of_two_reads_no_name_of_the_other(
    play: Play, omar: Person, ben: Person, given: Assignment, where: str
):
    address = where.format(work=of_ben(play, ben, given).pk, given=given.pk)
    shown = page(omar, address)
    assert "Ben" in shown
    for name in ("Ana", "Quintero"):
        assert name not in shown


def test_the_page_that_takes_it_back_names_ones_own_alone(
    play: Play, dana: Person, ben: Person, given: Assignment
):
    shown = page(dana, f"/assignments/{given.pk}/withdraw")
    assert "It disappears from Ana’s page." in shown
    assert "Ben" not in shown


@pytest.mark.parametrize("where", ["/review/", "/review/{work}/", "/assignments/{given}/"])
def test_while_one_therapist_sees_both_they_are_named_together(
    play: Play, dana: Person, omar: Person, ben: Person, given: Assignment, where: str
):
    with play.at(dana):
        caring.hand_over(by=omar.actor, at=now(), clients=[ben.client], to=dana.member)
    address = where.format(work=of_ben(play, ben, given).pk, given=given.pk)
    shown = html.unescape(page(dana, address))
    assert any(names in shown for names in ("Ana & Ben", "Ana Q. & Ben A.", "Ana Quintero & Ben"))


# --- where care has ended, and where a couple is unlinked ---------------------------------------
def test_once_the_care_of_one_has_ended_the_hour_is_the_others(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple
):
    address = f"/couples/{cleared.pk}/"
    with play.at(dana):
        Couple.objects.update(next_session_at=now() + timedelta(days=2))
        caring.discharge(by=dana.actor, at=now(), client=ben.client)
    shown = page(dana, address)
    assert "Next session, with Ana alone:" in shown
    assert f"/clients/{ana.client.pk}/clearance" in shown
    assert f"/clients/{ben.client.pk}/clearance" not in shown
    assert f"/couples/{cleared.pk}/session" in shown
    with play.at(dana):
        Couple.objects.update(next_session_at=None)
    assert f"/couples/{cleared.pk}/session" not in page(dana, address)
    with play.at(dana):
        Couple.objects.update(next_session_at=now() + timedelta(days=2))
        caring.discharge(by=dana.actor, at=now(), client=ana.client)
    assert "Next session" not in page(dana, address)


def test_unlinking_says_what_goes_and_what_stays(play: Play, dana: Person, cleared: Couple):
    address = f"/couples/{cleared.pk}/unlink"
    shown = page(dana, address)
    assert "What is open stays open for each" in shown
    assert "Exercises for two that have not opened yet no longer come." in shown
    assert "The session they share" not in shown
    with play.at(dana):
        Couple.objects.update(next_session_at=now() + timedelta(days=2))
    assert "The session they share goes from every page" in page(dana, address)


def test_who_has_one_of_two_says_that_they_are_linked_and_can_end_it(
    play: Play, dana: Person, omar: Person, ana: Person, ben: Person, noor: Person, cleared: Couple
):
    """Else neither therapist could unlink them, nor link their own with anybody again. Nothing of the
    other is told, and neither of the two learns of it."""
    unlink, anas = f"/couples/{cleared.pk}/unlink", f"/clients/{ana.client.pk}/"
    linked = "Ana is linked with somebody in a colleague’s care."
    assert linked not in page(dana, anas)
    assert omar.browser().get(unlink).status_code == 404
    with play.at(dana):
        Couple.objects.update(next_session_at=now() + timedelta(days=2))
        caring.hand_over(by=dana.actor, at=now(), clients=[ben.client], to=omar.member)
    shown = page(dana, anas)
    assert linked in shown
    assert unlink in shown
    for address in ("/couples/link", unlink):
        assert "Ben" not in page(dana, address)
    assert "in a colleague’s care: Ana Q." in page(dana, "/couples/link")
    told = page(dana, unlink)
    assert "The other is in a colleague’s care" in told
    assert "The session they share" not in told
    browsers = [(who, who.browser()) for who in (ana, ben)]

    def worlds() -> list[dict[str, Any]]:
        # Of topics it says that a partner never reads them, while there is one.
        seen = [world(who, browser) for who, browser in browsers]
        return [{at: one[at] for at in one if at != "/you/topics"} for one in seen]

    before = worlds()
    ended = dana.browser().post(unlink)
    assert ended.headers["Location"] == anas
    assert worlds() == before
    # Both therapists see that it ended, and can link anew.
    for by, who in ((dana, ana), (omar, ben)):
        assert "No longer linked since" in page(by, f"/clients/{who.client.pk}/")
    with play.at(dana):
        caring.link(by=dana.actor, at=now(), first=ana.client, second=noor.client)
    assert "No longer linked" not in page(dana, anas)


def test_a_clients_page_says_with_whom_the_next_session_is(
    play: Play, dana: Person, ana: Person, ben: Person, noor: Person, cleared: Couple
):
    soon = now() + timedelta(days=2)
    anas, noors = f"/clients/{ana.client.pk}/", f"/clients/{noor.client.pk}/"
    with play.at(dana):
        Couple.objects.update(next_session_at=soon + timedelta(days=2))
        for who in (ana, noor):
            Client.objects.filter(pk=who.client.pk).update(next_session_at=soon)
    assert "Next session, alone: " in page(dana, anas)
    assert "Next session: " in page(dana, noors)
    with play.at(dana):
        Couple.objects.update(next_session_at=soon - timedelta(days=1))
    assert "Next session, with Ben: " in page(dana, anas)
    with play.at(dana):
        caring.discharge(by=dana.actor, at=now(), client=ben.client)
    assert "Next session, alone: " in page(dana, anas)


# --- given to one of two, and given twice --------------------------------------------------------
def test_what_is_for_two_given_to_one_of_a_couple_says_how_to_give_it(
    play: Play, dana: Person, ana: Person, cleared: Couple
):
    exercise = play.library[E11].exercise_id
    said = {"exercise": exercise, "who": str(ana.client.pk), "when": "week"}
    answer = dana.browser().post(f"/assign/?couple={cleared.pk}", said)
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert "This exercise is for two. Choose “Both, each alone”." in shown
    assert "Assign it to a couple" not in shown


def test_a_second_series_of_the_same_is_given_only_once_it_was_asked_for(
    play: Play, dana: Person, ana: Person, cleared: Couple
):
    """A browser's Back leads to a form that can be sent again."""
    exercise = play.library["e04-reassurance-log"].exercise_id
    said = {"exercise": exercise, "who": "both", "when": "weekly"}
    browser, address = dana.browser(), f"/assign/?couple={cleared.pk}"
    assert browser.post(address, said).status_code == 302
    refused = browser.post(address, said)
    assert refused.status_code == 422
    shown = html.unescape(refused.content.decode())
    assert "There is a series of this for Ana & Ben already." in shown
    assert 'name="twice"' in shown
    with play.at(dana):
        there = Assignment.objects.exclude(rrule="").get()
    assert f'<a href="/assignments/{there.pk}/">See what is there</a>' in shown
    # Of the same once, or of another exercise, nothing is asked.
    assert browser.post(address, said | {"when": "week"}).status_code == 302
    other = play.library["e01-under-the-argument"].exercise_id
    assert browser.post(address, said | {"exercise": other}).status_code == 302
    assert browser.post(address, said | {"twice": "on"}).status_code == 302
    with play.at(dana):
        series = Assignment.objects.filter(version=play.library["e04-reassurance-log"])
        assert series.exclude(rrule="").count() == 2
    assert 'name="twice"' not in page(dana, address)


def test_the_same_a_moment_later_is_given_only_once_it_was_asked_for(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple
):
    exercise = play.library["e01-under-the-argument"].exercise_id
    said = {"exercise": exercise, "when": "week", "note": "For Friday."}
    browser, alone = dana.browser(), f"/assign/?client={ana.client.pk}"
    assert browser.post(alone, said).status_code == 302
    with play.at(dana):
        there = Assignment.objects.get()
    # Also as one of two; and what was typed stays.
    for address, more in ((alone, {}), (f"/assign/?couple={cleared.pk}", {"who": "both"})):
        refused = browser.post(address, said | more)
        assert refused.status_code == 422
        shown = html.unescape(refused.content.decode())
        assert "This was given to Ana a moment ago." in shown
        assert f'<a href="/assignments/{there.pk}/">See what is there</a>' in shown
        assert "For Friday." in shown
    # Nothing is asked of who has none of it, nor of what is a series; and it is not forbidden.
    bens = f"/assign/?couple={cleared.pk}"
    assert browser.post(bens, said | {"who": str(ben.client.pk)}).status_code == 302
    assert browser.post(alone, said | {"when": "weekly"}).status_code == 302
    assert browser.post(alone, said | {"twice": "on"}).status_code == 302
    # By the next hour it is meant; and what was taken back is not there.
    with play.at(dana):
        Assignment.objects.update(assigned_at=now() - timedelta(minutes=11))
    assert browser.post(alone, said).status_code == 302
    with play.at(dana):
        newest = Assignment.objects.order_by("-assigned_at")[0]
        assigning.withdraw(by=dana.actor, at=now(), assignment=newest)
    assert browser.post(alone, said).status_code == 302


def test_a_series_that_has_ended_for_one_of_two_is_not_theirs_any_more(
    play: Play, dana: Person, ana: Person, cleared: Couple
):
    """Its first time is open still; no more come."""
    slug = "e04-reassurance-log"
    given = play.assign(dana, cleared, slug, rrule="FREQ=WEEKLY", days=6)
    with play.at(dana):
        assigning.withdraw(
            by=dana.actor,
            at=now(),
            assignment=given,
            part=assigning.Part.LATER,
            slot=1,
            client=ana.client,
        )
    said = {"exercise": play.library[slug].exercise_id, "who": "both", "when": "weekly"}
    refused = dana.browser().post(f"/assign/?couple={cleared.pk}", said)
    assert "There is a series of this for Ben already." in refused.content.decode()
    said["who"] = str(ana.client.pk)
    assert dana.browser().post(f"/assign/?couple={cleared.pk}", said).status_code == 302


def test_what_one_of_two_has_is_told_by_whose_it_is(
    play: Play, dana: Person, ana: Person, cleared: Couple
):
    """The page hides it where it is given to the other alone."""
    play.assign(dana, ana)
    shown = page(dana, f"/assign/?couple={cleared.pk}")
    (line,) = [part for part in shown.split("<p ") if "Ana has this now, until" in part]
    assert line.startswith('class="note of-a"')


def test_what_opens_later_today_says_at_what_hour(play: Play, dana: Person, ana: Person):
    given = play.assign(dana, ana, opens_in=timedelta(minutes=2))
    shown = page(dana, f"/assignments/{given.pk}/")
    if given.opens_local.date() == (given.opens_local - timedelta(minutes=2)).date():
        assert f"Ana will have it today at {given.opens_local:%H:%M}</h1>" in shown
