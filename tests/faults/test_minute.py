"""Redis away for a literal minute, killed on one site and stopped in its tracks on another.

People sign in, write, hand in and assign all through it; what is due goes out without the bell.
"""

import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from exercises.models import Homework, Reminder, ReminderState
from practice.tenancy import scope
from tests.cast import PASSWORD, make_client
from tests.faults.ground import (
    FINAL,
    Crowd,
    MailSite,
    code_in,
    gather,
    open_homeworks,
    plan_due,
    said,
    sent,
)
from tests.faults.walker import Answer, Walker
from tests.processes import until

MINUTE = 60.0
# Due one after the other, all while nobody hears the bell.
DUE, OVER = 30, 45.0


class LightSite(MailSite):
    """Two of these run at once: one web process each is enough."""

    def environment(self, process: str) -> dict[str, str]:
        """Return the environment of one process."""
        return {**super().environment(process), "WEB_WORKERS": "1"}


@dataclass
class Outage:
    """One site, who is there, and what they did while Redis was away."""

    site: LightSite
    killed: bool
    crowd: Crowd = field(init=False)
    rows: list[int] = field(init=False)
    handed_in: Homework = field(init=False)
    kept: int = 0
    done: list[str] = field(default_factory=list)
    trouble: list[BaseException] = field(default_factory=list)

    def arrange(self) -> None:
        """Bring the people in, and plan what comes due during the minute."""
        with self.site.orm():
            self.crowd = crowd = gather()
            (self.draft,) = open_homeworks(crowd, 1)
            # Somebody who knows her password: a session of hers would end with its new hash.
            address = f"noor-{crowd.practice.pk}@mail.example"
            self.noor = make_client(crowd.practice, address, "Noor Haddad", crowd.dana)
            self.ana, self.dana = Walker(self.site, crowd.ana), Walker(self.site, crowd.dana)
            self.exercise = str(self.draft.version.exercise_id)
            self.rows = plan_due(crowd, DUE, spread=OVER)
            # The last one due is handed in long before.
            with scope(practice=crowd.practice.pk):
                row = Reminder.objects.get(pk=self.rows[-1])
                homework = Homework(pk=row.homework_id, practice_id=crowd.practice.pk)
            self.handed_in = crowd.play.fresh(homework)
            crowd.play.fill(crowd.ana, self.handed_in, topic="before")

    def begin(self) -> None:
        """Take Redis away."""
        valkey = self.site.valkey
        assert valkey is not None
        assert valkey.child is not None
        if self.killed:
            valkey.stop(signal.SIGKILL)
        else:
            os.kill(valkey.child.pid, signal.SIGSTOP)

    def end(self) -> None:
        """Bring it back."""
        valkey = self.site.valkey
        assert valkey is not None
        if self.killed:
            valkey.start()
        elif valkey.child is not None:
            os.kill(valkey.child.pid, signal.SIGCONT)

    def live_through(self, deadline: float) -> None:
        """Save something every second until then, and do everything else once on the way."""
        try:
            self._live_through(deadline)
        except BaseException as error:  # noqa: BLE001 -- told in the test's own thread
            self.trouble.append(error)

    def _live_through(self, deadline: float) -> None:
        stranger = Walker(self.site)
        deeds = iter(
            [
                ("hand in", self._hand_in),
                ("ask for a code", lambda: self._ask_for_a_code(stranger)),
                ("sign in", lambda: self._sign_in(Walker(self.site))),
                ("assign", self._assign),
                ("sign in by code", lambda: self._sign_in_by_code(stranger)),
            ]
        )
        name, deed = next(deeds)
        revision, turn = 0, 0
        while (begun := time.monotonic()) < deadline:
            turn += 1
            text = {"topic": [f"try {turn}"]}
            answer = self.ana.type(f"/homework/{self.draft.pk}/draft", text, revision)
            assert answer.status == 200, answer.text
            revision, self.kept = revision + 1, turn
            if name and deed():
                self.done.append(name)
                name, deed = next(deeds, ("", lambda: False))
            time.sleep(max(0.0, min(begun + 1, deadline) - time.monotonic()))

    def _hand_in(self) -> bool:
        answer = self.ana.post(f"/homework/{self.handed_in.pk}/submit/", {})
        return _goes_to(answer, "/sent/")

    def _ask_for_a_code(self, stranger: Walker) -> bool:
        answer = stranger.post("/account/login/code/", {"email": self.crowd.ana.user.email})
        return _goes_to(answer, "/confirm/")

    def _sign_in(self, walker: Walker) -> bool:
        who = {"login": self.noor.user.email, "password": PASSWORD}
        assert walker.post("/account/login/", who).status == 302
        return walker.get("/today/").status == 200

    def _assign(self) -> bool:
        page = self.dana.get(f"/exercises/{self.exercise}/")
        assert page.status == 200
        body = f'{{"exercise": "{self.exercise}", "client": "{self.crowd.ana.client.pk}"}}'
        given = self.dana.ask("POST", "/api/v1/assignments", body, "application/json")
        assert given.status == 201, given.text
        return True

    def _sign_in_by_code(self, stranger: Walker) -> bool:
        """Wait for the mail, which the pump brings; it opens the door."""
        mails = [m for m in self.site.sink.to(self.crowd.ana.user.email) if _is_code(m)]
        if not mails:
            return False
        answer = stranger.post("/account/login/code/confirm/", {"code": code_in(mails[0])})
        assert answer.status == 302, answer.text
        return stranger.get("/today/").status == 200

    def sent(self, *rows: int) -> list[int]:
        """Return how many copies of each of these reminders arrived."""
        copies = self.site.copies()
        with self.site.orm():
            keys = dict(Reminder.objects.values_list("pk", "dedupe_key"))
        return [
            sum(n for name, n in copies.items() if name.startswith(f"<{keys[row].hex}."))
            for row in rows
        ]


