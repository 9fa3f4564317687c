"""What the journeys are given."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from tests.cast import Person
from tests.conftest import Visit
from tests.journeys.ground import OpenAs, sign_in
from tests.processes import until

BUSY = """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
    AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle'"""


@pytest.fixture
def answered(live_server: LiveServer) -> Iterator[None]:
    """Let the site end what a page asked of it last, before its tables are emptied under it.

    To be asked for before `visit`: pages are closed first.
    """
    yield
    until(lambda: not _is_busy(), 10)


def _is_busy() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(BUSY)
        return bool(cursor.fetchone()[0])


@pytest.fixture
def open_as(live_server: LiveServer, answered: None, visit: Visit) -> OpenAs:
    """Open somebody's browser, signed in: `open_as(ana)`, `open_as(dana, "desktop")`."""

    def open_one(person: Person, device: str = "phone", **options: Any) -> Page:
        page = visit(live_server.url, device, **options)
        sign_in(page.context, person.browser(), live_server.url)
        return page

    return open_one
