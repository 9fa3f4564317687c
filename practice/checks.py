"""What `manage.py check --deploy` looks at besides Django's own list."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register

from practice.crypto import Keyring
from practice.errors import KeyTrouble


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
