"""What the therapist says of a round, and what wants a human soon."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clients.models import Client
from exercises.models.assignment import Homework
from exercises.models.response import Response
from practice.models import Membership, PracticeOwned


class Decision(models.TextChoices):
    """How a review ends."""

    REVIEWED = "reviewed", _("Reviewed, nothing more needed")
    RETURNED = "returned", _("Return for deepening")


class Review(PracticeOwned):
    """One therapist's answer to one round: a draft, then sent, then (two minutes later) settled.

    Until it settles the therapist can undo, and the client sees nothing of it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    response = models.ForeignKey(Response, on_delete=models.CASCADE, related_name="reviews")
    reviewer = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    decision = models.CharField(max_length=10, choices=Decision.choices, blank=True)
    sealed_words = models.BinaryField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    # Not before this does the client see it; until then it can be undone.
    settles_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["response", "reviewer"], name="one_review_each"),
            models.UniqueConstraint(
                fields=["response"], condition=~Q(sent_at=None), name="one_sent_review"
            ),
        ]
        indexes = [
            models.Index(
                fields=["settles_at"],
                condition=~Q(sent_at=None) & Q(settled_at=None),
                name="reviews_to_settle",
            )
        ]


class Comment(PracticeOwned):
    """A therapist's words on one item; `returned` asks the client to go deeper there."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="comments")
    item_key = models.CharField(max_length=60)
    sealed_text = models.BinaryField(null=True, blank=True)
    returned = models.BooleanField(default=False)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["review", "item_key"], name="comment_once")]


class FlagKind(models.TextChoices):
    """Why an answer wants a human."""

    SAFETY = "safety", _("Safety")
    TALK = "talk", _("Bring it to the therapist")


class Flag(PracticeOwned):
    """An answer that wants a human soon; the therapist alone sees it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="flags")
    homework = models.ForeignKey(Homework, on_delete=models.CASCADE, related_name="flags")
    kind = models.CharField(max_length=8, choices=FlagKind.choices)
    item_key = models.CharField(max_length=60)
    raised_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True, blank=True)
    handled_by = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        indexes = [
            models.Index(fields=["client"], condition=Q(handled_at=None), name="flags_unhandled")
        ]
