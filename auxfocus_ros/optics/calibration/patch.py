"""The part of the focused picture that a calibration looks at."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.calibration.light import LEAST_SIDE_PX, Light, is_flat

DEFAULT_SHARE = 0.7
"""Side of a patch that is chosen, of the picture's shorter side."""
_CORNER_LOSS = 0.4  # how much less texture counts in the corners, where lenses are worst and breathing moves things most


class Patch(NamedTuple):
    """A rectangle of whole pixels."""

    x: int
    y: int
    width: int
    height: int

    @property
    def centre_px(self) -> tuple[float, float]:
        """Its middle, where 0 is the picture's left or upper edge (a pixel's centre is at a half)."""
        return self.x + 0.5 * self.width, self.y + 0.5 * self.height

    def of(self, light: Light) -> Light:
        """What a picture shows in it."""
        return light[self.y : self.y + self.height, self.x : self.x + self.width]


def check_patch(patch: Patch, light: Light) -> Patch:
    """Give back a patch that was asked for; raise InputError where it leaves the picture, is too small, or shows nothing."""
    height, width = light.shape
    if min(patch.width, patch.height) < LEAST_SIDE_PX:
        raise InputError(
            f"the patch is {patch.width} x {patch.height}: a calibration needs {LEAST_SIDE_PX} pixels each way at least"
        )
    if patch.x < 0 or patch.y < 0 or patch.x + patch.width > width or patch.y + patch.height > height:
        raise InputError(
            f"the patch (x {patch.x}, y {patch.y}, {patch.width} x {patch.height}) leaves the picture of {width} x {height}"
        )
    if is_flat(patch.of(light)):
        raise InputError(f"the patch at x {patch.x}, y {patch.y} of the focused picture shows nothing: it is flat")
    return patch


def most_textured_patch(light: Light, share: float = DEFAULT_SHARE) -> Patch:
    """The square with most texture, a little rather in the middle.

    Args:
        light: (H, W) float32, the focused picture.
        share: of the picture's shorter side, above 0 to 1.

    Raises:
        InputError: the picture shows nothing.
    """
    height, width = light.shape
    side = max(min(LEAST_SIDE_PX, height, width), round(share * min(height, width)))
    # Relative to the light there is, at a quarter of the size: noise of single pixels is no texture.
    small = cv2.resize(light, (max(1, width // 4), max(1, height // 4)), interpolation=cv2.INTER_AREA)
    root = np.sqrt(np.maximum(small, 0.0))
    texture = cv2.Sobel(root, cv2.CV_32F, 1, 0) ** 2 + cv2.Sobel(root, cv2.CV_32F, 0, 1) ** 2
    window = min(max(1, side // 4), *small.shape)
    inside = cv2.boxFilter(texture, cv2.CV_32F, (window, window), anchor=(0, 0))
    rows, columns = small.shape[0] - window + 1, small.shape[1] - window + 1
    inside = inside[:rows, :columns]
    y, x = np.mgrid[:rows, :columns]
    off = ((y - 0.5 * (rows - 1)) / small.shape[0]) ** 2 + ((x - 0.5 * (columns - 1)) / small.shape[1]) ** 2
    best_y, best_x = np.unravel_index(np.argmax(inside * (1.0 - _CORNER_LOSS * off / 0.5)), inside.shape)
    patch = Patch(min(4 * int(best_x), width - side), min(4 * int(best_y), height - side), side, side)
    if is_flat(patch.of(light)):
        raise InputError("the focused picture shows nothing that could be matched: it is flat")
    return patch


def scaled_patch(patch: Patch, level: int) -> Patch:
    """The patch in pixels of a level of a pyramid, no larger than it is."""
    size = 1 << level
    x, y = -(-patch.x // size), -(-patch.y // size)
    return Patch(x, y, (patch.x + patch.width) // size - x, (patch.y + patch.height) // size - y)
