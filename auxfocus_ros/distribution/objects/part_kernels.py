"""Compiled loops that join cells into parts and measure them. Import this module inside functions only (numba)."""

from __future__ import annotations

from typing import Any

import numpy as np

from auxfocus_ros.compiling import compiled

_jit: Any = compiled()

SLANT = 2.0
"""How steep a surface may run away from the camera, as depth over width: 63 degrees from facing it."""
SLANT_CAP = 0.02
"""What a slant may add to the gap, as a share of the depth: rows of a lidar lie far apart."""
REACH = 3
"""How many empty cells are bridged."""
COUNT, TOP, BOTTOM, LEFT, RIGHT = 0, 1, 2, 3, 4


@_jit
def _root(parent: Any, k: int) -> int:
    while parent[k] != k:
        parent[k] = parent[parent[k]]
        k = parent[k]
    return k


@_jit
def _joined(  # noqa: PLR0917 - two readings
    ax: float, ay: float, az: float, bx: float, by: float, bz: float, noise: tuple[float, float], gap_share: float
) -> bool:
    z = min(az, bz)
    apart = abs(az - bz) - gap_share * z - 3.0 * (noise[0] + noise[1] * z * z)
    if apart < 0.0 or apart > SLANT_CAP * z:
        return apart < 0.0
    across, down = ax / az - bx / bz, ay / az - by / bz
    return apart * apart < SLANT * SLANT * z * z * (across * across + down * down)


@_jit
def _goes_on(z: Any, mark: Any, r: int, c: int, dr: int, dc: int, noise: tuple[float, float], gap_share: float) -> bool:  # noqa: PLR0917
    """Whether the step from (r, c) to the next cell goes on as the steps before and after it: on a plane, however steep, the
    inverse depth is linear in the picture."""
    rows, columns = z.shape
    far = z[r + dr, c + dc]
    tolerance = gap_share * far + 3.0 * (noise[0] + noise[1] * far * far)
    here = 1.0 / z[r, c]
    for side in (-1, 2):
        q, s = r + side * dr, c + side * dc
        if q < 0 or q >= rows or s < 0 or s >= columns or z[q, s] <= 0 or mark[q, s] != 0:
            return False
        other = 1.0 / z[q, s]
        expected = 2.0 * here - other if side == -1 else 0.5 * (here + other)
        if expected <= 0 or abs(1.0 / expected - far) > 2.0 * tolerance:
            return False
    return True


