"""What `manage.py check --deploy` looks at besides Django's own list."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 -- Django's own

from practice.crypto import Keyring
from practice.errors import KeyTrouble

HERE = ("", "localhost", "127.", "::1", "/")
POSTGRES = Warning(
    "PostgreSQL is on another machine, and its certificate is not checked.",
    hint="Add ?sslmode=verify-full to DATABASE_URL (docs/operations.md).",
    id="homeward.W001",
)
REDIS = Warning(
    "Redis is on another machine, and is spoken to in the clear.",
    hint="Write rediss:// in REDIS_URL (docs/operations.md).",
    id="homeward.W002",
)


@register(Tags.security, deploy=True)
def the_master_key_can_be_used(**_given: Any) -> Sequence[CheckMessage]:
    """Find a missing or broken master key before the first client does."""
    try:
        # A ring of its own: it looks anew, whatever this process has looked at before.
        _ = Keyring().wrapper
    except KeyTrouble as trouble:
        return [
            Error(str(trouble), hint="See docs/operations.md, Environment.", id="homeward.E001")
        ]
    return []


@register(Tags.security, deploy=True)
def lines_to_other_machines(**_given: Any) -> Sequence[CheckMessage]:
    """Warn of a line to another machine that nobody has made sure of (OWASP ASVS 12.3)."""
    return unsure(settings.DATABASES["default"], settings.REDIS_URL)


def unsure(database: Any, redis_url: str) -> list[CheckMessage]:
    """Return a warning for each of these lines that leads elsewhere unchecked."""
    found: list[CheckMessage] = []
    mode = database.get("OPTIONS", {}).get("sslmode", "")
    if not _is_here(str(database.get("HOST", ""))) and mode not in {"verify-full", "verify-ca"}:
        found.append(POSTGRES)
    redis = urlsplit(redis_url)
    unchecked = parse_qs(redis.query).get("ssl_cert_reqs", ["required"])[0].lower()
    checked = redis.scheme == "rediss" and unchecked in {"required", "cert_required"}
    if redis.scheme != "unix" and not _is_here(redis.hostname or "") and not checked:
        found.append(REDIS)
    return found


def _is_here(host: str) -> bool:
    return host in HERE[:2] or host.startswith(HERE[2:])
