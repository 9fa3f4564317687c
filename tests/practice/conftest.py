"""Whom several of these tests meet beside the cast."""

import pytest

from tests.cast import Person, make_member


@pytest.fixture
def rae(ruth: Person) -> Person:
    """Return the practice's second admin."""
    return make_member(ruth.practice, "rae@hillside.example", "Rae Ito", "admin")
