"""Actions and queries refuse by themselves what no page offers: strangers, and keys beyond their scope."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from django.core.exceptions import PermissionDenied
from django.utils.timezone import now

from clients.actions import caring, clearances, erasing, joining, noting
from clients.queries import care, own
from exercises.actions import exporting, flagging
from exercises.models import Flag, FlagKind
from exercises.queries import library
from practice.actions import people
from practice.errors import NotPossible
from practice.queries.people import named_therapists
from tests.cast import Person, Play

READ, ASSIGN = frozenset({"read"}), frozenset({"read", "assign", "answer", "review"})


def test_a_key_that_only_reads_changes_nobodys_care(
    play: Play, dana: Person, omar: Person, ana: Person
):
    client = ana.client
    changes: list[Callable[..., object]] = [
        partial(caring.hand_over, clients=[client], to=omar.member),
        partial(caring.discharge, client=client),
        partial(caring.reactivate, client=client),
        partial(caring.invite, client=client),
        partial(clearances.attest, client=client, cleared=True),
        partial(erasing.request, client=client),
    ]
    reader = replace(dana.actor, scopes=READ)
    with play.at(dana):
        for change in changes:
            with pytest.raises(PermissionDenied):
                change(by=reader, at=now())
    assert dana.browser().get(f"/clients/{client.pk}/").status_code == 200


def test_no_key_decides_for_a_person(play: Play, dana: Person, ana: Person):
    """Consent, topics, notes, a copy of the record: for whoever is signed in alone."""
    client = ana.client
    own_key, theirs = replace(ana.actor, scopes=ASSIGN), replace(dana.actor, scopes=ASSIGN)
    with play.at(ana):
        for deed in (
            partial(joining.withdraw_consent, client=client),
            partial(noting.raise_topic, client=client, text="The move"),
            partial(erasing.request, client=client),
            partial(exporting.export, client=client, language="en"),
        ):
            with pytest.raises(PermissionDenied):
                deed(by=own_key, at=now())
    with play.at(dana), pytest.raises(PermissionDenied):
        noting.keep_note(by=theirs, at=now(), client=client, text="My own")
    with play.at(dana), pytest.raises(PermissionDenied):
        exporting.export(by=theirs, at=now(), client=client, language="en")


@pytest.mark.parametrize("is_open", [True, False])
def test_a_stranger_asks_for_no_human_in_somebody_elses_name(
    play: Play, dana: Person, omar: Person, ana: Person, *, is_open: bool
):
    homework = play.homework(ana, play.assign(dana, ana))
    if not is_open:
        play.say(ana, homework, topic="the bags")
        homework = play.submit(ana, homework)
    with play.at(omar), pytest.raises(PermissionDenied):
        flagging.raise_flag(
            by=omar.actor, at=now(), homework=homework, item_key="afraid", kind=FlagKind.SAFETY
        )
    with play.at(dana):
        assert not Flag.objects.filter(homework=homework).exists()


def test_nobody_stops_being_a_therapist_whatever_calls_it(
    play: Play, ruth: Person, dana: Person, ana: Person
):
    """The rule is asked where roles change, not on the page that changes them."""
    with play.at(ruth):
        with pytest.raises(NotPossible, match="still_cares"):
            people.set_roles(by=ruth.actor, at=now(), member=dana.member, roles=["supervisor"])
        with pytest.raises(NotPossible, match="still_cares"):
            people.deactivate(by=ruth.actor, at=now(), member=dana.member)
    assert dana.browser().get(f"/clients/{ana.client.pk}/").status_code == 200


def test_queries_start_from_who_asks(
    play: Play, dana: Person, omar: Person, ana: Person, noor: Person, ruth: Person, sana: Person
):
    with play.at(noor):
        assert own.consents(noor.actor, ana.client) == []
        with pytest.raises(type(ana.client.preference).DoesNotExist):
            own.preference(noor.actor, ana.client)
    with play.at(omar):
        assert care.clearances(omar.actor, ana.client) == []
    with play.at(ana):
        exercises = [version.exercise for version in play.library.values()]
        assert library.newest_versions(ana.actor, exercises) == {}
        assert library.versions(ana.actor, exercises[0]) == []
    with play.at(dana), pytest.raises(PermissionDenied):
        named_therapists(dana.actor, sana.member)
    with play.at(ruth):
        assert named_therapists(ruth.actor, sana.member) == {dana.member.pk}
