"""Somebody signed in to a real web server, over plain HTTP: every answer is seen as it was sent."""

import json
import secrets
import string
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlencode

from tests.cast import Person
from tests.processes import Site


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    headers: dict[str, str]
    text: str
    wrote: bool = False


class Walker:
    """One person's browser without a window, or a stranger's."""

    patience = 20.0

    def __init__(self, site: Site, person: Person | None = None) -> None:
        """Sign in behind the scenes (within `site.orm()`)."""
        self.site = site
        # A token of the cookie's own form: 32 letters and digits.
        letters = string.ascii_letters + string.digits
        self.token = "".join(secrets.choice(letters) for _letter in range(32))
        self.cookies = {"homeward-form": self.token}
        if person is not None:
            signed_in = person.browser().cookies
            self.cookies |= {name: one.value for name, one in signed_in.items()}

    def get(self, path: str) -> Answer:
        """Open a page."""
        return self.ask("GET", path)

    def post(self, path: str, fields: dict[str, Any]) -> Answer:
        """Send a form."""
        body = urlencode(fields, doseq=True)
        return self.ask("POST", path, body, "application/x-www-form-urlencoded")

    def type(self, path: str, fields: dict[str, list[str]], revision: int = 0) -> Answer:
        """Let the page save what is being typed."""
        said = {"revision": revision, "device": "walker", "fields": fields}
        return self.ask("POST", path, json.dumps(said), "application/json")

    def ask(self, method: str, path: str, body: str = "", kind: str = "") -> Answer:
        """Ask once. Raises OSError or HTTPException when the line breaks."""
        headers = {
            "Host": f"localhost:{self.site.port}",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "X-CSRFToken": self.token,
            "Connection": "close",
        }
        if kind:
            headers["Content-Type"] = kind
        line = HTTPConnection("127.0.0.1", self.site.port, timeout=self.patience)
        try:
            line.request(method, path, body.encode() if body else None, headers)
            response = line.getresponse()
            text = response.read().decode()
        finally:
            line.close()
        for name, value in response.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0].strip('"')
        self.token = self.cookies["homeward-form"]
        return Answer(
            response.status, {k.lower(): v for k, v in response.getheaders()}, text, method != "GET"
        )


def works(walker: Walker) -> bool:
    """Tell whether the site is well, and shows this person their day."""
    try:
        return {walker.get("/health").status, walker.get("/today/").status} == {200}
    except (OSError, HTTPException):
        return False


def is_honest(answer: Answer) -> None:
    """Say that nothing was kept, or lost, when to come back, and not what went wrong inside."""
    assert answer.status == 503, answer.text
    assert int(answer.headers["retry-after"]) <= 60
    assert ("was not kept yet" if answer.wrote else "Nothing is lost.") in answer.text
    for inner in ("Traceback", "psycopg", "OperationalError", "postgres"):
        assert inner not in answer.text


def is_honest_to_programs(answer: Answer) -> None:
    """Say the same as a problem (RFC 9457)."""
    assert answer.status == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert json.loads(answer.text)["code"] == "records_away"
