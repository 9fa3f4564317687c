"""After a whole journey, nothing that was typed lies anywhere in the clear.

Real web, worker, beat and pump. Then the database's dump, every session, all logs, all mails and all
that was ever said to Redis are read, for the words as they are and as hexadecimal, base64, JSON or
URL; and a word planted in each place is found.
"""

import base64
import json
import threading
import uuid
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import timedelta
from email.message import EmailMessage, Message
from urllib.parse import quote

from django.contrib.sessions.models import Session
from django.utils.timezone import now
from redis import Redis
from redis.exceptions import RedisError

from clients.models import Client, ContactPreference, PrivateNote, SessionTopic
from exercises import definition as definitions
from exercises.actions import clockwork, publishing
from exercises.models import ExerciseVersion, Homework
from practice.management import postgres
from practice.tenancy import scope
from tests.cast import Person, make_client, make_member, make_practice
from tests.faults.walker import Walker
from tests.processes import Site, until

# One for each place where somebody types; with letters that JSON and URLs write differently.
WORDS = {
    "note": "perhaps the märchen first",
    "draft": "half a señal, then rubbed out",
    "topic": "the lighthouse keeper’s stairs",
    "under": "left behind at the köprü",
    "moment": "he looked at the façade",
    "session topic": "why the piano – and why now",
    "letter": "persimmon weather, naïvely",
    "comment": "what is under the élan?",
    "private note": "ask about her sister’s crèche",
    "second letter": "the tide, at last: château",
}
NAMES = ("Quintero", "Achterberg", "Whitlock")
ADDRESSES = ("ana@mail.example", "ben@mail.example", "dana@hillside.example", "nobody@mail.example")
E01, E04 = "e01-under-the-argument", "e04-reassurance-log"


def disguises(word: str) -> list[str]:
    """Return `word` as it is and as it might lie in a column, a log, a cookie or a message."""
    raw = word.encode()
    boxes = []
    for skip in range(3):  # base64 looks different at each of three places
        box = base64.b64encode(b"\0" * skip + raw).decode().rstrip("=")
        boxes.append(box[(0, 2, 3)[skip] : len(box) - 1])
    return [
        word,
        raw.hex(),
        repr(raw)[2:-1],
        json.dumps(word)[1:-1],
        quote(word),
        quote(word, safe="").replace("%20", "+"),
        *boxes,
        *(box.replace("+", "-").replace("/", "_") for box in boxes),
    ]


def found(words: tuple[str, ...] | list[str], places: dict[str, str]) -> set[tuple[str, str]]:
    """Return which word lies in which place."""
    return {
        (name, word)
        for name, text in places.items()
        for word in words
        if any(shape in text for shape in disguises(word))
    }


class Overheard:
    """All that is said to Redis from now on."""

    def __init__(self, site: Site) -> None:
        """Begin to listen."""
        self.said: list[str] = []
        # It may be quiet for longer than the client's own patience.
        self.redis = Redis.from_url(site.environment("worker")["REDIS_URL"], socket_timeout=None)
        self.monitor = self.redis.monitor()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with suppress(RedisError, OSError, ValueError), self.monitor as monitor:
            self.said.extend(command["command"] for command in monitor.listen())

    def up_to_now(self) -> str:
        """Return it all; what was said before this call is in it."""
        mark = uuid.uuid4().hex

        def heard() -> bool:
            self.redis.echo(mark)
            return any(mark in one for one in list(self.said))

        assert until(heard), "the listener hung up"
        return "\n".join(self.said)

    def kept(self) -> str:
        """Return every key and what is under it."""
        return "\n".join(
            f"{key!r} {self._read(key)!r}" for key in self.redis.scan_iter("*", count=1000)
        )

    def _read(self, key: bytes) -> object:
        readers: dict[object, Callable[[bytes], object]] = {
            b"string": self.redis.get,
            b"list": lambda key: self.redis.lrange(key, 0, -1),
            b"set": self.redis.smembers,
            b"zset": lambda key: self.redis.zrange(key, 0, -1),
            b"hash": self.redis.hgetall,
            b"none": lambda _key: b"gone in the meantime",
        }
        return readers[self.redis.type(key)](key)

    def close(self) -> None:
        """Hang up."""
        self.monitor.connection.disconnect()
        self.redis.close()


