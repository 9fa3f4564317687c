"""A mail server that follows a script, command by command, against a real socket."""

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field

# What a server may do instead of answering.
CUT, HANG = b"cut", b"hang"


BREATH, TURNS = "in one breath", "in turns"


@dataclass
class Server:
    """A mail server that follows a script: what it says to which word, the first times."""

    way: str = BREATH
    # How replies travel: those to one packet in one packet, each in its own, or letter by letter.
    split: str = "one packet"
    greets: bytes = b"EHLO"
    script: dict[bytes, list[bytes]] = field(default_factory=dict)
    # DATA is answered 354 even if nobody is to have the mail.
    careless: bool = False
    packets: list[bytes] = field(default_factory=list)
    mails: list[tuple[str, bytes]] = field(default_factory=list)
    lines: list[socket.socket] = field(default_factory=list)

    def __enter__(self) -> "Server":
        self._ear = socket.create_server(("127.0.0.1", 0))
        self.url = f"smtp://127.0.0.1:{self._ear.getsockname()[1]}"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        for each in (self._ear, *self.lines):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        for each in (self._ear, *self.lines):
            each.close()

    def hang_up(self, last_words: bytes = b"") -> None:
        """End the line that idles, as servers do."""
        self.lines[-1].sendall(last_words)
        self.lines[-1].shutdown(socket.SHUT_RDWR)

    def _listen(self) -> None:
        while not self._over.is_set():
            with suppress(OSError, EOFError):
                line, _peer = self._ear.accept()
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.lines.append(line)
                self._talk(line)

    def _talk(self, line: socket.socket) -> None:
        self._line, self._unread, self._replies = line, b"", [b"220 here"]
        self._sender = self._to = ""
        while True:
            command = self._until(b"\r\n")
            word, address = command[:4].upper(), command.partition(b"<")[2][:-1].decode()
            reply = self._scripted(word) or self._usual(word)
            if not self._say(reply):
                return
            taken = address if reply.startswith(b"2") else ""
            if word in {b"MAIL", b"RSET"}:
                self._sender, self._to = taken, ""
            elif word == b"RCPT":
                self._to = taken
            elif reply.startswith(b"354") and not self._take():
                return

    def _usual(self, word: bytes) -> bytes:
        if word == b"EHLO":
            more = b"Pipelining" if self.way == BREATH else b"HELP"
            return b"502 not here" if self.greets == b"HELO" else b"250-us\r\n250 " + more
        if word == b"DATA" and (self._to or self.careless):
            return b"354 go on"
        early = word == b"DATA" or (word == b"RCPT" and not self._sender)
        return b"503 not yet" if early else b"250 fine"

    def _take(self) -> bool:
        self._unread = b"\r\n" + self._unread  # so that a lone dot is an end as well
        text = self._until(b"\r\n.\r\n")[2:]
        reply = self._scripted(b".") or (b"250 kept" if self._to else b"554 to nobody")
        if reply.startswith(b"2"):
            self.mails.append((self._to, text + b"\r\n" if text else b""))
        self._sender = self._to = ""
        return self._say(reply)

    def _scripted(self, word: bytes) -> bytes:
        return self.script[word].pop(0) if self.script.get(word) else b""

    def _say(self, reply: bytes) -> bool:
        """Answer; False when that was the end of this line."""
        if reply not in {CUT, HANG}:
            self._replies.append(reply)
            if not reply.startswith(b"421"):
                return True
        self._flush()
        if reply == HANG:
            while self._line.recv(1000):
                pass
        self._line.shutdown(socket.SHUT_RDWR)
        return False

    def _flush(self) -> None:
        said = [reply + b"\r\n" for reply in self._replies]
        if self.split == "one packet":
            said = [b"".join(said)]
        elif self.split == "letters":
            said = [bytes([letter]) for letter in b"".join(said)]
        for part in said:
            self._line.sendall(part)
        self._replies = []

    def _until(self, end: bytes) -> bytes:
        while end not in self._unread:
            self._flush()
            packet = self._line.recv(65536)
            if not packet:
                raise EOFError
            self.packets.append(packet)
            self._unread += packet
        found, _end, self._unread = self._unread.partition(end)
        return found


class Cutting(Server):
    """A server that asks for the text and hangs up."""

    def _take(self) -> bool:
        self._flush()
        self._line.shutdown(socket.SHUT_RDWR)
        return False
