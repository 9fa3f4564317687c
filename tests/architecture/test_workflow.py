"""The table of moves, and the diagram that is generated from it."""

from pathlib import Path

import pytest

from exercises.workflow import RULES, TURN, Move, Status, diagram

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "workflow.md"


def test_every_state_is_exactly_one_sides_turn():
    assert set(TURN) == set(Status)


def test_every_move_has_one_rule():
    assert sorted(rule.move for rule in RULES) == sorted(Move)


def test_every_state_can_be_reached():
    assert {rule.target for rule in RULES} | {Status.SCHEDULED} == set(Status)


def test_the_diagram_in_the_docs_is_current():
    if diagram() not in DOCUMENT.read_text(encoding="utf-8"):
        pytest.fail("docs/workflow.md is stale: paste exercises.workflow.diagram() into it")
