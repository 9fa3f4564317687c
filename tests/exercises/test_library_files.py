import re
from dataclasses import fields
from pathlib import Path

import pytest

from exercises import definition as d
from exercises.definition import FlagKind, ItemKind, Stage, Visibility

LIBRARY = Path(__file__).parents[2] / "exercises" / "library"
FILES = sorted(path for path in LIBRARY.glob("*.yaml") if not path.name.startswith("_"))
E01, E04, E10, E11 = (
    "e01-under-the-argument",
    "e04-reassurance-log",
    "e10-from-test-to-clear-ask",
    "e11-what-reaches-me",
)
FORBIDDEN = {
    "en": ["!", "please note", "simply", "should", "failed", "invalid", "overdue", "husband",
           "wife", "boyfriend", "girlfriend", "spouse", "marriage", " he ", " she ",
           "'", "check before", "general knowledge", "shown later"],
    "es": ["!", "¡", "simplemente", "inválid", "esposo", "esposa", "marido", "novio", "novia",
           "matrimonio", " usted", "vosotros", "vuestr", " él ", " ella ",
           "'", "verificar", "conocimiento general", "más adelante se muestra"],
}  # fmt: skip


def read(slug):
    return d.parse((LIBRARY / f"{slug}.yaml").read_text("utf-8"), file=f"{slug}.yaml")


def keys(items):
    return [item.key for item in items]


def marked(definition, visibility):
    return [item.key for item in definition.walk() if item.visibility is visibility]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_is_whole_in_two_languages_and_calm(path):
    definition = read(path.stem)

    assert definition.slug == path.stem
    assert definition.covers
    assert definition.cautions
    assert definition.evidence
    for text in definition.texts():
        assert text.languages() == ["en", "es"]
        for language in ("en", "es"):
            words = f" {text.get(language)} ".lower()
            assert [word for word in FORBIDDEN[language] if word in words] == []
    assert d.from_json(d.to_json(definition)) == definition


def test_the_library_holds_the_first_four():
    assert {path.stem for path in FILES} >= {E01, E04, E10, E11}


def test_the_example_of_the_guide_for_authors_can_be_loaded():
    guide = (LIBRARY.parents[1] / "docs" / "exercise-files.md").read_text(encoding="utf-8")
    example = guide.partition("```yaml\n")[2].partition("```")[0]

    definition = d.parse(example, file="a-kind-word.yaml")

    assert definition.slug == "a-kind-word"
    assert all(text.languages() == ["en", "es"] for text in definition.texts())


def test_the_guide_for_authors_names_every_kind_and_every_key():
    guide = (LIBRARY.parents[1] / "docs" / "exercise-files.md").read_text(encoding="utf-8")
    named = set(re.findall(r"[a-z_-]+", guide))

    every = {*ItemKind, *Visibility, *Stage, *FlagKind, *d.ChartKind, *d.Kind, "format"}
    every |= {one.name for kind in (d.Item, d.Definition) for one in fields(kind)}
    assert sorted(every - {"format_version"} - named) == []


def test_e01_steps_visibility_and_safety():
    e01 = read(E01)

    assert e01.kind == "individual"
    assert keys(e01.items) == [
        "choose", "afraid", "when", "topic", "surface", "surface_own", "felt", "under", "need",
        "story", "others", "close_before", "close_after", "line",
    ]  # fmt: skip
    assert keys(item for item in e01.items if item.required) == [
        "afraid", "topic", "felt", "under", "need", "others",
    ]  # fmt: skip
    assert marked(e01, Visibility.NEVER_RELEASABLE) == ["afraid", "story"]
    assert marked(e01, Visibility.RELEASABLE) == ["topic", "under", "need"]
    assert d.safety(e01.item("afraid"), value=True) is FlagKind.SAFETY
    assert len(d.screens(d.visible_items(e01, {}))) == 12
    assert d.series_points(e01, {"close_before": 3, "close_after": 5}) == {
        "close_before": 3,
        "close_after": 5,
    }
    assert keys(d.visible_items(e01, {"surface": ["else"]}))[5] == "surface_own"


def test_e04_can_never_be_released_and_charts_asks_relief_and_real_questions():
    e04 = read(E04)
    log = e04.log("moments")
    charts = {chart.key: chart for chart in e04.charts}

    assert {item.visibility for item in e04.walk()} == {Visibility.NEVER_RELEASABLE}
    assert keys(log.items) == [
        "when", "trigger", "urge", "form", "for", "got", "relief_now", "relief_hour", "note",
    ]  # fmt: skip
    assert keys(item for item in log.items if item.required) == ["when", "trigger", "form", "for"]
    assert log.close_after_days == 7
    assert e04.item("relief_hour").later_minutes == 60
    assert keys(item for item in e04.items if item.stage is Stage.CLOSING) == ["saw", "worked"]
    assert charts["asks"].where.values == (
        "asked-again", "checked-in", "plan", "words", "signs", "someone-else",
    )  # fmt: skip
    assert d.entry_points(log, {"urge": 7, "relief_now": 8, "relief_hour": 2, "for": "real"}) == {
        "urge": 7,
        "relief_now": 8,
        "relief_hour": 2,
    }
    assert charts["real-questions"].where == d.Condition("for", ("real",))


