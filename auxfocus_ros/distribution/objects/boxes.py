"""From cells to an object: its box in the picture, its depth and its size."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from auxfocus_ros.distribution.objects.grid import FILL_SHARE, SLOPE, CellGrid
from auxfocus_ros.distribution.objects.level_planes import Levels
from auxfocus_ros.distribution.objects.scene_object import BoxPx, SceneObject
from auxfocus_ros.distribution.objects.walls import Parts

FOOT_SPARSE_M, FOOT_DENSE_SHARE = 0.12, 0.03
"""A thing whose lowest reading is so near above what it stands on reaches down to it: its foot was taken for ground."""
MOST_FOOT = 0.7
"""A foot between the strokes of a beam is no longer than this share of what is seen of the thing."""
OUTER_SHARE = 0.03
MEDIAN_SPREAD = 1.2533
"""Standard deviation of a median over that of a mean."""


def measure_objects(grid: CellGrid, levels: Levels, parts: Parts, groups: Sequence[Sequence[int]]) -> list[SceneObject]:
    """The objects that groups of parts make, with segment 0.

    A box covers the cells, each as wide as half the distance to its neighbours, and goes down to what the object stands on.
    """
    from auxfocus_ros.distribution.objects import part_kernels

    group_of = np.full(parts.count + 1, -1, np.int32)
    for index, group in enumerate(groups):
        group_of[list(group)] = index
    rows = part_kernels.gather(
        grid.x_m, grid.y_m, grid.z_m, grid.u_px, grid.v_px, levels.height_m, parts.labels, group_of, len(groups), OUTER_SHARE
    ).tolist()
    objects = []
    for group, row in zip(groups, rows, strict=True):
        first, last = int(parts.cells[group, 1].min()), int(parts.cells[group, 2].max())
        box = _box(grid, levels, (first, last), row)
        count, (near, middle, far), spread = int(row[0]), row[16:19], row[19]
        noise = grid.noise_m + grid.noise_per_m * middle**2
        objects.append(
            SceneObject(
                segment=0,
                box_px=box,
                depth_m=middle,
                depth_near_m=near,
                depth_far_m=far,
                depth_sigma_m=MEDIAN_SPREAD * math.hypot(spread, noise) / math.sqrt(count),
                position_m=(row[11], row[14], middle),
                low_m=(row[10], row[13], near),
                high_m=(row[12], row[15], far),
                point_count=count,
                area_share=box[2] * box[3] / (grid.width_px * grid.height_px),
            )
        )
    return objects


def row_m(grid: CellGrid, row: int, depth_m: float) -> float:
    """How far rows of cells lie apart at a depth, metres."""
    return float(2.0 * grid.half_v_px[row] * depth_m / grid.focal_px[1])


def level_tolerance_m(grid: CellGrid, depth_m: float) -> float:
    """How far above the ground a reading at a depth may lie and still count as ground, metres."""
    rough_m, share = grid.roughness
    return rough_m + (share + (0.0 if grid.dense else SLOPE)) * depth_m + 3.0 * (grid.noise_m + grid.noise_per_m * depth_m**2)


def height_above(levels: Levels, height_m: float, depth_m: float) -> float:
    """Height above the nearest level plane below that reaches so far, metres; inf where there is none."""
    heights = [height_m - at for at, far in zip(levels.at_m, levels.far_m, strict=True) if depth_m < 1.03 * far]
    return min((height for height in heights if height > -0.1), default=math.inf)


def _box(grid: CellGrid, levels: Levels, rows: tuple[int, int], row: Sequence[float]) -> BoxPx:
    """The box of what `gather` found between two rows of cells."""
    _, u_low, u_high, v_low, v_high, lowest_depth_m, lowest_m, _, _, last_depth_m = row[:10]
    left, right = u_low - grid.half_u_px, u_high + grid.half_u_px
    top, bottom = v_low - float(grid.half_v_px[rows[0]]), v_high + float(grid.half_v_px[rows[1]])
    above = height_above(levels, lowest_m, lowest_depth_m)
    foot_m = FOOT_DENSE_SHARE * lowest_depth_m if grid.dense else FOOT_SPARSE_M
    if grid.clumped:  # What is unseen between two strokes, and what was taken for ground.
        unseen_m = FILL_SHARE * grid.height_px * lowest_depth_m / grid.focal_px[1]
        foot_m = min(
            unseen_m + level_tolerance_m(grid, lowest_depth_m), MOST_FOOT * (v_high - v_low) * lowest_depth_m / grid.focal_px[1]
        )
    if above < max(foot_m, 1.6 * row_m(grid, rows[1], lowest_depth_m)):
        bottom = max(bottom, v_high + above * grid.focal_px[1] / last_depth_m)
    left, top = max(left, -0.5), max(top, -0.5)
    right, bottom = min(right, grid.width_px - 0.5), min(bottom, grid.height_px - 0.5)
    x, y = min(round(left + 0.5), grid.width_px - 1), min(round(top + 0.5), grid.height_px - 1)
    return x, y, max(1, min(round(right - left), grid.width_px - x)), max(1, min(round(bottom - top), grid.height_px - y))
