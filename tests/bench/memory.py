"""Resident memory of web, worker and beat, with their children."""

from functools import partial
from pathlib import Path

from practice.config import processes
from tests.bench.figures import Figure, noted
from tests.processes import Site

# What Celery's processes write once they have read all of Homeward.
STARTED = {"worker": "[queues]", "beat": "maxinterval"}


def at_rest(site: Site) -> list[Figure]:
    """Measure once everything is up, before anything was asked."""
    for name, sign in STARTED.items():
        log = site.log(name)
        processes.wait_until(partial(_says, log, sign), site.running[name], name=name, log=log)
    return _measure(site, "at rest")


def after(site: Site) -> list[Figure]:
    """Measure after the run."""
    return _measure(site, "after the run")


def _says(log: Path, sign: str) -> bool:
    return sign in log.read_text(errors="replace")


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
