"""The parts of an exercise, as frozen dataclasses."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from enum import StrEnum

FALLBACK_LANGUAGE = "en"
# As the site's own (settings.LANGUAGES).
LANGUAGES = ("en", "es")
MOST_TEXT = 280
MOST_LONGTEXT = 5000
MOST_ROWS = 20


class ItemKind(StrEnum):
    """What is asked for; each kind has one template and one shape of value.

    Values as `clean` returns them and as they are stored (None = nothing said):
    text, longtext, choice: str · yesno: bool · checklist: list of option keys · scale: int
    · number: int or float · date: "2027-03-04" · time: "19:30" · datetime: "2027-03-04T19:30"
    (wall time) · emotions: {word key: strength 1 to 3, 0 = not said} · list: list of str, or of
    {sub-item key: value} when the item has `items`. display and log have no value of their own:
    a log is answered by Entries, each with values for the log's `items`.
    """

    DISPLAY = "display"
    TEXT = "text"
    LONGTEXT = "longtext"
    YESNO = "yesno"
    CHOICE = "choice"
    CHECKLIST = "checklist"
    SCALE = "scale"
    EMOTIONS = "emotions"
    NUMBER = "number"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    LIST = "list"
    LOG = "log"


class Visibility(StrEnum):
    """Who may ever read an answer beside its author."""

    AUTHOR_THERAPIST = "author-therapist"
    RELEASABLE = "releasable"
    SHARED_ON_RELEASE = "shared-on-release"
    NEVER_RELEASABLE = "never-releasable"


class Kind(StrEnum):
    """Who does the exercise."""

    INDIVIDUAL = "individual"
    PAIR = "pair"
    JOINT = "joint"


class Stage(StrEnum):
    """When an item is asked: now, when a log is closed, or only after a release."""

    WORK = "work"
    CLOSING = "closing"
    RELEASE = "release"


FOR_TWO = frozenset({Kind.PAIR, Kind.JOINT})


class FlagKind(StrEnum):
    """Why an answer wants a human. `safety` ends the exercise."""

    SAFETY = "safety"
    TALK = "talk"


class ChartKind(StrEnum):
    """How a chart is drawn."""

    PAIR = "pair"  # two series of the same occasion, before and after
    LINE = "line"  # series over occasions
    COUNT = "count"  # how many occasions a day, all together or by the answers to one item
    SHARE = "share"  # n of m occasions


@dataclass(frozen=True)
class Text:
    """Human words by language."""

    by_language: tuple[tuple[str, str], ...] = ()

    def get(self, language: str | None = FALLBACK_LANGUAGE) -> str:
        """Return the words in `language` ("es-mx" finds "es"), else in English, else nothing."""
        words = dict(self.by_language)
        code = (language or FALLBACK_LANGUAGE).lower().replace("_", "-")
        return words.get(code) or words.get(code.split("-")[0]) or words.get(FALLBACK_LANGUAGE, "")

    def values(self) -> list[str]:
        """Return the words in every language."""
        return [words for _, words in self.by_language]

    def languages(self) -> list[str]:
        """Return the languages there are words in."""
        return [language for language, _ in self.by_language]

    def __str__(self) -> str:
        return self.get()

    def __bool__(self) -> bool:
        return bool(self.by_language)


@dataclass(frozen=True)
class Option:
    """One thing that can be chosen; the key is stored, the text is shown."""

    key: str
    text: Text
    help: Text = Text()


@dataclass(frozen=True)
class Condition:
    """True when the answer to `item` is one of `values`; without values, when there is one.

    For checklist and emotions one of the chosen is enough. yesno compares with "yes" and "no".
    """

    item: str
    values: tuple[str | int, ...] = ()


@dataclass(frozen=True)
class FlagRule:
    """An answer that wants a human: when it is one of `values`."""

    flag: FlagKind
    values: tuple[str | int, ...]


@dataclass(frozen=True)
class Hint:
    """A friendly remark on what was written; it never blocks.

    Exactly one test: `empty` (that item has no answer), or word lists by language: the text
    `starts` with one, `has` one, or `lacks` all of them ("#" stands for any digit).
    """

    text: Text
    empty: str = ""
    starts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    has: tuple[tuple[str, tuple[str, ...]], ...] = ()
    lacks: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True)
class Item:
    """One question (or words to read): one screen, unless it shares a `screen` with its neighbour.

    `min` and `max`: characters don't count here; they bound choices in a checklist, words in
    emotions, rows in a list, and the value of a number.
    """

    key: str
    kind: ItemKind
    text: Text
    title: Text = Text()
    help: Text = Text()
    required: bool = False
    visibility: Visibility = Visibility.AUTHOR_THERAPIST
    stage: Stage = Stage.WORK
    screen: str = ""
    options: tuple[Option, ...] = ()
    show_if: Condition | None = None
    flag_if: tuple[FlagRule, ...] = ()
    series: str = ""
    min: int | None = None
    max: int | None = None
    max_length: int | None = None
    # Date, datetime: of what has happened; what is still to come is no answer.
    past: bool = False
    low: Text = Text()
    high: Text = Text()
    # Scale: eleven words, one per step, or none.
    words: tuple[Text, ...] = ()
    unit: Text = Text()
    # List: the small questions of a row (none: each row is one line). Log: those of an entry.
    items: tuple["Item", ...] = ()
    # List: rows that stand there to begin with; a row left as it was does not count.
    starters: tuple[Text, ...] = ()
    add_text: Text = Text()
    # A sentence put together from other answers, "{feel} {do}", offered as a first wording.
    compose: Text = Text()
    hints: tuple[Hint, ...] = ()
    # In an entry: asked by a discreet nudge this many minutes after the entry, if at all.
    later_minutes: int | None = None
    # Log: after this many days the closing items are offered; the client may close before.
    close_after_days: int | None = None

    @property
    def is_asked(self) -> bool:
        """Say whether the item itself can be answered."""
        return self.kind not in {ItemKind.DISPLAY, ItemKind.LOG}

    @property
    def limit(self) -> int:
        """Return how many characters fit."""
        default = MOST_LONGTEXT if self.kind is ItemKind.LONGTEXT else MOST_TEXT
        return self.max_length or default

    @property
    def is_releasable(self) -> bool:
        """Say whether a therapist could ever let the partner see the answer."""
        return self.visibility in {Visibility.RELEASABLE, Visibility.SHARED_ON_RELEASE}

    @property
    def when(self) -> "Item | None":
        """Return the question of a log that says when the moment was: its first, if any."""
        first = self.items[0] if self.kind is ItemKind.LOG else None
        return first if first and first.kind is ItemKind.DATETIME else None

    def option(self, key: str) -> Option | None:
        """Return the option with this key."""
        return next((option for option in self.options if option.key == key), None)


@dataclass(frozen=True)
class Chart:
    """What is drawn over time; always the author's own account."""

    key: str
    kind: ChartKind
    caption: Text
    series: tuple[str, ...] = ()
    # The log whose entries are the occasions; empty: the rounds themselves are.
    log: str = ""
    # Count, share: which occasions count.
    where: Condition | None = None
    # Count: count by the answers to this item instead of by day.
    by: str = ""


