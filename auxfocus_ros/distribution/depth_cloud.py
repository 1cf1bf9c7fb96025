"""A depth image as a cloud: for a depth camera that is not where the picture's camera is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution.placing import PLAIN
from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import CameraModel


def depth_to_points(depth: NDArray[Any], depth_camera: CameraModel, unit_m: float = 0.001) -> NDArray[np.float32]:
    """The points that a depth image shows, in the depth camera's optical frame.

    Args:
        depth: (H, W) float32 metres, or uint16 in units of `unit_m`. 0, negative, NaN and infinite: no reading.
        depth_camera: its camera, in its size.
        unit_m: metres a unit of an integer image.

    Returns:
        (N, 3), metres, row by row; pixels without a reading, and those that the camera has no ray for, are left out.

    Raises:
        InputError: another type, or another size than the camera's.
    """
    if depth.ndim != 2 or depth.dtype not in (np.float32, np.uint16):
        raise InputError(f"depth image: wanted (H, W) float32 metres or uint16, got shape {depth.shape} of {depth.dtype}")
    if (depth_camera.height_px, depth_camera.width_px) != depth.shape:
        raise InputError(
            f"depth image: its camera model is of {depth_camera.width_px} x {depth_camera.height_px}, "
            f"got an image of {depth.shape[1]} x {depth.shape[0]}"
        )
    if not 0 < unit_m < np.inf:
        raise InputError(f"depth image: the unit must be greater than 0 m, got {unit_m!r}")
    from auxfocus_ros.distribution import kernels

    points = np.empty((depth.size, 3), np.float32)
    unit = 1.0 if depth.dtype == np.float32 else unit_m
    return points[: kernels.cast(np.require(depth, requirements=PLAIN), unit, depth_camera.ray_table(), points)]
