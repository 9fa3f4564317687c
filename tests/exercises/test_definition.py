import contextlib
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exercises import definition as d
from exercises.definition import AnswerProblem, DefinitionError, FlagKind, Item, ItemKind, Text
from exercises.definition.rules import is_open
from practice.templatetags.icons import SHAPES

EXERCISE = """\
slug: small
format: 1
title: {en: Small, es: Pequeño}
purpose: {en: To try things.}
minutes: 5
kind: individual
items:
  - key: afraid
    kind: yesno
    required: true
    visibility: never-releasable
    text: {en: "Were you afraid?", es: "¿Tuviste miedo?"}
    flag_if: {is: yes, flag: safety}
  - key: surface
    kind: checklist
    max: 2
    text: {en: On the surface}
    options:
      - {key: right, text: {en: being right, es: tener la razón}}
      - {key: fair, text: {en: fairness}}
      - {key: else, text: {en: something else}}
  - key: own
    kind: text
    required: true
    text: {en: In your words}
    show_if: {item: surface, is: else}
  - key: more
    kind: text
    text: {en: More of it}
    show_if: {item: own}
  - key: before
    kind: scale
    screen: close
    series: close_before
    text: {en: Before}
    low: {en: far}
    high: {en: close}
    words: strength
  - key: after
    kind: scale
    screen: close
    series: close_after
    text: {en: After}
    low: {en: far}
    high: {en: close}
  - key: moments
    kind: log
    text: {en: Moments}
    items:
      - {key: when, kind: datetime, required: true, text: {en: When}}
      - key: form
        kind: choice
        required: true
        series: form
        text: {en: What I did}
        options:
          - {key: asked, text: {en: asked}}
          - {key: "no", text: {en: let it pass}}
      - {key: relief, kind: scale, series: relief, text: {en: Relief}, low: {en: a}, high: {en: b}}
  - {key: saw, kind: longtext, stage: closing, required: true, text: {en: What I saw}}
  - {key: heard, kind: longtext, stage: release, required: true, text: {en: What I heard}}
computed:
  - {series: whole, answered: [own, surface]}
review:
  - {kind: change, items: [before, after], caption: {en: Closeness}}
  - {kind: ranked, items: [form], caption: {en: Forms}}
charts:
  - {key: close, kind: pair, series: [close_before, close_after], caption: {en: Closeness}}
  - {key: asks, kind: count, log: moments, where: {item: form, is: asked}, caption: {en: Asks}}
  - {key: forms, kind: count, log: moments, by: form, caption: {en: Forms}}
  - {key: share, kind: share, log: moments, where: {item: form, is: asked}, caption: {en: Asked}}
  - {key: whole, kind: share, series: [whole], caption: {en: Whole}}
"""


@pytest.fixture(scope="module")
def small():
    return d.parse(EXERCISE, file="small.yaml")


def item(kind, **parts):
    return Item(key="x", kind=ItemKind(kind), text=Text((("en", "X"),)), **parts)


def line_of(words):
    return EXERCISE[: EXERCISE.index(words)].count("\n") + 1


# --- files ------------------------------------------------------------------------------------


def test_an_exercise_survives_json_and_its_digest_is_stable(small):
    body = json.loads(json.dumps(d.to_json(small)))

    assert d.from_json(body) == small
    assert d.digest(d.from_json(body)) == d.digest(small)
    assert len(d.digest(small)) == 64
    assert d.cached_from_json("k", lambda: body) is d.cached_from_json("k", dict)


