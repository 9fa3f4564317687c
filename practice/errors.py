"""What a person is told when something cannot be done, and what is nobody's mistake."""

from django.db import DatabaseError, InterfaceError, OperationalError

# How PostgreSQL's codes begin when it could not do its work.
AWAY = ("XX", "25P03", "57P0")
# Two waited for each other, and it let one of them go on: the other only has to come again.
CROSSED = {"40P01", "40001"}


class NotPossible(Exception):
    """Say why an action cannot happen now; becomes 409 with `message` on the page."""

    def __init__(self, message: str, *, code: str = "not_possible") -> None:
        super().__init__(code)  # the message may be shown to a person, so it stays out of logs
        self.message = message
        self.code = code


class BadInput(NotPossible):
    """Say, field by field, what to write instead; becomes 422 and nothing typed is lost."""

    def __init__(self, fields: dict[str, list[str]]) -> None:
        super().__init__(
            " ".join(text for texts in fields.values() for text in texts), code="bad_input"
        )
        self.fields = fields


class Closed(NotPossible):
    """Say that nothing can be written any more into what was open a moment ago."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="closed")


class Stale(NotPossible):
    """Somebody else wrote first; both texts travel with the refusal, and nothing is lost."""

    def __init__(self, message: str, *, mine: object, theirs: object, revision: int) -> None:
        super().__init__(message, code="stale")
        self.mine = mine
        self.theirs = theirs
        self.revision = revision


class SignInAgain(Exception):
    """Somebody who has nothing but codes by mail has to show once more who they are."""


def records_away(error: BaseException | None) -> bool:
    """Say whether the database could not do its work: away, starting, or out of room.

    A full disk is an OperationalError (53100); a file system that refuses in another way (a quota,
    a file grown too large) is PostgreSQL's own XX000, which Django calls an InternalError like some
    mistakes of ours. Away is also what ends a transaction in which nothing came for too long
    (25P03), and a server that shuts down (57P0x), whatever Django calls them. The rest keeps its 500.
    """
    return isinstance(error, OperationalError | InterfaceError) or (
        isinstance(error, DatabaseError) and sql_state(error).startswith(AWAY)
    )


def has_crossed(error: BaseException) -> bool:
    """Say whether only somebody else at the same moment was in the way: all of it is undone, and can
    be done once more."""
    return isinstance(error, DatabaseError) and sql_state(error) in CROSSED


def sql_state(error: BaseException) -> str:
    """Return PostgreSQL's code for an error, or nothing when the line itself broke."""
    return str(getattr(error.__cause__, "sqlstate", None) or "")


class KeyTrouble(Exception):
    """A key is missing or wrong, or a ciphertext was moved or damaged. Never shown as text."""
