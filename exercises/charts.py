"""The geometry of small charts: pure numbers in, shapes out, no opinion about the data.

Gaps stay gaps, no line is drawn under five points, and where two series meet the first becomes a
ring, so that the second shows through. Two sizes are made; the page's own width chooses.
"""

from collections.abc import Sequence
from dataclasses import dataclass
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
    part: str = "a"  # a: clay circles; b: tide squares, dashed


def draw(columns: Sequence[str], series: Sequence[Series], *, top: float) -> list[dict[str, Any]]:
    """Return both drawings of these series over these columns, on an axis from 0 to `top`."""
    return [_size(plan, columns, series, max(top, 1)) for plan in (NARROW, WIDE)]


def few(series: Sequence[Series]) -> bool:
    """Say whether there is too little for a line."""
    return most(series) < FEWEST_FOR_A_LINE


def most(series: Sequence[Series]) -> int:
    """Return how many points the fullest of these has."""
    return max((_count(one) for one in series), default=0)


def _count(one: Series) -> int:
    return sum(value is not None for value in one.values)


def _size(
    plan: dict[str, Any], columns: Sequence[str], series: Sequence[Series], top: float
) -> dict[str, Any]:
    xs = _xs(plan, len(columns))
    every = max(1, -(-len(columns) // MOST_TICKS[plan["cls"]]))
    return {
        "cls": plan["cls"],
        "width": plan["width"],
        "height": plan["height"],
        "grid": [
            {
                "x1": plan["left"],
                "x2": plan["right"],
                "y": round(_y(plan, value, top), 1),
                "label": f"{value:g}",
            }
            for value in (0, top / 2, top)
        ],
        "ticks": [
            {"x": round(x, 1), "y": plan["bottom"] + 26, "label": label}
            for number, (x, label) in enumerate(zip(xs, columns, strict=True))
            if number % every == 0
        ],
        "polylines": [
            {"d": path, "cls": f"l{one.part}"}
            for one in series
            if _count(one) >= FEWEST_FOR_A_LINE and (path := _path(plan, xs, one, top))
        ],
        "points": [
            point
            for number, one in enumerate(series)
            for point in _points(plan, xs, one, top, series[number + 1 :])
        ],
        "labels": [],
    }


def _xs(plan: dict[str, Any], count: int) -> list[float]:
    if count < 2:
        return [(plan["left"] + plan["right"]) / 2] * count
    step = (plan["right"] - plan["left"]) / (count - 1)
    return [plan["left"] + step * number for number in range(count)]


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
            "shape": "square" if one.part == "b" else "circle",
            "cls": f"p{one.part}",
            "tie": any(other.values[number] == value for other in others),
        }
        for number, (x, value) in enumerate(zip(xs, one.values, strict=True))
        if value is not None
    ]
