"""Somebody presses a button in the moment in which the record it is about is erased."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.utils.timezone import now

from clients.actions import erasing
from clients.models import Client, ErasureRequest
from exercises.actions import clockwork
from exercises.actions import erasing as carrying_out
from practice.models import AuditEvent
from practice.tenancy import scope
from tests.attacks.ground import answers, quiet
from tests.cast import Person
from tests.conftest import acting_as
from tests.practice.ground import text_of
from tests.processes import somebody_waits, until

pytestmark = pytest.mark.django_db(transaction=True)
GONE = "This record has been erased meanwhile. Nothing of it is left."


@pytest.fixture
def is_due(dana: Person, ana: Person) -> None:
    with scope(practice=dana.practice.pk, user=dana.user.pk):
        asked = now() - timedelta(days=15)
        erasing.request(by=dana.actor, at=asked, client=ana.client)


class Worker(threading.Thread):
    """The worker, in a round of its own."""

    def __init__(self, person: Person) -> None:
        super().__init__()
        self.practice = person.practice.pk

    def run(self) -> None:
        try:
            with acting_as("homeward_worker"):
                clockwork.erase_due(self.practice, now())
        finally:
            connection.close()


def is_there(person: Person) -> bool:
    with scope(practice=person.practice.pk):
        return Client.objects.filter(pk=person.client.pk).exists()


@pytest.mark.usefixtures("is_due")
def test_who_was_told_that_a_record_is_kept_finds_it_kept(
    ruth: Person, ana: Person, monkeypatch: pytest.MonkeyPatch
):
    """The worker looks while Ruth's press is not quite done: it waits for her, and looks again."""
    browser, worker, inner = quiet(ruth.browser()), Worker(ana), erasing.auditing.on_client

    def then(by: Any, at: Any, action: str, *args: Any) -> None:
        inner(by, at, action, *args)
        if action == "record.held":
            worker.start()
            assert until(somebody_waits)

    monkeypatch.setattr(erasing.auditing, "on_client", then)
    answer = browser.post(f"/records/{ana.client.pk}/hold", {"held": "yes"})
    worker.join(30)
    assert answer.status_code == 302
    assert is_there(ana)
    with scope(practice=ana.practice.pk):
        assert ErasureRequest.objects.get().done_at is None
        assert not AuditEvent.objects.filter(action="record.erased").exists()


def press_while_erased(
    monkeypatch: pytest.MonkeyPatch, ana: Person, press: Callable[[], Any]
) -> Any:
    """Press a button after the worker has begun to erase, and before it is done."""
    inner, found = carrying_out._keep_partners_work, []
    thread = threading.Thread(target=lambda: found.extend(answers(press)))

    def then(client: Client) -> None:
        inner(client)
        thread.start()
        assert until(somebody_waits)

    monkeypatch.setattr(carrying_out, "_keep_partners_work", then)
    worker = Worker(ana)
    worker.start()
    worker.join(30)
    thread.join(30)
    assert not is_there(ana)
    return found[0]


Pressed = Callable[[str, str, dict[str, str]], Any]


@pytest.fixture
def pressed(
    request: pytest.FixtureRequest, ana: Person, monkeypatch: pytest.MonkeyPatch
) -> Pressed:
    """Send a form as somebody, in the moment in which Ana's record goes."""

    def press(who: str, path: str, said: dict[str, str]) -> Any:
        browser: Browser = quiet(request.getfixturevalue(who).browser())
        return press_while_erased(
            monkeypatch, ana, lambda: browser.post(path.format(ana.client.pk), said)
        )

    return press


@pytest.mark.usefixtures("is_due")
@pytest.mark.parametrize(
    ("who", "path", "said"),
    [
        ("ruth", "/records/{}/hold", {"held": "yes"}),
        ("dana", "/clients/{}/erasure", {"cancel": "yes"}),
    ],
)
def test_who_comes_too_late_is_told_so(pressed: Pressed, who: str, path: str, said: dict[str, str]):
    answer = pressed(who, path, said)
    assert answer.status_code == 409
    assert GONE in text_of(answer)


@pytest.mark.usefixtures("is_due")
@pytest.mark.parametrize(
    ("who", "path", "said"),
    [
        ("ana", "/you/topics", {"text": "Who carries"}),
        ("ana", "/you/consent", {}),
        ("dana", "/clients/{}/clearance", {"cleared": "no"}),
    ],
)
def test_what_is_said_about_a_record_that_goes_is_no_mistake_of_ours(
    pressed: Pressed, who: str, path: str, said: dict[str, str]
):
    answer = pressed(who, path, said)
    assert answer.status_code == 403
