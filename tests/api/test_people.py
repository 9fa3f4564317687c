"""Clients, couples, invitations, members and the trail, by programs."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from clients.models import Couple
from practice.actions import people, tokens
from practice.tenancy import scope
from tests.api.ground import Program
from tests.cast import Person, Play


def test_somebody_new_is_added_invited_and_changed(dana: Person, omar: Person):
    program = Program(dana)
    body = {"name": "Nia Okafor", "email": "Nia@mail.example", "zone": "Europe/Lisbon"}
    added = program.post("clients", body)
    assert added.status_code == 201
    where = f"clients/{added.json()['id']}"
    assert added.json()["email"] == "nia@mail.example"
    assert program.post("clients/search", {"q": "nia"}).json()["results"] == [added.json()]
    assert program.post(f"{where}/invite").status_code == 200
    taken = program.post("clients", body)
    assert taken.status_code == 422
    assert "email" in taken.json()["fields"]
    changed = program.patch(where, {"name": "Nia O."}).json()
    assert (changed["name"], changed["zone"]) == ("Nia O.", "Europe/Lisbon")
    assert program.patch(where, {"zone": "Mars/Base"}).status_code == 422
    assert program.patch(where, {"joined_at": "2020-01-01T00:00:00Z"}).status_code == 422
    assert Program(omar).get(where).status_code == 404
    handed = program.post(f"{where}/hand-over", {"to": str(omar.member.pk)})
    assert handed.status_code == 204
    assert program.get(where).status_code == 404
    assert Program(omar).get(where).status_code == 200


def test_care_ends_and_goes_on(dana: Person, ana: Person):
    program, where = Program(dana), f"clients/{ana.client.pk}"
    assert program.post(f"{where}/discharge").json()["discharged_at"]
    assert program.post(f"{where}/reactivate").json()["discharged_at"] is None


def test_a_couple_is_linked_cleared_and_unlinked(dana: Person, ana: Person, ben: Person):
    program = Program(dana)
    linked = program.post("couples", {"first": str(ana.client.pk), "second": str(ben.client.pk)})
    assert linked.status_code == 201
    where = f"couples/{linked.json()['id']}"
    said = {"cleared": True, "spoke_alone": False}
    assert program.post(f"clients/{ana.client.pk}/clearances", said).status_code == 422
    said["spoke_alone"] = True
    assert program.post(f"clients/{ana.client.pk}/clearances", said).status_code == 201
    (judged,) = program.get(f"clients/{ana.client.pk}/clearances").json()
    assert judged["cleared"]
    assert judged["ended_at"] is None
    said = {"cleared": False}  # which takes no talk
    assert program.post(f"clients/{ana.client.pk}/clearances", said).json()["ended_at"] is None
    stands, before = program.get(f"clients/{ana.client.pk}/clearances").json()
    assert (stands["ended_at"] is None, before["ended_at"] is None) == (True, False)
    said = {"cleared": True, "spoke_alone": True}
    program.post(f"clients/{ana.client.pk}/clearances", said)
    far = program.patch(where, {"next_session_at": "2099-01-01T10:00:00Z"})
    assert far.status_code == 422
    assert program.patch(where, {"next_session_at": None}).status_code == 200
    ended = program.post(f"{where}/unlink").json()["ended_at"]
    assert ended
    # An hour of two who are linked no more would mean nothing.
    refused = program.patch(where, {"next_session_at": None})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_possible")
    assert program.post(f"{where}/unlink").json()["ended_at"] == ended


def test_a_supervisor_reads_and_changes_nothing(sana: Person, ana: Person):
    program = Program(sana)
    assert program.get("clients").json()["results"][0]["id"] == str(ana.client.pk)
    assert program.post(f"clients/{ana.client.pk}/discharge").status_code == 403
    assert program.patch(f"clients/{ana.client.pk}", {"name": "x"}).status_code == 403
    assert program.post("clients", {}).status_code == 403


def test_a_client_has_no_list_of_clients_and_no_couple(ana: Person, couple: Couple):
    program = Program(ana)
    assert program.get("clients").status_code == 403
    assert program.get(f"couples/{couple.pk}").status_code == 403
    assert program.get("members").status_code == 403
    said = program.get("me").json()
    assert (said["kind"], said["client"]) == ("client", str(ana.client.pk))


def test_invitations_are_for_admins(ruth: Person, dana: Person):
    program = Program(ruth)
    body = {"name": "Ivo", "email": "ivo@hillside.example", "roles": ["therapist"]}
    sent = program.post("invitations", body)
    assert sent.status_code == 201
    assert "link" not in sent.json()
    where = f"invitations/{sent.json()['id']}"
    assert program.get("invitations").json()["results"] == [sent.json()]
    assert program.post(f"{where}/resend").status_code == 200
    assert program.post(f"{where}/revoke").json()["revoked_at"]
    assert program.post("invitations", {**body, "roles": ["god"]}).status_code == 422
    assert Program(dana).post("invitations", body).status_code == 403


def test_the_trail_is_for_admins_and_holds_no_word(ruth: Person, dana: Person, ana: Person):
    Program(dana).post(f"clients/{ana.client.pk}/discharge")
    program = Program(ruth)
    rows = program.get("audit?action=client.discharged").json()["results"]
    assert [row["client"] for row in rows] == [str(ana.client.pk)]
    assert program.get("audit?since=yesterday").status_code == 422
    assert program.get(f"audit?person={10**17}").status_code == 422
    assert Program(dana).get("audit").status_code == 403


@pytest.mark.django_db(transaction=True)  # the chain numbers its rows at commit
def test_the_trail_of_one_client_has_what_they_were_given_as_a_couple(
    play: Play, ruth: Person, dana: Person, ana: Person, noor: Person, cleared: Couple
):
    for whom in (cleared, ana, noor):
        play.assign(dana, whom)
    rows = Program(ruth).get(f"audit?client={ana.client.pk}").json()["results"]
    assigned = [row["client"] for row in rows if row["action"] == "assignment.assigned"]
    assert assigned == [str(ana.client.pk), None]


@pytest.mark.parametrize(
    ("scopes", "path", "status"),
    [
        (("review",), "clients", 403),
        (("read",), "clients", 200),
        (("read",), "queue", 403),
        (("review",), "queue", 200),
        (("answer",), "exercises", 403),
        (("answer",), "me", 200),
    ],
)
def test_a_key_opens_what_its_scopes_say(
    dana: Person, scopes: tuple[str, ...], path: str, status: int
):
    assert Program(dana, *scopes).get(path).status_code == status


def test_a_reading_key_writes_nothing(dana: Person, ana: Person):
    program = Program(dana, "read")
    body = {"name": "Nia", "email": "nia@mail.example", "zone": "UTC"}
    assert program.post("clients", body).status_code == 403
    assert program.patch(f"clients/{ana.client.pk}", {"name": "x"}).status_code == 403


def test_a_session_writes_only_with_its_csrf_token(dana: Person):
    browser = dana.browser()
    browser.handler.enforce_csrf_checks = True
    body = '{"name": "Nia", "email": "nia@mail.example", "zone": "UTC"}'
    refused = browser.post("/api/v1/clients", body, content_type="application/json")
    assert refused.status_code == 403
    assert refused["Content-Type"] == "application/problem+json"
    assert browser.get("/api/v1/me").status_code == 200


def test_nobody_is_let_in_without_a_key(db: None):
    program = Program(None)
    answer = program.get("me")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert program.get("clients/no-such-address").status_code == 404
    assert program.get("schema").json()["openapi"].startswith("3.1")
    assert program.get("guide").status_code == 200


def test_a_member_leaves_and_their_key_opens_nothing(ruth: Person, dana: Person):
    program = Program(dana)
    assert program.get("me").status_code == 200
    with scope(practice=ruth.practice.pk, user=ruth.user.pk):
        people.deactivate(by=ruth.actor, at=now(), member=dana.member)
    assert program.get("me").status_code == 401


def test_a_key_ends_by_itself_on_its_day(dana: Person):
    program = Program(None)
    for days_ago, status in ((29, 200), (31, 401)):
        with scope(practice=dana.practice.pk, user=dana.user.pk):
            at = now() - timedelta(days=days_ago)
            made = tokens.make(by=dana.actor, at=at, name="a program", scopes=["read"], days=30)
        assert program.get("me", Authorization=f"Bearer {made.text}").status_code == status


def test_a_key_is_of_one_practice_wherever_its_person_works(uma: Person, zoe: Person):
    program = Program(uma)
    assert program.get("me").json()["practice"] == str(uma.practice.pk)
    _hw, _practice, secret = program.key.split("_", 2)
    program.key = f"hw_{zoe.practice.pk.hex}_{secret}"
    assert program.get("me").status_code == 401
