"""Clients that speak HTTP as nobody should: what they hold up, what they are told, what is logged."""

import socket
from uuid import UUID

from tests.processes import Site

# More than there are threads to serve them.
SILENT = 16


def test_silent_clients_are_let_go(live_site: Site):
    address = ("localhost", live_site.port)
    held = [socket.create_connection(address) for _n in range(SILENT)]
    for one in held:
        one.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Never: ")
    with socket.create_connection(address, timeout=120) as asking:
        asking.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert asking.recv(64).startswith(b"HTTP/1.1 200")
    for one in held:
        one.close()


def test_odd_requests_are_refused_and_quoted_nowhere(live_site: Site):
    address = ("localhost", live_site.port)

    def ask(head: str, body: str = "") -> bytes:
        with socket.create_connection(address, timeout=60) as line:
            line.sendall(f"{head}\r\nConnection: close\r\n\r\n{body}".encode("latin-1"))
            return line.recv(64)

    json = "Host: localhost\r\nContent-Type: application/json"
    pieces = '5\r\n{"a":\r\n2\r\n1}\r\n0\r\n\r\n'
    for path in (f"/api/v1/homework/{UUID(int=1)}/answers/topic", "/account/login/"):
        head = f"PUT {path} HTTP/1.1\r\n{json}\r\nTransfer-Encoding: chunked"
        assert ask(head, pieces).startswith(b"HTTP/1.1 411"), path
    assert ask("GET / HTTP/1.1\r\nHost: evil-one.example").startswith(b"HTTP/1.1 400")
    assert ask("EVIL*TWO{} / HTTP/1.1\r\nHost: localhost").startswith(b"HTTP/1.1 400")
    assert ask("GET / HTTP/1.1\r\nHost: localhost\r\nEvil three: x").startswith(b"HTTP/1.1 400")
    log = live_site.log("web").read_text()
    assert "something suspicious was refused" in log
    assert "evil" not in log.lower()
