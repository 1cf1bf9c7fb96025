"""Where the beam of a rangefinder meets what it measures, in the camera's optical frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.camera import CameraModel
from auxfocus_ros.optics.rigid import RigidTransform

__all__ = ["beam_end", "pixel_end"]


def beam_end(range_m: float, optical_from_beam: RigidTransform) -> NDArray[np.float64]:
    """(1, 3), metres: the end of a beam along x of its own frame, as REP 117 has it. range_m: along the beam."""
    return np.asarray(optical_from_beam.apply(np.array([[range_m, 0.0, 0.0]])))


def pixel_end(range_m: float, pixel_px: tuple[float, float], camera: CameraModel) -> NDArray[np.float64]:
    """(1, 3), metres: the end of a beam that leaves the camera itself and is seen at a pixel, nearest of the camera's.

    Raises:
        InputError: a pixel outside the picture, or one that sees nothing.
    """
    column, row = round(pixel_px[0]), round(pixel_px[1])
    if not (0 <= column < camera.width_px and 0 <= row < camera.height_px):
        raise InputError(
            f"the rangefinder's pixel ({pixel_px[0]:g}, {pixel_px[1]:g}) lies outside a picture of {camera.width_px} x "
            f"{camera.height_px} px"
        )
    ray = np.append(camera.ray_table()[row, column].astype(float), 1.0)
    if not np.isfinite(ray).all():
        raise InputError(f"the camera sees nothing at the rangefinder's pixel ({column}, {row})")
    return np.asarray(range_m * ray / np.linalg.norm(ray))[None]
