"""The reminder mails: one function each, discreet, with a Message-ID that names the row.

No name, title, partner, date or count stands in any of them.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.template.loader import get_template
from django.urls import reverse
from django.utils import translation
from django.utils.formats import time_format

from clients.models import Client, ContactPreference, ReminderKind
from exercises.models import Reminder
from practice.emails import address, host
from practice.models import Membership

SALT = "unsubscribe"
MAX_AGE = 400 * 24 * 3600
# Nothing is folded: a folded List-Unsubscribe breaks signatures, and a long word in a header would
# be encoded. Bodies stay seven-bit, so that any mail server takes them.
POLICY = policy.SMTP.clone(max_line_length=900, cte_type="7bit")


@dataclass(frozen=True)
class Mail:
    """One mail, ready but for its date."""

    message_id: str
    sender: str
    to: str
    text: bytes

    def dated(self, at: datetime) -> bytes:
        """Return it as it goes over the line; a second copy carries the very same date."""
        return f"Date: {format_datetime(at.astimezone(UTC))}\r\n".encode() + self.text


@dataclass(frozen=True)
class Stop:
    """What a signed link switches off."""

    practice_id: UUID
    client_id: UUID
    kind: str


def reminder(row: Reminder, client: Client, chosen: ContactPreference) -> Mail:
    """Return a client's reminder of this kind."""
    practice = client.practice
    stop = unsubscribe_link(client, row.kind)
    return _mail(
        row,
        to=client.user.email if client.user else client.email,
        from_name=practice.discreet_name,
        language=client.language,
        unsubscribe=stop,
        context={
            "home": settings.BASE_URL,
            "name": practice.discreet_name,
            "you": f"{settings.BASE_URL}{reverse('you')}",
            "stop": stop,
            "at": time_format(chosen.reminder_time, "H:i"),
        },
    )


def waiting(row: Reminder, member: Membership) -> Mail:
    """Return a therapist's one mail of the day."""
    return _mail(
        row,
        to=member.user.email,
        from_name=member.practice.discreet_name,
        language=member.user.language,
        unsubscribe="",
        context={
            "home": settings.BASE_URL,
            "name": member.practice.discreet_name,
            "you": f"{settings.BASE_URL}{reverse('account_home')}",
        },
    )


def unsubscribe_link(client: Client, kind: str) -> str:
    """Return the address that switches this kind of mail off, without signing in."""
    number = ReminderKind.values.index(kind)
    said = urlsafe_b64encode(client.practice_id.bytes + client.pk.bytes + bytes([number]))
    token = signing.TimestampSigner(salt=SALT, sep=".").sign(said.decode())
    return f"{settings.BASE_URL}{reverse('stop_mails', args=[token])}"


def read_unsubscribe(token: str) -> Stop | None:
    """Return what the link stands for, or nothing when we did not sign it, or long ago."""
    try:
        said = signing.TimestampSigner(salt=SALT, sep=".").unsign(token, max_age=MAX_AGE)
    except signing.BadSignature:
        return None
    said_bytes = urlsafe_b64decode(said)
    kind = ReminderKind.values[said_bytes[32]]
    return Stop(UUID(bytes=said_bytes[:16]), UUID(bytes=said_bytes[16:32]), kind)


def _mail(
    row: Reminder,
    *,
    to: str,
    from_name: str,
    language: str,
    unsubscribe: str,
    context: dict[str, str],
) -> Mail:
    mark = hmac.new(settings.SECRET_KEY.encode(), str(row.pk).encode(), hashlib.sha256)
    # Kept with the row once it was armed: a second copy bears it even if keys changed meanwhile.
    message_id = row.message_id or f"<{row.pk}.{mark.hexdigest()[:10]}@{host()}>"
    message = EmailMessage(policy=POLICY)
    message["From"] = formataddr((from_name, address()))
    message["To"] = to
    message["Message-ID"] = message_id
    message["X-Entity-Ref-ID"] = row.dedupe_key.hex
    message["Auto-Submitted"] = "auto-generated"
    if unsubscribe:  # RFC 8058
        message["List-Unsubscribe"] = f"<{unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    name = f"reminder_{row.kind}"
    with translation.override(language):
        message["Subject"] = " ".join(_template(name, "subject.txt", context).split())
        message.set_content(_template(name, "body.txt", context))
        message.add_alternative(_template(name, "body.html", context), subtype="html")
    return Mail(message_id, address(), to, message.as_bytes())


@lru_cache(maxsize=64)
def _loaded(name: str) -> Any:
    return get_template(name)


def _template(template: str, part: str, context: dict[str, str]) -> str:
    text: str = _loaded(f"emails/{template}/{part}").render(context)
    return text