def test_other_wording_has_another_digest(small):
    other = d.parse(EXERCISE.replace("On the surface", "Above"), file="small.yaml")

    assert d.digest(other) != d.digest(small)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("minutes: 5", "minuets: 5", "unknown key “minuets”"),
        ("minutes: 5", "minutes: 5\nminutes: 6", "“minutes” stands here twice"),
        ("minutes: 5", "minutes: many", "expected a whole number here"),
        ("minutes: 5", "minutes: true", "expected a whole number here"),
        ("format: 1", "format: 2", "expected 1"),
        ("kind: individual", "kind: crowd", "“crowd” is none of"),
        ("kind: checklist", "kind: slider", "“slider” is none of"),
        ("key: own", "key: surface", "the key “surface” is taken"),
        ("{key: relief, kind", "{key: before, kind", "the key “before” is taken"),
        ("key: own", "key: O wn", "“O wn” is not a key"),
        ("{item: surface, is: else}", "{item: nowhere, is: else}", "“nowhere” is unknown, or"),
        ("{item: surface, is: else}", "{item: before, is: 3}", "“before” is unknown, or comes"),
        ("{item: surface, is: else}", "{item: surface, is: elsewhere}", "“elsewhere” is none of"),
        ("{is: yes, flag: safety}", "{is: maybe, flag: safety}", "“maybe” is none of"),
        ("{is: yes, flag: safety}", "{is: yes, flag: panic}", "“panic” is none of"),
        ("visibility: never-releasable", "visibility: all", "“all” is none of"),
        ("{en: In your words}", "{es: En tus palabras}", "the English words (en) are missing"),
        ("{en: In your words}", "In your words", "expected words by language"),
        ("{en: In your words}", "{en: 12}", "expected words here"),
        ("{en: In your words}", '{en: ""}', "this is empty"),
        ("{en: In your words}", '{en: "\\u202e"}', "contains a control character"),
        ("{en: In your words}", "{en: words, spanish: x}", "“spanish” is not a language"),
        ("{en: In your words}", "&a {en: In your words}", "anchors and aliases are not used"),
        ("{en: In your words}", "*a", "anchors and aliases are not used"),
        ("{en: In your words}", "!!python/object:os.system {en: x}", "tags are not used"),
        ("required: true\n    visib", "required: perhaps\n    visib", "expected true or false"),
        ("max: 2", "low: {en: x}", "“low” does not go with kind “checklist”"),
        ("max: 2", "min: 3\n    max: 2", "min is larger than max"),
        ("words: strength", "words: force", "“force” is none of"),
        ("words: strength", "words: [{en: one}]", "a scale has eleven words"),
        ("answered: [own, surface]", "answered: [own, none]", "there is no “none” to refer to"),
        ("series: [close_before, close_after]", "series: [close_before]", "names two series"),
        ("log: moments, by", "log: before, by", "there is no log of this key"),
    ],
)
def test_a_bad_file_is_refused_with_file_line_and_reason(old, new, reason):
    bad = EXERCISE.replace(old, new, 1)

    with pytest.raises(DefinitionError) as caught:
        d.parse(bad, file="library/small.yaml")

    assert reason in caught.value.reason
    assert caught.value.file == "library/small.yaml"
    assert 0 <= caught.value.line - line_of(old) <= 5
    assert str(caught.value) == f"library/small.yaml:{caught.value.line}: {caught.value.reason}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0",
        "\ud800",
        "a: \x07",
        "just words",
        "[1, 2]",
        "[" * 50_000,
        "{" * 50_000,
        "- " * 50_000,
        "? " * 5_000,
        "a: [b",
        "--- {}\n--- {}",
        "%YAML 9.9\n---\na: b",
        "%TAG ! tag:x\n--- !a b",
        "%YAML " + "9" * 6000 + ".1\n--- a",
        '"\\U99999999"',
        '"\\UFFFFFFFF"',
        "{[a]: b}",
        "? {a: b}\n: c",
        "a: &x [*x]",
        "x" * 200_001,
        "items: []",
        "\t- a",
        "a: |\n b\n  c\n\td",
    ],
)
def test_no_text_brings_the_parser_down(text):
    with pytest.raises(DefinitionError):
        d.parse(text, file="x.yaml")


@given(st.text(alphabet=st.characters(), max_size=200) | st.text("{}[]:,-?!&*|>'\"%@#ab \n\t\0"))
@settings(max_examples=400, deadline=None)
def test_any_text_is_refused_kindly(text):
    with pytest.raises(DefinitionError):
        d.parse(text, file="x.yaml")


@given(st.integers(0, len(EXERCISE)), st.integers(0, 12), st.text(max_size=6))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_file_is_read_or_refused(start, length, inserted):
    text = EXERCISE[:start] + inserted + EXERCISE[start + length :]

    with contextlib.suppress(DefinitionError):
        found = d.parse(text, file="x.yaml")
        assert d.from_json(d.to_json(found)) == found


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["items", "title", "kind", "slug", "x"]), json_values))
def test_any_stored_json_is_refused_kindly(body):
    with pytest.raises(DefinitionError):
        d.from_json(body)


