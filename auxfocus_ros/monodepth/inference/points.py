"""Points of a depth image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.monodepth.inference.cameras import require_fitting
from auxfocus_ros.optics.camera import CameraModel


def points_of(
    depth_m: NDArray[np.float32], camera: CameraModel, picture: NDArray[np.uint8], step_px: int = 1
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """The points that the pixels show, in the camera's optical frame, in rows from the top left.

    Args:
        depth_m: (H, W), z; 0, negative, NaN or infinite: no point.
        camera: of that size; its distortion is taken out by its own rays, and pixels that it has no ray for make no point.
        picture: (H, W, 3) BGR.
        step_px: of every so many-th pixel of each row and each column alone.

    Returns:
        (N, 3) x, y, z in the unit of the depth, and (N, 3) red, green, blue.

    Raises:
        InputError: a picture or intrinsics of another size.
    """
    require_fitting(picture, camera)
    some = (slice(None, None, step_px), slice(None, None, step_px))
    rays, depth_m = camera.ray_table()[some], depth_m[some]
    seen = (depth_m > 0.0) & (depth_m < np.inf) & np.isfinite(rays).all(axis=2)
    z = depth_m[seen]
    return np.column_stack([rays[seen] * z[:, None], z]), picture[some][seen][:, ::-1]
