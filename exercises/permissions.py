"""May this person move this homework? Feeds the buttons, the API's list and the refusals alike."""

from collections.abc import Container, Sequence
from uuid import UUID

from django.core.exceptions import PermissionDenied

from clients.permissions import among_cared_for, may_care_for
from exercises.models import Flag, Homework, Review
from exercises.workflow import BY_MOVE, Move, Side, Status, possible
from practice.actors import Actor
from practice.permissions import has_scope

# Which scope a token needs for which move.
SCOPES: dict[Side, str] = {Side.CLIENT: "answer", Side.THERAPIST: "review"}


def may(
    actor: Actor, move: Move, homework: Homework, *, cared: Container[UUID] | None = None
) -> bool:
    """Say whether `actor` is the one whose move this is. Whether it is possible now is the table's.

    `cared` are the clients that were found to be theirs a moment ago; without it that is asked.
    """
    if homework.practice_id != actor.practice_id:
        return False
    side = BY_MOVE[move].by
    if actor.kind == "system":
        # The clock also carries out a sent review, two minutes later.
        return side is Side.CLOCK or move in {Move.REVIEW, Move.RETURN}
    if side is Side.CLOCK or not has_scope(actor, SCOPES[side]):
        return False
    if side is Side.CLIENT:
        return actor.client_id is not None and actor.client_id == homework.client_id
    if cared is not None:
        return homework.client_id in cared
    return may_care_for(actor, homework.client)


def require(actor: Actor, move: Move, homework: Homework) -> None:
    """Raise PermissionDenied when `actor` may not make this move."""
    if not may(actor, move, homework):
        raise PermissionDenied


def available(actor: Actor, homeworks: Sequence[Homework]) -> dict[UUID, list[Move]]:
    """List what `actor` can do with each of these, by homework id, with one question at most."""
    cared = among_cared_for(actor, {homework.client_id for homework in homeworks})
    return {
        homework.pk: [
            move
            for move in Move
            if possible(move, Status(homework.status))
            and may(actor, move, homework, cared=cared)
            and (move is not Move.RETURN or can_go_back(homework))
        ]
        for homework in homeworks
    }


def may_answer(actor: Actor, homework: Homework) -> bool:
    """Write into the open round: the client alone."""
    return may(actor, Move.SUBMIT, homework)


def may_review(actor: Actor, homework: Homework, *, cares: bool | None = None) -> bool:
    """Answer a submitted round: a therapist of this client.

    `cares`: whether they are was found out with the homework; without it that is asked.
    """
    cared = None if cares is None else (homework.client_id,) if cares else ()
    return may(actor, Move.REVIEW, homework, cared=cared)


def may_undo(actor: Actor, review: Review) -> bool:
    """Take a reply back that one has just sent: its reviewer."""
    return may_answer_rounds(actor) and review.reviewer_id == actor.member_id


def can_go_back(homework: Homework) -> bool:
    """Say whether answers could be opened again: once care has ended, nobody is there to answer."""
    return homework.client.discharged_at is None


def may_answer_rounds(actor: Actor) -> bool:
    """Answer rounds at all; whose is decided by the caseload."""
    return actor.is_therapist and has_scope(actor, SCOPES[Side.THERAPIST])


def may_assign(actor: Actor) -> bool:
    """Give homework at all; to whom is decided by the caseload."""
    return actor.is_therapist and has_scope(actor, "assign")


def may_handle(actor: Actor, flag: Flag) -> bool:
    """See to what wants a human: a therapist of this client."""
    return has_scope(actor, SCOPES[Side.THERAPIST]) and may_care_for(actor, flag.client)


def may_see_library(actor: Actor) -> bool:
    """Look through the practice's exercises."""
    return actor.is_member


def may_read_whole_library(actor: Actor) -> bool:
    """Read what an exercise asks, word for word; an admin sees titles only."""
    return actor.is_therapist or actor.is_supervisor
