"""Send what is due: claim, arm, send, confirm (docs/reminders.md).

Runs in autocommit as the worker's role, any number at once. Nothing is open in PostgreSQL while a
mail server is spoken to. Each mail costs one commit: asking again, arming it and confirming the
one before share a transaction. Whether a row is due is decided by the database's clock alone.
"""

import logging
import secrets
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.models import F
from django.db.models.functions import Greatest, Now

from clients.models import ContactPreference
from exercises.actions import ambiguous_mails, breaker
from exercises.actions.asking import (
    NUDGES,
    OTHERS,
    WAIT_FOR_OTHER,
    Held,
    mail_if_still_due,
    parameters_of,
)
from exercises.emails import Mail
from exercises.models import LEASE, Reminder, ReminderReason, ReminderState
from practice import bell, statements
from practice.errors import records_away
from practice.smtp import Outcome, PhaseSMTP, Result, clock
from practice.tenancy import scope

log = logging.getLogger(__name__)
State, Reason = ReminderState, ReminderReason

BATCH = 50
LANES = (0, 1)
# A row that was claimed twice and never answered for may be what kills its worker: from then on
# it travels alone, in a lane beside its own, and takes no neighbours down.
RISKY = 2
ALONE = 10
MOST_SECONDS = 25.0
# One flooding practice leaves room for the others.
MOST_OF_A_PRACTICE = 5000
MOST_ATTEMPTS = 8
RETRY_MINUTES = (1, 5, 15, 60, 240, 720)
CLOCKS_APART = 60.0
BACK_DATED = timedelta(minutes=5)
# What this process could not write down while the database was away or out of room. It comes first
# in the next round: a mail that went is confirmed and never doubted, a row that did not is free.
_owed: deque[Callable[[], object]] = deque()

# MATERIALIZED: without the fence the planner may run the limited part twice and take more rows.
# Within a round nothing due lies far before what was claimed last, and starting there keeps the
# scan short even while an old transaction keeps dead rows alive.
CLAIM = f"""
WITH due AS MATERIALIZED (
  SELECT id, next_at,
    attempt >= %(risky)s AND error_code IS NULL AND lane < %(alone)s AS apart
  FROM exercises_reminder
  WHERE lane = %(lane)s AND state IN ({State.PLANNED}, {State.CLAIMED}) AND next_at <= now()
    AND next_at >= coalesce(%(since)s::timestamptz, '-infinity')
    AND NOT practice_id = ANY(%(full)s::uuid[])
  ORDER BY next_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED)
UPDATE exercises_reminder r SET
  state = CASE WHEN r.attempt >= %(most)s THEN {State.FAILED}
    WHEN due.apart THEN {State.PLANNED} ELSE {State.CLAIMED} END,
  reason = CASE WHEN r.attempt < %(most)s THEN r.reason
    WHEN r.error_code IS NULL THEN '{Reason.CRASHED}' ELSE '{Reason.REFUSED}' END,
  lane = r.lane + CASE WHEN due.apart THEN %(alone)s ELSE 0 END,
  next_at = now() + CASE WHEN due.apart THEN interval '0' ELSE interval '{LEASE.seconds} seconds' END,
  attempt = r.attempt + CASE WHEN due.apart THEN 0 ELSE 1 END,
  lease_token = %(token)s
FROM due WHERE r.id = due.id
RETURNING r.*, due.next_at AS was
"""  # noqa: S608 -- the numbers and names of our own states and reasons
CONFIRM = f"""
UPDATE exercises_reminder SET state = {State.SENT}, sent_at = now(),
  reason = CASE WHEN resent > 0 THEN reason ELSE '' END
WHERE id = %(before)s AND lease_token = %(before_token)s AND state = {State.ARMED}
"""  # noqa: S608 -- the numbers of our own states
# The date of a second copy is the date of the first: mail systems compare it.
ARM = f"""
WITH before AS ({CONFIRM})
UPDATE exercises_reminder SET state = {State.ARMED}, next_at = now(), message_id = %(message_id)s,
  armed_at = CASE WHEN resent > 0 THEN coalesce(armed_at, now()) ELSE now() END,
  reason = CASE WHEN resent > 0 THEN reason ELSE '' END
WHERE id = %(id)s AND lease_token = %(token)s AND state = {State.CLAIMED}
  AND next_at > now() + interval '30 seconds' AND (not_after IS NULL OR now() < not_after)
  AND NOT EXISTS ({OTHERS})
RETURNING armed_at
"""  # noqa: S608 -- all of it is our own text


@dataclass
class Round:
    """One run of the pump: its line to the mail server, and what still wants confirming."""

    line: PhaseSMTP
    clock: Callable[[], datetime]
    over: Callable[[], bool]
    sent: int = 0
    # Row and lease of the mail the server took last; the next arming writes it down.
    before: tuple[int, int] | None = None
    turn: int = 0
    rang: bool = False
    since: dict[int, datetime] = field(default_factory=dict)
    taken: Counter[UUID] = field(default_factory=Counter)

    def full(self) -> list[UUID]:
        """Return the practices that have had their share of this round."""
        return [pk for pk, count in self.taken.items() if count >= MOST_OF_A_PRACTICE]