def _goes_to(answer: Answer, end: str) -> bool:
    assert answer.status == 302, answer.text
    assert answer.headers["location"].endswith(end), answer.headers["location"]
    return True


def _is_code(mail: Any) -> bool:
    body = mail.get_body(("plain",))
    return bool(
        re.search(r"^\s*[A-Z0-9]{3,4}-?[A-Z0-9]{3,4}\s*$", body.get_content(), re.MULTILINE)
    )


@pytest.fixture
def outages(django_db_blocker: DjangoDbBlocker) -> Iterator[list[Outage]]:
    """Give one site whose Redis is killed, and one whose Redis only hangs."""
    with ExitStack() as stack:
        found = []
        for killed in (True, False):
            site = LightSite(django_db_blocker)
            if site.valkey is None:
                pytest.skip("only our own server is hurt, never the one of REDIS_URL")
            stack.callback(site.end)
            site.begin("web", "worker", "beat", "pump")
            found.append(Outage(site, killed))
        yield found


def test_a_minute_without_redis_is_hardly_noticed(outages: list[Outage]) -> None:
    """Killed and hung alike: all goes on meanwhile, and afterwards the bell is heard again."""
    for outage in outages:
        outage.arrange()
    for outage in outages:
        outage.begin()
    live_through_all(outages)
    for outage in outages:
        was_hardly_noticed(outage)
    for outage in outages:
        # From here on nobody looks by themselves: only the bell wakes the worker.
        outage.site.kill("pump", signal.SIGTERM)
        outage.end()
    for outage in outages:
        consumes_again(outage)
    for outage in outages:
        assert set(outage.site.copies().values()) == {1}, "nothing went twice"
        assert outage.sent(outage.rows[-1]) == [0], "it was handed in"


def live_through_all(outages: list[Outage]) -> None:
    """Let the minute pass on both sites at once."""
    deadline = time.monotonic() + MINUTE
    threads = [threading.Thread(target=one.live_through, args=(deadline,)) for one in outages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(MINUTE + 30)


def was_hardly_noticed(outage: Outage) -> None:
    """Everybody came through, and what was due is out, while Redis is still away."""
    assert outage.trouble == []
    assert outage.done == ["hand in", "ask for a code", "sign in", "assign", "sign in by code"]
    # Once a second on a quiet machine; had each waited for Redis, it would be a handful.
    assert outage.kept >= 15
    due = outage.rows[:-1]
    assert until(lambda: all(outage.sent(*due)), patience=20, every=1), outage.sent(*due)
    with outage.site.orm():
        assert said(outage.crowd, outage.draft)["topic"] == f"try {outage.kept}"
        assert sent(outage.crowd, outage.handed_in) == 1
        row = Reminder.objects.get(pk=outage.rows[-1])
        assert (row.state, row.reason) == (ReminderState.CANCELLED, "submitted")
        told = Reminder.objects.filter(kind="assigned", state__in=FINAL).exclude(pk__in=outage.rows)
        assert told.count() == 1, "what Dana gave was told, too"


def consumes_again(outage: Outage) -> None:
    """Only the bell wakes the worker now, and it does."""
    with outage.site.orm():
        rows = plan_due(outage.crowd, 5)
    heard = until(lambda: all(outage.sent(*rows)), patience=60, every=1)
    assert heard, "beat rings, the worker hears"
