"""Compiled loops that put readings into cells. Import this module inside functions only: it brings numba with it.

A cell grid is how both kinds of depth are worked on: a coarse picture with at most one reading a cell, the nearest (of a depth
image: the middle of a few). Its arrays are (rows, columns) float32; z is 0 where a cell is empty.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from auxfocus_ros.compiling import compiled

_jit: Any = compiled()


@_jit
def cells_of_depth(depth: Any, unit_m: float, step: int, rows: int, columns: int) -> Any:
    """z (rows, columns): the lower middle of four readings of each block of step x step pixels."""
    height, width = depth.shape
    z = np.zeros((rows, columns), np.float32)
    low, high = step // 4, (3 * step) // 4
    for r in range(rows):
        top, bottom = min(r * step + low, height - 1), min(r * step + high, height - 1)
        for c in range(columns):
            left, right = min(c * step + low, width - 1), min(c * step + high, width - 1)
            a, b = np.float32(depth[top, left]), np.float32(depth[top, right])
            d, e = np.float32(depth[bottom, left]), np.float32(depth[bottom, right])
            a = a if a > 0 and a < np.inf else np.float32(np.inf)
            b = b if b > 0 and b < np.inf else np.float32(np.inf)
            d = d if d > 0 and d < np.inf else np.float32(np.inf)
            e = e if e > 0 and e < np.inf else np.float32(np.inf)
            first, second = (a, b) if a < b else (b, a)
            third, fourth = (d, e) if d < e else (e, d)
            least, other = (first, third) if first < third else (third, first)
            upper = second if second < fourth else fourth
            middle = other if other < upper else upper
            value = middle if middle < np.inf else least
            if value < np.inf:
                z[r, c] = value * unit_m
    return z


@_jit
def rays_of_pinhole(z: Any, first: tuple[float, float], pitch: tuple[float, float], x: Any, y: Any) -> None:
    """Fill x and y from z: the ray of cell (r, c) is first + pitch * (c, r)."""
    rows, columns = z.shape
    for r in range(rows):
        ray_y = np.float32(first[1] + pitch[1] * r)
        for c in range(columns):
            x[r, c] = z[r, c] * np.float32(first[0] + pitch[0] * c)
            y[r, c] = z[r, c] * ray_y


@_jit
def noise_of_depth(z: Any) -> float:
    """Standard deviation of a depth image's readings over the depth squared, 1 / m, from second differences along rows."""
    rows, columns = z.shape
    samples = np.empty(4096, np.float32)
    count = 0
    stride = max(1, rows * columns // 8192)
    for k in range(0, rows * columns, stride):
        r, c = k // columns, k % columns
        if c < 1 or c > columns - 2:
            continue
        a, b, d = z[r, c - 1], z[r, c], z[r, c + 1]
        if a > 0 and b > 0 and d > 0 and count < 4096:
            samples[count] = abs(a - 2 * b + d) / (b * b)
            count += 1
    if count < 32:
        return 0.0
    return float(np.median(samples[:count])) / (0.6745 * math.sqrt(6.0))


@_jit
def spread_of_points(u: Any, v: Any, width: int, height: int) -> Any:
    """How close points lie: (columns' distance px, height of rows (bands,) px) of a grid with about a point a cell.

    Lidars of few rings are far denser along a ring than across; the distance between rings also changes over the picture. It is
    taken, band by band, from the gaps between points that lie above one another in narrow strips.
    """
    bands, blocks_u, blocks_v = 12, 32, 24
    count = len(u)
    hit = np.zeros((blocks_v, blocks_u), np.bool_)
    in_band = np.zeros(bands, np.int64)
    scale_u, scale_v = np.float32(blocks_u / width), np.float32(blocks_v / height)
    for k in range(0, count, max(1, count // 20000)):
        bu = min(max(int((u[k] + np.float32(0.5)) * scale_u), 0), blocks_u - 1)
        bv = min(max(int((v[k] + np.float32(0.5)) * scale_v), 0), blocks_v - 1)
        hit[bv, bu] = True
        in_band[bv * bands // blocks_v] += 1
    covered = hit.sum() * (width / blocks_u) * (height / blocks_v)
    apart = math.sqrt(covered / max(count, 1))
    strips = min(40 if count < 50000 else 24, max(1, int(width / (2.0 * apart))))
    per_px, share = np.float32(strips / width), np.float32(apart * strips / width)
    sizes = np.zeros(strips + 1, np.int64)
    for k in range(count):
        at = (u[k] + np.float32(0.5)) * per_px
        strip = int(at)
        if at - np.float32(strip) < share and 0 <= strip < strips:
            sizes[strip + 1] += 1
    for s in range(strips):
        sizes[s + 1] += sizes[s]
    where = sizes.copy()
    values = np.empty(sizes[strips], np.float32)
    for k in range(count):
        at = (u[k] + np.float32(0.5)) * per_px
        strip = int(at)
        if at - np.float32(strip) < share and 0 <= strip < strips:
            values[where[strip]] = v[k]
            where[strip] += 1
    gaps = np.empty((bands, max(1, len(values))), np.float32)
    found = np.zeros(bands, np.int64)
    for s in range(strips):
        column = np.sort(values[sizes[s] : sizes[s + 1]])
        for k in range(1, len(column)):
            gap = column[k] - column[k - 1]
            if gap > 0.35 * apart:
                middle = 0.5 * (column[k] + column[k - 1])
                band = min(max(int((middle + 0.5) * bands / height), 0), bands - 1)
                gaps[band, found[band]] = gap
                found[band] += 1
    heights = np.full(bands, apart)
    for b in range(bands):
        if found[b] >= 5:
            heights[b] = min(max(float(np.median(gaps[b, : found[b]])), 0.7 * apart), 8.0 * apart)
    total, weight = 0.0, 0.0
    for b in range(bands):
        if in_band[b] > 0:
            wide = 0.0
            for bv in range(b * blocks_v // bands, (b + 1) * blocks_v // bands):
                wide += hit[bv].sum() / blocks_u * width
            wide /= blocks_v // bands
            total += in_band[b] * (height / bands) / heights[b] * wide / in_band[b]
            weight += in_band[b]
    return total / max(weight, 1.0), heights


@_jit
def row_edges(heights: Any, height_px: int, least_px: float) -> Any:
    """Edges (rows + 1,) of rows from the picture's top to its bottom, of a height (bands,) that changes from band to band."""
    edges = np.zeros(int(height_px / least_px) + 3)
    count, at = 1, 0.0
    while at < height_px:
        at += max(heights[int(at * len(heights) / height_px)], least_px)
        edges[count] = at
        count += 1
    return edges[:count]


@_jit
def cells_of_points(u: Any, v: Any, z: Any, row_of: Any, pitch_u: float, rows: int, columns: int) -> Any:  # noqa: PLR0917
    """(nearest (rows, columns) int32: index of each cell's nearest point, -1: none; cell (N,) int32 of each point; number of
    points (rows, columns) int32)."""
    nearest = np.full(rows * columns, -1, np.int32)
    number = np.zeros(rows * columns, np.int32)
    cell = np.empty(len(u), np.int32)
    top = len(row_of) - 1
    per_px = np.float32(1.0 / pitch_u)
    for k in range(len(u)):
        row = row_of[min(max(int(v[k] + np.float32(0.5)), 0), top)]
        column = min(max(int((u[k] + np.float32(0.5)) * per_px), 0), columns - 1)
        here = row * columns + column
        cell[k] = here
        number[here] += 1
        held = nearest[here]
        if held < 0 or z[k] < z[held]:
            nearest[here] = k
    return nearest.reshape(rows, columns), cell, number.reshape(rows, columns)


@_jit
def fill_cells(nearest: Any, u: Any, v: Any, x: Any, y: Any, z: Any) -> Any:  # noqa: PLR0917
    """(5, rows, columns) float32: x, y, z, u and v of each cell's point; z 0 where there is none."""
    rows, columns = nearest.shape
    cells = np.zeros((5, rows, columns), np.float32)
    for r in range(rows):
        for c in range(columns):
            k = nearest[r, c]
            if k >= 0:
                cells[0, r, c], cells[1, r, c], cells[2, r, c] = x[k], y[k], z[k]
                cells[3, r, c], cells[4, r, c] = u[k], v[k]
    return cells


@_jit
def coverage(nearest: Any, reach: int) -> Any:
    """(cells that have a reading, cells that have one or lie between two in their row or column, no more than reach away)."""
    rows, columns = nearest.shape
    far = 1 << 20
    taken, covered = 0, 0
    between = np.zeros((rows, columns), np.bool_)
    for r in range(rows):
        last = -far
        for c in range(columns):
            if nearest[r, c] >= 0:
                if c - last <= reach:
                    between[r, last + 1 : c] = True
                last = c
    for c in range(columns):
        last = -far
        for r in range(rows):
            if nearest[r, c] >= 0:
                if r - last <= reach:
                    between[last + 1 : r, c] = True
                last = r
    for r in range(rows):
        for c in range(columns):
            taken += nearest[r, c] >= 0
            covered += nearest[r, c] >= 0 or between[r, c]
    return taken, covered


@_jit
def nearest_readings(nearest: Any, reach: int) -> Any:
    """(rows, columns) int32: of each cell the index of the reading in the nearest cell that has one, at most reach cells away;
    -1: none. Two sweeps, as for a chamfer distance."""
    rows, columns = nearest.shape
    found = nearest.copy()
    away = np.full((rows, columns), np.float32(1e9))
    for r in range(rows):
        for c in range(columns):
            if nearest[r, c] >= 0:
                away[r, c] = 0.0
    side, corner = np.float32(1.0), np.float32(1.414)
    for sweep in range(2):
        sign = 1 if sweep == 0 else -1
        for i in range(rows):
            r = i if sweep == 0 else rows - 1 - i
            for j in range(columns):
                c = j if sweep == 0 else columns - 1 - j
                for way in range(4):
                    q = r if way == 0 else r - sign
                    s = c - sign if way < 2 else c if way == 2 else c + sign
                    if q < 0 or q >= rows or s < 0 or s >= columns or found[q, s] < 0:
                        continue
                    there = away[q, s] + (side if way in (0, 2) else corner)
                    if there < away[r, c] and there <= reach:
                        away[r, c], found[r, c] = there, found[q, s]
    return found
