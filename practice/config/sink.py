"""An SMTP server that delivers to nobody: it keeps what it receives, for /demo/mail and for tests.

`python -m practice.config.sink --port 1025 --folder .data/mail` stores each mail as an .eml file.
In tests it runs in a thread and misbehaves on request, for one recipient and one phase at a time.
"""

import argparse
import asyncio
import itertools
import logging
import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Literal

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

# `data` is the moment after the DATA command, `body` is within the text, `dot` is after its end.
Phase = Literal["greeting", "mail", "rcpt", "data", "body", "dot"]
EVERYONE = "*"
_KEPT = 500


@dataclass
class Behaviour:
    """What to do to one recipient's mail at one phase.

    `reply` answers with that line; `drop` closes the connection; `hang` never answers. `accept`
    says whether a mail dropped or hung at the dot was taken all the same. `delay` comes first.
    """

    phase: Phase
    recipient: str = EVERYONE
    reply: str = ""
    drop: bool = False
    hang: bool = False
    delay: float = 0
    accept: bool = False
    times: int | None = None


@dataclass
class Sink:
    """The received mails, the scripted behaviours, and where mails are stored."""

    folder: Path | None = None
    behaviours: list[Behaviour] = field(default_factory=list)
    messages: list[EmailMessage] = field(default_factory=list)
    connections: int = 0
    # The library reads command by command from what has come, and answers each, in order.
    pipelining: bool = True
    url: str = ""
    talkers: "set[_Talker]" = field(default_factory=set)
    lines: set[asyncio.Transport] = field(default_factory=set)

    def misbehave(self, phase: Phase, recipient: str = EVERYONE, **how: object) -> Behaviour:
        """Script one behaviour and return it."""
        behaviour = Behaviour(phase, recipient, **how)  # type: ignore[arg-type]  # named fields
        self.behaviours.append(behaviour)
        return behaviour

    def behave(self) -> None:
        """Forget all scripted behaviours."""
        self.behaviours.clear()

    def to(self, recipient: str) -> list[EmailMessage]:
        """Return the mails `recipient` received, oldest first."""
        return [mail for mail in self.messages if recipient in mail["X-Envelope-To"].split(", ")]

    def wait_for(self, count: int, recipient: str = "", patience: float = 30) -> list[EmailMessage]:
        """Wait until at least `count` mails are there; return those there are in the end."""
        deadline = time.monotonic() + patience
        while True:
            found = self.to(recipient) if recipient else list(self.messages)
            if len(found) >= count or time.monotonic() > deadline:
                return found
            time.sleep(0.05)

    def scripted(self, phase: Phase, recipients: Iterable[str]) -> Behaviour | None:
        """Return the behaviour due at `phase` for any of `recipients`, and count it."""
        wanted = {*recipients, EVERYONE}
        for behaviour in self.behaviours:
            if behaviour.phase != phase or behaviour.recipient not in wanted:
                continue
            if behaviour.times is None:
                return behaviour
            if behaviour.times > 0:
                behaviour.times -= 1
                return behaviour
        return None

    def keep(self, envelope: Envelope) -> None:
        """Keep one accepted mail."""
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        # The envelope is what SMTP believes; the header is only what the mail says of itself.
        raw = f"X-Envelope-To: {', '.join(envelope.rcpt_tos)}\r\n".encode() + raw
        self.messages.append(message_from_bytes(raw, policy=policy.default))
        if self.folder is not None:
            self._store(raw, self.folder)
            del self.messages[:-_KEPT]

    def _store(self, raw: bytes, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{time.time_ns()}-{next(_numbers):06d}.eml"
        unfinished = folder / f".{name}"
        unfinished.write_bytes(raw)
        unfinished.rename(folder / name)
        for old in sorted(folder.glob("*.eml"))[:-_KEPT]:
            old.unlink(missing_ok=True)


_numbers = itertools.count()
# It tells of every command; what we want to know are the mails.
logging.getLogger("mail.log").setLevel(logging.WARNING)


class _Talker(SMTP):
    """One SMTP dialogue that consults the script between its phases."""

    def __init__(self, sink: Sink) -> None:
        super().__init__(_Handler(sink), enable_SMTPUTF8=True, ident="Homeward sink", timeout=900)
        self.sink = sink

    async def _handle_client(self) -> None:
        self.sink.connections += 1
        self.sink.talkers.add(self)
        try:
            if await self._play("greeting", []):
                self._drop()
            else:
                await super()._handle_client()
        finally:
            self.sink.talkers.discard(self)

    async def smtp_MAIL(self, arg: str | None) -> None:
        """Play the script, then take the sender."""
        if not await self._play("mail", []):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:
        """Play the script for this recipient, then take them."""
        address = (arg or "").partition("<")[2].partition(">")[0]
        if not await self._play("rcpt", [address]):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str | None) -> None:
        """Play the scripts of the command and of the body, then take the text."""
        recipients = list(self.envelope.rcpt_tos) if self.envelope else []
        if await self._play("data", recipients):
            return
        if self.sink.scripted("body", recipients):
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            await asyncio.sleep(0.05)
            self._drop()
            return
        await super().smtp_DATA(arg)

    async def _play(self, phase: Phase, recipients: list[str]) -> bool:
        """Do what the script wants at `phase`; tell whether that was the answer."""
        behaviour = self.sink.scripted(phase, recipients)
        if behaviour is None:
            return False
        await asyncio.sleep(behaviour.delay)
        if behaviour.hang:
            await asyncio.sleep(3600)
        if behaviour.drop:
            self._drop()
        elif behaviour.reply:
            await self.push(behaviour.reply)
        return behaviour.drop or behaviour.hang or bool(behaviour.reply)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note a line that has to be closed again, whatever becomes of its dialogue."""
        if isinstance(transport, asyncio.Transport):
            self._line = transport
            self.sink.lines.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget a line that is closed."""
        self.sink.lines.discard(self._line)
        super().connection_lost(error)

    def hang_up(self) -> None:
        """End the dialogue at once, whatever it waits for."""
        self._drop()
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()

    def _drop(self) -> None:
        if self.transport is not None:
            # What was answered still leaves; nothing more is read.
            self.transport.close()


