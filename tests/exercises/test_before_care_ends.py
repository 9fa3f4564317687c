"""What is said before care ends, goes to a colleague, or a record is asked to be erased."""

from datetime import timedelta

import pytest
from django.utils.formats import date_format
from django.utils.timezone import now

from clients.models import Couple
from practice.models import Practice
from tests.cast import Person, Play
from tests.exercises.ground import page

ASKS = "An answer of Ana’s asks for you, and nobody has seen to it yet. <b>See to it first.</b>"


@pytest.mark.parametrize("rest", ["discharge", "hand-over", "erasure"])
def test_an_answer_nobody_has_seen_to_is_said_first(
    rest: str, play: Play, couple: Couple, ana: Person, ben: Person, dana: Person, omar: Person
):
    where = f"/clients/{ana.client.pk}/{rest}"
    assert "asks for you" not in page(dana, where)
    homework = play.homework(ana, play.assign(dana, ana))
    play.flag(ana, homework)
    assert ASKS in page(dana, where)
    play.flag(ana, play.homework(ana, play.assign(dana, ana)))
    assert "2 answers of Ana’s ask for you" in page(dana, where)
    # Neither on the partner's page, nor on her own.
    assert "for you, and nobody" not in page(dana, f"/clients/{ben.client.pk}/{rest}")
    assert "for you, and nobody" not in page(ana, "/you/erasure")


def test_how_long_a_record_is_kept_is_said_as_the_practice_has_it(
    play: Play, ana: Person, dana: Person
):
    where = f"/clients/{ana.client.pk}/discharge"
    assert "Nothing is erased, and you can take care up again at any time." in page(dana, where)
    with play.at(dana):
        Practice.objects.filter(pk=dana.practice.pk).update(retention_months=12)
    shown = page(dana, where)
    month = date_format(now() + timedelta(days=12 * 30.44 + 14), "F Y")
    assert f"Everything is kept until about {month} and then erased." in shown
    assert "Nothing is erased" not in shown
