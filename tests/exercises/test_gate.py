"""The gate of couple work: what is for two waits while it is closed, alike for both, and goes on after."""

import html
import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.utils.timezone import now

from clients.actions import caring, clearances
from clients.models import Clearance, Client, Couple
from exercises import definition as definitions
from exercises.actions import clockwork, planning, publishing, rescheduling
from exercises.models import Assignment, Homework, Reminder, ReminderState
from exercises.workflow import Status
from practice.errors import BadInput
from practice.models import AuditEvent
from practice.queries import audit
from tests.cast import Person, Play
from tests.exercises.ground import E11, break_next_move, due_now, hrefs, page, prefer, pump, working

WEEKLY = "FREQ=WEEKLY;COUNT=20"
WAITS = "Exercises for two wait until couple work is cleared for Ana."


@pytest.fixture
def series(play: Play, dana: Person, cleared: Couple) -> Assignment:
    """What is for two, every week from tomorrow."""
    return play.assign(dana, cleared, E11, rrule=WEEKLY, days=6, opens_in=timedelta(days=1))


def afraid(play: Play, by: Person, who: Person) -> Homework:
    """Let an answer of somebody's say so."""
    homework = play.homework(who, play.assign(by, who))
    play.flag(who, homework)
    return homework


def shown_to(by: Person, address: str) -> str:
    """Return what stands on a page, without what is new on every page: the word its forms get."""
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page(by, address)).partition(
        "<main"
    )[2]


def tick(by: Person, at: datetime) -> None:
    """Let that hour come."""
    with working():
        clockwork.tick_practice(by.practice.pk, at)


def states(play: Play, by: Person, given: Assignment, slot: int) -> list[str]:
    with play.at(by):
        found = Homework.objects.filter(assignment=given, slot=slot).order_by("client__created_at")
        return list(found.values_list("status", flat=True))


def clear(play: Play, by: Person, *people: Person) -> None:
    with play.at(by):
        for one in people:
            clearances.attest(by=by.actor, at=now(), client=one.client, cleared=True, despite=True)


def test_after_a_safety_answer_nothing_for_two_opens_for_either(
    play: Play, dana: Person, ana: Person, ben: Person, series: Assignment
):
    tomorrow = now() + timedelta(days=1)
    afraid(play, dana, ana)
    before = page(ben, "/today/")
    tick(dana, tomorrow)
    # The day is let go, for both alike; what comes after it still waits.
    assert states(play, dana, series, 0) == [Status.WITHDRAWN, Status.WITHDRAWN]
    assert states(play, dana, series, 1) == [Status.SCHEDULED, Status.SCHEDULED]
    clear(play, dana, ana)
    tick(dana, tomorrow + timedelta(minutes=5))
    assert states(play, dana, series, 0) == [Status.WITHDRAWN, Status.WITHDRAWN]
    tick(dana, tomorrow + timedelta(weeks=1))
    assert states(play, dana, series, 1) == [Status.OPEN, Status.OPEN]
    assert "What reaches me" not in before
    assert "What reaches me" in page(ben, "/today/")


def test_neither_partner_is_told_that_something_was_held(
    play: Play, dana: Person, ana: Person, ben: Person, series: Assignment
):
    """No page of theirs has a line more, and no mail is planned, called off or told of."""
    before = shown_to(ben, "/today/")
    afraid(play, dana, ana)
    assert shown_to(ben, "/today/") == before
    tick(dana, now() + timedelta(days=1))
    assert "What reaches me" not in page(ben, "/today/")
    with play.at(dana):
        held = Homework.objects.filter(assignment=series, slot=0).values("pk")
        assert not Reminder.objects.filter(homework_id__in=held).exists()
    for who in (ana, ben):
        for address in ("/you/reminders", "/log/", "/growth/"):
            assert "withdrawn" not in page(who, address).lower()


