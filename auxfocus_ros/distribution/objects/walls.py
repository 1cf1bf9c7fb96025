"""What closes the scene off: walls and facades, large upright planes that leave the picture, meet the ceiling or tower above it.

A vehicle's side and a cupboard's front are upright planes too. They are told from a wall by their upper edge: where a thing ends
below `TALL_M` and something farther is seen above it, or nothing though the sensor looks there, it is a thing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution.objects.grid import CellGrid
from auxfocus_ros.distribution.objects.level_planes import Levels
from auxfocus_ros.distribution.objects.options import SegmentationOptions

ROUNDS_DENSE, ROUNDS_SPARSE, MOST_WALLS, WALL_TRIES = 1, 2, 6, 120
TALL_M, LONG_M, BUILDING_M = 4.5, 4.0, 6.0
"""Higher than any vehicle; longer than most furniture; what is longer and higher than this is a building."""
HANGING_M = 2.0
"""What is longer than BUILDING_M and begins that high is a bridge, eaves, a row of trees."""
LEAST_SIZE_M = 1.0
LOW_M = 1.5
"""A wall shorter than BUILDING_M reaches at least so far down."""
EDGE_CELLS, MOST_ENDING = 3, 0.5
"""Cells at the edge of the sensor's field that say that a wall leaves it; share of an upper edge that is seen to end."""
LEAST_SHARE = 0.01
"""Of the readings, that a wall must have."""
PURE, MIXED, PLANAR_DENSE, PLANAR_SPARSE = 0.7, 0.25, 0.55, 0.72
"""Share of a part on a plane from which it is nothing but wall; from which it has wall in it; and, of what lies within three
tolerances, the share within one, below which a part is round and no wall: a tank, a hedge. Depth images blur edges."""
LARGE = 4.0
"""What is left of a part that walls were taken out of may hold another: of at least so many times the least readings."""
RECESS_M = 0.6
"""A window lies that far behind its wall at most."""
LYING = 0.85
"""Of a part's cells, that must lie so for it to be a piece of a wall."""
WALL, TRIED = 20, 21


@dataclass(frozen=True, eq=False)
class Parts:
    """Cells that hang together: labels (rows, columns) int32 from 1; cells (count + 1, 5) and corners (count + 1, 8) as of
    `measure_parts`; closing: (count + 1,) bool, too large to be an object; walls: planes (4,) a b c d that were taken out."""

    labels: NDArray[np.int32]
    cells: NDArray[np.int64]
    corners: NDArray[np.float32]
    closing: NDArray[np.bool_]
    walls: tuple[NDArray[np.float64], ...]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.cells) - 1


