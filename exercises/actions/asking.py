"""Ask once more, in the moment before a mail goes, whether it still should (docs/reminders.md)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from clients.models import ContactPreference
from clients.permissions import NOBODY
from exercises import emails, schedule
from exercises.actions.reminding import something_waits
from exercises.models import Homework, Reminder, Review
from exercises.models import ReminderReason as Reason
from exercises.workflow import CLIENTS_TURN, Status
from practice.models import Membership

# What is due to open is opened by the clockwork within seconds; its mail waits for that.
SOON = timedelta(seconds=15)
# A stop, a pause or a discharge is saved either before we ask, or after the row is armed. Shared,
# so that pumps do not wait for each other; the ORM has no word for that.
HOLD_STILL = """
SELECT 1 FROM clients_client c JOIN clients_contactpreference p ON p.client_id = c.id
WHERE c.id = %s FOR SHARE
"""


@dataclass(frozen=True)
class Held:
    """Why a reminder does not go now; with `until`, it goes later instead."""

    reason: Reason
    until: datetime | None = None


def ask_again(row: Reminder, now: datetime) -> emails.Mail | Held:
    """Return the mail, ready but for its date, or why it is held back.

    Runs in the practice's scope, in the transaction that then arms the row.
    """
    if row.member_id is not None:
        return _ask_member(row)
    with connection.cursor() as cursor:
        cursor.execute(HOLD_STILL, [row.client_id])
    chosen = (
        ContactPreference.objects.select_related("client__user", "client__practice")
        .filter(client_id=row.client_id or NOBODY)
        .first()
    )
    if chosen is None or chosen.client.user is None:
        return Held(Reason.NO_ADDRESS)
    return (
        _unwanted(row, chosen)
        or _over(row, now)
        or _not_now(row, chosen, now)
        or _mail(row, chosen)
    )


def _ask_member(row: Reminder) -> emails.Mail | Held:
    member = (
        Membership.objects.select_related("user", "practice")
        .filter(pk=row.member_id or NOBODY)
        .first()
    )
    if member is None or member.deactivated_at or not member.daily_mail:
        return Held(Reason.OPTED_OUT)
    if not something_waits(member):
        return Held(Reason.NOT_THEIR_TURN)
    return emails.waiting(row, member)


def _mail(row: Reminder, chosen: ContactPreference) -> emails.Mail:
    return emails.reminder(row, chosen.client, chosen)


def _unwanted(row: Reminder, chosen: ContactPreference) -> Held | None:
    if chosen.client.discharged_at is not None:
        return Held(Reason.DISCHARGED)
    if chosen.suppressed_at is not None:
        return Held(Reason.NO_ADDRESS)
    if not chosen.by_email or row.kind in chosen.kinds_off:
        return Held(Reason.OPTED_OUT)
    return None


def _over(row: Reminder, now: datetime) -> Held | None:
    """Say whether there is nothing (left) to be reminded of."""
    homework = Homework.objects.filter(pk=row.homework_id or NOBODY).first()
    if homework is None or homework.status == Status.WITHDRAWN:
        return Held(Reason.WITHDRAWN)
    if row.kind == "answered":
        return None if _unread(homework) else Held(Reason.NOT_THEIR_TURN)
    if homework.status == Status.SCHEDULED:
        return Held(Reason.NOT_THEIR_TURN, max(homework.opens_at, now + SOON))
    if homework.status in {Status.SUBMITTED, Status.REVIEWED}:
        return Held(Reason.SUBMITTED)
    return None if homework.status in CLIENTS_TURN else Held(Reason.NOT_THEIR_TURN)


def _unread(homework: Homework) -> bool:
    return Review.objects.filter(
        response__homework=homework, settled_at__isnull=False, seen_at=None
    ).exists()


def _not_now(row: Reminder, chosen: ContactPreference, now: datetime) -> Held | None:
    if chosen.paused_until is not None and now < chosen.paused_until:
        return Held(Reason.PAUSED)
    zone, quiet = chosen.client.zone, (chosen.quiet_from, chosen.quiet_until)
    if not schedule.quiet(now, zone, *quiet):
        return None
    later = schedule.after_quiet(now, zone, *quiet)
    late = row.not_after is not None and later >= row.not_after
    return Held(Reason.QUIET, None if late else later)
