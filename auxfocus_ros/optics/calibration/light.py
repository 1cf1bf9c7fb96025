"""Pictures as the calibration wants them: one channel of linear light, at full size and at halves of it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.defocus import check_gamma, to_linear

Light = NDArray[np.float32]

LUMINANCE_BGR = (0.0722, 0.7152, 0.2126)
"""Weights of linear blue, green and red (ITU-R BT.709)."""
LEAST_SIDE_PX = 64
LEAST_CONTRAST = 1e-3
"""Standard deviation of linear light against its mean below which nothing can be matched."""


def linear_light(picture: NDArray[np.generic], gamma: float) -> Light:
    """Luminance in linear light.

    Args:
        picture: (H, W) or (H, W, 3) BGR, uint8, uint16 or floating point in [0, 1].
        gamma: of the picture, 0.1 to 10.

    Returns:
        (H, W) float32, 0 to 1.

    Raises:
        InputError: another shape or type, a gamma out of range, or a picture with a side below LEAST_SIDE_PX.
    """
    light = to_linear(picture, check_gamma(gamma))
    height, width = light.shape[:2]
    if min(height, width) < LEAST_SIDE_PX:
        raise InputError(f"the picture is {width} x {height}: a calibration needs {LEAST_SIDE_PX} pixels each way at least")
    return np.asarray(cv2.transform(light, np.array([LUMINANCE_BGR], np.float32)), np.float32) if light.ndim == 3 else light


def is_flat(light: Light) -> bool:
    """Whether a patch has nothing in it that could be matched."""
    return float(light.std()) <= LEAST_CONTRAST * max(float(light.mean()), 1e-6)


class Pyramid:
    """A picture and its halves, each pixel of level n the mean of 2 x 2 of level n - 1; made when asked for.

    Averaging over pixels and blur commute, so that a blur of radius r is one of radius r / 2^n at level n.
    """

    def __init__(self, light: Light) -> None:
        """`light`: (H, W) float32."""
        self._levels = [light]

    def level(self, number: int) -> Light:
        """The picture at 1 / 2^number of its size, (H >> number, W >> number) at least."""
        while len(self._levels) <= number:
            last = self._levels[-1]
            height, width = (side // 2 * 2 for side in last.shape)
            half = cv2.resize(last[:height, :width], (width // 2, height // 2), interpolation=cv2.INTER_AREA)
            self._levels.append(np.asarray(half, np.float32))
        return self._levels[number]
