"""The camera of a picture: the one that is known, if it fits, or one that is assumed."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.camera import CameraModel

ASSUMED_FIELD_DEG = 60.0
"""Horizontal field of view where nothing is known: that of a 31 mm lens on 35 mm film, about that of phones and webcams."""


def assumed_camera(width_px: int, height_px: int) -> CameraModel:
    """A camera of ASSUMED_FIELD_DEG without distortion, its principal point in the middle."""
    focal_px = 0.5 * width_px / math.tan(math.radians(0.5 * ASSUMED_FIELD_DEG))
    return CameraModel(width_px, height_px, focal_px, focal_px, 0.5 * (width_px - 1), 0.5 * (height_px - 1))


def require_picture(picture: NDArray[np.uint8]) -> None:
    """Raise InputError unless a picture is (H, W, 3) uint8."""
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
        raise InputError(f"picture: wanted (height, width, 3) of 8 bits, found {picture.dtype} of shape {picture.shape}")


def require_fitting(picture: NDArray[np.uint8], camera: CameraModel) -> None:
    """Raise InputError unless a picture is (H, W, 3) uint8 and the camera's intrinsics are of its size."""
    require_picture(picture)
    if picture.shape[:2] != (camera.height_px, camera.width_px):
        raise InputError(
            f"intrinsics of {camera.width_px} x {camera.height_px} px do not fit a picture of {picture.shape[1]} x "
            f"{picture.shape[0]} px: wanted those of this very size (a resized picture has others, a cropped one another centre)"
        )