# --- values -----------------------------------------------------------------------------------

OPTIONS = tuple(d.Option(key, Text((("en", key),))) for key in ("a", "b", "c"))
LINES = item("list", max=3)
GROUPS = item(
    "list",
    items=(
        Item("what", ItemKind.TEXT, Text((("en", "What"),)), required=True),
        Item("day", ItemKind.DATE, Text((("en", "Day"),))),
    ),
)
PAST_DAYS = item("list", items=(Item("day", ItemKind.DATE, Text((("en", "Day"),)), past=True),))
MENU = item(
    "list",
    starters=(Text((("en", "a hug"), ("es", "un abrazo"))),),
    items=(
        Item("line", ItemKind.TEXT, Text((("en", "Line"),)), required=True),
        Item("reaches", ItemKind.SCALE, Text((("en", "It reaches me"),))),
    ),
)


@pytest.mark.parametrize(
    ("one", "raw", "value"),
    [
        (item("text"), "  hello\r\nyou ", "hello you"),
        (item("text"), "   ", None),
        (item("text"), "cafe\u0301", "café"),
        (item("text"), "שלום\u202eabc\u2066", "שלוםabc"),
        (item("text"), "a\x07b", "ab"),
        (item("longtext"), "one\r\ntwo\rthree", "one\ntwo\nthree"),
        (item("yesno"), "yes", True),
        (item("yesno"), False, False),
        (item("choice", options=OPTIONS), "b", "b"),
        (item("checklist", options=OPTIONS), ["c", "a", "c"], ["a", "c"]),
        (item("checklist", options=OPTIONS), [], None),
        (item("scale"), "0", 0),
        (item("scale"), 10, 10),
        (item("scale"), "٧", 7),
        (item("emotions"), {"hurt": "2", "sad": ""}, {"hurt": 2, "sad": 0}),
        (item("emotions"), ["alone"], {"alone": 0}),
        (item("number"), "2,5", 2.5),
        (item("number"), "3.0", 3),
        (item("date"), {"day": "4", "month": "3", "year": "2027"}, "2027-03-04"),
        (item("date"), {"day": "", "month": "", "year": ""}, None),
        (item("date"), "2027-03-04", "2027-03-04"),
        (item("time"), "9:05", "09:05"),
        (item("time"), "19:30:59", "19:30"),
        (item("datetime"), "2027-03-04T19:30", "2027-03-04T19:30"),
        (
            item("datetime"),
            {"day": "4", "month": "3", "year": "2027", "time": "19:30"},
            "2027-03-04T19:30",
        ),
        (LINES, ["a", "", " b "], ["a", "b"]),
        (LINES, ["", " "], None),
        (GROUPS, [{"what": "a", "day": "2027-03-04"}, {}], [{"what": "a", "day": "2027-03-04"}]),
        (MENU, [{"line": "un abrazo"}, {}, {"line": "a walk", "reaches": "7"}],
         [{"line": "un abrazo"}, {"line": "a walk", "reaches": 7}]),
        (item("display"), None, None),
        (item("log"), None, None),
    ],
)  # fmt: skip
def test_clean_brings_an_answer_into_its_shape(one, raw, value):
    assert d.clean(one, raw) == value
    assert d.clean(one, d.clean(one, raw)) == value


@pytest.mark.parametrize(
    ("one", "raw", "comes"),
    [
        (item("date", past=True), "2027-03-04", False),
        (item("date", past=True), "2027-03-05", True),
        (item("date"), "2027-03-05", False),
        (item("datetime", past=True), "2027-03-04T12:05", False),  # clocks differ
        (item("datetime", past=True), "2027-03-04T12:30", True),
        (PAST_DAYS, [{"day": "2027-03-05"}], True),
    ],
)
def test_what_is_asked_of_the_past_is_not_still_to_come(one, raw, comes):
    wall = datetime(2027, 3, 4, 12, 0, tzinfo=UTC)
    assert d.clean(one, raw) is not None
    if comes:
        with pytest.raises(AnswerProblem, match="This is still to come"):
            d.clean(one, raw, wall)
    else:
        assert d.clean(one, raw, wall) == raw


