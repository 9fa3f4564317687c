"""Doors stay thin: they ask queries and tell actions, and touch no table themselves."""

import ast
import re
from pathlib import Path

import pytest

from practice.templatetags.icons import ICONS

ROOT = Path(__file__).resolve().parents[2]
APPS = ("practice", "clients", "exercises")
DOOR_FILES = (
    "views/**/*.py",
    "api.py",
    "api/**/*.py",
    "tasks.py",
    "admin.py",
    "doors/*.py",
    "middleware.py",
    "authentication.py",
    "adapters.py",
    "context.py",
    "management/commands/*.py",
)
# The demo tells a story of eight weeks: it sets the stage itself, and then plays the real moves.
STAGE = ROOT / "exercises" / "management" / "commands" / "demo.py"
DOORS = sorted(
    path
    for app in APPS
    for pattern in DOOR_FILES
    for path in (ROOT / app).glob(pattern)
    if path != STAGE
)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
TABLES = {"save", "delete", "create", "bulk_create", "update_or_create", "get_or_create"}


@pytest.mark.parametrize("path", DOORS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_door_touches_no_table(path: Path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    verbs = _modules(tree)
    found = [
        f"line {node.lineno}: .{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and (node.attr == "objects" or node.attr in TABLES)
        and not (isinstance(node.value, ast.Name) and node.value.id in verbs)
        and not (isinstance(node.value, ast.Attribute) and node.value.attr == "session")
    ]
    assert found == []


def _modules(tree: ast.Module) -> set[str]:
    """Return by which names our modules of actions go here: `responding.save(…)` is no table."""
    return {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith(".actions")
        for alias in node.names
    }


@pytest.mark.parametrize("app", APPS)
def test_only_doors_read_the_clock(app: str):
    found = []
    for path in sorted((ROOT / app).rglob("*.py")):
        inside = path.relative_to(ROOT / app).parts
        if inside[0] in {
            "views",
            "api",
            "management",
            "config",
            "migrations",
            "tasks.py",
            "api.py",
            "middleware.py",
            "authentication.py",
            "smtp.py",
            "adapters.py",
            "admin.py",
            "apps.py",  # where the login library tells of an account
            "doors",
        }:
            continue
        text = path.read_text(encoding="utf-8")
        if re.search(r"\btimezone import now\b|\b(timezone|datetime)\.(now|today|utcnow)\(", text):
            found.append(str(path.relative_to(ROOT)))
    assert found == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_has_nothing_inline(path: Path):
    text = path.read_text(encoding="utf-8")
    found = re.findall(
        r'\sstyle="|<style|\son(?:click|change|submit|load|input)="|hx-on|"js:', text
    )
    assert found == [] or "emails" in path.parts


def icons_of(path: Path) -> set[str]:
    """Return the icons a door names: what stands behind "icon" or "icon_name", or in its ICONS."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            named = [value for key, value in pairs if key and ast.unparse(key) in NAMES_AN_ICON]
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "ICONS":
            named = node.value.values if isinstance(node.value, ast.Dict) else []
        else:
            continue
        found |= {
            one.value
            for value in named
            for one in ast.walk(value)
            if isinstance(one, ast.Constant) and isinstance(one.value, str)
        }
    return found


NAMES_AN_ICON = {"'icon'", "'icon_name'"}


def test_every_icon_a_template_or_a_door_names_is_drawn():
    """Those nobody names were taken away; a name without a drawing would break its page."""
    named = {
        name
        for path in TEMPLATES
        for name in re.findall(
            r'(?:{% icon |icon_name=|icon_name\|default:)"([\w-]+)"',
            path.read_text(encoding="utf-8"),
        )
    }
    in_doors = set().union(*map(icons_of, DOORS))
    assert named, "templates name icons"
    assert {"pause", "pencil-line", "circle-check-big"} <= in_doors, "doors do too"
    assert (named | in_doors) - ICONS.keys() == set()


@pytest.mark.parametrize(
    "path",
    [path for path in TEMPLATES if "{% block title %}" in path.read_text(encoding="utf-8")],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_a_page_title_names_nobody_and_no_exercise(path: Path):
    title = re.search(
        r"{% block title %}(.*?){% endblock", path.read_text(encoding="utf-8"), re.DOTALL
    )
    assert title
    variables = re.findall(r"{{(.*?)}}", title[1])
    risky = [v for v in variables if re.search(r"name|title|client|exercise|word|called", v)]
    assert [v for v in risky if "discreet" not in v] == []


def test_secrets_and_machine_paths_are_not_in_the_repo():
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        if {".venv", ".uv", ".data"} & set(path.parts):
            continue
        text = path.read_text(encoding="utf-8")
        # `/work/{…}/` is a page of ours.
        if re.search(r"['\"]/(?:work/(?!\{)|(?:root|farm|home)/)", text):
            found.append(str(path.relative_to(ROOT)))
    assert found == []
