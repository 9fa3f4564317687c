"""Page weights against the budgets."""

from collections.abc import Iterable
from pathlib import Path

from tests.bench.figures import Figure, bounded
from tests.bench.stage import build
from tests.budgets import CLIENT, STAFF, STATIC, packed
from tests.processes import Site


def measure(site: Site) -> list[Figure]:
    """Weigh styles, scripts, fonts, and one page of each side."""
    with site.orm("homeward_web"):
        stage = build(1_000)
        stage.play.assign(stage.dana, stage.ana)
        today = stage.ana.browser().get("/today/").content
        queue = stage.dana.browser().get("/review/").content
    own = [STATIC / "homeward.js"]
    staff = [*own, STATIC / "staff.js", *STATIC.glob("vendor/*.js")]
    fonts = sum(path.stat().st_size for path in STATIC.rglob("*.woff2")) / 1024
    return [
        bounded("weight: styles", _packed([STATIC / "homeward.css"]), "kB", CLIENT.styles),
        bounded("weight: client scripts", _packed(own), "kB", CLIENT.scripts),
        bounded("weight: staff scripts", _packed(staff), "kB", STAFF.scripts),
        bounded("weight: fonts", fonts, "kB", CLIENT.fonts),
        bounded("weight: today, HTML", packed(today), "kB", CLIENT.page),
        bounded("weight: queue, HTML", packed(queue), "kB", STAFF.page),
    ]


def _packed(paths: Iterable[Path]) -> float:
    return sum(packed(path.read_bytes()) for path in paths)
