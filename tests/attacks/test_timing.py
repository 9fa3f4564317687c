"""A partner with a stopwatch: what Ben waits for is the same, whatever Ana did or is just doing.

No clock is read here; on a shared machine it would prove nothing. What takes time is compared
instead: each question to the database, how many rows it gave and how many were looked at for it,
before and after. And while Ana's own transaction is held open, Ben has to get through.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client as Browser
from django.utils.timezone import now
from pytest_django import DjangoDbBlocker

from clients.models import Clearance, Couple
from exercises.actions import flagging, pausing, responding
from exercises.models import Assignment, Homework
from exercises.queries import homework as homework_queries
from exercises.queries import today as todays
from exercises.workflow import Status
from practice.tenancy import scope
from tests.cast import Person, Play, make_client
from tests.conftest import as_owner, commit_trail
from tests.faults.ground import Crowd, FaultSite, gather
from tests.faults.walker import Walker
from tests.partners import Ana, stage, undone
from tests.world import PAGES, addresses

__all__ = ["stage"]  # a fixture

# What the planner counts for a step of its plan.
COUNTED = (
    "Node Type",
    "Relation Name",
    "Index Name",
    "Actual Rows",
    "Actual Loops",
    "Rows Removed by Filter",
    "Rows Removed by Index Recheck",
    "Rows Removed by Join Filter",
)
# Numbered by how many there were before.
SAVEPOINT = re.compile(r'"s\d+_x\d+"')
# One way to answer each question: the planner's choice turns on how large whole tables are, which in
# a test of few rows is Ana's doing, and in a practice is not. Neither is there a reason to walk
# through all rows of a practice, of an exercise, or of an assignment that two share, when the row's
# own number is known, or of all reminders when the client is; the indexes that would allow it are
# hidden meanwhile.
WHOLE_PRACTICE = """
SELECT indexrelid::regclass::text FROM pg_index i
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
WHERE i.indnatts = 1 AND NOT i.indisunique AND a.attname IN ('practice_id', 'version_id', 'assignment_id')
UNION SELECT unnest(ARRAY['reminder_of_homework', 'reminder_due'])
"""
ONE_WAY = {
    **dict.fromkeys(
        (
            "enable_seqscan",
            "enable_bitmapscan",
            "enable_hashjoin",
            "enable_mergejoin",
            "enable_memoize",
            "enable_incremental_sort",
        ),
        "off",
    ),
    "join_collapse_limit": "1",
    "from_collapse_limit": "1",
}


# --- the same questions, the same rows --------------------------------------------------------
@dataclass
class Work:
    """All that the database was asked, and what each question cost it."""

    asked: list[tuple[Any, ...]] = field(default_factory=list)
    quiet: bool = False

    def __call__(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: Any, context: Any
    ) -> Any:
        if self.quiet:
            return execute(sql, params, many, context)
        plan = self._plan(sql, params) if self._reads(sql) else None
        result = execute(sql, params, many, context)
        text = SAVEPOINT.sub("", str(sql))
        self.asked.append((text, _shapes(params), context["cursor"].rowcount, plan))
        return result

    @staticmethod
    def _reads(sql: Any) -> bool:
        text = str(sql)
        return text.startswith("SELECT") and " FROM " in text

    def _plan(self, sql: Any, params: Any) -> list[tuple[Any, ...]]:
        """Let the question be answered once more, counting the rows each step looked at."""
        self.quiet = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(
                    "EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF, COSTS OFF, SUMMARY OFF,"
                    f" BUFFERS OFF) {sql}",
                    params,
                )
                found = cursor.fetchone()[0]
        finally:
            self.quiet = False
        (top,) = found if isinstance(found, list) else json.loads(found)
        return list(_steps(top["Plan"]))


def _steps(node: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    yield tuple(node.get(name) for name in COUNTED)
    for inner in node.get("Plans", ()):
        yield from _steps(inner)


def _shapes(params: Any) -> tuple[tuple[str, int], ...]:
    values = params.values() if isinstance(params, dict) else params or ()
    return tuple(
        (type(one).__name__, len(one) if isinstance(one, str | bytes | list | tuple) else 0)
        for one in values
    )


@contextmanager
def counted() -> Iterator[Work]:
    """Note what the database is asked; by its indexes, as it would with many rows."""
    work = Work()
    with connection.cursor() as cursor:
        for name, value in ONE_WAY.items():
            cursor.execute(f"SET LOCAL {name} = {value}")
    with connection.execute_wrapper(work):
        yield work


def opened(browser: Browser, path: str) -> list[tuple[Any, ...]]:
    """Return what opening one page asks of the database."""
    with counted() as work:
        assert browser.get(path).status_code in {200, 302, 403, 404}, path
    return work.asked


def labour(ben: Person, browser: Browser) -> dict[str, list[tuple[Any, ...]]]:
    """Return what each thing that Ben can fetch, and a save of his, asks of the database."""
    with scope(practice=ben.practice.pk, user=ben.user.pk):
        own = list(homework_queries.homeworks(ben.actor).values_list("pk", flat=True))
    paths = [*addresses(own), *PAGES]
    found = {path: opened(browser, path) for path in paths}
    for pk in own:
        with undone(), counted() as work:
            said = json.dumps({"revision": 0, "device": "b", "fields": {"heard": ["a sentence"]}})
            saved = browser.post(f"/homework/{pk}/draft", said, content_type="application/json")
            assert saved.status_code == 200, saved.content
        found[f"save {pk}"] = work.asked
    return found


# All that can happen to a round, in order; Ben looks after each line.
STORY = (
    ("save",),
    ("fill", "submit"),
    ("be_read", "be_returned"),
    ("fill", "submit", "be_answered"),
)


@pytest.fixture
def minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no minute pass: devices are noted when one does, whoever did what."""
    monkeypatch.setattr("practice.middleware.time", SimpleNamespace(time=lambda: 0.0))