@pytest.mark.parametrize(
    ("one", "raw", "code", "words"),
    [
        (item("text"), "x" * 281, "too_long",
         "That is one character over. Shorten it, or split it in two answers."),
        (item("longtext"), "x" * 5040, "too_long",
         "That is 40 characters over. Shorten it, or split it in two answers."),
        (item("text"), "a\0b", "unreadable",
         "Something in this answer could not be read. Write it once more."),
        (item("text"), "\udc80", "unreadable",
         "Something in this answer could not be read. Write it once more."),
        (item("text"), 12, "unreadable",
         "Something in this answer could not be read. Write it once more."),
        (item("date"), {"day": "30", "month": "2", "year": "2027"}, "date",
         "Write the date as day, month, year, like 4 3 2027"),
        (item("date"), {"day": "4", "month": "", "year": ""}, "date",
         "Write the date as day, month, year, like 4 3 2027"),
        (item("time"), "25:00", "time", "Write the time as hours and minutes, like 19:30"),
        (item("datetime"), {"day": "4", "month": "3", "year": "2027", "time": ""}, "time",
         "Write the time as hours and minutes, like 19:30"),
        (item("scale"), 11, "scale", "Choose a number from 0 to 10."),
        (item("scale"), True, "scale", "Choose a number from 0 to 10."),
        (item("number", min=1, max=9), "10", "number", "Write a number from 1 to 9."),
        (item("number"), "inf", "number", "Write a number, like 3 or 2.5."),
        (item("choice", options=OPTIONS), "z", "choice", "Choose one from the list."),
        (item("checklist", options=OPTIONS, max=1), ["a", "b"], "too_many",
         "Choose up to 1. You have chosen 2."),
        (item("emotions"), {"hangry": 1}, "choice", "Choose from the list."),
        (item("emotions"), {"hurt": 4}, "strength", "Say how strong: a little, clearly or a lot."),
        (LINES, ["a", "b", "c", "d"], "too_many_rows",
         "There is room for 3. Leave out what matters least."),
        (GROUPS, [{"other": "x"}], "unreadable",
         "Something in this answer could not be read. Write it once more."),
        (item("log"), {"a": 1}, "unreadable",
         "Something in this answer could not be read. Write it once more."),
    ],
)  # fmt: skip
def test_clean_refuses_in_calm_words(one, raw, code, words):
    with pytest.raises(AnswerProblem) as caught:
        d.clean(one, raw)

    assert (caught.value.code, str(caught.value)) == (code, words)


@pytest.mark.parametrize(
    ("one", "raw", "code", "words"),
    [
        (item("list", min=2), ["a"], "too_few_rows",
         "Write at least 2, or choose “Skip this one”."),
        (item("checklist", options=OPTIONS, min=2), ["a"], "too_few",
         "Choose at least 2, or choose “Skip this one”."),
        (GROUPS, [{"day": "2027-03-04"}], "row",
         "One row is half empty. Write a few words there, or clear the row."),
    ],
)  # fmt: skip
def test_half_an_answer_is_kept_and_stays_open(one, raw, code, words):
    kept = d.clean(one, raw)
    assert kept == raw
    problem = d.unfinished(one, kept)
    assert problem is not None
    assert problem.code == code
    assert str(problem) == words
    assert d.unfinished(one, None) is None
    assert (
        d.unfinished(one, raw * 2 if code != "row" else [{"day": "2027-03-04", "what": "x"}])
        is None
    )


def test_a_refusal_can_be_translated():
    spanish = {"That is %(over)d over": "Son %(over)d de más"}
    problem = AnswerProblem("x", "That is %(over)d over", {"over": 3})

    assert d.problem_text(problem, spanish.__getitem__) == "Son 3 de más"


EVERY = [
    item(kind, options=OPTIONS) for kind in ItemKind if kind not in {"list", "log", "display"}
] + [LINES, GROUPS, MENU]


@given(st.sampled_from(EVERY), json_values)
@settings(deadline=None)
def test_clean_survives_any_json(one, raw):
    with contextlib.suppress(AnswerProblem):
        json.dumps(d.clean(one, raw))


@given(st.text())
def test_clean_text_is_safe_and_stable(text):
    with contextlib.suppress(AnswerProblem):
        value = d.clean(item("longtext"), text)
        assert d.clean(item("longtext"), value) == value
        json.dumps(value, ensure_ascii=False).encode()


