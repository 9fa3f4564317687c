"""Every form page with anything at all in its fields: refused or kept, never a crash.

The fields are read from the pages themselves, so a new field is tried without a word here; what
was typed into a form that is shown again must still stand in it.
"""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils.timezone import now
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clients.actions import noting
from clients.models import Couple
from exercises.actions import moments
from exercises.models import Review
from tests.attacks.ground import Field, Pairs, ask, fields_of, form
from tests.cast import Person, Play

EXAMPLES = 9
# What has broken programs before: the calendar's ends, numbers too large for a column, control
# and override characters, what a template, a database, a sheet or a shell might take for its own.
NASTY = [
    "",
    " ",
    "\x00",
    "a\x00b",
    "\x1b[31m",
    "\u202egnp.exe",
    "\u2028",
    "\ufffe",
    "\U0010ffff",
    "0",
    "-1",
    "1e308",
    "NaN",
    "٣",
    "9" * 30,
    "9" * 5000,
    "0001-01-01",
    "9999-12-31",
    "0001-01-01T00:00",
    "9999-12-31T23:59",
    "2026-02-30",
    "24:00",
    "23:59:60",
    "00000000-0000-0000-0000-000000000000",
    "{{ 7|add:7 }}",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' OR 1=1 --",
    "=1+1",
    "../../etc/passwd",
    "a" * 6000,
    "FREQ=SECONDLY",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "Mars/Olympus",
    "x@x",
    "javascript:alert(1)",
]
WILD = st.one_of(
    st.sampled_from(NASTY), st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
)
# Fields a page may not show just then, but a program may send all the same.
UNASKED = [
    "add_row",
    "after",
    "agree",
    "base",
    "both",
    "comment.x",
    "comment.\x00",
    "decision",
    "device",
    "from",
    "how",
    "keep",
    "letter",
    "log",
    "next",
    "reopen",
    "revision",
    "round",
    "say",
    "send",
    "skip",
    "seat",
    "status",
    "client",
]


@pytest.fixture
def made(
    play: Play, dana: Person, ana: Person, omar: Person, cleared: Couple
) -> dict[str, dict[str, Any]]:
    """Make one of everything, and say what each address is asked for."""
    pair = play.homework(ana, play.assign(dana, cleared, "e11-what-reaches-me"))
    single = play.assign(dana, ana)
    sent, going = play.homework(ana, single), play.homework(ana, play.assign(dana, ana))
    back = play.homework(ana, play.assign(dana, ana))
    log = play.homework(ana, play.assign(dana, ana, "e04-reassurance-log"))
    play.submit(ana, sent, topic="Who carries the bags")
    play.submit(ana, back, topic="Who carries the bags")
    play.review(dana, back, words="More of this.", returned=("topic",))
    with play.at(ana):
        entry = moments.add_entry(
            by=ana.actor,
            at=now() - timedelta(hours=1),
            homework=play.fresh(log),
            log_key=next(i.key for i in log.version.definition.walk() if i.kind == "log"),
            happened_at=now() - timedelta(hours=1),
        )
    with play.at(dana):
        note = noting.keep_note(by=dana.actor, at=now(), client=ana.client, text="Mine")
    assert not Review.objects.filter(response__homework=sent).exists()
    client = {"pk": ana.client.pk}
    return {
        "step": {"pk": going.pk, "number": 2},
        "pair": {"pk": pair.pk, "number": 3},
        "deeper": {"pk": back.pk, "number": 1},
        "entry": {"pk": log.pk, "entry": entry.pk},
        "log": {"pk": log.pk},
        "going": {"pk": going.pk},
        "sent": {"pk": sent.pk},
        "client": client,
        "note": client | {"note": note.pk},
        "couple": {"pk": cleared.pk},
        "member": {"pk": omar.member.pk},
        "none": {},
    }


# Address, what it is made with, and the query it is asked with. GET shows the form, where a page
# does; a POST-only address is tried with the fields of the page it is pressed on.
Where = tuple[str, str, str]
CLIENTS: list[Where] = [
    ("step", "step", ""),
    ("step", "pair", "?from=check"),
    ("step", "deeper", ""),
    ("entry", "entry", ""),
    ("entry_add", "log", ""),
    ("entry_remove", "entry", ""),
    ("submit", "going", ""),
    ("set_aside", "going", ""),
    ("pick_up", "going", ""),
    ("after_check", "sent", ""),
    ("take_back", "sent", ""),
    ("topics", "none", ""),
    ("you", "none", ""),
    ("consent", "none", ""),
    ("consent_withdraw", "none", ""),
    ("erase_own", "none", ""),
    ("set_theme", "none", ""),
    ("set_language", "none", ""),
    ("switch_practice", "none", ""),
]
THERAPISTS: list[Where] = [
    ("client_add", "none", ""),
    ("client_edit", "client", ""),
    ("client_clearance", "client", ""),
    ("client_hand_over", "client", ""),
    ("client_notes", "client", ""),
    ("client_note", "note", ""),
    ("client_discharge", "client", ""),
    ("erasure", "client", ""),
    ("couple_link", "none", ""),
    ("couple_session", "couple", ""),
    ("assign", "none", "?client={client}"),
    ("assign", "none", "?couple={couple}"),
    ("homework_due", "going", ""),
    ("review", "sent", ""),
    ("review_draft", "sent", ""),
    ("account_home", "none", ""),
    ("token_list", "none", ""),
]
ADMINS: list[Where] = [
    ("people_invite", "none", ""),
    ("member", "member", ""),
    ("member_deactivate", "member", ""),
    ("practice_settings", "none", ""),
    ("record_hold", "client", ""),
    ("account_home", "none", ""),
    ("token_list", "none", ""),
]
# A key that was made is shown once, over an empty form.
KEPT = {"token_list"}
# Asked with GET: searches, filters, cursors.
ASKED: dict[str, list[tuple[str, str]]] = {
    "ana": [("growth", "none"), ("who_read_me", "none"), ("own_ledger", "none")],
    "dana": [
        ("client_list", "none"),
        ("assign", "none"),
        ("library", "none"),
        ("queue", "none"),
        ("client_page", "client"),
        ("reminder_ledger", "client"),
        ("export_client", "client"),
    ],
    "ruth": [("people", "none"), ("audit", "none"), ("record_holds", "none")],
}
QUERIES = [
    "q",
    "only",
    "after",
    "as",
    "role",
    "state",
    "person",
    "action",
    "record",
    "since",
    "until",
    "step",
    "exercise",
    "client",
    "couple",
    "from",
]

