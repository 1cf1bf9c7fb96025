"""Compiled loops of the memory of scans. Import this module inside functions only: it brings numba with it.

Directions are x / z and y / z of points, in the optical frame; they are sorted into square cells of a table.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from auxfocus_ros.compiling import compiled

_jit: Any = compiled()

LEAST_FIT, MOST_FIT = 4, 40
"""Points that a patch of surface is laid through: at least, and at most."""
NEAR_SHARE = 0.08
"""Points of one surface side by side differ in depth by less than this share."""


@_jit
def spacing(x: Any, y: Any, z: Any) -> Any:
    """(5,): how far points lie apart if they were spread evenly over the directions that they cover, as x / z; then the least and
    most x / z, and y / z."""
    field = np.array([0.0, np.inf, -np.inf, np.inf, -np.inf])
    count = len(z)
    if count == 0:
        return field
    for k in range(count):
        a, b = x[k] / z[k], y[k] / z[k]
        field[1], field[2] = min(field[1], a), max(field[2], a)
        field[3], field[4] = min(field[3], b), max(field[4], b)
    columns, rows = 32, 24
    wide, high = max(field[2] - field[1], 1e-6), max(field[4] - field[3], 1e-6)
    hit = np.zeros((rows, columns), np.bool_)
    for k in range(count):
        c = min(int((x[k] / z[k] - field[1]) / wide * columns), columns - 1)
        r = min(int((y[k] / z[k] - field[3]) / high * rows), rows - 1)
        hit[r, c] = True
    field[0] = math.sqrt(hit.sum() * (wide / columns) * (high / rows) / count)
    return field


@_jit
def sort_into_cells(x: Any, y: Any, z: Any, low: tuple[float, float], size: float, rows: int, columns: int) -> Any:  # noqa: PLR0917
    """(start (rows * columns + 1,), order (n,)): the points of cell k are order[start[k] : start[k + 1]]; others are left out."""
    start = np.zeros(rows * columns + 1, np.int32)
    cell = np.empty(len(z), np.int32)
    for k in range(len(z)):
        cell[k] = _cell(x[k] / z[k], y[k] / z[k], low, size, rows, columns)
        if cell[k] >= 0:
            start[cell[k] + 1] += 1
    for k in range(rows * columns):
        start[k + 1] += start[k]
    where = start.copy()
    order = np.empty(start[rows * columns], np.int32)
    for k in range(len(z)):
        if cell[k] >= 0:
            order[where[cell[k]]] = k
            where[cell[k]] += 1
    return start, order


@_jit
def _cell(a: float, b: float, low: tuple[float, float], size: float, rows: int, columns: int) -> int:  # noqa: PLR0917
    c, r = (a - low[0]) / size, (b - low[1]) / size
    if not (0.0 <= c < columns and 0.0 <= r < rows):
        return -1
    return int(r) * columns + int(c)


@_jit
def new_share(  # noqa: PLR0917 - points and the table of others
    x: Any, y: Any, z: Any, start: Any, low: tuple[float, float], size: float, rows: int, columns: int
) -> float:
    """Share of the points in whose cell, and in the eight round it, none of the others lies; NaN where none is on the table."""
    new, seen = 0, 0
    for k in range(0, len(z), max(1, len(z) // 4000)):
        at = _cell(x[k] / z[k], y[k] / z[k], low, size, rows, columns)
        if at < 0:
            continue
        seen += 1
        r, c = at // columns, at % columns
        found = False
        for q in range(max(r - 1, 0), min(r + 2, rows)):
            if start[q * columns + min(c + 2, columns)] > start[q * columns + max(c - 1, 0)]:
                found = True
        new += not found
    return new / seen if seen else math.nan


@_jit
def agreeing(  # noqa: PLR0917 - older points, newer ones and their table
    x: Any, y: Any, z: Any, newer: Any, start: Any, order: Any, low: tuple[float, float], size: float, rows: int, columns: int,
    gap_share: float, gap_m: float,
) -> Any:  # fmt: skip
    """(n,) bool on older points: no newer point lies within the size of a cell, or one of those has about its depth."""
    kept = np.ones(len(z), np.bool_)
    for k in range(len(z)):
        a, b = x[k] / z[k], y[k] / z[k]
        at = _cell(a, b, low, size, rows, columns)
        if at < 0:
            continue
        r, c = at // columns, at % columns
        gap = gap_share * z[k] + gap_m
        near, agrees = False, False
        for q in range(max(r - 1, 0), min(r + 2, rows)):
            for i in range(start[q * columns + max(c - 1, 0)], start[q * columns + min(c + 2, columns)]):
                j = order[i]
                da, db = newer[0, j] / newer[2, j] - a, newer[1, j] / newer[2, j] - b
                if da * da + db * db < size * size:
                    near = True
                    if abs(newer[2, j] - z[k]) < gap:
                        agrees = True
                        break
            if agrees:
                break
        kept[k] = agrees or not near
    return kept


@_jit
def _patch(  # noqa: PLR0917 - where, and the table of points
    p: Any, points: Any, start: Any, order: Any, low: tuple[float, float], size: float, rows: int, columns: int, normal: Any
) -> bool:
    """Lay a plane n . p = 1 through the points of about p's depth round p; on a plane 1 / z is linear in x / z and y / z."""
    a0, b0, q0 = p[0] / p[2], p[1] / p[2], 1.0 / p[2]
    at = _cell(a0, b0, low, size, rows, columns)
    if at < 0:
        return False
    r, c = at // columns, at % columns
    n = sa = sb = sq = saa = sab = sbb = saq = sbq = 0.0
    for q in range(max(r - 1, 0), min(r + 2, rows)):
        for i in range(start[q * columns + max(c - 1, 0)], start[q * columns + min(c + 2, columns)]):
            j = order[i]
            inverse = 1.0 / points[2, j]
            dq = inverse - q0
            if abs(dq) > NEAR_SHARE * q0 or n >= MOST_FIT:
                continue
            da, db = points[0, j] * inverse - a0, points[1, j] * inverse - b0
            n += 1.0
            sa, sb, sq = sa + da, sb + db, sq + dq
            saa, sab, sbb = saa + da * da, sab + da * db, sbb + db * db
            saq, sbq = saq + da * dq, sbq + db * dq
    if n < LEAST_FIT:
        return False
    ma, mb, mq = sa / n, sb / n, sq / n
    caa, cab, cbb = saa / n - ma * ma, sab / n - ma * mb, sbb / n - mb * mb
    caq, cbq = saq / n - ma * mq, sbq / n - mb * mq
    determinant = caa * cbb - cab * cab
    if determinant < 0.01 * (caa + cbb) * (caa + cbb) or caa + cbb < 0.05 * size * size:
        return False  # They lie along one stroke of the beam: a plane through it may tilt as it likes.
    slope_a, slope_b = (caq * cbb - cbq * cab) / determinant, (cbq * caa - caq * cab) / determinant
    normal[0], normal[1] = slope_a, slope_b
    normal[2] = q0 + mq - slope_a * (ma + a0) - slope_b * (mb + b0)
    return True


