"""What the practice's pages share."""

from django.core.exceptions import PermissionDenied


def refuse_unless(*, allowed: bool) -> None:
    """Answer 403 to the wrong role."""
    if not allowed:
        raise PermissionDenied
