"""A key for programs acts from its own seat, within its scopes, while all of that is good."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import RequestFactory
from django.utils.timezone import now
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from clients.actions import caring
from clients.authentication import TokenAuthentication
from practice.actions import people, tokens
from practice.models import ApiToken
from practice.tenancy import scope
from tests.api.ground import Program, key_of
from tests.cast import Person, make_client
from tests.practice.ground import policies, text_of, totp_of

pytestmark = pytest.mark.django_db(transaction=True)


def use(key: str) -> Any:
    """Return the actor the key acts as."""
    plain = RequestFactory().get("/", headers={"authorization": f"Bearer {key}"})
    with scope():
        found = TokenAuthentication().authenticate(Request(plain))
    return plain.actor if found else None  # type: ignore[attr-defined]  # set by the door


def refused(key: str) -> bool:
    with pytest.raises(AuthenticationFailed):
        use(key)
    return True


def test_a_key_acts_as_its_person_within_its_scopes(dana: Person, zoe: Person):
    actor = use(key_of(dana, "read", "assign"))
    assert (actor.member_id, actor.practice_id) == (dana.member.pk, dana.practice.pk)
    assert actor.scopes == {"read", "assign"}


@pytest.mark.parametrize("key", ["", "hw_", "hw_x_y", "nonsense", "hw_\u00e9_\u00e9", "x" * 5000])
def test_nonsense_opens_nothing(db: None, key: str):
    assert refused(key)


def test_a_secret_opens_nothing_under_another_practice(dana: Person, zoe: Person):
    assert refused(key_of(dana, "read").replace(dana.practice.pk.hex, zoe.practice.pk.hex))


def test_revoked_and_expired_keys_open_nothing(dana: Person):
    first, second = key_of(dana, "read"), key_of(dana, "read")
    with scope(practice=dana.practice.pk, user=dana.user.pk):
        one, two = ApiToken.objects.order_by("created_at")
        tokens.revoke(by=dana.actor, at=now(), token=one)
        ApiToken.objects.filter(pk=two.pk).update(expires_at=now() - timedelta(seconds=1))
    assert refused(first)
    assert refused(second)


def test_deactivation_ends_keys_at_once(dana: Person, omar: Person, ruth: Person):
    key = key_of(omar, "read")
    with scope(practice=ruth.practice.pk, user=ruth.user.pk):
        people.deactivate(by=ruth.actor, at=now(), member=omar.member)
    assert refused(key)


def test_a_key_never_slips_into_another_seat(dana: Person, uma: Person):
    key = key_of(uma, "read")
    in_care = make_client(dana.practice, "seat@mail.example", "Seat Two", dana)
    anas = key_of(in_care, "read")
    with scope(practice=dana.practice.pk, user=dana.user.pk):
        caring.discharge(by=dana.actor, at=now(), client=in_care.client)
    assert refused(anas)
    assert use(key).practice_id == uma.practice.pk


def test_a_key_stops_where_its_person_has_to_set_up_a_second_step(dana: Person, ana: Person):
    hers, anas = Program(dana), Program(ana)
    assert hers.get("clients").status_code == 200
    policies(dana.practice, second_factor_required=True)
    for answer in (hers.get("clients"), hers.get(f"clients/{ana.client.pk}")):
        assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_required")
        assert "Set yours up" in answer.json()["detail"]
        assert "Ana" not in text_of(answer)
    assert hers.patch(f"clients/{ana.client.pk}", {"name": "Anna"}).status_code == 403
    assert anas.get("homework").status_code == 200  # clients need none
    totp_of(dana.user)
    assert hers.get("clients").status_code == 200