def never() -> bool:
    """Say that nobody asked to stop."""
    return False


def pump(
    *,
    now: Callable[[], datetime],
    seconds: float = MOST_SECONDS,
    stopping: Callable[[], bool] = never,
) -> int:
    """Send until nothing is due, time is up or `stopping`; return how many the server took.

    `now` is the door's clock, asked again for each mail, since a round may last long.
    """
    until = time.monotonic() + seconds
    current = Round(PhaseSMTP(), now, lambda: stopping() or time.monotonic() >= until)
    _pay()
    if (
        settings.REMINDERS_HOLD
        or not _clocks_agree(now())
        or not breaker.may_speak(current.line.name)
    ):
        return 0
    ambiguous_mails.settle(most_attempts=MOST_ATTEMPTS)
    try:
        while not current.over():
            token = secrets.randbits(62)
            claimed = _claim(current, token)
            if not claimed:
                break
            if len(claimed) == BATCH and not current.rang:
                bell.ring("homeward.pump")  # more hands, and each of them rings for the next
                current.rang = True
            rows = [row for row in claimed if row.state == State.CLAIMED]
            _tell_given_up(sum(row.state == State.FAILED for row in claimed))
            if not _send_all(current, rows, token):
                break
    finally:
        current.line.close()
        _write_down(current)
    return current.sent


def _claim(current: Round, token: int) -> list[Reminder]:
    """Take up to a batch of what is due, or one of those that travel alone; these go in turns."""
    alone = [(lane + ALONE, 1) for lane in LANES]
    together = [(lane, BATCH) for lane in LANES]
    current.turn += 1
    for lane, most in alone + together if current.turn % 2 else together + alone:
        found = _claim_lane(current, token, lane, most)
        if found:
            return found
    return []


def _claim_lane(current: Round, token: int, lane: int, most: int) -> list[Reminder]:
    wanted = {
        "lane": lane,
        "since": current.since.get(lane),
        "full": current.full(),
        "batch": most,
        "most": MOST_ATTEMPTS,
        "risky": RISKY,
        "alone": ALONE,
        "token": token,
    }
    found = list(Reminder.objects.raw(CLAIM, wanted))
    if found:
        found.sort(key=_was)
        current.since[lane] = _was(found[-1]) - BACK_DATED
        current.taken.update(row.practice_id for row in found)
    return found


def _was(row: Any) -> datetime:
    """Return when it was due; the claim adds this to the row."""
    was: datetime = row.was
    return was


def _send_all(current: Round, rows: list[Reminder], token: int) -> bool:
    """Send a batch; False when the server is away. What is not reached goes back untouched."""
    for number, row in enumerate(rows):
        rest = rows[number + 1 :]
        if current.over():
            _release(rows[number:], token)
            return True
        try:
            outcome = _send_one(current, row, token)
        except Exception as error:
            if records_away(error):  # should this process end too, the leases run out
                _owed.append(partial(_release, rest, token))
                raise
            log.exception(
                "a reminder broke", extra={"reminder": row.pk, "code": type(error).__name__}
            )
            outcome = None
        if outcome is Outcome.NOT_ACCEPTED:
            _release(rest, token)
            return False
    return True


def _send_one(current: Round, row: Reminder, token: int) -> Outcome | None:
    """Ask again, arm, send, classify. None: it was held back, or somebody else has it now."""
    begun = clock()
    if row.attempt > 1:  # it may be the one that kills us: leave nothing unsaid before
        _write_down(current)
    try:
        mail, armed_at = _decide(current, row, token)
    except Exception as error:
        if records_away(error):  # armed or not, nobody knows; but that it was not sent, we know
            _owed.append(partial(_release, [row], token, State.ARMED))
        raise
    # Only now is the confirmation written for good; until here an error would have undone it.
    current.before = None
    if armed_at is None or not isinstance(mail, Mail):
        return None
    result = current.line.send(mail.sender, mail.to, mail.dated(armed_at), armed=begun)
    _take(current, row, token, result)
    return result.outcome


def _decide(current: Round, row: Reminder, token: int) -> tuple[Mail | Held, datetime | None]:
    """Ask again and arm, or hold back, in one transaction."""
    with scope(practice=row.practice_id, generic_plans=True):
        mail = mail_if_still_due(row, current.clock())
        armed_at = _arm(current, row, token, mail) if isinstance(mail, Mail) else None
        if armed_at is None:
            _confirm(current.before)
            _hold_back(row, token, mail, current.clock())
    return mail, armed_at


def _arm(current: Round, row: Reminder, token: int, mail: Mail) -> datetime | None:
    before, before_token = current.before or (None, None)
    wanted = {
        "before": before,
        "before_token": before_token,
        "message_id": mail.message_id,
        "token": token,
        **parameters_of(row),
    }
    found = statements.fetch_one_prepared(ARM, wanted)
    return found[0] if found else None


def _confirm(before: tuple[int, int] | None) -> None:
    if before:
        with connection.cursor() as cursor:
            cursor.execute(CONFIRM, dict(zip(("before", "before_token"), before, strict=True)))


