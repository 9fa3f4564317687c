"""No address says a name: neither the next page of a list sorted by name, nor a search."""

import base64

import pytest

from tests.cast import Person
from tests.practice.ground import crowd, says

__all__ = ["crowd"]  # a fixture


def test_the_search_for_a_leak_finds_one():
    assert says("/clients/?q=Petra", "petra")
    assert says("/clients/?after=" + base64.b64encode(b'["Petra Lindgren"]').decode(), "petra")


@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize("path", ["/clients/", "/assign/"])
def test_a_search_and_its_pages_say_no_name(dana: Person, path: str):
    browser = dana.browser()
    sent = browser.post(path, {"q": "petra"})
    assert sent.status_code == 302
    page = browser.get(sent["Location"])
    assert "Petra Lindgren 00" in page.content.decode()
    assert 'value="petra"' in page.content.decode(), "what was typed stays typed"
    following = page.context["next_url"]
    second = browser.get(following).content.decode()
    assert "Petra Lindgren 00" not in second
    assert "Petra Lindgren 30" in second
    for address in (sent["Location"], following):
        assert not says(address, "petra")


def test_an_address_that_was_tampered_with_is_none(dana: Person):
    browser = dana.browser()
    assert browser.get("/clients/?s=rubbish").status_code == 404
    assert browser.get("/clients/?after=rubbish").status_code == 404


def test_an_empty_search_shows_everybody(dana: Person, ana: Person):
    sent = dana.browser().post("/clients/", {"q": " ", "only": "couples"})
    assert sent["Location"] == "/clients/?only=couples"
