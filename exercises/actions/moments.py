"""The moments of a log: begin one, say when it was, take it out again."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from exercises import definition as definitions
from exercises.actions.responding import begin, lock, log_of
from exercises.models import Entry, Homework
from practice.actors import Actor
from practice.errors import BadInput, NotPossible

MOST_ENTRIES = 500
# A moment may be older than its log, by two years at most.
LONG_BEFORE = timedelta(days=2 * 366)


def add_entry(
    *, by: Actor, at: datetime, homework: Homework, log_key: str, happened_at: datetime
) -> Entry:
    """Begin a new moment in a log. Raises NotPossible when it is full."""
    _check_moment(homework, happened_at, at)
    response = begin(by=by, at=at, homework=homework)
    log_of(homework, log_key)
    with transaction.atomic():
        lock(response)
        if Entry.objects.filter(response=response).count() >= MOST_ENTRIES:
            raise NotPossible(_("This log is full. Send it, and begin a new one."))
        return Entry.objects.create(
            practice_id=homework.practice_id,
            response=response,
            log_key=log_key,
            happened_at=happened_at,
            created_at=at,
        )


def move_entry(*, by: Actor, at: datetime, homework: Homework, entry: Entry, to: datetime) -> None:
    """Say that a moment happened at another time."""
    _check_moment(homework, to, at)
    response = begin(by=by, at=at, homework=homework)
    with transaction.atomic():
        lock(response)
        Entry.objects.filter(pk=entry.pk, response=response).update(happened_at=to)


def remove_entry(*, by: Actor, at: datetime, homework: Homework, entry: Entry) -> None:
    """Take a moment out of a log that is not sent yet."""
    response = begin(by=by, at=at, homework=homework)
    with transaction.atomic():
        lock(response)
        Entry.objects.filter(pk=entry.pk, response=response).delete()


def _check_moment(homework: Homework, happened_at: datetime, at: datetime) -> None:
    """Keep to what has happened, and not long before one was asked: another year is a slip.

    Raises BadInput for anything else.
    """
    if happened_at < homework.opens_at - LONG_BEFORE:
        said = _("That is long before you were given this. Look at the year once more.")
        raise BadInput({"happened_at": [said]})
    if happened_at > at + definitions.AHEAD:
        raise BadInput({"happened_at": [definitions.problem_text(definitions.to_come(), _)]})
