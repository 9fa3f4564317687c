"""What commands are told of practices."""

from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from practice.queries.practices import practices_of_all


def add_practice(parser: CommandParser) -> None:
    """Take one practice; all of them, when none is named."""
    parser.add_argument("--practice", type=UUID, help="only this practice's id")


def chosen_practices(only: UUID | None) -> list[UUID]:
    """Return their ids. Raises CommandError when the one named is not there."""
    found = practices_of_all(only)
    if only and not found:
        raise CommandError(f"There is no practice {only}.")
    return found
