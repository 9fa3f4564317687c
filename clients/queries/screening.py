"""What a judgement about couple work is based on."""

import hashlib
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from clients.models import Client
from clients.queries import care
from practice.actors import Actor


def asked_for_a_human(actor: Actor, client: Client) -> list[Any]:
    """Return which of a client's answers did, seen to or not; for who cares for them."""
    found: list[Any] = import_string(settings.HOMEWARD_FLAGS)(actor, client)  # exercises'
    return found


def count_unseen(actor: Actor, client: Client) -> int:
    """Count those of them that nobody has seen to yet."""
    return sum(one.handled_at is None for one in asked_for_a_human(actor, client))


def basis(actor: Actor, client: Client) -> str:
    """Return a mark of what a judgement about couple work is based on: what was noted last, and which
    answers asked for a human. It is another once either has changed."""
    known = [f"{one.pk} {one.ended_at}" for one in care.clearances(actor, client)[:1]]
    known += sorted(str(flag.pk) for flag in asked_for_a_human(actor, client))
    return hashlib.sha256(" ".join(known).encode()).hexdigest()[:16]
