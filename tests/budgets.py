"""What a page may weigh: the budgets, and what our own files weigh (gzip, kB).

`make bench` reports against them; `tests/journeys/test_face.py` fails when one is overrun.
"""

import gzip
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, Response

STATIC = Path(__file__).resolve().parents[1] / "practice" / "static"


@dataclass(frozen=True)
class Budget:
    """The most one side's page may ask of a phone; `first` and `again` are whole visits."""

    styles: float
    scripts: float
    fonts: float
    page: float
    first: float
    again: float
    requests: int


CLIENT = Budget(styles=12, scripts=10, fonts=65, page=12, first=110, again=15, requests=8)
STAFF = Budget(styles=14, scripts=28, fonts=65, page=25, first=140, again=30, requests=10)


def packed(words: bytes) -> float:
    """Return what this weighs on the line."""
    return len(gzip.compress(words, 9)) / 1024


def overruns(page: Page, path: str, budget: Budget) -> list[str]:
    """Visit a page as if for the first time; say where it asks for more than its budget."""
    line = page.context.new_cdp_session(page)
    line.send("Network.setCacheDisabled", {"cacheDisabled": True})
    came: list[Response] = []

    def note(one: Response) -> None:
        came.append(one)

    # Nothing that the page before still asks for is counted.
    page.goto("about:blank", wait_until="networkidle")
    page.on("response", note)
    page.goto(path, wait_until="networkidle")
    page.remove_listener("response", note)
    line.detach()
    weights = dict.fromkeys(("stylesheet", "script", "font", "document"), 0.0)
    for one in came:
        kind = one.request.resource_type
        weights[kind] = weights.get(kind, 0) + _on_the_line(one)
    may = {
        "stylesheet": budget.styles,
        "script": budget.scripts,
        "font": budget.fonts,
        "document": min(budget.page, budget.again),
    }
    found = [
        f"{path}: {kind} {weights[kind]:.1f} kB of {most:g}"
        for kind, most in may.items()
        if not 0 < weights[kind] <= most
    ]
    if sum(weights.values()) > budget.first:
        found.append(f"{path}: {sum(weights.values()):.1f} kB of {budget.first:g}")
    if len(came) > budget.requests:
        found.append(f"{path}: {len(came)} requests of {budget.requests}")
    return found


def _on_the_line(one: Response) -> float:
    """Return what came: files are packed on their way; a page is packed by whoever has TLS."""
    if one.request.resource_type == "document":
        return packed(one.body())
    return int(one.header_value("content-length") or 0) / 1024
