"""Keys that change while one works: every word is sealed anew, and none is lost."""

import io
import time
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils.timezone import now

from exercises.models import Answer
from practice.actions import keys
from practice.crypto import key_number, keyring
from practice.models import PracticeKey
from practice.tenancy import scope
from tests.cast import Person, Play
from tests.conftest import acting_as, as_owner
from tests.practice.ground import text_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_rotation_reseals_every_word_and_retires_the_old_key(play: Play, dana: Person, ana: Person):
    homework = play.submit(
        ana, play.homework(ana, play.assign(dana, ana, note="quince")), topic="the lighthouse"
    )
    play.review(dana, homework, words="persimmon", comments={"topic": "elderflower"})
    practice = dana.practice.pk
    with as_owner():
        call_command("rotatekeys", practice=str(practice), no_wait=True, stdout=io.StringIO())
    keyring.forget()
    with scope(practice=practice):
        for model, field in keys.sealed_fields():
            rows = model._default_manager.filter(**{f"{field}__isnull": False})
            assert {key_number(box) for box in rows.values_list(field, flat=True)} <= {2}
        assert Answer.objects.exclude(sealed_value=None).exists()
        assert list(
            PracticeKey.objects.filter(retired_at=None).values_list("number", flat=True)
        ) == [2]
    page = text_of(dana.browser().get(f"/review/{homework.pk}/"))
    assert "the lighthouse" in page


def test_an_interrupted_rotation_goes_on_where_it_stopped(play: Play, dana: Person, ana: Person):
    play.submit(ana, play.homework(ana, play.assign(dana, ana)), topic="the lighthouse")
    practice = dana.practice.pk
    with acting_as("homeward_worker"):
        assert keys.begin_rotation(practice, at=now()) == 2
        assert keys.reseal(practice, 2) > 0
        assert keys.begin_rotation(practice, at=now()) == 2
        assert keys.reseal(practice, 2) == 0
    # Somebody still sealed with the old key meanwhile.
    with scope(practice=practice):
        keyring.numbered(practice, 1)
    keyring._active[practice] = (1, time.monotonic())
    play.submit(ana, play.homework(ana, play.assign(dana, ana)), topic="the harbour")
    with acting_as("homeward_worker"):
        assert keys.finish_rotation(practice, 2, at=now(), wait=False) > 0
        assert keys.begin_rotation(practice, at=now()) == 3


def test_resealing_never_overwrites_what_was_written_meanwhile(
    play: Play, dana: Person, ana: Person, monkeypatch: pytest.MonkeyPatch
):
    play.submit(ana, play.homework(ana, play.assign(dana, ana, note="quince")), topic="x")
    practice = dana.practice.pk
    number = keys.begin_rotation(practice, at=now())
    real = keys.unseal

    def slow(box: bytes, **place: Any) -> str:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE exercises_assignment SET sealed_note = NULL WHERE sealed_note = %s", [box]
            )
        return real(box, **place)

    monkeypatch.setattr(keys, "unseal", slow)
    with acting_as("homeward_worker"):
        keys.reseal(practice, number)
    with scope(practice=practice), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM exercises_assignment WHERE sealed_note IS NOT NULL")
        assert cursor.fetchone() == (0,)


def test_a_new_master_key_takes_over(play: Play, dana: Person, ana: Person, settings: Any):
    import base64
    import os

    homework = play.submit(ana, play.homework(ana, play.assign(dana, ana)), topic="the lighthouse")
    old, new = settings.HOMEWARD_MASTER_KEY, base64.b64encode(os.urandom(32)).decode()
    settings.HOMEWARD_MASTER_KEY = f"{new},{old}"
    keyring.forget()
    with as_owner():
        call_command("rotatekeys", practice=str(dana.practice.pk), rewrap=True)
    settings.HOMEWARD_MASTER_KEY = new
    keyring.forget()
    assert "the lighthouse" in text_of(dana.browser().get(f"/review/{homework.pk}/"))
    settings.HOMEWARD_MASTER_KEY = old
    keyring.forget()
    response = dana.browser().get(f"/review/{homework.pk}/")
    assert response.status_code == 503
    assert "the key did not fit" in text_of(response)


def test_without_its_key_nothing_opens(play: Play, dana: Person, ana: Person):
    homework = play.submit(ana, play.homework(ana, play.assign(dana, ana)), topic="the lighthouse")
    with scope(practice=dana.practice.pk):
        PracticeKey.objects.all().delete()
    keyring.forget()
    assert dana.browser().get(f"/review/{homework.pk}/").status_code == 503