def test_nor_does_a_mail_that_was_not_wanted_or_had_another_day(
    play: Play, dana: Person, ana: Person, ben: Person, series: Assignment
):
    """The pump may look before the clock does, and writes down why nothing goes."""
    bens = play.homework(ben, series)
    assert bens.due_local
    later = bens.due_local + timedelta(hours=1)
    prefer(ben, kinds_off=["assigned"])
    with play.at(dana):
        rescheduling.reschedule(
            by=dana.actor, at=now(), homework=bens, ends=rescheduling.Ends(local=later)
        )
        told = Reminder.objects.filter(homework_id=bens.pk)
        row = told.get(kind="assigned")
    due_now(row)
    pump()
    with play.at(dana):
        assert {"skipped", "cancelled"} == {
            ReminderState(state).name.lower()
            for state in told.values_list("state", flat=True)
            if state != ReminderState.PLANNED
        }
    afraid(play, dana, ana)
    tick(dana, now() + timedelta(days=1))
    with play.at(dana):
        assert not told.exists()


def test_the_trail_does_not_tell_that_couple_work_waited(
    play: Play, dana: Person, ruth: Person, ana: Person, series: Assignment
):
    afraid(play, dana, ana)
    tick(dana, now() + timedelta(days=1))
    with play.at(ruth):
        assert AuditEvent.objects.filter(action="homework.lapse").count() == 2
        told = audit.events(ruth.actor).values_list("action", flat=True)
        assert "assignment.assigned" in told
        assert "homework.lapse" not in told


def test_it_waits_once_the_screening_is_ninety_days_old(
    play: Play, dana: Person, series: Assignment, cleared: Couple
):
    with play.at(dana):
        Clearance.objects.filter(client=cleared.second).update(recheck_at=now())
    tick(dana, now() + timedelta(days=1))
    assert states(play, dana, series, 0) == [Status.WITHDRAWN, Status.WITHDRAWN]


def test_what_is_for_each_alone_goes_on(play: Play, dana: Person, ana: Person, cleared: Couple):
    given = play.assign(dana, cleared, opens_in=timedelta(days=1))
    afraid(play, dana, ana)
    tick(dana, now() + timedelta(days=1))
    assert states(play, dana, given, 0) == [Status.OPEN, Status.OPEN]


def test_the_days_of_one_who_lives_further_east_take_the_others_along(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple
):
    with play.at(dana):
        Client.objects.filter(pk=ben.client.pk).update(zone="Pacific/Auckland")
        cleared.second.refresh_from_db()
    given = play.assign(dana, cleared, E11, rrule=WEEKLY, days=6, opens_in=timedelta(days=2))
    afraid(play, dana, ana)
    with play.at(dana):
        first = Homework.objects.filter(assignment=given, slot=0).earliest("opens_at")
    assert first.client_id == ben.client.pk
    tick(dana, first.opens_at)
    assert states(play, dana, given, 0) == [Status.WITHDRAWN, Status.WITHDRAWN]


def test_unlinking_ends_what_is_for_two_and_not_open_yet(
    play: Play, dana: Person, series: Assignment, cleared: Couple
):
    each, now_open = (
        play.assign(dana, cleared, rrule=WEEKLY, days=6),
        play.assign(dana, cleared, E11),
    )
    with play.at(dana):
        caring.unlink(by=dana.actor, at=now(), couple=cleared)
    tick(dana, now() + timedelta(days=1))
    assert states(play, dana, series, 0) == [Status.WITHDRAWN, Status.WITHDRAWN]
    with working():
        clockwork.plan(now())
    with play.at(dana):
        left = Homework.objects.filter(assignment=series).exclude(status=Status.WITHDRAWN)
        assert not left.exists()
        assert Assignment.objects.get(pk=series.pk).withdrawn_at
        assert Assignment.objects.get(pk=each.pk).withdrawn_at is None
    # What each has alone, and what is open already, stays.
    assert states(play, dana, each, 1) == [Status.SCHEDULED, Status.SCHEDULED]
    assert states(play, dana, now_open, 0) == [Status.OPEN, Status.OPEN]


