"""Mail that knows how far it came: before the final dot nothing was accepted, after it perhaps.

smtplib raises the same error for "hung up before the dot" and "after the dot"; only the second may
have been accepted (docs/reminders.md, finding 3). RFC 5321 4.5.3.2.6 wants ten minutes of patience
for the dot's reply, and much less before it.
"""

import json
import smtplib
import socket
import ssl
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from enum import StrEnum
from functools import lru_cache
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings
from django.core.mail import EmailMessage as DjangoEmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.timezone import now  # noqa: TID251 -- Django's mail door, and so a door

from practice import bell
from practice.crypto import seal_system
from practice.models import AccountMail

BEFORE_DOT_SECONDS = 10.0
AFTER_DOT_SECONDS = 600.0
# More than this between arming and the dot (a paused machine): what we checked may have changed.
STALE_SECONDS = 20.0
KEPT_FOR = timedelta(minutes=30)


class Outcome(StrEnum):
    """What became of one message."""

    SENT = "sent"
    NOT_ACCEPTED = "not_accepted"  # the line broke before the dot: try again, nothing is counted
    REFUSED_NOW = "refused_now"  # 4xx: try again later
    NO_SUCH_ADDRESS = "no_such_address"  # 5xx at RCPT: for good
    REFUSED = "refused"  # 5xx elsewhere: policy or content
    AMBIGUOUS = "ambiguous"  # the dot was written and nobody answered
    STALE = "stale"  # too long since it was armed: not sent


@dataclass(frozen=True)
class Result:
    """An outcome, with the server's code where it gave one."""

    outcome: Outcome
    code: int = 0
    # How far the dialogue came: connect, mail, rcpt, data, body, dot.
    phase: str = ""


class PhaseSMTP:
    """One persistent connection that records in which phase a dialogue broke."""

    def __init__(self, url: str = "") -> None:
        parts = urlsplit(url or settings.EMAIL_URL)
        self.host = parts.hostname or "localhost"
        self.secure = parts.scheme == "smtps"
        self.port = parts.port or (465 if self.secure else 25)
        self.user, self.password = unquote(parts.username or ""), unquote(parts.password or "")
        self.start_tls = parse_qs(parts.query).get("tls") == ["1"]
        self.line: smtplib.SMTP | None = None
        self.phase = ""
        # Replies on their way that a refusal left unread.
        self.unread: Iterator[tuple[int, bytes]] = iter(())

    @property
    def name(self) -> str:
        """Return what the breaker knows this server by."""
        return f"{self.host}:{self.port}"

    def close(self) -> None:
        """Hang up."""
        if self.line is not None:
            self.line.close()
            self.line = None

    def send(self, sender: str, to: str, body: bytes, *, armed: float | None = None) -> Result:
        """Speak one dialogue. Never raises for what a mail server may do.

        `armed` is the `clock()` at which its sending was decided.
        """
        try:
            commands = _commands(sender, to)
        except UnicodeEncodeError:  # RFC 6531 is not spoken here: to us there is no such address
            return Result(Outcome.NO_SUCH_ADDRESS, 553, "rcpt")
        fresh = self.line is None
        result = self._dialogue(commands, body, armed)
        # A server may have closed an idle connection; that says nothing about this message.
        if not fresh and result.phase == "mail" and self.line is None:
            result = self._dialogue(commands, body, armed)
        return result

    def _dialogue(self, commands: list[bytes], body: bytes, armed: float | None) -> Result:
        self.phase = "connect"
        try:
            code = self._speak(self._open(), commands, body, armed)
        except _Stale:
            self.close()
            return Result(Outcome.STALE, 0, self.phase)
        except _Refusal as refusal:
            self._reset(refusal.code)
            outcome = refusal.outcome if refusal.code >= 500 else Outcome.REFUSED_NOW
            return Result(outcome, refusal.code, self.phase)
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            found = getattr(error, "smtp_code", 0)
            outcome = Outcome.AMBIGUOUS if self.phase == "dot" else Outcome.NOT_ACCEPTED
            return Result(outcome, found if isinstance(found, int) else 0, self.phase)
        return Result(Outcome.SENT, code, self.phase)

    def _speak(
        self, line: smtplib.SMTP, commands: list[bytes], body: bytes, armed: float | None
    ) -> int:
        self._announce(line, commands)
        self.phase = "body"
        # Without its dot a message does not exist (RFC 5321 4.1.1.4): here one can still go back.
        if armed is not None and clock() - armed > STALE_SECONDS:
            raise _Stale
        # One write for text and dot. One that fails did not get as far as its end, the dot.
        line.send(_quoted(body) + b".\r\n")
        self.phase = "dot"
        _be_patient(line, AFTER_DOT_SECONDS)
        code = _expect(line.getreply(), Outcome.REFUSED)
        _be_patient(line, BEFORE_DOT_SECONDS)
        return code

    def _announce(self, line: smtplib.SMTP, commands: list[bytes]) -> None:
        """Say from whom and to whom, and ask to go on: in one breath where the server likes it."""
        self.phase = "mail"
        together = line.has_extn("pipelining")
        replies = _in_one_breath(line, commands) if together else _in_turns(line, commands)
        self.unread = replies if together else iter(())
        _expect(next(replies), Outcome.REFUSED)
        self.phase = "rcpt"
        _expect(next(replies), Outcome.NO_SUCH_ADDRESS)
        self.phase = "data"
        code, _text = next(replies)
        if code != 354:
            raise _Refusal(code, Outcome.REFUSED)

    def _open(self) -> smtplib.SMTP:
        if self.line is not None:
            return self.line
        line: smtplib.SMTP
        if self.secure:
            trust = ssl.create_default_context()
            line = smtplib.SMTP_SSL(self.host, self.port, timeout=BEFORE_DOT_SECONDS, context=trust)
        else:
            line = smtplib.SMTP(self.host, self.port, timeout=BEFORE_DOT_SECONDS)
        try:
            _send_at_once(line)
            if self.start_tls:
                line.starttls(context=ssl.create_default_context())
            if self.user:
                line.login(self.user, self.password)
            line.ehlo_or_helo_if_needed()
        except (smtplib.SMTPException, OSError):
            line.close()
            raise
        self.line = line
        return line

    def _reset(self, code: int) -> None:
        """Make the line ready for the next message, or hang up when the server said goodbye."""
        try:
            if code != 421 and self.line is not None:
                _be_patient(self.line, BEFORE_DOT_SECONDS)
                self._hear_out(self.line)
                self.line.rset()
                return
        except (smtplib.SMTPException, OSError):
            pass
        self.close()

    def _hear_out(self, line: smtplib.SMTP) -> None:
        """Read what else was asked in the breath that was refused.

        DATA may be answered 354 even so (RFC 2920 3.1): a lone dot ends that mail to nobody.
        """
        code, somebody = 0, False
        for code, _text in self.unread:
            somebody = somebody or 200 <= _still_there(code) < 300
        if code == 354:
            if somebody:  # they would get an empty mail; without its dot there is none
                raise smtplib.SMTPServerDisconnected
            line.send(b".\r\n")
            _still_there(line.getreply()[0])


