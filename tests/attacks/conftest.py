"""What several attacks start from."""

import pytest

from exercises.models import Homework
from tests.cast import Person, Play


@pytest.fixture
def work(play: Play, dana: Person, ana: Person) -> Homework:
    return play.homework(ana, play.assign(dana, ana))
