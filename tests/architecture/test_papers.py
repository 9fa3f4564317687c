"""The papers: whatever they point to is there, and the pictures are light."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAPERS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
PICTURES = ROOT / "docs" / "pictures"
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
HEAVIEST = 150 * 1024


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: str(paper.relative_to(ROOT)))
def test_everything_a_paper_points_to_is_there(paper: Path):
    words = re.sub(r"```.*?```", "", paper.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = [one or other for one, other in LINK.findall(words)]
    local = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert [link for link in local if not _leads_somewhere(paper, link)] == []


def test_the_papers_are_all_here():
    names = {path.name for path in PAPERS}
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "architecture.md"} <= names


def test_every_picture_is_shown_and_light():
    pictures = sorted(PICTURES.glob("*"))
    assert pictures, "make screenshots takes them"
    said = "\n".join(path.read_text(encoding="utf-8") for path in PAPERS)
    assert [path.name for path in pictures if f"pictures/{path.name}" not in said] == []
    assert [path.name for path in pictures if path.stat().st_size > HEAVIEST] == []


def _leads_somewhere(paper: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    found = (paper.parent / path).resolve() if path else paper
    if not found.exists():
        return False
    if not anchor or found.suffix != ".md":
        return True
    heads = re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return anchor in {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
