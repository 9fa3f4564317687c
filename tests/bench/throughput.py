"""Autosave and submit through gunicorn, by several people at once; mistakes must be none."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from uuid import UUID

from tests.bench.figures import Figure, bounded, noted
from tests.bench.stage import Stage, build
from tests.cast import Person, make_client
from tests.processes import Site

CROWDS = (1, 8, 32)
SECONDS = 4.0
SUBMITS = 4


class Blocker:
    """Nothing is blocked outside of pytest."""

    @contextmanager
    def unblock(self) -> Iterator[None]:
        yield


class Visitor:
    """One client with a session and a homework, speaking HTTP as a browser would."""

    def __init__(self, site: Site, stage: Stage, person: Person) -> None:
        self.port = site.port
        self.homework = stage.play.homework(person, stage.play.assign(stage.dana, person)).pk
        self.revision = 0
        self.filled: list[UUID] = []
        browser = person.browser()
        self.cookies = {name: morsel.value for name, morsel in browser.cookies.items()}
        self.token = ""
        self.door = HTTPConnection("127.0.0.1", self.port, timeout=30)

    def ask(self, method: str, path: str, body: str = "", kind: str = "") -> tuple[int, str]:
        headers = {
            "Host": f"localhost:{self.port}",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "X-CSRFToken": self.token,
            "Origin": f"http://localhost:{self.port}",
        }
        if kind:
            headers["Content-Type"] = kind
        self.door.request(method, path, body or None, headers)
        response = self.door.getresponse()
        for name, value in response.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        return response.status, response.read().decode(errors="replace")

    def enter(self) -> None:
        """Open the first step, for the token that posts carry."""
        _status, page = self.ask("GET", f"/homework/{self.homework}/step/2/")
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        self.token = found[1] if found else ""

    def save(self, number: int) -> int:
        body = {
            "revision": self.revision,
            "device": "bench",
            "fields": {"topic": [f"draft {number}"]},
        }
        path = f"/homework/{self.homework}/draft"
        status, answer = self.ask("POST", path, json.dumps(body), "application/json")
        if status == 200:
            self.revision = json.loads(answer)["revision"]
        return status

    def submit(self) -> int:
        """Hand in one of the homeworks that are filled; a redirect says that it is in."""
        path, kind = f"/homework/{self.filled.pop()}/submit/", "application/x-www-form-urlencoded"
        return self.ask("POST", path, "", kind)[0]


def measure(site: Site) -> list[Figure]:
    """Run each crowd; return saves and submissions a second, and the count of mistakes."""
    with site.orm("homeward_web"):
        stage = build(1_000)
        visitors = [_visitor(site, stage, number) for number in range(max(CROWDS))]
    for visitor in visitors:
        visitor.enter()
    figures = []
    for crowd in CROWDS:
        saves, mistakes = _run(visitors[:crowd])
        figures.append(noted(f"autosave, {crowd} at once", saves / SECONDS, "/s"))
        figures.append(bounded(f"autosave, {crowd} at once: mistakes", mistakes, "", 0))
    for crowd in CROWDS:
        rate, mistakes = _hand_in(visitors[:crowd])
        figures.append(noted(f"submit, {crowd} at once", rate, "/s"))
        figures.append(bounded(f"submit, {crowd} at once: mistakes", mistakes, "", 0))
    return figures


def _visitor(site: Site, stage: Stage, number: int) -> Visitor:
    """Make somebody with filled homework enough for every crowd they are in."""
    person = make_client(
        stage.practice, f"visitor-{number}@mail.example", f"Visitor {number}", stage.dana
    )
    visitor = Visitor(site, stage, person)
    rounds = sum(SUBMITS for crowd in CROWDS if number < crowd)
    for _round in range(rounds):
        homework = stage.play.homework(person, stage.play.assign(stage.dana, person))
        stage.play.fill(person, homework, topic="the bags")
        visitor.filled.append(homework.pk)
    return visitor


def _run(visitors: list[Visitor]) -> tuple[int, int]:
    counts: list[tuple[int, int]] = []
    end = time.monotonic() + SECONDS

    def go(visitor: Visitor) -> None:
        good = number = 0
        while time.monotonic() < end:
            number += 1
            good += visitor.save(number) == 200
        counts.append((good, number - good))

    _together(go, visitors)
    return sum(good for good, _ in counts), sum(bad for _, bad in counts)


def _hand_in(visitors: list[Visitor]) -> tuple[float, int]:
    statuses: list[int] = []

    def go(visitor: Visitor) -> None:
        statuses.extend(visitor.submit() for _number in range(SUBMITS))

    began = time.monotonic()
    _together(go, visitors)
    rate = len(statuses) / (time.monotonic() - began)
    return rate, sum(status != 302 for status in statuses)


def _together(go: Callable[[Visitor], None], visitors: list[Visitor]) -> None:
    threads = [threading.Thread(target=go, args=(visitor,)) for visitor in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
