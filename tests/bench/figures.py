"""One figure: what was measured, its floor in the same run, and what we aim at."""

import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

TIMES, WARM = 15, 3


@dataclass(frozen=True)
class Figure:
    """`ratio` is value over floor; `met` says whether the aim holds (None: nothing is aimed at)."""

    name: str
    value: float
    unit: str
    floor: float | None = None
    ratio: float | None = None
    aim: str = ""
    met: bool | None = None


def against(name: str, value: float, unit: str, floor: float, most: float) -> Figure:
    """Return a figure that may be at most `most` times its floor."""
    ratio = value / floor if floor else 0.0
    return Figure(name, value, unit, floor, ratio, f"ratio ≤ {most:g}", ratio <= most)


def at_least(name: str, value: float, unit: str, floor: float, least: float) -> Figure:
    """Return a figure that must be at least `least` times its floor."""
    ratio = value / floor if floor else 0.0
    return Figure(name, value, unit, floor, ratio, f"ratio ≥ {least:g}", ratio >= least)


def bounded(name: str, value: float, unit: str, most: float) -> Figure:
    """Return a figure that may be at most `most`."""
    return Figure(name, value, unit, aim=f"≤ {most:g}", met=value <= most)


def compared(name: str, value: float, unit: str, floor: float) -> Figure:
    """Return a figure beside its floor, without an aim."""
    return Figure(name, value, unit, floor, value / floor if floor else 0.0)


def noted(name: str, value: float, unit: str) -> Figure:
    """Return a figure without an aim."""
    return Figure(name, value, unit)


def cpu_of(act: Callable[[], object], *, times: int = TIMES, warm: int = WARM) -> float:
    """Return the median CPU milliseconds of this process for one `act`."""
    (spent,) = cpu_in_turns([act], times=times, warm=warm)
    return spent


def cpu_in_turns(
    acts: Sequence[Callable[[], object]], *, times: int = TIMES, warm: int = WARM
) -> list[float]:
    """Return that of each, taken in turns: what else the machine does falls on all alike."""
    spent: list[list[float]] = [[] for _act in acts]
    for turn in range(warm + times):
        for act, costs in zip(acts, spent, strict=True):
            before = time.process_time()
            act()
            if turn >= warm:
                costs.append((time.process_time() - before) * 1000)
    return [statistics.median(costs) for costs in spent]


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as a table for people."""
    lines = [f"{'what':<52} {'value':>12} {'floor':>10} {'ratio':>7}  {'aim':<14} met"]
    for one in figures:
        floor = f"{one.floor:.3g}" if one.floor is not None else ""
        ratio = f"{one.ratio:.2f}" if one.ratio is not None else ""
        met = {True: "yes", False: "NO", None: ""}[one.met]
        value = f"{one.value:.4g} {one.unit}"
        lines.append(f"{one.name:<52} {value:>12} {floor:>10} {ratio:>7}  {one.aim:<14} {met}")
    return "\n".join(lines)


def write(figures: Sequence[Figure], path: Path) -> None:
    """Write the figures for machines."""
    path.write_text(json.dumps([asdict(one) for one in figures], indent=1, ensure_ascii=False))
