"""Pumps and workers killed, stopped and restarted (cases 1, 4, 5, 6, 9, 10, 18 of the matrix)."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from django.db.models.functions import Now
from pytest_django import DjangoDbBlocker

from exercises.models import Reminder, ReminderState
from tests import servers
from tests.faults.ground import (
    FaultSite,
    alive,
    all_final,
    ambiguous,
    children,
    end_doubt,
    end_leases,
    gather,
    named,
    plan_due,
    states,
)
from tests.processes import until


@pytest.fixture
def site(django_db_blocker: DjangoDbBlocker, request: pytest.FixtureRequest) -> Iterator[FaultSite]:
    """Give a database, a broker and a sink; the test starts what it wants to break."""
    site = FaultSite(django_db_blocker)
    site.raw.pipelining = getattr(request, "param", True)
    with site.begun(), site.orm():
        yield site


BOTH_WAYS = pytest.mark.parametrize("site", [True, False], ids=["breath", "turns"], indirect=True)


def run_python(site: FaultSite, code: str) -> subprocess.CompletedProcess[str]:
    """Run a few lines as a worker's process, which may kill itself."""
    return subprocess.run(
        [sys.executable, "-c", f"import django; django.setup()\n{code}"],
        env=site.environment("pump"),
        cwd=servers.ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def pump_once(site: FaultSite) -> None:
    answer = run_python(site, "from django.core.management import call_command as c; c('pump')")
    assert answer.returncode == 0, answer.stderr


def test_killing_pumps_all_the_time_loses_nothing(site: FaultSite) -> None:
    """Case 1: kill -9 a random pump every quarter second, an at-least-once kind."""
    rows = plan_due(gather(), 600)
    site.raw.delay = 0.01
    mains = [site.start("worker", key).pid for key in ("worker", "worker2")]
    bell = site.bell()
    kills, dice, next_kill = 0, random.Random(7), 0.0  # noqa: S311 -- dice, not secrets
    deadline = time.monotonic() + 60
    while kills < 20 and time.monotonic() < deadline and not all_final():
        bell.send_task("homeward.pump", expires=9)
        time.sleep(0.05)
        victims = [child for main in mains for child in children(main)]
        if site.raw.accepted and victims and time.monotonic() > next_kill:
            os.kill(dice.choice(victims), signal.SIGKILL)
            kills, next_kill = kills + 1, time.monotonic() + 0.25
            end_leases(older_than=1.5)
    # From here on nobody is killed; time passes for what the dead had in hand.
    end_leases()
    assert until(lambda: "CLAIMED" not in states() and "PLANNED" not in states()), states()
    end_doubt()
    bell.send_task("homeward.pump")
    assert until(all_final), states()
    copies = site.raw.copies()
    lost = set(rows) - named(copies)
    assert kills >= 10
    assert not lost
    assert site.raw.twice() <= ambiguous() <= kills
    dates = {(mail.message_id, mail.date) for mail in site.raw.accepted}
    assert len(dates) == len(copies), "a second copy bears the date of the first"


def test_a_pump_killed_between_claim_and_arm_has_done_nothing(site: FaultSite) -> None:
    """Case 4: the lease runs out by itself, and the mail goes once."""
    plan_due(gather(), 3)
    run_python(
        site,
        "import os\n"
        "from exercises.actions import pumping\n"
        "pumping._send_one = lambda *_: os.kill(os.getpid(), 9)\n"
        "from django.utils.timezone import now\n"
        "pumping.pump(now=now)",
    )
    assert states() == {"CLAIMED": 3}
    pump_once(site)
    assert site.raw.accepted == [], "the lease still holds"
    end_leases()
    pump_once(site)
    assert states() == {"SENT": 3}
    assert site.raw.twice() == 0
    assert ambiguous() == 0
    assert set(Reminder.objects.values_list("attempt", flat=True)) == {2}


def test_a_killed_main_process_takes_its_children_along(site: FaultSite) -> None:
    """Case 5: no orphan goes on sending; another worker finishes."""
    plan_due(gather(), 120)
    site.raw.delay = 0.05
    main = site.start("worker").pid
    bell = site.bell()
    assert until(lambda: len(children(main)) >= 2)
    bell.send_task("homeward.pump", expires=9)
    assert until(lambda: len(site.raw.accepted) >= 5)
    family = children(main)
    os.kill(main, signal.SIGKILL)
    assert until(lambda: not any(alive(pid) for pid in family), patience=1.5)
    site.running.pop("worker").wait()
    end_leases()
    end_doubt()
    site.start("worker")
    bell.send_task("homeward.pump")
    assert until(all_final), states()
    assert len(site.raw.copies()) == 120
    assert site.raw.twice() <= ambiguous() <= len(family)


@BOTH_WAYS
def test_a_mail_cut_off_at_its_dot_goes_once_more_and_no_more(site: FaultSite) -> None:
    """Case 6: two pumps settle the same doubt at once; one sends the same mail, dated as before."""
    plan_due(gather(), 1)
    site.raw.mute = True
    site.start("pump")
    assert until(lambda: len(site.raw.accepted) == 1)
    site.kill("pump")
    assert states() == {"ARMED": 1}
    pump_once(site)
    assert len(site.raw.accepted) == 1, "nobody hurries into a second copy"
    site.raw.mute = False
    end_doubt()
    for key in ("pump", "other"):
        site.start("pump", key)
    assert until(all_final), states()
    first, second = site.raw.accepted
    assert (first.message_id, first.date) == (second.message_id, second.date)
    row = Reminder.objects.get()
    assert (row.state, row.resent, row.reason) == (ReminderState.SENT, 1, "ambiguous")


def test_a_kind_that_may_wait_is_let_go_instead(site: FaultSite) -> None:
    """Case 2 in small: not sent again, in its own state, and never silently."""
    plan_due(gather(), 1, kind="follow_up")
    site.raw.mute = True
    site.start("pump")
    assert until(lambda: len(site.raw.accepted) == 1)
    site.kill("pump")
    end_doubt()
    pump_once(site)
    assert states() == {"UNKNOWN": 1}
    assert len(site.raw.accepted) == 1


def test_pumps_side_by_side_write_once_for_one_evening(site: FaultSite) -> None:
    """Two hundred to one person, four pumps: whoever comes second learns it in time."""
    plan_due(gather(), 200, kind="due_soon")
    for key in ("pump", "second", "third", "fourth"):
        site.start("pump", key)
    assert until(lambda: len(site.raw.accepted) >= 1)
    # What lost the race, or met one not confirmed yet, waits for five minutes.
    assert until(lambda: not Reminder.objects.filter(state__in=[1, 2]).exists())
    assert until(ended), "what waits is told so"
    assert len(site.raw.accepted) == 1
    assert states()["SENT"] == 1


def ended() -> bool:
    """Say whether each was sent, let go, or put off, and hurry those that were put off."""
    Reminder.objects.filter(state=0, reason="together").update(next_at=Now())
    return not Reminder.objects.exclude(state__in=[3, 4]).exists()


@BOTH_WAYS
def test_a_pump_told_to_end_finishes_the_mail_in_hand(site: FaultSite) -> None:
    """Case 9: confirmed, the others given back untouched, and gone."""
    plan_due(gather(), 40)
    site.raw.delay = 0.1
    child = site.start("pump")
    assert until(lambda: len(site.raw.accepted) >= 3)
    child.send_signal(signal.SIGTERM)
    assert child.wait(10) == 0
    found = states()
    assert found["SENT"] == len(site.raw.accepted) < 40
    assert found == {"SENT": found["SENT"], "PLANNED": 40 - found["SENT"]}
    assert set(Reminder.objects.filter(state=0).values_list("attempt", flat=True)) == {0}


def test_a_row_that_kills_its_worker_stops_and_its_neighbours_go(site: FaultSite) -> None:
    """Case 10: each attempt dies with SIGKILL."""
    rows = plan_due(gather(), 6)
    poison = rows[2]
    deadly = (
        "import os\n"
        "from django.utils.timezone import now\n"
        "from exercises.actions import pumping\n"
        "ask = pumping.mail_if_still_due\n"
        f"pumping.mail_if_still_due = lambda row, at: os.kill(os.getpid(), 9) if row.pk == {poison} "
        "else ask(row, at)\n"
        "pumping.pump(now=now)"
    )
    for _round in range(14):
        run_python(site, deadly)
        end_leases()
        end_doubt()
        if all_final():
            break
    assert states() == {"SENT": 5, "FAILED": 1}
    row = Reminder.objects.get(pk=poison)
    assert (row.state, row.reason) == (ReminderState.FAILED, "crashed")
    assert len(site.raw.copies()) == 5


def test_any_number_of_beats_is_harmless(site: FaultSite) -> None:
    """Case 18: three beats, two workers, and every mail once."""
    plan_due(gather(), 200, spread=3)
    for key in ("beat", "beat2", "beat3"):
        site.start("beat", key)
    for key in ("worker", "worker2"):
        site.start("worker", key)
    assert until(all_final, patience=40), states()
    assert states() == {"SENT": 200}
    assert len(site.raw.accepted) == 200
