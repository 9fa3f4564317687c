"""What the paper's lines need of curl, by Python's own client: for machines without it."""

import argparse
import sys
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit


def body_of(data: str) -> bytes:
    """Return what `-d` sends; `@` names a file, whose line ends curl leaves out."""
    if data.startswith("@"):
        return Path(data[1:]).read_bytes().replace(b"\r", b"").replace(b"\n", b"")
    return data.encode()


def main() -> None:
    """Ask once, and write the answer; with `-i` its head as well."""
    said = argparse.ArgumentParser()
    said.add_argument("url")
    said.add_argument("-s", action="store_true")
    said.add_argument("-i", action="store_true")
    said.add_argument("--retry")
    said.add_argument("-X")
    said.add_argument("-H", action="append", default=[])
    said.add_argument("-d")
    asked = said.parse_args()
    to = urlsplit(asked.url)
    body = None if asked.d is None else body_of(asked.d)
    headers = {} if body is None else {"Content-Type": "application/x-www-form-urlencoded"}
    headers |= dict(line.split(": ", 1) for line in asked.H)
    line = HTTPConnection(to.hostname or "", to.port, timeout=30)
    where = f"{to.path}?{to.query}" if to.query else to.path
    line.request(asked.X or ("GET" if body is None else "POST"), where, body, headers)
    answer = line.getresponse()
    if asked.i:
        head = "".join(f"{name}: {value}\r\n" for name, value in answer.getheaders())
        sys.stdout.write(f"HTTP/1.1 {answer.status} {answer.reason}\r\n{head}\r\n")
    sys.stdout.write(answer.read().decode())


if __name__ == "__main__":
    main()
