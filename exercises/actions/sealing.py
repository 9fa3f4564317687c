"""Seal words into a row's field, bound to that very row and field."""

from typing import Any

from practice.crypto import place_of, seal


def sealed(row: Any, name: str, text: str) -> bytes | None:
    """Return the ciphertext for `row.name`; None for no words at all."""
    return seal(text, **place_of(row, name)) if text else None