@pytest.fixture
def busy(play: Play, dana: Person, noor: Person) -> None:
    """A practice in which somebody else has work of each kind: no table and no index is empty."""
    for _each in range(3):
        homework = play.submit(noor, play.homework(noor, play.assign(dana, noor)), topic="quinces")
        play.review(dana, homework, words="thank you", comments={"topic": "whose?"})
    commit_trail()
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(WHOLE_PRACTICE)
        for (index,) in cursor.fetchall():
            cursor.execute(f"DROP INDEX {index}")  # until the test's end


def test_nothing_ana_does_makes_ben_wait_for_more(
    busy: None, minute: None, stage: tuple[Ana, Browser], ben: Person
) -> None:
    """The same statements in the same order, the same rows given, the same rows looked at."""
    ana, browser = stage
    before = labour(ben, browser)
    assert sum(map(len, before.values())) > 150, "nothing was counted"
    for moves in STORY:
        for move in moves:
            getattr(ana, move)()
        after = labour(ben, browser)
        found = {path: _difference(before[path], after[path]) for path in before}
        differing = {path: one for path, one in found.items() if one}
        assert not differing, f"{moves}: {json.dumps(differing, indent=1, default=str)}"
    assert ana.homework.status == Status.REVIEWED


def _difference(before: list[Any], after: list[Any]) -> list[Any]:
    """Return the first question that differs, and in what: for whoever has to find out why."""
    for one, other in zip(before, after, strict=False):
        if one != other:
            steps = zip(one[3] or (), other[3] or (), strict=False)
            return [one[0], one[1:3], other[1:3], [pair for pair in steps if pair[0] != pair[1]]]
    return [] if len(before) == len(after) else [len(before), len(after)]


@pytest.mark.parametrize("leak", ["one question more", "the same question, more rows"])
def test_a_planted_leak_of_time_is_found(
    minute: None, stage: tuple[Ana, Browser], monkeypatch: pytest.MonkeyPatch, leak: str
) -> None:
    """Show that the comparison can fail where every byte of the page stays the same."""
    ana, browser = stage
    honest = todays.today

    def leaking(actor: Any, at: Any) -> todays.Today:
        theirs = Homework.objects.filter(assignment=ana.assignment).exclude(
            client_id=actor.client_id
        )
        if leak == "one question more":
            if theirs.filter(status=Status.SUBMITTED).exists():
                theirs.count()
        else:
            list(theirs.filter(status=Status.SUBMITTED).values_list("pk"))
        return honest(actor, at)

    monkeypatch.setattr(todays, "today", leaking)
    page = browser.get("/today/")
    before = opened(browser, "/today/")
    ana.submit()
    assert _difference(before, opened(browser, "/today/"))
    assert len(browser.get("/today/").content) == len(page.content)


