"""Redis flushed, killed, hung and away: it only rings the bell (cases 13 to 16)."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from celery import Celery, current_app
from django.db import transaction
from kombu.exceptions import OperationalError
from pytest_django import DjangoDbBlocker, Settings
from redis import Redis, RedisError

from practice import bell
from practice.config.processes import free_port
from tests.faults.ground import FaultSite, all_final, ambiguous, gather, plan_due, states
from tests.processes import until


@pytest.fixture
def site(django_db_blocker: DjangoDbBlocker) -> Iterator[FaultSite]:
    """Give a site with a Valkey of its own to hurt."""
    site = FaultSite(django_db_blocker)
    if site.valkey is None:
        pytest.skip("only our own server is hurt, never the one of REDIS_URL")
    with site.begun(), site.orm():
        yield site


def test_flushing_the_broker_loses_nothing(site: FaultSite) -> None:
    """Case 13: FLUSHALL again and again; beat and the pump find what the rows say."""
    plan_due(gather(), 300, spread=5)
    for name in ("worker", "beat", "pump"):
        site.start(name)
    assert site.valkey is not None
    flushes, again = 0, 0.0
    deadline = time.monotonic() + 40
    with _redis(site) as broker:
        while not all_final() and time.monotonic() < deadline:
            if time.monotonic() > again:
                broker.flushall()
                flushes, again = flushes + 1, time.monotonic() + 1
            time.sleep(0.05)
    assert flushes >= 3
    assert states() == {"SENT": 300}
    assert len(site.raw.accepted) == 300
    assert ambiguous() == 0


def _redis(site: FaultSite) -> Redis:
    assert site.valkey is not None
    return Redis.from_url(site.valkey.url)


def test_a_worker_consumes_again_after_every_restart_of_the_broker(site: FaultSite) -> None:
    """Case 14: SIGKILL and back a second later, then three restarts in a row; no pump helps."""
    crowd = gather()
    site.start("worker")
    app = site.bell()
    assert site.valkey is not None
    plan_due(crowd, 1)
    assert until(_rung(app, all_final)), "the worker is up"
    # After each: how many restarts, and the seconds away.
    for restarts, away in ((1, 1.0), (3, 0.1), (1, 2.0)):
        for _restart in range(restarts):
            site.valkey.stop(signal.SIGKILL)
            time.sleep(away)
            site.valkey.start()
        plan_due(crowd, 5)
        assert until(_rung(app, all_final), patience=20), states()
    assert states() == {"SENT": 16}
    assert len(site.raw.accepted) == 16


def _rung(app: Celery, condition: Callable[[], bool]) -> Callable[[], bool]:
    """Ring on each look, as every save in the web would."""

    def look() -> bool:
        with suppress(OperationalError, RedisError):  # the first ring after a restart is lost
            app.send_task("homeward.pump", expires=9)
        return condition()

    return look


def test_without_a_broker_the_pump_sends_everything(site: FaultSite) -> None:
    """Case 15: Redis is away for the whole run."""
    assert site.valkey is not None
    site.valkey.stop(signal.SIGKILL)
    plan_due(gather(), 50)
    site.start("pump")
    assert until(all_final), states()
    assert states() == {"SENT": 50}
    assert len(site.raw.accepted) == 50


@pytest.fixture
def broker_at(settings: Settings) -> Iterator[Callable[[str], None]]:
    """Point this process's bell elsewhere."""
    before = current_app.conf.broker_url

    def point(url: str) -> None:
        _forget()
        current_app.conf.broker_url = url
        current_app.conf.broker_write_url = url

    yield point
    point(before)


def _forget() -> None:
    current_app.pool.force_close_all()
    for name in ("_pool", "_producer_pool"):
        current_app.__dict__.pop(name, None)
    current_app.amqp._producer_pool = None


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_away_costs_a_save_nothing(broker_at: Callable[[str], None]) -> None:
    """Case 15: the save stands, in moments, with nobody to ring for."""
    broker_at(f"redis://127.0.0.1:{free_port()}/0")
    begun = time.monotonic()
    for _save in range(5):
        with transaction.atomic():
            bell.ring("homeward.pump")
    assert time.monotonic() - begun < 5, "each save waited for a broker that is away"


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_hangs_is_rung_once_and_then_left_alone(
    broker_at: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 16: the first save waits for it, the others do not even try for a moment."""
    monkeypatch.setattr(bell, "_alone_until", 0.0)
    tried, ring = [], current_app.send_task

    def count(task: str, **more: Any) -> Any:
        tried.append(task)
        return ring(task, **more)

    monkeypatch.setattr(current_app, "send_task", count)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        broker_at(f"redis://127.0.0.1:{deaf.getsockname()[1]}/0")
        for _save in range(5):
            with transaction.atomic():
                bell.ring("homeward.pump")
    assert len(tried) == 1


def test_a_broker_that_hangs_keeps_no_reminder_back(site: FaultSite) -> None:
    """Case 16: stopped in its tracks; the rows still go."""
    assert site.valkey is not None
    assert site.valkey.child is not None
    plan_due(gather(), 20)
    os.kill(site.valkey.child.pid, signal.SIGSTOP)
    try:
        site.start("pump")
        assert until(all_final, patience=40), states()
    finally:
        os.kill(site.valkey.child.pid, signal.SIGCONT)
    assert states() == {"SENT": 20}
