"""A small exercise, and items, that several files of tests read and answer."""

from hypothesis import strategies as st

from exercises import definition as d
from exercises.definition import Item, ItemKind, Text

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


def item(kind, **parts):
    return Item(key="x", kind=ItemKind(kind), text=Text((("en", "X"),)), **parts)


OPTIONS = tuple(d.Option(key, Text((("en", key),))) for key in ("a", "b", "c"))
LINES = item("list", max=3)
GROUPS = item(
    "list",
    items=(
        Item("what", ItemKind.TEXT, Text((("en", "What"),)), required=True),
        Item("day", ItemKind.DATE, Text((("en", "Day"),))),
    ),
)
MENU = item(
    "list",
    starters=(Text((("en", "a hug"), ("es", "un abrazo"))),),
    items=(
        Item("line", ItemKind.TEXT, Text((("en", "Line"),)), required=True),
        Item("reaches", ItemKind.SCALE, Text((("en", "It reaches me"),))),
    ),
)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
