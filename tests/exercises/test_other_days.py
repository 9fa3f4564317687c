"""The page "Another day": two tabs, the session, and both of a couple."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils.timezone import now

from clients.actions import caring
from clients.models import Client, Couple
from exercises import schedule
from exercises.models import Homework
from practice.models import AuditEvent
from tests.cast import ZONE, Person, Play, make_client
from tests.exercises.ground import page
from tests.world import world

Tab = Callable[..., str]
MEANWHILE = "Changed meanwhile, in another tab or by somebody else."


def tab(by: Person, homework: Homework) -> Tab:
    """Open the page, and return what saves it as it stood then, with these fields changed."""
    browser, address = by.browser(), reverse("homework_due", args=[homework.pk])
    form = browser.get(address).context["form"]
    shown = {name: form[name].value() for name in form.fields if name != "beside"}
    plain = {name: "" if value is None else str(value) for name, value in shown.items()}

    def save(**typed: object) -> str:
        said = plain | {name: str(value) for name, value in typed.items()}
        return str(browser.post(address, said, follow=True).content.decode())

    return save


def day_of(play: Play, homework: Homework) -> date | None:
    fresh = play.fresh(homework)
    return schedule.local_time(fresh.due_at, fresh.client.zone).date() if fresh.due_at else None


def moves(play: Play, by: Person) -> int:
    with play.at(by):
        return AuditEvent.objects.filter(action="homework.due_moved").count()


@pytest.fixture
def hour(play: Play, dana: Person, ana: Person) -> datetime:
    """Ana's own next session."""
    found = (now() + timedelta(days=3)).replace(second=0, microsecond=0)
    with play.at(dana):
        Client.objects.filter(pk=ana.client.pk).update(next_session_at=found)
    return found


# --- two tabs ----------------------------------------------------------------------------------
def test_a_tab_left_open_overwrites_nothing(play: Play, dana: Person, ana: Person):
    homework = play.homework(ana, play.assign(dana, ana))
    old, new = tab(dana, homework), tab(dana, homework)
    first, second = (now().date() + timedelta(days=n) for n in (14, 8))
    assert "Saved. Reminders follow." in new(due=first)
    refused = old(due=second)
    assert MEANWHILE in refused
    assert str(second) in refused
    assert day_of(play, homework) == first


def test_what_was_not_changed_stays_with_its_session(
    play: Play, dana: Person, ana: Person, hour: datetime
):
    said = {"exercise": str(play.library["e01-under-the-argument"].exercise_id), "when": "session"}
    dana.browser().post(f"/assign/?client={ana.client.pk}", said)
    with play.at(dana):
        homework = Homework.objects.get()
    old = tab(dana, homework)
    later = hour + timedelta(days=4)
    wall = later.astimezone(ZoneInfo(ZONE)).strftime("%Y-%m-%dT%H:%M")
    edit = {"name": ana.client.name, "next_session_at": wall}
    dana.browser().post(f"/clients/{ana.client.pk}/edit", edit)
    before = moves(play, dana)
    assert "Nothing was changed." in old()
    kept = play.fresh(homework)
    assert (kept.due_at, kept.session_of, moves(play, dana)) == (later, ana.client.pk, before)


# --- with the session --------------------------------------------------------------------------
def test_it_can_be_tied_to_the_session_and_to_a_day_again(
    play: Play, dana: Person, ana: Person, hour: datetime
):
    homework = play.homework(ana, play.assign(dana, ana))
    assert "Saved." in tab(dana, homework)(until=ana.client.pk)
    tied = play.fresh(homework)
    assert (tied.due_at, tied.session_of) == (hour, ana.client.pk)
    assert "It moves with the session so far" in page(
        dana, reverse("homework_due", args=[homework.pk])
    )
    # A day that is typed counts, though the session was left chosen.
    chosen = now().date() + timedelta(days=9)
    tab(dana, homework)(due=chosen)
    assert (day_of(play, homework), play.fresh(homework).session_of) == (chosen, None)


def test_a_session_that_is_gone_is_said_to_be_waited_for(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple
):
    hour = now() + timedelta(days=3)
    homework = play.homework(ana, play.assign(dana, ana))
    with play.at(dana):
        Couple.objects.update(next_session_at=hour)
    tab(dana, homework)(until=cleared.pk)
    with play.at(dana):
        caring.unlink(by=dana.actor, at=now(), couple=cleared)
    address = reverse("homework_due", args=[homework.pk])
    assert "It moves with the next session you note" in page(dana, address)


