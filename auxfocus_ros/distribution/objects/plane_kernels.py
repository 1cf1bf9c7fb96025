"""Compiled loops that find planes. Import this module inside functions only: it brings numba with it."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

_jit: Any = numba.njit(cache=True, nogil=True, error_model="numpy")

LEAST_UPRIGHT = 0.5
"""Cosine of the largest tilt of the camera."""
MOST_ROLL = 0.35
"""Sine of its largest roll."""
LEAST_AWAY_M = 0.15
"""From the camera to a level plane: what one ring of a lidar beside the camera meets lies in a plane through it."""
LEAST_PLANAR = 0.5
"""Of what lies within three tolerances of a wall's plane, so much lies within one: a round thing's front does not."""


@_jit
def _next(state: int) -> int:
    return (state * 1103515245 + 12345) & 0x7FFFFFFF


@_jit
def tolerance(z: float, noise_m: float, noise_per_m: float, rough_m: float, share: float) -> float:
    """How far a reading at depth z may lie from a plane that it belongs to, metres."""
    return rough_m + share * z + 3.0 * (noise_m + noise_per_m * z * z)


@_jit
def find_level(x: Any, y: Any, z: Any, noise: tuple[float, float], rough_m: float, share: float, tries: int) -> Any:
    """The plane (5,) that is most likely ground, table or ceiling: a b c d, a x + b y + c z + d the height above it, and the share
    of readings on it; zeros where there is none.

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
                    if z[q, c] > 0:
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
        state = _next(state)
        r0 = (state >> 8) % rows
        state = _next(state)
        c0 = (state >> 8) % columns
        state = _next(state)
        c1 = c0 + (state >> 8) % (2 * wide + 1) - wide
        state = _next(state)
        r2 = r0 + (state >> 8) % (2 * high + 1) - high
        state = _next(state)
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
    on = 0
    for k in range(count):
        if abs(plane[0] * samples[0, k] + plane[1] * samples[1, k] + plane[2] * samples[2, k] + plane[3]) < tolerances[k]:
            on += abs(plane[0] * samples[3, k] + plane[1] * samples[4, k] + plane[2] * samples[5, k]) < 0.35
    found[:4] = plane
    found[4] = on / count
    return found


@_jit
def refine_level(samples: Any, tolerances: Any, count: int, plane: Any) -> None:
    """One step of weighted least squares, y over x and z, with what lies on the plane."""
    sums = np.zeros((3, 3))
    right = np.zeros(3)
    row = np.ones(3)
    for k in range(count):
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
                    if z[q, c] <= 0:
                        continue
                    seen = True
                    dx, dy, dz = x[q, c] - x[r, c], y[q, c] - y[r, c], z[q, c] - z[r, c]
                    length = math.sqrt(dx * dx + dy * dy + dz * dz)
                    if abs(h[q, c] - h[r, c]) < 0.35 * length:
                        level = True
                    break
            flat[r, c] = level or not seen
    return flat


@_jit
def level_histogram(h: Any, z: Any, flat: Any, mark: Any, low_m: float, bin_m: float, bins: int) -> Any:
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
    mark: Any, value: int, z: Any, h: Any, flat: Any, at_m: float, close: float, noise: tuple[float, float], rough_m: float, share: float
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
        state = _next(state)
        i = (state >> 8) % used
        state = _next(state)
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
def patch_of_level(mark: Any, value: int, z: Any, field: Any) -> Any:
    """(cells that bear a mark, those whose neighbours to the right and below do too, those at the edges of the sensor's field, how
    far away they reach in metres)."""
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
    x: Any, y: Any, z: Any, h: Any, labels: Any, members: Any, plane: Any, up: Any, field: Any, noise: tuple[float, float], rough_m: float, share: float
) -> Any:
    """(7,): how many members lie on a plane; how many of those at the left, right and top end of the sensor's field (first and
    last row and column that have readings); the height that all but a fiftieth stay below, metres; the share of its upper edge
    above which the part that it belongs to is seen to end: there is something farther, or nothing though the field reaches
    higher; its length along the horizontal, and the height that all but a fiftieth stay above, metres."""
    rows, columns = z.shape
    found = np.zeros(7)
    ex = plane[1] * up[2] - plane[2] * up[1]
    ey = plane[2] * up[0] - plane[0] * up[2]
    ez = plane[0] * up[1] - plane[1] * up[0]
    least, most = np.inf, -np.inf
    heights = np.empty(len(members), np.float32)
    upper = np.full(columns, rows, np.int32)
    on = 0
    for k in range(len(members)):
        r, c = members[k] // columns, members[k] % columns
        away = plane[0] * x[r, c] + plane[1] * y[r, c] + plane[2] * z[r, c] + plane[3]
        if abs(away) < tolerance(z[r, c], noise[0], noise[1], rough_m, share):
            heights[on] = h[r, c]
            on += 1
            along = ex * x[r, c] + ey * y[r, c] + ez * z[r, c]
            least, most = min(least, along), max(most, along)
            found[1] += c <= field[2] + 1 or c >= field[3] - 1
            found[2] += r <= field[0] + 1
            upper[c] = min(upper[c], r)
    found[0] = on
    if on:
        ordered = np.sort(heights[:on])
        found[3], found[6] = ordered[on - 1 - on // 50], ordered[on // 50]
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
    found[4] = ends / max(edges, 1)
    found[5] = max(most - least, 0.0)
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
    x: Any, y: Any, z: Any, labels: Any, count: int, members: Any, plane: Any, noise: tuple[float, float], rough_m: float, share: float
) -> Any:
    """(2, count + 1): of each part, how many of the members lie on a plane, and how many within three tolerances of it."""
    columns = z.shape[1]
    on = np.zeros((2, count + 1), np.int64)
    for k in range(len(members)):
        r, c = members[k] // columns, members[k] % columns
        away = plane[0] * x[r, c] + plane[1] * y[r, c] + plane[2] * z[r, c] + plane[3]
        t = tolerance(z[r, c], noise[0], noise[1], rough_m, share)
        if abs(away) < 3.0 * t:
            on[1, labels[r, c]] += 1
            if abs(away) < t:
                on[0, labels[r, c]] += 1
    return on


@_jit
def drop_wall(  # noqa: PLR0917 - what a wall is taken out by
    mark: Any, value: int, x: Any, y: Any, z: Any, members: Any, plane: Any, noise: tuple[float, float], rough_m: float, share: float
) -> int:
    """Mark the members that lie on a wall; how many."""
    columns = z.shape[1]
    count = 0
    for k in range(len(members)):
        r, c = members[k] // columns, members[k] % columns
        away = plane[0] * x[r, c] + plane[1] * y[r, c] + plane[2] * z[r, c] + plane[3]
        if mark[r, c] == 0 and abs(away) < tolerance(z[r, c], noise[0], noise[1], rough_m, share):
            mark[r, c] = value
            count += 1
    return count
