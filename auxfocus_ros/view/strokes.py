"""Boxes, brackets and bars of whole pixels: noted down first and drawn in one go, since a frame has hundreds of small pieces.

Lines lie inside the box that they are drawn round, each with a dark halo of a pixel or two beside it, so that they show on any
picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.view.ink import Colour
from auxfocus_ros.view.palette import HALO

_HALO_STRENGTH = 0.55
_MOST_DASHES = 12  # along a side


class Box(NamedTuple):
    """A rectangle of whole pixels by its edges; right and bottom are the first pixel outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Width, pixels."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Height, pixels."""
        return self.bottom - self.top

    def grown(self, by_px: int) -> Box:
        """With so many pixels more on each side."""
        return Box(self.left - by_px, self.top - by_px, self.right + by_px, self.bottom + by_px)

    def moved(self, right_px: int, down_px: int) -> Box:
        """Somewhere else."""
        return Box(self.left + right_px, self.top + down_px, self.right + right_px, self.bottom + down_px)

    def within(self, other: Box) -> Box | None:
        """The part that lies inside another; None: nothing does."""
        cut = Box(
            max(self.left, other.left), max(self.top, other.top), min(self.right, other.right), min(self.bottom, other.bottom)
        )
        return cut if cut.width > 0 and cut.height > 0 else None


@dataclass(frozen=True)
class Line:
    """How a box is drawn: thickness and length of a bracket's legs in whole pixels, colour, opacity from 0 to 1."""

    thickness_px: int
    colour: Colour
    opacity: float
    halo_px: int = 1


class Strokes:
    """Rectangles to be filled, in order; what comes later lies on top."""

    def __init__(self) -> None:
        """Begin with none."""
        self._rectangles: list[tuple[int, int, int, int, int, int, int, int]] = []

    def fill(self, box: Box, colour: Colour, opacity: float) -> None:
        """Fill a box."""
        self._rectangles.append((*box, *colour, round(255 * opacity)))

    def outline(self, box: Box, line: Line) -> None:
        """A line all round a box, just inside its edges."""
        self._lay(_sides(box, line.thickness_px), line)

    def dashed(self, box: Box, line: Line) -> None:
        """A dashed line all round a box, just inside its edges."""
        above, below, before, after = _sides(box, line.thickness_px)
        lying = [dash for side in (above, below) for dash in _dashes(side, line.thickness_px, lying=True)]
        standing = [dash for side in (before, after) for dash in _dashes(side, line.thickness_px, lying=False)]
        self._lay(lying + standing, line)

    def brackets(self, box: Box, leg_px: int, line: Line) -> None:
        """The four corners of a box, as viewfinders show what they focus on; `leg_px`: how far each reaches along the sides."""
        leg = max(line.thickness_px, min(leg_px, (box.width - 1) // 2, (box.height - 1) // 2))
        above, below, before, after = _sides(box, line.thickness_px)
        lying = [
            piece
            for side in (above, below)
            for piece in (
                side._replace(right=min(side.left + leg, side.right)),
                side._replace(left=max(side.right - leg, side.left)),
            )
        ]
        rest = max(leg - line.thickness_px, 0)  # a side's ends belong to the lines above and below it
        standing = [
            piece
            for side in (before, after)
            for piece in (side._replace(bottom=side.top + rest), side._replace(top=side.bottom - rest))
        ]
        self._lay([*lying, *(standing if rest else [])], line)

    def draw(self, image: NDArray[np.uint8], spared: Box | None = None) -> None:
        """Draw all of it into an image, (H, W, 3) uint8, contiguous, in place; nothing in the part that is spared."""
        if not self._rectangles:
            return
        part = np.s_[0:0] if spared is None else np.s_[spared.top : spared.bottom, spared.left : spared.right]
        before = image[part].copy()
        from auxfocus_ros.view.filling import fill_rectangles  # it imports numba

        fill_rectangles(image.reshape(len(image), -1), np.array(self._rectangles, np.int32))
        image[part] = before

    def _lay(self, pieces: list[Box], line: Line) -> None:
        halo, dark, strong = line.halo_px, round(255 * _HALO_STRENGTH * line.opacity), round(255 * line.opacity)
        self._rectangles += [
            (left - halo, top - halo, right + halo, bottom + halo, *HALO, dark) for left, top, right, bottom in pieces
        ]
        self._rectangles += [(*piece, *line.colour, strong) for piece in pieces]


def _sides(box: Box, thickness: int) -> list[Box]:
    """Top, bottom, and between those left and right."""
    thick = min(thickness, (box.height + 1) // 2, (box.width + 1) // 2)
    left, top, right, bottom = box
    return [
        Box(left, top, right, top + thick),
        Box(left, bottom - thick, right, bottom),
        Box(left, top + thick, left + thick, bottom - thick),
        Box(right - thick, top + thick, right, bottom - thick),
    ]


def _dashes(side: Box, thickness: int, *, lying: bool) -> list[Box]:
    """A side in dashes, with gaps two thirds as long; a dash at each end."""
    first, last = (side.left, side.right) if lying else (side.top, side.bottom)
    length = last - first
    count = min(max(length // (10 * thickness), 1), _MOST_DASHES)
    pitch = length / (count - 0.4)
    ends = [(first + round(at * pitch), first + round((at + 0.6) * pitch)) for at in range(count)]
    return [
        side._replace(left=start, right=end) if lying else side._replace(top=start, bottom=end)
        for start, end in ends
        if end > start
    ]
