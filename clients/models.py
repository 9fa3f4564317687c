"""Who is in care, with whom, and who cares for them."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Upper
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from practice.models import Membership, PracticeOwned, User, name_to_sort
from practice.wording import both


def to_come(hour: datetime | None, at: datetime) -> datetime | None:
    """Return the hour that was noted for a session, if it is not over: what begins now is to come
    (queries ask for `next_session_at__gte`)."""
    return hour if hour and hour >= at else None


def tell_apart(people: Iterable["Client"]) -> None:
    """Let two of these who go by one first name be called by more, wherever this page names them."""
    found = list(people)
    by_name: dict[str, set[uuid.UUID]] = {}
    for one in found:
        by_name.setdefault(one.first_name.casefold(), set()).add(one.pk)
    for one in found:
        one.is_told_apart = len(by_name[one.first_name.casefold()]) > 1


class Client(PracticeOwned):
    """A person in care; becomes a user by accepting an invitation."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="client_seats"
    )
    name = models.CharField(max_length=120)
    sort_name = name_to_sort()
    # What they want to be called; empty until they say so.
    called = models.CharField(max_length=60, blank=True)
    email = models.EmailField()
    zone = models.CharField(max_length=64)
    language = models.CharField(max_length=8, default="en")
    next_session_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    joined_at = models.DateTimeField(null=True, blank=True)
    discharged_at = models.DateTimeField(null=True, blank=True)
    legal_hold = models.BooleanField(default=False)
    # Set when they are linked. These two stay when a partner's record is erased, and name nobody: what
    # this client reads must not tell that it was.
    was_in_couple = models.BooleanField(default=False, db_default=False)
    # What was then the couple's next session, until another hour is noted for this client.
    kept_session_at = models.DateTimeField(null=True, blank=True)
    is_told_apart = False

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["practice", "user"],
                condition=Q(user__isnull=False),
                name="one_client_record_each",
            ),
            models.UniqueConstraint("practice", Lower("email"), name="one_client_per_email"),
        ]
        indexes = [
            models.Index(fields=["practice", "sort_name", "id"]),
            models.Index(fields=["user"]),
            GinIndex(
                OpClass(Upper("sort_name"), name="gin_trgm_ops"), name="client_plain_name_search"
            ),
        ]

    def __str__(self) -> str:
        return f"client {self.pk}"

    @property
    def first_name(self) -> str:
        """Return their own choice, else the first name we were given."""
        return self.called or self.name.split(" ")[0]

    @property
    def name_to_call(self) -> str:
        """Return what to call them; where two of one name stand side by side, as in lists."""
        return self.name_in_lists if self.is_told_apart else self.first_name

    @property
    def name_in_lists(self) -> str:
        """Return what tells them apart where several stand, like Noor H."""
        more = self.name.split()[1:]
        # Not of "von", "de la" or "y": what a surname is told by is written large, where letters are.
        told_by = [word for word in more if not word[0].islower()] or more
        return f"{self.first_name} {told_by[-1][0]}." if more else self.first_name


class Couple(PracticeOwned):
    """Two clients seen together. `first` joined first: clay circle; `second`: tide square."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    first = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="couples_as_first")
    second = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="couples_as_second")
    next_session_at = models.DateTimeField(null=True, blank=True)
    linked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(first=F("second")), name="two_people"),
            models.UniqueConstraint(
                fields=["first"], condition=Q(ended_at=None), name="first_in_one_couple"
            ),
            models.UniqueConstraint(
                fields=["second"], condition=Q(ended_at=None), name="second_in_one_couple"
            ),
        ]

    def __str__(self) -> str:
        return f"couple {self.pk}"

    @property
    def pair(self) -> list[Client]:
        """Return both, told apart."""
        two = [self.first, self.second]
        tell_apart(two)
        return two

    @property
    def names(self) -> str:
        """Return both names to call."""
        return both(*(one.name_to_call for one in self.pair))

    def partner_of(self, client: Client) -> Client:
        """Return the other one, told apart from them."""
        tell_apart([client, *self.pair])
        return self.second if self.first_id == client.pk else self.first

    @property
    def names_in_lists(self) -> str:
        """Return what tells these two apart where several couples stand."""
        return both(self.first.name_in_lists, self.second.name_in_lists)


class Caseload(PracticeOwned):
    """Which therapist cares for which client, from when until when: access follows it.

    A couple is reached by whoever reaches both its clients.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="caseload")
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="caseload")
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "client"], condition=Q(until_at=None), name="caseload_once"
            )
        ]
        indexes = [models.Index(fields=["client"], condition=Q(until_at=None), name="cared_by")]