def places(site: Site, redis: Overheard) -> dict[str, str]:
    """Read everything that outlives a request."""
    return {
        "database": postgres.run("pg_dump", "--format=plain"),
        "sessions": "\n".join(str(one.get_decoded()) for one in Session.objects.all()),
        "logs": site.logs(),
        "mails": "\n".join(_readable(mail) for mail in site.messages),
        "heard by Redis": redis.up_to_now(),
        "kept by Redis": redis.kept(),
    }


def _readable(mail: Message) -> str:
    """Return a mail as it was sent, and its parts decoded."""
    parts = [part.get_payload(decode=True) for part in mail.walk() if not part.is_multipart()]
    return "\n".join([mail.as_string(), *(part.decode() for part in parts if part)])


def test_nothing_that_was_typed_lies_in_the_clear(live_site: Site) -> None:
    site = live_site
    with closing(Overheard(site)) as redis, site.orm():
        dana = journey(site)
        clean = places(site, redis)
        assert site.sink.to("ana@mail.example"), "the worker sent its mails"
        assert "homeward.pump" in clean["heard by Redis"]
        assert len(clean["database"]) > 100_000
        assert found([*WORDS.values()], clean) == set()
        told = {name: clean[name] for name in ("logs", "heard by Redis", "kept by Redis")}
        assert found([*NAMES, *ADDRESSES], told) == set()
        mails = {"mails": clean["mails"]}
        assert found([*NAMES, "Under the argument", "Reassurance"], mails) == set()
        # Would it have been found? One word in each place, each in another disguise.
        plant(site, redis, dana, "persimmon weather, naïvely")
        assert {name for name, _word in found([*WORDS.values()], places(site, redis))} == set(clean)


def plant(site: Site, redis: Overheard, dana: Person, word: str) -> None:
    """Leave a word everywhere."""
    with scope(practice=dana.practice.pk):
        Client.objects.filter(name="Ana Quintero").update(called=word)
    session = Session.objects.all()[0]
    session.session_data = Session.get_session_store_class()().encode({"kept": [word]})
    session.save()
    with site.log("web").open("a") as log:
        log.write(json.dumps({"event": word}) + "\n")
    mail = EmailMessage()
    mail.set_content(word, cte="base64")
    site.messages.append(mail)
    redis.redis.rpush("planted", base64.b64encode(b"{" + word.encode()))


def journey(site: Site) -> Person:
    """Assign, type, rub out, hand in, answer, hand in again; and go wrong in between."""
    practice = make_practice("Hillside Practice")
    dana = make_member(practice, "dana@hillside.example", "Dana Whitlock", "therapist")
    ana = make_client(practice, "ana@mail.example", "Ana Quintero", dana)
    make_client(practice, "ben@mail.example", "Ben Achterberg", dana)
    with scope(practice=practice.pk):
        # Awake around the clock, so that the mails come at any hour this runs.
        ContactPreference.objects.update(quiet_from="00:00", quiet_until="00:00")
        publishing.publish(practice.pk, definitions.load_library(), at=now())
        library = {v.exercise.slug: v for v in ExerciseVersion.objects.select_related("exercise")}
    therapist, client = Walker(site, dana), Walker(site, ana)
    for slug in (E01, E04):
        assign(therapist, library[slug], ana)
    with scope(practice=practice.pk):
        homework = {row.version.exercise.slug: row for row in Homework.objects.all()}
        assert len(homework) == 2
    answer(client, homework[E01])
    note_a_moment(client, homework[E04])
    assert client.post("/you/topics", {"text": WORDS["session topic"]}).status == 302
    notes = f"/clients/{ana.client.pk}/notes"
    assert therapist.post(notes, {"text": WORDS["private note"]}).status == 302
    go_wrong(site, client, therapist, homework[E01])
    reply(
        therapist,
        homework[E01],
        {
            "letter": WORDS["letter"],
            "comment.topic": WORDS["comment"],
            "reopen": ["topic"],
            "decision": "returned",
        },
    )
    client.post(f"/homework/{homework[E01].pk}/step/1/", {"topic": WORDS["topic"] + ", again"})
    assert "sent" in client.post(f"/homework/{homework[E01].pk}/submit/", {}).headers["location"]
    reply(therapist, homework[E01], {"letter": WORDS["second letter"], "decision": "reviewed"})
    with scope(practice=practice.pk):
        assert (PrivateNote.objects.count(), SessionTopic.objects.count()) == (1, 1)
    page = client.get(f"/homework/{homework[E01].pk}/feedback/").text
    assert WORDS["second letter"] in page, "what was typed is there, for whom it is meant"
    for path in ("record?as=json", "record?as=page"):
        assert WORDS["topic"] in therapist.get(f"/clients/{ana.client.pk}/{path}").text
    return dana


