"""Compiled loops of the blur maps. Import this module inside functions only: it brings numba with it.

Of every cell of a picture they sum up how strong differences between neighbouring pixels are, and how alike differences some
pixels apart are. A strip of a row of cells is worked through at a time, its sums over columns first, in buffers that stay in the
processor's first cache: inner loops become vector instructions.
"""

from __future__ import annotations

import numpy as np

from auxfocus_ros.allinfocus.networks.blur_map_measures import (
    DIFFERENCES,
    FIRST_LAG,
    HALO_BEFORE,
    HALO_BEHIND,
    LAGS,
    MEASURES,
    SUMS,
)
from auxfocus_ros.compiling import compiled

STRIP = 256
LARGEST_CELL = 8


@compiled(fastmath={"contract", "nsz"})
def measure(picture, cell, first, last, out):  # type: ignore[no-untyped-def]
    """Rows `first` to `last` (excluded) of out (MEASURES, rows, columns) float32: means and maxima over cells of `cell` pixels.

    picture: (rows * cell + halo, columns * cell + halo), uint8 or float32.
    """
    columns = out.shape[2]
    halo = HALO_BEFORE + HALO_BEHIND
    part = np.empty((LARGEST_CELL + halo, STRIP + halo), np.float32)
    sums = np.empty((MEASURES, STRIP), np.float32)
    right, down = np.empty_like(part), np.empty_like(part)
    per_strip = STRIP // cell
    share = np.float32(1.0 / (cell * cell))
    for row in range(first, last):
        for left in range(0, columns, per_strip):
            count = min(per_strip, columns - left)
            width = count * cell
            for y in range(cell + halo):
                source = picture[row * cell + y, left * cell : left * cell + width + halo]
                target = part[y]
                for x in range(width + halo):
                    target[x] = source[x]
            for y in range(cell + HALO_BEHIND - 1):
                here, below, to_right, to_below = part[y + 1], part[y + 2], right[y], down[y]
                for x in range(width + HALO_BEHIND - 1):
                    to_right[x] = here[x + 2] - here[x + 1]
                    to_below[x] = below[x + 1] - here[x + 1]
            sums[:, :width] = 0.0
            for y in range(cell):
                above, here, below, far = part[y], part[y + 1], part[y + 2], part[y + 3]
                for x in range(width):
                    p = here[x + 1]
                    q = here[x + 2]
                    d = below[x + 1]
                    gx = q - p
                    gy = d - p
                    sx = gx - (p - here[x])
                    sy = gy - (p - above[x + 1])
                    mixed = (below[x + 2] - q) - gy
                    tx = (here[x + 3] - q) - gx - sx
                    ty = (far[x + 1] - d) - gy - sy
                    wide_x = here[x + 3] - here[x]
                    wide_y = far[x + 1] - above[x + 1]
                    gx *= gx
                    gy *= gy
                    sx *= sx
                    sy *= sy
                    sums[0, x] += gx
                    sums[1, x] += gy
                    sums[2, x] += sx
                    sums[3, x] += sy
                    sums[4, x] += mixed * mixed
                    sums[5, x] += tx * tx + ty * ty
                    sums[6, x] += wide_x * wide_x + wide_y * wide_y
                    sums[7, x] += gx * gx + gy * gy
                    sums[8, x] += sx * sx + sy * sy
                    sums[SUMS, x] = max(sums[SUMS, x], gx, gy)
                    sums[SUMS + 1, x] = max(sums[SUMS + 1, x], sx, sy)
                to_right, to_below = right[y], down[y]
                for number in range(LAGS):
                    of_lag = sums[DIFFERENCES + number]
                    later = right[y, FIRST_LAG + number :]
                    lower = down[y + FIRST_LAG + number]
                    for x in range(width):
                        of_lag[x] += to_right[x] * later[x] + to_below[x] * lower[x]
            for kind in range(SUMS):
                line = sums[kind]
                of_row = out[kind, row, left : left + count]
                for column in range(count):
                    value = np.float32(0.0)
                    for x in range(cell):
                        value += line[column * cell + x]
                    of_row[column] = value * share
            for kind in range(SUMS, MEASURES):
                line = sums[kind]
                of_row = out[kind, row, left : left + count]
                for column in range(count):
                    value = np.float32(0.0)
                    for x in range(cell):
                        value = max(value, line[column * cell + x])
                    of_row[column] = value


@compiled()
def halve(picture, first, last, out):  # type: ignore[no-untyped-def]
    """Rows `first` to `last` (excluded) of out (H / 2, W / 2) float32: means of two by two pixels of (H, W)."""
    for y in range(first, last):
        upper, lower = picture[2 * y], picture[2 * y + 1]
        for x in range(out.shape[1]):
            top = np.float32(upper[2 * x]) + np.float32(upper[2 * x + 1])
            out[y, x] = np.float32(0.25) * (top + (np.float32(lower[2 * x]) + np.float32(lower[2 * x + 1])))


@compiled(fastmath={"contract", "nsz"})
def pool(cells, row_of, column_of, size, step, largest, out):  # type: ignore[no-untyped-def] # noqa: PLR0917
    """Means, or with `largest` maxima, of windows of `size` cells each way, one every `step` cells: out (kinds, rows, columns).

    cells: (kinds, height, width) float32. row_of, column_of: int64, the cell that is taken at each place of the first window's
    rows (columns), and so on to the end of the last one's.
    """
    kinds, rows, columns = out.shape
    width = cells.shape[2]
    line = np.empty(width, np.float32)
    share = np.float32(1.0 / (size * size))
    for kind in range(kinds):
        for row in range(rows):
            line[:] = cells[kind, row_of[row * step]]
            for y in range(1, size):
                source = cells[kind, row_of[row * step + y]]
                if largest:
                    for x in range(width):
                        line[x] = max(line[x], source[x])
                else:
                    for x in range(width):
                        line[x] += source[x]
            for column in range(columns):
                value = line[column_of[column * step]]
                for x in range(1, size):
                    if largest:
                        value = max(value, line[column_of[column * step + x]])
                    else:
                        value += line[column_of[column * step + x]]
                out[kind, row, column] = value if largest else value * share
