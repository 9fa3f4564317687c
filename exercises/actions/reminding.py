"""Plan reminders beside the change that earns them; the same transaction, the same fate."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from clients.models import Client, ContactPreference, ReminderKind
from exercises import schedule
from exercises.models import Homework, Reminder, ReminderReason, ReminderState, Review
from exercises.workflow import CLIENTS_TURN, Status
from practice import bell
from practice.models import Membership, Role

Kind = ReminderKind
OF_HOMEWORK = (Kind.ASSIGNED, Kind.DUE_SOON, Kind.DUE_TODAY, Kind.FOLLOW_UP)
OPEN = (ReminderState.PLANNED, ReminderState.CLAIMED)
UNBEGUN = (Status.SCHEDULED, Status.OPEN)
# Planned ones may move; a cancelled one may be earned again.
AGAIN = (ReminderState.PLANNED, ReminderState.CANCELLED)
# A therapist's daily mails keep this distance, even when they travel.
BETWEEN_DAILY = timedelta(hours=18)
# Later than so long after their hour it would come in the night; another is planned for tomorrow.
DAILY_IS_LATE = timedelta(hours=3)
# What was handed in and is then open again earns its due reminders again, if they were not sent.
UPSERT = f"""
INSERT INTO exercises_reminder (practice_id, dedupe_key, client_id, member_id, homework_id, kind,
  channel, lane, local_at, zone, tzdata, next_at, not_after, state, reason, attempt, resent,
  message_id, created_at)
VALUES (%s, %s, %s, %s, %s, %s, 0, %s, %s, %s, %s, %s, %s,
  {ReminderState.PLANNED}, '{ReminderReason.NONE}', 0, 0, '', %s)
ON CONFLICT (dedupe_key) DO UPDATE SET state = EXCLUDED.state, reason = EXCLUDED.reason,
  local_at = EXCLUDED.local_at, zone = EXCLUDED.zone, tzdata = EXCLUDED.tzdata,
  next_at = EXCLUDED.next_at, not_after = EXCLUDED.not_after, created_at = EXCLUDED.created_at,
  attempt = 0, lane = EXCLUDED.lane, error_code = NULL
WHERE exercises_reminder.state IN ({ReminderState.PLANNED}, {ReminderState.CANCELLED})
"""  # noqa: S608 -- the numbers of our own states


@dataclass(frozen=True)
class Wanted:
    """One reminder that should be: what makes it this one, and when it is meant."""

    kind: Kind
    anchor: str
    local: datetime  # naive wall time
    not_after: datetime
    prompt: bool = False  # as soon as possible, instead of at the reminder hour


@dataclass(frozen=True)
class Hours:
    """A client's own times."""

    zone: str
    at: time
    quiet_from: time
    quiet_until: time


def nudge() -> None:
    """Wake a pump once this transaction is in."""
    bell.ring("homeward.pump")


def plan_for_homework(homework: Homework, at: datetime, hours: Hours | None = None) -> None:
    """Make the planned reminders fit what the homework now is; sent ones stay sent.

    `hours` are the client's, for who plans many and has asked for them.
    """
    hours = hours or _hours(homework.client)
    waits = homework.status == Status.SCHEDULED or homework.status in CLIENTS_TURN
    wanted = _wanted(homework, hours) if waits else []
    keys = {_key(homework.client_id, one, homework.pk): one for one in wanted}
    rows = Reminder.objects.filter(homework_id=homework.pk, kind__in=OF_HOMEWORK)
    stale = rows.filter(state__in=OPEN).exclude(dedupe_key__in=keys)
    stale.update(state=ReminderState.CANCELLED, reason=ReminderReason.MOVED)
    # What went out, or is on its way, is not even touched: the pump may hold its lock.
    under_way = Q(attempt__gt=0) | ~Q(state__in=AGAIN)
    settled = set(
        rows.filter(under_way, ~Q(state=ReminderState.CANCELLED)).values_list(
            "dedupe_key", flat=True
        )
    )
    planned = dict(rows.filter(state=ReminderState.PLANNED).values_list("dedupe_key", "next_at"))
    for key, one in keys.items():
        if key in settled:
            continue
        # Who took it up knows that it is there: what was called off is not announced anew.
        known = one.kind == Kind.ASSIGNED and homework.status not in UNBEGUN
        # Asked 72 hours ahead for something given 24 hours ahead: skipped, not fired at once.
        ahead = one.prompt or next_at(one, hours, key, at) > at
        if ahead and (key in planned or not known):
            _upsert(homework, key, one, hours, at)
        elif key in planned:
            # Its hour is over by the client's new times: neither lost nor hurried, but not in the
            # quiet hours, either.
            local = schedule.local_time(planned[key], hours.zone)
            moved = replace(one, local=local.replace(tzinfo=None), prompt=True)
            _upsert(homework, key, moved, hours, at)


