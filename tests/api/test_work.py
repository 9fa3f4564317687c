"""The life of a homework, by programs: what the pages do, by the same rules."""

import pytest
from django.utils.timezone import now

from clients.actions import caring
from clients.models import Couple
from exercises.models import ExerciseVersion, Homework
from practice.models import AuditEvent, IdempotencyKey
from practice.tenancy import scope
from tests.api.ground import Program
from tests.cast import Person, Play

WORDS = "Who carries the bags"


@pytest.fixture
def homework(play: Play, dana: Person, ana: Person) -> Homework:
    """Ana's open homework."""
    return play.homework(ana, play.assign(dana, ana))


def test_from_assigned_to_reviewed(
    play: Play, dana: Person, ana: Person, library: dict[str, ExerciseVersion]
):
    therapist, client = Program(dana), Program(ana)
    (exercise,) = therapist.post("exercises/search", {"q": "argument"}).json()["results"]
    assert therapist.get(f"exercises/{exercise['id']}").json()["definition"]["items"]

    given = therapist.post(
        "assignments",
        {"exercise": exercise["id"], "client": str(ana.client.pk), "note": "For a quiet hour."},
    )
    assert given.status_code == 201
    assert therapist.get(f"assignments/{given.json()['id']}").json() == given.json()
    (mine,) = client.get("homework").json()["results"]
    assert mine["status"] == "open"
    at = f"homework/{mine['id']}"

    assert client.put(f"{at}/answers/topic", {"value": WORDS}).status_code == 200
    refused = client.post(f"{at}/submit")
    assert refused.status_code == 409, "required questions are open"
    play.fill(ana, play.fresh(Homework(pk=mine["id"], practice_id=ana.practice.pk)), topic=WORDS)
    assert client.post(f"{at}/submit").json()["result"] == "in"
    assert client.post(f"{at}/submit").json()["result"] == "already"

    (waiting,) = therapist.get("queue").json()["results"]
    assert waiting["id"] == mine["id"]
    (first,) = therapist.get(f"{at}/rounds").json()
    assert WORDS in [answer["value"] for answer in first["answers"]]
    with scope(practice=dana.practice.pk):
        assert AuditEvent.objects.filter(action__startswith="read.", user_id=dana.user.pk).exists()

    draft = therapist.put(f"{at}/review", {"words": "I can see it."})
    assert draft.status_code == 200
    sent = therapist.post(
        f"{at}/review/send",
        {
            "words": "I can see it.",
            "decision": "returned",
            "returned": ["topic"],
            "comments": {"topic": "Whose bags?"},
        },
        If_Match=draft["ETag"],
    )
    assert sent.status_code == 200, sent.content
    assert client.get(f"{at}/reviews").json() == [], "for two minutes only the therapist has it"
    undone = therapist.post(f"reviews/{sent.json()['id']}/undo")
    assert undone.json()["sent_at"] is None
    therapist.post(
        f"{at}/review/send",
        {
            "words": "",
            "decision": "returned",
            "returned": ["topic"],
            "comments": {"topic": "Whose bags?"},
        },
    )
    play.settle(ana.practice.pk)
    (reply,) = client.get(f"{at}/reviews").json()
    assert reply["comments"] == {"topic": "Whose bags?"}
    assert client.get(at).json()["status"] == "returned"
    assert client.put(f"{at}/answers/felt", {"value": None}).status_code == 404, (
        "only what was returned opens again"
    )
    assert client.put(f"{at}/answers/topic", {"value": "Ours."}).status_code == 200


def test_a_draft_is_the_clients_alone(dana: Person, ana: Person, homework: Homework):
    Program(ana).put(f"homework/{homework.pk}/answers/topic", {"value": WORDS})
    assert Program(dana).get(f"homework/{homework.pk}/rounds").status_code == 404
    assert WORDS not in Program(dana).get(f"homework/{homework.pk}").content.decode()


def test_a_stale_write_gets_both_texts(ana: Person, homework: Homework):
    program, at = Program(ana), f"homework/{homework.pk}/answers/topic"
    first = program.put(at, {"value": "one", "device": "phone"})
    program.put(at, {"value": "two", "device": "laptop"}, If_Match=first["ETag"])
    stale = program.put(at, {"value": "three", "device": "phone"}, If_Match=first["ETag"])
    assert stale.status_code == 412
    assert stale["Content-Type"] == "application/problem+json"
    said = stale.json()
    assert (said["mine"], said["theirs"]) == ("three", "two")
    assert program.put(at, {"value": "three"}, If_Match=stale["ETag"]).status_code == 200


