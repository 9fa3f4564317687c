"""The geometry of small charts: pure numbers in, shapes out, no opinion about the data.

Gaps stay gaps, no line is drawn under five points, and where two series meet the first becomes a
ring, so that the second shows through. Two sizes are made; the page's own width chooses.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Any

FEWEST_FOR_A_LINE = 5
# How many dates fit under a drawing without touching.
MOST_TICKS = {"s": 4, "l": 10}
# x of the first and last column, y of top and bottom, for the narrow and the wide drawing.
NARROW = {
    "cls": "s",
    "width": 350,
    "height": 250,
    "left": 30,
    "right": 328,
    "top": 30,
    "bottom": 216,
}
WIDE = {"cls": "l", "width": 700, "height": 270, "left": 40, "right": 672, "top": 30, "bottom": 236}


@dataclass(frozen=True)
class Series:
    """One account over time: a value, or None for a gap, for each column."""

    name: str
    values: Sequence[float | None]
    # Two people: a, clay circles, and b, tide squares, dashed. One alone: c, pine, and d, grey.
    part: str = "c"

    @property
    def has_line(self) -> bool:
        """Say whether its marks are joined: enough of them, and two side by side."""
        there = [value is not None for value in self.values]
        return sum(there) >= FEWEST_FOR_A_LINE and any(map(all, pairwise(there)))


def draw(columns: Sequence[str], series: Sequence[Series], *, top: float) -> list[dict[str, Any]]:
    """Return both drawings of these series over these columns, on an axis from 0 to `top` or,
    for a middle that is whole, one more."""
    end = max(2 * ceil(top / 2), 2)
    return [_size(plan, columns, series, end) for plan in (NARROW, WIDE)]


def _size(
    plan: dict[str, Any], columns: Sequence[str], series: Sequence[Series], top: int
) -> dict[str, Any]:
    xs = _xs(plan, len(columns))
    return {
        "cls": plan["cls"],
        "width": plan["width"],
        "height": plan["height"],
        "grid": [
            {
                "x1": plan["left"],
                "x2": plan["right"],
                "y": round(_y(plan, value, top), 1),
                "label": str(value),
            }
            for value in (0, top // 2, top)
        ],
        "ticks": [
            {"x": round(x, 1), "y": plan["bottom"] + 26, "label": label}
            for x, label in _ticks(plan, xs, columns)
        ],
        "polylines": [
            {"d": _path(plan, xs, one, top), "cls": f"l{one.part}"}
            for one in series
            if one.has_line
        ],
        "points": [
            point
            for number, one in enumerate(series)
            for point in _points(plan, xs, one, top, series[number + 1 :])
        ],
    }


def _xs(plan: dict[str, Any], count: int) -> list[float]:
    if count < 2:
        return [(plan["left"] + plan["right"]) / 2] * count
    wide = plan["right"] - plan["left"]
    return [plan["left"] + wide * step / (count - 1) for step in range(count)]


def _ticks(
    plan: dict[str, Any], xs: Sequence[float], columns: Sequence[str]
) -> list[tuple[float, str]]:
    """Return the dates that fit under the drawing, from the first on."""
    room = (plan["right"] - plan["left"]) / MOST_TICKS[plan["cls"]]
    found: list[tuple[float, str]] = []
    for x, label in zip(xs, columns, strict=True):
        if not found or x - found[-1][0] > room:
            found.append((x, label))
    return found


def _y(plan: dict[str, Any], value: float, top: float) -> float:
    height: float = plan["bottom"] - plan["top"]
    return float(plan["bottom"]) - height * min(max(value, 0), top) / top


def _path(plan: dict[str, Any], xs: Sequence[float], one: Series, top: float) -> str:
    """Join neighbours only: a missing week breaks the line."""
    parts, pen_down = [], False
    for x, value in zip(xs, one.values, strict=True):
        if value is None:
            pen_down = False
            continue
        parts.append(f"{'L' if pen_down else 'M'}{x:.1f} {_y(plan, value, top):.1f}")
        pen_down = True
    return "".join(parts)


def _points(
    plan: dict[str, Any],
    xs: Sequence[float],
    one: Series,
    top: float,
    others: Sequence[Series],
) -> list[dict[str, Any]]:
    return [
        {
            "x": round(x, 1),
            "y": round(_y(plan, value, top), 1),
            "shape": "square" if one.part in {"b", "d"} else "circle",
            "cls": f"p{one.part}",
            "tie": any(other.values[number] == value for other in others),
        }
        for number, (x, value) in enumerate(zip(xs, one.values, strict=True))
        if value is not None
    ]
