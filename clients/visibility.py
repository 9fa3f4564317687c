"""Who reads these words? The only place in this app where sealed text is opened."""

from collections.abc import Sequence

from clients.models import Client, PrivateNote, SessionTopic
from clients.permissions import cared_for, reachable
from practice.actors import Actor
from practice.crypto import place_of, unseal


def note_text(actor: Actor, note: PrivateNote) -> str:
    """Open a private note, for its author alone."""
    if note.author_id != actor.member_id:
        return ""
    return unseal(note.sealed_text, **place_of(note, "sealed_text"))


def topics_of(actor: Actor, clients: Sequence[Client]) -> list[tuple[SessionTopic, str]]:
    """Open what clients want to talk about, for themselves and for who cares for them."""
    whose = reachable(actor) if actor.is_client else cared_for(actor)
    # All of them: how many there may be is decided where one is raised, and none goes out of sight.
    found = SessionTopic.objects.filter(
        client__in=whose.filter(pk__in=[one.pk for one in clients]).values("pk")
    )
    return [
        (topic, unseal(topic.sealed_text, **place_of(topic, "sealed_text")))
        for topic in found.order_by("-created_at", "pk")
    ]
