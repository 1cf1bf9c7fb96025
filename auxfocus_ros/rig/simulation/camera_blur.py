"""Motion blur by the camera's own motion, from one drawn picture and its depth: cheaper than to draw the scene again.

Within a short interval every still point moves along a straight line in the picture, which its depth and the camera's velocities
give. Pictures of the moments before and after are the drawn one pulled along these lines. What comes out from behind something
takes the colours beside it, over a pixel or two. Things that move by themselves are drawn anew instead.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from auxfocus_ros.optics.camera import CameraModel
from auxfocus_ros.rig.simulation.motion_blur import SubframeMean

COARSE = 4
"""Motion is worked out on every fourth pixel: it is smooth but for edges of depth."""


def picture_flow(
    depth_m: np.ndarray, camera: CameraModel, angular_rad_per_s: np.ndarray, linear_m_per_s: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How fast still points move in the picture.

    Args:
        depth_m: (H, W) float32, z, metres, +inf allowed.
        camera: of the picture, without distortion.
        angular_rad_per_s, linear_m_per_s: (3,) of the camera in its optical frame.

    Returns:
        Two (H, W) float32, pixels a second to the right and down.

    Source: Longuet-Higgins and Prazdny, The interpretation of a moving retinal image (1980).
    """
    height, width = depth_m.shape
    x, y = _rays(width, height, camera.fx_px, camera.cx_px, camera.cy_px)
    wx, wy, wz = (float(value) for value in angular_rad_per_s)
    vx, vy, vz = (float(value) for value in linear_m_per_s)
    inverse = np.float32(1.0) / depth_m[COARSE // 2 :: COARSE, COARSE // 2 :: COARSE]
    right = (x * vz - vx) * inverse + (x * y * wx - (1.0 + x * x) * wy + y * wz)
    down = (y * vz - vy) * inverse + ((1.0 + y * y) * wx - x * y * wy - x * wz)
    focal = np.float32(camera.fx_px)
    return (
        cv2.resize((right * focal).astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR),
        cv2.resize((down * focal).astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR),
    )


def add_moments(
    mean: SubframeMean,
    picture: np.ndarray,
    flow_px_per_s: tuple[np.ndarray, np.ndarray],
    interval_s: float,
    count: int,
) -> None:
    """Add `count` moments, spread evenly over an interval round the picture's own, to the mean of an exposure.

    Args:
        mean: takes the pictures.
        picture: (H, W, 3) uint8, of the interval's middle.
        flow_px_per_s: see `picture_flow`.
        interval_s: of which the moments are the middles of equal parts. count: >= 1.
    """
    height, width = picture.shape[:2]
    columns, rows = _grid(width, height)
    for number in range(count):
        moment_s = ((number + 0.5) / count - 0.5) * interval_s
        if moment_s == 0.0:
            mean.add(picture)
            continue
        # What is at a pixel now was, in the drawn picture, where the line comes from.
        from_x = cv2.scaleAdd(flow_px_per_s[0], -moment_s, columns)
        from_y = cv2.scaleAdd(flow_px_per_s[1], -moment_s, rows)
        moved = cv2.remap(picture, from_x, from_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        mean.add(np.asarray(moved, np.uint8))


@lru_cache(maxsize=2)
def _grid(width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """(H, W) float32 column and row of each pixel."""
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return np.ascontiguousarray(columns), np.ascontiguousarray(rows)


def _rays(width: int, height: int, focal_px: float, cx_px: float, cy_px: float) -> tuple[np.ndarray, np.ndarray]:
    """x / z of each coarse column (1, w) and y / z of each coarse row (h, 1), float32."""
    # Resizing takes a coarse sample for the middle of its block of pixels.
    x = (np.arange(COARSE // 2, width, COARSE, dtype=np.float32) - np.float32(cx_px + 0.5)) / np.float32(focal_px)
    y = (np.arange(COARSE // 2, height, COARSE, dtype=np.float32) - np.float32(cy_px + 0.5)) / np.float32(focal_px)
    return x[None, :], y[:, None]