def test_two_reviewers_get_412_with_both(play: Play, dana: Person, ana: Person, homework: Homework):
    play.submit(ana, homework, topic=WORDS)
    therapist, at = Program(dana), f"homework/{homework.pk}/review"
    first = therapist.put(at, {"words": "one"})
    therapist.put(at, {"words": "two"}, If_Match=first["ETag"])
    stale = therapist.put(at, {"words": "three"}, If_Match=first["ETag"])
    assert stale.status_code == 412
    assert stale.json()["mine"]["words"] == "three"
    assert stale.json()["theirs"]["words"] == "two"


def test_the_same_post_again_gets_the_same_answer_to_the_byte(
    dana: Person, ana: Person, library: dict[str, ExerciseVersion]
):
    program, key = Program(dana), "a-key-of-my-own"
    exercise = library["e01-under-the-argument"].exercise_id
    body = {"exercise": str(exercise), "client": str(ana.client.pk)}
    first = program.post("assignments", body, Idempotency_Key=key)
    again = program.post("assignments", body, Idempotency_Key=key)
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert len(Program(ana).get("homework").json()["results"]) == 1
    other = program.post("assignments", {**body, "note": "else"}, Idempotency_Key=key)
    assert other.status_code == 409
    assert other.json()["code"] == "idempotency_key_reused"
    with scope(practice=dana.practice.pk):
        (row,) = IdempotencyKey.objects.all()
        assert str(ana.client.pk).encode() not in bytes(row.sealed_body)


def test_a_replayed_review_keeps_its_tag(play: Play, dana: Person, ana: Person, homework: Homework):
    play.submit(ana, homework, topic=WORDS)
    program, at = Program(dana), f"homework/{homework.pk}/review/send"
    body = {"words": "Thank you.", "decision": "reviewed"}
    first = program.post(at, body, Idempotency_Key="thank-you")
    again = program.post(at, body, Idempotency_Key="thank-you")
    assert (first.content, first["ETag"]) == (again.content, again["ETag"])


def test_a_refused_post_does_not_use_the_key_up(ana: Person, play: Play, homework: Homework):
    program, at = Program(ana), f"homework/{homework.pk}/submit"
    assert program.post(at, Idempotency_Key="first-try").status_code == 409
    play.fill(ana, homework, topic=WORDS)
    assert program.post(at, Idempotency_Key="first-try").json()["result"] == "in"


def test_a_log_by_program(play: Play, dana: Person, ana: Person):
    homework = play.homework(ana, play.assign(dana, ana, "e04-reassurance-log"))
    program, at = Program(ana), f"homework/{homework.pk}/entries"
    log = next(item for item in homework.version.definition.walk() if item.kind == "log")
    begun = program.post(at, {"log": log.key, "happened_at": "2026-11-20T21:10:00Z"})
    assert begun.status_code == 201, begun.content
    entry = begun.json()["id"]
    assert program.post(at, {"log": "no-such"}).status_code in {404, 422}
    assert program.delete(f"{at}/{entry}").status_code == 204
    assert program.delete(f"{at}/{entry}").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"practice": "x"}, "practice"),
        ({"status": "submitted"}, "status"),
        ({"exercise": 1}, "exercise"),
        ({"opens_local": "2027-03-04T09:00Z"}, "opens_local"),
        ({"opens_local": "2027-02-30T09:00"}, "opens_local"),
        ({"opens_local": "2190-01-01T09:00"}, "opens_local"),
        ({"due_local": "2020-01-01T09:00"}, "due_local"),
        ({"reminders_on": "yes"}, "reminders_on"),
        ({"note": "a\x00b"}, "note"),
        ({"note": "\ud800"}, "note"),
        ({"note": "a" * 2001}, "note"),
    ],
)
def test_what_is_not_asked_for_is_refused_by_name(
    dana: Person,
    ana: Person,
    library: dict[str, ExerciseVersion],
    body: dict[str, object],
    field: str,
):
    exercise = str(library["e01-under-the-argument"].exercise_id)
    asked = {"exercise": exercise, "client": str(ana.client.pk), **body}
    refused = Program(dana).post("assignments", asked)
    assert refused.status_code == 422, refused.content
    assert list(refused.json()["fields"]) == [field]
    assert Program(ana).get("homework").json()["results"] == []


