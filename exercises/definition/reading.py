"""A tree of plain data that remembers its lines, and strict ways to take things out of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

MOST_WORDS = 2000


class DefinitionError(ValueError):
    """Why an exercise file is refused: which file, which line, what is wrong there."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        self.file = file
        self.line = line
        self.reason = reason
        super().__init__(f"{file}:{line}: {reason}")


@dataclass(frozen=True)
class Place:
    """A value and where it stands. Maps and lists hold Places."""

    value: Any
    line: int
    file: str

    def refuse(self, reason: str) -> DefinitionError:
        """Return the error to raise about this place."""
        return DefinitionError(self.file, self.line, reason)

    def fields(self, allowed: Iterable[str], needed: Iterable[str] = ()) -> dict[str, "Place"]:
        """Return a map's places; refuse unknown keys and those that are missing."""
        if not isinstance(self.value, dict):
            raise self.refuse("expected a map of names and values here")
        found: dict[str, Place] = self.value
        known = frozenset(allowed)
        for name, place in found.items():
            if name not in known:
                raise place.refuse(
                    f"unknown key “{name:.60}”; known here: {', '.join(sorted(known))}"
                )
        for name in needed:
            if name not in found:
                raise self.refuse(f"“{name}” is missing")
        return found

    def rows(self, most: int = 200) -> list["Place"]:
        """Return a list's places."""
        if not isinstance(self.value, list):
            raise self.refuse("expected a list here")
        if len(self.value) > most:
            raise self.refuse(f"this list has more than {most} entries")
        found: list[Place] = self.value
        return found

    def string(self, most: int = MOST_WORDS) -> str:
        """Return words; refuse what would be unsafe to show."""
        if not isinstance(self.value, str):
            raise self.refuse("expected words here (numbers, true and false need quotes)")
        text = self.value.strip()
        if not text:
            raise self.refuse("this is empty")
        if len(text) > most:
            raise self.refuse(f"longer than {most} characters")
        if any(_is_unsafe(letter) for letter in text):
            raise self.refuse("contains a control character")
        return text

    def name(self) -> str:
        """Return a key: lower-case letters, digits, - and _, at most 60."""
        text = self.string(60)
        plain = text.replace("-", "").replace("_", "")
        if not (plain.isascii() and plain.isalnum() and text == text.lower()):
            raise self.refuse(f"“{text}” is not a key: use a-z, 0-9, - and _")
        return text

    def integer(self, low: int, high: int) -> int:
        """Return a whole number between two others."""
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            raise self.refuse("expected a whole number here")
        found: int = self.value
        if not low <= found <= high:
            wanted = f"a number from {low} to {high}" if low < high else str(low)
            raise self.refuse(f"expected {wanted}")
        return found

    def truth(self) -> bool:
        """Return true or false."""
        if not isinstance(self.value, bool):
            raise self.refuse("expected true or false here")
        return self.value

    def one_of(self, allowed: Iterable[str]) -> str:
        """Return one of some words."""
        known = sorted(allowed)
        if not isinstance(self.value, str) or self.value not in known:
            raise self.refuse(f"“{self.value!s:.60}” is none of: {', '.join(known)}")
        return self.value


def wrap(data: Any, file: str, line: int = 0) -> Place:
    """Turn plain data, such as stored JSON, into a tree of places."""
    if isinstance(data, dict):
        return Place({str(name): wrap(one, file, line) for name, one in data.items()}, line, file)
    if isinstance(data, list | tuple):
        return Place([wrap(one, file, line) for one in data], line, file)
    return Place(data, line, file)


def _is_unsafe(letter: str) -> bool:
    code = ord(letter)
    if code < 0x20:
        return letter not in "\n\t"
    return (
        0x7F <= code < 0xA0
        or 0xD800 <= code < 0xE000
        or 0x202A <= code <= 0x202E
        or 0x2066 <= code <= 0x2069
    )
