"""Other days for homework: by hand, or because the session moved until which it was given."""

from datetime import UTC, datetime, time, timedelta
from importlib import import_module
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import now

from clients.actions import caring
from clients.models import Client, Couple
from exercises import schedule
from exercises.actions import planning, rescheduling
from exercises.actions.assigning import assign
from exercises.models import Homework, Reminder, ReminderState
from exercises.workflow import Status
from practice.errors import NotPossible
from practice.models import AuditEvent, User
from tests.cast import ZONE, Person, Play
from tests.exercises.ground import page
from tests.practice.ground import form_on

LISBON = ZoneInfo("Europe/Lisbon")
FOLLOWED = "What was given until that session now runs until the new hour."


# --- by hand -----------------------------------------------------------------------------------
def test_a_day_that_is_over_is_refused_beside_the_form(play: Play, dana: Person, ana: Person):
    homework = play.homework(ana, play.assign(dana, ana))
    path = reverse("homework_due", args=[homework.pk])
    answer = dana.browser().post(path, {"due": "2026-01-01"})
    assert answer.status_code == 422
    assert "Choose a day that is still to come." in answer.content.decode()
    assert 'value="2026-01-01"' in answer.content.decode()


def test_a_day_before_it_opens_is_refused_and_the_field_speaks_iso_in_every_language(
    play: Play, dana: Person, ana: Person
):
    homework = play.homework(ana, play.assign(dana, ana, opens_in=timedelta(days=9), days=3))
    path = reverse("homework_due", args=[homework.pk])
    assert homework.due_local is not None
    assert f'value="{homework.due_local:%Y-%m-%d}"' in page(dana, path)
    User.objects.filter(pk=dana.user.pk).update(language="es")
    assert f'type="date" name="due" value="{homework.due_local:%Y-%m-%d}"' in page(dana, path)
    before = f"{now() + timedelta(days=4):%Y-%m-%d}"
    opens = schedule.local_time(homework.opens_at, homework.zone).date()
    answer = dana.browser().post(path, {"opens": str(opens), "due": before})
    assert answer.status_code == 422
    assert 'id="id_due_error"' in answer.content.decode()


def test_a_day_of_a_series_is_moved_whole(play: Play, dana: Person, ana: Person):
    """Its opening, its end and its reminders; the days beside it stay."""
    given = play.assign(dana, ana, opens_in=timedelta(days=2), days=1, rrule="FREQ=WEEKLY;COUNT=4")
    with play.at(dana):
        second, third = Homework.objects.filter(assignment=given, slot__in=(1, 2)).order_by("slot")
    path = reverse("homework_due", args=[second.pk])
    here = schedule.local_time(second.opens_at, second.zone).date()
    assert f'name="opens" value="{here}"' in page(dana, path)
    day = here + timedelta(days=3)
    answer = dana.browser().post(path, {"opens": day, "due": day})
    assert answer.status_code == 302, answer.content.decode()
    moved, kept = play.fresh(second), play.fresh(third)
    assert moved.opens_at == datetime.combine(day, time(8), ZoneInfo(moved.zone))
    assert moved.due_at == datetime.combine(day, time(21), ZoneInfo(moved.zone))
    assert (kept.opens_at, kept.due_at) == (third.opens_at, third.due_at)
    with play.at(dana):
        planned = Reminder.objects.filter(homework_id=second.pk, state=ReminderState.PLANNED)
        assert {row.next_at.astimezone(ZoneInfo(ZONE)).date() >= day for row in planned} == {True}
        assert Homework.objects.filter(assignment=given).count() == 4


