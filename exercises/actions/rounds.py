"""What a round asks as its answers stand, and what sending it lets go of."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from exercises import definition as definitions
from exercises.definition import Item
from exercises.models import Homework, Response
from exercises.visibility import OpenedAnswer, OpenedEntry, OpenedRound


def open_keys(homework: Homework, response: Response) -> list[str]:
    """Return the item keys one may write in this round: all, or only the returned ones and what
    follows from their answers."""
    definition, opened = homework.version.definition, list(response.open_items)
    if opened:
        opened += [one.key for one in definition.followed_by(opened)]
    return [item.key for item in definition.to_come if not opened or item.key in opened]


def asked_now(homework: Homework, rounds: Sequence[OpenedRound]) -> list[Item]:
    """Return what the newest round asks, as its answers stand: what is shown before sending, and all
    that sending sends.

    What was opened again was chosen by somebody who read it; an answer of the same round may hide
    it still. What follows from such an answer, and nothing was ever said to, comes with it.
    """
    definition, response = homework.version.definition, open_round(homework, rounds)
    shown = definitions.visible_items(definition, OpenedRound.merged(rounds))
    if response is None or not response.open_items:
        return shown
    before = definitions.visible_items(definition, OpenedRound.merged(rounds[:-1]))
    keys = set(response.open_items) - {item.key for item in before if item not in shown}
    said = {key for one in rounds[:-1] for key in one.words}
    follows = [one for one in definition.followed_by(keys) if one in shown and one.key not in said]
    keys |= {item.key for item in follows}
    return [item for item in definition.items if item.key in keys]


def open_round(homework: Homework, rounds: Sequence[OpenedRound]) -> Response | None:
    """Return the open round among these, once it was begun."""
    last = rounds[-1].response if rounds else None
    return last if last is not None and last.round == homework.round else None


@dataclass(frozen=True)
class Hidden:
    """What stands under questions that are asked no more: its author took it back with the answer that
    had shown it. Until the round is sent it comes back with that answer; sending lets go of it."""

    answers: list[OpenedAnswer]
    # Of moments that stay, by the moment.
    within: dict[UUID, list[OpenedAnswer]]
    # Whole moments, of a log that is asked no more.
    moments: list[OpenedEntry]

    @property
    def keys(self) -> frozenset[str]:
        """Return the questions and logs it stands under."""
        said = {one.item_key for one in self.answers if not is_wordless(one)}
        return frozenset(said | {one.entry.log_key for one in self.moments})


def is_wordless(one: OpenedAnswer) -> bool:
    """Say whether there is nothing in it that could be let go of."""
    return definitions.is_empty(one.value) and definitions.is_empty(one.unsaid)


def hidden_now(homework: Homework, rounds: Sequence[OpenedRound]) -> Hidden:
    """Return what sending the newest round, as it stands, lets go of."""
    definition, newest = homework.version.definition, rounds[-1]
    shown = {item.key for item in asked_now(homework, rounds)}
    # A later round lists the moments of a log that is not among what was opened again.
    logs = {item.key for item in definitions.visible_items(definition, OpenedRound.merged(rounds))}
    within = {}
    for moment in newest.moments:
        asked = moment.asked(definition)
        within[moment.entry.pk] = [one for key, one in moment.words.items() if key not in asked]
    return Hidden(
        answers=[one for key, one in newest.words.items() if key not in shown],
        within=within,
        moments=[one for one in newest.moments if one.entry.log_key not in logs],
    )
