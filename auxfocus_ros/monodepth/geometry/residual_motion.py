"""How things are seen to move beyond the camera's own motion, without knowing how far away they are.

What stands moves in the picture along its epipolar line, by as much as its depth says. So a thing moves for certain where its
flow has a part across that line. A part along it could be depth; but a thing stands on what is below it, and there, at its
foot, its depth is that of the static ground: what its flow along the line differs from the ground's it moves by itself, as far
as it stands upright. The inverse depth of a plane is linear in the picture, so the ground's is fitted around the foot.

Things stand before one another, and an area of what can move may show several: it is looked at in upright strips. What these
figures mean, and how sure they are, is judged elsewhere (`networks/motion_network.py`).

Source of the decomposition: Longuet-Higgins and Prazdny, "The Interpretation of a Moving Retinal Image" (1980).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.optics.camera import CameraModel

STRIP_PX = 24
"""About how wide a strip is."""
LEAST_PX = 30
"""Pixels of a strip, their flow sure: fewer say nothing."""
FOOT_SHARE = 0.15
"""Of a strip's height: columns that end no higher above its lowest point belong to its foot."""
GROUND_ABOVE_PX, GROUND_BELOW_PX, LEAST_ASIDE_PX, LEAST_GROUND_PX = 2, 12, 4, 15
"""The ground around a foot: from so far above it to so far below, as far aside as half the strip's width and at least so far; and
how many sure pixels of it there must be.
"""
ROUNDS, OUTLIER = 5, 2.0
"""Of the robust fit: how often, and how many spreads off counts a half."""
LOWER_SHARE, LEAST_LOWER_PX = 0.45, 15
"""The lower part of a strip stands where its foot does, also when it is looked at from above."""
LEAST_WAY = 1e-6


@dataclass(frozen=True, eq=False)
class StripMotion:
    """What a strip of what can move is seen to do; lengths in pixels of the picture.

    where: (H, W) bool. pixels: how many are sure. height_px, width_px: of the strip. across_px: flow across the epipolar line,
    median, without its sign, and its spread. along_px, lower_px: flow along the line beyond what the ground at the foot has,
    signed, of the whole strip and of its lower part; NaN without ground. lower_spread_px: of the latter. ground_px,
    ground_spread_px: the ground's flow along the line at the foot; NaN without. reach_px: how far what is one camera's step away
    would move. cut_off: its lower end is that of the picture, so its foot may be outside. still: the camera goes nowhere, and
    all that is left of the flow is across. angle_rad: (x, y) by which it is seen away from where it would be had it stood.
    """

    where: NDArray[np.bool_]
    pixels: int
    height_px: int
    width_px: int
    across_px: float
    across_spread_px: float
    along_px: float
    lower_px: float
    lower_spread_px: float
    ground_px: float
    ground_spread_px: float
    reach_px: float
    cut_off: bool
    still: bool
    angle_rad: tuple[float, float]


