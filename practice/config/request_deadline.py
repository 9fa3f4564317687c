"""How long somebody may take to ask: for a whole request, not only for each byte of it."""

import errno
import socket
import struct
import time
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

# So long one may be silent, and so long a whole request may take, headers and body. A proxy that
# buffers sends what it has at once; who drips past it holds a thread no longer than this.
SILENT = 15
WHOLE = 20


class Patient(socket.socket):
    """A line that breaks when a request has not come in by `until`."""

    until = 0.0

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Read, while there is time. Raises ConnectionResetError when there is none left.

        Not the end of the stream: gunicorn would take that for a body read to its end, and what
        still comes of it for the next request.
        """
        if self.gettimeout() is not None:  # gunicorn minds the time by itself
            return super().recv(size, flags)
        left = min(float(SILENT), self.until - time.monotonic())
        if left <= 0:
            raise _late()
        whole = int(left)
        patience = struct.pack("ll", whole, int((left - whole) * 1_000_000) or 1)
        self.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, patience)
        try:
            return super().recv(size, flags)
        except BlockingIOError as error:
            raise _late() from error


def _late() -> ConnectionResetError:
    # gunicorn passes over a line that broke without a word.
    return ConnectionResetError(errno.ECONNRESET, "too slow")


class PatientWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """A gthread worker whose patience is for the request as a whole."""

    def handle(self, conn: Any) -> Any:
        """Begin to count when a thread turns to somebody; idle lines hold none."""
        if not isinstance(conn.sock, Patient):
            conn.sock = Patient(fileno=conn.sock.detach())
        conn.sock.until = time.monotonic() + WHOLE
        return super().handle(conn)
