"""The reminder mails: one function each, discreet, with a Message-ID that names the row.

No name, title, partner, date or count stands in any of them.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core import signing
from django.template.loader import get_template
from django.utils import translation
from django.utils.formats import time_format

from clients.models import Client
from exercises.models import Reminder
from practice.emails import address, host
from practice.models import Membership

SALT = "unsubscribe"
MAX_AGE = 400 * 24 * 3600


@dataclass(frozen=True)
class Mail:
    """One mail, ready but for its date."""

    message_id: str
    sender: str
    to: str
    from_name: str
    template: str
    language: str
    context: tuple[tuple[str, Any], ...]
    unsubscribe: str
    reference: str

    def render(self, at: datetime) -> bytes:
        """Return it as it goes over the line; a resend carries the very same date."""
        message = EmailMessage()
        with translation.override(self.language):
            context = dict(self.context)
            message["Subject"] = " ".join(_template(self.template, "subject.txt", context).split())
            message.set_content(_template(self.template, "body.txt", context))
            message.add_alternative(_template(self.template, "body.html", context), subtype="html")
        message["From"] = formataddr((self.from_name, self.sender))
        message["To"] = self.to
        message["Date"] = format_datetime(at.astimezone(UTC))
        message["Message-ID"] = self.message_id
        message["X-Entity-Ref-ID"] = self.reference
        message["Auto-Submitted"] = "auto-generated"
        if self.unsubscribe:  # RFC 8058
            message["List-Unsubscribe"] = f"<{self.unsubscribe}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        return message.as_bytes()


def reminder(row: Reminder, client: Client) -> Mail:
    """Return a client's reminder of this kind."""
    practice = client.practice
    stop = unsubscribe_link(client, row.kind)
    return _mail(
        row,
        to=client.user.email if client.user else client.email,
        from_name=practice.discreet_name,
        template=f"reminder_{row.kind}",
        language=client.language,
        unsubscribe=stop,
        context={
            "home": settings.BASE_URL,
            "name": practice.discreet_name,
            "you": f"{settings.BASE_URL}/you/",
            "stop": stop,
            "at": time_format(client.preference.reminder_time, "H:i"),
        },
    )


def waiting(row: Reminder, member: Membership) -> Mail:
    """Return a therapist's one mail of the day."""
    return _mail(
        row,
        to=member.user.email,
        from_name=member.practice.discreet_name,
        template="reminder_waiting",
        language=member.user.language,
        unsubscribe="",
        context={
            "home": settings.BASE_URL,
            "name": member.practice.discreet_name,
            "you": f"{settings.BASE_URL}/you/account",
        },
    )


def unsubscribe_link(client: Client, kind: str) -> str:
    """Return the address that switches this kind of mail off, without signing in."""
    token = signing.dumps([client.practice_id.hex, client.pk.hex, kind], salt=SALT)
    return f"{settings.BASE_URL}/stop/{token}"


def read_unsubscribe(token: str) -> tuple[str, str, str]:
    """Return practice, client and kind. Raises django.core.signing.BadSignature."""
    practice, client, kind = signing.loads(token, salt=SALT, max_age=MAX_AGE)
    return practice, client, kind


def _mail(
    row: Reminder,
    *,
    to: str,
    from_name: str,
    template: str,
    language: str,
    unsubscribe: str,
    context: dict[str, Any],
) -> Mail:
    mark = hmac.new(settings.SECRET_KEY.encode(), str(row.pk).encode(), hashlib.sha256)
    return Mail(
        message_id=f"<{row.pk}.{mark.hexdigest()[:10]}@{host()}>",
        sender=address(),
        to=to,
        from_name=from_name,
        template=template,
        language=language,
        context=tuple(context.items()),
        unsubscribe=unsubscribe,
        reference=row.dedupe_key.hex,
    )


@lru_cache(maxsize=64)
def _loaded(name: str) -> Any:
    return get_template(name)


def _template(template: str, part: str, context: dict[str, Any]) -> str:
    text: str = _loaded(f"emails/{template}/{part}").render(context)
    return text
