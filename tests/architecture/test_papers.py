"""The papers: whatever they point to is there, and the pictures are light."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAPERS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
PICTURES = ROOT / "docs" / "pictures"
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
NAMED = re.compile(r"`(tests/[\w/]+\.py)?(?:::(test_\w+))?`")
FILE = re.compile(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|sql|html|css|js|md|toml|yaml))(?:::\w+)?`")
TOPS = [ROOT, *(ROOT / app for app in ("practice", "clients", "exercises"))]
HEAVIEST = 150 * 1024
# Every test by its name, and every file of tests by its own.
TESTS = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in (
        path.stem,
        *re.findall(r"^ *def (test_\w+)\(", path.read_text("utf-8"), re.MULTILINE),
    )
}


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


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: str(paper.relative_to(ROOT)))
def test_every_test_a_paper_names_is_there(paper: Path):
    missing, file = [], ""
    for path, name in NAMED.findall(paper.read_text(encoding="utf-8")):
        file = path or file  # `::test_x` alone is in the file named before it
        place = ROOT / file
        source = place.read_text(encoding="utf-8") if place.is_file() else ""
        if not place.exists() or (name and f"def {name}(" not in source):
            missing.append(f"{file}::{name}")
    assert missing == []


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: str(paper.relative_to(ROOT)))
def test_every_test_a_paper_names_without_its_file_is_there(paper: Path):
    named = set(re.findall(r"`(test_\w+)`", paper.read_text(encoding="utf-8")))
    assert sorted(named - TESTS) == []


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: str(paper.relative_to(ROOT)))
def test_every_file_of_ours_that_a_paper_names_is_there(paper: Path):
    """From the top, or from the folder of one app, as the architecture writes them."""
    words = paper.read_text(encoding="utf-8")
    named = {one.split("::")[0] for one in FILE.findall(words) if "*" not in one}
    assert sorted(one for one in named if not any((top / one).exists() for top in TOPS)) == []


def test_every_requirement_says_how_it_stands():
    lines = re.findall(
        r"^\| (\d+\.\d+\.\d+) \| [12] \| .+ \| (met|n/a|\*\*not met\*\*) \| (.+) \|$",
        (ROOT / "docs" / "asvs.md").read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    # The standard has 70 requirements at level 1 and 183 more at level 2.
    assert len({number for number, _, _ in lines}) == len(lines) == 253
    assert [number for number, _, how in lines if not how.strip()] == []


def test_the_tables_of_variables_are_whole_and_name_none_that_nobody_reads():
    sources = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "practice" / "config").glob("*.py")
    )
    read = set(re.findall(r'environ(?:\.get\(|\[)"([A-Z_]+)"', sources)) - {"PATH"}
    read |= {"DATABASE_URL"}  # dj_database_url reads it
    compose = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    asked = set(re.findall(r"\$\{([A-Z_]+)", compose))
    for name, wanted in (("README.md", read | asked), ("docs/operations.md", read)):
        paper = (ROOT / name).read_text(encoding="utf-8")
        assert sorted(one for one in wanted if f"`{one}`" not in paper) == [], name
        rows = re.findall(r"^\| (`[A-Z_`, or]+) \|", paper, flags=re.MULTILINE)
        named = {one for row in rows for one in re.findall(r"`([A-Z_]+)`", row)}
        assert len(named) > 15, name
        assert sorted(named - read - asked) == [], name


@pytest.mark.parametrize("name", [".gitignore", ".dockerignore"])
def test_what_an_operator_keeps_in_the_clone_goes_nowhere(name: str):
    """The papers say: master.key, .env and a dump lie beside compose.yaml."""
    lines = {line.rstrip("*") for line in (ROOT / name).read_text(encoding="utf-8").splitlines()}
    assert {"master.key", ".env"} <= lines
    assert "*.dump" in lines


def _leads_somewhere(paper: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    found = (paper.parent / path).resolve() if path else paper
    if not found.exists():
        return False
    if not anchor or found.suffix != ".md":
        return True
    heads = re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return anchor in {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
