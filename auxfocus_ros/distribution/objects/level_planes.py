"""What things stand on: the ground, a table, and the ceiling above them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution.objects.grid import SLOPE, CellGrid

LEVEL_TRIES = 250
LEAST_LEVEL = 0.04
"""Share of the readings that the first level plane must have; without one, up is the picture's up."""
LEAST_TABLE, LEAST_WHOLE_TABLE, LEAST_CEILING = 0.06, 0.12, 0.02
"""Share of the readings of a table that leaves the picture, of one that does not, and of a ceiling."""
LEAST_SOLID = 0.35
MOST_LEVELS = 4
BIN_DENSE_M, BIN_SPARSE_M, HISTOGRAM_M = 0.03, 0.12, 4.0


@dataclass(frozen=True, eq=False)
class Levels:
    """Level planes.

    mark: (rows, columns) uint8, 1 and more where a cell lies on one. up: (3,) unit vector in the optical frame. height_m: (rows,
    columns) float32 above the first plane (above the camera where there is none). at_m: heights of all planes, the first is 0;
    empty where there is none. far_m: how far away each reaches, depth in metres.
    """

    mark: NDArray[np.uint8]
    up: NDArray[np.float64]
    height_m: NDArray[np.float32]
    at_m: tuple[float, ...]
    far_m: tuple[float, ...]


def find_levels(grid: CellGrid, field: NDArray[np.int64]) -> Levels:
    """Find the level planes of a grid. field: (4,) first and last row, first and last column that have readings."""
    from auxfocus_ros.distribution.objects import level_kernels as kernels

    x, y, z = grid.x_m, grid.y_m, grid.z_m
    noise, (rough_m, share) = grid.noise, grid.roughness
    slope = share if grid.dense else share + SLOPE
    mark = np.zeros(z.shape, np.uint8)
    found = kernels.find_level(x, y, z, noise, rough_m, share, LEVEL_TRIES)
    if found[4] <= LEAST_LEVEL:
        up = np.array([0.0, -1.0, 0.0])
        return Levels(mark, up, kernels.heights_of(x, y, z, np.array([*up, 0.0])), (), ())
    plane = found[:4]
    height = kernels.heights_of(x, y, z, plane)
    flat = kernels.flat_cells(x, y, z, height, 3)
    kernels.mark_level(mark, 1, z, height, flat, 0.0, 0.4, noise, rough_m, slope)
    at, far = [0.0], [np.inf]
    readings = int(np.count_nonzero(z))
    bin_m = BIN_DENSE_M if grid.dense else BIN_SPARSE_M
    bins = int(2 * HISTOGRAM_M / bin_m)
    for value in range(2, 2 + MOST_LEVELS):
        counts = kernels.level_histogram(height, z, flat, mark, -HISTOGRAM_M, bin_m, bins)
        both = counts[:-1] + counts[1:]
        peak = int(np.argmax(both))
        level_m = bin_m * (peak + 1) - HISTOGRAM_M
        above = counts[peak + 2 + int(0.3 / bin_m) :].sum()
        ceiling = level_m > plane[3] and above < 0.02 * readings
        if both[peak] < (LEAST_CEILING if ceiling else LEAST_TABLE) * readings:
            break
        kernels.mark_level(mark, value, z, height, flat, level_m, 0.0, noise, rough_m, share)
        cells, solid, at_edge, far_m = kernels.patch_of_level(mark, value, z, field)
        large = at_edge >= 0.04 * sum(z.shape) or cells >= LEAST_WHOLE_TABLE * readings
        if solid < LEAST_SOLID * cells or not (ceiling or large):
            kernels.unmark(mark, value, flat)
            continue
        at.append(level_m)
        far.append(far_m)
    return Levels(mark, np.array(plane[:3]), height, tuple(at), tuple(far))
