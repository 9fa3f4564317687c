"""Every address, method and person: the expected status is in `access.py`, one line each.

A route without a line fails, and so does a line without a route.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client as Browser
from django.urls import URLPattern, URLResolver, get_resolver

from tests.api.ground import key_of
from tests.architecture.access import COLUMNS, OPERATORS, TABLE
from tests.architecture.ground import address, kwargs
from tests.architecture.visibility_page import page

__all__ = ["kwargs"]  # a fixture

PAGE = Path(__file__).resolve().parents[2] / "docs" / "visibility.md"
KEYS = {"ana-key": ("ana", "read", "answer"), "dana-read": ("dana", "read")}
KEYS |= {"dana-key": ("dana", "assign", "review"), "ruth-key": ("ruth", "admin")}
# Its pages send whoever has no business there elsewhere, whatever the method.
ALLAUTH = (
    "account_log",
    "account_sign",
    "account_re",
    "account_e",
    "account_i",
    "account_c",
    "account_p",
    "account_s",
    "mfa_",
    "usersessions_",
)
# What is said where an empty form would only be asked for once more.
SAID = {("entry", "POST"): "for=body"}
WRITES = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    name: str
    method: str
    expected: dict[str, str]


def lines() -> list[Line]:
    """Read the table."""
    found = []
    for text in TABLE.splitlines():
        if not text or text.startswith("#"):
            continue
        name, method, *cells = text.split()
        found.append(Line(name, method, dict(zip(COLUMNS, cells, strict=True))))
    return found


def routes(resolver: URLResolver | None = None, space: str = "") -> Iterator[str]:
    """Yield the name of every address there is; the operators' as one."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}"
        elif pattern.namespace == "admin":
            yield "admin:*"
        else:
            yield from routes(pattern, space)


def test_every_route_has_a_line_and_every_line_a_route():
    assert {line.name for line in lines()} | {"admin:*"} == set(routes())
    assert OPERATORS, "the operators' pages have their own test below"


def test_no_line_is_there_twice():
    seen = [(line.name, line.method) for line in lines()]
    assert len(seen) == len(set(seen))


@pytest.fixture
def people(request: pytest.FixtureRequest, db: None) -> dict[str, Browser]:
    """Return how each column of the table comes to the door."""
    found: dict[str, Browser] = {}
    for column in COLUMNS:
        if column == "anyone":
            found[column] = Browser()
        elif column in KEYS:
            name, *scopes = KEYS[column]
            text = key_of(request.getfixturevalue(name), *scopes)
            found[column] = Browser(headers={"Authorization": f"Bearer {text}"})
        else:
            found[column] = request.getfixturevalue(column).browser()
    return found


def ask(browser: Browser, method: str, path: str, said: str = "") -> str:
    """Ask once, and leave everything as it was."""
    is_api = path.startswith("/api/")
    body = "{}" if is_api else said
    kind = "application/json" if is_api else "application/x-www-form-urlencoded"
    cookies = browser.cookies.output()
    cache.clear()  # limits of the requests before
    with transaction.atomic():
        answer = browser.generic(method, path, body if method != "GET" else "", content_type=kind)
        transaction.set_rollback(True)
    browser.cookies.clear()
    browser.cookies.load(cookies.replace("Set-Cookie: ", ""))
    if answer.status_code == 302 and "/account/login/" in answer["Location"]:
        return "in"
    return str(answer.status_code)


def shown(name: str, method: str, cells: list[str]) -> str:
    """Write a line as the table has it."""
    return f"{name:34} {method:6} " + " ".join(f"{cell:>4}" for cell in cells)


def test_everybody_gets_what_the_table_says(
    people: dict[str, Browser], kwargs: Callable[[str], dict[str, Any]]
):
    wrong = []
    for line in lines():
        path = address(line.name, kwargs)
        # A key is for the API; on a page it is nobody's.
        found = [
            "·"
            if column in KEYS and not path.startswith("/api/")
            else ask(people[column], line.method, path, SAID.get((line.name, line.method), ""))
            for column in COLUMNS
        ]
        if found != list(line.expected.values()):
            wrong += ["", "  " + shown(line.name, line.method, list(line.expected.values()))]
            wrong += ["  " + shown("    but found", "", found)]
    assert not wrong, "\n".join(wrong)


def test_what_the_table_does_not_name_is_refused(
    people: dict[str, Browser], kwargs: Callable[[str], dict[str, Any]]
):
    named = {(line.name, line.method) for line in lines()}
    let_in = []
    for name in {line.name for line in lines()}:
        if name.startswith(ALLAUTH):
            continue
        for method in ("GET", *WRITES):
            if (name, method) in named:
                continue
            for column in ("ana", "dana", "ruth"):
                status = ask(people[column], method, address(name, kwargs))
                if status not in {"in", "401", "403", "404", "405"}:
                    let_in.append((name, method, column, status))
    assert let_in == []


@pytest.mark.parametrize("path", OPERATORS)
def test_operators_pages_know_nobody_of_the_practices(path: str, people: dict[str, Browser]):
    found = {column: ask(browser, "GET", path) for column, browser in people.items()}
    assert set(found.values()) <= {"in", "302", "403", "404"}, found


def test_the_page_about_it_is_current():
    if PAGE.read_text(encoding="utf-8") != page():
        pytest.fail(
            "docs/visibility.md is stale:"
            " python -m tests.architecture.visibility_page > docs/visibility.md"
        )
