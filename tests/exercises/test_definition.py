"""What an exercise asks of whom, says and draws: rules, words, charts, feelings."""

import re
from datetime import datetime

import pytest

from exercises import definition as d
from exercises.definition import FlagKind, Text
from exercises.definition.rules import is_open
from exercises.definition.wording import STEP_WORDS
from practice.templatetags.icons import SHAPES
from tests.exercises.definitions import GROUPS, LINES, MENU, OPTIONS, item

# --- rules ------------------------------------------------------------------------------------


def keys(items):
    return [one.key for one in items]


def test_show_if_follows_the_answers_and_hidden_answers_do_not_count(small):
    plain = ["afraid", "surface", "before", "after", "moments", "saw"]

    assert keys(d.visible_items(small, {})) == plain
    assert keys(d.visible_items(small, {"own": "left over"})) == plain
    assert keys(d.visible_items(small, {"surface": ["right", "else"], "own": "x"})) == [
        "afraid", "surface", "own", "more", "before", "after", "moments", "saw",
    ]  # fmt: skip
    assert keys(d.visible_items(small, {}, stage="release"))[-1] == "heard"


def test_missing_wants_an_answer_or_a_word_about_it(small):
    chosen = {"surface": ["else"]}

    assert keys(d.missing(small, {}, {})) == ["afraid", "saw"]
    assert keys(d.missing(small, chosen, {})) == ["afraid", "own", "saw"]
    assert keys(d.missing(small, {**chosen, "afraid": False}, {"own": "skipped"})) == ["saw"]
    assert d.missing(small, {"afraid": False}, {"saw": "in_session"}) == []


@pytest.mark.parametrize(
    ("one", "value", "wants"),
    [
        (item("text", required=True), None, True),
        (item("text", required=True), "x", False),
        (item("text"), None, False),
        (item("list", required=True, min=2), [], True),
        (item("list", min=2), None, False),
        (item("list", min=2), ["a"], True),
        (item("list", min=2), ["a", "b"], False),
        (GROUPS, [{"day": "2027-03-04"}], True),
        (GROUPS, [{"day": "2027-03-04", "what": "x"}, {"day": "2027-03-05"}], True),
        (GROUPS, [{"day": "2027-03-04", "what": "x"}], False),
    ],
)
def test_open_is_what_is_required_and_empty_or_begun_and_half(one, value, wants):
    assert is_open(one, value) is wants


def test_screens_keep_companions_together(small):
    assert [keys(screen) for screen in d.screens(d.visible_items(small, {}))] == [
        ["afraid"], ["surface"], ["before", "after"], ["moments"], ["saw"],
    ]  # fmt: skip


@pytest.mark.parametrize(("value", "flag"), [(True, FlagKind.SAFETY), (False, None), (None, None)])
def test_a_yes_to_fear_is_a_safety_flag(small, value, flag):
    assert d.safety(small.item("afraid"), value) is flag


def test_of_two_flags_safety_counts():
    rules = (d.FlagRule(FlagKind.TALK, ("a", "b")), d.FlagRule(FlagKind.SAFETY, ("b",)))
    one = item("choice", options=OPTIONS, flag_if=rules)

    assert [d.safety(one, key) for key in "abc"] == [FlagKind.TALK, FlagKind.SAFETY, None]


# --- words for people -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "value", "language", "lines"),
    [
        (item("yesno"), True, "es", ["Sí"]),
        (item("scale", low=Text((("en", "far"),))), 0, "en", ["0, far"]),
        (item("scale"), 7, "en", ["7"]),
        (item("checklist", options=OPTIONS), ["a", "c"], "en", ["a", "c"]),
        (item("emotions"), {"hurt": 3, "sad": 0}, "en", ["hurt (a lot)", "sad"]),
        (item("emotions"), {"hurt": 1}, "es-mx", ["con dolor (un poco)"]),
        (item("date"), "2027-03-04", "en", ["Thursday 4 March 2027"]),
        (item("datetime"), "2027-03-04T19:30", "es", ["jueves 4 de marzo de 2027, 19:30"]),
        (item("number", unit=Text((("en", "km"),))), 2.5, "en", ["2.5 km"]),
        (item("number", unit=Text((("en", "km"),))), 2.5, "es", ["2,5 km"]),
        (item("longtext"), "one\ntwo", "en", ["one", "two"]),
        (MENU, [{"line": "a hug", "reaches": 7}], "en", ["a hug · It reaches me: 7"]),
        (LINES, ["a", "b"], "en", ["a", "b"]),
        (item("text"), None, "en", []),
    ],
)
def test_describe(one, value, language, lines):
    assert d.describe(one, value, language) == lines


