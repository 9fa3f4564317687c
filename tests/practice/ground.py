"""What several files of tests about people and sessions share."""

import base64
import html
import json
import re
from email import message_from_string, policy
from email.message import EmailMessage
from hashlib import sha256
from typing import Any
from urllib.parse import unquote

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from cryptography.hazmat.primitives.asymmetric import ec
from django.core import mail
from django.test import Client as Browser
from django.utils.timezone import now
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from clients.actions import caring
from clients.models import Caseload, Client
from practice.crypto import unseal_system
from practice.models import (
    AccountMail,
    AuditEvent,
    Membership,
    Practice,
    User,
)
from practice.tenancy import scope
from tests.cast import ZONE, Person

ASKED = "/account/reauthenticate/"
# Who is invited to work here, and what they say when they come in.
NEW = {"name": "Ines Duarte", "email": "Ines@Hillside.example", "roles": ["therapist"]}
ARRIVAL = {
    "called": "Ines Duarte",
    "zone": ZONE,
    "language": "en",
    "password": "a quiet lane at noon",
}


def text_of(response: Any) -> str:
    """Return a page as it was sent."""
    return str(response.content, "utf-8")


def long_open(person: Person) -> Browser:
    """Return a browser in which somebody said long ago who they are."""
    browser = person.browser()
    session = browser.session
    long_ago = {"method": "password", "at": now().timestamp() - 3600, "reauthenticated": True}
    session["account_authentication_methods"] = [long_ago]
    session.save()
    return browser


def away(browser: Browser, minutes: float) -> str:
    """Let so much time pass since somebody was here; return the key of their session."""
    session = browser.session
    session["last_seen"] = now().timestamp() - minutes * 60
    session.save()
    return str(session.session_key)


def form_on(page: str) -> dict[str, Any]:
    """Return what a browser sends of the page's last form untouched: every line's end is CRLF, of
    several boxes of one name those that are ticked are a list, of radios the one that is chosen."""
    page = re.sub(
        r'<form class="exit-form".*?</form>', "", page, flags=re.DOTALL
    )  # on clients' pages
    form = page[page.rindex('<form class="') :].partition("</form>")[0]
    form = re.sub(r"<(input|select|textarea) [^>]* disabled[^>]*>", "", form)
    said: dict[str, Any] = {}
    for tag in re.findall(r"<input [^>]+>", form):
        had = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if had["type"] == "checkbox" and "value" in had:
            said.setdefault(had["name"], []).extend([had["value"]] if " checked" in tag else [])
        elif had["type"] not in {"checkbox", "radio"} or " checked" in tag:
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


def seat_in(person: Person, practice: Practice) -> str:
    """Name the seat that somebody has in a practice as a member."""
    with scope(user=person.user.pk):
        return f"member:{Membership.objects.get(user=person.user, practice=practice).pk}"


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


def new_passkey(challenge: bytes = b"asked") -> dict[str, Any]:
    """Make a passkey as a browser would, when our page asks it to with this challenge."""
    key = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    made = AttestedCredentialData.create(Aaguid(bytes(16)), b"a passkey", key)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV | AuthenticatorData.FLAG.AT
    attested = AuthenticatorData.create(sha256(b"testserver").digest(), flags, 0, made)
    client = CollectedClientData.create("webauthn.create", challenge, "http://testserver")
    name = websafe_encode(b"a passkey")
    return {
        "id": name,
        "rawId": name,
        "type": "public-key",
        "response": {
            "clientDataJSON": websafe_encode(client),
            "attestationObject": websafe_encode(AttestationObject.create("none", attested, {})),
        },
        "clientExtensionResults": {},
    }


def passkey_of(user: User) -> Authenticator:
    """Give somebody a passkey."""
    return Authenticator.objects.create(
        user=user,
        type=Authenticator.Type.WEBAUTHN,
        data={"name": "Phone", "credential": new_passkey()},
    )


def add_passkey(browser: Browser) -> Any:
    """Add one by the pages; return the page that one is led to."""
    page = text_of(browser.get("/account/2fa/webauthn/add/"))
    (challenge,) = re.findall(r'"challenge": "([\w-]+)"', page)
    said = {"name": "Phone", "passwordless": "on"}
    said["credential"] = json.dumps(new_passkey(websafe_decode(challenge)))
    return browser.post("/account/2fa/webauthn/add/", said, follow=True)


def mails() -> list[tuple[list[str], EmailMessage]]:
    """Return what waits in the outbox, oldest first."""
    found = []
    for row in AccountMail.objects.order_by("created_at"):
        content = json.loads(unseal_system(row.sealed, row=row.pk))
        message = message_from_string(content["message"], policy=policy.default)
        assert isinstance(message, EmailMessage)
        found.append((content["to"], message))
    return found


def words(message: EmailMessage) -> str:
    """Return what a mail says."""
    body = message.get_body(("plain",))
    assert body is not None
    return f"{message['Subject']}\n{body.get_content()}"


def code_sent(address: str) -> str:
    """Return the code in the newest mail to an address."""
    *_earlier, message = (message for to, message in mails() if to == [address])
    return next(line for line in words(message).splitlines() if line.isupper())


def confirm_another_address(person: Person, address: str) -> Browser:
    """Change somebody's own address, with the code that went there."""
    browser = person.browser()
    asked = browser.post("/account/email/", {"email": address, "action_add": "1"})
    code = code_sent(address)
    assert browser.post(asked["Location"], {"code": code}).status_code == 302
    return browser


def link_in(message: Any) -> str:
    """Return where an invitation leads."""
    found = re.search(r"https?://[^/\s]+(/invitation/\S+)", str(message.body))
    assert found
    return found[1]


def link() -> str:
    """Return the link of the newest mail."""
    return link_in(mail.outbox[-1])


def seat(person: Person) -> Membership:
    """Return a member's seat as it is now."""
    with scope(practice=person.practice.pk):
        assert person.member
        return Membership.objects.get(pk=person.member.pk)


def actions_of(practice: Practice) -> list[str]:
    """Return what the trail says was done, oldest first."""
    with scope(practice=practice.pk):
        return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


def code_in(message: EmailMessage) -> str:
    """Return the code of a mail; nothing where it has none."""
    return next((line for line in words(message).splitlines() if line.isupper()), "")


def new_code(address: str) -> str:
    """Return the code of the one mail that went to an address."""
    (code,) = (code_in(message) for to, message in mails() if to == [address])
    return code


def without_tokens(page: str, *addresses: str) -> str:
    """Return a page without what is new on every page, and without these addresses."""
    page = re.sub(r'value="[^"]{60,}"', "", page)
    return re.sub("|".join(map(re.escape, addresses)), "ADDRESS", page)


@pytest.fixture
def crowd(dana: Person) -> None:
    with scope(practice=dana.practice.pk):
        for number in range(60):
            client = Client.objects.create(
                practice=dana.practice,
                name=f"Petra Lindgren {number:02}",
                email=f"petra{number}@mail.example",
                zone=ZONE,
                created_at=now(),
            )
            Caseload.objects.create(
                practice=dana.practice, member=dana.member, client=client, from_at=now()
            )


def says(address: str, word: str) -> bool:
    """Say whether an address holds a word, plain or in base64."""
    texts = [unquote(address), *map(_opened, re.findall(r"[\w-]{12,}", address))]
    return any(word.lower() in text.lower() for text in texts)


def _opened(part: str) -> str:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("latin-1")
