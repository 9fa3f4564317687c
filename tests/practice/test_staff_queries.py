"""What a staff page asks of the database: twelve questions at most, however long its lists are."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from clients.models import Caseload, Client, Couple
from exercises.models import Homework
from practice.models import Invitation, InvitationKind, Membership, User
from practice.tenancy import scope
from tests.cast import ZONE, Person, Play

FEW, MANY, MOST = 3, 30, 12


@pytest.fixture
def grow(play: Play, dana: Person, ana: Person, ben: Person, cleared: Couple, ruth: Person) -> Any:
    """Return how to make every list on every page this much longer; the newest homework waits."""

    def more(number: int) -> Homework:
        with scope(practice=dana.practice.pk):
            first = Client.objects.count()
        for place in range(first, first + number):
            _join(dana, ruth, place)
        for _ in range(number):
            newest = _work(play, dana, ana, ben, cleared)
        return newest

    return more


def _join(dana: Person, ruth: Person, place: int) -> None:
    """Let one colleague, one couple and one invitation come along."""
    at, practice = now(), dana.practice
    with scope(practice=practice.pk):
        user = User.objects.create(
            email=f"colleague{place}@hillside.example", name=f"Colleague {place}", zone=ZONE
        )
        Membership.objects.create(practice=practice, user=user, roles=["therapist"], joined_at=at)
        pair = [
            Client.objects.create(
                practice=practice,
                name=f"Partner {place}{side}",
                email=f"partner{place}{side}@mail.example",
                zone=ZONE,
                created_at=at,
            )
            for side in "ab"
        ]
        for one in pair:
            Caseload.objects.create(practice=practice, member=dana.member, client=one, from_at=at)
        Couple.objects.create(
            practice=practice, first=pair[0], second=pair[1], linked_at=at, next_session_at=at
        )
        Invitation.objects.create(
            practice=practice,
            kind=InvitationKind.MEMBER,
            email=f"invited{place}@hillside.example",
            name=f"Invited {place}",
            roles=["therapist"],
            invited_by=ruth.member,
            created_at=at,
            sent_at=at,
            expires_at=at + timedelta(days=7),
            token_hash=f"{place:032}".encode(),
        )


def _work(play: Play, dana: Person, ana: Person, ben: Person, couple: Couple) -> Homework:
    """Let Ana be answered once, and both send something that waits."""
    done = play.submit(ana, play.homework(ana, play.assign(dana, ana)), topic="Bags")
    play.review(dana, done, words="I read it.", comments={"topic": "Which bags?"})
    both = play.assign(dana, couple, "e11-what-reaches-me")
    play.submit(ben, play.homework(ben, both))
    ana.browser().post("/you/topics", {"text": "The move"})
    return play.submit(ana, play.homework(ana, both))


def asked(browser: Browser, path: str) -> list[str]:
    """Return what a page asks of the database, once what is read only once has been read.

    Of two requests the one that asked less: in the first of a new minute the device is noted.
    """
    assert browser.get(path).status_code == 200, path
    return min((_asked_once(browser, path) for _time in range(2)), key=len)


def _asked_once(browser: Browser, path: str) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        browser.get(path)
    frame = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    return [query["sql"] for query in captured if not query["sql"].startswith(frame)]


# On its own, and not within a test's transaction: there a request would only nest in one.
@pytest.mark.django_db(transaction=True)
def test_every_staff_page_asks_little_and_no_more_for_longer_lists(
    grow: Callable[[int], Homework],
    play: Play,
    dana: Person,
    ana: Person,
    ruth: Person,
    sana: Person,
    cleared: Couple,
):
    homework, log = grow(FEW), play.all_there_is(dana, ana, cleared)
    exercise = homework.version.exercise_id
    pages: list[tuple[Person, str]] = [
        (dana, "/review/"),
        (dana, f"/review/{homework.pk}/"),
        (dana, f"/review/{log.pk}/"),
        (sana, f"/review/{log.pk}/"),
        (dana, "/clients/"),
        (sana, "/clients/"),
        (dana, f"/clients/{ana.client.pk}/"),
        (sana, f"/clients/{ana.client.pk}/"),
        (dana, f"/couples/{cleared.pk}/"),
        (dana, "/assign/"),
        (dana, f"/assign/?client={ana.client.pk}"),
        (dana, f"/assign/?couple={cleared.pk}"),
        (dana, f"/assignments/{homework.assignment_id}/"),
        (dana, "/exercises/"),
        (dana, f"/exercises/{exercise}/"),
        (dana, f"/exercises/{exercise}/preview/"),
        (dana, f"/clients/{ana.client.pk}/reminders"),
        (dana, reverse("homework_page", args=[homework.pk])),
        (dana, "/api/v1/queue"),
        (dana, "/api/v1/homework"),
        (dana, f"/api/v1/homework/{homework.pk}/rounds"),
        (dana, f"/api/v1/homework/{homework.pk}/reviews"),
        (dana, "/api/v1/exercises"),
        (dana, "/api/v1/clients"),
        (dana, "/api/v1/couples"),
        (ruth, "/people/"),
        (ruth, f"/people/{dana.member.pk}/"),
        (ruth, "/audit/"),
    ]
    browsers = {one.user.pk: one.browser() for one in (dana, ruth, sana)}
    few = [asked(browsers[by.user.pk], path) for by, path in pages]
    grow(MANY - FEW)
    for (by, path), before in zip(pages, few, strict=True):
        browser = browsers[by.user.pk]
        after = asked(browser, path)
        said = f"{path} for {by.user.name}: {len(before)}, then {len(after)}"
        assert len(after) == len(before), said
        assert len(after) <= MOST, "\n".join([said, *after])
    play.assign(dana, cleared, "e11-what-reaches-me", opens_in=timedelta(days=1))
    # While somebody is not cleared, the pages say so, and one lists what still runs.
    hers = f"/clients/{ana.client.pk}/"
    assert browsers[dana.user.pk].post(f"{hers}clearance", {"cleared": "no"}).status_code == 302
    more = (f"/couples/{cleared.pk}/", f"/assignments/{homework.assignment_id}/")
    for path in (
        hers,
        f"{hers}reminders",
        f"{hers}clearance",
        f"/assign/?couple={cleared.pk}",
        *more,
    ):
        after = asked(browsers[dana.user.pk], path)
        assert len(after) <= MOST, "\n".join([path, *after])
