"""One object of the scene, found from depth, and the scene split into objects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BoxPx = tuple[int, int, int, int]
"""left, top, width, height in pixels of the picture."""


@dataclass(frozen=True)
class SceneObject:
    """A thing that stands out of the scene in one frame.

    Attributes:
        segment: its value in the label image or labels of points of the frame, from 1.
        box_px: left, top, width, height in the picture, pixels, within it, width and height >= 1.
        depth_m: robust middle of its depths, metres, > 0.
        depth_near_m, depth_far_m: its spread: all but a few percent of its readings lie between, metres.
        depth_sigma_m: one standard deviation of `depth_m` itself (not of the readings), metres.
        position_m: its middle in the optical frame, metres.
        low_m, high_m: robust corners of the box round it along the axes of the optical frame, metres.
        point_count: readings that it rests on.
        area_share: share of the picture that it covers, 0 to 1.
    """

    segment: int
    box_px: BoxPx
    depth_m: float
    depth_near_m: float
    depth_far_m: float
    depth_sigma_m: float
    position_m: tuple[float, float, float]
    low_m: tuple[float, float, float]
    high_m: tuple[float, float, float]
    point_count: int
    area_share: float


@dataclass(frozen=True, eq=False)
class SegmentedScene:
    """A frame split into objects.

    Attributes:
        objects: in order of `segment`: `objects[k].segment == k + 1`.
        labels: which object each reading belongs to, 0: none (ground, walls, no reading). Of a cloud (N,), a label for each of
            the projected points; of a depth image (h, w), a label for each block of `step` x `step` pixels.
        step: side of a label's block in pixels of the depth image; 0 where the labels belong to points.
    """

    objects: tuple[SceneObject, ...]
    labels: NDArray[np.uint16]
    step: int
