"""Painting into a picture with smooth edges: boxes that end between pixels, and small pictures with transparency.

Everything works in place, on the few pixels that it touches.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]  # BGR


@dataclass(frozen=True, eq=False)
class Sprite:
    """A small picture with transparency.

    Attributes:
        colour: (h, w, 3) uint8 BGR, already multiplied with the opacity.
        keep: (h, w, 3) uint8, how much of what is below stays, of 255.
    """

    colour: NDArray[np.uint8]
    keep: NDArray[np.uint8]

    @property
    def width(self) -> int:
        """Width, pixels."""
        return int(self.colour.shape[1])

    @property
    def height(self) -> int:
        """Height, pixels."""
        return int(self.colour.shape[0])


def sprite_of(layers: list[tuple[NDArray[np.float32], Colour, float]], opacity: float) -> Sprite:
    """A sprite from layers, the lowest first: masks (h, w) in [0, 1], colour, opacity of each; and an opacity of the whole."""
    colour = np.zeros((*layers[0][0].shape, 3), np.float32)
    keep = np.ones((*layers[0][0].shape, 1), np.float32)
    for mask, ink, strength in layers:
        alpha = (mask * (strength * opacity))[..., None]
        colour = colour * (1 - alpha) + alpha * np.array(ink, np.float32)
        keep = keep * (1 - alpha)
    return Sprite(np.rint(colour).astype(np.uint8), np.rint(255 * keep).astype(np.uint8).repeat(3, axis=2))


def paste(image: NDArray[np.uint8], sprite: Sprite, left: int, top: int) -> None:
    """Lay a sprite over an image, in place; what would stand outside is left out."""
    height, width = image.shape[:2]
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + sprite.width, width), min(top + sprite.height, height)
    if x0 >= x1 or y0 >= y1:
        return
    below = image[y0:y1, x0:x1]
    part = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
    kept = cv2.multiply(below, sprite.keep[part], scale=1 / 255)
    below[:] = cv2.add(kept, sprite.colour[part])


def fill_box(
    image: NDArray[np.uint8], left: float, top: float, right: float, bottom: float, colour: Colour, opacity: float
) -> None:
    """Fill a box, in place; its edges may lie between pixels (pixel 0 reaches from -0.5 to 0.5) and outside the image."""
    columns, across = _coverage(left, right, image.shape[1])
    rows, down = _coverage(top, bottom, image.shape[0])
    if not len(across) or not len(down) or opacity <= 0:
        return
    below = image[rows, columns]
    alpha = (opacity * np.outer(down, across)).astype(np.float32)[..., None]
    below[:] = np.rint(below + alpha * (np.array(colour, np.float32) - below)).astype(np.uint8)


def _coverage(start: float, end: float, size: int) -> tuple[slice, NDArray[np.float64]]:
    """The pixels that an interval touches, and what share of each it covers."""
    first, last = max(math.floor(start + 0.5), 0), min(math.ceil(end + 0.5), size)
    if last <= first:
        return slice(0, 0), np.zeros(0)
    centres = np.arange(first, last)
    return slice(first, last), np.clip(np.minimum(centres + 0.5, end) - np.maximum(centres - 0.5, start), 0.0, 1.0)
