"""Every address, method and person: the expected status is in `access.py`, one line each.

A route without a line fails, and so does a line without a route.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client as Browser
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from django.utils.timezone import now

from clients.actions import noting
from clients.models import Couple
from exercises.actions import moments
from exercises.models import Flag, FlagKind, Review
from practice.actions import invitations
from practice.models import InvitationKind
from practice.tenancy import scope
from tests.api.ground import key_of
from tests.architecture.access import COLUMNS, OPERATORS, TABLE
from tests.architecture.visibility_page import page
from tests.cast import Person, Play

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
def kwargs(
    request: pytest.FixtureRequest,
    play: Play,
    dana: Person,
    ana: Person,
    ruth: Person,
    omar: Person,
    cleared: Couple,
) -> Callable[[str], dict[str, Any]]:
    """Make one of everything around Ana, and say what each address is asked for."""
    open_one = play.homework(ana, play.assign(dana, cleared, "e11-what-reaches-me"))
    single = play.assign(dana, ana)
    sent = play.homework(ana, single)
    log = play.homework(ana, play.assign(dana, ana, "e04-reassurance-log"))
    play.submit(ana, sent, topic="Who carries the bags")
    review = play.review(dana, sent, words="Thank you.", settle=False)
    with play.at(dana):
        # However long the table takes: it has not settled.
        Review.objects.filter(pk=review.pk).update(settles_at=now() + timedelta(hours=2))
    with play.at(ana):
        entry = moments.add_entry(
            by=ana.actor,
            at=now(),
            homework=play.fresh(log),
            log_key=next(i.key for i in log.version.definition.walk() if i.kind == "log"),
            happened_at=now(),
        )
        topic = noting.raise_topic(by=ana.actor, at=now(), client=ana.client, text="The summer")
    with play.at(dana):
        note = noting.keep_note(by=dana.actor, at=now(), client=ana.client, text="Mine")
        flag = Flag.objects.create(
            practice=dana.practice,
            client=ana.client,
            homework=open_one,
            item_key="afraid",
            kind=FlagKind.TALK,
            raised_at=now(),
        )
    with play.at(ruth):
        invitation = invitations.invite(
            by=ruth.actor,
            at=now(),
            kind=InvitationKind.MEMBER,
            email="ivo@hillside.example",
            name="Ivo",
            roles=["therapist"],
        ).invitation
        key_of(dana)
    with scope(practice=dana.practice.pk):
        token = dana.user.api_tokens.latest("created_at")
    by_name: dict[str, dict[str, Any]] = {
        "member": {"pk": omar.member.pk},
        "token_revoke": {"pk": token.pk},
        "step": {"pk": open_one.pk, "number": 1},
        "topic_drop": {"pk": topic.pk},
        "flag_handled": {"pk": flag.pk},
        "flag_undo": {"pk": flag.pk},
        "record_hold": {"pk": ana.client.pk},
        "record_entrust": {"pk": ana.client.pk},
        "accept_invitation": {"token": f"{dana.practice.pk}.{'0' * 48}"},
        "stop_mails": {"token": "not-a-token"},
        "mfa_remove_webauthn": {"pk": 1},
        "mfa_edit_webauthn": {"pk": 1},
        "review_undo": {"pk": review.pk},
        "api_review_undo": {"pk": review.pk},
        "review": {"pk": sent.pk},
        "review_draft": {"pk": sent.pk},
        "sent": {"pk": sent.pk},
        "save_copy": {"pk": sent.pk},
        "take_back": {"pk": sent.pk},
        "after_check": {"pk": sent.pk},
        "feedback": {"pk": sent.pk},
        "api_rounds": {"pk": sent.pk},
        "api_reviews": {"pk": sent.pk},
        "api_review_draft": {"pk": sent.pk},
        "api_review_send": {"pk": sent.pk},
        "client_note": {"pk": ana.client.pk, "note": note.pk},
        "note_drop": {"pk": ana.client.pk, "note": note.pk},
        "api_answer": {"pk": open_one.pk, "item": open_one.version.definition.items[1].key},
        "api_entry_answer": {"pk": log.pk, "entry": entry.pk, "item": "no-such"},
    }
    by_kind: list[tuple[str, dict[str, Any]]] = [
        ("member_", {"pk": omar.member.pk}),
        ("invitation_", {"pk": invitation.pk}),
        ("api_invitation_", {"pk": invitation.pk}),
        ("client_", {"pk": ana.client.pk}),
        ("erasure", {"pk": ana.client.pk}),
        ("export_client", {"pk": ana.client.pk}),
        ("reminder_ledger", {"pk": ana.client.pk}),
        ("api_client", {"pk": ana.client.pk}),
        ("couple_", {"pk": cleared.pk}),
        ("api_couple", {"pk": cleared.pk}),
        ("assignment_", {"pk": single.pk}),
        ("api_assignment", {"pk": single.pk}),
        ("api_withdraw", {"pk": single.pk}),
        ("exercise", {"pk": sent.version.exercise_id}),
        ("preview", {"pk": sent.version.exercise_id}),
        ("api_exercise", {"pk": sent.version.exercise_id}),
        ("entries", {"pk": log.pk}),
        ("entry_add", {"pk": log.pk}),
        ("entry", {"pk": log.pk, "entry": entry.pk}),
        ("api_entries", {"pk": log.pk}),
        ("api_entry", {"pk": log.pk, "entry": entry.pk}),
        ("", {"pk": open_one.pk}),
    ]

    def find(name: str) -> dict[str, Any]:
        if name in by_name:
            return by_name[name]
        return next(found for start, found in by_kind if name.startswith(start))

    return find


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


def address(name: str, kwargs: Callable[[str], dict[str, Any]]) -> str:
    """Return where a route is, for Ana's things."""
    for given in ({}, kwargs(name)):
        try:
            return reverse(name, kwargs=given)
        except NoReverseMatch:
            continue
    raise AssertionError(f"{name} needs something that nobody made")


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