def test_what_says_nothing_empties_nothing(
    play: Play, dana: Person, ana: Person, homework: Homework
):
    client, at = Program(ana), f"homework/{homework.pk}"
    assert client.put(f"{at}/answers/topic", {"value": WORDS}).status_code == 200
    for body in (None, {}, {"device": "phone"}, {"outcome": "answered"}):
        refused = client.ask("PUT", f"{at}/answers/topic", body)
        assert refused.status_code == 422, body
        assert set(refused.json()["fields"]) == {"value"}
    (kept,) = client.get(f"{at}/rounds").json()[-1]["answers"]
    assert kept["value"] == WORDS
    assert client.put(f"{at}/answers/topic", {"outcome": "skipped"}).status_code == 200
    assert client.put(f"{at}/answers/topic", {"value": None}).status_code == 200

    play.submit(ana, play.fresh(homework), topic=WORDS)
    therapist = Program(dana)
    therapist.put(f"{at}/review", {"words": "I can see it."})
    for method, where in (("PUT", "review"), ("POST", "review/send")):
        for body in (None, {}, {"decision": "reviewed"}):
            refused = therapist.ask(method, f"{at}/{where}", body)
            assert refused.status_code == 422, (where, body)
            assert set(refused.json()["fields"]) == {"words"}
    (draft,) = therapist.get(f"{at}/reviews").json()
    assert (draft["words"], draft["sent_at"]) == ("I can see it.", None)


def test_a_body_without_a_length_is_refused_and_empties_nothing(
    ana: Person, dana: Person, homework: Homework
):
    client, at = Program(ana), f"homework/{homework.pk}/answers/topic"
    client.put(at, {"value": WORDS})
    # As gunicorn hands it on: no length, and a body that Django does not read.
    pieces = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}
    refused = client.browser.put(
        f"/api/v1/{at}",
        content_type="application/json",
        headers={"Authorization": f"Bearer {client.key}"},
        **pieces,
    )
    assert (refused.status_code, refused.json()["code"]) == (411, "length_required")
    page = dana.browser().post("/account/", content_type="text/plain", **pieces)
    assert page.status_code == 411
    (kept,) = client.get(f"homework/{homework.pk}/rounds").json()[-1]["answers"]
    assert kept["value"] == WORDS


def test_what_is_kept_for_the_session_is_no_other_state_and_said_as_such(
    homework: Homework, dana: Person, ana: Person
):
    therapist, client, at = Program(dana), Program(ana), f"homework/{homework.pk}"
    for said, for_session in ({}, False), ({"for_session": True}, True):
        aside = client.post(f"{at}/set-aside", said).json()
        assert (aside["status"], aside["for_session"]) == ("skipped", for_session)
        assert therapist.get(at).json()["for_session"] is for_session
        (listed,) = therapist.get("homework?status=skipped").json()["results"]
        assert listed["for_session"] is for_session
        assert client.post(f"{at}/pick-up").json()["for_session"] is False
    assert client.post(f"{at}/set-aside", {"for_session": "yes"}).status_code == 422


def test_of_two_with_a_therapist_each_one_is_told_when_their_own_was_withdrawn(
    play: Play, dana: Person, omar: Person, ana: Person, ben: Person, cleared: Couple
):
    given = play.assign(dana, cleared)
    with play.at(dana):
        caring.hand_over(by=dana.actor, at=now(), clients=[ben.client], to=omar.member)
    at, hers, his = f"assignments/{given.pk}", Program(dana), Program(omar)
    assert [one.get(at).json()["withdrawn_at"] for one in (hers, his)] == [None, None]
    told = hers.post(f"{at}/withdraw").json()["withdrawn_at"]
    assert told is not None
    assert his.get(at).json()["withdrawn_at"] is None
    # A colleague's deed is no matter of one's own.
    later = his.post(f"{at}/withdraw").json()["withdrawn_at"]
    assert later > told
    assert hers.get(at).json()["withdrawn_at"] == told
