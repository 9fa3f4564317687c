"""A disk without room under the running site: said honestly, nothing lost, nothing twice.

Everything that one machine writes lies on a small file system which is really filled: the tables,
what each process logs, Valkey's files. The database's own log of changes lies elsewhere (then it
refuses, and stays) or there too (then it breaks off, and somebody has to make room and start it).
"""

import logging
import random
import re
import shutil
import string
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Page
from pytest_django import DjangoDbBlocker

from exercises.models import Homework
from practice import logs
from practice.config.embedded import Postgres, Valkey
from tests.conftest import Visit
from tests.faults.disk import Disk, Limit
from tests.faults.ground import (
    Crowd,
    OwnServerSite,
    all_final,
    ambiguous,
    children,
    gather,
    open_homeworks,
    plan_due,
    said,
    sent,
    states,
)
from tests.faults.walker import Answer, Walker, is_honest, is_honest_to_programs, works
from tests.processes import until

MEGABYTES = 400
# So many that the room left on the tables' last pages ends before they do.
ENOUGH = 40
REMINDERS = 20


class CrampedSite(OwnServerSite):
    """A site on a small disk of its own."""

    def __init__(self, blocker: DjangoDbBlocker, *, log_too: bool) -> None:
        super().__init__(blocker)
        self.log_too = log_too
        place = self.folder / "disk"
        self.disk: Disk | Limit
        try:
            self.disk = Disk(place, MEGABYTES)
        except OSError:
            self.disk = Limit(place, self._writers)
        self.postgres = Postgres(place, logs=place)
        assert self.postgres.folder == place
        if self.valkey is not None:
            self.valkey = Valkey(place, logs=place)

    def begin(self, *names: str) -> None:
        """Start everything, with the log of changes where it shall lie."""
        if not self.log_too:
            self.postgres.start()
            self.postgres.stop()
            log = self.postgres.data / "pg_wal"
            shutil.move(log, self.folder / "log")
            log.symlink_to(self.folder / "log")
            for path in (self.folder / "log").rglob("*"):
                _give(path, self.postgres)
            _give(self.folder / "log", self.postgres)
        super().begin(*names)

    def end(self) -> None:
        """End everything, and take the disk away."""
        self.disk.free()
        super().end()
        self.disk.end()

    def log(self, key: str) -> Any:
        """Return the log of a process, on the same disk."""
        return self.disk.folder / f"{key}.log"

    def _writers(self) -> list[int]:
        child = self.postgres.child
        return [child.pid, *children(child.pid)] if child is not None else []


def _give(path: Any, postgres: Postgres) -> None:
    if postgres.person is not None:
        shutil.chown(path, postgres.person.uid, postgres.person.gid)


@pytest.fixture
def site(request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker) -> Iterator[Any]:
    site = CrampedSite(django_db_blocker, log_too=request.param)
    with site.begun("web", "worker", "beat", "pump"):
        yield site


def many_words(number: int) -> str:
    """Return a text that needs room of its own, whatever is left on a page."""
    dice = random.Random(number)  # noqa: S311 -- dice, not secrets
    return f"try {number} " + "".join(dice.choices(string.ascii_letters + " ", k=4900))


def type_until_refused(walker: Walker, homework: Homework) -> tuple[str, Answer]:
    """Type on and on; return what was kept last, and the refusal."""
    kept, revision = "", 0
    for number in range(10 * ENOUGH):
        answer = walker.type(
            f"/homework/{homework.pk}/draft", {"under": [many_words(number)]}, revision
        )
        if answer.status != 200:
            return kept, answer
        kept, revision = many_words(number), revision + 1
    raise AssertionError("the disk was never full")


def hand_in(walker: Walker, homework: Homework) -> Answer:
    return walker.post(f"/homework/{homework.pk}/submit/", {})


def hand_in_until_refused(walker: Walker, homeworks: list[Homework]) -> list[Homework]:
    """Hand in one after the other; return those that were taken."""
    for number, homework in enumerate(homeworks):
        answer = hand_in(walker, homework)
        if answer.status != 302:
            is_honest(answer)
            return homeworks[:number]
        assert answer.headers["location"].endswith("/sent/")
    raise AssertionError("the disk was never full")


def page_of(walker: Walker, homework: Homework, key: str) -> str:
    """Return the address of the screen that asks for this."""
    steps = (f"/homework/{homework.pk}/step/{number}/" for number in range(1, 20))
    return next(path for path in steps if f'name="{key}"' in walker.get(path).text)


def arrange(site: CrampedSite) -> tuple[Crowd, list[Homework], Walker]:
    """Give Ana homework of which all but the first is ready to be handed in."""
    with site.orm():
        crowd = gather()
        homeworks = open_homeworks(crowd, ENOUGH)
        for homework in homeworks[1:]:
            crowd.play.fill(crowd.ana, homework, topic="before")
        plan_due(crowd, REMINDERS, spread=15)
        return crowd, homeworks, Walker(site, crowd.ana)


def is_as_it_should_be(
    site: CrampedSite, crowd: Crowd, homeworks: list[Homework], words: str
) -> None:
    """Everything typed is kept, everything handed in arrived once, every reminder went once."""
    with site.orm():
        assert said(crowd, homeworks[0])["under"] == words
        assert [sent(crowd, homework) for homework in homeworks[1:]] == [1] * (ENOUGH - 1)
        assert until(all_final, patience=60), states()
        assert states() == {"SENT": REMINDERS}
        assert ambiguous() == 0, "what was sent was written down, if later"
    assert len(site.raw.accepted) == REMINDERS
    assert site.raw.twice() == 0