no_health = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def values(one: Field) -> st.SearchStrategy[list[str]]:
    """Draw what is sent in a field: what may be chosen, anything else, several, or nothing."""
    known = st.sampled_from(one.choices) if one.choices else WILD
    return st.one_of(
        WILD.map(lambda v: [v]), known.map(lambda v: [v]), st.lists(WILD | known, max_size=3)
    )


@st.composite
def sendings(draw: st.DrawFn, fields: dict[str, Field]) -> Pairs:
    """Draw a whole form; often all in order but for one field, which gets furthest."""
    strange = set(fields)
    if fields and draw(st.booleans()):
        strange = {draw(st.sampled_from(sorted(fields)))}
    pairs: Pairs = []
    for name, one in fields.items():
        if name in strange:
            pairs += [(name, value) for value in draw(values(one))]
        elif one.value or one.choices:
            pairs.append((name, one.value or draw(st.sampled_from(one.choices))))
    for name in draw(st.lists(st.sampled_from(UNASKED), max_size=3, unique=True)):
        pairs.append((name, draw(WILD)))
    return pairs


def same(text: str) -> str:
    """Return a text as far as a browser keeps it in a field; no page can hold a NUL."""
    return text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n").strip()


def lost(fields: dict[str, Field], sent: Pairs, page: str) -> list[str]:
    """Return what was typed into a field and stands nowhere in it any more."""
    shown = fields_of(page)
    found = []
    for name, one in fields.items():
        typed = [value for key, value in sent if key == name]
        if one.typed and typed and name in shown and same(shown[name].value) != same(typed[-1]):
            found.append(f"{name}: {typed[-1]!r} became {shown[name].value!r}")
    return found


def try_form(browser: Browser, where: Where, made: dict[str, dict[str, Any]]) -> None:
    """Send anything to one address."""
    name, what, query = where
    ids = {key: kwargs.get("pk", "") for key, kwargs in made.items()}
    path = reverse(name, kwargs=made[what]) + query.format(**ids)
    page = ask(browser, "GET", path)
    fields = fields_of(page.content.decode()) if page.status_code == 200 else {}
    if name == "review_draft":
        fields = fields_of(ask(browser, "GET", path.removesuffix("draft")).content.decode())
    # 405: there is no page of it; 409: the page of something that is not so now.
    assert page.status_code in {200, 405, 409}, f"{name}: {page.status_code}"

    @no_health
    @given(sent=sendings(fields))
    def one(sent: Pairs) -> None:
        answer = ask(browser, "POST", path, form(sent))
        assert answer.status_code < 500, f"{name}: {answer.status_code}"
        again = answer.status_code == 422 or (answer.status_code == 200 and name not in KEPT)
        if again and "text/html" in answer["Content-Type"]:
            assert lost(fields, sent, answer.content.decode()) == [], name

    one()


@pytest.mark.parametrize(
    ("person", "table"), [("ana", CLIENTS), ("dana", THERAPISTS), ("ruth", ADMINS)]
)
def test_any_form_is_refused_or_kept(
    person: str,
    table: list[Where],
    request: pytest.FixtureRequest,
    made: dict[str, dict[str, Any]],
):
    browser = request.getfixturevalue(person).browser()
    for where in table:
        try_form(browser, where, made)


@pytest.mark.parametrize("person", ASKED)
def test_any_search_is_answered(
    person: str, request: pytest.FixtureRequest, made: dict[str, dict[str, Any]]
):
    browser = request.getfixturevalue(person).browser()
    for name, what in ASKED[person]:
        try_search(browser, name, reverse(name, kwargs=made[what]))


def try_search(browser: Browser, name: str, path: str) -> None:
    """Ask one address with any query."""

    @no_health
    @given(asked=st.dictionaries(st.sampled_from(QUERIES), WILD, min_size=1, max_size=3))
    def one(asked: dict[str, str]) -> None:
        answer = ask(browser, "GET", f"{path}?{urlencode(asked)}")
        assert answer.status_code < 500, f"{name}: {answer.status_code}"

    one()
