"""The reminder mails: one function each, discreet, with a Message-ID that names the row.

No name, title, partner, date or count stands in any of them.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.template.loader import get_template
from django.urls import reverse
from django.utils import translation
from django.utils.html import escape

from clients.models import ReminderKind
from exercises.models import Reminder
from practice.emails import address, host, sender
from practice.models import Membership

SALT = "unsubscribe"
MAX_AGE = 400 * 24 * 3600
# Nothing is folded: a folded List-Unsubscribe breaks signatures, and a long word in a header would
# be encoded. Bodies stay seven-bit, so that any mail server takes them.
POLICY = policy.SMTP.clone(max_line_length=900, cte_type="7bit")
# Never base64: a blank must be found again, and a filter may read what a mail says.
CTE = "quoted-printable"


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
class Recipient:
    """A client as a mail needs to know them, and nothing more."""

    practice_id: UUID
    client_id: UUID
    address: str
    language: str
    from_name: str
    reminder_time: time


@dataclass(frozen=True)
class Stop:
    """What a signed link switches off."""

    practice_id: UUID
    client_id: UUID
    kind: str


def reminder(row: Reminder, to: Recipient) -> Mail:
    """Return a client's reminder of this kind."""
    return _mail(
        row,
        to=to.address,
        from_name=to.from_name,
        language=to.language,
        stop=unsubscribe_link(to.practice_id, to.client_id, row.kind),
        you=_path("you"),
        at=f"{to.reminder_time:%H:%M}",
    )


def waiting(row: Reminder, member: Membership) -> Mail:
    """Return a therapist's one mail of the day."""
    return _mail(
        row,
        to=member.user.email,
        from_name=member.practice.discreet_name,
        language=member.user.language,
        you=_path("account_home"),
    )


def unsubscribe_link(practice_id: UUID, client_id: UUID, kind: str) -> str:
    """Return the address that switches this kind of mail off, without signing in."""
    number = ReminderKind.values.index(kind)
    said = urlsafe_b64encode(practice_id.bytes + client_id.bytes + bytes([number]))
    token = signing.TimestampSigner(salt=SALT, sep=".").sign(said.decode())
    return settings.BASE_URL + _path("stop_mails", "TOKEN").replace("TOKEN", token)


@lru_cache(maxsize=8)
def _path(name: str, *args: str) -> str:
    """Return an address of ours; finding one takes longer than writing the mail it stands in."""
    return reverse(name, args=args)


def read_unsubscribe(token: str) -> Stop | None:
    """Return what the link stands for, or nothing when we did not sign it, or long ago."""
    try:
        said = signing.TimestampSigner(salt=SALT, sep=".").unsign(token, max_age=MAX_AGE)
    except signing.BadSignature:
        return None
    said_bytes = urlsafe_b64decode(said)
    kind = ReminderKind.values[said_bytes[32]]
    return Stop(UUID(bytes=said_bytes[:16]), UUID(bytes=said_bytes[16:32]), kind)


@dataclass(frozen=True)
class Wording:
    """What many mails have in common: these are written once, and then only filled in."""

    kind: str
    language: str
    from_name: str
    sender: str
    home: str
    you: str


@dataclass(frozen=True)
class Blanks:
    """What is one mail's own."""

    to: str
    message_id: str
    reference: str
    stop: str = ""
    at: str = ""

    @property
    def is_plain(self) -> bool:
        """Say whether no encoding (MIME, quoted-printable, HTML) would change a letter of these."""
        said = "".join(vars(self).values())
        return said.isascii() and said.isprintable() and "=" not in said and escape(said) == said


# Words that stand in no mail, and that no encoding changes either.
EMPTY = Blanks("ZtoZ@blank.invalid", "ZmarkZ@blank.invalid", "ZreferenceZ", "ZstopZ", "ZatZ")
BLANK = re.compile("|".join(map(re.escape, vars(EMPTY).values())).encode())


def _mail(
    row: Reminder, *, to: str, from_name: str, language: str, you: str, stop: str = "", at: str = ""
) -> Mail:
    mark = hmac.new(settings.SECRET_KEY.encode(), row.dedupe_key.bytes, hashlib.sha256)
    # Kept with the row once it was armed: a second copy bears it even if keys changed meanwhile.
    # A running number would tell how much the partner got in between.
    message_id = row.message_id or f"<{row.dedupe_key.hex}.{mark.hexdigest()[:10]}@{host()}>"
    home = settings.BASE_URL
    wording = Wording(row.kind, language, from_name, address(), home, f"{home}{you}")
    own = Blanks(to, message_id.strip("<>"), row.dedupe_key.hex, stop, at)
    text = _filled(wording, own) if own.is_plain else _written(wording, own)
    return Mail(message_id, address(), to, text)


def _filled(wording: Wording, own: Blanks) -> bytes:
    words = {place.encode(): getattr(own, name).encode() for name, place in vars(EMPTY).items()}
    return BLANK.sub(lambda found: words[found[0]], _sheet(wording, bool(own.stop)))


@lru_cache(maxsize=256)
def _sheet(wording: Wording, can_stop: bool) -> bytes:  # noqa: FBT001 -- part of the cache's key
    """Write a mail with blanks. Building one takes ten times as long as filling one in."""
    return _written(wording, EMPTY if can_stop else replace(EMPTY, stop=""))


def _written(wording: Wording, own: Blanks) -> bytes:
    message = EmailMessage(policy=POLICY)
    message["From"] = sender(wording.from_name, wording.sender)
    message["To"] = own.to
    message["Message-ID"] = f"<{own.message_id}>"
    message["X-Entity-Ref-ID"] = own.reference
    message["Auto-Submitted"] = "auto-generated"
    if own.stop:  # RFC 8058
        message["List-Unsubscribe"] = f"<{own.stop}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    name = f"reminder_{wording.kind}"
    context = {
        "home": wording.home,
        "name": wording.from_name,
        "you": wording.you,
        "stop": own.stop,
        "at": own.at,
    }
    with translation.override(wording.language):
        message["Subject"] = " ".join(_template(name, "subject.txt", context).split())
        message.set_content(_template(name, "body.txt", context), cte=CTE)
        message.add_alternative(_template(name, "body.html", context), subtype="html", cte=CTE)
    return message.as_bytes()


@lru_cache(maxsize=64)
def _loaded(name: str) -> Any:
    return get_template(name)


def _template(template: str, part: str, context: dict[str, str]) -> str:
    text: str = _loaded(f"emails/{template}/{part}").render(context)
    return text