def plan_answered(homework: Homework, review: Review, at: datetime) -> None:
    """Tell the client that something was written to them."""
    plan_for_homework(homework, at)
    hours = _hours(homework.client)
    one = Wanted(
        Kind.ANSWERED,
        anchor=str(review.pk),
        local=schedule.local_time(at, hours.zone).replace(tzinfo=None),
        not_after=at + timedelta(days=3),
        prompt=True,
    )
    _upsert(homework, _key(homework.client_id, one, homework.pk), one, hours, at)
    nudge()


def cancel_for_homework(homework_id: uuid.UUID, *, reason: ReminderReason) -> None:
    """Call off what is planned; the row's lock orders this against the pump's arming."""
    Reminder.objects.filter(homework_id=homework_id, state__in=OPEN, kind__in=OF_HOMEWORK).update(
        state=ReminderState.CANCELLED, reason=reason
    )


def forget(homework_id: uuid.UUID) -> None:
    """Take back what was planned for something that never opened, without a line in the ledger: there
    it would tell its reader that something was held. None of it went; what its reader did not want,
    or what had another day before, goes as well."""
    Reminder.objects.filter(homework_id=homework_id, kind__in=OF_HOMEWORK).delete()


def follow_wishes(client: Client, at: datetime) -> None:
    """Move what is planned for a client to where their choices and zone now put it.

    `clients` calls it by `HOMEWARD_FOLLOW_WISHES`, in the transaction that keeps these.
    """
    rows = _planned(Reminder.objects.filter(client_id=client.pk))
    _replan({pk for pk in rows.values_list("homework_id", flat=True) if pk is not None}, at)
    nudge()


def changed_homeworks(practice_id: uuid.UUID, *, most: int) -> list[uuid.UUID]:
    """Return whose planned mails stand where older zone data put them; or where a client's choices
    did, because both were saved in the same moment (`follow_wishes` saw only what was there). What
    goes first comes first, and `most` mails are looked at."""
    rows = _planned(Reminder.objects.filter(practice_id=practice_id))
    # A retry under way is the pump's: planning again would leave it as it is, time and again.
    rows = rows.filter(attempt=0, homework_id__isnull=False)
    chosen_since = ContactPreference.objects.filter(
        client_id=OuterRef("client_id"), changed_at__gt=OuterRef("created_at")
    )
    wanted = ("next_at", "homework_id")
    old_zones = rows.exclude(tzdata=schedule.tzdata_version()).values_list(*wanted)
    old_choices = rows.filter(Exists(chosen_since)).values_list(*wanted)
    # Two questions in one: an "or" would make PostgreSQL look row by row.
    found = old_zones.union(old_choices).order_by(*wanted)[:most]
    return list(dict.fromkeys(pk for _next_at, pk in found if pk is not None))


def replan(homework_id: uuid.UUID, at: datetime) -> bool:
    """Plan the mails of one homework again."""
    _replan({homework_id}, at)
    return True


def _planned(rows: QuerySet[Reminder]) -> QuerySet[Reminder]:
    return rows.filter(state=ReminderState.PLANNED, kind__in=OF_HOMEWORK)


def _replan(homeworks: set[uuid.UUID], at: datetime) -> None:
    """Plan these again, in one order for all who do: two at once do not hold each other up."""
    found = Homework.objects.select_related("client__practice", "assignment")
    hours: dict[uuid.UUID, Hours] = {}
    for homework in found.filter(pk__in=homeworks).order_by("pk"):
        if homework.client_id not in hours:
            hours[homework.client_id] = _hours(homework.client)
        plan_for_homework(homework, at, hours[homework.client_id])


def members_with_daily_mail(practice_id: uuid.UUID) -> list[Membership]:
    """Return the therapists of one practice who want a daily mail."""
    members = Membership.objects.select_related("user", "practice").filter(
        practice_id=practice_id,
        deactivated_at=None,
        daily_mail=True,
        roles__contains=[Role.THERAPIST],
    )
    return list(members.order_by("pk"))


def plan_daily(member: Membership, at: datetime) -> bool:
    """Plan a therapist's one mail of today, if anything waits; asked again when it goes."""
    zone = member.user.zone if member.user.zone != "UTC" else member.practice.zone
    today = schedule.local_time(at, zone).date()
    target = schedule.at_local_hour(today, member.daily_mail_time, zone)
    if target < at - timedelta(hours=1) or _told(member, today, target):
        return False
    if not something_waits(member):
        return False
    _insert_daily(member, today, target, zone, at)
    return True


def _told(member: Membership, today: date, target: datetime) -> bool:
    """Say whether a mail of another day goes, or went, too near this one."""
    other_days = Reminder.objects.filter(member_id=member.pk, kind=Kind.WAITING).exclude(
        dedupe_key=_daily_key(member, today)
    )
    return other_days.filter(
        Q(state=ReminderState.SENT, sent_at__gt=target - BETWEEN_DAILY)
        | Q(state__in=[*OPEN, ReminderState.ARMED], next_at__gt=target - BETWEEN_DAILY)
    ).exists()


def something_waits(member: Membership) -> bool:
    """Say whether anything of this therapist's own clients waits for review."""
    return Homework.objects.filter(
        practice_id=member.practice_id,
        status=Status.SUBMITTED,
        client__caseload__member=member,
        client__caseload__until_at=None,
    ).exists()


