"""Lines, bands and runs of a chart as SVG, in columns across and 0 to HEIGHT down; the browser stretches them to the page."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.analysis.report.timeline import Values

VISIBLE = 4.0
"""Heights less than this apart are drawn as one."""


def runs(known: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(first, one past the last) of every stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], known.astype(np.int8), [0]])))
    return list(zip(edges[0::2].tolist(), edges[1::2].tolist(), strict=True))


def line_path(lows: Values, highs: Values) -> str:
    """A line through the middle of every column; where a column has two ends, through both, the nearer first.

    Args:
        lows, highs: (C,) heights of the ends, NaN where there is none: there the line breaks, but that a series which is known of
            every so many columns only is drawn through.

    Returns:
        The path's commands, '' where nothing is known.
    """
    parts = []
    known = np.flatnonzero(np.isfinite(lows) & np.isfinite(highs))
    apart = np.diff(known)
    usual = np.quantile(apart, 0.25, method="lower") if len(apart) else 1
    for columns in np.split(known, np.flatnonzero(apart > usual) + 1) if len(known) else []:
        points: list[tuple[float, int]] = []
        for column in columns.tolist():
            ends = [round(float(lows[column])), round(float(highs[column]))]
            if abs(ends[1] - ends[0]) < VISIBLE:
                ends = ends[:1]
            if points and len(ends) == 2 and abs(ends[1] - points[-1][1]) < abs(ends[0] - points[-1][1]):
                ends.reverse()
            points += [(column + 0.5, end_at) for end_at in ends]
        parts.append(_joined(_without_middles(points)))
    return " ".join(parts)


def _without_middles(points: list[tuple[float, int]]) -> list[tuple[float, int]]:
    """Without points that lie between two of the same height."""
    kept = points[:1]
    for point, after in zip(points[1:], [*points[2:], None], strict=False):
        if after is None or not kept[-1][1] == point[1] == after[1]:
            kept.append(point)
    return kept


def _joined(points: list[tuple[float, int]]) -> str:
    moved = "M" + "L".join(f"{x:g} {y}" for x, y in points)
    return moved if len(points) > 1 else moved + "h.01"  # a lone point is drawn by its round ends


def band_path(tops: Values, bottoms: Values) -> str:
    """The area between two heights, column by column; '' where there is none."""
    parts = []
    for first, end in runs(np.isfinite(tops) & np.isfinite(bottoms)):
        upper, lower = _steps(tops, first, end), _steps(bottoms, first, end)[::-1]
        parts.append("M" + "L".join(f"{x} {y}" for x, y in [*upper, *lower]) + "Z")
    return " ".join(parts)


def _steps(heights: Values, first: int, end: int) -> list[tuple[int, int]]:
    """The outline of columns with flat tops."""
    corners: list[tuple[int, int]] = []
    for column in range(first, end):
        height = round(float(heights[column]))
        if not corners or corners[-1][1] != height:
            corners.append((column, height))
        elif len(corners) > 1 and corners[-2][1] == height:
            corners.pop()
        corners.append((column + 1, height))
    return corners


def run_path(known: NDArray[np.bool_]) -> str:
    """A bar over every stretch of True, as high as the chart; '' where there is none."""
    return "".join(f"M{first} 0H{end}V1000H{first}Z" for first, end in runs(known))


def run_polygon(known: NDArray[np.bool_]) -> str:
    """The same bars as a shape to clip by, in shares of the chart; without any, one that has no area."""
    columns = max(1, len(known))
    corners = (
        f"{left} 100%,{left} 0,{right} 0,{right} 100%"
        for left, right in ((f"{100 * first / columns:.5g}%", f"{100 * end / columns:.5g}%") for first, end in runs(known))
    )
    return f"polygon({','.join(corners) or '0 0'})"
