"""For whom something is given, or taken back: one client, or two."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from clients.models import Client, Couple, tell_apart, to_come
from exercises.views import wording
from exercises.views.therapist_pages import page_of
from practice.wording import both


@dataclass(frozen=True)
class Target:
    """For whom: one client, or a couple; of two who were parted, those who are `near`."""

    client: Client | None
    couple: Couple | None
    near: Collection[UUID] | None = None

    @property
    def people(self) -> list[Client]:
        two = self.couple.pair if self.couple else []
        one = [self.client] if self.client else []
        return [who for who in two or one if self.near is None or who.pk in self.near]

    @property
    def name(self) -> str:
        return called(self.people)

    @property
    def back(self) -> str:
        return page_of(self.people[0], self.couple)

    @property
    def is_unlinked(self) -> bool:
        return self.couple is not None and self.couple.ended_at is not None

    @property
    def ended(self) -> list[Client]:
        """Return those whose care has ended: nothing can be given to them, nor to both."""
        return [one for one in self.people if one.discharged_at]

    def session(self, at: datetime) -> tuple[datetime, UUID] | None:
        """Return when they come next, one of a couple also with their partner; and whose hour that is."""
        if self.couple:
            hour = to_come(self.couple.next_session_at, at)
            return (hour, self.couple.pk) if hour else None
        client: Any = self.people[0]
        hour = wording.next_session(client, at)
        if hour is None:
            return None
        return hour, client.pk if hour == client.next_session_at else client.shared_session_of


def called(people: Sequence[Client]) -> str:
    """Return what these are called, one or two; who was told apart stays so."""
    if len(people) == 2:
        tell_apart(people)
    names = [one.name_to_call for one in people]
    return both(*names) if len(names) == 2 else "".join(names)
