"""The focus plane and the depth of field as they stand in the scene, for viewers in three dimensions."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.optics import CameraModel
from auxfocus_ros.view.focus_reading import FocusReading

FARTHEST_SHOWN_M = 200.0
"""What reaches infinity is drawn up to here."""


def picture_corners_m(camera: CameraModel, depth_m: float) -> NDArray[np.float64] | None:
    """Corners of what the picture shows at a depth.

    Args:
        camera: of the picture.
        depth_m: metres, > 0 and finite.

    Returns:
        (4, 3) metres in the optical frame: top left, top right, bottom right, bottom left; None where no ray reaches a corner.
    """
    rays = camera.ray_table()[[0, 0, -1, -1], [0, -1, -1, 0]].astype(float)  # 4x2
    if not np.isfinite(rays).all():
        return None
    return np.column_stack([rays * depth_m, np.full(4, depth_m)])


def focus_plane_m(camera: CameraModel, focus: FocusReading) -> NDArray[np.float64] | None:
    """(4, 3) corners of the focal plane; None where the focus is not at a finite depth."""
    return picture_corners_m(camera, focus.focus_distance_m) if focus.state == "finite" else None


def depth_of_field_m(camera: CameraModel, focus: FocusReading) -> NDArray[np.float64] | None:
    """(2, 4, 3) corners at the near and the far limit; None where nothing is in focus. Infinity is cut at FARTHEST_SHOWN_M."""
    if math.isnan(focus.near_limit_m) or focus.near_limit_m >= FARTHEST_SHOWN_M:
        return None
    near = picture_corners_m(camera, focus.near_limit_m)
    far = picture_corners_m(camera, min(focus.far_limit_m, FARTHEST_SHOWN_M))
    return None if near is None or far is None else np.stack([near, far])
