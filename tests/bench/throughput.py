"""Autosave and submit through gunicorn, by several people at once; mistakes must be none."""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any

from tests.bench.figures import Figure, bounded, noted
from tests.bench.stage import Stage, build
from tests.cast import Person, make_client
from tests.processes import Site

CROWDS = (1, 8, 32)
SECONDS = 4.0


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
        body = {"revision": 0, "device": "bench", "fields": {"topic": [f"draft {number}"]}}
        return self.ask(
            "POST", f"/homework/{self.homework}/draft", json.dumps(body), "application/json"
        )[0]


def measure(site: Site) -> list[Figure]:
    """Run each crowd for some seconds; return saves a second and the count of mistakes."""
    with site.orm("homeward_web"):
        stage = build(1_000)
        visitors = []
        for number in range(max(CROWDS)):
            person = make_client(
                stage.practice, f"visitor-{number}@mail.example", f"Visitor {number}", stage.dana
            )
            visitors.append(Visitor(site, stage, person))
    for visitor in visitors:
        visitor.enter()
    figures = []
    for crowd in CROWDS:
        saves, mistakes, _seen = _run(visitors[:crowd])
        figures.append(noted(f"autosave, {crowd} at once", saves / SECONDS, "/s"))
        figures.append(bounded(f"autosave, {crowd} at once: mistakes", mistakes, "", 0))
    return figures


def _run(visitors: list[Visitor]) -> tuple[int, int, dict[int, int]]:
    counts: list[tuple[int, int]] = []
    seen: dict[int, int] = {}
    end = time.monotonic() + SECONDS

    def go(visitor: Visitor) -> None:
        good = bad = number = 0
        while time.monotonic() < end:
            number += 1
            status = visitor.save(number)
            seen[status] = seen.get(status, 0) + 1
            if status == 200:
                good += 1
            else:
                bad += 1
        counts.append((good, bad))

    threads: list[Any] = [threading.Thread(target=go, args=(visitor,)) for visitor in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(good for good, _ in counts), sum(bad for _, bad in counts), seen
