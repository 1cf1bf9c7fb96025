"""Motion blur: a frame is the mean, in linear light, of pictures taken at moments within its exposure.

As many moments are drawn as keep the motion between two of them under about a pixel; at rest that is one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.defocus import DEFAULT_GAMMA, check_gamma, from_linear, to_linear

Picture = NDArray[np.uint8]


def subframe_times(exposure_s: float, motion_px: float, largest: int) -> NDArray[np.float64]:
    """When to draw within an exposure.

    Args:
        exposure_s: exposure time, >= 0.
        motion_px: how far anything moves in the picture during it, >= 0; may be infinite.
        largest: most moments, >= 1.

    Returns:
        (n,) float64 seconds since the exposure's start, the middles of n equal parts of it: n is motion_px rounded up, 1 to
        `largest`.

    Raises:
        InputError: a number out of its range.
    """
    if not (0.0 <= exposure_s < math.inf and motion_px >= 0.0 and largest >= 1):
        raise InputError(
            f"sub-exposures: {exposure_s:g} s, {motion_px:g} px and at most {largest} of them: wanted 0, 0 and 1 or more"
        )
    count = max(1, math.ceil(min(motion_px, largest)))
    return (np.arange(count, dtype=np.float64) + 0.5) * (exposure_s / count)


def image_motion_px(
    angular_velocity_rad_per_s: ArrayLike,
    linear_velocity_m_per_s: ArrayLike,
    nearest_depth_m: float,
    fx_px: float,
    exposure_s: float,
    *,
    half_size_px: tuple[float, float] = (0.0, 0.0),
    things: Sequence[tuple[float, float]] = (),
) -> float:
    """An upper bound of how far anything moves in the picture during an exposure, at constant velocities.

    Args:
        angular_velocity_rad_per_s, linear_velocity_m_per_s: (3,) of the camera, in its optical frame.
        nearest_depth_m: of what stands, > 0; may be infinite.
        fx_px: focal length, > 0; pixels are square.
        exposure_s: exposure time, >= 0.
        half_size_px: how far the bound reaches from the principal point, to the side and up or down: half of the picture's
            width and height for all of it; (0, 0): only there.
        things: (speed, m/s, >= 0; depth, m, > 0) of what moves by itself.

    Returns:
        Pixels: the largest over that part of the picture and over the things, every term taken with its worst sign.

    Raises:
        InputError: a depth that is not above 0.

    Source: Longuet-Higgins and Prazdny, The interpretation of a moving retinal image (1980): the image velocity of a point.
    """
    if not nearest_depth_m > 0.0 or any(not depth > 0.0 for _, depth in things):
        raise InputError("image motion: depths must be above 0 m")
    wx, wy, wz = np.abs(np.asarray(angular_velocity_rad_per_s, np.float64))
    vx, vy, vz = np.abs(np.asarray(linear_velocity_m_per_s, np.float64))
    x, y = half_size_px[0] / fx_px, half_size_px[1] / fx_px
    turning = (x * y * wx + (1.0 + x * x) * wy + y * wz, (1.0 + y * y) * wx + x * y * wy + x * wz)
    moving = (vx + x * vz, vy + y * vz)

    def motion(depth_m: float, speed: float) -> float:
        # A thing's own motion, seen best when it goes square to the ray: sqrt(1 + x^2 + y^2) at most.
        camera = math.hypot(turning[0] + moving[0] / depth_m, turning[1] + moving[1] / depth_m)
        return fx_px * exposure_s * (camera + speed * math.sqrt(1.0 + x * x + y * y) / depth_m)

    return float(max([motion(nearest_depth_m, 0.0), *(motion(depth, speed) for speed, depth in things)]))


class SubframeMean:
    """Adds up pictures of one size in linear light and gives their mean, with its gamma again.

    Args:
        height, width: of the pictures, which have three colours.
        gamma: of the pictures, 0.1 to 10.
    """

    def __init__(self, height: int, width: int, gamma: float = DEFAULT_GAMMA) -> None:
        self._shape = (height, width, 3)
        self._gamma = check_gamma(gamma)
        self._linear = to_linear(np.arange(256, dtype=np.uint8).reshape(1, -1), self._gamma)
        self._sum = np.empty(self._shape, np.float32)
        self._one = np.empty(self._shape, np.float32)
        self.count = 0

    def add(self, picture: Picture) -> None:
        """One more picture, (height, width, 3) uint8. Raises InputError for another shape or type."""
        if picture.shape != self._shape or picture.dtype != np.uint8:
            raise InputError(f"a sub-exposure is {picture.dtype} {picture.shape}: wanted uint8 {self._shape}")
        if self.count == 0:
            cv2.LUT(picture, self._linear, self._sum)
        else:
            cv2.add(self._sum, cv2.LUT(picture, self._linear, self._one), self._sum)
        self.count += 1

    def mean(self) -> Picture:
        """The mean of the pictures since the last call, (height, width, 3) uint8, and starts anew. Raises InputError for none."""
        if self.count == 0:
            raise InputError("the mean of no sub-exposure: add one first")
        self._sum *= np.float32(1.0 / self.count)
        self.count = 0
        return from_linear(self._sum, self._gamma)
