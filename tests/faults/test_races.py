"""Calling off races arming, on two connections at once (case 34)."""

import random
import threading

import pytest
from django.db import connection
from django.utils.timezone import now
from pytest_django import Settings

from exercises.actions import pumping, reminding
from exercises.models import Homework, Reminder, ReminderState
from practice.tenancy import scope
from tests.faults.ground import gather, named, plan_due
from tests.faults.sink import RawSink

RACES = 300


@pytest.mark.django_db(transaction=True)
def test_each_is_sent_or_called_off_and_never_both(settings: Settings) -> None:
    """Homework is handed in, in random order, while the pump works through its reminders."""
    sink = RawSink()
    sink.start()
    settings.EMAIL_URL = sink.url
    crowd = gather()
    rows = plan_due(crowd, RACES)
    with scope(practice=crowd.practice.pk):
        homeworks = dict(Reminder.objects.values_list("homework_id", "pk"))
    called_off: set[int] = set()
    order = list(homeworks)
    random.Random(3).shuffle(order)  # noqa: S311 -- dice

    def hand_in() -> None:
        for homework in order:
            with scope(practice=crowd.practice.pk):
                Homework.objects.filter(pk=homework).update(status="submitted")
                reminding.cancel_for_homework(homework, reason="submitted")
                row = Reminder.objects.get(homework_id=homework)
                if row.state == ReminderState.CANCELLED:
                    called_off.add(row.pk)
        connection.close()

    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET ROLE homeward_worker")
        pumping.pump(now=now)
        connection.close()

    threads = [threading.Thread(target=job) for job in (hand_in, work, work)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    sink.stop()
    with scope(practice=crowd.practice.pk):
        found = {row.pk: row.state for row in Reminder.objects.all()}
        sent = named(sink.copies())
    assert sink.twice() == 0
    assert not sent & called_off, "called off before it was armed, and yet sent"
    assert sent == {pk for pk, state in found.items() if state == ReminderState.SENT}
    held = {pk for pk, state in found.items() if state != ReminderState.SENT}
    assert sent | held == set(rows)
    assert sent, "the pump never won: this was no race"
    assert called_off, "the pump always won: this was no race"
