"""Actions ask `permissions` (or open words through `visibility`) themselves: no door has to have asked."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("practice", "clients", "exercises")
MODULES = sorted(path for app in APPS for path in (ROOT / app / "actions").glob("[!_]*.py"))
# Whose doing it is says nothing here: what each stands on is checked another way.
FREE = {
    "practice.actions.auditing": "appends who did what; it gives nothing away",
    "practice.actions.tokens": "of whoever asks, for their own seat",
    "practice.actions.people.describe_self": "of whoever asks, their own account",
    "practice.actions.idempotency": "of whoever asks, what they were answered before",
    "exercises.actions.moving.apply_move": "writes the step of a move whose action has asked",
    "clients.actions.caring.take_address": "what a person says of themselves, for their own record",
    "clients.actions.leaving.leave_nobody_alone": "what a seat's change is asked by `practice`",
    "exercises.actions.reviewing.read_numbers": "opened by `queries.series`, through `visibility`",
}


@cache
def _rules() -> frozenset[str]:
    """Return the names of everything that decides."""
    return frozenset(
        node.name
        for app in APPS
        for path in (ROOT / app / "permissions.py", ROOT / app / "visibility.py")
        if path.is_file()
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    )


@cache
def _functions() -> dict[str, ast.FunctionDef]:
    """Return every function of every action, by its dotted name."""
    return {
        f"{_dotted(path)}.{node.name}": node
        for path in MODULES
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }


def _dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def _called(name: str) -> set[str]:
    """Return what a function calls: bare names, and the last word of `module.name`."""
    found = set()
    for node in ast.walk(_functions()[name]):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                found.add(node.func.id)
            elif isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
                found.add(f"{node.func.value.id}.{node.func.attr}")
    return found


def _asks(name: str, seen: frozenset[str] = frozenset()) -> bool:
    """Say whether it asks `permissions`, itself or through what it calls."""
    called = _called(name)
    if called & _rules():
        return True
    module = name.rpartition(".")[0]
    for one in called:
        word = one.rpartition(".")[2]
        beside = [f"{module}.{word}"] if "." not in one else []
        others = [other for other in _functions() if other.endswith(f".actions.{one}")]
        imported = [] if beside and beside[0] in _functions() else _by_name(word, one)
        for other in {*beside, *others, *imported} & _functions().keys():
            if other not in seen and _asks(other, seen | {name}):
                return True
    return False


def _by_name(word: str, one: str) -> list[str]:
    return [] if "." in one else [name for name in _functions() if name.endswith(f".{word}")]


ACTIONS = sorted(
    name
    for name, node in _functions().items()
    if not node.name.startswith("_")
    and any(arg.arg == "by" for arg in (*node.args.args, *node.args.kwonlyargs))
)


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_asks_permissions(name: str):
    if any(name == free or name.startswith(f"{free}.") for free in FREE):
        return
    assert _asks(name), f"{name} takes `by` and asks nobody whether they may"


def test_what_needs_not_ask_is_there():
    assert [free for free in FREE if not any(name.startswith(free) for name in ACTIONS)] == []
