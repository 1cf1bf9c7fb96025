"""Compiled loops that find level planes. Import this module inside functions only: it brings numba with it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from auxfocus_ros.compiling import compiled
from auxfocus_ros.distribution.objects.plane_kernels import next_random, tolerance

_jit: Any = compiled()

LEAST_UPRIGHT = 0.5
"""Cosine of the largest tilt of the camera."""
MOST_ROLL = 0.35
"""Sine of its largest roll."""
MOST_REFINED = 6000
"""Readings that a plane is laid through."""
LEAST_AWAY_M = 0.15
"""From the camera to a level plane: what one ring of a lidar beside the camera meets lies in a plane through it."""


@_jit
def find_level(x: Any, y: Any, z: Any, noise: tuple[float, float], rough_m: float, share: float, tries: int) -> Any:  # noqa: PLR0917
    """The plane (5,) that is most likely ground, table or ceiling: a b c d (a x + b y + c z + d is the height above it), and the
    share of readings on it; zeros where there is none.

    Nothing opaque is seen through: what lies beyond a plane speaks against it.
    """
    rows, columns = z.shape
    found = np.zeros(5)
    stride = max(1, int(math.sqrt(rows * columns / 6000.0)))
    samples = np.empty((6, (rows // stride + 1) * (columns // stride + 1)), np.float32)
    count = 0
    for r in range(stride // 2, rows, stride):
        for c in range(stride // 2, columns, stride):
            if z[r, c] > 0:
                samples[0, count], samples[1, count], samples[2, count] = x[r, c], y[r, c], z[r, c]
                samples[3, count], samples[4, count], samples[5, count] = 0.0, 0.0, 0.0
                for q in range(r + 1, min(r + 4, rows)):
                    if z[q, c] > 0 and y[q, c] != y[r, c]:
                        dx, dy, dz = x[q, c] - x[r, c], y[q, c] - y[r, c], z[q, c] - z[r, c]
                        length = math.sqrt(dx * dx + dy * dy + dz * dz) + 1e-9
                        samples[3, count], samples[4, count], samples[5, count] = dx / length, dy / length, dz / length
                        break
                count += 1
    if count < 12:
        return found
    tolerances = np.empty(count, np.float32)
    for k in range(count):
        tolerances[k] = tolerance(samples[2, k], noise[0], noise[1], rough_m, share)
    best, state = 0.0, 12345
    plane = np.zeros(4)
    wide, high = max(2, columns // 3), max(2, rows // 4)
    every = max(1, count // 700)
    for _ in range(tries):
        state = next_random(state)
        r0 = (state >> 8) % rows
        state = next_random(state)
        c0 = (state >> 8) % columns
        state = next_random(state)
        c1 = c0 + (state >> 8) % (2 * wide + 1) - wide
        state = next_random(state)
        r2 = r0 + (state >> 8) % (2 * high + 1) - high
        state = next_random(state)
        c2 = c0 + (state >> 8) % (2 * wide + 1) - wide
        if c1 < 0 or c1 >= columns or c2 < 0 or c2 >= columns or r2 < 0 or r2 >= rows:
            continue
        if z[r0, c0] <= 0 or z[r0, c1] <= 0 or z[r2, c2] <= 0:
            continue
        ax, ay, az = x[r0, c1] - x[r0, c0], y[r0, c1] - y[r0, c0], z[r0, c1] - z[r0, c0]
        bx, by, bz = x[r2, c2] - x[r0, c0], y[r2, c2] - y[r0, c0], z[r2, c2] - z[r0, c0]
        nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
        size = math.sqrt(nx * nx + ny * ny + nz * nz)
        if size < 1e-9:
            continue
        if ny > 0:
            size = -size
        nx, ny, nz = nx / size, ny / size, nz / size
        if ny > -LEAST_UPRIGHT or abs(nx) > MOST_ROLL:
            continue
        d = -(nx * x[r0, c0] + ny * y[r0, c0] + nz * z[r0, c0])
        if abs(d) < LEAST_AWAY_M:
            continue
        side = 1.0 if d > 0 else -1.0
        score = 0.0
        for k in range(0, count, every):
            height = (nx * samples[0, k] + ny * samples[1, k] + nz * samples[2, k] + d) * side
            t = tolerances[k]
            if height < t:
                if height > -t:  # On it, and going on along it: one ring of a lidar lies in many planes.
                    score += abs(nx * samples[3, k] + ny * samples[4, k] + nz * samples[5, k]) < 0.35
                elif height < -3.0 * t:
                    score -= 0.7
        if score > best:
            best = score
            plane[0], plane[1], plane[2], plane[3] = nx, ny, nz, d
    if best <= 0:
        return found
    for _ in range(3):
        refine_level(samples, tolerances, count, plane)
    on, every = 0, max(1, count // MOST_REFINED)
    for k in range(0, count, every):
        if abs(plane[0] * samples[0, k] + plane[1] * samples[1, k] + plane[2] * samples[2, k] + plane[3]) < tolerances[k]:
            on += abs(plane[0] * samples[3, k] + plane[1] * samples[4, k] + plane[2] * samples[5, k]) < 0.35
    found[:4] = plane
    found[4] = on * every / count
    return found


@_jit
def refine_level(samples: Any, tolerances: Any, count: int, plane: Any) -> None:
    """One step of weighted least squares, y over x and z, with what lies on the plane."""
    sums = np.zeros((3, 3))
    right = np.zeros(3)
    row = np.ones(3)
    for k in range(0, count, max(1, count // MOST_REFINED)):
        px, py, pz = float(samples[0, k]), float(samples[1, k]), float(samples[2, k])
        height = plane[0] * px + plane[1] * py + plane[2] * pz + plane[3]
        if abs(height) < tolerances[k]:
            weight = 1.0 / (tolerances[k] * tolerances[k])
            row[0], row[1] = px, pz
            for i in range(3):
                right[i] += weight * row[i] * py
                for j in range(3):
                    sums[i, j] += weight * row[i] * row[j]
    for i in range(3):
        sums[i, i] *= 1.0 + 1e-6
    determinant = (
        sums[0, 0] * (sums[1, 1] * sums[2, 2] - sums[1, 2] * sums[2, 1])
        - sums[0, 1] * (sums[1, 0] * sums[2, 2] - sums[1, 2] * sums[2, 0])
        + sums[0, 2] * (sums[1, 0] * sums[2, 1] - sums[1, 1] * sums[2, 0])
    )
    if not abs(determinant) > 1e-12 * sums[0, 0] * sums[1, 1] * sums[2, 2]:
        return
    solution = np.zeros(3)
    for i in range(3):
        system = sums.copy()
        system[:, i] = right
        solution[i] = (
            system[0, 0] * (system[1, 1] * system[2, 2] - system[1, 2] * system[2, 1])
            - system[0, 1] * (system[1, 0] * system[2, 2] - system[1, 2] * system[2, 0])
            + system[0, 2] * (system[1, 0] * system[2, 1] - system[1, 1] * system[2, 0])
        ) / determinant
    size = math.sqrt(solution[0] ** 2 + solution[1] ** 2 + 1.0)
    nx, ny, nz, d = solution[0] / size, -1.0 / size, solution[1] / size, solution[2] / size
    if ny < -LEAST_UPRIGHT and abs(nx) < MOST_ROLL * 1.2:
        plane[0], plane[1], plane[2], plane[3] = nx, ny, nz, d


@_jit
def heights_of(x: Any, y: Any, z: Any, plane: Any) -> Any:
    """(rows, columns) float32: height above a plane, metres; 0 where there is no reading."""
    rows, columns = z.shape
    h = np.zeros((rows, columns), np.float32)
    a, b, c, d = np.float32(plane[0]), np.float32(plane[1]), np.float32(plane[2]), np.float32(plane[3])
    for r in range(rows):
        for q in range(columns):
            if z[r, q] > 0:
                h[r, q] = a * x[r, q] + b * y[r, q] + c * z[r, q] + d
    return h


@_jit
def flat_cells(x: Any, y: Any, z: Any, h: Any, reach: int) -> Any:
    """(rows, columns) bool: the surface towards the next reading above or below is level within a third of its length."""
    rows, columns = z.shape
    flat = np.zeros((rows, columns), np.bool_)
    for r in range(rows):
        for c in range(columns):
            if z[r, c] <= 0:
                continue
            seen, level = False, False
            for sign in (-1, 1):
                for away in range(1, reach + 1):
                    q = r + sign * away
                    if q < 0 or q >= rows:
                        break
                    if z[q, c] <= 0 or y[q, c] == y[r, c]:
                        continue
                    seen = True
                    dx, dy, dz = x[q, c] - x[r, c], y[q, c] - y[r, c], z[q, c] - z[r, c]
                    rise = h[q, c] - h[r, c]
                    if rise * rise < np.float32(0.1225) * (dx * dx + dy * dy + dz * dz):
                        level = True
                    break
            flat[r, c] = level or not seen
    return flat


@_jit
def level_histogram(h: Any, z: Any, flat: Any, mark: Any, low_m: float, bin_m: float, bins: int) -> Any:  # noqa: PLR0917
    """Flat cells that are not marked, by height."""
    counts = np.zeros(bins, np.int64)
    rows, columns = z.shape
    for r in range(rows):
        for c in range(columns):
            if z[r, c] > 0 and flat[r, c] and mark[r, c] == 0:
                b = int((h[r, c] - low_m) / bin_m)
                if 0 <= b < bins:
                    counts[b] += 1
    return counts


@_jit
def mark_level(  # noqa: PLR0917 - what a plane is marked by
    mark: Any,
    value: int,
    z: Any,
    h: Any,
    flat: Any,
    at_m: float,
    close: float,
    noise: tuple[float, float],
    rough_m: float,
    share: float,
) -> int:
    """Mark the cells on a level plane at height at_m; how many. close: share of the tolerance within which a cell belongs to it
    though its surroundings are not level."""
    rows, columns = z.shape
    count = 0
    for r in range(rows):
        for c in range(columns):
            if z[r, c] > 0 and mark[r, c] == 0:
                t = tolerance(z[r, c], noise[0], noise[1], rough_m, share)
                away = abs(h[r, c] - at_m)
                if away < close * t or (away < t and flat[r, c]):
                    mark[r, c] = value
                    count += 1
    return count


@_jit
def patch_of_level(mark: Any, value: int, z: Any, field: Any) -> Any:
    """(cells that bear a mark, those whose neighbours to the right and below do too, those at the edges of the sensor's field,
    how far away they reach in metres)."""
    rows, columns = z.shape
    cells, solid, at_edge, far = 0, 0, 0, 0.0
    for r in range(rows):
        for c in range(columns):
            if mark[r, c] != value:
                continue
            cells += 1
            far = max(far, z[r, c])
            solid += r + 1 < rows and c + 1 < columns and mark[r + 1, c] == value and mark[r, c + 1] == value
            at_edge += r <= field[0] + 2 or r >= field[1] - 2 or c <= field[2] + 2 or c >= field[3] - 2
    return cells, solid, at_edge, far


@_jit
def unmark(mark: Any, value: int, flat: Any) -> None:
    """Take a mark back; its cells no longer count as flat."""
    rows, columns = mark.shape
    for r in range(rows):
        for c in range(columns):
            if mark[r, c] == value:
                mark[r, c] = 0
                flat[r, c] = False
