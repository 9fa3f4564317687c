"""All that one client can fetch, so that two such worlds can be held side by side."""

import re
from typing import Any
from uuid import UUID

from django.test import Client as Browser

from exercises.models import Reminder
from exercises.queries import homework as homework_queries
from practice.tenancy import scope
from tests.cast import Person

# What differs between two fetches of the same page by the same person, whoever did what.
NOISE = [
    re.compile(rb'name="(csrfmiddlewaretoken|once)" value="[^"]+"'),
    re.compile(rb'name="(csrf-token|draft-key)" content="[^"]+"'),
    re.compile(rb'nonce="[^"]+"'),
    re.compile(rb'"reference": ?"[0-9a-f]+"'),
    re.compile(rb'data-(expires|csrf)="[^"]*"'),
    # Where a list goes on, sealed anew each time.
    re.compile(rb'\?(planned|after)=gAAAA[^"&]+'),
]
PAGES = [
    "/today/",
    "/log/",
    "/growth/",
    "/you/",
    "/you/topics",
    "/you/reminders",
    "/you/readers",
    "/you/consent",
    "/you/consent/withdraw",
    "/you/erasure",
    "/you/record",
    "/breath/",
    "/help",
    "/privacy",
    "/api/v1/me",
    "/api/v1/homework",
    "/api/v1/exercises",
    "/api/v1/clients",
    "/api/v1/couples",
    "/api/v1/queue",
]


def world(ben: Person, browser: Browser) -> dict[str, Any]:
    """Fetch everything Ben can reach: pages, API, record, reminders, counts and lengths."""
    seen: dict[str, Any] = {}
    with scope(practice=ben.practice.pk, user=ben.user.pk):
        own = list(homework_queries.homeworks(ben.actor).values_list("pk", flat=True))
        seen["reminders"] = list(
            Reminder.objects.filter(client_id=ben.client.pk)
            .order_by("id")
            .values_list("kind", "state", "local_at", "next_at", "reason")
        )
    for path in [*addresses(own), *PAGES]:
        seen[path] = fetch(browser, path)
    return seen


def addresses(homeworks: list[UUID]) -> list[str]:
    """Return all that there is about these."""
    pages = ("", "check/", "step/2/", "copy/", "feedback/", "sent/", "entries/")
    found = [f"/homework/{pk}/{page}" for pk in homeworks for page in pages]
    return found + [
        f"/api/v1/homework/{pk}{part}" for pk in homeworks for part in ("", "/rounds", "/reviews")
    ]


def fetch(browser: Browser, path: str) -> tuple[int, bytes, list[tuple[str, str]]]:
    response = browser.get(path)
    body = response.content
    for noise in NOISE:
        body = noise.sub(b"", body)
    headers = sorted(
        (name, value)
        for name, value in response.headers.items()
        if name not in {"Content-Security-Policy", "Date", "Expires", "X-Request-Id"}
    )
    return response.status_code, body, headers