@dataclass(frozen=True)
class ReviewHint:
    """What the reviewer sees side by side, or as a change: item keys and a caption."""

    kind: str  # beside | change | offered | ranked | gap (see describing.reviewer_pairs)
    items: tuple[str, ...]
    caption: Text


@dataclass(frozen=True)
class Computed:
    """A series nobody types: 1 when all these items are answered, else 0."""

    series: str
    answered: tuple[str, ...]


@dataclass(frozen=True)
class Definition:
    """A whole exercise."""

    slug: str
    title: Text
    purpose: Text
    minutes: int
    kind: Kind
    items: tuple[Item, ...]
    format_version: int = 1
    cadence: Text = Text()
    content_note: Text = Text()
    # Ids of the concept map (A1 … B68).
    covers: tuple[str, ...] = ()
    # For the therapist only: never on a client's page, nor in a client's export.
    cautions: tuple[Text, ...] = ()
    evidence: tuple[Text, ...] = ()
    charts: tuple[Chart, ...] = ()
    review: tuple[ReviewHint, ...] = ()
    computed: tuple[Computed, ...] = ()
    # The whole exercise can never be released, whatever its items say.
    never_released: bool = field(default=False)

    @property
    def is_for_two(self) -> bool:
        """Say whether two do it, each alone or together: only a couple can be given it."""
        return self.kind in FOR_TWO

    def item(self, key: str) -> Item | None:
        """Return the item with this key, also one inside a log."""
        return next((item for item in self.walk() if item.key == key), None)

    def log(self, key: str) -> Item | None:
        """Return the log with this key."""
        return next((item for item in self.logs if item.key == key), None)

    @property
    def to_come(self) -> list[Item]:
        """Return the items that come to a client: nothing is released to a partner yet, so what
        follows a release comes to nobody."""
        return [item for item in self.items if item.stage is not Stage.RELEASE]

    @property
    def asked(self) -> list[Item]:
        """Return the items a round asks: what is only read is not."""
        return [item for item in self.to_come if item.is_asked]

    def followed_by(self, keys: Collection[str]) -> list[Item]:
        """Return what is asked because of an answer to one of these, or to what follows from it."""
        found: list[Item] = []
        for item in self.to_come:
            leads = {*keys, *(one.key for one in found)}
            if item.key not in leads and item.show_if and item.show_if.item in leads:
                found.append(item)
        return found

    @property
    def questions(self) -> list[Item]:
        """Return all a client can be asked: what a round asks, and each moment of a log."""
        found = [part for item in self.to_come for part in (item, *_parts(item))]
        return [item for item in found if item.is_asked]

    @property
    def logs(self) -> tuple[Item, ...]:
        """Return the logs, in order."""
        return tuple(item for item in self.items if item.kind is ItemKind.LOG)

    @property
    def open_logs(self) -> tuple[Item, ...]:
        """Return the logs of the work itself; one that belongs to a release comes with it."""
        return tuple(item for item in self.to_come if item.kind is ItemKind.LOG)

    @property
    def is_journal(self) -> bool:
        """Say whether the moments are the work, and the rest is asked when it is closed."""
        asked = [item for item in self.items if item.is_asked]
        return bool(self.open_logs) and all(one.stage is not Stage.WORK for one in asked)

    def walk(self) -> Iterator[Item]:
        """Yield every item, and those inside logs right after their log."""
        for item in self.items:
            yield item
            yield from _parts(item)

    def texts(self) -> Iterator[Text]:
        """Yield all the words, wherever they stand."""
        return _texts(self)


def _texts(value: object) -> Iterator[Text]:
    if isinstance(value, Text):
        if value:
            yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from _texts(one)
    elif is_dataclass(value):
        for part in fields(value):
            yield from _texts(getattr(value, part.name))


def _parts(item: Item) -> tuple[Item, ...]:
    """Return what a moment of a log asks; the rows of a list are one answer."""
    return item.items if item.kind is ItemKind.LOG else ()
