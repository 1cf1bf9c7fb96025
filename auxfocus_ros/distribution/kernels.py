"""Compiled loops of the counting. Import this module inside functions only: it brings numba with it.

A depth image is worked through in chunks of a row whose buffers stay in the processor's first cache. For each chunk, three loops
that the compiler turns into vector instructions work out whether a pixel is a reading, its row and its column; a last, short one
adds to the cells. Two things make that quick:

- Positive float32 numbers are ordered as their bits are, read as integers. So "greater than 0, finite, and not NaN" is one
  integer comparison, and so are the clip to the axis and the split at the limits of the depth of field.
- The logarithm is written out (`_ln`): a call to the library would keep the loop from being vectorised.

What is no reading is counted too, in cells behind the last that nobody looks at: cheaper than a branch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import float32, int32, int64, types, uint8, uint16, uint32

from auxfocus_ros.compiling import compiled

CHUNK = 256
"""Pixels of a row that are worked out together, few enough to stay in the first cache beside the cells that they are counted
in; as many cells without meaning stand behind the last of a histogram."""

LINEAR, DIOPTRE, LOG = 0, 1, 2
TABLE, FACTORS, PLANE = 0, 1, 2
COUNTS, LAYERS, OWNERS = 0, 1, 2
NO_LAYER = 255

_INFINITE = 0x7F800000  # the bits of float32's infinity: greater ones, and negative ones, are no readings
_HALF_ROOT = 0x3F3504F3  # the bits of sqrt(1 / 2)


@compiled(fastmath={"contract"})
def _ln(x):  # type: ignore[no-untyped-def]
    """The natural logarithm of a positive, normal float32, to within two units in the last place (Cephes' polynomial)."""
    bits = np.int32(np.float32(x).view(np.int32) - np.int32(_HALF_ROOT))
    exponent = np.int32(bits >> np.int32(23))
    mantissa = np.int32((bits & np.int32(0x007FFFFF)) + np.int32(_HALF_ROOT)).view(np.float32)  # sqrt(1/2) to sqrt(2)
    e = np.float32(exponent)
    t = mantissa - np.float32(1.0)
    square = t * t
    y = np.float32(7.0376836292e-2)
    y = y * t - np.float32(1.1514610310e-1)
    y = y * t + np.float32(1.1676998740e-1)
    y = y * t - np.float32(1.2420140846e-1)
    y = y * t + np.float32(1.4249322787e-1)
    y = y * t - np.float32(1.6668057665e-1)
    y = y * t + np.float32(2.0000714765e-1)
    y = y * t - np.float32(2.4999993993e-1)
    y = y * t + np.float32(3.3333331174e-1)
    y = y * t * square - np.float32(2.12194440e-4) * e - np.float32(0.5) * square
    return t + y + np.float32(0.693359375) * e


@compiled(fastmath={"contract"})
def _spread(label_row, step, layer_of, as_layers, meanings):  # type: ignore[no-untyped-def]
    """Write a row of blocks' labels, or their layers (-1: none), out to single pixels."""
    for block in range(-(-len(meanings) // step)):
        meaning = np.int32(label_row[min(block, len(label_row) - 1)])
        if as_layers:
            meaning = np.int32(layer_of[meaning]) if meaning < len(layer_of) else np.int32(NO_LAYER)
            meaning = np.int32(-1) if meaning == NO_LAYER else meaning
        for x in range(block * step, min((block + 1) * step, len(meanings))):
            meanings[x] = meaning


def _scan(  # type: ignore[no-untyped-def]  # noqa: PLR0917 (compiled functions take no keywords)
    depth,
    scale,
    line,
    bins,
    columns,
    across,
    x_columns,
    y_columns,
    x_factors,
    y_factors,
    plane,
    by_depth,
    gain,
    shift,
    split_wanted,
    near_bits,
    far_bits,
    product,
    labels,
    step,
    layer_of,
    layers,
    cells,
    owners,
    split,
):
    """All of it; see `scan.py` for what the arguments mean."""
    height, width = depth.shape
    lowest, highest = np.float32(line[0]).view(np.int32), np.float32(line[1]).view(np.int32)
    factor, offset = line[2], line[3]
    last_row, row_cells = np.int32(bins + 1), np.int32(columns)
    axis_cells = np.int32(bins * columns)
    nowhere = np.uint32((bins + 2) * columns)  # the cells behind the last
    nowhere_else = np.uint32(axis_cells * layers)
    least_meaning = np.int32(0 if product == LAYERS else 1)  # ground and walls have no segment, but they may have a layer
    meanings = np.empty(0 if product == COUNTS else width, np.int32)
    bits = np.empty(CHUNK, np.int32)
    warped = np.empty(CHUNK, np.float32)
    row = np.empty(CHUNK, np.int32)
    column = np.empty(CHUNK, np.int32)
    cell = np.empty(CHUNK, np.uint32)
    readings = nearer = farther = np.int64(0)
    for y in range(height):
        if product != COUNTS and y % step == 0:
            _spread(labels[min(y // step, labels.shape[0] - 1)], step, layer_of, product == LAYERS, meanings)
        for left in range(0, width, CHUNK):
            count = min(CHUNK, width - left)
            # Views from the chunk's first pixel: an index that is a sum might be negative, for all that the compiler knows, and
            # would keep it from using vector instructions. For the same reason every number keeps its 32 bits.
            values = depth[y, left : left + count]
            for i in range(count):
                b = np.float32(values[i]).view(np.int32)
                bits[i] = b
                b = lowest if b < lowest else b
                b = highest if b > highest else b
                warped[i] = np.int32(b).view(np.float32)
            if scale == LINEAR:
                for i in range(count):
                    row[i] = np.int32(warped[i] * factor + offset)
            elif scale == DIOPTRE:
                for i in range(count):
                    row[i] = np.int32(np.float32(1.0) / warped[i] * factor + offset)
            else:
                for i in range(count):
                    row[i] = np.int32(_ln(warped[i]) * factor + offset)
            if across == TABLE:
                y_column, x_column = y_columns[y], x_columns[left : left + count]
                for i in range(count):
                    column[i] = y_column + x_column[i]
            else:
                if across == FACTORS:
                    y_factor, x_factor = y_factors[y], x_factors[left : left + count]
                    for i in range(count):
                        warped[i] = y_factor + x_factor[i]
                else:
                    warped[:count] = plane[y, left : left + count]
                if by_depth:
                    for i in range(count):
                        warped[i] *= np.float32(values[i])
                for i in range(count):
                    place = warped[i] * gain + shift
                    inside = (place >= np.float32(0.0)) & (place < np.float32(row_cells))
                    column[i] = np.int32(place) if inside else np.int32(-1)
            for i in range(count):
                b, r, c = bits[i], row[i], column[i]
                usable = (np.uint32(b - np.int32(1)) < np.uint32(_INFINITE - 1)) & (np.uint32(c) < np.uint32(row_cells))
                r = np.int32(0) if r < 0 else r
                r = last_row if r > last_row else r
                cell[i] = np.uint32(r * row_cells + c) if usable else np.uint32(nowhere + i)
            if split_wanted:
                n = n_nearer = n_farther = np.int32(0)
                for i in range(count):
                    usable = cell[i] < nowhere
                    n = np.int32(n + np.int32(usable))
                    n_nearer = np.int32(n_nearer + np.int32(usable & (bits[i] < near_bits)))
                    n_farther = np.int32(n_farther + np.int32(usable & (bits[i] > far_bits)))
                readings += n
                nearer += n_nearer
                farther += n_farther
            if product == COUNTS:
                for i in range(count):
                    cells[cell[i]] += np.uint32(1)
                continue
            meaning = meanings[left : left + count]
            for i in range(count):
                # On the axis: without the row of what is nearer, and the one of what is farther.
                at = np.uint32(cell[i] - np.uint32(row_cells))
                usable = (at < np.uint32(axis_cells)) & (meaning[i] >= least_meaning)
                at = np.uint32(at + np.uint32(axis_cells * (meaning[i] if product == LAYERS else np.int32(0))))
                cell[i] = at if usable else np.uint32(nowhere_else + i)
            if product == LAYERS:
                for i in range(count):
                    cells[cell[i]] += np.uint32(1)
            else:
                for i in range(count):
                    owners[cell[i]] = np.uint16(meaning[i])
    split[0] = readings - nearer - farther
    split[1] = nearer
    split[2] = farther


def _seen(kind: Any, dimensions: int) -> types.Array:
    """An array that is only read: with this type, those that may be written are taken as well."""
    return types.Array(kind, dimensions, "C", readonly=True)


def _scan_signature(depth: Any) -> Any:
    vector = _seen(float32, 1)
    return types.void(
        _seen(depth, 2), int64, vector, int64, int64, int64,
        _seen(int32, 1), _seen(int32, 1), vector, vector, _seen(float32, 2), types.boolean, float32, float32,
        types.boolean, int32, int32, int64, _seen(uint16, 2), int64, _seen(uint8, 1), int64, uint32[::1], uint16[::1], int64[::1],
    )  # fmt: skip


scan = compiled(_scan_signature(float32), _scan_signature(uint16), fastmath={"contract"})(_scan)


def _cast(depth, unit, rays, points):  # type: ignore[no-untyped-def]
    """Write the points of a depth image one after the other, and say how many there are."""
    count = 0
    for y in range(depth.shape[0]):
        for x in range(depth.shape[1]):
            z = np.float32(depth[y, x]) * unit
            ray_x, ray_y = rays[y, x, 0], rays[y, x, 1]
            if z > 0 and z < np.float32(np.inf) and not (np.isnan(ray_x) or np.isnan(ray_y)):
                points[count, 0], points[count, 1], points[count, 2] = ray_x * z, ray_y * z, z
                count += 1
    return count


cast = compiled(
    *[int64(_seen(kind, 2), float32, _seen(float32, 3), float32[:, ::1]) for kind in (float32, uint16)],
)(_cast)
