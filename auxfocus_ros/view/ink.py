"""Painting into a picture with smooth edges: lines that lie between pixels, and small pictures with transparency.

Everything works in place, on the few pixels that it touches.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]  # BGR


@dataclass(frozen=True)
class Pen:
    """How a line is drawn: its thickness in pixels (any above 0), colour, and opacity from 0 to 1."""

    thickness_px: float
    colour: Colour
    opacity: float


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
        alpha = (mask * strength)[..., None]
        colour = colour * (1 - alpha) + alpha * np.array(ink, np.float32)
        keep = keep * (1 - alpha)
    colour, keep = opacity * colour, 1 - opacity * (1 - keep)
    return Sprite(np.rint(colour).astype(np.uint8), np.rint(255 * keep).astype(np.uint8).repeat(3, axis=2))


def sprite_drawn_by(draw: Callable[[NDArray[np.uint8]], None], height: int, width: int) -> Sprite:
    """What a function paints into an image, as a sprite: painted on black it is the colour, and what white adds is kept."""
    black, white = np.zeros((height, width, 3), np.uint8), np.full((height, width, 3), 255, np.uint8)
    draw(black)
    draw(white)
    return Sprite(black, white - black)  # white never ends darker than black


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


def across(image: NDArray[np.uint8], row: float, left: float, right: float, pen: Pen) -> None:
    """Draw a horizontal line about `row`, in place; its long edges may lie between pixels and anything outside the image."""
    columns = slice(max(round(left), 0), min(round(right) + 1, image.shape[1]))
    if pen.opacity > 0 and columns.stop > columns.start:
        ink = _solid(columns.stop - columns.start, pen.colour)
        for at, covered in _coverage(row, pen.thickness_px, image.shape[0]):
            below = image[at : at + 1, columns]
            cv2.addWeighted(below, 1 - covered * pen.opacity, ink, covered * pen.opacity, 0.0, dst=below)


def along(image: NDArray[np.uint8], column: float, top: float, bottom: float, pen: Pen) -> None:
    """Draw a vertical line about `column`, in place, like `across`."""
    rows = slice(max(round(top), 0), min(round(bottom) + 1, image.shape[0]))
    if pen.opacity > 0 and rows.stop > rows.start:
        ink = _solid(rows.stop - rows.start, pen.colour).transpose(1, 0, 2)
        for at, covered in _coverage(column, pen.thickness_px, image.shape[1]):
            below = image[rows, at : at + 1]
            below[:] = cv2.addWeighted(np.ascontiguousarray(below), 1 - covered * pen.opacity, ink, covered * pen.opacity, 0.0)


def _coverage(centre: float, thickness: float, size: int) -> list[tuple[int, float]]:
    """The pixels that a line touches, and what share of each it covers; pixel 0 reaches from -0.5 to 0.5."""
    start, end = centre - thickness / 2, centre + thickness / 2
    first, last = max(math.floor(start + 0.5), 0), min(math.ceil(end + 0.5), size)
    shares = [(at, min(at + 0.5, end) - max(at - 0.5, start)) for at in range(first, last)]
    return [(at, share) for at, share in shares if share > 1e-3]


@lru_cache(maxsize=64)
def _solid(length: int, colour: Colour) -> NDArray[np.uint8]:
    return np.full((1, length, 3), colour, np.uint8)