@pytest.mark.parametrize(
    ("slot", "days", "said"),
    [
        (1, 7, "Choose a day before the next one of this series."),
        (1, -7, "Choose a day after the one before it in this series."),
        # The next one of the last that is planned is known by the rule.
        (-1, 7, "Choose a day before the next one of this series."),
        (1, 5, ""),
        (1, -5, ""),
        (-1, 5, ""),
    ],
)
def test_a_day_of_a_series_stays_between_those_beside_it(
    play: Play, dana: Person, ana: Person, slot: int, days: int, said: str
):
    """Else "this one and the later ones" would mean one thing by day and another by place."""
    given = play.assign(dana, ana, opens_in=timedelta(days=9), days=1, rrule="FREQ=WEEKLY;COUNT=40")
    with play.at(dana):
        planned = list(Homework.objects.filter(assignment=given).order_by("slot"))
    assert 3 <= len(planned) < 40
    homework = planned[slot]
    day = schedule.local_time(homework.opens_at, homework.zone).date() + timedelta(days=days)
    path = reverse("homework_due", args=[homework.pk])
    answer = dana.browser().post(path, {"opens": str(day), "due": str(day)})
    assert answer.status_code == (422 if said else 302)
    assert said in answer.content.decode()
    moved = schedule.local_time(play.fresh(homework).opens_at, homework.zone).date()
    assert (moved == day) is not bool(said)


@pytest.mark.parametrize(
    ("opens", "due", "refused", "said"),
    [
        (-1, 5, "opens", "Choose today or a day to come."),
        (9, 5, "due", "Choose the day it opens, or a later one."),
        (900, 905, "opens", "Choose a day within the next two years."),
        (3, 905, "due", "Choose a day within the next two years."),
        (None, 5, "opens", "Choose a day."),
    ],
)
def test_days_in_the_wrong_order_are_refused_and_stay_typed(
    play: Play, dana: Person, ana: Person, opens: int | None, due: int, refused: str, said: str
):
    homework = play.homework(ana, play.assign(dana, ana, opens_in=timedelta(days=3), days=3))
    path = reverse("homework_due", args=[homework.pk])
    today = schedule.local_time(now(), homework.zone).date()
    typed = {"due": str(today + timedelta(days=due))}
    if opens is not None:
        typed["opens"] = str(today + timedelta(days=opens))
    answer = dana.browser().post(path, typed)
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert said in shown
    assert f'id="id_{refused}_error"' in shown
    assert [day for day in typed.values() if f'value="{day}"' not in shown] == []
    assert play.fresh(homework).due_at == homework.due_at


def test_what_is_open_opens_no_other_day(play: Play, dana: Person, ana: Person):
    homework = play.homework(ana, play.assign(dana, ana))
    assert 'name="opens"' not in page(dana, reverse("homework_due", args=[homework.pk]))
    later = now() + timedelta(days=9)
    with play.at(dana), pytest.raises(NotPossible):
        rescheduling.reschedule(by=dana.actor, at=now(), homework=homework, opens_local=later)
    assert play.fresh(homework).due_at == homework.due_at


def test_what_has_no_end_needs_none_to_open_another_day(play: Play, dana: Person, ana: Person):
    wall = now().astimezone(ZoneInfo(ZONE)).replace(tzinfo=UTC)
    with play.at(dana):
        given = assign(
            by=dana.actor,
            at=now(),
            version=play.library["e01-under-the-argument"],
            client=ana.client,
            when=planning.Schedule(opens_local=wall + timedelta(days=3)),
        )
    homework = play.homework(ana, given)
    path = reverse("homework_due", args=[homework.pk])
    today = schedule.local_time(now(), homework.zone).date()
    answer = dana.browser().post(path, {"opens": str(today), "due": ""})
    assert answer.status_code == 302
    assert play.fresh(homework).due_at is None
    is_morning = schedule.local_time(now(), homework.zone).time() < time(8)
    assert play.fresh(homework).status == (Status.SCHEDULED if is_morning else Status.OPEN)


# --- with the session --------------------------------------------------------------------------
def until_the_session(dana: Person, play: Play, query: str, **more: str) -> None:
    exercise = play.library["e01-under-the-argument"].exercise_id
    said = {"exercise": str(exercise), "when": "session", "twice": "on", **more}
    answer = dana.browser().post(f"/assign/?{query}", said)
    assert answer.status_code == 302, answer.content.decode()


