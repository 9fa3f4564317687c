"""Page weights against the budgets of docs/voice-and-face (gzip, kB)."""

import gzip
from pathlib import Path

from tests.bench.figures import Figure, bounded
from tests.bench.stage import build
from tests.processes import Site

STATIC = Path(__file__).resolve().parents[2] / "practice" / "static"


def measure(site: Site) -> list[Figure]:
    """Weigh styles, scripts, fonts, and one page of each side."""
    with site.orm("homeward_web"):
        stage = build(1_000)
        stage.play.assign(stage.dana, stage.ana)
        today = stage.ana.browser().get("/today/").content
        queue = stage.dana.browser().get("/review/").content
    scripts = sorted(STATIC.glob("*.js")) + sorted(STATIC.glob("htmx*/*.js"))
    client = [path for path in scripts if path.name == "homeward.js"]
    return [
        bounded("weight: styles", _gz(STATIC.glob("homeward.css")), "kB", 12),
        bounded("weight: client scripts", _gz(client), "kB", 10),
        bounded("weight: staff scripts", _gz(p for p in scripts if p.name != "sw.js"), "kB", 28),
        bounded(
            "weight: fonts", sum(p.stat().st_size for p in STATIC.rglob("*.woff2")) / 1024, "kB", 65
        ),
        bounded("weight: today, HTML", len(gzip.compress(today, 9)) / 1024, "kB", 12),
        bounded("weight: queue, HTML", len(gzip.compress(queue, 9)) / 1024, "kB", 25),
    ]


def _gz(paths: object) -> float:
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths) / 1024  # type: ignore[attr-defined]
