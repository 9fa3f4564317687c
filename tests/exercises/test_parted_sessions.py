"""What was given until the session of two who share none any more: it waits for each one's next."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils.timezone import now

from clients.actions import caring
from clients.models import Couple
from exercises.models import Homework
from tests.cast import ZONE, Person, Play
from tests.exercises.ground import page
from tests.world import world

FOLLOWED = "What was given until that session now runs until the new hour."


@pytest.fixture
def shared(play: Play, dana: Person, cleared: Couple) -> datetime:
    """The hour Ana and Ben share, until which each has something."""
    hour = (now() + timedelta(days=3)).replace(second=0, microsecond=0)
    with play.at(dana):
        Couple.objects.update(next_session_at=hour)
    exercise = play.library["e01-under-the-argument"].exercise_id
    said = {"exercise": str(exercise), "when": "session", "who": "both"}
    answer = dana.browser().post(f"/assign/?couple={cleared.pk}", said)
    assert answer.status_code == 302, answer.content.decode()
    return hour


def of(play: Play, who: Person) -> Homework:
    with play.at(who):
        return Homework.objects.get(client=who.client)


def note(by: Person, where: str, hour: datetime, **more: str) -> str:
    wall = hour.astimezone(ZoneInfo(ZONE)).strftime("%Y-%m-%dT%H:%M")
    answer = by.browser().post(where, {"next_session_at": wall} | more, follow=True)
    assert answer.status_code == 200, answer.content.decode()
    return str(answer.content.decode())


def note_own(by: Person, who: Person, hour: datetime) -> str:
    return note(by, f"/clients/{who.client.pk}/edit", hour, name=who.client.name)


def test_once_unlinked_it_waits_for_each_ones_own_session(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple, shared: datetime
):
    said = page(dana, f"/couples/{cleared.pk}/unlink")
    assert "What was given until it still ends at that hour" in said
    dana.browser().post(f"/couples/{cleared.pk}/unlink")
    assert (of(play, ana).due_at, of(play, ben).due_at) == (shared, shared)
    bens, browser = world(ben, ben.browser()), ben.browser()
    own = shared + timedelta(days=2)
    assert FOLLOWED in note_own(dana, ana, own)
    assert (of(play, ana).due_at, of(play, ben).due_at) == (own, shared)
    assert world(ben, browser) == bens, "the other's hour is no matter of theirs"
    # From then on it is that session's.
    assert FOLLOWED in note_own(dana, ana, own + timedelta(days=1))
    assert of(play, ana).due_at == own + timedelta(days=1)


def test_once_linked_anew_it_goes_with_the_hour_they_share_then(
    play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple, shared: datetime
):
    dana.browser().post(f"/couples/{cleared.pk}/unlink")
    with play.at(dana):
        again = caring.link(by=dana.actor, at=now(), first=ana.client, second=ben.client)
    hour = shared + timedelta(days=4)
    assert FOLLOWED in note(dana, f"/couples/{again.pk}/session", hour)
    assert (of(play, ana).due_at, of(play, ben).due_at) == (hour, hour)


def test_once_one_was_handed_over_each_ones_goes_with_their_own(
    play: Play, dana: Person, omar: Person, ana: Person, ben: Person, shared: datetime
):
    with play.at(dana):
        caring.hand_over(by=dana.actor, at=now(), clients=[ben.client], to=omar.member)
    anas, bens = shared + timedelta(days=1), shared + timedelta(days=5)
    assert FOLLOWED in note_own(dana, ana, anas)
    assert (of(play, ana).due_at, of(play, ben).due_at) == (anas, shared)
    assert FOLLOWED in note_own(omar, ben, bens)
    assert (of(play, ana).due_at, of(play, ben).due_at) == (anas, bens)


def test_while_somebody_sees_them_together_it_stays_with_the_hour_they_share(
    play: Play, dana: Person, omar: Person, ana: Person, both: None, shared: datetime
):
    """Omar, who cares for Ana too, notes an hour of her own: Dana still sees the two together."""
    assert FOLLOWED not in note_own(omar, ana, shared + timedelta(days=1))
    assert of(play, ana).due_at == shared


def test_an_own_hour_that_is_cleared_says_nothing_of_the_one_they_shared(
    play: Play, dana: Person, ana: Person, cleared: Couple, shared: datetime
):
    with play.at(dana):
        type(ana.client).objects.filter(pk=ana.client.pk).update(
            next_session_at=shared + timedelta(days=9)
        )
    dana.browser().post(f"/couples/{cleared.pk}/unlink")
    said = {"name": ana.client.name, "next_session_at": ""}
    answer = dana.browser().post(f"/clients/{ana.client.pk}/edit", said, follow=True)
    assert "What was given until that session" not in answer.content.decode()
    assert of(play, ana).due_at == shared
