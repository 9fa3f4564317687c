"""Somebody with a page at two practices, and a tab on each: what is typed for one stays there."""

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from practice.models import Practice
from tests.cast import Person, make_client
from tests.conftest import Visit
from tests.journeys.ground import sign_in

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = "what I never told anyone"


def test_back_puts_nothing_typed_there_into_the_boxes_here(
    live_server: LiveServer, visit: Visit, noor: Person, other_practice: Practice, zoe: Person
):
    make_client(other_practice, "", "Noor Haddad", zoe, user=noor.user)
    one = visit(live_server.url, "phone")
    sign_in(one.context, noor.browser(), live_server.url)
    one.goto("/you/topics")
    one.locator("textarea").fill(WORDS)
    two = one.context.new_page()
    two.goto(f"{live_server.url}/you/")
    two.get_by_role("button", name="Go there").click()
    expect(two).not_to_have_url(f"{live_server.url}/you/")
    one.get_by_role("button", name="Keep it for the session").click()
    expect(one.get_by_role("heading", name="Nothing was saved")).to_be_visible()
    expect(one.locator("main")).to_contain_text(WORDS)
    one.go_back()
    expect(one.locator("main")).to_contain_text("Only you and Zoe")
    expect(one.locator("textarea")).to_have_value("")