# --- nobody waits for another's open transaction ----------------------------------------------
@pytest.fixture(scope="module")
def site(django_db_blocker: DjangoDbBlocker) -> Iterator[FaultSite]:
    """Run the web alone."""
    site = FaultSite(django_db_blocker)
    with site.begun("web"):
        yield site


@dataclass
class Pair:
    """Ana and Ben on a running site, with the same exercises, and Ben's own line to it."""

    crowd: Crowd
    ben: Person
    shared: list[Assignment]
    line: Walker

    def move(self, name: str, homework: Homework) -> None:
        """Let Ana make a move."""
        ana, play = self.crowd.ana, self.crowd.play
        if name not in ACTIONS:
            getattr(play, name)(ana, homework)
            return
        with play.at(ana):
            ACTIONS[name](by=ana.actor, at=now(), homework=homework)


ACTIONS: dict[str, Callable[..., object]] = {
    "begin": responding.begin,
    "set_aside": pausing.set_aside,
    "raise_flag": partial(flagging.raise_flag, item_key="top", kind="safety"),
}
ANAS = ("begin", "fill", "submit", "set_aside", "raise_flag")


@pytest.fixture
def pair(site: FaultSite) -> Iterator[Pair]:
    with site.orm("homeward_web"):
        crowd = gather()
        ben = make_client(
            crowd.practice, f"ben-{crowd.practice.pk}@mail.example", "Ben Achterberg", crowd.dana
        )
        with scope(practice=crowd.practice.pk):
            couple = Couple.objects.create(
                practice=crowd.practice, first=crowd.ana.client, second=ben.client, linked_at=now()
            )
            for client in (crowd.ana.client, ben.client):
                Clearance.objects.create(
                    practice=crowd.practice,
                    client=client,
                    cleared=True,
                    attested_by=crowd.dana.member,
                    attested_at=now(),
                    recheck_at=now() + timedelta(days=90),
                )
        shared = [crowd.play.assign(crowd.dana, couple, "e11-what-reaches-me") for _move in ANAS]
        yield Pair(crowd, ben, shared, Walker(site, ben))


def test_ben_waits_for_no_transaction_of_anas(pair: Pair) -> None:
    """Each of Ana's moves is held before its commit; meanwhile Ben begins, saves and sends.

    Should he have to wait for her, his line breaks off.
    """
    for name, assignment in zip(ANAS, pair.shared, strict=True):
        his = pair.crowd.play.homework(pair.ben, assignment)
        with transaction.atomic():
            pair.move(name, pair.crowd.play.homework(pair.crowd.ana, assignment))
            goes_on(pair.line, his)


def test_a_planted_wait_is_found(pair: Pair) -> None:
    """Show that it can fail: the practice's trail locked from Ana's first line on, as it was."""
    his = pair.crowd.play.homework(pair.ben, pair.shared[0])
    pair.line.patience = 3
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('audit' || %s::text, 0))",
            [pair.crowd.practice.pk],
        )
        with pytest.raises(TimeoutError):
            goes_on(pair.line, his)


def goes_on(walker: Walker, homework: Homework) -> None:
    """Look around, begin, save, set all aside and take it up again: each gets through."""
    at = f"/homework/{homework.pk}/"
    for path in ("/today/", at, f"{at}step/2/", "/you/", "/you/reminders", "/growth/"):
        assert walker.get(path).status == 200, path
    assert walker.type(f"{at}draft", {"heard": ["a sentence"]}).status == 200
    assert walker.type(f"{at}draft", {"heard": ["another"]}, 1).status == 200
    assert walker.post(f"{at}set-aside/", {}).status == 302
    assert walker.post(f"{at}pick-up/", {}).status == 302