def test_e10_builds_the_ask_hints_and_counts_what_is_specific():
    e10 = read(E10)
    answers = {
        "feel": "I feel lonely.",
        "do": "you called me",
        "time": "after work today",
        "free": "no",
    }
    said = {"feel": "me siento en soledad", "do": "me llamaras", "free": "later"}

    assert d.compose(e10, e10.item("ask"), answers, "en") == (
        "I feel lonely. I’d appreciate it if you called me, after work today. It’s fine to say no."
    )
    assert d.compose(e10, e10.item("ask"), said, "es") == (
        "Me siento en soledad. Te agradecería que me llamaras, … Está bien decir «más tarde»."
    )
    asking = answers | {"feel": "lonely!", "do": "could you call first?", "time": "after work?"}
    assert d.compose(e10, e10.item("ask"), asking, "en") == (
        "I feel lonely! I’d appreciate it if you could you call first, after work? It’s fine to say no."
    )
    assert d.series_points(e10, answers) == {"specific": 1}
    assert d.series_points(e10, said) == {"specific": 0}
    assert marked(e10, Visibility.RELEASABLE) == ["do", "time", "free", "ask"]
    assert marked(e10, Visibility.NEVER_RELEASABLE) == ["raw"]


@pytest.mark.parametrize(
    ("key", "words", "hint"),
    [
        ("do", "You never call me", "“Never” and “always” are hard to answer. What would you like this time?"),
        ("do", "tú siempre llegas tarde", "“Never” and “always” are hard to answer. What would you like this time?"),
        ("do", "cared about me", "Could a camera see this? What would your partner be doing?"),
        ("time", "soon", "Perhaps there is no time in it yet. A day or an hour makes it easier to say yes."),
        ("feel", "that you don't listen", "This may be a thought about your partner. Is there a feeling under it?"),
    ],
)  # fmt: skip
def test_e10_hints_speak_up(key, words, hint):
    assert d.hints(read(E10).item(key), words, {}, "en") == [hint]


TIMES = ("at 8", "mañana", "on Sundays", "los domingos", "el finde", "al acostarnos", "every week")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        *(("time", words) for words in TIMES),
        ("do", "called me"),
        ("feel", "lonely"),
        ("do", ""),
    ],
)
def test_e10_hints_stay_silent(key, words):
    assert d.hints(read(E10).item(key), words, {}, "en") == []


def test_e10_ask_notices_a_missing_time():
    ask = read(E10).item("ask")

    assert len(d.hints(ask, "I feel lonely. Call me.", {}, "en")) == 1
    assert d.hints(ask, "I feel lonely. Call me.", {"time": "today"}, "en") == []


def test_e11_is_for_two_with_three_menus_and_what_waits_for_a_release():
    e11 = read(E11)
    menus = [item for item in e11.items if item.starters]

    assert e11.kind == "pair"
    assert [(item.key, len(item.starters), keys(item.items)) for item in menus] == [
        (name, 6, ["line", "reaches", "easy"]) for name in ("words", "wordless", "acts")
    ]
    assert keys(d.visible_items(e11, {})) == [
        "about", "words", "wordless", "acts", "top", "not", "guess",
    ]  # fmt: skip
    assert keys(d.visible_items(e11, {}, "release"))[-3:] == ["heard", "this_week", "weeks"]
    assert keys(d.missing(e11, {}, {})) == ["top", "guess"]
    assert len(e11.item("guess").options) == 18
    assert marked(e11, Visibility.RELEASABLE) == [
        "words", "wordless", "acts", "top", "not", "heard", "this_week",
    ]  # fmt: skip


def test_e11_shows_the_work_where_it_reaches_far_and_is_hard_to_give():
    e11 = read(E11)
    menu = e11.item("wordless")
    rows = {
        **d.to_form(menu, None),
        "wordless.0.reaches": "5", "wordless.0.easy": "5",
        "wordless.1.reaches": "5", "wordless.1.easy": "8",
        "wordless.2.reaches": "9", "wordless.2.easy": "2",
        "wordless.3.reaches": "9", "wordless.3.easy": "7",
        "wordless.4.reaches": "3", "wordless.4.easy": "0",
        "wordless.5.reaches": "8",
    }  # fmt: skip
    value = d.clean(menu, d.from_form(menu, {name: [str(said)] for name, said in rows.items()}))

    assert [line.split(" · ")[0] for line in d.describe(menu, value)] == [
        "Sitting near each other",
        "A warm look or a smile",
        "A hand held, when both want it",
        "A hug, when both want it",
        "Staying in the room, quietly",
        "Laughing together about something small",
    ]
    gap = next(one for one in d.reviewer_pairs(e11, {"wordless": value}) if one.kind == "gap")
    (line,) = gap.lines[1]
    assert line.startswith("A hand held, when both want it · It reaches me: 9, deeply")
    easy = [row for row in value if row.get("easy") != 2]
    assert [one.kind for one in d.reviewer_pairs(e11, {"wordless": easy})] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_answer_stands_twice_at_a_glance(path):
    shown = [key for hint in read(path.stem).review for key in hint.items]

    assert len(shown) == len(set(shown))


def test_only_what_is_said_to_be_a_flag_is_one():
    flagged = [
        (path.stem, item.key)
        for path in FILES
        for item in read(path.stem).walk()
        if item.flag_if and item.kind is ItemKind.YESNO
    ]

    assert flagged == [(E01, "afraid")]


def test_the_worked_example_in_the_docs_is_a_good_file():
    page = (LIBRARY.parents[1] / "docs" / "exercise-files.md").read_text("utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]

    assert d.parse(example, file="docs/exercise-files.md").slug == "a-kind-word"


@pytest.mark.parametrize(
    ("language", "low", "high"), [("en", "far", "close"), ("es", "lejos", "cerca")]
)
def test_the_words_for_closeness_rise_evenly_from_end_to_end(language, low, high):
    words = [text.get(language) for text in read(E01).item("close_before").words]
    assert {low, high} <= set(words[5].split())  # what is neither stands in the middle
    assert [one.replace(low, high) for one in words[:5]] == words[:5:-1]
    assert len(set(words)) == 11
