"""The paper's worked example, run as it stands, in a shell, on a site with demo data."""

import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils.timezone import now
from drf_spectacular.generators import SchemaGenerator

from clients.actors import resolve
from exercises.models import Review
from practice.actions import tokens
from practice.models import User
from practice.tenancy import enter, scope
from tests.processes import Site

ROOT = Path(__file__).resolve().parents[2]
PAPER = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
STAND_IN = ROOT / "tests" / "api" / "curl.py"
BLOCK = re.compile(r"^```(sh|json|http)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WRONG = re.compile(r"^(Traceback|sh: |curl: |usage: )", re.MULTILINE)
KEYS = {
    "DANA": ("dana@hillside.example", ["read", "assign", "review"]),
    "BEN": ("ben@mail.example", ["read", "answer"]),
    "RUTH": ("ruth@hillside.example", ["read", "admin"]),
}


class Shell:
    """One shell, so that what a line sets is there for the next."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdin
        assert process.stdout
        self.stdin, self.stdout = process.stdin, process.stdout

    def run(self, lines: str) -> str:
        """Run some lines and return all that they say."""
        end = f"\n{uuid.uuid4().hex}\n"
        self.stdin.write(f"{lines}\nprintf '%s' '{end}'\n".encode())
        self.stdin.flush()
        said = ""
        while not said.endswith(end):
            line = self.stdout.readline().decode()
            assert line, f"the shell ended: {said}"
            said += line
        return said.removesuffix(end)


@contextmanager
def opened(folder: Path, *, curl: bool) -> Iterator[Shell]:
    """Open a shell, with curl or with what stands in for it."""
    folders = [str(Path(sys.executable).parent), os.environ["PATH"]]
    if not curl:
        stand_in = folder / "curl"
        stand_in.write_text(f"#!{sys.executable}\n{STAND_IN.read_text()}")
        stand_in.chmod(0o755)
        folders.insert(0, str(folder))
    with subprocess.Popen(
        ["sh"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PATH": ":".join(folders), "TMPDIR": str(folder)},
    ) as process:
        yield Shell(process)


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """Open a shell with curl, or with Python's own client on a machine without it."""
    with opened(tmp_path, curl=bool(shutil.which("curl"))) as found:
        yield found


def fits(told: Any, found: Any) -> bool:
    """Say whether an answer is as the paper tells it: shortened, `…` for what differs each time."""
    if isinstance(told, dict) and isinstance(found, dict):
        return all(key in found and fits(value, found[key]) for key, value in told.items())
    if isinstance(told, list) and isinstance(found, list):
        return bool(told or not found) and all(any(fits(a, b) for b in found) for a in told)
    if isinstance(told, str) and "…" in told:
        return isinstance(found, str)
    return bool(told == found)


def last_value(text: str) -> Any:
    """Return the last of the JSON values written one after the other."""
    decoder, found, rest = json.JSONDecoder(), None, text.strip()
    while rest:
        found, end = decoder.raw_decode(rest)
        rest = rest[end:].strip()
    return found


def with_head(text: str) -> list[Any]:
    """Return status line, headers and value of the last answer."""
    head, _, body = text[text.rindex("HTTP/1.1 ") :].replace("\r\n", "\n").partition("\n\n")
    status, *lines = head.splitlines()
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return [status, headers, last_value(body)]


def key_for(site: Site, email: str, scopes: list[str]) -> str:
    """Make a key, as its person does in their account."""
    with site.orm():
        user = User.objects.get(email=email)
        with scope(user=user.pk):
            found = resolve(user, "")
            assert found
            actor, practice = found
            enter(practice.pk)
            return tokens.make(by=actor, at=now(), name="the paper", scopes=scopes).text


def two_minutes_pass(site: Site) -> None:
    """Let the time to undo be over; the site's own clockwork carries the review out."""
    with site.orm():
        dana = User.objects.get(email=KEYS["DANA"][0])
        with scope(user=dana.pk):
            found = resolve(dana, "")
            assert found
            enter(found[1].pk)
            sent = Review.objects.filter(settled_at=None, sent_at__isnull=False)
            assert sent.update(settles_at=now() - timedelta(seconds=1))


def blocks() -> Iterator[tuple[str, str, str]]:
    """Yield lines to run, and the kind and text of the answer told of them."""
    parts = BLOCK.findall(PAPER)
    for (kind, lines), (told, answer) in zip(parts, [*parts[1:], ("", "")], strict=True):
        if kind == "sh":
            yield lines, *(("", "") if told == "sh" else (told, answer))


def test_every_line_of_the_paper_works_as_it_stands(demo_site: Site, shell: Shell):
    told_of = 0
    for written, kind, answer in blocks():
        lines = written.replace("http://localhost:8000", demo_site.url)
        for name, who in KEYS.items():
            if f"export {name}=" in lines:
                shown = f'export {name}="Authorization: Bearer '
                lines = lines.replace(f"{shown}hw_…", shown + key_for(demo_site, *who))
        if lines.startswith("until "):
            two_minutes_pass(demo_site)
        found = shell.run(lines)
        assert not WRONG.search(found), f"{lines}\n{found}"
        if kind == "http":
            assert fits(with_head(answer), with_head(found)), f"{lines}\n{found}"
        elif kind == "json":
            assert fits(json.loads(answer), last_value(found)), f"{lines}\n{found}"
        told_of += bool(kind)
    assert told_of > 25, "the paper's blocks were not found"


def test_what_stands_in_for_curl_does_the_same(demo_site: Site, shell: Shell, tmp_path: Path):
    key = key_for(demo_site, *KEYS["DANA"])
    search = f"{demo_site.url}/api/v1/clients/search"
    (tmp_path / "asked.json").write_text('{"q":\n "Ben"}')
    with opened(tmp_path, curl=False) as other:
        for line in (
            f"curl -s -i {search}?after=none",
            f"curl -s -i -X DELETE -H 'Authorization: Bearer {key}' {search}",
            f"curl -s -i --retry 2 -H 'Authorization: Bearer {key}' -d @{tmp_path}/asked.json {search}",
            (
                f"curl -s -i -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json'"
                f" -d @{tmp_path}/asked.json {search}"
            ),
        ):
            (status, _, one), (other_status, _, two) = (
                with_head(each.run(line)) for each in (shell, other)
            )
            assert status == other_status
            assert one | {"reference": ""} == two | {"reference": ""}


def test_a_paper_that_is_wrong_would_be_found():
    assert fits({"a": "…", "b": [{"c": 1}]}, {"a": "x", "b": [{"c": 2}, {"c": 1, "d": 3}]})
    for told, found in (({"a": 1}, {}), ({"a": "b"}, {"a": "c"}), ([], [1]), ([1], []), ("…", 1)):
        assert not fits(told, found)


def schema_ids(schema: dict[str, Any]) -> list[str]:
    """Return the name of every operation."""
    return [one["operationId"] for path in schema["paths"].values() for one in path.values()]


def test_every_address_is_in_the_paper_and_on_the_page(client: Any, db: None):
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    there = {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, methods in schema["paths"].items()
        for method in methods
    }
    told = set(re.findall(r"`((?:GET|POST|PUT|PATCH|DELETE) /\S+)`", PAPER))
    assert there - told == set()
    filters = {
        one["name"]
        for path in schema["paths"].values()
        for one in path.get("get", {}).get("parameters", [])
        if one["in"] == "query"
    }
    assert filters - set(re.findall(r"`\?(\w+)=", PAPER)) == set()
    page = client.get("/api/v1/guide").content.decode()
    assert [one for one in schema_ids(schema) if f'id="{one}"' not in page] == []
    links = set(re.findall(r'href="#([^"]+)"', page))
    assert [one for one in links if f'id="{one}"' not in page] == [], "every shape is shown"
