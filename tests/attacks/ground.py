"""What an attacker has: a browser, the addresses, and what the pages say about their forms."""

import io
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection, transaction
from django.test import Client as Browser
from django.urls import reverse

from exercises.models import Homework
from practice.config.wsgi import application
from tests.practice.ground import text_of

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
TYPED = {"text", "email", "number", "date", "time", "datetime-local", "url"}
Pairs = list[tuple[str, str]]


@dataclass
class Field:
    """One field of a form: what may be chosen in it, and whether it is typed into."""

    name: str
    typed: bool = False
    value: str = ""
    choices: list[str] = field(default_factory=list)


@dataclass
class Forms(HTMLParser):
    """Every field on a page, by name; a page's forms share one space of names."""

    fields: dict[str, Field] = field(default_factory=dict)
    _area: str | None = None
    _select: str | None = None

    def __post_init__(self) -> None:
        HTMLParser.__init__(self, convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        had = {name: value or "" for name, value in attrs}
        name, value, kind = had.get("name", ""), had.get("value", ""), had.get("type", "text")
        if tag == "option" and self._select:
            self._field(self._select).choices.append(value)
        if not name or name == "csrfmiddlewaretoken":
            return
        if tag == "textarea":
            self._field(name).typed, self._area = True, name
        elif tag == "select":
            self._field(name)
            self._select = name
        elif tag in {"input", "button"}:
            found = self._field(name)
            found.choices.append(value)
            if tag == "input" and kind in TYPED and "disabled" not in had:
                found.typed, found.value = True, value

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._area:
            self.fields[self._area].value += data

    def _field(self, name: str) -> Field:
        return self.fields.setdefault(name, Field(name))


def fields_of(page: str) -> dict[str, Field]:
    """Return the fields of a page."""
    found = Forms()
    found.feed(page)
    found.close()
    return found.fields


def ask(browser: Browser, method: str, path: str, body: bytes | str = "", **more: Any) -> Any:
    """Ask once, and leave everything as it was: rows, limits and the session."""
    cookies = browser.cookies.output()
    cache.clear()
    kind = more.pop("content_type", FORM)
    with transaction.atomic():
        answer = browser.generic(method, path, body, content_type=kind, **more)
        transaction.set_rollback(True)
    browser.cookies.clear()
    browser.cookies.load(cookies.replace("Set-Cookie: ", ""))
    return answer


class Flood(io.RawIOBase):
    """A body without end, which knows how much of it was taken."""

    taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.taken += len(buffer)
        buffer[:] = b"a" * len(buffer)
        return len(buffer)


def knock(
    path: str, body: bytes | Flood = b"", *, length: int | None = None, **environ: str
) -> tuple[int, str]:
    """Come in as gunicorn does, through the real door; return status and type of the answer."""
    asked: dict[str, Any] = {"PATH_INFO": path, "HTTP_HOST": "localhost"} | environ
    asked |= {"REMOTE_ADDR": "127.0.0.1"}
    if isinstance(body, Flood):
        asked |= {"wsgi.input": body, "CONTENT_LENGTH": str(length)}
    else:
        asked |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    asked["REQUEST_METHOD"] = "POST" if body else "GET"
    setup_testing_defaults(asked)
    said: list[Any] = []
    with one_transaction():
        list(application(asked, lambda status, headers, _exc=None: said.extend([status, headers])))
    return int(said[0][:3]), dict(said[1])["Content-Type"]


@contextmanager
def one_transaction() -> Iterator[None]:
    """Keep the test's connection across the requests of a real server's door."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in signals:
            signal.connect(close_old_connections)


def form(pairs: Pairs) -> str:
    """Write a form as a browser sends it."""
    return urlencode(pairs)


def step_of(browser: Browser, homework: Homework, key: str) -> str:
    """Return the address of the screen that asks this item."""
    for number in range(1, 40):
        path = reverse("step", kwargs={"pk": homework.pk, "number": number})
        if f'name="{key}"' in browser.get(path).content.decode():
            return path
    raise AssertionError(f"no screen asks {key}")


# How long the first waits for the second; who is made to wait elsewhere never comes.
PATIENCE = 1.5


def meet(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, people: int = 2) -> None:
    """Let everybody come up to `owner.name` before anybody goes on."""
    door, inner = threading.Barrier(people), getattr(owner, name)

    def waiting(*args: Any, **kwargs: Any) -> Any:
        with suppress(threading.BrokenBarrierError):
            door.wait(PATIENCE)
        return inner(*args, **kwargs)

    monkeypatch.setattr(owner, name, waiting)


def at_once(*deeds: Callable[[], Any]) -> list[int]:
    """Do all of it at the same moment, each over a line of its own; return the statuses, sorted."""
    return [answer.status_code for answer in answers(*deeds)]


def answers(*deeds: Callable[[], Any]) -> list[Any]:
    """Do all of it at the same moment, as `at_once` does; return the answers, sorted by status."""
    found: list[Any] = []

    def do(deed: Callable[[], Any]) -> None:
        try:
            found.append(deed())
        finally:
            connection.close()

    threads = [threading.Thread(target=do, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return sorted(found, key=lambda answer: answer.status_code)


def one_is_told(sentence: str, *deeds: Callable[[], Any]) -> None:
    """Do both at the same moment: one succeeds, and the other is told why it did not."""
    won, lost = answers(*deeds)
    assert (won.status_code, lost.status_code) == (302, 422)
    assert sentence in text_of(lost)


def quiet(browser: Browser) -> Browser:
    """Take a 500 for an answer, as somebody outside would."""
    browser.raise_request_exception = False
    return browser


PIA = {"called": "Pia", "zone": "Europe/Lisbon", "language": "en", "agree": "on"}


def word_of(browser: Browser, path: str) -> str:
    """Return the word that a page's form carries."""
    (found,) = re.findall(r'name="once" value="(\w+)"', browser.get(path).content.decode())
    return str(found)
