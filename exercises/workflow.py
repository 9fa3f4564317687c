"""A homework's life: one table says who may move it, from where, to where.

The diagram in docs/workflow.md is generated from this table and compared in the tests.
"""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """Where a homework stands; each is exactly one side's turn (`TURN`)."""

    SCHEDULED = "scheduled"
    OPEN = "open"
    IN_PROGRESS = "in_progress"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    REVIEWED = "reviewed"
    SKIPPED = "skipped"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Side(StrEnum):
    """Whose turn it is, or who moves."""

    CLIENT = "client"
    THERAPIST = "therapist"
    CLOCK = "clock"
    NOBODY = "nobody"


class Move(StrEnum):
    """What can happen to a homework."""

    OPEN = "open"
    BEGIN = "begin"
    SUBMIT = "submit"
    TAKE_BACK = "take_back"
    SKIP = "skip"
    BRING = "bring"
    PICK_UP = "pick_up"
    REVIEW = "review"
    RETURN = "return"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"
    LAPSE = "lapse"


@dataclass(frozen=True)
class Rule:
    """One row of the table."""

    move: Move
    by: Side
    sources: frozenset[Status]
    target: Status
    # Where it leads instead once a therapist has given it back: what goes deeper still does.
    deeper: Status | None = None

    def leads_to(self, number: int) -> Status:
        """Return where it leads in round `number`."""
        return self.deeper if self.deeper and number > 1 else self.target


def _rule(
    move: Move, by: Side, sources: set[Status], target: Status, deeper: Status | None = None
) -> Rule:
    return Rule(move, by, frozenset(sources), target, deeper)


S = Status
RULES: tuple[Rule, ...] = (
    _rule(Move.OPEN, Side.CLOCK, {S.SCHEDULED}, S.OPEN),
    _rule(Move.BEGIN, Side.CLIENT, {S.OPEN}, S.IN_PROGRESS),
    _rule(Move.SUBMIT, Side.CLIENT, {S.OPEN, S.IN_PROGRESS, S.RETURNED}, S.SUBMITTED),
    _rule(Move.TAKE_BACK, Side.CLIENT, {S.SUBMITTED}, S.IN_PROGRESS, S.RETURNED),
    _rule(Move.SKIP, Side.CLIENT, {S.OPEN, S.IN_PROGRESS, S.RETURNED}, S.SKIPPED),
    # Set aside as well, to be talked about in the session: that is for who cares for them to know.
    _rule(Move.BRING, Side.CLIENT, {S.OPEN, S.IN_PROGRESS, S.RETURNED}, S.SKIPPED),
    _rule(Move.PICK_UP, Side.CLIENT, {S.SKIPPED, S.EXPIRED}, S.IN_PROGRESS, S.RETURNED),
    _rule(Move.REVIEW, Side.THERAPIST, {S.SUBMITTED}, S.REVIEWED),
    _rule(Move.RETURN, Side.THERAPIST, {S.SUBMITTED}, S.RETURNED),
    _rule(
        Move.WITHDRAW,
        Side.THERAPIST,
        {S.SCHEDULED, S.OPEN, S.IN_PROGRESS, S.RETURNED, S.SKIPPED, S.EXPIRED},
        S.WITHDRAWN,
    ),
    _rule(Move.EXPIRE, Side.CLOCK, {S.SCHEDULED, S.OPEN, S.IN_PROGRESS}, S.EXPIRED),
    # Its hour came while the gate of couple work was closed.
    _rule(Move.LAPSE, Side.CLOCK, {S.SCHEDULED}, S.WITHDRAWN),
)
BY_MOVE: dict[Move, Rule] = {rule.move: rule for rule in RULES}

TURN: dict[Status, Side] = {
    S.SCHEDULED: Side.CLOCK,
    S.OPEN: Side.CLIENT,
    S.IN_PROGRESS: Side.CLIENT,
    S.SUBMITTED: Side.THERAPIST,
    S.RETURNED: Side.CLIENT,
    S.REVIEWED: Side.NOBODY,
    S.SKIPPED: Side.NOBODY,
    S.EXPIRED: Side.NOBODY,
    S.WITHDRAWN: Side.NOBODY,
}
CLIENTS_TURN = tuple(status for status in Status if TURN[status] is Side.CLIENT)
# A client keeps seeing these; a withdrawn homework is gone from their pages.
SHOWN_TO_CLIENT = tuple(s for s in Status if s not in {S.SCHEDULED, S.WITHDRAWN})


def possible(move: Move, status: Status) -> bool:
    """Say whether the table allows `move` from `status`."""
    return status in BY_MOVE[move].sources


def diagram() -> str:
    """Draw the table as a Mermaid state diagram, for docs/workflow.md."""
    lines = ["stateDiagram-v2", "    [*] --> scheduled"]
    lines += [
        f"    {source} --> {target}: {rule.move}{which} ({rule.by})"
        for rule in RULES
        for source in Status
        if source in rule.sources
        for target, which in ((rule.target, ""), (rule.deeper, " from round 2 on"))
        if target
    ]
    return "\n".join(lines) + "\n"
