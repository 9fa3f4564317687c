"""What a person is told when something cannot be done."""


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


class Stale(NotPossible):
    """Somebody else wrote first; both texts travel with the refusal, and nothing is lost."""

    def __init__(self, message: str, *, mine: object, theirs: object, revision: int) -> None:
        super().__init__(message, code="stale")
        self.mine = mine
        self.theirs = theirs
        self.revision = revision


class SignInAgain(Exception):
    """Somebody who has nothing but codes by mail has to show once more who they are."""


class KeyTrouble(Exception):
    """A key is missing or wrong, or a ciphertext was moved or damaged. Never shown as text."""
