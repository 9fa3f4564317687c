"""The practice's own mails: discreet, and handed to the outbox, never to a server in a request."""

from datetime import datetime
from email.message import EmailMessage
from email.utils import formataddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

from practice.models import Invitation, InvitationKind


def invitation(invitation: Invitation, link: str, at: datetime, language: str = "") -> None:
    """Send a link that lets the invited person in, in their language where it is known, else in the
    practice's. It says neither who nor where; only a colleague reads what for: vague as a client's
    has to be, theirs was taken for unwanted mail."""
    practice = invitation.practice
    to_work = invitation.kind == InvitationKind.MEMBER
    context = {"link": link, "from_name": practice.discreet_name, "to_work": to_work}
    with translation.override(language or practice.language):
        message = build(
            "invitation", to=invitation.email, from_name=practice.discreet_name, context=context
        )
    message.extra_headers["Message-ID"] = f"<i{invitation.pk.hex}.{int(at.timestamp())}@{host()}>"
    message.send()


def build(name: str, *, to: str, from_name: str, context: dict[str, Any]) -> EmailMultiAlternatives:
    """Render `templates/emails/<name>/` in the language that is active."""
    subject = " ".join(render_to_string(f"emails/{name}/subject.txt", context).split())
    message = EmailMultiAlternatives(
        subject=subject,
        body=render_to_string(f"emails/{name}/body.txt", context),
        from_email=sender(from_name, address()),
        to=[to],
        headers={"Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(render_to_string(f"emails/{name}/body.html", context), "text/html")
    return message


def can_be_a_sender(name: str) -> bool:
    """Say whether mails can come from this name, and say it as it is written.

    One that looks encoded already ("=?utf-8?q?…?=") would be read as something else, or break
    every mail of the practice when its header is made.
    """
    message = EmailMessage()
    try:
        message["From"] = formataddr((name, "somebody@mail.example"))
        (found,) = message["From"].addresses
        message.as_bytes()
    except ValueError:
        return False
    return str(found.display_name).split() == name.split()


def sender(name: str, at: str) -> str:
    """Return whom a mail comes from: by name, where a mail can carry it (one from before we asked)."""
    return formataddr((name if can_be_a_sender(name) else "", at))


def address() -> str:
    """Return the bare address mails come from."""
    return settings.DEFAULT_FROM_EMAIL.rpartition("<")[2].rstrip(">")


def host() -> str:
    """Return the host part of Message-IDs."""
    return address().rpartition("@")[2]
