"""Send what is due: claim, arm, send, confirm (docs/reminders.md).

Runs in autocommit as the worker's role, any number at once. Nothing is open in PostgreSQL while a
mail server is spoken to. Each mail costs one commit: its decision, its arming and the confirmation
of the one before share a transaction.
"""

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from clients.models import Client, ContactPreference
from exercises import emails, schedule
from exercises.actions.reminding import something_waits
from exercises.models import Homework, MailChannel, Reminder, ReminderReason, ReminderState
from exercises.workflow import CLIENTS_TURN, Status
from practice import bell
from practice.models import Membership
from practice.smtp import Outcome, PhaseSMTP, Result, clock
from practice.tenancy import scope

log = logging.getLogger(__name__)
State, Reason = ReminderState, ReminderReason

BATCH = 50
LANES = (0, 1)
MOST_SECONDS = 25.0
MOST_ATTEMPTS = 8
RETRY_MINUTES = (1, 5, 15, 60, 240, 720)
PROBE = timedelta(seconds=60)
# A slow reply to the dot may take ten minutes; only then is silence an answer.
RECONCILE_MINUTES = 15
# Worth a second copy when nobody knows whether the first arrived; the others are let go.
RESENT_ONCE = ("assigned", "due_today")

CLAIM = """
WITH due AS MATERIALIZED (
  SELECT id FROM exercises_reminder
  WHERE lane = %s AND state IN (0, 1) AND next_at <= now() AND attempt < %s
  ORDER BY next_at LIMIT %s FOR UPDATE SKIP LOCKED)
UPDATE exercises_reminder r
SET state = 1, next_at = now() + interval '5 minutes', lease_token = %s, attempt = attempt + 1
FROM due WHERE r.id = due.id
RETURNING r.id
"""
ARM = """
UPDATE exercises_reminder
SET state = 2, armed_at = coalesce(armed_at, now()), next_at = now(), message_id = %s
WHERE id = %s AND lease_token = %s AND state = 1 AND next_at > now() + interval '30 seconds'
  AND (not_after IS NULL OR now() < not_after)
RETURNING armed_at
"""
CONFIRM = (
    "UPDATE exercises_reminder SET state = 3, sent_at = now() WHERE id = ANY(%s) AND state = 2"
)
GIVE_UP = """
UPDATE exercises_reminder SET state = 5, reason = 'crashed'
WHERE state = 1 AND attempt >= %s AND next_at <= now()
"""
RECONCILE = """
UPDATE exercises_reminder SET
  state = CASE WHEN resent = 0 AND kind = ANY(%s) AND coalesce(now() < not_after, true)
    THEN 0 ELSE 7 END,
  resent = CASE WHEN resent = 0 AND kind = ANY(%s) THEN 1 ELSE resent END,
  reason = 'ambiguous', next_at = now()
WHERE state = 2 AND next_at < now() - interval '1 minute' * %s
RETURNING state
"""


@dataclass
class Round:
    """One run of the pump: its line to the mail server, and what still wants confirming."""

    line: PhaseSMTP
    clock: Callable[[], datetime]
    sent: int = 0
    confirm: list[int] | None = None

    def done(self, pk: int) -> None:
        """Note that the server took this one; the next arming writes it down."""
        self.sent += 1
        self.confirm = [*(self.confirm or []), pk]


def pump(*, now: Callable[[], datetime], seconds: float = MOST_SECONDS) -> int:
    """Send until nothing is due or time is up; return how many mails the server took.

    `now` is the door's clock, asked again for each mail, since a round may last long. Whether a
    row is due is decided by the database's own clock alone.
    """
    if settings.REMINDERS_HOLD or not _clocks_agree() or not _may_speak(PhaseSMTP()):
        return 0
    _settle_doubt()
    until = time.monotonic() + seconds
    current = Round(PhaseSMTP(), now)
    try:
        while time.monotonic() < until:
            token = secrets.randbits(62)
            rows = _claim(token)
            if not rows:
                break
            if len(rows) == BATCH:
                bell.ring("homeward.pump")  # more hands, as long as there is more to do
            if not _send_all(current, rows, token):
                break
    finally:
        _write_down(current)
        current.line.close()
    return current.sent


