"""Ask the web server of this container whether it is well; ends with 1 when it is not."""

import os
import sys
from http.client import HTTPConnection, HTTPException


def main() -> int:
    """Ask /health under a host name the site listens to."""
    port = int(os.environ.get("HOMEWARD_BIND", "127.0.0.1:8000").rpartition(":")[2])
    host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].lstrip(".")
    door = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        door.request("GET", "/health", headers={"Host": host, "X-Forwarded-Proto": "https"})
        return 0 if door.getresponse().status == 200 else 1
    except (OSError, HTTPException):
        return 1


if __name__ == "__main__":
    sys.exit(main())