class _Stale(Exception):
    """Too long since it was armed."""


class _Refusal(Exception):
    def __init__(self, code: int, outcome: Outcome) -> None:
        super().__init__(code)
        self.code, self.outcome = code, outcome


def _send_at_once(line: smtplib.SMTP) -> None:
    """Do not hold the dot back until the text is acknowledged.

    A mail of several segments ends with a small one. Nagle's algorithm (RFC 896) keeps that waiting
    for a delayed acknowledgement (RFC 1122 4.2.3.2): some 40 ms with every such mail.
    """
    if line.sock is not None:
        line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _be_patient(line: smtplib.SMTP, seconds: float) -> None:
    if line.sock is not None:
        line.sock.settimeout(seconds)


def _expect(reply: tuple[int, bytes], outcome: Outcome) -> int:
    code = reply[0]
    if code == -1:
        raise smtplib.SMTPServerDisconnected
    if not 200 <= code < 300:
        raise _Refusal(code, outcome)
    return code


def _still_there(code: int) -> int:
    """Return the code, unless it says goodbye or is none: no reply after it can be relied on."""
    if code in {-1, 421}:
        raise smtplib.SMTPServerDisconnected
    return code


def _commands(sender: str, to: str) -> list[bytes]:
    """Return what goes before the text. Raises ValueError before any of it was said."""
    said = [f"mail FROM:{_our_own(sender)}", f"rcpt TO:{smtplib.quoteaddr(to)}", "data"]
    if any("\r" in command or "\n" in command for command in said):
        raise ValueError("an address with a line end would be a command of its own")
    return [f"{command}\r\n".encode("ascii") for command in said]


@lru_cache(maxsize=8)
def _our_own(sender: str) -> str:
    """Return our own address as it is written in a command: the same in all mails."""
    return smtplib.quoteaddr(sender)


def _in_turns(line: smtplib.SMTP, commands: list[bytes]) -> Iterator[tuple[int, bytes]]:
    """Say each command when the one before was answered."""
    for command in commands:
        line.send(command)
        yield line.getreply()


def _in_one_breath(line: smtplib.SMTP, commands: list[bytes]) -> Iterator[tuple[int, bytes]]:
    """Say them all in one write, then read the replies, in order (RFC 2920)."""
    line.send(b"".join(commands))
    for _command in commands:
        yield line.getreply()


def _quoted(body: bytes) -> bytes:
    """Dot-stuff, with CRLF line ends (RFC 5321 4.5.2); the terminating dot is not part of it."""
    text = body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    if text and not text.endswith(b"\r\n"):
        text += b"\r\n"
    stuffed = text.replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed


def clock() -> float:
    """Return seconds that go on while the machine sleeps; `send(armed=…)` is measured on them."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def to_bytes(message: EmailMessage | DjangoEmailMessage) -> bytes:
    """Return a message as it goes over the line."""
    if isinstance(message, DjangoEmailMessage):
        return message.message().as_bytes()
    return message.as_bytes()


class OutboxBackend(BaseEmailBackend):
    """Django's mail door: everything becomes a row, sent by a worker, never within a request."""

    def send_messages(self, email_messages: Sequence[DjangoEmailMessage]) -> int:
        """Queue them, sealed; an account mail nobody picks up within half an hour is dropped."""
        at = now()
        for message in email_messages:
            row = AccountMail(id=uuid.uuid4(), created_at=at, next_at=at, not_after=at + KEPT_FOR)
            content = {
                "to": message.recipients(),
                "from": message.from_email,
                "message": to_bytes(message).decode("utf-8", "surrogateescape"),
            }
            row.sealed = seal_system(json.dumps(content), row=row.pk)
            row.save(force_insert=True)
        bell.ring("homeward.account_mail")
        return len(email_messages)