class Standing(StrEnum):
    """What an attestation for couple work is worth now (`Clearance.standing`)."""

    CLEARED = "cleared"
    NOT_CLEARED = "not_cleared"
    # To be screened again: its time ran out, or it was overtaken.
    RAN_OUT = "ran_out"
    OVERTAKEN = "overtaken"


class Clearance(PracticeOwned):
    """A therapist's attestation, after an individual talk, that couple work is safe for a client.

    Judged by a person, never computed. Re-checked after 90 days or after a safety flag.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="clearances")
    cleared = models.BooleanField()
    attested_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    attested_at = models.DateTimeField()
    recheck_at = models.DateTimeField()
    # Set when a later attestation or a safety flag overtakes this one.
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["client"], condition=Q(ended_at=None), name="one_standing_clearance"
            )
        ]

    def standing(self, at: datetime) -> Standing:
        """Say what it is worth at this moment."""
        if self.ended_at is not None:
            return Standing.OVERTAKEN
        if self.recheck_at <= at:
            return Standing.RAN_OUT
        return Standing.CLEARED if self.cleared else Standing.NOT_CLEARED


class Consent(PracticeOwned):
    """What a client agreed to, word for word, and when."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="consents")
    version = models.CharField(max_length=16)
    language = models.CharField(max_length=8)
    text = models.TextField()
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)


class ReminderKind(models.TextChoices):
    """Which mail; a client may switch each one off."""

    ASSIGNED = "assigned", _("Something new is there")
    DUE_SOON = "due_soon", _("A few days before the date")
    DUE_TODAY = "due_today", _("On that day")
    FOLLOW_UP = "follow_up", _("Once more after it")
    ANSWERED = "answered", _("Your therapist answered")
    WAITING = "waiting", _("Something is waiting for review")

    @property
    def said(self) -> str:
        """Name the mail as its reader knows it, by its day as `exercises.actions.reminding` plans it; the labels above
        stand in migrations."""
        by_day = {
            ReminderKind.DUE_SOON: gettext("Two days before the last day"),
            ReminderKind.DUE_TODAY: gettext("On the last day"),
            # Two days after it; a week after opening, where there is no last day.
            ReminderKind.FOLLOW_UP: gettext("Once more, afterwards"),
            # The mail says no more, and whoever holds it is shown this name.
            ReminderKind.ANSWERED: gettext("Something new to read"),
        }
        return by_day.get(self, str(self.label))


class ContactPreference(PracticeOwned):
    """When and how a client wants to be reminded; local wall times."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.OneToOneField(Client, on_delete=models.CASCADE, related_name="preference")
    reminder_time = models.TimeField()
    quiet_from = models.TimeField()
    quiet_until = models.TimeField()
    by_email = models.BooleanField(default=True)
    kinds_off = ArrayField(
        models.CharField(max_length=12, choices=ReminderKind.choices), default=list, blank=True
    )
    paused_until = models.DateTimeField(null=True, blank=True)
    # When the client last changed any of this, or their zone: planned reminders follow.
    changed_at = models.DateTimeField(null=True, blank=True)
    # The mail server said for good that this address does not exist.
    suppressed_at = models.DateTimeField(null=True, blank=True)


class PrivateNote(PracticeOwned):
    """A therapist's own note on a client; nobody else reads it, and it is in no export."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="private_notes")
    author = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    sealed_text = models.BinaryField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["client", "author", "-created_at"])]


class SessionTopic(PracticeOwned):
    """Something a client wants to talk about; read by their therapist, by nobody else."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="topics")
    sealed_text = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["client", "-created_at"])]


# Neither taken back nor carried out; each has one at most.
ERASURE_WAITS = Q(cancelled_at=None, done_at=None)
# Asked for by nobody: the practice has kept the record long enough.
BY_RETENTION = Q(requested_by=0)


class ErasureRequest(PracticeOwned):
    """Someone asked for a record to be erased; it waits, so that a slip can be taken back."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # A plain id: the request outlives the record it erased.
    client_id = models.UUIDField()
    requested_by = models.BigIntegerField()
    requested_at = models.DateTimeField()
    due_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["client_id"], condition=ERASURE_WAITS, name="one_open_erasure"
            )
        ]
