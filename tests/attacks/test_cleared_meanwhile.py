"""Couple work is cleared in the very moment of an answer that ends it: whoever clears learns of it."""

import threading
from typing import Any

import pytest

from clients.models import Clearance
from exercises.actions import flagging
from exercises.models import Flag
from tests.attacks.ground import at_once, quiet
from tests.cast import Person, Play
from tests.exercises.ground import step_with, url
from tests.processes import somebody_waits, until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.usefixtures("couple")
def test_who_clears_while_an_answer_is_being_kept_waits_and_is_told(
    play: Play, dana: Person, ana: Person, monkeypatch: pytest.MonkeyPatch
):
    """Nothing was noted before, so that no row but hers could make the two wait for each other."""
    homework = play.homework(ana, play.assign(dana, ana))
    hers, his = quiet(ana.browser()), quiet(dana.browser())
    step = url(homework, f"step/{step_with(hers, homework, 'afraid')}/")
    path, statuses = f"/clients/{ana.client.pk}/clearance", list[int]()
    said = {"cleared": "yes", "alone": "on"}
    press = threading.Thread(target=lambda: statuses.extend(at_once(lambda: his.post(path, said))))
    inner = flagging._end_clearance

    def then(*args: Any) -> None:
        inner(*args)
        press.start()
        assert until(somebody_waits)

    monkeypatch.setattr(flagging, "_end_clearance", then)
    assert hers.post(step, {"afraid": "yes"}).status_code == 302
    press.join(30)
    assert statuses == [422]
    with play.at(dana):
        assert Flag.objects.filter(client=ana.client).exists()
        assert not Clearance.objects.filter(client=ana.client).exists()