def local(hour: datetime) -> str:
    return hour.astimezone(LISBON).strftime("%Y-%m-%dT%H:%M")


def test_what_was_given_until_the_session_moves_with_it_and_back(
    play: Play, dana: Person, ana: Person
):
    assert ana.client is not None
    first = (now() + timedelta(days=3)).replace(second=0, microsecond=0)
    with play.at(dana):
        Client.objects.filter(pk=ana.client.pk).update(next_session_at=first)
    until_the_session(dana, play, f"client={ana.client.pk}")
    week = play.homework(ana, play.assign(dana, ana, days=7))
    with play.at(dana):
        homework = Homework.objects.get(client=ana.client, due_at=first)
    for hour in (first + timedelta(days=4, hours=2), first):
        said = {"name": "Ana Quintero", "next_session_at": local(hour)}
        answer = dana.browser().post(f"/clients/{ana.client.pk}/edit", said, follow=True)
        assert FOLLOWED in answer.content.decode()
        assert play.fresh(homework).due_at == hour
        assert play.fresh(week).due_at == week.due_at, "that was given for a week"
    again = dana.browser().post(f"/clients/{ana.client.pk}/edit", said, follow=True)
    assert FOLLOWED not in again.content.decode(), "nothing moved"
    with play.at(dana):
        moves = AuditEvent.objects.filter(action="homework.due_moved", object_id=homework.pk)
        assert moves.count() == 2


def test_a_couples_hour_takes_along_what_is_in_and_what_is_not(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple
):
    """In two zones to the same moment; what one has sent has the same day, should it come back."""
    assert ana.client is not None
    assert ben.client is not None
    first = (now() + timedelta(days=3)).replace(second=0, microsecond=0)
    with play.at(dana):
        Client.objects.filter(pk=ben.client.pk).update(zone="Pacific/Auckland")
        Couple.objects.update(next_session_at=first)
    until_the_session(dana, play, f"couple={cleared.pk}", who="both")
    until_the_session(dana, play, f"client={ben.client.pk}")
    with play.at(dana):
        given = Homework.objects.filter(assignment__couple=cleared)
        anas, bens = given.get(client=ana.client), given.get(client=ben.client)
        alone = Homework.objects.get(client=ben.client, assignment__couple=None)
    assert (anas.due_at, bens.due_at, alone.due_at) == (first, first, first)
    assert (anas.session_of, bens.session_of, alone.session_of) == (cleared.pk,) * 3
    anas = play.submit(ana, anas, topic="Bags")
    hour = first + timedelta(days=1)
    path = f"/couples/{cleared.pk}/session"
    answer = dana.browser().post(path, {"next_session_at": local(hour)}, follow=True)
    assert FOLLOWED in answer.content.decode()
    for moved in (play.fresh(bens), play.fresh(alone)):
        assert moved.due_at == hour
        assert moved.due_local == hour.astimezone(ZoneInfo(moved.zone)).replace(tzinfo=UTC)
    assert play.fresh(anas).due_at == hour
    with play.at(dana):
        rows = Reminder.objects.filter(homework_id=anas.pk, state=ReminderState.PLANNED)
        assert not rows.exists(), "nobody is reminded of what is in"
    play.review(dana, anas, returned=("topic",))
    assert play.fresh(anas).status == Status.RETURNED
    assert play.fresh(anas).due_at == play.fresh(bens).due_at


def test_what_is_in_alone_moves_unsaid(play: Play, dana: Person, ana: Person):
    assert ana.client is not None
    first = (now() + timedelta(days=3)).replace(second=0, microsecond=0)
    with play.at(dana):
        Client.objects.filter(pk=ana.client.pk).update(next_session_at=first)
    until_the_session(dana, play, f"client={ana.client.pk}")
    with play.at(dana):
        homework = Homework.objects.get(client=ana.client)
    play.submit(ana, homework, topic="Bags")
    hour = first + timedelta(days=2)
    for noted, due in (("", first), (local(hour), hour)):
        said = {"name": "Ana Quintero", "next_session_at": noted}
        answer = dana.browser().post(f"/clients/{ana.client.pk}/edit", said, follow=True)
        assert "What was given until that session" not in answer.content.decode()
        if noted:
            assert play.fresh(homework).due_at == due


