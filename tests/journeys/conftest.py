"""What the journeys are given."""

from typing import Any

import pytest
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from tests.cast import Person
from tests.conftest import Visit
from tests.journeys.ground import OpenAs, sign_in


@pytest.fixture
def open_as(live_server: LiveServer, visit: Visit) -> OpenAs:
    """Open somebody's browser, signed in: `open_as(ana)`, `open_as(dana, "desktop")`."""

    def open_one(person: Person, device: str = "phone", **options: Any) -> Page:
        page = visit(live_server.url, device, **options)
        sign_in(page.context, person.browser(), live_server.url)
        return page

    return open_one
