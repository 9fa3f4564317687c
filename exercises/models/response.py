"""What a client answers: a draft until submitted, then immutable (a trigger holds it)."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from exercises.models.assignment import Homework
from practice.models import PracticeOwned


class Response(PracticeOwned):
    """One round of one homework. A return opens the next round."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    homework = models.ForeignKey(Homework, on_delete=models.CASCADE, related_name="responses")
    round = models.PositiveSmallIntegerField()
    # The item keys that are open in this round; empty means all (round 1).
    open_items = ArrayField(models.CharField(max_length=60), default=list)
    started_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    # When a therapist first opened it: from then on it cannot be taken back.
    opened_at = models.DateTimeField(null=True, blank=True)
    # How the client felt after sending: lighter, same, heavier. Theirs to tell or not.
    sealed_after_check = models.BinaryField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["homework", "round"], name="round_once")]


class Entry(PracticeOwned):
    """One moment in a log exercise."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    response = models.ForeignKey(Response, on_delete=models.CASCADE, related_name="entries")
    log_key = models.CharField(max_length=60)
    happened_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["response", "happened_at", "id"])]


class AnswerOutcome(models.TextChoices):
    """How an item was finished."""

    ANSWERED = "answered", _("Answered")
    SKIPPED = "skipped", _("Skipped")
    IN_SESSION = "in_session", _("I'd rather say it in session")


class Answer(PracticeOwned):
    """What was said to one item, in one round; the value is sealed JSON.

    Releases to a partner, item by item, would point here: one row is one item of one round.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    response = models.ForeignKey(Response, on_delete=models.CASCADE, related_name="answers")
    entry = models.ForeignKey(
        Entry, on_delete=models.CASCADE, null=True, blank=True, related_name="answers"
    )
    item_key = models.CharField(max_length=60)
    outcome = models.CharField(max_length=10, choices=AnswerOutcome.choices)
    sealed_value = models.BinaryField(null=True, blank=True)
    # Rises with every save; a save that names an older one gets both texts and a choice.
    revision = models.PositiveIntegerField(default=1)
    # Which browser saved last: its own next save is never a conflict.
    device = models.CharField(max_length=40, blank=True)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["response", "item_key"], condition=Q(entry=None), name="answer_once"
            ),
            models.UniqueConstraint(fields=["entry", "item_key"], name="entry_answer_once"),
        ]