@pytest.mark.parametrize("whose", ["own", "couples", "nobodys", "by hand"])
def test_what_comes_back_after_its_end_runs_until_the_next_session(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple, whose: str
):
    """The next of the same: a couple's is not the client's own. Else its end stays over."""
    assert ana.client is not None
    over, hour = (now() + timedelta(days=days, seconds=-now().second) for days in (-1, 3))
    homework = play.homework(ana, play.assign(dana, ana, opens_in=timedelta(days=-5), days=4))
    of = {"own": ana.client.pk, "by hand": None}.get(whose, cleared.pk)
    with play.at(dana):
        Homework.objects.filter(pk=homework.pk).update(due_at=over, session_of=of)
        Client.objects.filter(pk=ana.client.pk).update(
            next_session_at=hour if whose != "couples" else hour + timedelta(days=1)
        )
        if whose == "couples":
            Couple.objects.update(next_session_at=hour)
    play.submit(ana, homework, topic="Bags")
    play.review(dana, homework, returned=("topic",))
    back = play.fresh(homework)
    assert back.status == Status.RETURNED
    assert back.due_at == (hour if whose in {"own", "couples"} else over)
    if back.due_at == hour:
        assert back.due_local == hour.astimezone(LISBON).replace(tzinfo=UTC)


def test_what_ran_until_a_session_that_was_cleared_waits_for_the_next(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple
):
    assert ana.client is not None
    first = (now() + timedelta(days=3)).replace(second=0, microsecond=0)
    with play.at(dana):
        Couple.objects.update(next_session_at=first)
        Client.objects.filter(pk=ana.client.pk).update(next_session_at=first + timedelta(days=9))
    until_the_session(dana, play, f"couple={cleared.pk}", who="both")
    until_the_session(dana, play, f"client={ana.client.pk}")
    with play.at(dana):
        rows = list(Homework.objects.order_by("pk"))
    assert [row.due_at for row in rows] == [first] * 3
    days = reverse("homework_due", args=[rows[0].pk])
    assert "It moves with the session so far; a day you choose here stays." in page(dana, days)
    by_hand = {
        "due": str(first.astimezone(LISBON).date() + timedelta(days=1)),
        "until": "day",
        "whose": "one",
    }
    assert dana.browser().post(days, by_hand).status_code == 302
    assert "It moves with the session so far" not in page(dana, days)
    path = f"/couples/{cleared.pk}/session"
    answer = dana.browser().post(path, {"next_session_at": ""}, follow=True)
    shown = answer.content.decode().replace("\xa0", " ")
    hour = date_format(first.astimezone(LISBON), "D j M, H:i")
    assert f"What was given until that session still ends at its hour, {hour}." in shown
    assert [play.fresh(row).due_at for row in rows[1:]] == [first] * 2
    # Another one's hour is no matter of theirs.
    own = {"name": "Ana Quintero", "next_session_at": local(first + timedelta(days=1))}
    edited = dana.browser().post(f"/clients/{ana.client.pk}/edit", own, follow=True)
    assert FOLLOWED not in edited.content.decode()
    second = first + timedelta(days=7)
    noted = dana.browser().post(path, {"next_session_at": local(second)}, follow=True)
    assert FOLLOWED in noted.content.decode()
    assert [play.fresh(row).due_at for row in rows[1:]] == [second] * 2
    kept = play.fresh(rows[0]).due_at
    assert kept is not None
    assert str(kept.astimezone(LISBON).date()) == by_hand["due"]