def all_go_in(walker: Walker, homeworks: list[Homework]) -> None:
    """Tap once more on what was refused, and on what was taken: that changes nothing."""
    for homework in homeworks:
        answer = hand_in(walker, homework)
        assert (answer.status, answer.headers["location"][-6:]) == (302, "/sent/")


@pytest.mark.parametrize("site", [False], indirect=True)
def test_tables_without_room_refuse_and_everything_else_goes_on(
    site: CrampedSite, visit: Visit
) -> None:
    """The server stays and refuses to write: pages open, nothing that was said to be kept is not."""
    crowd, homeworks, walker = arrange(site)
    first, others = homeworks[0], homeworks[1:]
    phone = visit(site.url, "phone")
    phone.context.add_cookies(
        [{"name": n, "value": v, "url": site.url} for n, v in walker.cookies.items()]
    )
    phone.goto(page_of(walker, others[-1], "under"))
    before = {name: child.pid for name, child in site.running.items()}

    site.disk.fill()
    kept, refusal = type_until_refused(walker, first)
    is_honest(refusal)
    is_honest_to_programs(
        walker.ask(
            "PUT",
            f"/api/v1/homework/{first.pk}/answers/under",
            '{"value": "' + many_words(1000) + '"}',
            "application/json",
        )
    )
    taken = hand_in_until_refused(walker, others)
    for path in ("/today/", f"/homework/{first.pk}/", "/log/", "/you/"):
        answer = walker.get(path)
        if answer.status != 200:
            is_honest(answer)
    assert until(lambda: walker.get("/today/").status == 200), "one can still read"
    words_stay_on_the_page(phone)
    if site.valkey is not None:
        site.valkey.stop()
        site.valkey.start()
    with site.orm():
        if kept:
            assert said(crowd, first)["under"] == kept
        assert [sent(crowd, one) for one in others] == [one in taken for one in others]
    assert {name: child.pid for name, child in site.running.items()} == before
    assert [name for name, child in site.running.items() if child.poll() is not None] == []

    site.disk.free()
    assert until(lambda: works(walker), patience=60)
    last = many_words(2000)
    revision = 10 * ENOUGH  # the other copy is chosen
    assert walker.type(f"/homework/{first.pk}/draft", {"under": [last]}, revision).status == 200
    phone.locator("[data-saved-text]", has_text=re.compile("^Saved")).wait_for(timeout=65_000)
    with site.orm():
        assert said(crowd, others[-1])["under"] == many_words(3000), "saved by itself"
    all_go_in(walker, others)
    is_as_it_should_be(site, crowd, homeworks, last)


def words_stay_on_the_page(phone: Page) -> None:
    """It says that it could not save, that the words are still here, and goes on trying."""
    phone.locator('[name="under"]').fill(many_words(3000))
    phone.get_by_text("We could not save this just now. Your words are still here.").wait_for()
    assert phone.locator('[name="under"]').input_value() == many_words(3000)


@pytest.mark.parametrize("site", [True], indirect=True)
def test_a_log_without_room_ends_the_server_and_room_brings_all_back(site: CrampedSite) -> None:
    """It breaks off rather than promise; it starts once somebody has made room, and all goes on."""
    crowd, homeworks, walker = arrange(site)
    first, others = homeworks[0], homeworks[1:]
    before = {name: child.pid for name, child in site.running.items()}
    kept = walker.type(f"/homework/{first.pk}/draft", {"under": [many_words(0)]})
    assert kept.status == 200
    taken = others[:3]
    all_go_in(walker, taken)

    site.disk.fill()
    assert until(lambda: broke_off(site), patience=60), "the log was never full"
    for answer in (
        walker.get("/today/"),
        walker.type(f"/homework/{first.pk}/draft", {"under": ["lost, and said so"]}, 1),
        hand_in(walker, others[5]),
        Walker(site).get("/account/login/"),
    ):
        is_honest(answer)
    is_honest_to_programs(walker.get("/api/v1/me"))
    if isinstance(site.disk, Disk):  # a limit binds those that run, not who is started now
        site.disk.fill()
        with pytest.raises(RuntimeError, match="No space left on device"):
            site.postgres.start()
    assert [name for name, child in site.running.items() if child.poll() is not None] == []

    site.disk.free()
    site.postgres.start()
    assert until(lambda: works(walker), patience=60), "nobody had to restart the web"
    with site.orm():
        assert said(crowd, first)["under"] == many_words(0)
        assert [sent(crowd, one) for one in others] == [one in taken for one in others]
    last = many_words(1)
    assert walker.type(f"/homework/{first.pk}/draft", {"under": [last]}, 1).status == 200
    all_go_in(walker, others)
    is_as_it_should_be(site, crowd, homeworks, last)
    assert {name: child.pid for name, child in site.running.items()} == before


def broke_off(site: CrampedSite) -> bool:
    """Write until the log is full; tell whether the server has ended."""
    site.disk.fill()
    with suppress(psycopg.Error), site.postgres.connect() as owner:
        owner.execute("SELECT pg_logical_emit_message(true, 'filler', repeat('x', 16000000))")
    return site.postgres.child is not None and site.postgres.child.poll() is not None


# --- logs -------------------------------------------------------------------------------------
def test_a_line_that_cannot_be_written_breaks_nothing_and_is_said_nowhere_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The page is answered; and no argument of the line, which we leave out, is on another output."""
    log = logging.getLogger("tests.full")
    log.propagate = False
    with suppress(OSError), Path("/dev/full").open("w", buffering=1) as full:
        log.addHandler(logs.Lines(full))
        log.error("a reminder of %s broke", "quince", exc_info=ValueError("quince"))
        full.write("and indeed there is no room\n")
        pytest.fail("there was room")
    assert "".join(capsys.readouterr()) == ""