def test_describe_says_the_word_of_a_step(small):
    assert d.describe(small.item("before"), 8, "en") == ["8, very strong"]


def test_reviewers_see_change_and_what_came_most_often(small):
    entries = [{"form": "asked"}, {"form": "no"}, {"form": "asked"}]

    found = d.reviewer_pairs(small, {"before": 3, "after": 5}, "en", entries)

    assert [(one.kind, one.lines, one.change) for one in found] == [
        ("change", (["3, slight"], ["5"]), 2),
        ("ranked", (["asked · 2", "let it pass · 1"],), None),
    ]
    assert d.reviewer_pairs(small, {}) == []


# --- charts -----------------------------------------------------------------------------------


def chart(definition, key):
    return next(one for one in definition.charts if one.key == key)


def occasion(day, **values):
    return d.Occasion(datetime.fromisoformat(f"2027-01-{day:02}T09:00"), values)


def test_series_of_a_round_and_of_an_entry(small):
    answers = {"before": 0, "after": 4, "surface": ["else"], "own": "x"}

    assert d.series_points(small, answers) == {"close_before": 0, "close_after": 4, "whole": 1}
    assert d.series_points(small, {"surface": ["else"]}) == {"whole": 0}
    assert d.series_points(small, {}) == {}
    assert d.entry_points(small.log("moments"), {"form": "asked", "relief": 6}) == {"relief": 6}


def test_charts_count_days_choices_and_shares(small):
    moments = [
        occasion(3, form="asked"), occasion(1, form="asked"), occasion(1, form="no"), occasion(2),
        occasion(1, form="asked"),
    ]  # fmt: skip

    assert d.counts_for(chart(small, "asks"), moments) == {"2027-01-01": 2, "2027-01-03": 1}
    # A day on which it was another kind has none; one on which nobody said is a gap.
    others = [*moments, occasion(5, form="no")]
    assert d.counts_for(chart(small, "asks"), others)["2027-01-05"] == 0
    assert d.counts_for(chart(small, "forms"), moments) == {"asked": 3, "no": 1}
    assert d.share(small, chart(small, "share"), moments) == (3, 4)


def test_charts_of_rounds_leave_gaps(small):
    rounds = [occasion(2, before=3, after=5), occasion(1, before=2), occasion(3)]
    wholes = [occasion(1, surface=["else"], own="x"), occasion(2, surface=["else"]), occasion(3)]

    assert [point.values for point in d.chart_points(small, chart(small, "close"), rounds)] == [
        {"close_before": 2},
        {"close_before": 3, "close_after": 5},
    ]
    assert d.share(small, chart(small, "whole"), wholes) == (1, 2)


# --- feelings ---------------------------------------------------------------------------------


def test_feelings_are_six_families_with_known_shapes_in_two_languages():
    words = [word for family in d.FAMILIES for word in family.words]
    texts = [family.text for family in d.FAMILIES] + [word.text for word in words]

    assert len(d.FAMILIES) == 6
    assert 38 <= len(words) == len(d.WORDS) <= 44
    assert {word.shape for word in words} == SHAPES.keys()  # each is drawn, and nothing for nobody
    for family in d.FAMILIES:
        assert len({word.shape for word in family.words}) == len(family.words), family.key
    assert {tuple(text.languages()) for text in texts} == {("en", "es")}


@pytest.mark.parametrize(
    ("language", "hard", "neither", "easy"),
    [
        ("en", "hard|effort", "neither hard nor easy", "easy|by itself"),
        ("es", "difícil|esfuerzo", "ni difícil ni fácil", "fácil|sin pensarlo"),
    ],
)
def test_the_words_for_ease_rise_from_hard_to_easy(
    language: str, hard: str, neither: str, easy: str
):
    words = [step.get(language) for step in STEP_WORDS["ease"]]
    assert all(re.search(hard, word) for word in words[:5])
    assert words[5] == neither
    assert all(re.search(easy, word) and not re.search(hard, word) for word in words[6:])
