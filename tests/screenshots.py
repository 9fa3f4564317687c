"""`make screenshots`: take the README's pictures from a running demo, phone and desktop, light and dark."""

import os
import sys
from contextlib import suppress
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

from tests import servers

running = servers.Servers()

import django  # noqa: E402 -- the servers' addresses must be known first

django.setup()

import shutil  # noqa: E402

from django.db import connection  # noqa: E402
from playwright.sync_api import Browser, sync_playwright  # noqa: E402

from exercises.models import Homework  # noqa: E402
from tests.bench.throughput import Blocker  # noqa: E402
from tests.processes import Site  # noqa: E402

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True}
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
# name, who, where, device, theme
SHOTS = [
    ("today-phone-light", "Ana", "/today/", PHONE, "light"),
    ("today-phone-dark", "Ana", "/today/", PHONE, "dark"),
    ("step-phone-light", "Ana", "begun", PHONE, "light"),
    ("growth-phone-dark", "Ana", "/growth/", PHONE, "dark"),
    ("queue-desktop-light", "Dana", "/review/", DESKTOP, "light"),
    ("queue-desktop-dark", "Dana", "/review/", DESKTOP, "dark"),
    ("review-desktop-light", "Dana", "sent", DESKTOP, "light"),
    ("client-desktop-light", "Dana", "client", DESKTOP, "light"),
    ("assign-desktop-light", "Dana", "assign", DESKTOP, "light"),
    ("people-desktop-light", "Ruth", "/people/", DESKTOP, "light"),
]


def main() -> None:
    """Start the demo, visit each page as its person, and keep a picture."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    site = Site(Blocker(), demo=True)  # type: ignore[arg-type]  # the same, outside of pytest
    try:
        site.begin("web")
        with site.orm():
            ana = Homework.objects.filter(client__name__startswith="Ana Q")
            places = {
                "begun": f"/homework/{ana.filter(status='in_progress').latest('opens_at').pk}/step/4/",
                "sent": f"/review/{Homework.objects.filter(status='submitted', client__name__startswith='Noor').latest('submitted_at').pk}/",
                "client": f"/clients/{ana.latest('opens_at').client_id}/",
                "assign": f"/assign/?client={ana.latest('opens_at').client_id}",
            }
        path = next(
            filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
        )
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=path, args=["--no-sandbox", "--disable-gpu"]
            )
            for name, who, where, device, theme in SHOTS:
                shoot(browser, site, name, who, places.get(where, where), device, theme)
                print(name)
            browser.close()
    finally:
        site.end()
        connection.close()


def shoot(
    browser: Browser, site: Site, name: str, who: str, where: str, device: object, theme: str
) -> None:
    """Sign in as `who`, open `where`, keep the picture."""
    context = browser.new_context(
        base_url=site.url,
        color_scheme=theme,
        reduced_motion="reduce",
        **device,  # type: ignore[arg-type]
    )
    page = context.new_page()
    page.goto("/demo/")
    page.get_by_role("button", name=who, exact=False).first.click()
    page.goto(where)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=PICTURES / f"{name}.png")
    context.close()


if __name__ == "__main__":
    try:
        main()
    finally:
        with suppress(Exception):
            running.stop()
    sys.exit(0)