# --- of two ------------------------------------------------------------------------------------
def test_both_of_a_couple_get_the_other_day_unless_one_is_chosen(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple
):
    given = play.assign(dana, cleared)
    anas, bens = play.homework(ana, given), play.homework(ben, given)
    first, second = (now().date() + timedelta(days=n) for n in (12, 15))
    assert "Saved for both." in tab(dana, anas)(due=first)
    assert (day_of(play, anas), day_of(play, bens)) == (first, first)
    browser = ben.browser()
    before = world(ben, browser)
    assert "Saved for Ana alone." in tab(dana, anas)(due=second, whose="one")
    assert (day_of(play, anas), day_of(play, bens)) == (second, first)
    assert world(ben, browser) == before
    # Once their days differ, one is what stands there.
    apart = tab(dana, bens)
    assert "Ana has it until" in page(dana, reverse("homework_due", args=[bens.pk]))
    assert "Saved for Ben alone." in apart(due=second)


def test_both_get_the_end_of_one_untouched_where_theirs_differ(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple
):
    given = play.assign(dana, cleared)
    anas, bens = play.homework(ana, given), play.homework(ben, given)
    first = now().date() + timedelta(days=12)
    tab(dana, anas)(due=first, whose="one")
    assert "Saved for both." in tab(dana, anas)(whose="both")
    assert (day_of(play, anas), day_of(play, bens)) == (first, first)


def test_the_partners_day_that_was_changed_meanwhile_is_not_overwritten(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple
):
    given = play.assign(dana, cleared)
    anas, bens = play.homework(ana, given), play.homework(ben, given)
    both, one = tab(dana, anas), tab(dana, anas)
    first, second = (now().date() + timedelta(days=n) for n in (12, 15))
    tab(dana, bens)(due=first, whose="one")
    assert MEANWHILE in both(due=second)
    assert day_of(play, bens) == first
    assert "Saved for Ana alone." in one(due=second, whose="one")
    assert (day_of(play, anas), day_of(play, bens)) == (second, first)


def test_where_only_one_can_be_changed_it_says_so(
    play: Play, dana: Person, omar: Person, ana: Person, ben: Person, cleared: Couple
):
    given = play.assign(dana, cleared)
    address = reverse("homework_due", args=[play.homework(ana, given).pk])
    assert 'name="whose"' in page(dana, address)
    with play.at(dana):
        caring.hand_over(by=dana.actor, at=now(), clients=[ben.client], to=omar.member)
    shown = page(dana, address)
    assert 'name="whose"' not in shown
    assert "Only Ana’s changes; the partner’s stays as it is." in shown
    assert "Ben" not in shown


def test_two_run_until_no_session_of_one_alone(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple, hour: datetime
):
    anas = play.homework(ana, play.assign(dana, cleared))
    assert "That session is Ana’s alone." in tab(dana, anas)(until=ana.client.pk)
    assert play.fresh(anas).session_of is None
    assert "Saved for Ana alone." in tab(dana, anas)(until=ana.client.pk, whose="one")
    assert play.fresh(anas).due_at == hour


def test_two_who_were_parted_run_until_no_session_of_one_with_somebody_else(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple
):
    given = play.assign(dana, cleared)
    anas, bens = play.homework(ana, given), play.homework(ben, given)
    before = play.fresh(bens).due_at
    carl = make_client(dana.practice, "carl@mail.example", "Carl Stone", dana)
    with play.at(dana):
        caring.unlink(by=dana.actor, at=now(), couple=cleared)
        theirs = caring.link(by=dana.actor, at=now(), first=ana.client, second=carl.client)
        Couple.objects.filter(pk=theirs.pk).update(next_session_at=now() + timedelta(days=3))
    shown = tab(dana, anas)(until=theirs.pk, whose="both")
    assert "That session is Ana’s alone." in shown
    fresh = play.fresh(bens)
    assert (fresh.due_at, fresh.session_of) == (before, None)


def test_a_session_before_it_opens_is_not_offered(
    play: Play, dana: Person, ana: Person, hour: datetime
):
    sooner = play.homework(ana, play.assign(dana, ana, opens_in=timedelta(days=1)))
    later = play.homework(ana, play.assign(dana, ana, opens_in=timedelta(days=5)))
    assert "The next session:" in page(dana, reverse("homework_due", args=[sooner.pk]))
    assert "The next session:" not in page(dana, reverse("homework_due", args=[later.pk]))
