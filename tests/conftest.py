"""Real servers, real processes, a real mail sink and a real browser for every test.

Ordinary tests act in the database as `homeward_web`, so that row-level security is in force;
`as_owner()` looks past the wall. The cast of people is in `tests.cast`.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dj_database_url
import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.test import TransactionTestCase
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pytest_django import DjangoDbBlocker, Settings

from practice.config import celery  # noqa: F401 -- registers itself, so that the bell rings
from practice.config.sink import Sink, SinkServer
from tests import servers
from tests.cast import *  # noqa: F403 -- the cast's fixtures, for every test
from tests.processes import Site

WEB_ROLE = "homeward_web"
# Playwright's loop runs in this thread; Django would take every query for one inside of it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

_servers: list[servers.Servers] = []


# Files of few but long tests: begun first, they run beside the many short ones.
LONG = (
    "test_face.py",
    "test_access.py",
    "test_schema.py",
    "test_fuzzed_forms.py",
    "test_translations.py",
    "test_platform.py",
    "test_make_run.py",
    "test_web.py",
    "test_pumps.py",
    "test_broker.py",
    "test_database.py",
    "test_disk.py",
    "test_minute.py",
    "test_timing.py",
    "test_mail.py",
    "test_slow_clients.py",
    "test_main_job.py",
    "test_guide.py",
    "test_staff.py",
    "test_staff_checks.py",
    "test_many_reviews.py",
    "test_partner_world.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long files; the order within a file stays."""
    items.sort(key=lambda item: item.path.name not in LONG)


# --- servers ----------------------------------------------------------------------------------
def pytest_configure(config: pytest.Config) -> None:
    """Start the servers once for the whole run; its workers find them in the environment."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    for name, placeholder in _PLACEHOLDERS.items():
        if os.environ.get(name) == placeholder:  # put there by tests.settings
            del os.environ[name]
    _servers.append(servers.Servers(vacuums=False))
    django_settings.DATABASES["default"].update(dj_database_url.parse(os.environ["DATABASE_URL"]))
    django_settings.DATABASES["default"].setdefault("OPTIONS", {})
    django_settings.CELERY_BROKER_URL = os.environ["REDIS_URL"]


_PLACEHOLDERS = {
    "DATABASE_URL": "postgres://homeward@placeholder.invalid/homeward",
    "REDIS_URL": "redis://placeholder.invalid:6379/0",
}


def pytest_unconfigure() -> None:
    """Stop what was started."""
    while _servers:
        _servers.pop().stop()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Copy each worker's database from one that is already migrated."""
    connection.settings_dict["TEST"]["TEMPLATE"] = servers.template()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Act as the web's role from here on: row-level security is in force."""
    options = connection.settings_dict["OPTIONS"]
    with django_db_blocker.unblock():
        options["assume_role"] = WEB_ROLE
        connection.close()
        yield
        del options["assume_role"]
        connection.close()
        # A thread that a test raced with may still hold a line, and the database is dropped now.
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        connection.close()


@contextmanager
def acting_as(role: str) -> Iterator[None]:
    """Act in the database as `role` (`homeward_worker`), or as its owner (`NONE`)."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {role}")
    try:
        yield
    finally:
        # In a broken transaction this is refused, and its rollback gives the role back anyway.
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute(f"SET ROLE {WEB_ROLE}")


def commit_trail() -> None:
    """Let the database chain the trail now, as it does when a transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def as_owner() -> Any:
    """Look past the wall, as migrations do."""
    return acting_as("NONE")


# The stubs leave this method out; Django has had it since 1.4.
_TEAR_DOWN = "_fixture_teardown"
_tear_down: Callable[[TransactionTestCase], None] = getattr(TransactionTestCase, _TEAR_DOWN)


def _tear_down_as_owner(case: TransactionTestCase) -> None:
    # Only the owner may truncate.
    with as_owner():
        _tear_down(case)


setattr(TransactionTestCase, _TEAR_DOWN, _tear_down_as_owner)


@pytest.fixture(autouse=True)
def _forget_rate_limits() -> None:
    cache.clear()


# --- mail and processes -----------------------------------------------------------------------
@pytest.fixture
def sink(settings: Settings, request: pytest.FixtureRequest) -> Iterator[Sink]:
    """Receive this test's mails over real SMTP, and misbehave when told to.

    Its parameter, if it has one, says whether commands may come in one breath.
    """
    server = SinkServer(Sink(pipelining=getattr(request, "param", True)))
    server.start()
    settings.EMAIL_URL = server.sink.url
    settings.EMAIL_BACKEND = "practice.smtp.OutboxBackend"
    yield server.sink
    server.stop()


@pytest.fixture
def outbox(settings: Settings) -> None:
    """Let account mails wait sealed for the worker, as on a real site."""
    settings.EMAIL_BACKEND = "practice.smtp.OutboxBackend"


@pytest.fixture(scope="module")
def live_site(django_db_blocker: DjangoDbBlocker) -> Iterator[Site]:
    """Run web, worker, beat and pump on an empty, migrated database, for one module."""
    site = Site(django_db_blocker)
    with site.begun():
        yield site


@pytest.fixture(scope="module")
def demo_site(django_db_blocker: DjangoDbBlocker) -> Iterator[Site]:
    """Run the same with demo data and demo sign-ins."""
    site = Site(django_db_blocker, demo=True)
    with site.begun():
        yield site


# --- files ------------------------------------------------------------------------------------
@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a short folder that an unprivileged server can reach; pytest's own is closed."""
    place = Path(tempfile.mkdtemp(prefix="Homeward-"))
    place.chmod(0o711)
    yield place
    shutil.rmtree(place, ignore_errors=True)


# --- browser ----------------------------------------------------------------------------------
DEVICES: dict[str, dict[str, Any]] = {
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "has_touch": True,
        "is_mobile": True,
    },
    "desktop": {"viewport": {"width": 1280, "height": 800}},
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the system's Chromium."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.fail("No Chromium found. Install it (Debian: apt-get install chromium).")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=path,
            # No sandbox as root, and small containers have a tiny /dev/shm.
            args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
        )
        yield started
        started.close()


@pytest.fixture
def problems() -> list[str]:
    """Collect what the pages of this test complained about (script errors, CSP reports)."""
    return []


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, problems: list[str]) -> Iterator[Visit]:
    """Open a page as somebody new: `visit(site.url, "phone", color_scheme="dark")`."""
    contexts: list[BrowserContext] = []

    def open_page(base_url: str, device: str = "desktop", **options: Any) -> Page:
        context = browser.new_context(
            base_url=base_url, **{"reduced_motion": "reduce", **DEVICES[device], **options}
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(f"script: {error}"))
        page.on(
            "console",
            lambda message: problems.append(message.text) if message.type == "error" else None,
        )
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def page(visit: Visit, live_site: Site) -> Page:
    """Open the live site on a laptop."""
    return visit(live_site.url, "desktop")


@pytest.fixture
def phone(visit: Visit, live_site: Site) -> Page:
    """Open the live site on a phone."""
    return visit(live_site.url, "phone")
