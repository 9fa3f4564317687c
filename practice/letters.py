"""What letters can do beyond being read: marks without end, names that nobody sees; long numbers."""

import unicodedata
from functools import lru_cache
from typing import Literal
from urllib.parse import urlsplit

# The longest run of marks on one letter that any language needs (UAX #15, Stream-Safe Text).
MOST_MARKS = 30
_JOINER = "\u034f"
# Persian and the scripts of India write with these two; every other format character is dropped.
_JOINING = "\u200c\u200d"
# Letters by name, and empty to the eye: Hangul and Khmer fillers, an empty Braille cell.
_BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"


def normalized(form: Literal["NFC", "NFD", "NFKD"], text: str) -> str:
    """Normalise `text` in a time that grows with its length, whatever it holds; nothing is lost.

    Marks are sorted by insertion, a whole run at a time: a hundred thousand of them on one letter
    would hold the process for a quarter of a minute. Nobody else calls `unicodedata.normalize`.
    """
    return unicodedata.normalize(form, _stream_safe(text))


def without_accents(form: Literal["NFD", "NFKD"], text: str) -> str:
    """Return the letters without what stands over and under them."""
    return "".join(c for c in normalized(form, text) if not unicodedata.combining(c))


def host_of(url: str) -> str:
    """Return the host of an address as a browser reads it: wide letters are letters, a soft hyphen
    is nothing."""
    return normalized("NFKD", urlsplit(url).hostname or "").replace("\u00ad", "").rstrip(".")


def thousands(number: int) -> str:
    """Write a whole number with its thousands apart, by a space that does not break: no language
    takes that for a fraction."""
    return f"{number:,}".replace(",", "\u00a0")


def in_lines(text: str) -> str:
    """Return `text` with its lines parted as we keep them: a browser's form sends CRLF."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def visible(text: str) -> str:
    """Return what of `text` can be seen, in the order it is written; nothing if nothing can.

    A name of zero-width characters names nobody, and one that is turned round names somebody else.
    """
    kept = "".join(
        c for c in text if c in _JOINING or (c not in _BLANK and unicodedata.category(c) != "Cf")
    )
    visible = any(unicodedata.category(c)[0] in "LNPS" for c in kept)
    return kept.strip() if visible else ""


def _stream_safe(text: str) -> str:
    """Part runs of marks with a character nobody sees, as UAX #15 says."""
    if text.isascii() or len(text) <= MOST_MARKS:
        return text
    run, kept = 0, []
    for letter in text:
        run = run + 1 if _is_mark(letter) else 0
        if run > MOST_MARKS:
            kept.append(_JOINER)
            run = 1
        kept.append(letter)
    return "".join(kept)


@lru_cache(maxsize=4096)
def _is_mark(letter: str) -> bool:
    # A few that are no marks themselves are taken apart into nothing but marks.
    return unicodedata.combining(unicodedata.normalize("NFKD", letter)[0]) > 0
