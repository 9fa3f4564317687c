"""What several files of tests of the work are given."""

from datetime import time
from typing import Any

import pytest
from django.utils.timezone import now

from clients.models import Caseload
from exercises import definition as definitions
from exercises.definition import Definition
from exercises.models import Homework
from practice.tenancy import scope
from tests.cast import Person, Play
from tests.exercises.definitions import EXERCISE
from tests.exercises.ground import prefer


@pytest.fixture
def homework(play: Play, dana: Person, ana: Person) -> Homework:
    """E01, given to Ana."""
    return play.homework(ana, play.assign(dana, ana, note="Take your time with this one."))


@pytest.fixture
def awake(ana: Person, ben: Person) -> None:
    """Give Ana and Ben no quiet hours, whatever time these tests run at."""
    prefer(ana, quiet_from=time(0), quiet_until=time(0))
    prefer(ben, quiet_from=time(0), quiet_until=time(0))


@pytest.fixture
def both(practice: Any, omar: Person, ana: Person) -> None:
    """Omar cares for Ana too."""
    with scope(practice=practice.pk):
        Caseload.objects.create(
            practice=practice, member=omar.member, client=ana.client, from_at=now()
        )


@pytest.fixture
def sent(play: Play, dana: Person, ana: Person) -> Homework:
    """Ana handed in E01."""
    homework = play.homework(ana, play.assign(dana, ana))
    return play.submit(ana, homework, topic="Who carries the bags", under="I was alone with it")


@pytest.fixture(scope="module")
def small() -> Definition:
    """A small exercise with an item of nearly every kind."""
    return definitions.parse(EXERCISE, file="small.yaml")