# --- forms ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "value", "fields"),
    [
        (item("text"), "hello", {"x": "hello"}),
        (item("yesno"), False, {"x": "no"}),
        (item("scale"), 0, {"x": "0"}),
        (item("checklist", options=OPTIONS), ["a", "c"], {"x": ["a", "c"]}),
        (item("emotions"), {"hurt": 2, "sad": 0}, {"x": ["hurt", "sad"], "x.strength.hurt": "2"}),
        (item("date"), "2027-03-04", {"x.day": "4", "x.month": "3", "x.year": "2027"}),
        (item("time"), "19:30", {"x.time": "19:30"}),
        (
            item("datetime"),
            "2027-03-04T19:30",
            {"x.day": "4", "x.month": "3", "x.year": "2027", "x.time": "19:30"},
        ),
        (LINES, ["one", "two"], {"x.0": "one", "x.1": "two"}),
        (
            GROUPS,
            [{"what": "one", "day": "2027-03-04"}],
            {"x.0.what": "one", "x.0.day.day": "4", "x.0.day.month": "3", "x.0.day.year": "2027"},
        ),
    ],
)
def test_fields_and_values_are_each_others_inverse(one, value, fields):
    data = {name: said if isinstance(said, list) else [said] for name, said in fields.items()}

    assert d.to_form(one, value) == fields
    assert d.clean(one, d.from_form(one, data)) == value


def test_an_unanswered_menu_shows_its_starters_which_do_not_count():
    fields = d.to_form(MENU, None, language="es")

    assert fields == {"x.0.line": "un abrazo"}
    assert d.clean(MENU, d.from_form(MENU, {"x.0.line": ["un abrazo"]})) is None


def test_a_menu_keeps_what_was_left_reworded_and_taken_out_as_it_was():
    menu = replace(
        MENU,
        max=2,
        starters=tuple(
            Text((("en", en), ("es", es)))
            for en, es in (("a hug", "un abrazo"), ("a walk", "un paseo"), ("tea", "un té"))
        ),
    )
    typed = {
        "x.0.line": ["a long hug"],
        "x.1.line": ["a walk"],
        "x.1.reaches": ["7"],
        "x.2.line": ["tea"],
    }
    kept = d.clean(menu, d.from_form(menu, typed))

    assert kept == [{"line": "a long hug"}, {"line": "a walk", "reaches": 7}, {"line": "tea"}]
    assert {name: [said] for name, said in d.to_form(menu, kept).items()} == typed
    # What was offered is said in the reader's language, and what was only left there is not said.
    assert d.describe_rows(menu, kept, "es") == [["a long hug"], ["un paseo", "It reaches me: 7"]]
    del typed["x.2.line"]
    assert d.clean(menu, d.from_form(menu, typed)) == kept[:2]
    with pytest.raises(d.AnswerProblem, match="There is room for 2"):
        d.clean(menu, [*kept, {"line": "a song"}])


def test_extra_rows_and_foreign_fields_are_ignored():
    data = {"x.7": ["b"], "x.0": ["a"], "x.1": [""], "x.-1": ["c"], "x.999999": ["d"], "y": ["e"]}

    assert d.clean(LINES, d.from_form(LINES, data)) == ["a", "b"]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("text", "Write a few words, or choose “Skip this one”."),
        ("scale", "Pick one, or choose “Skip this one”."),
    ],
)
def test_nothing_said_is_told_kindly(kind, words):
    problem = d.nothing_said(item(kind))

    assert (problem.code, str(problem)) == ("empty", words)


@pytest.mark.parametrize("one", EVERY)
def test_an_empty_form_says_nothing(one):
    assert d.clean(one, d.from_form(one, {})) is None


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
        (item("emotions"), {"hurt": 3, "sad": 0}, "en", ["hurt, a lot", "sad"]),
        (item("emotions"), {"hurt": 1}, "es-mx", ["con dolor, un poco"]),
        (item("date"), "2027-03-04", "en", ["Thursday 4 March 2027"]),
        (item("datetime"), "2027-03-04T19:30", "es", ["jueves 4 de marzo de 2027, 19:30"]),
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
