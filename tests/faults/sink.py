"""A bare SMTP sink that writes down each mail at its dot: fast, and honest about acceptance."""

import asyncio
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser


@dataclass(frozen=True)
class Accepted:
    """One copy of one mail, as taken over at its dot."""

    message_id: str
    date: str
    recipient: str
    at: float


@dataclass
class _Line:
    """One connection. What was asked in one packet is answered in one packet (RFC 2920 3.2)."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    replies: bytes = b""
    unread: bytes = b""

    async def until(self, end: bytes) -> bytes:
        """Return what comes before `end`; before we wait for it, all replies leave."""
        while end not in self.unread:
            self.writer.write(self.replies)
            self.replies = b""
            await self.writer.drain()
            more = await self.reader.read(65536)
            if not more:
                raise ConnectionError
            self.unread += more
        found, _end, self.unread = self.unread.partition(end)
        return found


@dataclass
class RawSink:
    """The accepted mails; `delay` slows the answer to the dot, `mute` answers it never.

    `pipelining` says whether several commands may come at once.
    """

    delay: float = 0.0
    mute: bool = False
    pipelining: bool = True
    accepted: list[Accepted] = field(default_factory=list)
    url: str = ""

    def start(self) -> None:
        """Listen in a thread of this process."""
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(10)

    def stop(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)

    def copies(self) -> Counter[str]:
        """Return how many copies of each mail were accepted."""
        return Counter(mail.message_id for mail in self.accepted)

    def twice(self) -> int:
        """Return D: the copies beyond the first of each."""
        return sum(count - 1 for count in self.copies().values())

    def _run(self, ready: threading.Event) -> None:
        asyncio.run(self._serve(ready))

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._talks: set[asyncio.Task[None]] = set()
        self._lines: set[asyncio.StreamWriter] = set()
        ready.set()
        await self._over.wait()
        server.close()
        # A line taken in this very moment has its talk a turn or two later.
        for _turn in range(5):
            await asyncio.sleep(0.01)
            for line in self._lines:
                line.transport.abort()  # whatever was still on its way to a client that is gone
            for talk in self._talks:
                talk.cancel()
            await asyncio.gather(*self._talks, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        self._lines.add(writer)
        try:
            await self._dialogue(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            # Until it is closed indeed: the loop must not end before its lines do.
            with suppress(ConnectionError):
                await writer.wait_closed()
            self._lines.discard(writer)
            self._talks.discard(task)

    async def _dialogue(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, recipient = _Line(reader, writer, replies=b"220 raw sink\r\n"), ""
        while True:
            command = await line.until(b"\r\n")
            word, reply = command[:4].upper(), b"250 ok\r\n"
            if word == b"EHLO" and self.pipelining:
                reply = b"250-raw sink\r\n250 PIPELINING\r\n"
            elif word == b"RCPT":
                recipient = command.partition(b"<")[2].partition(b">")[0].decode()
            elif word == b"RSET":
                recipient = ""
            elif word == b"QUIT":
                reply = b"221 bye\r\n"
            elif word == b"DATA" and recipient:
                line.replies += b"354 go on\r\n"
                line.unread = b"\r\n" + line.unread  # so that a lone dot is an end as well
                await self._keep((await line.until(b"\r\n.\r\n"))[2:], recipient)
                recipient = ""
            elif word == b"DATA":
                reply = b"503 to whom?\r\n"
            line.replies += reply

    async def _keep(self, content: bytes, recipient: str) -> None:
        mail = BytesHeaderParser().parsebytes(content)
        self.accepted.append(
            Accepted(mail["Message-ID"], mail["Date"], recipient, time.monotonic())
        )
        await asyncio.sleep(3600 if self.mute else self.delay)