def _write_down(current: Round) -> None:
    """Confirm the last mail of a round, over a new connection when the old one broke."""
    for last_try in (False, True):
        try:
            _confirm(current.before)
        except (DatabaseError, InterfaceError) as error:
            connection.close()
            if last_try:  # should this process end as well, it is one that nobody knows about
                log.warning("a sent reminder is unconfirmed", extra={"code": type(error).__name__})
                _owed.append(partial(_confirm, current.before))
        else:
            break
    current.before = None


def _pay() -> None:
    """Write down what is owed. Raises when it still cannot be: then nothing more is sent either."""
    while _owed:
        owed = _owed.popleft()
        try:
            owed()
        except Exception:
            _owed.appendleft(owed)
            raise


def _hold_back(row: Reminder, token: int, held: Mail | Held, now: datetime) -> None:
    """Write down why it does not go; nothing, when it only is somebody else's by now."""
    if isinstance(held, Mail):
        if row.not_after is not None and now >= row.not_after:
            held = Held(Reason.TOO_LATE)
        elif row.kind in NUDGES:  # another pump was faster with another of the same evening
            held = Held(Reason.TOGETHER, now + WAIT_FOR_OTHER)
        else:
            return
    mine = Reminder.objects.filter(pk=row.pk, lease_token=token, state=State.CLAIMED)
    if held.until is not None:
        mine.update(
            state=State.PLANNED,
            reason=held.reason,
            next_at=held.until,
            attempt=Greatest(F("attempt") - 1, 0),
        )
    else:
        mine.update(state=State.SKIPPED, reason=held.reason)


def _release(rows: Sequence[Reminder], token: int, *states: ReminderState) -> None:
    """Give back what was claimed and not tried."""
    Reminder.objects.filter(
        pk__in=[row.pk for row in rows], lease_token=token, state__in=[State.CLAIMED, *states]
    ).update(state=State.PLANNED, next_at=Now(), attempt=Greatest(F("attempt") - 1, 0))


def _take(current: Round, row: Reminder, token: int, result: Result) -> None:
    """Write down what the server said; silence after the dot stays armed, and listed."""
    outcome = result.outcome
    if outcome is Outcome.SENT:
        current.before = (row.pk, token)
        current.sent += 1
        if current.sent == 1:
            breaker.clear(current.line.name)
        return
    mine = Reminder.objects.filter(pk=row.pk, lease_token=token, state=State.ARMED)
    if outcome is Outcome.AMBIGUOUS:
        log.warning("a reminder is ambiguous", extra={"reminder": row.pk, "kind": row.kind})
    elif outcome in {Outcome.REFUSED, Outcome.NO_SUCH_ADDRESS}:
        mine.update(state=State.FAILED, reason=Reason.REFUSED, error_code=result.code)
        log.error("a reminder was refused", extra={"reminder": row.pk, "code": result.code})
        if outcome is Outcome.NO_SUCH_ADDRESS:
            _suppress(row, current.clock())
    elif _about_the_mail(result):
        _try_later(current, row, token, result)
    else:
        mine.update(state=State.PLANNED, next_at=Now(), attempt=Greatest(F("attempt") - 1, 0))
    if outcome is Outcome.NOT_ACCEPTED:
        breaker.trip(current.line.name, result.code)


def _about_the_mail(result: Result) -> bool:
    """Say whether the server saw this mail; else the attempt does not count against it.

    A line that breaks in the middle may be this mail's doing, so it steps back for the others.
    """
    broken = result.outcome is Outcome.NOT_ACCEPTED and result.phase != "connect"
    return broken or result.outcome is Outcome.REFUSED_NOW


def _try_later(current: Round, row: Reminder, token: int, result: Result) -> None:
    minutes = RETRY_MINUTES[min(row.attempt, len(RETRY_MINUTES)) - 1]
    spread = 0.8 + 0.4 * (row.pk % 100) / 100
    when = current.clock() + timedelta(minutes=minutes * spread)
    late = row.not_after is not None and when >= row.not_after
    Reminder.objects.filter(pk=row.pk, lease_token=token, state=State.ARMED).update(
        state=State.SKIPPED if late else State.PLANNED,
        reason=Reason.TOO_LATE if late else row.reason,
        error_code=result.code,
        next_at=when,
    )


def _suppress(row: Reminder, now: datetime) -> None:
    """Write no more to an address that does not exist; the ledger tells the therapist."""
    if row.client_id is not None:
        with scope(practice=row.practice_id):
            ContactPreference.objects.filter(client_id=row.client_id).update(suppressed_at=now)


def _tell_given_up(count: int) -> None:
    if count:
        log.error("reminders were tried too often", extra={"count": count})


def _clocks_agree(now: datetime) -> bool:
    """Hold when this machine and the database disagree by more than a minute."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        there: datetime = cursor.fetchone()[0]
    apart = abs((there - now).total_seconds())
    if apart > CLOCKS_APART:
        log.critical("the clocks disagree; reminders hold", extra={"count": int(apart)})
    return apart <= CLOCKS_APART
