"""The web server killed in mid-save, and Redis gone under it: what was acknowledged is kept."""

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException

import psycopg
import pytest
from django.utils.timezone import now
from pytest_django import DjangoDbBlocker

from exercises.actions import responding
from exercises.models import AnswerOutcome, Homework
from tests.faults.ground import Crowd, FaultSite, children, gather, open_homeworks, said, sent
from tests.faults.walker import Walker, is_honest
from tests.processes import until


@pytest.fixture(scope="module")
def site(django_db_blocker: DjangoDbBlocker) -> Iterator[FaultSite]:
    """Run the web alone, on a Redis of its own; nobody sends mails here."""
    site = FaultSite(django_db_blocker)
    with site.begun("web"), site.orm():
        yield site


@pytest.fixture
def crowd(site: FaultSite) -> Crowd:
    return gather()


def begin(walker: Walker, crowd: Crowd, homework: Homework, *keys: str) -> None:
    """Type something into these items, and set all others aside."""
    at = f"/homework/{homework.pk}/draft"
    assert walker.type(at, {key: ["at first"] for key in keys}).status == 200
    with crowd.play.at(crowd.ana):
        homework = crowd.play.fresh(homework)
        aside = [
            responding.AnswerInput(item.key, None, AnswerOutcome.SKIPPED)
            for item in homework.version.definition.asked
            if item.key not in keys
        ]
        responding.save(by=crowd.ana.actor, at=now(), homework=homework, said=aside)


@contextmanager
def held_up(site: FaultSite, statement: str) -> Iterator[psycopg.Connection]:
    """Hold something that the next save needs, so that it stops in mid-transaction."""
    with psycopg.connect(site.environment("command")["DATABASE_URL"]) as holder:
        holder.execute(statement)
        yield holder
        holder.rollback()


def waiting(site: FaultSite) -> int:
    """Return how many sessions of the site wait for a lock."""
    url = site.environment("command")["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as watch:
        found = watch.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock'"
        ).fetchone()
    assert found is not None
    return int(found[0])


@pytest.mark.parametrize(
    ("statement", "path"),
    [
        ("LOCK TABLE exercises_answer IN EXCLUSIVE MODE", "draft"),
        # The line in the trail comes last, in the same transaction as the state.
        ("LOCK TABLE practice_auditevent IN EXCLUSIVE MODE", "submit/"),
    ],
)
def test_a_web_process_killed_in_mid_save_leaves_nothing_half_done(
    site: FaultSite, crowd: Crowd, statement: str, path: str
) -> None:
    """SIGKILL between the first and the last write: all or nothing, and the next try succeeds."""
    (homework,) = open_homeworks(crowd, 1)
    walker = Walker(site, crowd.ana)
    begin(walker, crowd, homework, "topic", "under")
    before = said(crowd, homework)
    broken: list[bool] = []

    def save() -> int:
        at = f"/homework/{homework.pk}/{path}"
        if path == "submit/":
            return walker.post(at, {}).status
        return walker.type(at, {"topic": ["then"], "under": ["and then"]}).status

    def save_in_vain() -> None:
        try:
            save()
        except (OSError, HTTPException):
            broken.append(True)

    typing = threading.Thread(target=save_in_vain)
    with held_up(site, statement):
        typing.start()
        assert until(lambda: waiting(site) == 1), "the save never came to the lock"
        for worker in children(site.running["web"].pid):
            os.kill(worker, signal.SIGKILL)
        typing.join(20)
    assert broken == [True], "nobody was told that it was kept"
    assert until(lambda: waiting(site) == 0)
    assert until(lambda: answers(walker), patience=60), "the web came back by itself"
    assert said(crowd, homework) == before
    assert sent(crowd, homework) == 0
    assert save() in {200, 302}
    if path == "submit/":
        assert sent(crowd, homework) == 1
    else:
        assert said(crowd, homework) == before | {"topic": "then", "under": "and then"}


def answers(walker: Walker) -> bool:
    """Tell whether the site shows a page."""
    try:
        return walker.get("/today/").status == 200
    except (OSError, HTTPException):
        return False


@dataclass
class Typist(threading.Thread):
    """Types on and on, remembers what was acknowledged, and hands in at the end."""

    walker: Walker
    homework: Homework
    over: threading.Event
    tried: int = 0
    kept: int = 0
    broken: int = 0
    strange: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        """Type until told to end; then hand in until it is in."""
        revision = 0
        while not self.over.is_set():
            self.tried += 1
            path = f"/homework/{self.homework.pk}/draft"
            text = {"topic": [f"try {self.tried}"]}
            try:
                answer = self.walker.type(path, text, revision)
            except (OSError, HTTPException):
                self.broken += 1
                continue
            if answer.status == 200:
                revision, self.kept = json.loads(answer.text)["revision"], self.tried
            else:
                self.strange.append(answer.status)
        until(self.hands_in, patience=60)

    def hands_in(self) -> bool:
        """Tap "send", three times in a row, as people do."""
        done = 0
        for _tap in range(3):
            try:
                answer = self.walker.post(f"/homework/{self.homework.pk}/submit/", {})
            except (OSError, HTTPException):
                self.broken += 1
            else:
                done += answer.status == 302 and answer.headers["location"].endswith("/sent/")
        return done == 3


