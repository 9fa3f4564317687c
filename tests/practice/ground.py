"""What several files of tests about people and sessions share."""

import re
from typing import Any

from allauth.mfa.totp.internal.auth import (
    TOTP,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.test import Client as Browser
from django.utils.timezone import now

from clients.actions import caring
from clients.models import Client
from practice.models import Practice, User
from practice.tenancy import scope
from tests.cast import ZONE, Person


def text_of(response: Any) -> str:
    """Return a page as it was sent."""
    return str(response.content, "utf-8")


def roles_chosen(response: Any) -> list[str]:
    """Return the roles that are ticked on a member's page."""
    return re.findall(r'name="roles" value="(\w+)"[^>]* checked', text_of(response))


def on_the_list(by: Person, name: str, email: str) -> Client:
    """Bring somebody into a therapist's care, who is not invited yet."""
    with scope(practice=by.practice.pk, user=by.user.pk):
        return caring.add(
            by=by.actor, at=now(), name=name, email=email, zone=ZONE, invite_now=False
        )


def policies(practice: Practice, **values: Any) -> None:
    with scope(practice=practice.pk):
        Practice.objects.filter(pk=practice.pk).update(**values)


def ask_for_code(address: str, browser: Browser | None = None, **headers: str) -> Any:
    browser = browser or Browser()
    return browser.post(
        "/account/login/code/", {"email": address}, follow=True, headers=headers or None
    )


def totp_of(user: User) -> str:
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def code_now(secret: str) -> str:
    return f"{hotp_value(secret, next(iter(yield_hotp_counters_from_time()))):06d}"