class _Handler:
    def __init__(self, sink: Sink) -> None:
        self.sink = sink

    async def handle_EHLO(
        self, server: _Talker, session: Session, envelope: Envelope, name: str, replies: list[str]
    ) -> list[str]:
        """Say what the library knows, and that several commands may come at once (RFC 2920)."""
        session.host_name = name
        return [replies[0], "250-PIPELINING", *replies[1:]] if self.sink.pipelining else replies

    async def handle_DATA(self, server: _Talker, session: Session, envelope: Envelope) -> str:
        """Keep the mail, unless the script says otherwise."""
        behaviour = self.sink.scripted("dot", envelope.rcpt_tos) or Behaviour("dot")
        refused = behaviour.reply[:1] in {"4", "5"} or behaviour.drop or behaviour.hang
        if behaviour.accept or not refused:
            self.sink.keep(envelope)
        await asyncio.sleep(3600 if behaviour.hang else behaviour.delay)
        if behaviour.drop and server.transport is not None:
            server.hang_up()
        return behaviour.reply or "250 Kept"


class SinkServer(Controller):
    """The sink in a thread of this process (tests)."""

    def __init__(self, sink: Sink | None = None, *, port: int = 0) -> None:
        """Plan a server for `sink`; port 0 takes any free one."""
        self.sink = sink or Sink()
        super().__init__(_Handler(self.sink), hostname="127.0.0.1", port=port)

    def factory(self) -> SMTP:
        """Return what talks to the next client."""
        return _Talker(self.sink)

    def _trigger_server(self) -> None:
        """Learn the port the system gave us before the base class tries to connect to it."""
        if self.port == 0 and isinstance(self.server, asyncio.Server):
            self.port = self.server.sockets[0].getsockname()[1]
        self.sink.url = f"smtp://127.0.0.1:{self.port}"
        super()._trigger_server()  # type: ignore[no-untyped-call]  # the library's gap
        self.sink.connections = 0

    def stop(self, no_assert: bool = False) -> None:  # noqa: FBT001, FBT002 -- the base class's
        """Hang up on everyone still connected, then end the thread."""
        if self.loop.is_running():
            asyncio.run_coroutine_threadsafe(self._hang_up(), self.loop).result(5)
        super().stop(no_assert)

    async def _hang_up(self) -> None:
        if isinstance(self.server, asyncio.Server):
            self.server.close()
        # A line taken in this very moment is there a turn or two later.
        for turn in range(100):
            for talker in list(self.sink.talkers):
                talker.hang_up()
            for line in list(self.sink.lines):
                line.abort()  # whatever was still on its way to a client that is gone
            await asyncio.sleep(0.01)
            if turn >= 2 and not self.sink.lines:
                break


async def _serve(port: int, folder: Path) -> None:
    sink = Sink(folder)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Talker(sink), "127.0.0.1", port)
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    async with server:
        await ended.wait()


def main() -> None:
    """Run the sink until it is told to end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=1025)
    parser.add_argument("--folder", type=Path, default=os.environ.get("HOMEWARD_MAIL_DIR", "mail"))
    options = parser.parse_args()
    asyncio.run(_serve(options.port, Path(options.folder)))


if __name__ == "__main__":
    main()
