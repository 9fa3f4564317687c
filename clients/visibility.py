"""Who reads these words? The only place in this app where sealed text is opened."""

from collections.abc import Iterable
from typing import Any

from clients.models import Client, PrivateNote, SessionTopic
from clients.permissions import may_care_for
from practice.actors import Actor
from practice.crypto import unseal


def note_text(actor: Actor, note: PrivateNote) -> str:
    """Open a private note, for its author alone."""
    if note.author_id != actor.member_id:
        return ""
    return unseal(note.sealed_text, **place_of(note))


def topic_texts(
    actor: Actor, client: Client, topics: Iterable[SessionTopic]
) -> list[tuple[SessionTopic, str]]:
    """Open what a client wants to talk about, for them and for who cares for them."""
    theirs = [topic for topic in topics if topic.client_id == client.pk]
    own = actor.is_client and client.pk == actor.client_id
    if not theirs or not (own or may_care_for(actor, client)):
        return []
    return [(topic, unseal(topic.sealed_text, **place_of(topic))) for topic in theirs]


def place_of(row: PrivateNote | SessionTopic) -> dict[str, Any]:
    """Name the place the text is bound to."""
    return {
        "practice": row.practice_id,
        "table": row._meta.db_table,
        "row": row.pk,
        "field": "sealed_text",
    }
