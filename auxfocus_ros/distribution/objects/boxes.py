"""From cells to an object: its box in the picture, its depth and its size."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from auxfocus_ros.distribution.objects.grid import CellGrid
from auxfocus_ros.distribution.objects.level_planes import Levels
from auxfocus_ros.distribution.objects.scene_object import BoxPx, SceneObject
from auxfocus_ros.distribution.objects.walls import Parts

FOOT_SPARSE_M, FOOT_DENSE_SHARE = 0.12, 0.03
"""A thing whose lowest reading is so near above what it stands on reaches down to it: its foot was taken for ground."""
OUTER_SHARE = 0.03
MEDIAN_SPREAD = 1.2533
"""Standard deviation of a median over that of a mean."""


def measure_object(grid: CellGrid, levels: Levels, parts: Parts, group: Sequence[int]) -> SceneObject:
    """The object that a group of parts makes, with segment 0.

    The box covers the cells, each as wide as half the distance to its neighbours, and goes down to what the object stands on.
    """
    cells = parts.cells[list(group)]
    top, bottom = int(cells[:, 1].min()), int(cells[:, 2].max())
    left, right = int(cells[:, 3].min()), int(cells[:, 4].max())
    part = np.s_[top : bottom + 1, left : right + 1]
    on_it = np.isin(parts.labels[part], group) if len(group) > 1 else parts.labels[part] == group[0]
    x, y, z = grid.x_m[part][on_it], grid.y_m[part][on_it], grid.z_m[part][on_it]
    box = _box(grid, levels, (top, bottom), grid.u_px[part][on_it], grid.v_px[part][on_it], z, levels.height_m[part][on_it])
    count = len(z)
    ordered = np.sort(z)
    outer = int(OUTER_SHARE * count)
    near, middle, far = float(ordered[outer]), float(ordered[count // 2]), float(ordered[count - 1 - outer])
    spread = float(ordered[min(count - 1, int(0.84 * count))] - ordered[int(0.16 * count)]) / 2.0
    noise = grid.noise_m + grid.noise_per_m * middle**2
    sigma = MEDIAN_SPREAD * math.hypot(spread, noise) / math.sqrt(count)
    ordered_x, ordered_y = np.sort(x), np.sort(y)
    return SceneObject(
        segment=0,
        box_px=box,
        depth_m=middle,
        depth_near_m=near,
        depth_far_m=far,
        depth_sigma_m=sigma,
        position_m=(float(ordered_x[count // 2]), float(ordered_y[count // 2]), middle),
        low_m=(float(ordered_x[outer]), float(ordered_y[outer]), near),
        high_m=(float(ordered_x[count - 1 - outer]), float(ordered_y[count - 1 - outer]), far),
        point_count=count,
        area_share=box[2] * box[3] / (grid.width_px * grid.height_px),
    )


def row_m(grid: CellGrid, row: int, depth_m: float) -> float:
    """How far rows of cells lie apart at a depth, metres."""
    return float(2.0 * grid.half_v_px[row] * depth_m / grid.focal_px[1])


def height_above(levels: Levels, height_m: float, depth_m: float) -> float:
    """Height above the nearest level plane below that reaches so far, metres; inf where there is none."""
    heights = [height_m - at for at, far in zip(levels.at_m, levels.far_m, strict=True) if depth_m < 1.03 * far]
    return min((height for height in heights if height > -0.1), default=math.inf)


def _box(
    grid: CellGrid,
    levels: Levels,
    rows: tuple[int, int],
    u_px: np.ndarray,
    v_px: np.ndarray,
    depth_m: np.ndarray,
    height_m: np.ndarray,
) -> BoxPx:
    left, right = float(u_px.min()) - grid.half_u_px, float(u_px.max()) + grid.half_u_px
    top, bottom = float(v_px.min() - grid.half_v_px[rows[0]]), float(v_px.max() + grid.half_v_px[rows[1]])
    lowest = int(np.argmin(height_m))
    above = height_above(levels, float(height_m[lowest]), float(depth_m[lowest]))
    foot_m = FOOT_DENSE_SHARE * float(depth_m[lowest]) if grid.dense else FOOT_SPARSE_M
    if above < max(foot_m, 1.6 * row_m(grid, rows[1], float(depth_m[lowest]))):
        last = int(np.argmax(v_px))
        bottom = max(bottom, float(v_px[last]) + above * grid.focal_px[1] / float(depth_m[last]))
    left, top = max(left, -0.5), max(top, -0.5)
    right, bottom = min(right, grid.width_px - 0.5), min(bottom, grid.height_px - 0.5)
    x, y = min(round(left + 0.5), grid.width_px - 1), min(round(top + 0.5), grid.height_px - 1)
    return x, y, max(1, min(round(right - left), grid.width_px - x)), max(1, min(round(bottom - top), grid.height_px - y))
