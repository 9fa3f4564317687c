"""What the practice's settings keep, and what the trail says of them."""

from typing import Any

import pytest

from practice.models import AuditEvent, Practice
from practice.tenancy import scope
from tests.cast import Person
from tests.practice.ground import form_on, policies, text_of

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = "Call the lighthouse.\nIt is lit.\n\nAll night."


@pytest.mark.parametrize("kept", [TEXT, TEXT.replace("\n", "\r\n")], ids=["ours", "a browser's"])
def test_what_nobody_changed_is_not_said_to_be_changed(ruth: Person, kept: str):
    policies(ruth.practice, crisis_texts={"en": kept})
    browser = ruth.browser()
    said: dict[str, Any] = form_on(text_of(browser.get("/practice/settings")))
    assert "\r\n" in said["crisis_en"]
    assert said["zone"] == ruth.practice.zone
    said |= {"second_factor_required": "on", "idle_minutes": "17"}
    assert browser.post("/practice/settings", said).status_code == 302
    with scope(practice=ruth.practice.pk):
        event = AuditEvent.objects.get(action="practice.policies_set")
        assert Practice.objects.get().crisis_texts == {"en": kept}
    assert set(event.detail["fields"].split(",")) <= {"idle_minutes", "second_factor_required"}


def test_a_line_s_end_is_one_character_of_what_fits(ruth: Person):
    browser = ruth.browser()
    said = form_on(text_of(browser.get("/practice/settings")))
    said |= {"crisis_en": "\r\n".join(["x" * 9] * 200)}  # 1999 as they are counted on the page
    assert browser.post("/practice/settings", said).status_code == 302
    with scope(practice=ruth.practice.pk):
        assert "\r" not in Practice.objects.get().crisis_texts["en"]
