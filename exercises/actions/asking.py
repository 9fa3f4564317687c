"""Ask once more, in the moment before a mail goes, whether it still should (docs/reminders.md)."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID

from clients.models import ReminderKind as Kind
from clients.permissions import NOBODY
from exercises import emails, schedule
from exercises.actions.reminding import something_waits
from exercises.models import Reminder, ReminderState
from exercises.models import ReminderReason as Reason
from exercises.workflow import CLIENTS_TURN, Status
from practice import statements
from practice.models import Membership, Role

# What is due to open is opened by the clockwork within seconds; its mail waits for that.
SOON = timedelta(seconds=15)
# Reminders say no more than that something is there, so one says it for all of these that fall on
# the same hours. (A mail about something new, or about an answer, is its own occasion.)
NUDGES = (Kind.DUE_SOON, Kind.DUE_TODAY, Kind.FOLLOW_UP)
WAIT_FOR_OTHER = timedelta(minutes=5)
_NUDGES = ", ".join(f"'{kind}'" for kind in NUDGES)
# What else of these was handed over to the mail server lately; asked when deciding, and once more
# when arming, where no other pump can be in between.
OTHERS = f"""
  SELECT o.state FROM exercises_reminder o
  WHERE %(nudge)s AND o.client_id = %(client)s AND o.id <> %(id)s
    AND o.state IN ({ReminderState.ARMED}, {ReminderState.SENT})
    AND o.kind IN ({_NUDGES})
    AND o.armed_at > now() - interval '2 hours'
"""  # noqa: S608 -- the numbers and names of our own states and kinds
# Everything that decides, in one round trip, since it is read for each mail.
# Without FOR SHARE OF c a discharge could be saved between this and the arming, and the mail would
# still go. Without FOR NO KEY UPDATE OF p a stop or a pause could; and two pumps could decide about
# the same client at once, each before the other has armed, and send two mails that say the same.
# The ORM cannot lock two tables in two ways.
FACTS = f"""
SELECT c.practice_id, c.id, c.zone, c.language, c.discharged_at, u.email, practice.discreet_name,
  p.reminder_time, p.quiet_from, p.quiet_until, p.by_email, p.kinds_off, p.paused_until,
  p.suppressed_at, h.status, h.opens_at,
  EXISTS (SELECT 1 FROM exercises_response r JOIN exercises_review v ON v.response_id = r.id
    WHERE r.homework_id = h.id AND v.settled_at IS NOT NULL AND v.seen_at IS NULL),
  (SELECT max(state) FROM ({OTHERS}) others)
FROM clients_client c
JOIN clients_contactpreference p ON p.client_id = c.id
JOIN practice_practice practice ON practice.id = c.practice_id
LEFT JOIN practice_user u ON u.id = c.user_id
LEFT JOIN exercises_homework h ON h.id = %(homework)s
WHERE c.id = %(client)s FOR SHARE OF c FOR NO KEY UPDATE OF p
"""  # noqa: S608 -- OTHERS is the text above


class Facts(NamedTuple):
    """What stands in the database about one client and one homework, column by column."""

    practice_id: UUID
    client_id: UUID
    zone: str
    language: str
    discharged_at: datetime | None
    email: str | None
    from_name: str
    reminder_time: time
    quiet_from: time
    quiet_until: time
    by_email: bool
    kinds_off: list[str]
    paused_until: datetime | None
    suppressed_at: datetime | None
    status: str | None
    opens_at: datetime
    unread: bool
    other: int | None


@dataclass(frozen=True)
class Held:
    """Why a reminder does not go now; with `until`, it goes later instead."""

    reason: Reason
    until: datetime | None = None


def mail_if_still_due(row: Reminder, now: datetime) -> emails.Mail | Held:
    """Return the mail, ready but for its date, or why it is held back.

    Runs in the practice's scope, in the transaction that then arms the row.
    """
    if row.member_id is not None:
        return _ask_member(row)
    found = statements.fetch_one_prepared(
        FACTS, {"homework": row.homework_id, **parameters_of(row)}
    )
    facts = Facts(*found) if found else None
    if facts is None or facts.email is None:
        return Held(Reason.NO_ADDRESS)
    return (
        _unwanted(row, facts)
        or _over(row, facts, now)
        or _not_now(row, facts, now)
        or _said_already(row, facts, now)
        or emails.reminder(
            row,
            emails.Recipient(
                practice_id=facts.practice_id,
                client_id=facts.client_id,
                address=facts.email,
                language=facts.language,
                from_name=facts.from_name,
                reminder_time=facts.reminder_time,
            ),
        )
    )


def parameters_of(row: Reminder) -> dict[str, object]:
    """Return what `OTHERS` takes of a row."""
    return {
        "id": row.pk,
        "client": row.client_id,
        "nudge": row.kind in NUDGES,
    }


def _ask_member(row: Reminder) -> emails.Mail | Held:
    member = (
        Membership.objects.select_related("user", "practice")
        .filter(pk=row.member_id or NOBODY)
        .first()
    )
    if (
        member is None
        or member.deactivated_at
        or Role.THERAPIST not in member.roles
        or not member.daily_mail
    ):
        return Held(Reason.OPTED_OUT)
    if not something_waits(member):
        return Held(Reason.NOT_THEIR_TURN)
    return emails.waiting(row, member)


def _unwanted(row: Reminder, facts: Facts) -> Held | None:
    if facts.discharged_at is not None:
        return Held(Reason.DISCHARGED)
    if facts.suppressed_at is not None:
        return Held(Reason.NO_ADDRESS)
    if not facts.by_email or row.kind in facts.kinds_off:
        return Held(Reason.OPTED_OUT)
    return None


def _over(row: Reminder, facts: Facts, now: datetime) -> Held | None:
    """Say whether there is nothing (left) to be reminded of."""
    if facts.status is None or facts.status == Status.WITHDRAWN:
        return Held(Reason.WITHDRAWN)
    if row.kind == "answered":
        return None if facts.unread else Held(Reason.NOT_THEIR_TURN)
    if facts.status == Status.SCHEDULED:
        return Held(Reason.NOT_THEIR_TURN, max(facts.opens_at, now + SOON))
    if facts.status in {Status.SUBMITTED, Status.REVIEWED}:
        return Held(Reason.SUBMITTED)
    return None if facts.status in CLIENTS_TURN else Held(Reason.NOT_THEIR_TURN)


def _not_now(row: Reminder, facts: Facts, now: datetime) -> Held | None:
    if facts.paused_until is not None and now < facts.paused_until:
        return Held(Reason.PAUSED)
    quiet = (facts.quiet_from, facts.quiet_until)
    if not schedule.quiet(now, facts.zone, *quiet):
        return None
    later = schedule.after_quiet(now, facts.zone, *quiet)
    late = row.not_after is not None and later >= row.not_after
    return Held(Reason.QUIET, None if late else later)


def _said_already(row: Reminder, facts: Facts, now: datetime) -> Held | None:
    """One mail says it for all of an evening. While another's fate is open, this one waits."""
    if facts.other is None:
        return None
    later = now + WAIT_FOR_OTHER
    late = row.not_after is not None and later >= row.not_after
    waits = facts.other == ReminderState.ARMED and not late
    return Held(Reason.TOGETHER, later if waits else None)
