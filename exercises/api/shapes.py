"""What the API takes and gives about the work."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from exercises import definition as definitions
from exercises.definition import Item
from exercises.models import AnswerOutcome, Decision, ExerciseVersion, Homework, Review
from exercises.permissions import available
from exercises.queries.bringing import is_for_session
from exercises.visibility import OpenedAnswer, OpenedReview, OpenedRound, status_shown
from exercises.workflow import Move, Status
from practice.actors import Actor
from practice.doors.lists import paged
from practice.doors.shapes import AnyJson, StrictSerializer, Text, WallTime
from practice.wording import language


class ExerciseShape(serializers.Serializer[Any]):
    """An exercise that can be assigned."""

    id = serializers.UUIDField()
    slug = serializers.CharField()
    title = serializers.CharField()
    purpose = serializers.CharField()
    minutes = serializers.IntegerField()
    for_two = serializers.BooleanField()
    is_log = serializers.BooleanField()
    version_id = serializers.UUIDField()
    version = serializers.IntegerField()


class ExerciseInFull(ExerciseShape):
    """An exercise with its whole definition."""

    definition = serializers.JSONField()


class ExerciseSearch(StrictSerializer):
    """Look for exercises."""

    q = serializers.CharField(max_length=100, help_text="Words of the title or the purpose")


class AssignmentRequest(StrictSerializer):
    """Assign an exercise to a client or a couple; wall times in the client's own zone."""

    exercise = serializers.UUIDField()
    client = serializers.UUIDField(required=False, allow_null=True, default=None)
    couple = serializers.UUIDField(required=False, allow_null=True, default=None)
    opens_local = WallTime(
        required=False,
        allow_null=True,
        default=None,
        help_text="Empty: now. A series for a couple then begins at this hour of your own clock",
    )
    due_local = WallTime(required=False, allow_null=True, default=None)
    rrule = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=200, help_text="RFC 5545"
    )
    reminders_on = serializers.BooleanField(required=False, default=True)
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for exactly one of client and couple."""
        if bool(attrs["client"]) == bool(attrs["couple"]):
            raise serializers.ValidationError(_("Name a client or a couple, not both."))
        return attrs


class HomeworkFilter(StrictSerializer):
    """Narrow the list of homework."""

    client = serializers.UUIDField(required=False)
    status = serializers.ChoiceField(choices=[str(status) for status in Status], required=False)


class AssignmentShape(serializers.Serializer[Any]):
    """An assignment and its homework."""

    id = serializers.UUIDField()
    exercise = serializers.CharField()
    version = serializers.IntegerField()
    client = serializers.UUIDField(allow_null=True)
    couple = serializers.UUIDField(allow_null=True)
    rrule = serializers.CharField(allow_blank=True)
    reminders_on = serializers.BooleanField()
    assigned_at = serializers.DateTimeField()
    withdrawn_at = serializers.DateTimeField(allow_null=True)


class HomeworkShape(serializers.Serializer[Any]):
    """One homework, without words."""

    id = serializers.UUIDField()
    assignment = serializers.UUIDField()
    client = serializers.UUIDField()
    exercise = serializers.CharField()
    title = serializers.CharField()
    version = serializers.IntegerField()
    status = serializers.ChoiceField(choices=[str(status) for status in Status])
    round = serializers.IntegerField()
    opens_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)
    submitted_at = serializers.DateTimeField(allow_null=True)
    for_session = serializers.BooleanField(
        help_text="Set aside, to be talked about in the session; only with status skipped"
    )
    can = serializers.ListField(child=serializers.CharField(), help_text="Moves possible now")


class AnswerShape(serializers.Serializer[Any]):
    """What was said to one item."""

    item = serializers.CharField()
    outcome = serializers.ChoiceField(choices=AnswerOutcome.choices)
    value = AnyJson(allow_null=True)
    readable = serializers.ListField(child=serializers.CharField())
    revision = serializers.IntegerField()


class MomentShape(serializers.Serializer[Any]):
    """One entry of a log."""

    id = serializers.UUIDField()
    log = serializers.CharField()
    happened_at = serializers.DateTimeField()
    answers = AnswerShape(many=True)


class RoundShape(serializers.Serializer[Any]):
    """One round with its words."""

    round = serializers.IntegerField()
    submitted_at = serializers.DateTimeField(allow_null=True)
    open_items = serializers.ListField(child=serializers.CharField())
    answers = AnswerShape(many=True)
    moments = MomentShape(many=True)


class AnswerRequest(StrictSerializer):
    """Answer an item, or skip it. An empty body changes nothing."""

    at_least_one = ("value", "outcome")
    value = AnyJson(required=False, allow_null=True)
    outcome = serializers.ChoiceField(
        choices=AnswerOutcome.choices, required=False, default=AnswerOutcome.ANSWERED
    )
    device = serializers.CharField(required=False, allow_blank=True, default="", max_length=40)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Take an empty answer from whoever says that it is empty, and from nobody else."""
        if attrs["outcome"] == AnswerOutcome.ANSWERED and "value" not in attrs:
            raise serializers.ValidationError(
                {"value": self.fields["value"].error_messages["required"]}
            )
        return {"value": None, **attrs}


