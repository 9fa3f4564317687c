"""Private notes of therapists, and what clients want to talk about: sealed words, both."""

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from clients.actions.turns import lock_clients
from clients.models import Client, PrivateNote, SessionTopic
from clients.permissions import NOBODY, is_author, is_self, may_keep_note
from clients.visibility import note_text, topics_of
from practice.actions import auditing
from practice.actors import Actor
from practice.crypto import place_of, seal
from practice.errors import BadInput
from practice.letters import thousands

LONGEST = 5000
# More than any hour holds; each of them is shown to whoever may read them.
MOST_TOPICS = 30


def keep_note(
    *, by: Actor, at: datetime, client: Client, text: str, note: PrivateNote | None = None
) -> PrivateNote:
    """Write a note of one's own, or change it; nobody else ever reads it."""
    if not may_keep_note(by, client, note):
        raise PermissionDenied
    words = _checked(text)
    note = note or PrivateNote(
        practice_id=by.practice_id, client=client, author_id=by.member_id or NOBODY, created_at=at
    )
    note.sealed_text = seal(words, **place_of(note, "sealed_text"))
    note.updated_at = at
    with transaction.atomic():
        note.save()
        auditing.on_client(by, at, "note.kept", client.pk)
    return note


def drop_note(*, by: Actor, at: datetime, note: PrivateNote) -> None:
    """Throw a note of one's own away."""
    if not is_author(by, note):
        raise PermissionDenied
    with transaction.atomic():
        note.delete()
        auditing.on_client(by, at, "note.dropped", note.client_id)


def read_notes(
    *, by: Actor, at: datetime, client: Client, notes: Sequence[PrivateNote]
) -> list[tuple[PrivateNote, str]]:
    """Read one's own notes. Audited, but not a reading of the client's words."""
    found = [(note, note_text(by, note)) for note in notes]
    if found:
        with transaction.atomic():
            auditing.on_client(by, at, "note.read", client.pk)
    return found


def raise_topic(*, by: Actor, at: datetime, client: Client, text: str) -> SessionTopic:
    """Keep something for the next session. Raises BadInput when it is full."""
    if not is_self(by, client.pk):
        raise PermissionDenied
    topic = SessionTopic(practice_id=by.practice_id, client=client, created_at=at)
    topic.sealed_text = seal(_checked(text), **place_of(topic, "sealed_text"))
    with transaction.atomic():
        lock_clients([client.pk])
        if SessionTopic.objects.filter(client=client).count() >= MOST_TOPICS:
            said = _(
                "There are %(most)d topics here already. Remove one that you have talked"
                " about; your words are still in the box."
            )
            raise BadInput({"text": [said % {"most": MOST_TOPICS}]})
        topic.save(force_insert=True)
        auditing.on_client(by, at, "topic.raised", client.pk)
    return topic


def drop_topic(*, by: Actor, at: datetime, topic: SessionTopic) -> None:
    """Remove a topic."""
    if not is_self(by, topic.client_id):
        raise PermissionDenied
    with transaction.atomic():
        topic.delete()
        auditing.on_client(by, at, "topic.dropped", topic.client_id)


def read_topics(
    *, by: Actor, at: datetime, clients: Sequence[Client]
) -> list[tuple[SessionTopic, str]]:
    """Read what clients want to talk about; a therapist's reading is audited."""
    found = topics_of(by, clients)
    if not by.is_client:
        with transaction.atomic():
            for pk in dict.fromkeys(topic.client_id for topic, _text in found):
                auditing.on_client(by, at, "read.topics", pk)
    return found


def _checked(text: str) -> str:
    words = text.replace("\x00", "").strip()
    if not words:
        raise BadInput({"text": [_("Write a few words.")]})
    if len(words) > LONGEST:
        over = thousands(len(words) - LONGEST)
        raise BadInput(
            {"text": [_("That is %(over)s characters over. Shorten it.") % {"over": over}]}
        )
    return words
