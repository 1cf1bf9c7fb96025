"""How things are seen to move beyond the camera's own motion, without knowing how far away they are.

What stands moves in the picture along its epipolar line, by as much as its depth says. So a thing moves for certain where its
flow has a part across that line. A part along it could be depth; but a thing stands on what is below it, and there, at its
foot, its depth is that of the static ground: what its flow along the line differs from the ground's it moves by itself, as far as
it stands upright. How wrong that may be is taken off. The thing that moves most speaks for all, as the gate's verdict is one.

Source of the decomposition: Longuet-Higgins and Prazdny, "The Interpretation of a Moving Retinal Image" (1980).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.optics.camera import CameraModel

LEAST_PX = 30
"""Pixels of a thing, their flow sure: fewer say nothing."""
FOOT_GAP_PX, FOOT_PX, LEAST_FOOT_PX = 2, 8, 8
"""The ground at a foot: from so far below it to so far, and so many sure pixels of it."""
FOOT_SHARE = 0.15
"""Of a thing's height: columns that end no higher above its lowest point belong to its foot."""
ALONG_PX, ALONG_SHARE = 0.8, 0.2
"""How wrong the part along the line may be: so many pixels and so much of what stands there moves."""
LEAST_WAY = 1e-6


@dataclass(frozen=True)
class ResidualMotion:
    """What the thing that moves most does. across_px, along_px: across and along its epipolar line, the second less its doubt.
    angle_rad: (x, y) by which it is seen away from where it would be had it stood. things: how many were judged.
    """

    across_px: float
    along_px: float
    angle_rad: tuple[float, float]
    things: int


def residual_motion(
    flow: NDArray[np.float32],
    sure: NDArray[np.bool_],
    movable: NDArray[np.bool_],
    camera: CameraModel,
    static_pose: NDArray[np.float64],
) -> ResidualMotion:
    """Judge every connected area of what can move.

    Args:
        flow: (H, W, 2) pixels, to the second picture. sure: (H, W), where it can be trusted.
        movable: (H, W), in the first picture.
        camera: of pictures of that size.
        static_pose: (4, 4), the camera's motion; the length of its translation does not matter.
    """
    lines = _Lines(flow, camera, static_pose)
    count, areas, stats, _ = cv2.connectedComponentsWithStats(movable.astype(np.uint8), connectivity=4)
    most, judged = ResidualMotion(0.0, 0.0, (0.0, 0.0), 0), 0
    for number in range(1, count):
        area = areas == number
        inner = cv2.erode(area.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool) & sure
        seen = inner if np.count_nonzero(inner) >= LEAST_PX else area & sure
        if np.count_nonzero(seen) < LEAST_PX:
            continue
        judged += 1
        found = lines.motion_of(seen, _foot(area, stats[number], sure & ~movable))
        if np.hypot(*found.angle_rad) > np.hypot(*most.angle_rad):
            most = found
    return ResidualMotion(most.across_px, most.along_px, most.angle_rad, judged)


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
        self.reach = np.maximum(np.hypot(way_x, way_y), 1e-3)  # of a step over the depth of 1
        self.line = np.stack([way_x, way_y], -1) / self.reach[..., None]
        self.along = rest_x * self.line[..., 0] + rest_y * self.line[..., 1]
        self.across = rest_y * self.line[..., 0] - rest_x * self.line[..., 1]
        self.still = length <= LEAST_WAY
        self.rest = np.stack([rest_x, rest_y], -1)
        self.focal_px = camera.fx_px

    def motion_of(self, seen: NDArray[np.bool_], foot: NDArray[np.bool_]) -> ResidualMotion:
        if self.still:  # a camera that goes nowhere: all that is left moves by itself
            x, y = (float(np.median(self.rest[seen][:, axis])) for axis in (0, 1))
            return ResidualMotion(float(np.hypot(x, y)) * self.focal_px, 0.0, (x, y), 1)
        across, along = float(np.median(self.across[seen])), 0.0
        if np.count_nonzero(foot) >= LEAST_FOOT_PX:
            ground = float(np.median(self.along[foot] / self.reach[foot]))
            reach = float(np.median(self.reach[seen]))
            own = float(np.median(self.along[seen] / self.reach[seen]))
            doubt = ALONG_PX / self.focal_px + ALONG_SHARE * abs(ground) * reach
            difference = (own - ground) * reach
            along = float(np.sign(difference)) * max(0.0, abs(difference) - doubt)
        line = np.median(self.line[seen], axis=0)
        x, y = along * line[0] - across * line[1], along * line[1] + across * line[0]
        return ResidualMotion(abs(across) * self.focal_px, abs(along) * self.focal_px, (float(x), float(y)), 1)


def _foot(area: NDArray[np.bool_], box: NDArray[np.int32], ground: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(H, W): static pixels just below where a thing ends."""
    left, top, width, height = (int(value) for value in box[:4])
    below = np.zeros_like(area)
    for column in range(left, left + width):
        lowest = int(np.flatnonzero(area[:, column])[-1])
        if lowest >= top + height - 1 - max(2.0, FOOT_SHARE * height):
            below[lowest + FOOT_GAP_PX : lowest + FOOT_PX, column] = True
    return np.asarray(below & ground)
