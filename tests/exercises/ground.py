"""What several files of tests of the work share: pages of clients and therapists, and the pump."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client as Browser
from django.utils.timezone import now

from clients.models import ContactPreference
from exercises import definition as definitions
from exercises.actions import publishing, pumping
from exercises.forms.assign import AssignForm
from exercises.models import (
    Answer,
    Assignment,
    ExerciseVersion,
    Homework,
    Reminder,
    ReminderReason,
    ReminderState,
    Step,
)
from practice.tenancy import scope
from tests.cast import ZONE, Person, Play
from tests.conftest import acting_as

# --- a client's pages ---
E04, E10, E11 = "e04-reassurance-log", "e10-from-test-to-clear-ask", "e11-what-reaches-me"


def url(homework: Homework, rest: str = "") -> str:
    return f"/homework/{homework.pk}/{rest}"


def text_of(response: Any) -> str:
    return response.content.decode().replace("\N{NO-BREAK SPACE}", " ")


def save(browser: Browser, homework: Homework, fields: dict[str, list[str]], **more: Any) -> Any:
    body = {"revision": 0, "device": "phone", "fields": fields} | more
    return browser.post(url(homework, "draft"), json.dumps(body), content_type="application/json")


def step_with(browser: Browser, homework: Homework, field: str) -> int:
    """Return the number of the step that asks for this field."""
    for number in range(1, 30):
        response = browser.get(url(homework, f"step/{number}/"))
        if response.status_code != 200:
            break
        if f'name="{field}' in text_of(response):
            return number
    pytest.fail(f"no step asks for {field}")


def answers(homework: Homework) -> dict[str, Answer]:
    """Return what is kept of the questions outside of its logs, by their keys."""
    with scope(practice=homework.practice_id):
        found = Answer.objects.filter(response__homework=homework, entry=None)
        return {answer.item_key: answer for answer in found}


# --- assigning ---
def of_our_own(play: Play, by: Person, to: Person, text: str) -> Homework:
    """Publish an exercise as it is written here, and give it."""
    exercise = definitions.parse(text, file="x")
    with play.at(by):
        publishing.publish(by.practice.pk, [exercise], at=now())
        play.library[exercise.slug] = ExerciseVersion.objects.get(exercise__slug=exercise.slug)
    return play.homework(to, play.assign(by, to, exercise.slug))


DIARY = """
slug: a-diary
format: 1
title: {en: A diary}
purpose: {en: Notice.}
minutes: 2
kind: individual
items:
  - key: moments
    kind: log
    close_after_days: 7
    text: {en: Moments}
    items:
      - {key: hurt, kind: yesno, text: {en: "Was anybody hurt?"}, flag_if: {is: "yes", flag: safety}}
"""


def given(play: Play, by: Person, to: Person) -> Homework:
    """Return a client's new homework."""
    return play.homework(to, play.assign(by, to, note="start small"))


def planned(assignment: Assignment) -> int:
    """Return how many times of it there are by now."""
    with scope(practice=assignment.practice_id):
        return Homework.objects.filter(assignment=assignment).count()


def assign_form(
    said: dict[str, Any], at: str = "2029-12-20T10:00", zones: Sequence[str] = (ZONE,)
) -> AssignForm:
    wall = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(ZONE))
    chosen = {"exercise": "8d2bd6a2-6f54-4ac3-a3f6-6ad0c2b9e1a5"}
    numbered = {str(number): zone for number, zone in enumerate(zones)}
    return AssignForm(chosen | said, at=wall, people=[], session=None, zones=numbered, zone=ZONE)


# --- reminders ---
State, Reason = ReminderState, ReminderReason


def prefer(person: Person, **choices: Any) -> None:
    assert person.client is not None
    with scope(practice=person.practice.pk):
        ContactPreference.objects.filter(client=person.client).update(**choices)


@contextmanager
def working() -> Iterator[None]:
    """Act as the worker does."""
    with acting_as("homeward_worker"):
        yield


def pump() -> int:
    with working():
        return pumping.pump(now=now)


def reminders(person: Person, kind: str = "assigned") -> Reminder:
    """Return a client's newest reminder of a kind."""
    assert person.client is not None
    with scope(practice=person.practice.pk):
        return Reminder.objects.filter(client_id=person.client.pk, kind=kind).latest("pk")


def due_now(row: Reminder, **more: Any) -> None:
    with scope(practice=row.practice_id):
        Reminder.objects.filter(pk=row.pk).update(next_at=now() - timedelta(minutes=1), **more)


def claimed() -> tuple[pumping.Round, int, list[Reminder]]:
    """Claim what is due, as a pump does, and stop there."""
    current = pumping.Round(pumping.PhaseSMTP(), now, pumping.never)
    return current, 7, pumping._claim(current, 7)


def body(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    assert part is not None
    text: str = part.get_content()
    return text


# --- a therapist's pages ---
def page(person: Person, path: str, status: int = 200) -> str:
    response = person.browser().get(path)
    assert response.status_code == status, response.content.decode()[:500]
    return response.content.decode().replace("\N{NO-BREAK SPACE}", " ")


def hrefs(text: str, within: str = "") -> list[str]:
    return re.findall(rf'href="([^"]*{within}[^"]*)"', text)


def break_next_move(homework: Homework) -> None:
    """Write the step that the next move would write: its constraint then refuses that one."""
    with scope(practice=homework.practice_id):
        Step.objects.create(
            practice_id=homework.practice_id,
            homework=homework,
            revision=homework.revision + 1,
            move="open",
            source=homework.status,
            target=homework.status,
            round=1,
            at=now(),
        )


WORDS = "You caught the second it turned."


def reply(person: Person, homework: Homework, status: int, deed: str = "stay", **said: Any) -> str:
    """Answer a round on its page."""
    data = {"letter": WORDS, "decision": "reviewed", "round": 1, "send": deed, **said}
    response = person.browser().post(f"/review/{homework.pk}/", data)
    assert response.status_code == status, response.content.decode()[:500]
    return response.content.decode()
