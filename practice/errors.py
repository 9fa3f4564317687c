"""What a person is told when something cannot be done."""


class NotPossible(Exception):
    """Say why an action cannot happen now; becomes 409 with `message` on the page."""

    def __init__(self, message: str, *, code: str = "not_possible") -> None:
        super().__init__(code)  # the message may be shown to a person, so it stays out of logs
        self.message = message
        self.code = code


class Stale(NotPossible):
    """Somebody else wrote first; both texts travel with the refusal, and nothing is lost."""

    def __init__(self, message: str, *, mine: object, theirs: object, revision: int) -> None:
        super().__init__(message, code="stale")
        self.mine = mine
        self.theirs = theirs
        self.revision = revision


class KeyTrouble(Exception):
    """A key is missing or wrong, or a ciphertext was moved or damaged. Never shown as text."""
