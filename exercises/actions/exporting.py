"""Hand somebody the whole of one client's record."""

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404

from clients.models import Client, Consent
from clients.permissions import among_reached, may_take_copy
from clients.visibility import topics_of
from exercises import definition as definitions
from exercises.actions.reviewing import mark_opened
from exercises.models import Homework
from exercises.queries.bringing import is_for_session
from exercises.queries.homework import record_of
from exercises.visibility import (
    OpenedEntry,
    OpenedReview,
    OpenedRound,
    read_many,
    read_notes,
    read_replies,
    status_shown,
)
from practice.actions import auditing
from practice.actors import Actor


def export(*, by: Actor, at: datetime, client: Client, language: str) -> dict[str, Any]:
    """Return everything `by` may read of a client, ready for JSON and for the readable page.

    For the client themselves and for a therapist of theirs. Private notes of therapists are not
    part of it. Audited.
    """
    if not among_reached(by, [client.pk]):
        raise Http404
    if not may_take_copy(by, client):
        raise PermissionDenied
    rows = list(record_of(by, client))
    if not by.is_client:
        mark_opened(by=by, at=at, homeworks=rows)
    rounds = read_many(by, rows)
    replies, notes = read_replies(by, rows), read_notes(by, rows)
    record = {
        "format": "homeward-record/1",
        "exported_at": at.isoformat(),
        "client": {
            "name": client.name,
            "called": client.called,
            "email": client.email,
            "zone": client.zone,
            "language": client.language,
            "joined_at": client.joined_at.isoformat() if client.joined_at else None,
        },
        "consents": [
            {
                "version": c.version,
                "given_at": c.given_at.isoformat(),
                "withdrawn_at": c.withdrawn_at.isoformat() if c.withdrawn_at else None,
                "text": c.text,
            }
            for c in Consent.objects.filter(client=client).order_by("given_at", "pk")
        ],
        # What they want to talk about: their own, and a therapist's of theirs, whom they wrote it for.
        "topics": [
            {"raised_at": topic.created_at.isoformat(), "words": text}
            for topic, text in topics_of(by, [client])
        ],
        "homework": [
            _homework(by, row, notes[row.pk], rounds[row.pk], replies[row.pk], language)
            for row in rows
        ],
    }
    with transaction.atomic():
        auditing.on_client(by, at, "read.exported", client.pk)
    return record


def _homework(
    by: Actor,
    row: Homework,
    note: str,
    rounds: list[OpenedRound],
    replies: list[OpenedReview],
    language: str,
) -> dict[str, Any]:
    items = {item.key: item for item in row.version.definition.items}
    return {
        "exercise": row.version.definition.title.get(language),
        "version": row.version.number,
        "status": str(status_shown(by, row)),
        "for_session": is_for_session(row),
        "opened_at": row.opens_at.isoformat(),
        "submitted_at": row.submitted_at.isoformat() if row.submitted_at else None,
        "note": note,
        "rounds": [_round(items, words, language) for words in rounds],
        "answers_from_therapist": [
            {
                "from": reply.review.reviewer.user.get_full_name(),
                "round": reply.review.response.round,
                "sent_at": reply.review.sent_at.isoformat(),
                "words": reply.words,
                "comments": [
                    {"question": item.text.get(language), "words": reply.comments[key]}
                    for key, item in items.items()
                    if key in reply.comments
                ],
            }
            for reply in replies
            if reply.review.sent_at
        ],
    }


def _round(items: dict[str, Any], words: OpenedRound, language: str) -> dict[str, Any]:
    return {
        "round": words.response.round,
        "submitted_at": (
            words.response.submitted_at.isoformat() if words.response.submitted_at else None
        ),
        "answers": _answers(items, words.words, language),
        "moments": [_moment(items, moment, language) for moment in words.moments],
    }


def _moment(items: dict[str, Any], moment: OpenedEntry, language: str) -> dict[str, Any]:
    inner = {item.key: item for item in items[moment.entry.log_key].items}
    return {
        "at": moment.entry.happened_at.isoformat(),
        "answers": _answers(inner, moment.words, language),
    }


def _answers(items: dict[str, Any], words: dict[str, Any], language: str) -> list[dict[str, Any]]:
    return [
        {
            "question": item.text.get(language),
            "outcome": str(words[key].outcome),
            "value": words[key].value,
            "readable": definitions.describe(item, words[key].value, language),
        }
        for key, item in items.items()
        if key in words
    ]
