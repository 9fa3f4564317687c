"""What the people of the demo write: calm, ordinary, made up, the same on every machine.

The words stand in `words/<language>.yaml`, so that an answer, and what is said to it, belong
together; numbers are thrown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml

from clients.models import Client
from exercises.definition import Item, ItemKind

WORDS = Path(__file__).parent / "words"
# What comes back decides how much relief there is.
RELIEF = {"warm": 7, "neutral": 4, "impatient": 2, "nothing": 2, "none": 5}
FIRST_NAMES = [
    "Amal",
    "Reza",
    "Jo",
    "Tomas",
    "Ines",
    "Mika",
    "Lior",
    "Petra",
    "Samir",
    "Wanda",
    "Kofi",
    "Elin",
    "Hugo",
    "Nadia",
    "Oskar",
    "Mei",
    "Ravi",
    "Tove",
    "Abel",
    "Dina",
    "Emil",
    "Farah",
    "Gus",
    "Hana",
    "Ilya",
    "Jana",
    "Kai",
    "Lena",
    "Marek",
    "Nuria",
    "Otis",
    "Pilar",
    "Quinn",
    "Rosa",
    "Stig",
    "Tara",
]
LAST_NAMES = [
    "Ashby",
    "Brandt",
    "Calder",
    "Duarte",
    "Engel",
    "Falk",
    "Greco",
    "Hale",
    "Ibsen",
    "Jaramillo",
    "Kovacs",
    "Larkin",
    "Moreau",
    "Nilsen",
    "Okafor",
    "Prado",
    "Quist",
    "Romero",
    "Sato",
    "Thorne",
    "Ueda",
    "Varga",
    "Weiss",
    "Xavier",
    "York",
    "Zeller",
]


def name(number: int) -> str:
    """Return what the client with this number is called; near ones share no part of it."""
    first = FIRST_NAMES[number % len(FIRST_NAMES)]
    return f"{first} {LAST_NAMES[(5 * number + 17) % len(LAST_NAMES)]}"


@dataclass(frozen=True)
class Moment:
    """What somebody wrote into one exercise, and what their therapist wrote beside it.

    A letter of its own goes before those that fit any of them.
    """

    say: Mapping[str, Any]
    comments: Mapping[str, str]
    letter: str = ""


@dataclass(frozen=True)
class Mood:
    """Who answers, when, and how the week went: `lean` (0 to 1) lifts what speaks of closeness."""

    client: Client
    random: Random
    lean: float
    at: datetime


def moment(language: str, exercise: str, number: int, partner: str = "") -> Moment:
    """Return one of what people write into an exercise; of a log, how they close it.

    `partner` is who they are a couple with.
    """
    found = _nth(_moments(language, exercise), number)
    said, heard = partner or "my partner", partner or "your partner"
    return Moment(
        _named(found["say"], said),
        _named(found.get("comments", {}), heard),
        _named(found.get("letter", ""), heard),
    )


def count(language: str, exercise: str) -> int:
    """Return how many there are before they begin again."""
    return len(_moments(language, exercise))


def log_moment(language: str, exercise: str, number: int, partner: str = "") -> dict[str, Any]:
    """Return one moment of a log."""
    found: dict[str, Any] = _nth(words(language)[exercise]["moments"], number)
    return {key: _named(value, partner or "my partner") for key, value in found.items()}


def letter(language: str, exercise: str, number: int) -> str:
    """Return what a therapist writes above their comments."""
    return str(_nth(words(language)["letters"][exercise], number))


def note(language: str, exercise: str, number: int) -> str:
    """Return what a therapist writes when giving it."""
    return str(_nth(words(language)["notes"][exercise], number))


@cache
def words(language: str) -> dict[str, Any]:
    """Return all there is in a language."""
    found: dict[str, Any] = yaml.safe_load((WORDS / f"{language}.yaml").read_text("utf-8"))
    return found


def value_for(item: Item, told: Mapping[str, Any], mood: Mood) -> Any:
    """Return what is said to `item`: what is told, else something its kind can throw."""
    if item.key in told and item.kind is not ItemKind.SCALE:
        return told[item.key]
    make = MAKERS.get(item.kind)
    return make(item, told, mood) if make else None


def _moments(language: str, exercise: str) -> list[Any]:
    told = words(language)[exercise]
    return told if isinstance(told, list) else list(told["closings"])


def _named(told: Any, partner: str) -> Any:
    """Put the partner's name where one stands in what is told."""
    if isinstance(told, dict):
        return {key: _named(value, partner) for key, value in told.items()}
    if isinstance(told, list):
        return [_named(value, partner) for value in told]
    if not isinstance(told, str):
        return told
    begins = partner[:1].upper() + partner[1:]
    return told.replace("{Partner}", begins).replace("{partner}", partner)


def _nth(found: list[Any], number: int) -> Any:
    return found[number % len(found)]


def _scale(item: Item, told: Mapping[str, Any], mood: Mood) -> int | None:
    lean, random = mood.lean, mood.random
    middle: float = told.get(item.key, 3 + 5 * lean)
    if item.key == "close_before":
        middle -= 2
    if item.key.startswith("relief"):
        middle = RELIEF[told["got"]]
    if item.key == "relief_hour":
        middle -= 1.5
    if item.key == "urge":
        middle -= 2 * lean
    if item.later_minutes and random.random() < 0.3:
        return None  # nobody comes back to each of them
    return max(0, min(10, round(random.gauss(middle, 1))))


def _list(item: Item, told: Mapping[str, Any], mood: Mood) -> list[dict[str, Any]] | None:
    """Leave the lines that stand there as they are, with numbers to most of them."""
    if not item.starters:
        return None
    first, *others = item.items
    return [
        {first.key: line.get(mood.client.language)}
        | {part.key: value_for(part, told, mood) for part in others}
        for line in item.starters[: mood.random.randint(3, 5)]
    ]


def _day(item: Item, told: Mapping[str, Any], mood: Mood) -> str:
    return (mood.at - timedelta(days=mood.random.randint(1, 3))).strftime("%Y-%m-%d")


def _no(item: Item, told: Mapping[str, Any], mood: Mood) -> bool:
    return False


def _now(item: Item, told: Mapping[str, Any], mood: Mood) -> str:
    return mood.at.strftime("%Y-%m-%dT%H:%M")


MAKERS: dict[ItemKind, Callable[[Item, Mapping[str, Any], Mood], Any]] = {
    ItemKind.YESNO: _no,
    ItemKind.SCALE: _scale,
    ItemKind.LIST: _list,
    ItemKind.DATE: _day,
    ItemKind.DATETIME: _now,
}