class AsideRequest(StrictSerializer):
    """Finish without sending."""

    for_session = serializers.BooleanField(
        required=False,
        default=False,
        help_text="To be talked about in the session: who cares for the client is shown it",
    )


class EntryRequest(StrictSerializer):
    """Begin a moment in a log."""

    log = serializers.CharField(max_length=60)
    happened_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class EntryShape(serializers.Serializer[Any]):
    """A moment that was begun."""

    id = serializers.UUIDField()
    log = serializers.CharField()
    happened_at = serializers.DateTimeField()


class SubmittedShape(serializers.Serializer[Any]):
    """How a submission ended: `in`, `already`, or `ended` (an answer wants a human; show the help text)."""

    result = serializers.ChoiceField(choices=["in", "already", "ended"])
    homework = HomeworkShape()


class DraftRequest(StrictSerializer):
    """A review in the making: the whole of it, so its words are always in it."""

    words = serializers.CharField(allow_blank=True, max_length=5000)
    comments = serializers.DictField(
        child=Text(allow_blank=True, max_length=5000), required=False, default=dict
    )
    returned = serializers.ListField(
        child=Text(max_length=60), required=False, default=list, max_length=100
    )
    decision = serializers.ChoiceField(
        choices=Decision.choices, required=False, allow_blank=True, default=""
    )


class ReviewShape(serializers.Serializer[Any]):
    """A review with its words."""

    id = serializers.UUIDField()
    round = serializers.IntegerField()
    decision = serializers.CharField(allow_blank=True)
    words = serializers.CharField(allow_blank=True)
    comments = serializers.DictField(child=serializers.CharField())
    returned = serializers.ListField(child=serializers.CharField())
    revision = serializers.IntegerField()
    sent_at = serializers.DateTimeField(allow_null=True)
    settles_at = serializers.DateTimeField(allow_null=True)
    settled_at = serializers.DateTimeField(allow_null=True)
    seen_at = serializers.DateTimeField(allow_null=True)


ExercisePage = paged(ExerciseShape)
HomeworkPage = paged(HomeworkShape)


def exercise_data(version: ExerciseVersion) -> dict[str, Any]:
    """Return an exercise as the API gives it."""
    exercise, definition = version.exercise, version.definition
    return {
        "id": exercise.pk,
        "slug": exercise.slug,
        "title": definition.title.get(language()),
        "purpose": definition.purpose.get(language()),
        "minutes": exercise.minutes,
        "for_two": exercise.is_pair,
        "is_log": exercise.is_log,
        "version_id": version.pk,
        "version": version.number,
    }


def homework_data(actor: Actor, row: Homework) -> dict[str, Any]:
    """Return a homework as the API gives it, with what `actor` can do."""
    return homeworks_data(actor, [row])[0]


def homeworks_data(actor: Actor, rows: Sequence[Homework]) -> list[dict[str, Any]]:
    """Return several; what can be done with them is asked once for all."""
    moves = available(actor, rows)
    return [_homework(row, moves[row.pk], status_shown(actor, row)) for row in rows]


def _homework(row: Homework, moves: list[Move], status: Status) -> dict[str, Any]:
    return {
        "id": row.pk,
        "assignment": row.assignment_id,
        "client": row.client_id,
        "exercise": row.version.exercise.slug,
        "title": row.version.definition.title.get(language()),
        "version": row.version.number,
        "status": str(status),
        "round": row.round,
        "opens_at": row.opens_at,
        "due_at": row.due_at,
        "submitted_at": row.submitted_at,
        "for_session": is_for_session(row),
        "can": [str(move) for move in moves],
    }


def round_data(row: Homework, rounds: OpenedRound) -> dict[str, Any]:
    """Return a round with its words."""
    items = {item.key: item for item in row.version.definition.walk()}
    return {
        "round": rounds.response.round,
        "submitted_at": rounds.response.submitted_at,
        "open_items": rounds.response.open_items,
        "answers": [answer_data(items[key], words) for key, words in rounds.words.items()],
        "moments": [
            {
                "id": moment.entry.pk,
                "log": moment.entry.log_key,
                "happened_at": moment.entry.happened_at,
                "answers": [answer_data(items[key], w) for key, w in moment.words.items()],
            }
            for moment in rounds.moments
        ],
    }


def answer_data(item: Item, words: OpenedAnswer) -> dict[str, Any]:
    """Return one answer."""
    return {
        "item": words.item_key,
        "outcome": str(words.outcome),
        "value": words.value,
        "readable": definitions.describe(item, words.value, language()),
        "revision": words.revision,
    }


def review_data(reply: OpenedReview) -> dict[str, Any]:
    """Return a review with its words."""
    review: Review = reply.review
    return {
        "id": review.pk,
        "round": review.response.round,
        "decision": review.decision,
        "words": reply.words,
        "comments": reply.comments,
        "returned": sorted(reply.returned),
        "revision": review.revision,
        "sent_at": review.sent_at,
        "settles_at": review.settles_at,
        "settled_at": review.settled_at,
        "seen_at": review.seen_at,
    }