@_jit
def motion_step(  # noqa: PLR0917 - points, the table of others, and what is believed
    newer: Any, every: int, rotation: Any, shift: Any, older: Any, start: Any, order: Any, low: tuple[float, float], size: float,
    rows: int, columns: int, scale_m: float, scale_share: float, noise: tuple[float, float], prior: Any,
) -> Any:  # fmt: skip
    """One step towards the motion that lays the newer points on the surfaces that the older ones show: (8,) small turn and shift
    to be put after rotation and shift, then how many points met a surface, and the share of those that lie on it.

    prior: (6,) weights that hold turn and shift to what they are.
    """
    sums = np.zeros((6, 6))
    right = np.zeros(6)
    for i in range(6):
        sums[i, i] = prior[i]
    met, on = 0, 0.0
    p, normal, row = np.empty(3), np.empty(3), np.empty(6)
    for k in range(0, newer.shape[1], every):
        for i in range(3):
            p[i] = rotation[i, 0] * newer[0, k] + rotation[i, 1] * newer[1, k] + rotation[i, 2] * newer[2, k] + shift[i]
        if p[2] <= 0 or not _patch(p, older, start, order, low, size, rows, columns, normal):
            continue
        length = math.sqrt(normal[0] ** 2 + normal[1] ** 2 + normal[2] ** 2)
        nx, ny, nz = normal[0] / length, normal[1] / length, normal[2] / length
        away = nx * p[0] + ny * p[1] + nz * p[2] - 1.0 / length
        scale = scale_m + scale_share * p[2]
        met += 1
        ratio = away / scale
        if abs(ratio) >= 1.0:
            continue
        on += 1
        weight = ((1.0 - ratio * ratio) / (noise[0] + noise[1] * p[2])) ** 2
        row[0], row[1], row[2] = p[1] * nz - p[2] * ny, p[2] * nx - p[0] * nz, p[0] * ny - p[1] * nx
        row[3], row[4], row[5] = nx, ny, nz
        for i in range(6):
            right[i] -= weight * row[i] * away
            for j in range(6):
                sums[i, j] += weight * row[i] * row[j]
    found = np.zeros(8)
    found[:6] = np.linalg.solve(sums, right)
    found[6], found[7] = met, on / max(met, 1)
    return found
