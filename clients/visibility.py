"""Who reads these words? The only place in this app where sealed text is opened."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Window
from django.db.models.functions import RowNumber

from clients.models import Client, PrivateNote, SessionTopic
from clients.permissions import cared_for, reachable
from practice.actors import Actor
from practice.crypto import unseal

MOST_TOPICS = 30


def note_text(actor: Actor, note: PrivateNote) -> str:
    """Open a private note, for its author alone."""
    if note.author_id != actor.member_id:
        return ""
    return unseal(note.sealed_text, **place_of(note))


def topics_of(actor: Actor, clients: Sequence[Client]) -> list[tuple[SessionTopic, str]]:
    """Open what clients want to talk about, for themselves and for who cares for them."""
    whose = reachable(actor) if actor.is_client else cared_for(actor)
    # Of each client the newest: what one has written moves nothing of the other's out of sight.
    newest = Window(RowNumber(), "client_id", ["-created_at", "pk"])
    found = SessionTopic.objects.filter(
        client__in=whose.filter(pk__in=[one.pk for one in clients]).values("pk")
    ).alias(place=newest)
    return [
        (topic, unseal(topic.sealed_text, **place_of(topic)))
        for topic in found.filter(place__lte=MOST_TOPICS).order_by("-created_at", "pk")
    ]


def place_of(row: PrivateNote | SessionTopic) -> dict[str, Any]:
    """Name the place the text is bound to."""
    return {
        "practice": row.practice_id,
        "table": row._meta.db_table,
        "row": row.pk,
        "field": "sealed_text",
    }
