"""Give homework other days: by hand, or because the session moved until which it was given."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from clients.models import Client, Couple
from clients.permissions import cared_for, seen_together
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


def reschedule(
    *,
    by: Actor,
    at: datetime,
    homework: Homework,
    due_local: datetime | None,
    opens_local: datetime | None = None,
) -> None:
    """Give a homework other days; reminders follow, and one already sent stays sent.

    Both are wall times by their client's clock. `opens_local` None leaves the opening as it is.
    Raises BadInput for days that are over, that nobody can mean, in the wrong order or out of a
    series' order, NotPossible for work that is over, and for the opening of what is open.
    """
    if not cared_for(by).filter(pk=homework.client_id).exists() or not may_assign(by):
        raise PermissionDenied
    _check_days(homework, opens_local, due_local, at)
    opens_at = _instant(opens_local, homework.client.zone) or homework.opens_at
    due_at = _instant(due_local, homework.client.zone)
    if due_at and due_at <= at:
        raise over()
    if due_at and due_at <= opens_at:
        raise before_it_opens()
    with transaction.atomic():
        moved = Homework.objects.filter(
            pk=homework.pk, status__in=[Status.SCHEDULED] if opens_local else MOVABLE
        ).update(
            due_local=due_local,
            due_at=due_at,
            zone=homework.client.zone,
            # A day that was chosen stays where it is when the session moves.
            session_of=None,
            **({"opens_at": opens_at} if opens_local else {}),
        )
        if not moved:
            raise NotPossible(
                _("It has opened meanwhile, so that its opening cannot change.")
                if opens_local
                else _("This is no longer open, so its date cannot change.")
            )
        homework.refresh_from_db(fields=["opens_at", "status", "revision"])
        if homework.status == Status.SCHEDULED and homework.opens_at <= at:
            if gate.closed([homework.assignment], at):
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

    `clients` calls it by `HOMEWARD_FOLLOW_SESSION`, in the transaction that keeps the hour. Nothing
    moves once its end is over, nor to an hour before which it would not be open.
    """
    if before == after or (after and after <= at):
        return False
    given = Homework.objects.filter(
        client__in=cared_for(by).filter(pk__in=[one.pk for one in clients]),
        status__in=FOLLOWING,
        session_of=couple.pk if couple else clients[0].pk,
        due_at__gt=at,
    )
    if after is None:
        return given.filter(status__in=MOVABLE).exists()
    rows = given.select_related("client__practice", "assignment").order_by("pk")
    moved = [_moved_along(by, at, one, after) for one in rows]
    return any(moved)


def end_anew(homework: Homework, at: datetime) -> dict[str, Any]:
    """Return the end of what is returned once its own is over, as columns: the next hour of the
    session it was given until, if one is noted that its client sees. Otherwise all stays."""
    if homework.session_of is None or homework.due_at is None or homework.due_at > at:
        return {}
    client = homework.client
    hour = client.next_session_at
    if homework.session_of != client.pk:
        they = Actor(practice_id=homework.practice_id, kind="client", client_id=client.pk)
        couple = seen_together(they).filter(pk=homework.session_of).first()
        hour = couple.next_session_at if couple else None
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


def _moved_along(by: Actor, at: datetime, homework: Homework, after: datetime) -> bool:
    if after <= homework.opens_at or after == homework.due_at:
        return False
    zone = homework.client.zone
    moved = Homework.objects.filter(
        pk=homework.pk, status__in=FOLLOWING, session_of=homework.session_of
    ).update(**_until(after, zone))
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