def assign(therapist: Walker, version: ExerciseVersion, to: Person) -> None:
    answer = therapist.post(
        f"/assign/?client={to.client.pk}",
        {
            "exercise": str(version.exercise_id),
            "when": "week",
            "reminders_on": "on",
            "note": WORDS["note"],
        },
    )
    assert answer.status == 302, answer.text


def answer(client: Walker, homework: Homework) -> None:
    at = f"/homework/{homework.pk}/"
    assert client.type(f"{at}draft", {"topic": [WORDS["draft"]]}).status == 200
    said = {"topic": WORDS["topic"], "under": WORDS["under"]}
    for number in range(1, 40):
        page = client.get(f"{at}step/{number}/")
        if page.status != 200:
            break
        here = {key: text for key, text in said.items() if f'name="{key}"' in page.text}
        client.post(f"{at}step/{number}/", here or {"skip": "1"})
    assert f"{at}sent/" == client.post(f"{at}submit/", {}).headers["location"]


def note_a_moment(client: Walker, homework: Homework) -> None:
    entry = client.post(f"/homework/{homework.pk}/entries/add/", {"log": "moments"})
    address = entry.headers["location"].partition("?")[0]
    page = client.get(address).text
    assert 'name="note"' in page, page
    kept = client.type(f"{address}draft", {"note": [WORDS["moment"]]})
    assert kept.status == 200, kept.text


def go_wrong(site: Site, client: Walker, therapist: Walker, homework: Homework) -> None:
    """Errors are where words slip into logs."""
    at = f"/homework/{homework.pk}/"
    word = WORDS["topic"]
    assert client.type(f"{at}draft", {"topic": [word]}).status == 409  # sent already
    assert client.ask("POST", f"{at}draft", "{" + word, "application/json").status == 400
    assert client.post("/you/topics", {"text": word * 400}).status == 422
    assert client.get(f"/homework/{quote(word)}/").status == 404
    assert therapist.get(f"/clients/?q={quote(WORDS['under'])}").status == 200
    assert client.post(f"/review/{homework.pk}/", {"letter": word}).status in {403, 404}
    assert Walker(site).post("/account/login/", {"login": "nobody@mail.example"}).status == 200
    code = Walker(site).post("/account/login/code/", {"email": "ana@mail.example"})
    assert code.status == 302, code.text
    assert until(lambda: len(site.sink.to("ana@mail.example")) >= 3)


def reply(therapist: Walker, homework: Homework, said: dict[str, object]) -> None:
    therapist.get(f"/review/{homework.pk}/")
    answer = therapist.post(f"/review/{homework.pk}/", {"send": "next", **said})
    assert answer.status == 302, answer.text
    # The two minutes in which one can undo are over.
    clockwork.tick_practice(homework.practice_id, now() + timedelta(minutes=3))