def test_of_what_was_for_two_who_were_parted_one_row_that_breaks_holds_up_no_other(
    play: Play, dana: Person, ana: Person, ben: Person, series: Assignment, cleared: Couple
):
    broken = play.homework(ana, series)
    with play.at(dana):
        caring.unlink(by=dana.actor, at=now(), couple=cleared)
    break_next_move(broken)
    with working():
        clockwork.plan(now())
    assert states(play, dana, series, 0) == [Status.SCHEDULED, Status.WITHDRAWN]
    assert states(play, dana, series, 1) == [Status.WITHDRAWN, Status.WITHDRAWN]
    with play.at(dana):
        assert Assignment.objects.get(pk=series.pk).withdrawn_at


def test_what_was_for_one_stays_so_when_a_newer_version_is_for_two(
    play: Play, dana: Person, ana: Person, shelf: list[definitions.Definition]
):
    given = play.assign(dana, ana, rrule=WEEKLY, days=6)
    changed = [
        replace(one, kind=definitions.Kind.PAIR)
        for one in shelf
        if one.slug == given.version.exercise.slug
    ]
    with play.at(dana):
        assert len(publishing.publish(dana.practice.pk, changed, at=now())) == 1
    with working():
        clockwork.plan(now())
    with play.at(dana):
        assert Assignment.objects.get(pk=given.pk).withdrawn_at is None
    tick(dana, now() + timedelta(weeks=1))
    assert states(play, dana, given, 1) == [Status.OPEN]


def test_planning_and_another_day_do_not_go_round_the_gate(
    play: Play, dana: Person, ana: Person, series: Assignment
):
    afraid(play, dana, ana)
    with play.at(dana):
        # The planner was away: what it plans now has come due already.
        Homework.objects.filter(assignment=series, slot__gt=0).delete()
        clockwork.extend_series(dana.practice.pk, at=now() + timedelta(days=9))
    assert states(play, dana, series, 1) == [Status.SCHEDULED, Status.SCHEDULED]
    homework = play.homework(ana, series)
    due = homework.due_local
    with play.at(dana), pytest.raises(BadInput) as refusal:
        rescheduling.reschedule(
            by=dana.actor,
            at=now(),
            homework=homework,
            ends=rescheduling.Ends(due),
            opens_local=homework.opens_at.replace(hour=0, minute=0) - timedelta(days=1),
        )
    assert "opens" in refusal.value.fields


# --- what is told, and to whom -----------------------------------------------------------------
def test_who_cares_for_both_is_told_that_it_waits_and_until_when(
    play: Play, dana: Person, sana: Person, ana: Person, ben: Person, series: Assignment
):
    addresses = [
        f"/couples/{series.couple_id}/",
        f"/assignments/{series.pk}/",
        f"/work/{play.homework(ana, series).pk}/",
        f"/work/{play.homework(ben, series).pk}/",
    ]
    for address in addresses:
        assert WAITS not in page(dana, address)
    seen = {
        address: shown_to(sana, address) for address in addresses if "assignments" not in address
    }
    afraid(play, dana, ana)
    for address in addresses:
        shown = page(dana, address)
        assert WAITS in shown
        assert "A day that passes is let go for both" in shown
        assert f"/clients/{ana.client.pk}/clearance" in hrefs(shown)
    for address, before in seen.items():
        if "work" in address:
            assert shown_to(sana, address) == before
        assert "cleared" not in page(sana, address)
    tick(dana, now() + timedelta(days=1))
    assert "Its day came while couple work waited" in page(dana, addresses[-1])
    along = page(sana, addresses[-1])
    assert "couple work" not in along
    assert "Withdrawn" in along


