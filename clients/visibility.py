"""Who reads these words? The only place in this app where sealed text is opened."""

from typing import Any

from clients.models import PrivateNote, SessionTopic
from clients.permissions import may_care_for
from practice.actors import Actor
from practice.crypto import unseal


def note_text(actor: Actor, note: PrivateNote) -> str:
    """Open a private note, for its author alone."""
    if note.author_id != actor.member_id:
        return ""
    return unseal(note.sealed_text, **place_of(note))


def topic_text(actor: Actor, topic: SessionTopic) -> str:
    """Open what a client wants to talk about, for them and for who cares for them."""
    own = actor.is_client and topic.client_id == actor.client_id
    if not own and not may_care_for(actor, topic.client):
        return ""
    return unseal(topic.sealed_text, **place_of(topic))


def place_of(row: PrivateNote | SessionTopic) -> dict[str, Any]:
    """Name the place the text is bound to."""
    return {
        "practice": row.practice_id,
        "table": row._meta.db_table,
        "row": row.pk,
        "field": "sealed_text",
    }
