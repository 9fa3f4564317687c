"""`make bench`: print one table of ratios and write bench.json."""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

from tests import servers

running = servers.Servers()

from django.conf import settings  # noqa: E402 -- the servers' addresses must be known first

settings.CELERY_BROKER_URL = os.environ["REDIS_URL"]
import django  # noqa: E402 -- the servers' addresses must be known first

from practice.config import celery  # noqa: E402, F401 -- registers itself, so that the bell rings

django.setup()

from django.db import connection  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402


def main() -> int:
    """Measure everything; return 1 when an aim is missed."""
    from tests.bench import dispatch, figures, memory, pages, throughput, weights
    from tests.processes import Site

    setup_test_environment()
    began = time.monotonic()
    found: list[figures.Figure] = []
    sizes = (200, 2_000) if "--quick" in sys.argv else pages.SIZES
    site = Site(throughput.Blocker())  # type: ignore[arg-type]  # the same, outside of pytest
    try:
        site.begin("web", "worker", "beat")
        found += memory.at_rest(site)
        if "--dispatch" not in sys.argv:
            with site.orm("homeward_web"):
                found += pages.measure(sizes)
            found += weights.measure(site)
            found += throughput.measure(site)
            found += memory.after(site)
        for name in list(site.running):
            site.kill(name)
        found += dispatch.measure(site)
    finally:
        site.end()
        connection.close()
    print(figures.table(found))
    print(f"\n{time.monotonic() - began:.0f} s")
    figures.write(found, Path("bench.json"))
    missed = [one.name for one in found if one.met is False]
    if missed:
        print("Aims missed: " + "; ".join(missed) + ". See docs/performance.md.")
    return 0


if __name__ == "__main__":
    try:
        code = main()
    finally:
        with suppress(Exception):
            running.stop()
    sys.exit(code)
