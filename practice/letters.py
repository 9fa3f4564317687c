"""What letters can do beyond being read: marks without end."""

import unicodedata
from functools import lru_cache
from typing import Literal

# The longest run of marks on one letter that any language needs (UAX #15, Stream-Safe Text).
MOST_MARKS = 30
_JOINER = "\u034f"


def normalized(form: Literal["NFC", "NFD", "NFKD"], text: str) -> str:
    """Normalise `text` in a time that grows with its length, whatever it holds; nothing is lost.

    Marks are sorted by insertion, a whole run at a time: a hundred thousand of them on one letter
    would hold the process for a quarter of a minute. Nobody else calls `unicodedata.normalize`.
    """
    return unicodedata.normalize(form, _stream_safe(text))


def bare(form: Literal["NFD", "NFKD"], text: str) -> str:
    """Return the letters without what stands over and under them."""
    return "".join(c for c in normalized(form, text) if not unicodedata.combining(c))


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