def test_saved_untouched_it_moves_on_with_the_session_until_they_are_parted(
    play: Play, dana: Person, cleared: Couple
):
    first = (now() + timedelta(days=3)).replace(second=0, microsecond=0)
    with play.at(dana):
        Couple.objects.update(next_session_at=first)
    until_the_session(dana, play, f"couple={cleared.pk}", who="both")
    with play.at(dana):
        homework = Homework.objects.earliest("pk")
    path = reverse("homework_due", args=[homework.pk])
    shown = form_on(page(dana, path))
    assert shown["due"] == str(first.astimezone(LISBON).date())
    assert dana.browser().post(path, shown).status_code == 302
    kept = play.fresh(homework)
    assert (kept.due_at, kept.session_of) == (first, cleared.pk)
    said = "It moves with the session so far"
    assert said in page(dana, path)
    with play.at(dana):
        caring.unlink(by=dana.actor, at=now(), couple=cleared)
    assert said not in page(dana, path)


def test_what_was_given_before_it_was_kept_whose_session_that_is_still_follows(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple
):
    """What ends at the hour itself, or of two in two zones at the earlier of both clocks."""
    first = (now() + timedelta(days=3)).replace(second=0, microsecond=0)
    with play.at(dana):
        Client.objects.filter(pk=ben.client.pk).update(zone="Pacific/Auckland")
        Client.objects.filter(pk=ana.client.pk).update(next_session_at=first)
    until_the_session(dana, play, f"client={ana.client.pk}")
    play.assign(dana, ana, days=3)
    with play.at(dana):
        Couple.objects.update(next_session_at=first + timedelta(hours=1))
    until_the_session(dana, play, f"couple={cleared.pk}", who="both")
    found = import_module("exercises.migrations.0008_what_runs_until_a_session")
    with play.at(dana):
        rows = Homework.objects.order_by("pk")
        before = list(rows.values_list("pk", "session_of"))
        assert len({session_of for _pk, session_of in before}) == 3
        earlier = (first + timedelta(hours=1)).astimezone(LISBON).replace(tzinfo=UTC)
        rows.filter(client=ben.client).update(
            due_local=earlier,
            due_at=schedule.resolve(earlier.replace(tzinfo=None), "Pacific/Auckland"),
        )
        rows.update(session_of=None)
        with connection.cursor() as cursor:
            for sql in (found.OWN, found.COUPLES):
                cursor.execute(sql)
        assert list(rows.values_list("pk", "session_of")) == before


def test_a_cleared_hour_nothing_was_given_until_is_just_saved(
    play: Play, dana: Person, ana: Person
):
    assert ana.client is not None
    week = play.homework(ana, play.assign(dana, ana, days=3))
    with play.at(dana):
        Client.objects.filter(pk=ana.client.pk).update(next_session_at=week.due_at)
    said = {"name": "Ana Quintero", "next_session_at": ""}
    answer = dana.browser().post(f"/clients/{ana.client.pk}/edit", said, follow=True)
    assert "Saved." in answer.content.decode()
    assert "What was given until that session" not in answer.content.decode()


@pytest.mark.parametrize(("given", "then"), [(-25, 48), (0, 0)], ids=["over", "now"])
def test_nothing_follows_from_an_hour_that_is_over_nor_to_one(
    play: Play, dana: Person, ana: Person, given: int, then: int
):
    assert ana.client is not None
    at = now()
    homework = play.homework(ana, play.assign(dana, ana, opens_in=timedelta(hours=given), days=1))
    with play.at(dana):
        Client.objects.filter(pk=ana.client.pk).update(next_session_at=homework.due_at)
        Homework.objects.update(session_of=ana.client.pk)
        followed = caring.change(
            by=dana.actor,
            at=at,
            client=Client.objects.get(pk=ana.client.pk),
            name="Ana Quintero",
            email=ana.client.email,
            zone=ana.client.zone,
            language=ana.client.language,
            next_session_at=at + timedelta(hours=then),
        )
    assert not followed
    assert play.fresh(homework).due_at == homework.due_at
