"""What the people of the demo write: calm, ordinary, made up, the same on every machine."""

from random import Random
from typing import Any

from exercises.definition import WORDS, Item, ItemKind

LINES: dict[str, list[str]] = {
    "topic": [
        "Who does the shopping on Saturdays.",
        "The phone on the table at dinner.",
        "Being half an hour late without a word.",
        "Whether we visit my parents in December.",
        "The dishes, again, and the sigh that went with them.",
        "How loud the music was while I was on a call.",
        "The holiday money.",
        "A joke in front of friends.",
    ],
    "under": [
        "that I am not somebody one makes room for.",
        "that I would be left alone with all of it, like before.",
        "that nothing I do is ever going to be enough.",
        "that the phone is simply more interesting than I am.",
        "that we are slowly turning into flatmates.",
        "that if I said what I wanted it would be too much.",
    ],
    "story": [
        "They don't care how tired I am.",
        "They'd rather be anywhere else.",
        "They think I am being difficult.",
        "They have stopped noticing.",
    ],
    "others": [
        "They had slept five hours.",
        "Their sister had called that afternoon.",
        "They thought it was already settled.",
        "They did not hear me the first time.",
        "They were afraid of saying the wrong thing.",
        "Work has been like this all month.",
    ],
    "raw": [
        "Are you even coming home tonight or not?",
        "Do you still like me at all?",
        "Why do I always have to ask?",
    ],
    "feel": ["uneasy when the evening goes quiet", "a bit lost when plans change late"],
    "do": ["sent me one line when you leave work", "told me which evening is ours this week"],
    "time": ["today, around six", "by Thursday, it takes a minute"],
    "saw": [
        "Mostly I ask when I am tired. And when the answer is warm I believe it for longer.",
        "I look for signs on days after a quarrel. Asking once, calmly, worked twice.",
    ],
    "worked": ["When I said what I wanted to hear, and it was said while looking at me."],
    "note": ["On the train.", "After the call with the school.", "Late, couldn't sleep."],
    "top": [
        "a hand on my back, for example when you pass behind me in the kitchen",
        "hearing that we will work it out, even before we have",
        "ten minutes on the sofa without talking about it",
    ],
    "not": ["Being told to calm down.", "A present instead of a word."],
}
ANYTHING = [
    "I noticed it in my shoulders first.",
    "It was smaller than I thought, once I had said it.",
    "I'd like to try that again this week.",
]
LETTERS = [
    "You caught the exact second it turned. That is rare, and it gives us something to work with.",
    "Thank you for staying with this one. I could follow every step.",
    "There is one line here I keep thinking about. Let us start from it on Thursday.",
    "You wrote this on a hard evening, and it is clear all the same.",
]
COMMENTS = [
    "If this had a softer word under it, what would it be?",
    "You knew. What told you?",
    "This is a clear ask.",
    "I smiled at this. Good noticing.",
]
NOTES = [
    "A small quarrel is enough for this one. Ten minutes, and stop whenever you like.",
    "Take the one from Saturday, if you want.",
    "",
]
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


def value_for(item: Item, random: Random, lean: float = 0.5) -> Any:
    """Return something a person might say to `item`.

    `lean` (0 to 1) is how the week went: scales that speak of closeness rise with it.
    """
    make = MAKERS.get(item.kind)
    return make(item, random, lean) if make else None


def _text(item: Item, random: Random, lean: float) -> str:
    return random.choice(LINES.get(item.key, ANYTHING))


def _choice(item: Item, random: Random, lean: float) -> str:
    return random.choice(item.options).key


def _checklist(item: Item, random: Random, lean: float) -> list[str]:
    most = min(item.max or 3, len(item.options), 3)
    count = max(item.min or 1, random.randint(1, most))
    return [option.key for option in random.sample(list(item.options), count)]


def _scale(item: Item, random: Random, lean: float) -> int:
    middle = 3 + 5 * lean
    if item.key == "close_before":
        middle -= 2
    if item.key == "urge":
        middle = 9 - 4 * lean
    if item.key == "relief_hour":
        middle -= 1.5
    return max(0, min(10, round(random.gauss(middle, 1))))


def _emotions(item: Item, random: Random, lean: float) -> dict[str, int]:
    return {word: random.randint(1, 3) for word in random.sample(sorted(WORDS), 2)}


def _list(item: Item, random: Random, lean: float) -> list[Any]:
    least, most = max(item.min or 1, 1), item.max or 3
    if not item.items:
        bank = LINES.get(item.key, ANYTHING)
        return random.sample(bank, min(max(least, 2), most, len(bank)))
    first, *others = item.items
    rows = [starter.get("en") for starter in item.starters[:4]]
    rows = rows or random.sample(ANYTHING, min(max(least, 2), most, len(ANYTHING)))
    return [
        {first.key: words} | {part.key: value_for(part, random, lean) for part in others}
        for words in rows
    ]


def _number(item: Item, random: Random, lean: float) -> int:
    return random.randint(int(item.min or 0), int(item.max or 10))


MAKERS = {
    ItemKind.TEXT: _text,
    ItemKind.LONGTEXT: _text,
    ItemKind.YESNO: lambda item, random, lean: False,
    ItemKind.CHOICE: _choice,
    ItemKind.CHECKLIST: _checklist,
    ItemKind.SCALE: _scale,
    ItemKind.EMOTIONS: _emotions,
    ItemKind.LIST: _list,
    ItemKind.NUMBER: _number,
}
