"""Somebody comes in at the very moment in which their therapist changes something about them."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils.timezone import now

from clients.actions import caring
from clients.models import Client
from practice.actions import invitations
from practice.models import Invitation
from practice.tenancy import scope
from tests.api.ground import Program
from tests.attacks.ground import PIA, answers, quiet
from tests.cast import Person
from tests.practice.ground import form_on, on_the_list, text_of
from tests.processes import somebody_waits, until

pytestmark = pytest.mark.django_db(transaction=True)
OTHER = "other@mail.example"


@pytest.fixture
def pia(dana: Person) -> Client:
    return on_the_list(dana, "Pia Roe", "pia@mail.example")


@pytest.fixture
def way_in(dana: Person, pia: Client) -> str:
    """Return where Pia's invitation leads."""
    with scope(practice=dana.practice.pk, user=dana.user.pk):
        link = caring.invite(by=dana.actor, at=now(), client=pia).link
    return "/invitation/" + link.rpartition("/")[2]


def fresh(dana: Person, client: Client) -> Client:
    with scope(practice=dana.practice.pk):
        return Client.objects.select_related("user").get(pk=client.pk)


def first_of_all(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, deed: Callable[[], Any]
) -> list[Any]:
    """Let somebody else do this, whole, when `owner.name` is about to be called; return the answers."""
    inner, got = getattr(owner, name), []

    def then(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(owner, name, inner)
        got.extend(answers(deed))
        return inner(*args, **kwargs)

    monkeypatch.setattr(owner, name, then)
    return got


@pytest.mark.parametrize(("typed", "status"), [({}, 302), ({"email": OTHER}, 422)])
def test_what_somebody_chose_as_they_came_in_is_not_written_over(
    dana: Person,
    pia: Client,
    way_in: str,
    monkeypatch: pytest.MonkeyPatch,
    typed: dict[str, str],
    status: int,
):
    """The therapist's page was opened before, and has been read when Pia presses."""
    guest, browser, path = quiet(Browser()), quiet(dana.browser()), f"/clients/{pia.pk}/edit"
    guest.get(way_in)
    said = form_on(text_of(browser.get(path))) | {"name": "Pia M. Roe"} | typed
    got = first_of_all(monkeypatch, caring, "take_turns", lambda: guest.post(way_in, PIA))
    answer = browser.post(path, said)
    assert (got[0].status_code, answer.status_code) == (302, status)
    kept = fresh(dana, pia)
    assert (kept.zone, kept.language) == (PIA["zone"], PIA["language"])
    assert kept.user is not None
    assert kept.email == kept.user.email == "pia@mail.example"
    assert kept.name == ("Pia M. Roe" if status == 302 else "Pia Roe")


@pytest.mark.parametrize("deed", ["edit", "discharge", "uninvite", "invite"])
def test_nobody_who_presses_while_somebody_comes_in_ends_up_waiting_for_them_for_ever(
    dana: Person, pia: Client, way_in: str, monkeypatch: pytest.MonkeyPatch, deed: str
):
    """The one holds the link while the password is made; the other takes the record, then the link."""
    guest, browser, inner = quiet(Browser()), quiet(dana.browser()), invitations.open_account
    guest.get(way_in)
    path = f"/clients/{pia.pk}/{deed}"
    said = {"name": "Pia Roe", "email": OTHER, "zone": "Europe/Berlin", "language": "en"}
    got: list[Any] = []
    press = threading.Thread(target=lambda: got.extend(answers(lambda: browser.post(path, said))))

    def then(**kwargs: Any) -> Any:
        press.start()
        assert until(somebody_waits)
        return inner(**kwargs)

    monkeypatch.setattr(invitations, "open_account", then)
    first = guest.post(way_in, PIA)
    press.join(30)
    assert first.status_code == 302
    assert got[0].status_code == (409 if deed == "invite" else 302)
    kept = fresh(dana, pia)
    assert kept.joined_at is not None
    assert kept.email == "pia@mail.example"
    assert (kept.discharged_at is not None) == (deed == "discharge")
    with scope(practice=dana.practice.pk):
        assert Invitation.objects.get().accepted_at is not None


def test_what_a_program_leaves_out_stays_as_somebody_else_noted_it(
    dana: Person, ana: Person, monkeypatch: pytest.MonkeyPatch
):
    program, browser = Program(dana), quiet(dana.browser())
    page = f"/clients/{ana.client.pk}/edit"
    said = form_on(text_of(browser.get(page)))
    day = (now() + timedelta(days=3)).astimezone().replace(second=0, microsecond=0)
    said |= {"next_session_at": f"{day:%Y-%m-%dT%H:%M}"}
    got = first_of_all(monkeypatch, caring, "take_turns", lambda: browser.post(page, said))
    answer = program.patch(f"clients/{ana.client.pk}", {"name": "Ana Maria Diaz"})
    assert (got[0].status_code, answer.status_code) == (302, 200)
    kept = fresh(dana, ana.client)
    assert kept.name == "Ana Maria Diaz"
    assert isinstance(kept.next_session_at, datetime)