def _claim(token: int) -> list[Reminder]:
    with connection.cursor() as cursor:
        cursor.execute(GIVE_UP, [MOST_ATTEMPTS])
        for lane in LANES:
            cursor.execute(CLAIM, [lane, MOST_ATTEMPTS, BATCH, token])
            ids = [row[0] for row in cursor.fetchall()]
            if ids:
                return list(Reminder.objects.filter(pk__in=ids).order_by("pk"))
    return []


def _send_all(current: Round, rows: list[Reminder], token: int) -> bool:
    """Send a batch; False when the server is away, and then the rest goes back untouched."""
    for number, row in enumerate(rows):
        try:
            result = _send_one(current, row, token)
        except Exception as error:
            log.exception(
                "a reminder broke", extra={"reminder": row.pk, "code": type(error).__name__}
            )
            continue
        if result is not None and result.outcome is Outcome.NOT_ACCEPTED:
            _trip(current)
            rest = [one.pk for one in rows[number:]]
            Reminder.objects.filter(
                pk__in=rest, lease_token=token, state__in=[State.CLAIMED, State.ARMED]
            ).update(state=State.PLANNED, next_at=current.clock() + PROBE, attempt=row.attempt - 1)
            return False
    _clear(current.line)
    return True


def _send_one(current: Round, row: Reminder, token: int) -> Result | None:
    """Ask again, arm, send, classify. None: it was held back, or somebody else has it now."""
    with scope(practice=row.practice_id):
        _write_down(current)
        mail = _ask_again(row, current.clock())
        armed_at = _arm(row, token, mail) if isinstance(mail, emails.Mail) else None
        if armed_at is None:
            if not isinstance(mail, emails.Mail):
                _hold_back(row, token, mail)
            elif row.not_after is not None and current.clock() >= row.not_after:
                _hold_back(row, token, Held(Reason.TOO_LATE))
            return None
    armed = clock()
    result = current.line.send(mail.sender, mail.to, mail.render(armed_at), armed=armed)
    _take(current, row, token, result)
    return result


@dataclass(frozen=True)
class Held:
    """Why a reminder does not go now; with `until`, it goes later instead."""

    reason: ReminderReason
    until: datetime | None = None


def _ask_again(row: Reminder, now: datetime) -> "emails.Mail | Held":
    """Ask, in the last moment, whether this mail should still go."""
    if row.member_id is not None:
        member = (
            Membership.objects.select_related("user", "practice").filter(pk=row.member_id).first()
        )
        if member is None or member.deactivated_at or not member.daily_mail:
            return Held(Reason.OPTED_OUT)
        if not something_waits(member):
            return Held(Reason.NOT_THEIR_TURN)
        return emails.waiting(row, member)
    client = (
        Client.objects.select_related("user", "practice", "preference")
        .filter(pk=row.client_id)
        .first()
    )
    if client is None or client.discharged_at is not None:
        return Held(Reason.DISCHARGED)
    if client.user is None:
        return Held(Reason.NO_ADDRESS)
    return (
        _unwanted(row, client, client.preference, now) or _over(row) or emails.reminder(row, client)
    )


def _unwanted(
    row: Reminder, client: Client, chosen: ContactPreference, now: datetime
) -> Held | None:
    if chosen.suppressed_at is not None:
        return Held(Reason.NO_ADDRESS)
    if not chosen.by_email or row.kind in chosen.kinds_off:
        return Held(Reason.OPTED_OUT)
    if chosen.paused_until is not None and now < chosen.paused_until:
        return Held(Reason.PAUSED)
    quiet = (chosen.quiet_from, chosen.quiet_until)
    if schedule.quiet(now, client.zone, *quiet):
        later = schedule.after_quiet(now, client.zone, *quiet)
        late = row.not_after is not None and later >= row.not_after
        return Held(Reason.QUIET, None if late else later)
    return None


def _over(row: Reminder) -> Held | None:
    """Say whether there is nothing left to be reminded of."""
    homework = Homework.objects.filter(pk=row.homework_id).first()
    if homework is None or homework.status == Status.WITHDRAWN:
        return Held(Reason.WITHDRAWN)
    if row.kind == "answered":
        return None if homework.answer_seen_at is None else Held(Reason.NOT_THEIR_TURN)
    if homework.status == Status.SUBMITTED:
        return Held(Reason.SUBMITTED)
    if homework.status not in CLIENTS_TURN:
        return Held(Reason.NOT_THEIR_TURN)
    return None


