"""Compiled loops that look at what lies round parts and on them. Import this module inside functions only (numba)."""

from __future__ import annotations

from typing import Any

import numpy as np

from auxfocus_ros.compiling import compiled

_jit: Any = compiled()

WALL = 20
"""Marks below this are level planes: ground, table, ceiling."""


@_jit
def rims(z: Any, mark: Any, labels: Any, count: int, noise: tuple[float, float], reach: int) -> Any:  # noqa: PLR0917
    """(count + 1, 6) int64, of each part (nothing, farther, nearer, beside): what lies next to its rim, to its left and right and
    above it, in cells of the rim; then the nearer of those to its left, and to its right. Ground and tables count as farther:
    things rise from them. The picture's edge is left out."""
    rows, columns = z.shape
    found = np.zeros((count + 1, 6), np.int64)
    for r in range(rows):
        for c in range(columns):
            label = labels[r, c]
            if label == 0:
                continue
            for way in range(3):
                dr, dc = (0, -1) if way == 0 else (0, 1) if way == 1 else (-1, 0)
                for step in range(1, reach + 1):
                    q, s = r + dr * step, c + dc * step
                    if q < 0 or q >= rows or s < 0 or s >= columns or labels[q, s] == label:
                        break
                    if z[q, s] > 0:
                        gap = 0.06 * z[r, c] + 3.0 * (noise[0] + noise[1] * z[r, c] ** 2)
                        if 0 < mark[q, s] < WALL or z[q, s] > z[r, c] + gap:
                            found[label, 1] += 1
                        elif z[q, s] < z[r, c] - gap:
                            found[label, 2] += 1
                            if way < 2:
                                found[label, 4 + way] += 1
                        else:
                            found[label, 3] += 1
                        break
                    if step == reach:
                        found[label, 0] += 1
    return found


@_jit
def open_sides(z: Any, labels: Any, count: int, slack: int) -> Any:
    """(count + 1, 5) int64: rows of each part; how many of those it begins, and how many it ends, but for slack cells: there is
    nothing to the left or to the right of it; its columns, and how many of those it begins: there is nothing above it."""
    rows, columns = z.shape
    found = np.zeros((count + 1, 5), np.int64)
    first, last = np.empty(count + 1, np.int32), np.empty(count + 1, np.int32)
    for r in range(rows):
        first[:], last[:] = columns, -1
        least, most = columns, -1
        for c in range(columns):
            if z[r, c] > 0:
                least, most = min(least, c), c
                label = labels[r, c]
                first[label], last[label] = min(first[label], c), c
        for label in range(1, count + 1):
            if last[label] >= 0:
                found[label, 0] += 1
                found[label, 1] += first[label] <= least + slack
                found[label, 2] += last[label] >= most - slack
    for c in range(columns):
        first[:] = rows
        least = rows
        for r in range(rows):
            if z[r, c] > 0:
                least = min(least, r)
                first[labels[r, c]] = min(first[labels[r, c]], r)
        for label in range(1, count + 1):
            if first[label] < rows:
                found[label, 3] += 1
                found[label, 4] += first[label] <= least + slack
    return found


@_jit
def flush_with(  # noqa: PLR0917 - parts and a wall
    x: Any, y: Any, z: Any, labels: Any, count: int, plane: Any, noise: tuple[float, float], rough: tuple[float, float],
    in_front_m: float, behind_m: float,
) -> Any:  # fmt: skip
    """(count + 1,) int64: of each part, how many cells stand out from a wall by less than in_front_m and lie behind it by less
    than behind_m, both a little more where the sensor is less sure."""
    rows, columns = z.shape
    found = np.zeros(count + 1, np.int64)
    for r in range(rows):
        for c in range(columns):
            label = labels[r, c]
            if label == 0:
                continue
            away = plane[0] * x[r, c] + plane[1] * y[r, c] + plane[2] * z[r, c] + plane[3]
            t = rough[0] + rough[1] * z[r, c] + 3.0 * (noise[0] + noise[1] * z[r, c] * z[r, c])
            if -behind_m - t < away < max(in_front_m, t):
                found[label] += 1
    return found


@_jit
def carriers(  # noqa: PLR0917 - parts and what they stand on
    z: Any, h: Any, mark: Any, labels: Any, kept: Any, count: int, noise: tuple[float, float], drop_m: float, drop_share: float
) -> Any:
    """(count + 1, 3) int64: of each kept part (count + 1, bool), how many columns of cells its lower rim has, how many of them
    come to another part on the way straight down at its own depth, and which part most of them come to (the last to lead).

    On the way down, what is nearer (it stands before) and what is farther (it is seen through a window, or past a thin stem) is
    passed; what is level ends it; so does a drop of more than drop_m, or of more than drop_share of the depth.
    """
    rows, columns = z.shape
    found = np.zeros((count + 1, 3), np.int64)
    lead = np.zeros(count + 1, np.int64)
    for c in range(columns):
        for r in range(rows):
            part = labels[r, c]
            if part == 0 or not kept[part]:
                continue
            here = z[r, c]
            gap = 0.04 * here + 3.0 * (noise[0] + noise[1] * here * here)
            below = -1
            lower = False
            for q in range(r + 1, rows):
                if z[q, c] <= 0:
                    continue
                if labels[q, c] == part:
                    lower = True
                    break
                away = z[q, c] - here
                if abs(away) < gap:
                    below = q
                    break
                if 0 < mark[q, c] < WALL and away < 0:
                    break
            if lower:
                continue
            found[part, 0] += 1
            if below < 0 or mark[below, c] != 0:
                continue
            other = labels[below, c]
            if other == 0 or not kept[other] or h[r, c] - h[below, c] > min(drop_m, drop_share * here):
                continue
            found[part, 1] += 1
            if other == found[part, 2]:
                lead[part] += 1
            elif lead[part] == 0:
                found[part, 2], lead[part] = other, 1
            else:
                lead[part] -= 1
    return found


@_jit
def readings_of(labels: Any, count: int, number: Any) -> Any:
    """(count + 1,) int64: points of each part."""
    rows, columns = labels.shape
    found = np.zeros(count + 1, np.int64)
    for r in range(rows):
        for c in range(columns):
            found[labels[r, c]] += number[r, c]
    return found
