"""The planned reminder: the row is the queue (docs/reminders.md)."""

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clients.models import ReminderKind
from practice.models import PracticeOwned


class ReminderState(models.IntegerChoices):
    """planned → claimed → armed → sent; small numbers, since this is the hot table."""

    PLANNED = 0, _("Planned")
    CLAIMED = 1, _("Being sent")
    ARMED = 2, _("Handed to the mail server")
    SENT = 3, _("Sent")
    SKIPPED = 4, _("Held back")
    FAILED = 5, _("Could not be sent")
    CANCELLED = 6, _("Not needed any more")
    UNKNOWN = 7, _("Perhaps sent")


class ReminderReason(models.TextChoices):
    """Why a reminder was held back; codes, never free text."""

    NONE = "", ""
    SUBMITTED = "submitted", _("It was already handed in")
    WITHDRAWN = "withdrawn", _("It was withdrawn")
    NOT_THEIR_TURN = "not_their_turn", _("There was nothing to do")
    OPTED_OUT = "opted_out", _("This kind of e-mail is switched off")
    PAUSED = "paused", _("Reminders are paused")
    QUIET = "quiet", _("It would have come in quiet hours")
    TOGETHER = "together", _("Another e-mail said it that day")
    TOO_LATE = "too_late", _("It would have come too late to help")
    NO_ADDRESS = "no_address", _("There is no working address")
    DISCHARGED = "discharged", _("Care has ended")
    MOVED = "moved", _("The date moved")
    REFUSED = "refused", _("The mail server refused it")
    CRASHED = "crashed", _("It was tried too often")
    AMBIGUOUS = "ambiguous", _("The mail server did not say whether it took it")


# Whoever takes a row up puts it off by so much, and has so long to settle it.
LEASE = timedelta(minutes=5)


class Reminder(PracticeOwned):
    """One planned message to one person, sent at most once.

    Plain ids instead of foreign keys on this hot table; local wall time, zone and zone-data
    version keep the intent, `next_at` (UTC) is the only time the claim looks at.
    """

    id = models.BigAutoField(primary_key=True)
    # First 128 bits of SHA-256 over v1|recipient|kind|channel|homework|anchor|step.
    dedupe_key = models.UUIDField(unique=True)
    # Exactly one of these two: a client is reminded of homework, a member of waiting reviews.
    client_id = models.UUIDField(null=True)
    member_id = models.UUIDField(null=True)
    homework_id = models.UUIDField(null=True)
    kind = models.CharField(max_length=12, choices=ReminderKind.choices)
    channel = models.SmallIntegerField(default=0)  # 0 = e-mail
    lane = models.SmallIntegerField(default=0)  # 0 = to clients, 1 = daily mails
    local_at = models.DateTimeField()
    zone = models.CharField(max_length=64)
    tzdata = models.CharField(max_length=12)
    next_at = models.DateTimeField()
    not_after = models.DateTimeField(null=True)
    state = models.SmallIntegerField(choices=ReminderState.choices, default=ReminderState.PLANNED)
    reason = models.CharField(max_length=16, choices=ReminderReason.choices, default="", blank=True)
    attempt = models.SmallIntegerField(default=0)
    resent = models.SmallIntegerField(default=0)
    lease_token = models.BigIntegerField(null=True)
    armed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    message_id = models.CharField(max_length=120, blank=True)
    error_code = models.SmallIntegerField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["lane", "next_at"],
                condition=Q(state__in=[ReminderState.PLANNED, ReminderState.CLAIMED]),
                name="reminder_due",
            ),
            models.Index(
                fields=["armed_at"], condition=Q(state=ReminderState.ARMED), name="reminder_armed"
            ),
            models.Index(
                fields=["homework_id"],
                condition=Q(
                    state__in=[ReminderState.PLANNED, ReminderState.CLAIMED, ReminderState.ARMED]
                ),
                name="reminder_of_homework",
            ),
            models.Index(fields=["client_id", "-id"], name="reminder_ledger"),
        ]


class MailChannel(models.Model):
    """The breaker of one mail server: while paused, it is probed once a minute, not hammered.

    Belongs to the installation, not to a practice.
    """

    host = models.CharField(primary_key=True, max_length=200)
    failures = models.PositiveIntegerField(default=0)
    paused_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.host
