"""Clients that speak HTTP as nobody should: what they hold up, what they are told, what is logged."""

import select
import socket
import threading
import time
from contextlib import suppress
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from practice.config.request_deadline import WHOLE
from practice.errors import records_away
from tests.processes import Site

# More than there are threads to serve them.
SILENT = 16
DRIPPING = 12
# They may all have been taken by one process: its four threads let them go in turns, each after WHOLE.
LAST = (DRIPPING / 4 + 1) * WHOLE
FORM = (
    b"POST /account/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
)
HEADERS = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Never: "


def is_well(site: Site, patience: float = 120) -> bool:
    with socket.create_connection(("localhost", site.port), timeout=patience) as asking:
        asking.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return asking.recv(64).startswith(b"HTTP/1.1 200")


def test_silent_clients_are_let_go(live_site: Site):
    address = ("localhost", live_site.port)
    held = [socket.create_connection(address) for _n in range(SILENT)]
    for one in held:
        one.sendall(HEADERS)
    assert is_well(live_site)
    for one in held:
        one.close()


def drip(one: socket.socket, answers: list[bytes]) -> None:
    """Send a byte each second, so that no single wait is ever long, until one is let go."""
    end, found = time.monotonic() + LAST, b""
    # A byte sent to who has answered and left is answered by a reset; what was said before it counts.
    with suppress(OSError):
        while not select.select([one], [], [], 1)[0] and time.monotonic() < end:
            one.sendall(b"a")
    with suppress(OSError):
        found = one.recv(64, socket.MSG_DONTWAIT)
    answers.append(found)
    one.close()


@pytest.mark.parametrize(("start", "said"), [(FORM, b"HTTP/1.1 408"), (HEADERS, b"")])
def test_dripping_clients_hold_no_transaction_and_no_thread_for_long(
    live_site: Site, start: bytes, said: bytes
):
    """More of them than threads: a page comes as soon as the first are let go, and none is a 500."""
    answers: list[bytes] = []
    held = [socket.create_connection(("localhost", live_site.port)) for _n in range(DRIPPING)]
    for one in held:
        one.sendall(start)
    threads = [threading.Thread(target=drip, args=(one, answers)) for one in held]
    for thread in threads:
        thread.start()
    seen = set()
    with live_site.orm(), connection.cursor() as cursor:
        while not answers:  # all the while they drip
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                # Between two questions anybody is idle for a moment; who waits for a body, for long.
                " AND state LIKE 'idle in transaction%' AND state_change < now() - interval '2 s'"
            )
            seen.add(cursor.fetchone()[0])
            threads[0].join(0.1)
    assert seen == {0}
    assert is_well(live_site, 2 * WHOLE + 5)
    for thread in threads:
        thread.join(LAST)
    assert len(answers) == DRIPPING
    assert {answer[: len(said)] for answer in answers} == {said}
    assert b" 500 " not in b"".join(answers)


def test_what_is_left_of_a_late_body_is_no_next_request(live_site: Site):
    with socket.create_connection(("localhost", live_site.port), timeout=3 * WHOLE) as one:
        one.sendall(FORM + b"a=b")
        heard = b""
        with suppress(ConnectionResetError):
            while got := one.recv(4096):
                heard += got
                with suppress(OSError):
                    one.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert heard.count(b"HTTP/1.1") == 1


@pytest.mark.django_db(transaction=True)
def test_a_transaction_ended_by_the_server_is_the_records_being_away():
    """It is an error of another kind in Django's eyes, and was a 500."""
    with pytest.raises(DatabaseError) as caught:
        fall_silent()
    assert records_away(caught.value)
    connection.close()


def fall_silent() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 100")
        # The line is readable as soon as the server has said goodbye.
        assert select.select([connection.connection.fileno()], [], [], 10)[0]
        cursor.execute("SELECT 1")


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
