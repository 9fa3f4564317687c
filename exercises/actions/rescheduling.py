"""Give homework other days: by hand, or because the session moved until which it was given."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from clients.models import Client, Couple
from clients.permissions import cared_for, seen_together, together
from exercises import schedule
from exercises.actions import gate, reminding
from exercises.actions.assigning import before_it_opens, check_days, over
from exercises.actions.moving import apply_move
from exercises.models import Homework
from exercises.permissions import may_assign
from exercises.queries.homework import MOVABLE
from exercises.workflow import Move, Status
from practice.actions import auditing
from practice.actors import Actor, system
from practice.errors import BadInput, NotPossible

# What is in goes along unsaid: should it be returned, it has the same day as the partner's.
FOLLOWING = (*MOVABLE, Status.SUBMITTED)


@dataclass(frozen=True)
class Ends:
    """Until when: the evening of a day (a wall time), or a session (its hour, and whose it is: a
    client's own or a couple's, by their id). Neither: no end."""

    local: datetime | None = None
    session_at: datetime | None = None
    session_of: UUID | None = None


def reschedule(
    *,
    by: Actor,
    at: datetime,
    homework: Homework,
    opens_local: datetime | None = None,
    ends: Ends | None = None,
    beside: Homework | None = None,
) -> None:
    """Give a homework other days; reminders follow, and one already sent stays sent.

    Days are wall times by each client's clock. `opens_local` None leaves the opening as it is, `ends`
    None the end. `beside` is the partner's of the same time: both, or neither.
    Raises BadInput for days that are over, that nobody can mean, in the wrong order or out of a
    series' order, NotPossible for work that is over, for the opening of what is open, and once care
    has ended.
    """
    if not may_assign(by):
        raise PermissionDenied
    with transaction.atomic():
        if opens_local:
            gate.hold(homework.assignment)
        # In one order, as whoever moves their session does: two tabs wait, and do not stand still.
        for one in sorted(filter(None, [homework, beside]), key=lambda row: row.pk):
            _reschedule(by, at, one, opens_local, ends)


def _reschedule(
    by: Actor, at: datetime, homework: Homework, opens_local: datetime | None, ends: Ends | None
) -> None:
    if not cared_for(by).filter(pk=homework.client_id).exists():
        raise PermissionDenied
    if homework.client.discharged_at:
        raise NotPossible(_("Their care has ended. Take it up again first."))
    fields = _new_days(homework, opens_local, ends, at)
    moved = Homework.objects.filter(
        pk=homework.pk, status__in=[Status.SCHEDULED] if opens_local else MOVABLE
    ).update(**fields)
    if not moved:
        raise NotPossible(
            _("It has opened meanwhile, so that its opening cannot change.")
            if opens_local
            else _("This is no longer open, so its date cannot change.")
        )
    homework.refresh_from_db(fields=["opens_at", "status", "revision"])
    if homework.status == Status.SCHEDULED and homework.opens_at <= at:
        if gate.is_closed(homework.assignment, at):
            raise BadInput({"opens": [_("Couple work waits now. Choose a day to come.")]})
        apply_move(homework, Move.OPEN, by=system(by.practice_id), at=at)
    _follow(by, at, homework)


def follow_session(
    *,
    by: Actor,
    at: datetime,
    clients: Sequence[Client],
    couple: Couple | None,
    before: datetime | None,
    after: datetime | None,
) -> bool:
    """Move along what was given until a session that has another hour now: to the same instant for
    all. Says whether any was; where no hour is noted now, whether any waits for the next.

    What was given until the session of two who share none any more (they were unlinked, or each has
    a therapist of their own) waits for the next that its client has, alone or with somebody.

    `clients` calls it by `HOMEWARD_FOLLOW_SESSION`, in the transaction that keeps the hour. Nothing
    moves once its end is over, nor to an hour before which it would not be open.
    """
    if before == after or (after and after <= at):
        return False
    of = couple.pk if couple else clients[0].pk
    given = Homework.objects.filter(
        client__in=cared_for(by).filter(pk__in=[one.pk for one in clients]),
        status__in=FOLLOWING,
        due_at__gt=at,
    )
    if after is None:
        return given.filter(session_of=of, status__in=MOVABLE).exists()
    shared = together(by.practice_id).values("pk")
    is_left = ~Q(session_of__in=shared) & ~Q(session_of=F("client"))
    given = given.filter(Q(session_of=of) | (Q(session_of__isnull=False) & is_left))
    rows = given.select_related("client__practice", "assignment").order_by("pk")
    moved = [_moved_along(by, at, one, of, after) for one in rows]
    return any(moved)


def _new_days(
    homework: Homework, opens_local: datetime | None, ends: Ends | None, at: datetime
) -> dict[str, Any]:
    _check_days(homework, opens_local, ends.local if ends else None, at)
    zone, fields = homework.client.zone, dict[str, Any]()
    opens_at, due_at = _instant(opens_local, zone) or homework.opens_at, homework.due_at
    if ends:
        due_at = ends.session_at or _instant(ends.local, zone)
        # A day that was chosen stays where it is when the session moves.
        fields = {"due_at": due_at, "zone": zone, "session_of": ends.session_of}
        fields["due_local"] = schedule.wall_time(due_at, zone) if due_at else None
    if opens_local:
        fields["opens_at"] = opens_at
    if ends and due_at and due_at <= at:
        raise over()
    if due_at and due_at <= opens_at:
        raise before_it_opens()
    return fields


def end_anew(homework: Homework, at: datetime) -> dict[str, Any]:
    """Return the end of what is returned once its own is over, as columns: the next hour of the
    session it was given until (of one that two share no more, the client's own), if one is noted.
    Otherwise all stays."""
    if homework.session_of is None or homework.due_at is None or homework.due_at > at:
        return {}
    client = homework.client
    hour = client.next_session_at
    if homework.session_of != client.pk:
        they = Actor(practice_id=homework.practice_id, kind="client", client_id=client.pk)
        if couple := seen_together(they).filter(pk=homework.session_of).first():
            hour = couple.next_session_at
    return _until(hour, client.zone) if hour and hour > at else {}


def _check_days(
    homework: Homework, opens: datetime | None, due: datetime | None, at: datetime
) -> None:
    check_days(opens, due, at)
    if opens is None:
        return
    if opens.date() < schedule.local_time(at, homework.client.zone).date():
        raise BadInput({"opens": [_("Choose today or a day to come.")]})
    _keep_in_turn(homework, opens.date())


def _keep_in_turn(homework: Homework, opens: date) -> None:
    """Keep a day of a series between those beside it: its places are in the order of its days, and
    "this one and the later ones" mean the same by either."""
    series = Homework.objects.filter(
        assignment_id=homework.assignment_id, client_id=homework.client_id
    ).exclude(status=Status.WITHDRAWN)
    before = series.filter(slot__lt=homework.slot).order_by("-slot").first()
    if before and opens <= schedule.local_time(before.opens_at, homework.client.zone).date():
        raise BadInput({"opens": [_("Choose a day after the one before it in this series.")]})
    after = series.filter(slot__gt=homework.slot).order_by("slot").first()
    zone = homework.client.zone
    bound = schedule.local_time(after.opens_at, zone).date() if after else None
    goes_on = homework.assignment.goes_on_for(homework.client_id)
    if bound is None and goes_on and homework.assignment.rrule:
        times = homework.assignment.times(zone, limit=homework.slot + 2)
        bound = times[homework.slot + 1].local.date() if len(times) > homework.slot + 1 else None
    if bound and opens >= bound:
        raise BadInput({"opens": [_("Choose a day before the next one of this series.")]})


def _moved_along(by: Actor, at: datetime, homework: Homework, of: UUID, after: datetime) -> bool:
    stands = (homework.due_at, homework.session_of)
    if after <= homework.opens_at or stands == (after, of):
        return False
    zone = homework.client.zone
    moved = Homework.objects.filter(
        pk=homework.pk, status__in=FOLLOWING, session_of=homework.session_of
    ).update(**_until(after, zone), session_of=of)
    if moved:
        _follow(by, at, homework)
    return bool(moved) and homework.status in MOVABLE


def _until(hour: datetime, zone: str) -> dict[str, Any]:
    return {"due_local": schedule.wall_time(hour, zone), "due_at": hour, "zone": zone}


def _instant(wall: datetime | None, zone: str) -> datetime | None:
    return schedule.resolve(wall.replace(tzinfo=None), zone) if wall else None


def _follow(by: Actor, at: datetime, homework: Homework) -> None:
    homework.refresh_from_db(fields=["opens_at", "due_local", "due_at", "status"])
    reminding.plan_for_homework(homework, at)
    auditing.record(
        by=by,
        at=at,
        action="homework.due_moved",
        object_kind="homework",
        object_id=homework.pk,
        client_id=homework.client_id,
    )
