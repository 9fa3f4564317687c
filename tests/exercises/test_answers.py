"""What is answered: values put into shape or refused, and the forms they come from."""

import contextlib
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exercises import definition as d
from exercises.definition import AnswerProblem, Item, ItemKind, Text
from tests.exercises.definitions import GROUPS, LINES, MENU, OPTIONS, item, json_values

PAST_DAYS = item("list", items=(Item("day", ItemKind.DATE, Text((("en", "Day"),)), past=True),))


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
         "There is no such day. Write the date as day, month, year, like 25 3 2027."),
        (item("date"), {"day": "4", "month": "", "year": ""}, "date",
         "Write the date as day, month, year, like 25 3 2027."),
        (item("date", past=True), {"day": "31", "month": "x", "year": "2026"}, "date",
         "Write the date as day, month, year, like 25 3 2025."),
        (item("datetime"), {"day": "31", "month": "2", "year": "2026", "time": "8:00"}, "date",
         "There is no such day. Write the date as day, month, year, like 25 3 2025."),
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
         "This row is half empty. Write a few words there, or empty it: press what is chosen once more."),
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


@pytest.mark.parametrize("kind", ["list", "checklist"])
def test_asked_again_one_thing_is_enough(kind):
    one = item(kind, options=OPTIONS if kind == "checklist" else (), min=2, required=True)
    assert d.unfinished(one, ["a"]) is not None
    assert d.unfinished(one, ["a"], is_again=True) is None
    half = [{"day": "2027-03-04"}]
    assert d.unfinished(GROUPS, half, is_again=True) is not None


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


def test_a_number_stands_in_its_field_as_one_writes_it():
    km = item("number")

    assert [d.to_form(km, 2.5, language=language) for language in ("en", "es")] == [
        {"x": "2.5"}, {"x": "2,5"},
    ]  # fmt: skip
    assert d.clean(km, d.from_form(km, {"x": ["2,5"]})) == 2.5


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
        ("emotions", "Pick one or more, or choose “Skip this one”."),
        ("checklist", "Pick one or more, or choose “Skip this one”."),
    ],
)
def test_nothing_said_is_told_kindly(kind, words):
    problem = d.nothing_said(item(kind))

    assert (problem.code, str(problem)) == ("empty", words)


@pytest.mark.parametrize("one", EVERY)
def test_an_empty_form_says_nothing(one):
    assert d.clean(one, d.from_form(one, {})) is None
