"""A mail server that refuses, hangs and hangs up, and a real worker that copes with it."""

import re
from collections.abc import Iterator

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from exercises.models import MailChannel
from practice.models import AccountMail
from tests.faults.ground import (
    MailSite,
    all_final,
    ambiguous,
    code_in,
    end_doubt,
    gather,
    plan_due,
    states,
)
from tests.faults.walker import Walker
from tests.processes import until

REFUSED_AND_CUT: list[dict[str, object]] = [
    {"phase": "greeting", "reply": "421 come back later", "drop": True},
    {"phase": "greeting", "hang": True},
    {"phase": "mail", "drop": True},
    {"phase": "rcpt", "reply": "450 greylisted"},
    {"phase": "rcpt", "drop": True},
    {"phase": "data", "drop": True},
    {"phase": "dot", "reply": "451 busy"},
]


@pytest.fixture(scope="module")
def site(django_db_blocker: DjangoDbBlocker) -> Iterator[MailSite]:
    site = MailSite(django_db_blocker)
    with site.begun("web", "worker"):
        site.ringing = site.bell()
        with site.orm():
            yield site


def time_passes(site: MailSite) -> None:
    """Let the minutes go by in which it is not tried, and ring."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE exercises_reminder SET next_at = now() WHERE state = 0")
        cursor.execute("UPDATE practice_accountmail SET next_at = now()")
    MailChannel.objects.filter(paused_until__isnull=False).update(paused_until="2000-01-01 00:00Z")
    site.ring()


@pytest.mark.parametrize("pipelining", [True, False])
def test_refused_and_cut_off_each_mail_arrives_once(site: MailSite, *, pipelining: bool) -> None:
    """Before the dot nothing was taken over: it is tried again, and never counted as sent."""
    site.sink.pipelining = pipelining
    crowd = gather()
    for how in REFUSED_AND_CUT:
        fault = site.sink.misbehave(times=1, **how)  # type: ignore[arg-type]  # its own fields
        rows = plan_due(crowd, 2)
        before = len(site.messages)

        def all_sent(before: int = before) -> bool:
            time_passes(site)
            return all_final() and len(site.messages) >= before + 2

        assert until(all_sent, patience=40, every=0.5), (how, states())
        assert fault.times == 0, "nothing misbehaved"
        assert len(site.messages) == before + len(rows)
    assert set(states()) == {"SENT"}
    assert set(site.copies().values()) == {1}
    assert ambiguous() == 0


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize(
    ("how", "second_copies"),
    [
        ({"phase": "dot", "drop": True, "accept": True}, 1),
        # The dot was on its way already; that nothing had arrived, nobody here can know.
        ({"phase": "body", "drop": True}, 0),
    ],
)
def test_a_cut_at_the_end_is_one_doubt_and_goes_once_more_at_most(
    site: MailSite, how: dict[str, object], second_copies: int, *, pipelining: bool
) -> None:
    """It is listed, waits fifteen minutes, and goes once more, the same mail."""
    site.sink.pipelining = pipelining
    crowd, doubts, before = gather(), ambiguous(), len(site.messages)
    twice = sum(count - 1 for count in site.copies().values())
    site.sink.misbehave(times=1, **how)  # type: ignore[arg-type]  # its own fields
    plan_due(crowd, 3)

    def one_is_in_doubt() -> bool:
        time_passes(site)
        return states().get("ARMED") == 1 and len(site.messages) == before + 2 + second_copies

    assert until(one_is_in_doubt, every=0.5), states()
    time_passes(site)
    assert not until(lambda: "ARMED" not in states(), patience=2), "nobody hurries"
    end_doubt()
    site.ring()
    assert until(all_final), states()
    assert len(site.messages) == before + 3 + second_copies
    assert ambiguous() == doubts + 1
    assert sum(count - 1 for count in site.copies().values()) == twice + second_copies


def test_a_sign_in_code_that_cannot_leave_comes_by_itself(site: MailSite) -> None:
    """The page claims nothing it cannot know, to known and unknown alike; once there, it works."""
    crowd = gather()
    address = crowd.ana.user.email
    site.sink.misbehave("greeting", reply="421 come back later", drop=True)
    ana, nobody = Walker(site), Walker(site)
    pages = set()
    for walker, email in ((ana, address), (nobody, "x" * (len(address) - 10) + "@x.example")):
        assert walker.post("/account/login/code/", {"email": email}).status == 302
        page = walker.get("/account/login/code/confirm/").text
        assert "on its way" in page
        assert "our own mail may be held up just now" in page
        pages.add(re.sub(r'nonce="[^"]*"|value="[^"]*"', "", page.replace(email, "…")))
    assert len(pages) == 1, "the page tells who is here"
    assert until(lambda: AccountMail.objects.filter(attempt__gt=0).exists()), "it was tried"
    assert site.sink.to(address) == []
    site.sink.behave()

    def arrived() -> bool:
        time_passes(site)
        return bool(site.sink.to(address)) and not AccountMail.objects.exists()

    assert until(arrived, every=0.5)
    (mail,) = site.sink.to(address)
    signed_in = ana.post("/account/login/code/confirm/", {"code": code_in(mail)})
    assert signed_in.status == 302
    assert ana.get("/today/").status == 200