@_jit
def join_cells(x: Any, y: Any, z: Any, mark: Any, noise: tuple[float, float], gap_share: float, hidden_reach: int) -> Any:  # noqa: PLR0917
    """(labels (rows, columns) int32 from 1 of the cells whose mark is 0, 0: none; number of parts).

    Cells side by side belong together where their depths do; a few empty cells are bridged, and so is something nearer that
    stands before a thing, up to hidden_reach cells of it.
    """
    rows, columns = z.shape
    parent = np.arange(rows * columns, dtype=np.int32)
    for r in range(rows):
        for c in range(columns):
            if z[r, c] <= 0 or mark[r, c] != 0:
                continue
            here = r * columns + c
            for way in range(4):
                dr, dc = (0, 1) if way == 0 else (1, 0) if way == 1 else (1, 1) if way == 2 else (1, -1)
                far = max(REACH, hidden_reach) if way < 2 else 1
                nearer = False
                for step in range(1, far + 1):
                    q, s = r + dr * step, c + dc * step
                    if q >= rows or s < 0 or s >= columns:
                        break
                    if z[q, s] <= 0:
                        if step >= REACH and not nearer:
                            break
                        continue
                    if way < 2 and z[q, s] < z[r, c] * 0.94 - 3.0 * (noise[0] + noise[1] * z[r, c] ** 2):
                        nearer = True
                        continue
                    if mark[q, s] == 0 and (
                        _joined(x[r, c], y[r, c], z[r, c], x[q, s], y[q, s], z[q, s], noise, gap_share)
                        or (step == 1 and way < 2 and _goes_on(z, mark, r, c, dr, dc, noise, gap_share))
                    ):
                        a, b = _root(parent, here), _root(parent, q * columns + s)
                        if a < b:
                            parent[b] = a
                        elif b < a:
                            parent[a] = b
                    break
    labels = np.zeros((rows, columns), np.int32)
    count = 0
    for r in range(rows):
        for c in range(columns):
            if z[r, c] <= 0 or mark[r, c] != 0:
                continue
            here = r * columns + c
            root = _root(parent, here)
            if root == here:
                count += 1
                labels[r, c] = count
            else:
                labels[r, c] = labels[root // columns, root % columns]
    return labels, count


@_jit
def measure_parts(x: Any, y: Any, z: Any, h: Any, labels: Any, count: int) -> Any:  # noqa: PLR0917
    """(cells (count + 1, 5) int64: number, top, bottom, left, right row or column; corners (count + 1, 8) float32: least and most
    of x, y, z and height)."""
    rows, columns = z.shape
    cells = np.zeros((count + 1, 5), np.int64)
    cells[:, TOP], cells[:, LEFT] = rows, columns
    cells[:, BOTTOM], cells[:, RIGHT] = -1, -1
    corners = np.empty((count + 1, 8), np.float32)
    corners[:, ::2], corners[:, 1::2] = np.inf, -np.inf
    for r in range(rows):
        for c in range(columns):
            k = labels[r, c]
            if k == 0:
                continue
            cells[k, COUNT] += 1
            cells[k, TOP], cells[k, BOTTOM] = min(cells[k, TOP], r), max(cells[k, BOTTOM], r)
            cells[k, LEFT], cells[k, RIGHT] = min(cells[k, LEFT], c), max(cells[k, RIGHT], c)
            corners[k, 0], corners[k, 1] = min(corners[k, 0], x[r, c]), max(corners[k, 1], x[r, c])
            corners[k, 2], corners[k, 3] = min(corners[k, 2], y[r, c]), max(corners[k, 3], y[r, c])
            corners[k, 4], corners[k, 5] = min(corners[k, 4], z[r, c]), max(corners[k, 5], z[r, c])
            corners[k, 6], corners[k, 7] = min(corners[k, 6], h[r, c]), max(corners[k, 7], h[r, c])
    return cells, corners


@_jit
def members_of_all(labels: Any, wanted: Any, mark: Any) -> Any:
    """Cells of all parts that are wanted (count + 1,) and are not marked, as r * columns + c."""
    rows, columns = labels.shape
    members = np.empty(rows * columns, np.int32)
    count = 0
    for r in range(rows):
        for c in range(columns):
            if wanted[labels[r, c]] and mark[r, c] == 0:
                members[count] = r * columns + c
                count += 1
    return members[:count]


@_jit
def members_in(members: Any, labels: Any, group: Any) -> Any:
    """Those of the members that belong to a group of parts (count + 1,) bool."""
    flat = labels.reshape(-1)
    found = np.empty(len(members), np.int32)
    count = 0
    for k in range(len(members)):
        if group[flat[members[k]]]:
            found[count] = members[k]
            count += 1
    return found[:count]


@_jit
def gather(x: Any, y: Any, z: Any, u: Any, v: Any, h: Any, labels: Any, group_of: Any, groups: int, outer: float) -> Any:  # noqa: PLR0917
    """What there is to measure of each group of parts; group_of (count + 1,) int32, -1: none.

    Returns:
        (groups, 20) float64: number of cells; least and most u; least and most v; depth, height, v and row of the lowest cell;
        depth of the cell with the most v; then the low, middle and high of x, y and z (all but a share `outer` on each side lie
        between); half of the width of the middle 68 % of z. For large groups the sorted ones come from every so manieth cell.
    """
    rows, columns = z.shape
    found = np.zeros((groups, 20))
    number = np.zeros(groups + 1, np.int64)
    for r in range(rows):
        for c in range(columns):
            g = group_of[labels[r, c]]
            if g >= 0:
                number[g + 1] += 1
    start = np.cumsum(number)
    where = start.copy()
    cells = np.empty(start[groups], np.int32)
    for r in range(rows):
        for c in range(columns):
            g = group_of[labels[r, c]]
            if g >= 0:
                cells[where[g]] = r * columns + c
                where[g] += 1
    for g in range(groups):
        count = start[g + 1] - start[g]
        every = max(1, count // 250)
        used = (count + every - 1) // every
        px, py, pz = np.empty(used, np.float32), np.empty(used, np.float32), np.empty(used, np.float32)
        u0, u1, v0, v1, lowest, lowest_k, last_k = np.inf, -np.inf, np.inf, -np.inf, np.inf, 0, 0
        for i in range(count):
            k = cells[start[g] + i]
            r, c = k // columns, k % columns
            u0, u1 = min(u0, u[r, c]), max(u1, u[r, c])
            v0 = min(v0, v[r, c])
            if v[r, c] > v1:
                v1, last_k = v[r, c], k
            if h[r, c] < lowest:
                lowest, lowest_k = h[r, c], k
            if i % every == 0:
                px[i // every], py[i // every], pz[i // every] = x[r, c], y[r, c], z[r, c]
        px.sort()
        py.sort()
        pz.sort()
        cut, middle = int(outer * used), used // 2
        found[g, 0], found[g, 1], found[g, 2], found[g, 3], found[g, 4] = count, u0, u1, v0, v1
        found[g, 5], found[g, 6] = z[lowest_k // columns, lowest_k % columns], lowest
        found[g, 8], found[g, 9] = lowest_k // columns, z[last_k // columns, last_k % columns]
        found[g, 7] = v[lowest_k // columns, lowest_k % columns]
        found[g, 10], found[g, 11], found[g, 12] = px[cut], px[middle], px[used - 1 - cut]
        found[g, 13], found[g, 14], found[g, 15] = py[cut], py[middle], py[used - 1 - cut]
        found[g, 16], found[g, 17], found[g, 18] = pz[cut], pz[middle], pz[used - 1 - cut]
        found[g, 19] = 0.5 * (pz[min(used - 1, int(0.84 * used))] - pz[int(0.16 * used)])
    return found


@_jit
def relabel(labels: Any, table: Any, out: Any) -> None:
    """out = table[labels]."""
    rows, columns = labels.shape
    for r in range(rows):
        for c in range(columns):
            out[r, c] = table[labels[r, c]]


@_jit
def label_points(  # noqa: PLR0917 - points and cells
    cell: Any, z: Any, cell_labels: Any, cell_z: Any, gap_share: float, noise_m: float
) -> Any:
    """(N,) uint16: of each point the label of its cell, or, where it lies deeper than that, of a neighbour that it fits."""
    rows, columns = cell_labels.shape
    labels = np.zeros(len(cell), np.uint16)
    flat_labels, flat_z = cell_labels.reshape(-1), cell_z.reshape(-1)
    share, least = np.float32(2.0 * gap_share), np.float32(3.0 * noise_m)
    for k in range(len(cell)):
        gap = share * z[k] + least
        if z[k] - flat_z[cell[k]] < gap:
            labels[k] = flat_labels[cell[k]]
            continue
        r, c = cell[k] // columns, cell[k] % columns
        best = gap
        for q in range(max(r - 1, 0), min(r + 2, rows)):
            for s in range(max(c - 1, 0), min(c + 2, columns)):
                if cell_z[q, s] > 0 and abs(z[k] - cell_z[q, s]) < best:
                    best = abs(z[k] - cell_z[q, s])
                    labels[k] = cell_labels[q, s]
    return labels
