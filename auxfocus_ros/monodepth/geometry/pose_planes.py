"""What the pose network sees of two pictures: where everything went, and how that fits a motion that is already known.

Flow is taken in the camera's own coordinates (x / z, y / z), so that one network serves all focal lengths. Where a motion is
given (`prior`), its rotation is taken out exactly, since that needs no depth; of what is left the part along the epipolar line
tells how long the camera's step is over the depth, if what is seen stood still, and the part across it has to be nothing. What
moves by itself shows in either.

Source of the decomposition: Longuet-Higgins and Prazdny, "The Interpretation of a Moving Retinal Image" (1980).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.monodepth.geometry.flow import dense_flow, sure_flow
from auxfocus_ros.optics.camera import CameraModel

CELL_PX = 4
"""Side of the squares over which everything is averaged."""
WORKING_PX = 36_000
"""Pixels to which larger pictures are brought first: flow needs no more."""
CHANNELS = 14
FLOW, ACROSS, INVERSE = 20.0, 100.0, 20.0
"""What makes flow, its part across the epipolar line and the step over the depth numbers about one."""
MOST = 4.0
LEAST_WAY = 1e-9
SURE_PX = 1.0
"""How far the way back may miss its start."""


@dataclass(frozen=True, eq=False)
class PairFlow:
    """Two pictures at the working size and the flow between them.

    first: (h, w, 3) uint8. camera: of that size. flow: (h, w, 2) float32 px. sure: (h, w), where it can be trusted.
    """

    first: NDArray[np.uint8]
    camera: CameraModel
    flow: NDArray[np.float32]
    sure: NDArray[np.bool_]


def pair_flow(first: NDArray[np.uint8], second: NDArray[np.uint8], camera: CameraModel) -> PairFlow:
    """The flow between two pictures (H, W, 3) uint8 BGR at the working size (a multiple of CELL_PX each way)."""
    return both_flows(first, second, camera)[0]


def both_flows(first: NDArray[np.uint8], second: NDArray[np.uint8], camera: CameraModel) -> tuple[PairFlow, PairFlow]:
    """`pair_flow` from the first to the second, and from the second to the first."""
    height, width = first.shape[:2]
    scale = min(1.0, (WORKING_PX / (width * height)) ** 0.5)
    size = (_side(width, scale), _side(height, scale))
    if size != (width, height):
        first, second = (np.asarray(cv2.resize(one, size, interpolation=cv2.INTER_AREA), np.uint8) for one in (first, second))
        camera = camera.scaled_to(*size)
    grey = [np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8) for picture in (first, second)]
    there, back = dense_flow(grey[0], grey[1]), dense_flow(grey[1], grey[0])
    return (
        PairFlow(first, camera, there, sure_flow(there, back, SURE_PX)),
        PairFlow(second, camera, back, sure_flow(back, there, SURE_PX)),
    )


def _side(side_px: int, scale: float) -> int:
    return max(4, round(side_px * scale / CELL_PX)) * CELL_PX


def pose_planes(
    pair: PairFlow, keep: NDArray[np.bool_] | None = None, prior: NDArray[np.float64] | None = None
) -> NDArray[np.float32]:
    """Everything the network is given.

    Args:
        pair: see `pair_flow`.
        keep: (h, w), whose motion is asked for; None: of all. What is not kept is seen without a prior not at all, with one as
            what the rest is compared with: it stands, as far as the prior is right.
        prior: (4, 4), motion that is known already; None: none is.

    Returns:
        (CHANNELS, h / CELL_PX, w / CELL_PX): rays (2), flow without the prior's rotation (2), how much of the cell is asked for
        and sure, part across the epipolar line, the camera's step over the depth as the part along it tells it, 1 where there
        is a prior, the direction of its translation (3), how much of the cell is seen and sure, colours (2: how bright, how
        red).
    """
    camera, flow = pair.camera, pair.flow
    height, width = flow.shape[:2]
    asked = (pair.sure if keep is None else pair.sure & keep).astype(np.float32)
    seen = asked if prior is None else pair.sure.astype(np.float32)
    x = np.broadcast_to(
        (np.arange(width, dtype=np.float32) - np.float32(camera.cx_px)) / np.float32(camera.fx_px), (height, width)
    )
    y = np.broadcast_to(
        ((np.arange(height, dtype=np.float32) - np.float32(camera.cy_px)) / np.float32(camera.fy_px))[:, None], (height, width)
    )
    there_x, there_y = x + flow[..., 0] / np.float32(camera.fx_px), y + flow[..., 1] / np.float32(camera.fy_px)
    across = inverse = np.zeros_like(there_x)
    rest_x, rest_y = there_x - x, there_y - y
    translation = np.zeros(3, np.float32)
    if prior is not None:
        rotation, translation = prior[:3, :3].astype(np.float32), _direction(prior[:3, 3])
        ahead = rotation[2, 0] * x + rotation[2, 1] * y + rotation[2, 2]
        turned_x = (rotation[0, 0] * x + rotation[0, 1] * y + rotation[0, 2]) / ahead
        turned_y = (rotation[1, 0] * x + rotation[1, 1] * y + rotation[1, 2]) / ahead
        rest_x, rest_y = there_x - turned_x, there_y - turned_y
        way_x, way_y = translation[0] - there_x * translation[2], translation[1] - there_y * translation[2]
        length2 = way_x * way_x + way_y * way_y + np.float32(1e-8)
        inverse = ahead * (rest_x * way_x + rest_y * way_y) / length2
        across = (rest_x * way_y - rest_y * way_x) / np.sqrt(length2)
    constant = np.float32(prior is not None)
    share, share_asked = _cells(seen), _cells(asked)
    bright = pair.first.mean(axis=2, dtype=np.float32) / np.float32(255.0)
    red = pair.first[..., 2].astype(np.float32) / np.float32(255.0) - bright
    averaged = [
        _cells(plane * seen) / np.maximum(share, np.float32(1e-6))
        for plane in (
            np.clip(FLOW * rest_x, -MOST, MOST), np.clip(FLOW * rest_y, -MOST, MOST), np.clip(ACROSS * across, -MOST, MOST),
            np.clip(INVERSE * inverse, -MOST, MOST), bright, red,
        )
    ]  # fmt: skip
    even = [np.full_like(share, value) for value in (constant, *translation)]
    planes: list[NDArray[Any]] = [_cells(x), _cells(y), *averaged[:2], share_asked, *averaged[2:4], *even, share, *averaged[4:]]
    return np.stack(planes).astype(np.float32)


def _direction(translation: NDArray[np.float64]) -> NDArray[np.float32]:
    """Of length 1: how long a step was, pictures do not say, and nothing here depends on it. 0 where there was none."""
    length = float(np.linalg.norm(translation))
    return (translation / length if length > LEAST_WAY else np.zeros(3)).astype(np.float32)


def at_working_size(mask: NDArray[np.bool_] | None, pair: PairFlow) -> NDArray[np.bool_] | None:
    """A mask of the pictures, brought to the size of their flow."""
    if mask is None or mask.shape == pair.sure.shape:
        return mask
    height, width = pair.sure.shape
    return cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST).astype(bool)


def _cells(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means over the cells."""
    height, width = plane.shape
    return np.asarray(
        cv2.resize(np.ascontiguousarray(plane), (width // CELL_PX, height // CELL_PX), interpolation=cv2.INTER_AREA)
    )
