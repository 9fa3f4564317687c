"""A bare SMTP sink that writes down each mail at its dot: fast, and honest about acceptance."""

import asyncio
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes


@dataclass(frozen=True)
class Accepted:
    """One copy of one mail, as taken over at its dot."""

    message_id: str
    date: str
    recipient: str
    at: float


@dataclass
class RawSink:
    """The accepted mails; `delay` slows the answer to the dot, `mute` answers it never."""

    delay: float = 0.0
    mute: bool = False
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
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            # Until it is closed indeed: the loop must not end before its lines do.
            with suppress(ConnectionError):
                await writer.wait_closed()
            self._lines.discard(writer)
            self._talks.discard(task)

    async def _dialogue(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        recipient = ""
        writer.write(b"220 raw sink\r\n")
        while line := await reader.readline():
            word = line[:4].upper().strip()
            if word == b"RCPT":
                recipient = line.partition(b"<")[2].partition(b">")[0].decode()
            if word == b"DATA":
                writer.write(b"354 go on\r\n")
                await self._keep(await reader.readuntil(b"\r\n.\r\n"), recipient)
            writer.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
            await writer.drain()

    async def _keep(self, content: bytes, recipient: str) -> None:
        mail = message_from_bytes(content)
        self.accepted.append(
            Accepted(mail["Message-ID"], mail["Date"], recipient, time.monotonic())
        )
        await asyncio.sleep(3600 if self.mute else self.delay)
