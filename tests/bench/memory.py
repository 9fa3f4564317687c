"""Resident memory of web, worker and beat, with their children."""

import time
from pathlib import Path

from tests.bench.figures import Figure, noted
from tests.processes import Site

# Up is who has stopped growing: so many looks, half a second apart, within a hundredth.
LOOKS, APART, PATIENCE = 6, 0.5, 60


def at_rest(site: Site) -> list[Figure]:
    """Measure once everything is up, before anything was asked."""
    for child in site.running.values():
        _wait_until_up(child.pid)
    return _measure(site, "at rest")


def after(site: Site) -> list[Figure]:
    """Measure after the run."""
    return _measure(site, "after the run")


def _wait_until_up(pid: int) -> None:
    end, looks = time.monotonic() + PATIENCE, [0.0]
    while len(looks) < LOOKS and time.monotonic() < end:
        time.sleep(APART)
        now = _family(pid)
        looks = [*looks, now] if abs(now - looks[0]) <= looks[0] / 100 else [now]


def _measure(site: Site, when: str) -> list[Figure]:
    return [
        noted(f"memory of {name} {when}", _family(child.pid) / 1024, "MB")
        for name, child in site.running.items()
        if name in {"web", "worker", "beat"}
    ]


def _family(pid: int) -> int:
    """Return the proportional set size of a process and all below it, in kB."""
    total = _size(pid)
    children = Path(f"/proc/{pid}/task/{pid}/children")
    if children.exists():
        total += sum(_family(int(child)) for child in children.read_text().split())
    return total


def _size(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
