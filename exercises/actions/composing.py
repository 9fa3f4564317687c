"""Sentences put together from other answers: as long as nobody reworded one, it follows them."""

from collections.abc import Iterator, Mapping
from typing import Any

from exercises import definition as definitions
from exercises.models import Answer, AnswerOutcome, Homework
from exercises.visibility import OpenedRound, read_rounds
from practice.actors import Actor


def put_together_anew(
    *, by: Actor, homework: Homework, said: Mapping[str, Any], held: OpenedRound | None
) -> list[tuple[Answer, str]]:
    """Return the sentences of the open round that stand as they were put together, as they read with
    what is said now. One that somebody reworded is theirs, and stays.

    `held` is that round, when it has been read: then, in the first, nothing is read again.
    """
    definition = homework.version.definition
    if not any(definitions.composed_of(item) & said.keys() for item in definition.items):
        return []
    rounds = [held] if held and homework.round == 1 else read_rounds(by, homework)
    if not rounds or rounds[-1].response.round != homework.round:
        return []
    return list(_anew(homework, rounds, said))


def _anew(
    homework: Homework, rounds: list[OpenedRound], said: Mapping[str, Any]
) -> Iterator[tuple[Answer, str]]:
    definition, before = homework.version.definition, OpenedRound.merged(rounds)
    for item in definition.items:
        kept = rounds[-1].words.get(item.key)
        if item.key in said or kept is None or kept.outcome != AnswerOutcome.ANSWERED:
            continue
        for language in item.compose.languages():
            if kept.value == definitions.compose(definition, item, before, language):
                text = definitions.compose(definition, item, {**before, **said}, language)
                if text != kept.value and len(text) <= item.limit:
                    yield kept.row, text
                break
