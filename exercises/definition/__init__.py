"""What an exercise is made of: pure Python, no ORM, nothing of Django.

An exercise file (docs/exercise-files.md) is parsed into a `Definition`; its JSON is what a
version stores. Answers are checked, described and charted here, so that pages, API and export
say the same.
"""

from exercises.definition.answers import (
    FIRST_YEAR,
    LAST_YEAR,
    AnswerProblem,
    Value,
    clean,
    nothing_said,
    problem_text,
    unfinished,
)
from exercises.definition.charting import (
    Occasion,
    Point,
    chart_points,
    counted,
    counts_for,
    entry_points,
    series_points,
    share,
)
from exercises.definition.describing import Beside, describe, reviewer_pairs, strength_word
from exercises.definition.feelings import FAMILIES, WORDS, Family, Feeling
from exercises.definition.fields import from_form, to_form
from exercises.definition.model import (
    Chart,
    ChartKind,
    Condition,
    Definition,
    FlagKind,
    FlagRule,
    Hint,
    Item,
    ItemKind,
    Kind,
    Option,
    ReviewHint,
    Stage,
    Text,
    Visibility,
)
from exercises.definition.parsing import DefinitionError, parse
from exercises.definition.rules import (
    compose,
    hints,
    holds,
    is_empty,
    missing,
    opening,
    safety,
    screens,
    visible_among,
    visible_items,
)
from exercises.definition.shelf import load_library
from exercises.definition.storing import cached_from_json, digest, from_json, to_json

__all__ = [
    "FAMILIES",
    "FIRST_YEAR",
    "LAST_YEAR",
    "WORDS",
    "AnswerProblem",
    "Beside",
    "Chart",
    "ChartKind",
    "Condition",
    "Definition",
    "DefinitionError",
    "Family",
    "Feeling",
    "FlagKind",
    "FlagRule",
    "Hint",
    "Item",
    "ItemKind",
    "Kind",
    "Occasion",
    "Option",
    "Point",
    "ReviewHint",
    "Stage",
    "Text",
    "Value",
    "Visibility",
    "cached_from_json",
    "chart_points",
    "clean",
    "compose",
    "counted",
    "counts_for",
    "describe",
    "digest",
    "entry_points",
    "from_form",
    "from_json",
    "hints",
    "holds",
    "is_empty",
    "load_library",
    "missing",
    "nothing_said",
    "opening",
    "parse",
    "problem_text",
    "reviewer_pairs",
    "safety",
    "screens",
    "series_points",
    "share",
    "strength_word",
    "to_form",
    "to_json",
    "unfinished",
    "visible_among",
    "visible_items",
]
