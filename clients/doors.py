"""What the pages about people in care say alike, here and in `exercises`."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clients.models import Client
from clients.queries import screening
from practice.actors import Actor
from practice.doors.pages import Point


def unseen_answers(actor: Actor, client: Client) -> Iterator[Point]:
    """Say that answers of a client's wait for somebody to see to them: before care ends, or goes to
    another. Of a partner, who goes along, nothing: this page may lie open before the one it is about."""
    if number := screening.count_unseen(actor, client):
        text = ngettext(
            "An answer of %(name)s’s asks for you, and nobody has seen to it yet.",
            "%(n)d answers of %(name)s’s ask for you, and nobody has seen to them yet.",
            number,
        )
        said = {"n": number, "name": client.name_to_call}
        yield Point(text % said, _("See to it first."))
