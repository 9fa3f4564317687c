"""Who was given which exercise, when; and each client's own occurrence of it."""

import uuid
from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clients.models import Client, Couple
from exercises import schedule
from exercises.models.library import ExerciseVersion
from exercises.workflow import Status
from practice.models import Membership, PracticeOwned

STATUS_NAMES = [
    (Status.SCHEDULED, _("Scheduled")),
    (Status.OPEN, _("Open")),
    (Status.IN_PROGRESS, _("Begun")),
    (Status.SUBMITTED, _("Sent")),
    (Status.RETURNED, _("To go deeper")),
    (Status.REVIEWED, _("Read")),
    (Status.SKIPPED, _("Set aside")),
    (Status.EXPIRED, _("Let go")),
    (Status.WITHDRAWN, _("Withdrawn")),
]


# Further ahead we do not count: of a series that long it is said that it goes on.
FAR_ENOUGH, MOST_FORESEEN = timedelta(days=7300), 250


class Assignment(PracticeOwned):
    """An exercise version given to a client or a couple, with its schedule."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(ExerciseVersion, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(
        Client, on_delete=models.CASCADE, null=True, blank=True, related_name="assignments"
    )
    couple = models.ForeignKey(
        Couple, on_delete=models.CASCADE, null=True, blank=True, related_name="assignments"
    )
    # Stays when the record of one of two is erased, and what they were given is the other's alone.
    given_to_both = models.BooleanField(default=False, db_default=False)
    assigned_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    # A word with it; shown inside Homeward, never in a mail.
    sealed_note = models.BinaryField(null=True, blank=True)
    # Wall times in each client's own zone: of a series the intent, from which instants are computed.
    # What opens "now" or ends with a session is an instant for all: here by one clock only, the
    # client's own, and of two the therapist's.
    opens_local = models.DateTimeField()
    due_local = models.DateTimeField(null=True, blank=True)
    # RFC 5545; empty means once.
    rrule = models.CharField(max_length=200, blank=True)
    reminders_on = models.BooleanField(default=True)
    assigned_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    # Of two, for whom alone it has ended; once it has for both, `withdrawn_at` says so.
    ended_for = ArrayField(models.UUIDField(), default=list, db_default=[])

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(client=None) ^ Q(couple=None), name="one_client_or_one_couple"
            )
        ]
        indexes = [
            models.Index(
                fields=["practice"],
                condition=~Q(rrule="") & Q(withdrawn_at=None),
                name="recurring_assignments",
            )
        ]

    @property
    def is_shared(self) -> bool:
        """Say whether two were given it, each to answer alone; their link may be gone by now."""
        # The release before, which may run beside this one, knows only of the couple.
        return self.given_to_both or self.couple_id is not None

    def times(self, zone: str, limit: int) -> list[schedule.Slot]:
        """Return the first times of a series by this clock, planned or still to be planned."""
        first, rule = self.opens_local.replace(tzinfo=None), schedule.parse_rrule(self.rrule)
        until = self.assigned_at + FAR_ENOUGH
        return schedule.slots(rule, first, zone, until=until, limit=limit)

    def goes_on_for(self, client_id: uuid.UUID) -> bool:
        """Say whether it was not withdrawn for this client."""
        return self.withdrawn_at is None and client_id not in self.ended_for

    def still_to_plan(
        self, client_id: uuid.UUID, last_slot: int, zone: str
    ) -> list[schedule.Slot] | None:
        """Return what comes of a series after the last that is planned for this client; None: no end
        is in sight."""
        if not self.rrule or not self.goes_on_for(client_id):
            return []
        rule = schedule.parse_rrule(self.rrule)
        if rule.count is None and rule.until is None:
            return None
        found = self.times(zone, limit=MOST_FORESEEN)
        far = (self.assigned_at + FAR_ENOUGH).replace(tzinfo=None)
        is_cut = len(found) == MOST_FORESEEN or (rule.count or 0) > len(found)
        is_cut = is_cut or (rule.until is not None and rule.until.replace(tzinfo=None) > far)
        return None if is_cut else found[last_slot + 1 :]


class Homework(PracticeOwned):
    """One client's one occurrence of an assignment; sealed from the partner."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    assignment = models.ForeignKey(Assignment, on_delete=models.CASCADE, related_name="homeworks")
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="homeworks")
    version = models.ForeignKey(ExerciseVersion, on_delete=models.PROTECT, related_name="+")
    slot = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=12, choices=STATUS_NAMES, default=Status.SCHEDULED)
    # Rises with every move: compare-and-swap, so that a double tap changes nothing twice.
    revision = models.PositiveIntegerField(default=0)
    round = models.PositiveSmallIntegerField(default=1)
    opens_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    due_local = models.DateTimeField(null=True, blank=True)
    zone = models.CharField(max_length=64)
    # Whose session it runs until and moves with: a client's own or a couple's, by their id.
    session_of = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    # Not read or written any more (`Review.seen_at` says it): the column goes with the next release.
    answer_seen_at = models.DateTimeField(null=True, blank=True)
    # Not read or written any more (each `Response` has its own): the column goes with the next release.
    sealed_after_check = models.BinaryField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assignment", "client", "slot"], name="one_per_slot")
        ]
        indexes = [
            models.Index(fields=["client", "status", "due_at"], name="homework_of_client"),
            models.Index(
                fields=["practice", "submitted_at", "id"],
                condition=Q(status=Status.SUBMITTED),
                name="homework_to_review",
            ),
            models.Index(
                fields=["opens_at"], condition=Q(status=Status.SCHEDULED), name="homework_to_open"
            ),
            models.Index(
                fields=["due_at"],
                condition=Q(status__in=[Status.OPEN, Status.IN_PROGRESS]),
                name="homework_to_expire",
            ),
        ]

    def __str__(self) -> str:
        return f"homework {self.pk}"


class Step(PracticeOwned):
    """One move of one homework: who, when, from, to. Written once, never changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    homework = models.ForeignKey(Homework, on_delete=models.CASCADE, related_name="steps")
    revision = models.PositiveIntegerField()
    move = models.CharField(max_length=12)
    source = models.CharField(max_length=12, choices=STATUS_NAMES)
    target = models.CharField(max_length=12, choices=STATUS_NAMES)
    round = models.PositiveSmallIntegerField()
    user_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    items = ArrayField(models.CharField(max_length=60), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["homework", "revision"], name="one_step_per_revision")
        ]
