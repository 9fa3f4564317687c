"""A program at the door: a person's key, and JSON."""

import json
from typing import Any

from django.test import Client as Browser
from django.utils.timezone import now

from practice.actions import tokens
from practice.actions.tokens import SCOPES
from practice.tenancy import scope
from tests.cast import Person


def key_of(person: Person, *scopes: str) -> str:
    """Make a key for this person, with all scopes unless some are named."""
    with scope(practice=person.practice.pk, user=person.user.pk):
        made = tokens.make(by=person.actor, at=now(), name="a program", scopes=scopes or SCOPES)
    return made.text


class Program:
    """Speaks JSON with a key."""

    def __init__(self, person: Person | None, *scopes: str) -> None:
        self.key = key_of(person, *scopes) if person else ""
        self.browser = Browser()

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Ask, and return the answer; `answer.json()` is what it says."""
        if self.key:
            headers.setdefault("Authorization", f"Bearer {self.key}")
        return self.browser.generic(
            method,
            f"/api/v1/{path}",
            b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )

    def get(self, path: str, **headers: str) -> Any:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.ask("POST", path, {} if body is None else body, **headers)

    def put(self, path: str, body: Any, **headers: str) -> Any:
        return self.ask("PUT", path, body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self.ask("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self.ask("DELETE", path, **headers)