def test_killing_the_web_all_the_time_loses_nothing_acknowledged(
    site: FaultSite, crowd: Crowd
) -> None:
    """kill -9 of one web process after another, then of all; saves and taps go on meanwhile."""
    homeworks = open_homeworks(crowd, 3)
    over = threading.Event()
    typists = [Typist(Walker(site, crowd.ana), homework, over) for homework in homeworks]
    for typist in typists:
        begin(typist.walker, crowd, typist.homework, "topic")
        typist.start()
    for _kill in range(4):
        goal = sum(typist.kept for typist in typists) + 9
        assert until(lambda goal=goal: sum(typist.kept for typist in typists) >= goal, patience=60)
        os.kill(children(site.running["web"].pid)[0], signal.SIGKILL)
    over.set()
    site.kill("web")
    site.start("web")
    for typist in typists:
        typist.join(90)
        assert not typist.is_alive()
        assert typist.strange == [], "an honest line break or a kept draft, and nothing between"
        # The last one tried may have been kept without a word: its answer was cut off.
        found = str(said(crowd, typist.homework)["topic"])
        assert typist.kept <= int(found.removeprefix("try ")) <= typist.tried
        assert sent(crowd, typist.homework) == 1
    assert sum(typist.broken for typist in typists) > 0, "nobody noticed: nothing was killed"


# --- Redis ------------------------------------------------------------------------------------
def works_as_ever(site: FaultSite, crowd: Crowd, homework: Homework) -> None:
    """Read, save, hand in, and ask for a code: all of what touches Redis, and nothing fails."""
    walker, stranger = Walker(site, crowd.ana), Walker(site)
    begin(walker, crowd, homework, "topic")
    at = f"/homework/{homework.pk}/"
    asked = [walker.get("/today/"), walker.get(at), walker.type(f"{at}draft", {"topic": ["kept"]})]
    asked += [Walker(site, crowd.dana).get("/review/"), stranger.get("/account/login/")]
    asked.append(stranger.post("/account/login/", {"login": "a@b.example", "password": "wrong"}))
    assert [answer.status for answer in asked] == [200] * 6
    asked = [walker.post(f"{at}submit/", {})]
    asked.append(stranger.post("/account/login/code/", {"email": crowd.ana.user.email}))
    assert [answer.status for answer in asked] == [302] * 2
    assert said(crowd, homework)["topic"] == "kept"
    assert sent(crowd, homework) == 1


def test_the_site_goes_on_while_redis_forgets_restarts_hangs_and_is_away(
    site: FaultSite, crowd: Crowd
) -> None:
    """It only rings the bell and counts attempts: no page needs it."""
    if site.valkey is None:
        pytest.skip("only our own server is hurt, never the one of REDIS_URL")
    homeworks = iter(open_homeworks(crowd, 30))

    def works() -> None:
        works_as_ever(site, crowd, next(homeworks))

    works()
    with site.redis() as redis:
        redis.flushall()
    works()
    site.valkey.stop(signal.SIGKILL)
    works()
    site.valkey.start()
    assert site.valkey.child is not None
    os.kill(site.valkey.child.pid, signal.SIGSTOP)
    try:
        works()
    finally:
        os.kill(site.valkey.child.pid, signal.SIGCONT)
    works()
    assert until(lambda: rings(site, crowd, next(homeworks))), "the bell rings again by itself"


def rings(site: FaultSite, crowd: Crowd, homework: Homework) -> bool:
    """Hand something in; tell whether a worker would hear of it."""
    walker = Walker(site, crowd.ana)
    begin(walker, crowd, homework, "topic")
    assert walker.post(f"/homework/{homework.pk}/submit/", {}).status == 302
    with site.redis() as redis:
        return int(redis.llen("homeward:notify")) > 0  # type: ignore[arg-type]  # never awaited


def test_a_query_that_does_not_end_gives_its_page_up(
    site: FaultSite, crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its thread serves others again, and what was typed is not said to be kept."""
    monkeypatch.setenv("HOMEWARD_PAGE_SECONDS", "1")
    site.kill("web")
    site.start("web")
    (homework,) = open_homeworks(crowd, 1)
    walker = Walker(site, crowd.ana)
    at = f"/homework/{homework.pk}/draft"
    with held_up(site, "LOCK TABLE exercises_answer"):
        is_honest(walker.type(at, {"topic": ["lost, and said so"]}))
    assert walker.type(at, {"topic": ["kept"]}).status == 200
    monkeypatch.undo()
    site.kill("web")
    site.start("web")