def _arm(row: Reminder, token: int, mail: "emails.Mail") -> datetime | None:
    with connection.cursor() as cursor:
        cursor.execute(ARM, [mail.message_id, row.pk, token])
        found = cursor.fetchone()
    return found[0] if found else None


def _hold_back(row: Reminder, token: int, held: Held) -> None:
    mine = Reminder.objects.filter(pk=row.pk, lease_token=token, state=State.CLAIMED)
    if held.until is not None:
        mine.update(state=State.PLANNED, next_at=held.until, attempt=row.attempt - 1)
    else:
        mine.update(state=State.SKIPPED, reason=held.reason)


def _take(current: Round, row: Reminder, token: int, result: Result) -> None:
    """Write down what the server said; silence after the dot stays armed, and listed."""
    mine: Any = Reminder.objects.filter(pk=row.pk, lease_token=token, state=State.ARMED)
    if result.outcome is Outcome.SENT:
        current.done(row.pk)
    elif result.outcome is Outcome.REFUSED_NOW:
        minutes = RETRY_MINUTES[min(row.attempt, len(RETRY_MINUTES)) - 1]
        spread = 0.8 + 0.4 * (row.pk % 100) / 100
        mine.update(
            state=State.PLANNED,
            error_code=result.code,
            next_at=current.clock() + timedelta(minutes=minutes * spread),
        )
    elif result.outcome is Outcome.STALE:
        mine.update(state=State.PLANNED, next_at=current.clock())
    elif result.outcome in {Outcome.REFUSED, Outcome.NO_SUCH_ADDRESS}:
        mine.update(state=State.FAILED, reason=Reason.REFUSED, error_code=result.code)
        log.error("a reminder was refused", extra={"reminder": row.pk, "code": result.code})
        if result.outcome is Outcome.NO_SUCH_ADDRESS and row.client_id:
            with scope(practice=row.practice_id):
                ContactPreference.objects.filter(client_id=row.client_id).update(
                    suppressed_at=current.clock()
                )


def _write_down(current: Round) -> None:
    if current.confirm:
        with connection.cursor() as cursor:
            cursor.execute(CONFIRM, [current.confirm])
        current.confirm = None


def _settle_doubt() -> None:
    """Resolve by policy, once and counted, what nobody can know: whether an armed mail arrived."""
    with connection.cursor() as cursor:
        kinds = list(RESENT_ONCE)
        cursor.execute(RECONCILE, [kinds, kinds, RECONCILE_MINUTES])
        states = [row[0] for row in cursor.fetchall()]
    if states:
        log.warning("ambiguous reminders settled", extra={"count": len(states)})


def _clocks_agree() -> bool:
    """Hold when this machine and the database disagree by more than a minute."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        apart = abs(float(cursor.fetchone()[0]) - time.time())
    if apart > 60:
        log.critical("the clocks disagree; reminders hold", extra={"count": int(apart)})
    return apart <= 60


def _may_speak(line: PhaseSMTP) -> bool:
    """Let one probe a minute through while the mail server is away."""
    name = f"{line.host}:{line.port}"
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE exercises_mailchannel SET paused_until = now() + interval '60 seconds'"
            " WHERE host = %s AND paused_until IS NOT NULL AND paused_until <= now()",
            [name],
        )
        if cursor.rowcount:
            return True
        cursor.execute(
            "SELECT 1 FROM exercises_mailchannel WHERE host = %s AND paused_until > now()", [name]
        )
        return cursor.fetchone() is None


def _trip(current: Round) -> None:
    name = f"{current.line.host}:{current.line.port}"
    MailChannel.objects.update_or_create(
        host=name, defaults={"paused_until": current.clock() + PROBE}
    )
    log.error("the mail server is away", extra={"code": "breaker"})


def _clear(line: PhaseSMTP) -> None:
    MailChannel.objects.filter(host=f"{line.host}:{line.port}", paused_until__isnull=False).update(
        paused_until=None
    )
