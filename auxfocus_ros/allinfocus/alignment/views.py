"""What of a picture is compared with another that is blurred differently: its texture at several scales, evened out.

Each level of a pyramid is brought to zero mean and unit variance about every pixel. Exposure, vignetting and most of what blur
does to contrast go with that, and a faint texture counts as much as a strong one. Noise would be blown up where there is none:
the variance has a floor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.fusion.frames import Picture

WINDOW_PX = 17
"""Width of the square about a pixel in which it is evened out, at every level."""
FLOOR = 0.02
"""Standard deviation below which contrast is no longer raised, as a share of white: about what noise has."""
COARSEST_PX = 96
"""The longer side of the coarsest level is from this to twice this."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class View:
    """One level.

    texture: (h, w) float32, evened out. inside: (h, w) float32, 1 where the picture has pixels whose whole window lies in it,
    else 0. grey: (h, w) float32, 0 to 1, what both were made of.
    """

    texture: Floats
    inside: Floats
    grey: Floats


def reduced(picture: Picture, size_px: tuple[int, int]) -> Floats:
    """(h, w) or (h, w, 3) float32, 0 to 1, of the width and height asked for, averaged over the pixels that fall together."""
    height, width = picture.shape[:2]
    full = np.float32(np.iinfo(picture.dtype).max)
    if (width, height) != size_px:
        picture = cv2.resize(picture, size_px, interpolation=cv2.INTER_AREA)
    return np.asarray(picture, np.float32) / full


def reduced_size(size_px: tuple[int, int], most_px: int) -> tuple[int, int]:
    """Width and height of at most `most_px` pixels in all, of the same shape; never larger than it is."""
    width, height = size_px
    factor = min(1.0, math.sqrt(most_px / (width * height)))
    return max(1, round(width * factor)), max(1, round(height * factor))


def resized(picture: cv2.typing.MatLike, size_px: tuple[int, int]) -> Floats:
    """The same smaller, (h, w) or (h, w, 3), averaged."""
    return np.asarray(cv2.resize(picture, size_px, interpolation=cv2.INTER_AREA), np.float32)


def greyed(small: Floats) -> Floats:
    """(h, w) of (h, w) or (h, w, 3) BGR."""
    return small if small.ndim == 2 else np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.float32)


def level_count(size_px: tuple[int, int]) -> int:
    """How many levels a picture of this size has."""
    return max(1, int(math.log2(max(size_px) / COARSEST_PX)) + 1)


def views_of(grey: Floats, inside: Floats | None = None) -> list[View]:
    """The levels of a picture (h, w), the finest first; inside: where it has pixels, None: everywhere."""
    mask = np.ones_like(grey) if inside is None else inside
    views = []
    for level in range(level_count((grey.shape[1], grey.shape[0]))):
        if level:
            # Halved about the edge, so that coordinates are those of a picture made smaller.
            size = (max(1, round(grey.shape[1] / 2)), max(1, round(grey.shape[0] / 2)))
            grey = resized(cv2.GaussianBlur(grey, (0, 0), 0.8), size)
            mask = resized(mask, size)
        views.append(View(evened(grey), whole(mask), grey))
    return views


def evened(grey: Floats) -> Floats:
    """(h, w) with zero mean and at most unit variance about every pixel."""
    window = (WINDOW_PX, WINDOW_PX)
    away = grey - cv2.blur(grey, window, borderType=cv2.BORDER_REFLECT)
    variance = cv2.blur(away * away, window, borderType=cv2.BORDER_REFLECT)
    return np.asarray(away / np.sqrt(variance + np.float32(FLOOR**2)), np.float32)


def whole(mask: Floats) -> Floats:
    """1 where all of a pixel's window is there."""
    window = np.ones((WINDOW_PX, WINDOW_PX), np.uint8)
    there = np.asarray(mask > 0.999, np.uint8)
    reach = cv2.erode(there, window, borderType=cv2.BORDER_CONSTANT, borderValue=(0.0,))
    return reach.astype(np.float32)