def test_who_cares_for_one_learns_nothing_of_the_others_screening(
    play: Play, dana: Person, omar: Person, ana: Person, ben: Person, series: Assignment
):
    with play.at(dana):
        caring.hand_over(by=dana.actor, at=now(), clients=[ben.client], to=omar.member)
    address = f"/work/{play.homework(ben, series).pk}/"
    before = shown_to(omar, address)
    assert "Exercises for two open only while both are cleared for couple work." in before
    afraid(play, dana, ana)
    assert shown_to(omar, address) == before


def test_after_a_safety_answer_one_sees_what_still_runs_and_where_to_end_it(
    play: Play, dana: Person, sana: Person, ana: Person, ben: Person, series: Assignment
):
    is_open = play.assign(dana, series.couple, E11)
    play.submit(ana, play.homework(ana, is_open))
    alone = play.assign(dana, ana, "e04-reassurance-log")
    again = play.assign(dana, ana, rrule=WEEKLY, days=6, opens_in=timedelta(days=3))
    flagged = afraid(play, dana, ana)
    address = f"/work/{flagged.pk}/"
    shown = html.unescape(page(dana, address))
    ends = {href.split("?")[0] for href in hrefs(shown, "/withdraw")}
    assert {f"/assignments/{one.pk}/withdraw" for one in (is_open, again, series)} <= ends
    assert f"/assignments/{alone.pk}/withdraw" not in ends
    assert "Ben: not in yet" in shown.partition("What still runs")[2]
    assert "What still runs" not in page(sana, address)
    # It stays there once somebody sees to it.
    (deed,) = [part.split('"')[0] for part in shown.split('action="')[1:] if "/flags/" in part[:60]]
    assert dana.browser().post(deed).status_code == 302
    assert "What still runs" in page(dana, address)


def test_who_is_not_cleared_leaves_a_list_of_what_still_runs(
    play: Play, dana: Person, sana: Person, ana: Person, series: Assignment
):
    """And the couple's page says that it waits also once nothing is left to wait."""
    alone, together = f"/clients/{ana.client.pk}/clearance", f"/couples/{series.couple_id}/"
    own = play.assign(dana, ana, "e04-reassurance-log")
    assert "What still runs" not in page(dana, alone)
    answer = dana.browser().post(alone, {"cleared": "no"}, follow=True)
    shown = html.unescape(answer.content.decode())
    assert "Noted: not cleared. Nothing for two opens until you note otherwise." in shown
    assert "It is asked again" not in shown
    ends = {href.split("?")[0] for href in hrefs(shown, "/withdraw")}
    assert f"/assignments/{series.pk}/withdraw" in ends
    assert f"/assignments/{own.pk}/withdraw" not in ends
    assert "A day that passes is let go for both" in page(dana, together)
    assert dana.browser().post(f"/assignments/{series.pk}/withdraw").status_code == 302
    assert "What still runs" not in page(dana, alone)
    shown = page(dana, together)
    assert WAITS in shown
    assert "A day that passes is let go for both" not in shown
    assert WAITS not in page(sana, together)


def test_a_day_that_waits_behind_the_gate_is_promised_to_nobody(
    play: Play, dana: Person, omar: Person, ana: Person, ben: Person, series: Assignment
):
    there = f"/assignments/{series.pk}/"
    assert "will have it on" in page(dana, there)
    afraid(play, dana, ana)
    shown = html.unescape(page(dana, there))
    assert "Assigned to Ana & Ben</h1>" in shown
    assert "It is planned for " in shown
    assert "will have it" not in shown
    # Who cares for one of two learns the rule, and not whether it holds.
    with play.at(dana):
        caring.hand_over(by=dana.actor, at=now(), clients=[ben.client], to=omar.member)
    shown = page(omar, there)
    assert "Exercises for two open only while both are cleared for couple work." in shown
    assert "will have it" not in shown