def residual_motions(
    flow: NDArray[np.float32],
    sure: NDArray[np.bool_],
    movable: NDArray[np.bool_],
    camera: CameraModel,
    static_pose: NDArray[np.float64],
) -> list[StripMotion]:
    """Look at every strip of every connected area of what can move.

    Args:
        flow: (H, W, 2) pixels, to the second picture. sure: (H, W), where it can be trusted.
        movable: (H, W), in the first picture.
        camera: of pictures of that size.
        static_pose: (4, 4), the camera's motion; the length of its translation does not matter.
    """
    lines = _Lines(flow, camera, static_pose)
    ground = sure & ~cv2.dilate(movable.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    found = []
    for strip in _strips(movable):
        inner = cv2.erode(strip.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool) & sure
        seen = inner if np.count_nonzero(inner) >= LEAST_PX else strip & sure
        if np.count_nonzero(seen) >= LEAST_PX:
            found.append(lines.motion_of(strip, seen, ground))
    return found


def _strips(movable: NDArray[np.bool_]) -> Iterator[NDArray[np.bool_]]:
    count, areas, stats, _ = cv2.connectedComponentsWithStats(movable.astype(np.uint8), connectivity=4)
    for number in range(1, count):
        left, width = int(stats[number][cv2.CC_STAT_LEFT]), int(stats[number][cv2.CC_STAT_WIDTH])
        parts = max(1, round(width / STRIP_PX))
        for part in range(parts):
            strip = np.zeros_like(movable)
            columns = slice(left + width * part // parts, left + width * (part + 1) // parts)
            strip[:, columns] = areas[:, columns] == number
            yield strip


class _Lines:
    """Every pixel's flow beyond the rotation, divided along and across its epipolar line."""

    def __init__(self, flow: NDArray[np.float32], camera: CameraModel, pose: NDArray[np.float64]) -> None:
        height, width = flow.shape[:2]
        rows, columns = np.mgrid[:height, :width].astype(np.float32)
        x, y = (columns - camera.cx_px) / camera.fx_px, (rows - camera.cy_px) / camera.fy_px
        turned = np.stack([x, y, np.ones_like(x)], -1) @ pose[:3, :3].T
        there_x, there_y = x + flow[..., 0] / camera.fx_px, y + flow[..., 1] / camera.fy_px
        rest_x, rest_y = there_x - turned[..., 0] / turned[..., 2], there_y - turned[..., 1] / turned[..., 2]
        length = float(np.linalg.norm(pose[:3, 3]))
        way = pose[:3, 3] / length if length > LEAST_WAY else np.zeros(3)
        way_x, way_y = way[0] - there_x * way[2], way[1] - there_y * way[2]
        self._reach = np.maximum(np.hypot(way_x, way_y), 1e-3)  # of a step over the depth of 1
        self._line = np.stack([way_x, way_y], -1) / self._reach[..., None]
        along = rest_x * self._line[..., 0] + rest_y * self._line[..., 1]
        self._across = rest_y * self._line[..., 0] - rest_x * self._line[..., 1]
        self._inverse = along / self._reach  # inverse depth of what stands, in steps of the camera
        self._still = length <= LEAST_WAY
        self._rest = np.stack([rest_x, rest_y], -1)
        self._rows, self._columns, self._focal_px = rows, columns, camera.fx_px

    def motion_of(self, strip: NDArray[np.bool_], seen: NDArray[np.bool_], ground: NDArray[np.bool_]) -> StripMotion:
        rows, columns = np.nonzero(strip)
        top, bottom, left, right = int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max())
        shape = {"where": strip, "pixels": int(np.count_nonzero(seen)), "height_px": bottom - top + 1,
                 "width_px": right - left + 1, "cut_off": bottom == strip.shape[0] - 1}  # fmt: skip
        if self._still:
            x, y = (float(np.median(self._rest[seen][:, axis])) for axis in (0, 1))
            return StripMotion(
                **shape, across_px=math.hypot(x, y) * self._focal_px, across_spread_px=0.0, along_px=math.nan, lower_px=math.nan,
                lower_spread_px=0.0, ground_px=math.nan, ground_spread_px=math.nan, reach_px=0.0, still=True, angle_rad=(x, y),
            )  # fmt: skip
        lower = seen & (self._rows >= top + (1.0 - LOWER_SHARE) * (bottom - top + 1))
        lower = lower if np.count_nonzero(lower) >= LEAST_LOWER_PX else seen
        (across, across_spread), (own, _), (own_lower, lower_spread) = (
            _middle(plane[part]) for plane, part in ((self._across, seen), (self._inverse, seen), (self._inverse, lower))
        )
        reach, lower_reach = (float(np.median(self._reach[part])) for part in (seen, lower))
        at_foot, spread = self._ground(strip, (top, bottom, left, right), ground)
        along = (own - at_foot) * reach
        line = np.median(self._line[seen], axis=0)
        aside = 0.0 if math.isnan(along) else along
        angle = (float(aside * line[0] - across * line[1]), float(aside * line[1] + across * line[0]))
        focal = self._focal_px
        return StripMotion(
            **shape, across_px=abs(across) * focal, across_spread_px=across_spread * focal, along_px=along * focal,
            lower_px=(own_lower - at_foot) * lower_reach * focal, lower_spread_px=lower_spread * lower_reach * focal,
            ground_px=at_foot * lower_reach * focal, ground_spread_px=spread * lower_reach * focal, reach_px=reach * focal,
            still=False, angle_rad=angle,
        )  # fmt: skip

    def _ground(self, strip: NDArray[np.bool_], box: tuple[int, int, int, int], ground: NDArray[np.bool_]) -> tuple[float, float]:
        """Inverse depth of the ground at a strip's foot, and the spread of what it was fitted to; NaN where it is not seen."""
        _, bottom, left, right = box
        inside = strip[:, left : right + 1]
        ends = len(strip) - 1 - np.argmax(inside[::-1], axis=0)
        foot = inside.any(axis=0) & (ends >= bottom - max(2.0, FOOT_SHARE * (bottom - box[0] + 1)))
        row, columns = float(np.median(ends[foot])), np.flatnonzero(foot) + left
        aside = max(LEAST_ASIDE_PX, (right - left + 1) // 2)
        part = (slice(max(0, int(row) - GROUND_ABOVE_PX), int(row) + GROUND_BELOW_PX),
                slice(max(0, int(columns.min()) - aside), int(columns.max()) + aside + 1))  # fmt: skip
        near = ground[part]
        count = np.count_nonzero(near)
        if count < LEAST_GROUND_PX:
            return math.nan, math.nan
        inverse = self._inverse[part][near].astype(np.float64)
        places = np.stack([np.ones(count), (self._columns[part][near] - np.median(columns)) / 10.0,
                           (self._rows[part][near] - row) / 10.0], 1)  # fmt: skip
        kept_level = np.diag([1e-6, 0.5, 0.05]) * count * 0.05
        weights = np.ones(count)
        for _ in range(ROUNDS):
            weighted = places * weights[:, None]
            plane = np.linalg.solve(weighted.T @ places + kept_level, weighted.T @ inverse)
            off = inverse - places @ plane
            spread = max(1.48 * float(np.median(np.abs(off))), 1e-5)
            weights = 1.0 / (1.0 + np.square(off / (OUTLIER * spread)))
        return float(plane[0]), spread


def _middle(values: NDArray[np.floating]) -> tuple[float, float]:
    """Median, and median distance from it."""
    middle = float(np.median(values))
    return middle, float(np.median(np.abs(values - middle)))
