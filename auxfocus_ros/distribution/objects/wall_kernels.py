"""Compiled loops that find walls. Import this module inside functions only: it brings numba with it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from auxfocus_ros.compiling import compiled
from auxfocus_ros.distribution.objects.plane_kernels import next_random, tolerance

_jit: Any = compiled()

LEAST_PLANAR = 0.5
"""Of what lies within three tolerances of a wall's plane, so much lies within one: a round thing's front does not."""


@_jit
def find_wall(  # noqa: PLR0917 - what a wall is found by
    x: Any, y: Any, z: Any, members: Any, up: Any, noise: tuple[float, float], rough_m: float, share: float, tries: int
) -> Any:
    """The upright plane (6,) through most of the members (n,), cells as r * columns + c: a b c d, the share of members on it, and
    its length along the horizontal, metres."""
    columns = z.shape[1]
    found = np.zeros(6)
    count = len(members)
    if count < 12:
        return found
    every = max(1, count // 600)
    used = (count + every - 1) // every
    p = np.empty((3, used), np.float32)
    t = np.empty(used, np.float32)
    for k in range(used):
        r, c = members[k * every] // columns, members[k * every] % columns
        p[0, k], p[1, k], p[2, k] = x[r, c], y[r, c], z[r, c]
        t[k] = tolerance(p[2, k], noise[0], noise[1], rough_m, share)
    best, state = 0, 777
    for _ in range(tries):
        state = next_random(state)
        i = (state >> 8) % used
        state = next_random(state)
        j = (state >> 8) % used
        if j % 2:  # One half of the pairs lies close together, so that a short wall has its chance.
            j = min(max(i + (state >> 8) % 41 - 20, 0), used - 1)
        dx, dy, dz = p[0, j] - p[0, i], p[1, j] - p[1, i], p[2, j] - p[2, i]
        nx, ny, nz = dy * up[2] - dz * up[1], dz * up[0] - dx * up[2], dx * up[1] - dy * up[0]
        size = math.sqrt(nx * nx + ny * ny + nz * nz)
        if size < 0.1:
            continue
        nx, ny, nz = nx / size, ny / size, nz / size
        d = -(nx * p[0, i] + ny * p[1, i] + nz * p[2, i])
        if d < 0:  # The camera is on the positive side.
            nx, ny, nz, d = -nx, -ny, -nz, -d
        on = 0
        for k in range(used):
            if abs(nx * p[0, k] + ny * p[1, k] + nz * p[2, k] + d) < t[k]:
                on += 1
        if on > best:
            best = on
            found[0], found[1], found[2], found[3] = nx, ny, nz, d
    if best == 0:
        return found
    _refine_wall(p, t, up, found)
    best = 0
    ex = found[1] * up[2] - found[2] * up[1]
    ey = found[2] * up[0] - found[0] * up[2]
    ez = found[0] * up[1] - found[1] * up[0]
    least, most, near = np.inf, -np.inf, 0
    for k in range(used):
        away = abs(found[0] * p[0, k] + found[1] * p[1, k] + found[2] * p[2, k] + found[3])
        near += away < 3.0 * t[k]
        if away < t[k]:
            best += 1
            along = ex * p[0, k] + ey * p[1, k] + ez * p[2, k]
            least, most = min(least, along), max(most, along)
    if best < LEAST_PLANAR * near:
        best = 0
    found[4] = best / used
    found[5] = most - least
    return found


@_jit
def _refine_wall(p: Any, t: Any, up: Any, plane: Any) -> None:
    """Fit an upright plane to what lies on it, seen from above, three times."""
    for _ in range(3):
        ax, ay, az = plane[0], plane[1], plane[2]  # across, and along the wall
        bx, by, bz = ay * up[2] - az * up[1], az * up[0] - ax * up[2], ax * up[1] - ay * up[0]
        n = sa = sb = saa = sab = sbb = 0.0
        for k in range(p.shape[1]):
            across = ax * p[0, k] + ay * p[1, k] + az * p[2, k]
            if abs(across + plane[3]) < t[k]:
                along = bx * p[0, k] + by * p[1, k] + bz * p[2, k]
                weight = 1.0 / (t[k] * t[k])
                n += weight
                sa += weight * across
                sb += weight * along
                saa += weight * across * across
                sab += weight * across * along
                sbb += weight * along * along
        if n <= 0 or sbb * n - sb * sb <= 1e-9 * n * n:
            return
        slope = (sab * n - sa * sb) / (sbb * n - sb * sb)
        middle_a, middle_b = sa / n, sb / n
        size = math.sqrt(1.0 + slope * slope)
        nx, ny, nz = (ax - slope * bx) / size, (ay - slope * by) / size, (az - slope * bz) / size
        plane[0], plane[1], plane[2] = nx, ny, nz
        plane[3] = -(middle_a - slope * middle_b) / size


@_jit
def wall_reach(  # noqa: PLR0917 - a wall and what it is compared with
    x: Any,
    y: Any,
    z: Any,
    h: Any,
    labels: Any,
    members: Any,
    plane: Any,
    up: Any,
    field: Any,
    noise: tuple[float, float],
    rough_m: float,
    share: float,
) -> Any:
    """(6,): how many members lie on a plane; how many of those at the left, right or top end of the sensor's field (4,), first
    and last row and column that have readings; the height that all but a fiftieth stay below, metres; the share of its upper edge
    above which the part that it belongs to is seen to end: there is something farther, or nothing though the field reaches
    higher; its length along the horizontal, and the height that all but a fiftieth stay above, metres."""
    rows, columns = z.shape
    found = np.zeros(6)
    ex = plane[1] * up[2] - plane[2] * up[1]
    ey = plane[2] * up[0] - plane[0] * up[2]
    ez = plane[0] * up[1] - plane[1] * up[0]
    least, most = np.inf, -np.inf
    every = max(1, len(members) // 1000)
    heights = np.empty(len(members) // every + 1, np.float32)
    upper = np.full(columns, rows, np.int32)
    on = 0
    for k in range(len(members)):
        r, c = members[k] // columns, members[k] % columns
        away = plane[0] * x[r, c] + plane[1] * y[r, c] + plane[2] * z[r, c] + plane[3]
        if abs(away) < tolerance(z[r, c], noise[0], noise[1], rough_m, share):
            if on % every == 0:
                heights[on // every] = h[r, c]
            on += 1
            found[1] += c <= field[2] + 1 or c >= field[3] - 1 or r <= field[0] + 1
            along = ex * x[r, c] + ey * y[r, c] + ez * z[r, c]
            least, most = min(least, along), max(most, along)
            upper[c] = min(upper[c], r)
    found[0] = on
    if on:
        kept = (on + every - 1) // every
        ordered = np.sort(heights[:kept])
        found[2], found[5] = ordered[kept - 1 - kept // 50], ordered[kept // 50]
    edges, ends = 0, 0
    for c in range(columns):
        if upper[c] == rows:
            continue
        edges += 1
        r = upper[c]
        part = labels[r, c]
        for q in range(r - 1, field[0] - 1, -1):
            if labels[q, c] == part:
                r = q
        gap = 0.05 * z[r, c] + 3.0 * (noise[0] + noise[1] * z[r, c] ** 2)
        for q in range(r - 1, field[0] - 1, -1):
            if z[q, c] > 0:
                ends += z[q, c] > z[r, c] + gap
                break
        else:
            ends += r > field[0] + 3 and reaches_higher(z, r - 2, c, field)
    found[3] = ends / max(edges, 1)
    found[4] = max(most - least, 0.0)
    return found


@_jit
def reaches_higher(z: Any, row: int, column: int, field: Any) -> bool:
    """Whether there are readings above a row within a few columns."""
    side = max(3, z.shape[1] // 20)
    for q in range(field[0], row):
        for s in range(max(0, column - side), min(z.shape[1], column + side + 1)):
            if z[q, s] > 0:
                return True
    return False


@_jit
def share_on_wall(  # noqa: PLR0917 - a wall and what it is compared with
    x: Any,
    y: Any,
    z: Any,
    labels: Any,
    count: int,
    members: Any,
    plane: Any,
    noise: tuple[float, float],
    rough_m: float,
    share: float,
) -> Any:
    """(3, count + 1): of each part, how many of the members lie on a plane, how many within three tolerances of it, and how many
    there are."""
    columns = z.shape[1]
    on = np.zeros((3, count + 1), np.int64)
    for k in range(len(members)):
        r, c = members[k] // columns, members[k] % columns
        away = plane[0] * x[r, c] + plane[1] * y[r, c] + plane[2] * z[r, c] + plane[3]
        t = tolerance(z[r, c], noise[0], noise[1], rough_m, share)
        on[2, labels[r, c]] += 1
        if abs(away) < 3.0 * t:
            on[1, labels[r, c]] += 1
            if abs(away) < t:
                on[0, labels[r, c]] += 1
    return on


@_jit
def drop_wall(  # noqa: PLR0917 - what a wall is taken out by
    mark: Any,
    value: int,
    x: Any,
    y: Any,
    z: Any,
    members: Any,
    plane: Any,
    noise: tuple[float, float],
    rough_m: float,
    share: float,
) -> Any:
    """Mark the members that lie on a wall; the members that bear no mark then."""
    columns = z.shape[1]
    left = np.empty(len(members), np.int32)
    count = 0
    for k in range(len(members)):
        r, c = members[k] // columns, members[k] % columns
        away = plane[0] * x[r, c] + plane[1] * y[r, c] + plane[2] * z[r, c] + plane[3]
        if mark[r, c] == 0 and abs(away) < tolerance(z[r, c], noise[0], noise[1], rough_m, share):
            mark[r, c] = value
        if mark[r, c] == 0:
            left[count] = members[k]
            count += 1
    return left[:count]
