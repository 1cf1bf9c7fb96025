"""What the pose network sees of two pictures: where everything went, in the camera's own coordinates (x / z, y / z), so that one
network serves all focal lengths.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.monodepth.geometry.flow import both_flows, sure_flow
from auxfocus_ros.optics.camera import CameraModel

CELL_PX = 4
"""Side of the squares over which everything is averaged."""
WORKING_PX = 36_000
"""Pixels to which larger pictures are brought first: flow needs no more."""
CHANNELS = 7
FLOW = 20.0
"""What makes flow numbers about one."""
MOST = 4.0
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
    return both_pair_flows(first, second, camera)[0]


def both_pair_flows(first: NDArray[np.uint8], second: NDArray[np.uint8], camera: CameraModel) -> tuple[PairFlow, PairFlow]:
    """`pair_flow` from the first to the second, and from the second to the first."""
    height, width = first.shape[:2]
    scale = min(1.0, (WORKING_PX / (width * height)) ** 0.5)
    size = (_side(width, scale), _side(height, scale))
    if size != (width, height):
        first, second = (np.asarray(cv2.resize(one, size, interpolation=cv2.INTER_AREA), np.uint8) for one in (first, second))
        camera = camera.scaled_to(*size)
    grey = [np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8) for picture in (first, second)]
    there, back = both_flows(grey[0], grey[1])
    return (
        PairFlow(first, camera, there, sure_flow(there, back, SURE_PX)),
        PairFlow(second, camera, back, sure_flow(back, there, SURE_PX)),
    )


def _side(side_px: int, scale: float) -> int:
    return max(4, round(side_px * scale / CELL_PX)) * CELL_PX


def pose_planes(pair: PairFlow, keep: NDArray[np.bool_] | None = None) -> NDArray[np.float32]:
    """Everything the network is given.

    Args:
        pair: see `pair_flow`.
        keep: (h, w), what is looked at; None: all.

    Returns:
        (CHANNELS, h / CELL_PX, w / CELL_PX): rays (2), flow (2), how much of the cell counts, colours (2: how bright, how red).
    """
    camera, flow = pair.camera, pair.flow
    height, width = flow.shape[:2]
    counts = (pair.sure if keep is None else pair.sure & keep).astype(np.float32)
    columns, rows = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
    x = np.broadcast_to((columns - np.float32(camera.cx_px)) / np.float32(camera.fx_px), (height, width))
    y = np.broadcast_to((rows - np.float32(camera.cy_px)) / np.float32(camera.fy_px), (height, width))
    share = _cells(counts)
    bright = pair.first.mean(axis=2, dtype=np.float32) / np.float32(255.0)
    red = pair.first[..., 2].astype(np.float32) / np.float32(255.0) - bright
    went_x, went_y = flow[..., 0] * np.float32(FLOW / camera.fx_px), flow[..., 1] * np.float32(FLOW / camera.fy_px)
    averaged = [
        _cells(plane * counts) / np.maximum(share, np.float32(1e-6))
        for plane in (np.clip(went_x, -MOST, MOST), np.clip(went_y, -MOST, MOST), bright, red)
    ]
    planes: list[NDArray[Any]] = [_cells(x), _cells(y), *averaged[:2], share, *averaged[2:]]
    return np.stack(planes).astype(np.float32)


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
