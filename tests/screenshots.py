"""`make screenshots`: pictures of a running demo, phone and desktop, light and dark.

Those of the README go into docs/pictures; those of every page, as each person and in each language,
into .data/pictures, to be looked through. `ARGS=--readme` takes the README's alone.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

from tests import servers

running = servers.Servers()

import django  # noqa: E402 -- the servers' addresses must be known first

django.setup()

import base64  # noqa: E402
import re  # noqa: E402
import shutil  # noqa: E402
from itertools import product  # noqa: E402
from typing import Any, Literal  # noqa: E402

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from playwright.sync_api import Browser, sync_playwright  # noqa: E402

from clients.models import Client, Couple  # noqa: E402
from exercises.models import Homework  # noqa: E402
from tests.bench.throughput import Blocker  # noqa: E402
from tests.conftest import BROWSERS, DEVICES  # noqa: E402
from tests.journeys.tour import JOURNEYS, TROUBLES, addresses, be, open_at, pretend, speak  # noqa: E402
from tests.processes import Site  # noqa: E402

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"
THEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
EVERYTHING = PICTURES.parents[1] / ".data" / "pictures"
# Small enough to live in the repository, good enough to read every word.
QUALITY = 80
# name, device, theme, who, where: an address, or one of `places`
SHOTS = [
    ("today", "phone", "light", "Ana", "/today/"),
    ("step", "phone", "light", "Ana", "step"),
    ("answer", "phone", "light", "Noor", "returned"),
    ("growth", "phone", "dark", "Ana", "/growth/"),
    ("queue", "desktop", "light", "Dana", "/review/"),
    ("review", "desktop", "light", "Dana", "review"),
    ("couple", "desktop", "light", "Dana", "couple"),
    ("client", "desktop", "dark", "Dana", "client"),
]


def main() -> None:
    """Start the demo, visit each page as its person, and keep a picture."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for old in PICTURES.glob("*.webp"):
        old.unlink()
    site = Site(Blocker(), demo=True)  # type: ignore[arg-type]  # the same, outside of pytest
    try:
        site.begin("web")
        places = found(site)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=os.environ.get("CHROMIUM")
                or next(filter(None, map(shutil.which, BROWSERS))),
                args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
            )
            for name, device, theme, who, where in SHOTS:
                path = PICTURES / f"{name}-{device}-{theme}.webp"
                path.write_bytes(shoot(browser, site, device, theme, who, places.get(where, where)))
                print(f"{path.name}  {path.stat().st_size // 1024} KB")
            if "--readme" not in sys.argv:
                print(f"{everything(browser, site)} pictures of every page in {EVERYTHING}")
            browser.close()
    finally:
        site.end()
        connection.close()


def found(site: Site) -> dict[str, str]:
    """Return the addresses that hold an id."""
    with site.orm():
        ana = Client.objects.get(email="ana@mail.example")
        noor = Homework.objects.filter(client__email="noor@mail.example")
        begun = Homework.objects.get(
            client=ana, status="in_progress", version__exercise__slug__startswith="e01"
        )
        return {
            "step": f"/homework/{begun.pk}/step/5/",
            "returned": f"/homework/{noor.get(status='returned').pk}/feedback/",
            "review": f"/review/{noor.filter(status='submitted').latest('submitted_at').pk}/",
            "client": f"/clients/{ana.pk}/",
            "couple": f"/couples/{Couple.objects.get(first=ana).pk}/#weeks",
        }


def shoot(browser: Browser, site: Site, device: str, theme: Any, who: str, where: str) -> bytes:
    """Sign in as `who`, open `where`, return the picture."""
    context = browser.new_context(
        base_url=site.url, color_scheme=theme, reduced_motion="reduce", **DEVICES[device]
    )
    page = context.new_page()
    page.goto("/demo/")
    page.get_by_role("button", name=f"Enter as {who}", exact=True).click()
    page.goto(where)
    page.wait_for_load_state("networkidle")
    # Playwright knows PNG and JPEG only; the browser itself also makes WebP, a third the size.
    scale = DEVICES[device].get("device_scale_factor", 1)
    answer = context.new_cdp_session(page).send(
        "Page.captureScreenshot",
        {
            "format": "webp",
            "quality": QUALITY,
            "clip": {
                "x": 0,
                "y": page.evaluate("scrollY"),
                **DEVICES[device]["viewport"],
                "scale": scale,
            },
        },
    )
    context.close()
    return base64.b64decode(answer["data"])


def everything(browser: Browser, site: Site) -> int:
    """Walk the tour as each person, and keep a whole picture of each page by day and by night."""
    places, count = addresses(site), 0
    shutil.rmtree(EVERYTHING, ignore_errors=True)
    for (language, _name), who, device in product(settings.LANGUAGES, JOURNEYS, DEVICES):
        email, stops = JOURNEYS[who]
        context = browser.new_context(
            base_url=site.url, reduced_motion="reduce", service_workers="block", **DEVICES[device]
        )
        page = context.new_page()
        for status in TROUBLES:
            pretend(page, status, language)
        be(page, email)
        speak(page, language, site.url)
        folder = EVERYTHING / language / who.replace(" ", "-") / device
        folder.mkdir(parents=True)
        for number, stop in enumerate(stops, start=1):
            open_at(page, stop, places, language)
            name = "-".join(re.findall(r"[a-z0-9]+", f"{stop.path} {stop.press}".lower()))
            for theme in THEMES:
                page.emulate_media(color_scheme=theme)
                path = folder / f"{number:02}-{name or 'start'}-{theme}.jpg"
                page.screenshot(path=path, full_page=True, type="jpeg", quality=QUALITY)
                count += 1
        context.close()
    return count


if __name__ == "__main__":
    try:
        main()
    finally:
        with suppress(Exception):
            running.stop()
    sys.exit(0)
