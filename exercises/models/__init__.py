"""The work: exercises, who was given which, what they answered, what came back."""

from exercises.models.assignment import Assignment, Homework, Step
from exercises.models.library import Exercise, ExerciseVersion
from exercises.models.reminder import LEASE, MailChannel, Reminder, ReminderReason, ReminderState
from exercises.models.response import Answer, AnswerOutcome, Entry, Response
from exercises.models.review import Comment, Decision, Flag, FlagKind, Review

__all__ = [
    "LEASE",
    "Answer",
    "AnswerOutcome",
    "Assignment",
    "Comment",
    "Decision",
    "Entry",
    "Exercise",
    "ExerciseVersion",
    "Flag",
    "FlagKind",
    "Homework",
    "MailChannel",
    "Reminder",
    "ReminderReason",
    "ReminderState",
    "Response",
    "Review",
    "Step",
]