def test_standing_is_one_word_on_every_page(play: Play, dana: Person, ana: Person, cleared: Couple):
    """At the very minute of the recheck every page says the same."""
    pages = [f"/clients/{ana.client.pk}/", f"/couples/{cleared.pk}/"]
    clearance = f"/clients/{ana.client.pk}/clearance"
    with play.at(dana):
        Clearance.objects.filter(client=ana.client).update(recheck_at=now())
    for address in pages:
        assert "o be screened again" in page(dana, address)
    assert WAITS in html.unescape(page(dana, f"/assign/?couple={cleared.pk}"))
    assert "To be asked again" in page(dana, clearance)
    clear(play, dana, ana)
    for address in pages:
        assert "leared until" in page(dana, address)
    assert "Overtaken" in page(dana, clearance)


# --- of two, one -------------------------------------------------------------------------------
def test_of_two_with_a_therapist_each_one_ends_a_series_for_their_own(
    play: Play, dana: Person, omar: Person, ana: Person, ben: Person, cleared: Couple
):
    given = play.assign(dana, cleared, rrule=WEEKLY, days=6, opens_in=timedelta(days=1))
    with play.at(dana):
        caring.hand_over(by=dana.actor, at=now(), clients=[ben.client], to=omar.member)
    ask = f"/assignments/{given.pk}/withdraw"
    shown = html.unescape(page(dana, ask))
    assert "It disappears from Ana’s page." in shown
    assert "Ben" not in shown
    assert dana.browser().post(ask).status_code == 302
    with play.at(omar):
        # Of whose it has ended nothing is asked again, round after round.
        (share,) = planning.unfinished_shares(dana.practice.pk, now())
        assert share.client_id == ben.client.pk
        for weeks in range(4, 21, 4):
            clockwork.extend_series(dana.practice.pk, at=now() + timedelta(weeks=weeks))
        left = Homework.objects.filter(assignment=given).exclude(status=Status.WITHDRAWN)
        assert left.filter(client=ben.client).count() == 20
        assert not left.filter(client=ana.client).exists()
    assert "20 times in all." in page(omar, f"/assignments/{given.pk}/")
    assert "Withdrawn</h1>" in page(dana, f"/assignments/{given.pk}/")
    # Once the other ends it as well, it is withdrawn.
    assert omar.browser().post(ask).status_code == 302
    with play.at(omar):
        assert Assignment.objects.get(pk=given.pk).withdrawn_at


@pytest.mark.parametrize("rule", ["", WEEKLY])
def test_from_ones_homework_it_can_be_withdrawn_from_them_alone(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple, rule: str
):
    given = play.assign(dana, cleared, rrule=rule, days=6)
    with play.at(dana):
        caring.unlink(by=dana.actor, at=now(), couple=cleared)
    ask = f"/assignments/{given.pk}/withdraw?homework={play.homework(ana, given).pk}"
    shown = html.unescape(page(dana, ask))
    assert "Both: Ana & Ben" in shown
    assert "Only Ana’s" in shown
    said = {"whose": str(ana.client.pk), "part": "all"}
    assert dana.browser().post(ask, said).status_code == 302
    assert states(play, dana, given, 0) == [Status.WITHDRAWN, Status.OPEN]
    assert "Ben has it now</h1>" in page(dana, f"/assignments/{given.pk}/")
    # Of what only one has left, nobody is asked whose.
    last = f"/assignments/{given.pk}/withdraw?homework={play.homework(ben, given).pk}"
    assert "Only Ben’s" not in html.unescape(page(dana, last))


def test_a_day_of_a_withdrawn_series_says_so(play: Play, dana: Person, ana: Person):
    given = play.assign(dana, ana, rrule=WEEKLY, days=6)
    address = f"/work/{play.homework(ana, given).pk}/"
    assert "See when it comes again" in page(dana, address)
    assert dana.browser().post(f"/assignments/{given.pk}/withdraw").status_code == 302
    assert "One of a series that was withdrawn." in page(dana, address)
    assert "See when it comes again" not in page(dana, address)
