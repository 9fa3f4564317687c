"""An exercise in a file: what is read, what is kept of it, and how a bad one is refused."""

import contextlib
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exercises import definition as d
from exercises.definition import DefinitionError
from tests.exercises.definitions import EXERCISE, json_values


def line_of(words):
    return EXERCISE[: EXERCISE.index(words)].count("\n") + 1


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


@given(st.dictionaries(st.sampled_from(["items", "title", "kind", "slug", "x"]), json_values))
def test_any_stored_json_is_refused_kindly(body):
    with pytest.raises(DefinitionError):
        d.from_json(body)
