"""PostgreSQL stopped, killed and started again under the running site."""

import os
import signal
from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from exercises.models import Homework
from tests.faults.ground import (
    OwnServerSite,
    all_final,
    ambiguous,
    end_doubt,
    end_leases,
    gather,
    named,
    open_homeworks,
    plan_due,
    states,
)
from tests.faults.walker import Walker, is_honest, is_honest_to_programs, works
from tests.processes import until


@pytest.fixture(scope="module")
def site(django_db_blocker: DjangoDbBlocker) -> Iterator[OwnServerSite]:
    site = OwnServerSite(django_db_blocker)
    with site.begun("web", "worker", "beat", "pump"):
        yield site


def test_a_restart_is_said_honestly_and_got_over(site: OwnServerSite) -> None:
    """Stopped, and another time killed outright: 503 meanwhile; then all goes on by itself."""
    with site.orm():
        crowd = gather()
        (homework,) = open_homeworks(crowd, 1)
        walker = Walker(site, crowd.ana)
    at = f"/homework/{homework.pk}/"
    for number, name in enumerate((signal.SIGINT, signal.SIGKILL)):
        kept = walker.type(f"{at}draft", {"topic": [f"before {number}"]})
        assert kept.status == 200
        take_down(site, name)
        for answer in (
            walker.get("/today/"),
            walker.type(f"{at}draft", {"topic": ["lost, and said so"]}),
            walker.post(f"{at}submit/", {}),
            Walker(site).get("/account/login/"),
            Walker(site).post("/account/login/code/", {"email": "ana@mail.example"}),
        ):
            is_honest(answer)
        is_honest_to_programs(walker.get("/api/v1/me"))
        assert walker.get("/health").status == 503
        site.postgres.start()
        assert until(lambda: works(walker), patience=60), "nobody had to restart the web"
        with site.orm():
            before = len(site.raw.accepted)
            plan_due(crowd, 3)
            assert until(all_final, patience=60), states()
            assert len(site.raw.accepted) == before + 3, "each once, and by themselves"
        assert f"before {number}" in copy_of(walker, homework)
        assert "lost" not in copy_of(walker, homework)


def take_down(site: OwnServerSite, number: signal.Signals) -> None:
    """Stop the server in good order, or kill all of it at once."""
    child = site.postgres.child
    assert child is not None
    if number == signal.SIGKILL:
        os.killpg(child.pid, number)
        child.wait(10)
    site.postgres.stop()


def copy_of(walker: Walker, homework: Homework) -> str:
    """Read what is kept, as the client does."""
    return walker.get(f"/homework/{homework.pk}/check/").text


def test_a_crash_in_mid_batch_loses_no_reminder(site: OwnServerSite) -> None:
    """Case 22: killed under two senders at work; what was in hand is a doubt at most."""
    with site.orm():
        crowd, before = gather(), len(site.raw.accepted)
        site.raw.delay = 0.05
        rows = plan_due(crowd, 150)
    assert until(lambda: len(site.raw.accepted) >= before + 10, patience=40)
    take_down(site, signal.SIGKILL)
    site.postgres.start()
    site.raw.delay = 0
    with site.orm():
        end_leases()  # time passes for what they had in hand
        assert until(lambda: not set(states()) & {"PLANNED", "CLAIMED"}, patience=60), states()
        end_doubt()
        assert until(all_final, patience=60), states()
        assert set(states()) == {"SENT"}
        copies = site.raw.copies()
        assert named(copies) >= set(rows)
        assert site.raw.twice() <= ambiguous()
        assert site.raw.twice() <= len(rows) // 10, "one for each sender in mid-mail, not all"