def _wanted(homework: Homework, hours: Hours) -> list[Wanted]:
    """Return what this homework earns: at opening, before its day, on its day, once after."""
    if not homework.assignment.reminders_on:
        return []
    found = [_assigned(homework, hours)] if homework.round == 1 else []
    if homework.due_at is None:
        opened = schedule.local_time(homework.opens_at, hours.zone).date()
        found.append(_after(opened + timedelta(days=7), hours))
    else:
        # Where the client is now, which may no longer be where the date was given.
        due = schedule.local_time(homework.due_at, hours.zone)
        found += _around(homework, due, hours)
        found.append(_after(due.date() + timedelta(days=2), hours))
    return found


def _assigned(homework: Homework, hours: Hours) -> Wanted:
    # What was given in the evening of a day was not there in its morning.
    given = max(homework.opens_at, homework.assignment.assigned_at)
    local = schedule.local_time(given, hours.zone).replace(tzinfo=None)
    return Wanted(
        Kind.ASSIGNED,
        homework.opens_at.isoformat(),
        local,
        homework.opens_at + timedelta(hours=36),
        prompt=True,
    )


def _around(homework: Homework, due: datetime, hours: Hours) -> list[Wanted]:
    found, due_at = [], homework.due_at or homework.opens_at
    soon = datetime.combine(due.date() - timedelta(days=2), hours.at)
    if schedule.resolve(soon, hours.zone) > homework.opens_at + timedelta(hours=12):
        found.append(Wanted(Kind.DUE_SOON, due_at.isoformat(), soon, due_at - timedelta(hours=1)))
    today = datetime.combine(due.date(), hours.at)
    if today >= due - timedelta(minutes=30):
        today = due - timedelta(hours=3)
    if schedule.resolve(today, hours.zone) > homework.opens_at + timedelta(hours=3):
        found.append(Wanted(Kind.DUE_TODAY, due_at.isoformat(), today, due_at))
    return found


def _after(day: date, hours: Hours) -> Wanted:
    local = datetime.combine(day, hours.at)
    instant = schedule.resolve(local, hours.zone)
    # Without an anchor: one in a homework's life, however often its date moves.
    return Wanted(Kind.FOLLOW_UP, "", local, instant + timedelta(days=2))


def _hours(client: Client) -> Hours:
    chosen = ContactPreference.objects.filter(client_id=client.pk).first()
    times = chosen or client.practice
    return Hours(client.zone, times.reminder_time, times.quiet_from, times.quiet_until)


def _instant(one: Wanted, hours: Hours) -> datetime:
    return schedule.resolve(one.local, hours.zone)


def next_at(one: Wanted, hours: Hours, key: uuid.UUID, at: datetime) -> datetime:
    """Return when it goes: its hour, a little spread, never inside quiet hours."""
    target = _instant(one, hours)
    if one.prompt:
        target = max(target, at)
    else:
        target += schedule.spread(str(key))
    quiet = (hours.quiet_from, hours.quiet_until)
    if not schedule.quiet(target, hours.zone, *quiet):
        return target
    later = schedule.after_quiet(target, hours.zone, *quiet)
    if later <= one.not_after:
        return later
    earlier = schedule.before_quiet(target, hours.zone, *quiet)
    # Past its use either way: the pump holds it back, and the ledger says why.
    return earlier if earlier > at else later


def _upsert(homework: Homework, key: uuid.UUID, one: Wanted, hours: Hours, at: datetime) -> None:
    _write(
        [
            homework.practice_id,
            key,
            homework.client_id,
            None,
            homework.pk,
            str(one.kind),
            0,
            one.local.replace(tzinfo=UTC),
            hours.zone,
            schedule.tzdata_version(),
            next_at(one, hours, key, at),
            one.not_after,
            at,
        ]
    )


def _insert_daily(member: Membership, day: date, target: datetime, zone: str, at: datetime) -> None:
    local = datetime.combine(day, member.daily_mail_time, tzinfo=UTC)
    _write(
        [
            member.practice_id,
            _daily_key(member, day),
            None,
            member.pk,
            None,
            str(Kind.WAITING),
            1,
            local,
            zone,
            schedule.tzdata_version(),
            max(target, at),
            target + DAILY_IS_LATE,
            at,
        ]
    )


def _write(values: Sequence[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(UPSERT, values)


def _daily_key(member: Membership, day: date) -> uuid.UUID:
    return _hash(("v1", str(member.pk), Kind.WAITING, "0", "", day.isoformat(), "0"))


def _key(client_id: uuid.UUID, one: Wanted, homework_id: uuid.UUID) -> uuid.UUID:
    return _hash(("v1", str(client_id), one.kind, "0", str(homework_id), one.anchor, "0"))


def _hash(parts: Sequence[str]) -> uuid.UUID:
    """Return the first 128 bits of SHA-256 over what makes a reminder this one."""
    return uuid.UUID(bytes=hashlib.sha256("|".join(parts).encode()).digest()[:16])