def part_scene(grid: CellGrid, levels: Levels, field: NDArray[np.int64], options: SegmentationOptions) -> Parts:
    """Join the cells that lie on no level plane, take out walls, and join again. Walls are marked in `levels.mark`."""
    from auxfocus_ros.distribution.objects import part_kernels

    walls: list[NDArray[np.float64]] = []
    x, y, z = grid.x_m, grid.y_m, grid.z_m
    hidden = max(4, z.shape[1] // 12) if grid.dense else 3
    readings = int(np.count_nonzero(z))
    for remaining in range(ROUNDS_DENSE if grid.dense else ROUNDS_SPARSE, -1, -1):
        labels, count = part_kernels.join_cells(x, y, z, levels.mark, grid.noise, options.depth_gap_share, hidden)
        cells, corners = part_kernels.measure_parts(x, y, z, levels.height_m, labels, count)
        closing, suspect = _judge_sizes(cells, corners, field, bool(levels.at_m), options, z.shape[1])
        parts = Parts(labels, cells, corners, closing, tuple(walls))
        if not remaining or not suspect.any():
            return parts
        found = _take_out_walls(grid, levels, field, parts, suspect, LEAST_SHARE * readings)
        if not found:
            return parts
        walls += found
    raise AssertionError("not reached")


def _judge_sizes(  # noqa: PLR0917 - what the loop needs
    cells: NDArray[np.int64],
    corners: NDArray[np.float32],
    field: NDArray[np.int64],
    has_level: bool,
    options: SegmentationOptions,
    columns: int,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(which parts are too large to be objects, which may hold a wall)."""
    long_m = np.maximum(corners[:, 1] - corners[:, 0], corners[:, 5] - corners[:, 4])
    tall_m = corners[:, 7] - corners[:, 6]
    wide = (cells[:, 4] - cells[:, 3] + 1) / columns
    closing = (long_m > options.largest_m) | (tall_m > options.largest_m) | (wide > options.widest_share)
    closing |= (long_m > BUILDING_M) & (tall_m > BUILDING_M)
    closing |= (long_m > BUILDING_M) & (corners[:, 6] > HANGING_M) & has_level
    some = cells[:, 0] >= 8
    at_edge = (cells[:, 1] <= field[0] + 1) | (cells[:, 3] <= field[2] + 1) | (cells[:, 4] >= field[3] - 1)
    high = has_level & (corners[:, 7] > TALL_M) & (corners[:, 6] < TALL_M)
    suspect = some & (closing | ((at_edge | high) & (np.maximum(long_m, tall_m) > LEAST_SIZE_M)))
    closing[0] = suspect[0] = False
    return closing & some, suspect


def _take_out_walls(  # noqa: PLR0917 - what the loop needs
    grid: CellGrid, levels: Levels, field: NDArray[np.int64], parts: Parts, suspect: NDArray[np.bool_], least: float
) -> list[NDArray[np.float64]]:
    from auxfocus_ros.distribution.objects import part_kernels
    from auxfocus_ros.distribution.objects import wall_kernels as kernels

    x, y, z, mark, labels = grid.x_m, grid.y_m, grid.z_m, levels.mark, parts.labels
    rough = (grid.noise, *grid.roughness)
    planar = PLANAR_DENSE if grid.dense else PLANAR_SPARSE
    members = part_kernels.members_of_all(labels, suspect, mark)
    number = np.maximum(parts.cells[:, 0], 1)
    at_side = (parts.cells[:, 3] <= field[2] + 1) | (parts.cells[:, 4] >= field[3] - 1)
    walls = []
    for _ in range(MOST_WALLS):
        if len(members) < least:
            break
        wall = kernels.find_wall(x, y, z, members, levels.up, *rough, WALL_TRIES)
        if wall[4] * len(members) < least:
            break
        plane = wall[:4].copy()
        on, near, left = kernels.share_on_wall(x, y, z, labels, parts.count, members, plane, *rough)
        pure = on >= PURE * number
        enough = (on >= MIXED * number) | ((on >= MIXED * left) & (on >= LARGE * least))
        mixed = enough & ~pure & (on >= planar * near) & (on >= least)
        of_wall = np.zeros(parts.count + 1, np.bool_)
        for group in [pure, *(np.arange(parts.count + 1) == k for k in np.flatnonzero(mixed))]:
            inside = part_kernels.members_in(members, labels, group)
            if len(inside) >= least and _closes_off(
                kernels.wall_reach(x, y, z, levels.height_m, labels, inside, plane, levels.up, field, *rough),
                least,
                bool(levels.at_m),
                bool(at_side[group & (on >= MIXED * number)].any()),
            ):
                of_wall |= group
        if of_wall.any():
            of_wall |= pure
            kernels.drop_wall(mark, WALL, x, y, z, part_kernels.members_in(members, labels, of_wall), plane, *rough)
            walls.append(plane)
        members = kernels.drop_wall(mark, TRIED, x, y, z, members, plane, *rough)
    mark[mark == TRIED] = 0
    if walls:
        others = part_kernels.members_of_all(labels, ~suspect & (np.arange(parts.count + 1) > 0), mark)
        for plane in walls:  # What goes on behind a pillar or beyond a door, and what is joined with that.
            on, _, _ = kernels.share_on_wall(x, y, z, labels, parts.count, others, plane, *rough)
            inside = part_kernels.members_in(others, labels, on >= MIXED * number)
            kernels.drop_wall(mark, WALL, x, y, z, inside, plane, *rough)
    return walls


def _closes_off(reach: Any, least: float, has_level: bool, at_side: bool) -> bool:
    """Whether a plane that reaches as `wall_reach` says is a wall; at_side: its part leaves the sensor's field to the side."""
    on, at_edge, high_m, ends, long_m, low_m = reach
    if on < least or long_m < LEAST_SIZE_M or (has_level and low_m > LOW_M and long_m < BUILDING_M):
        return False
    if ends < MOST_ENDING:
        return bool(at_edge >= EDGE_CELLS or (at_side and long_m > 0.5 * LONG_M) or long_m > LONG_M)
    return bool(has_level and high_m > TALL_M and (at_edge >= EDGE_CELLS or long_m > BUILDING_M))


def lying_on_walls(grid: CellGrid, parts: Parts, options: SegmentationOptions) -> NDArray[np.bool_]:
    """(count + 1,) which parts stand out from a wall by no more than a picture or a door handle, or lie in one of its windows."""
    from auxfocus_ros.distribution.objects import neighbour_kernels

    found = np.zeros(parts.count + 1, np.bool_)
    for plane in parts.walls:
        on = neighbour_kernels.flush_with(
            grid.x_m, grid.y_m, grid.z_m, parts.labels, parts.count, plane, grid.noise, grid.roughness,
            options.stands_out_m, RECESS_M,
        )  # fmt: skip
        found |= on >= LYING * parts.cells[:, 0]
    return found
