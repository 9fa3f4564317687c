"""What several files of tests about people and sessions share."""

import html
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


def form_on(page: str) -> dict[str, str]:
    """Return what a browser sends of the page's last form untouched: every line's end is CRLF."""
    form = page[page.rindex('<form class="') :].partition("</form>")[0]
    form = re.sub(r"<(input|select|textarea) [^>]* disabled[^>]*>", "", form)
    said = {}
    for tag in re.findall(r"<input [^>]+>", form):
        had = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if had["type"] != "checkbox" or " checked" in tag:
            value = had.get("value", "on" if had["type"] == "checkbox" else "")
            said[had["name"]] = html.unescape(value)
    for name, options in re.findall(r'<select name="(\w+)"(.*?)</select>', form, re.DOTALL):
        said[name] = html.unescape(re.findall(r'value="([^"]*)" selected', options)[0])
    texts = re.findall(r'<textarea name="(\w+)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL)
    for name, text in texts:
        said[name] = re.sub(r"\r?\n", "\r\n", html.unescape(text))
    return said


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
