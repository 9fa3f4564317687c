"""Clients that begin a request and never end it hold the site up for seconds, not for ever."""

import socket

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
