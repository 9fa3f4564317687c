"""What the practice's settings keep, and what the trail says of them."""

import importlib
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction

from practice.models import (
    AuditEvent,
    Practice,
    User,
)
from practice.tenancy import scope
from tests.cast import Person
from tests.conftest import as_owner
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


SETTINGS = {
    "name": "Hillside",
    "discreet_name": "A note",
    "zone": "Europe/Helsinki",
    "language": "en",
    "reminder_time": "18:15",
    "quiet_from": "21:00",
    "quiet_until": "09:00",
    "second_factor_required": "on",
    "idle_minutes": "15",
    "crisis_en": "Call the lighthouse.",
    "crisis_es": "Llama al faro.",
    "leave_url": "https://weather.example/",
    "retention_months": "",
}


def test_policies_are_kept_and_the_trail_says_which(ruth: Person):
    assert ruth.browser().post("/practice/settings", SETTINGS).status_code == 302
    with scope(practice=ruth.practice.pk):
        practice = Practice.objects.get()
        event = AuditEvent.objects.get(action="practice.policies_set")
    assert (practice.discreet_name, practice.idle_minutes) == ("A note", 15)
    assert practice.crisis_texts == {"en": "Call the lighthouse.", "es": "Llama al faro."}
    assert "crisis_texts" in event.detail["fields"]
    assert "lighthouse" not in event.payload


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("zone", "Nowhere/Land"),
        ("language", "xx"),
        ("leave_url", "javascript:alert(1)"),
        ("leave_url", "http://\uff4cocalhost/"),
        ("leave_url", "http://local\u00adhost:8000/you/"),
        ("idle_minutes", "-1"),
        ("idle_minutes", "9" * 30),
        ("retention_months", "99999999"),
        ("retention_months", "1201"),
        ("retention_months", "0"),
        ("reminder_time", "25:00"),
        ("crisis_es", "x" * 2001),
        ("name", "nul\x00"),
        ("reminder_time", "23:00"),  # no client could keep it
        ("quiet_until", "21:00"),
        ("idle_minutes", "721"),
        ("idle_minutes", "1"),  # half of it would be too short to be told, and to stay
    ],
)
def test_nonsense_is_asked_for_once_more(ruth: Person, field: str, value: str):
    response = ruth.browser().post("/practice/settings", {**SETTINGS, field: value})
    assert response.status_code == 422
    with scope(practice=ruth.practice.pk):
        assert Practice.objects.get().name == "Hillside Practice"


@pytest.mark.parametrize(("field", "fits"), [("crisis_en", 2000), ("name", 120)])
def test_what_is_pasted_too_long_comes_back_whole(ruth: Person, field: str, fits: int):
    """A browser would cut it where `maxlength` says, and nobody would know."""
    pasted = "x" * (fits + 40)
    browser = ruth.browser()
    assert "maxlength" not in text_of(browser.get("/practice/settings"))
    answer = browser.post("/practice/settings", {**SETTINGS, field: pasted})
    assert answer.status_code == 422
    page = text_of(answer)
    assert f"That is {fits + 40} characters, and {fits} fit." in page
    assert pasted in page


def test_what_was_written_for_danger_stands_in_each_language_from_the_release_on(ruth: Person):
    module = importlib.import_module("practice.migrations.0006_crisis_text_in_each_language")
    with as_owner(), transaction.atomic():
        Practice.objects.update(crisis_text="Call the lighthouse.", crisis_texts={})
        module.spread(apps, None)
        both = Practice.objects.get().crisis_texts
        Practice.objects.update(crisis_texts={"en": "Call us.", "es": "Llama."}, language="es")
        module.gather(apps, None)
        assert Practice.objects.get().crisis_text == "Llama."
    assert both == {"en": "Call the lighthouse.", "es": "Call the lighthouse."}


def test_a_name_with_a_script_in_it_stays_text(ruth: Person, dana: Person):
    User.objects.filter(pk=dana.user.pk).update(name="<script>alert(1)</script> Dana")
    page = text_of(ruth.browser().get("/people/"))
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_what_is_no_address_is_said_once(ruth: Person):
    page = text_of(ruth.browser().post("/practice/settings", {**SETTINGS, "leave_url": "nonsense"}))
    assert page.count("Write a whole address") == 2  # above, and beside the field
    months = {**SETTINGS, "retention_months": "40000", "idle_minutes": "40000"}
    page = text_of(ruth.browser().post("/practice/settings", months))
    assert "Write 1200 or less." in page
    assert "Write 720 or less." in page
