"""From counts to brightness, and from brightness to colours over the picture.

Brightness is logarithmic in the count, since a wall gathers a thousand readings in a cell and a twig one, and both must be seen.
Full brightness is tied to the number of readings a column has on average, not to the largest cell: it stays the same from frame
to frame, so that nothing flickers.

A lidar's points are few and each must be seen; a depth image fills half the plot, and would hide the picture if its faint cells
were as strong. So the fainter cells give way as the plot fills up.

Source: US 12,395,751 B2, paragraphs 36 to 38 and 60.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution import DepthDistribution
from auxfocus_ros.view.ink import Colour
from auxfocus_ros.view.options import PointColours
from auxfocus_ros.view.palette import FOCUS, ramp

_FULL_SHARE = 0.5  # of an average column's readings in one cell: full brightness
_SMALLEST_FULL = 6.0
_FAINTEST_SPARSE, _FAINTEST_DENSE, _STRONGEST = 0.8, 0.12, 1.0  # opacity of the faintest cell, and at full brightness
_SPARSE, _DENSE = 0.04, 0.25  # share of the cells that hold a reading
_DENSITY_STEPS = 16
_BAND_BYTES = 600_000  # of the picture, painted at a time
_TINT = 0.09  # of the depth of field over the picture


@dataclass(frozen=True)
class PointStyle:
    """How points are painted.

    Attributes:
        colours: of the points.
        mark_in_focus: give points in focus their own colour.
        dimming: of the ground where there is no point, 0 to 1.
        opacity: of everything, 0 to 1.
        give_way: how much fainter faint cells become as the plot fills up, 0 to 1.
    """

    colours: PointColours
    mark_in_focus: bool
    dimming: float
    opacity: float
    give_way: float = 1.0


def brightness(distribution: DepthDistribution) -> NDArray[np.uint8]:
    """How bright each cell is: 0 for no reading, up to 255, logarithmic in the count.

    Returns:
        (bins, columns) uint8, row 0 the nearest bin.
    """
    full = max(_FULL_SHARE * distribution.total / distribution.columns, _SMALLEST_FULL)
    level = distribution.counts.astype(np.float32)
    level += 1.0
    np.log(level, out=level)
    level *= np.float32(255.0 / max(np.log1p(full), 2.0))
    np.minimum(level, 255.0, out=level)
    return level.astype(np.uint8)


def fitted(levels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Levels with at most a cell a pixel: of cells that share a pixel the brightest is kept, so that no point is lost."""
    rows, columns = levels.shape
    if rows > height:
        levels = np.maximum.reduceat(levels, np.arange(height) * rows // height, axis=0)
    if columns > width:
        levels = np.maximum.reduceat(levels, np.arange(width) * columns // width, axis=1)
    return levels


def paint_levels(
    ground: NDArray[np.uint8], levels: NDArray[np.uint8], in_focus: tuple[int, int] | None, style: PointStyle
) -> None:
    """Lay the cells over a ground, in place: dim it, tint the depth of field, and put the points on top.

    Args:
        ground: (H, W, 3) uint8, a part of the picture or of a panel.
        levels: (rows, columns) uint8 as `brightness` gives them, but the far end first; at most a cell a pixel, stretched over
            the ground.
        in_focus: first row of `levels` inside the depth of field, and first row after it; None: nothing is.
        style: colours and strength.
    """
    density = style.give_way * _density(levels)
    plain = _tables(style, None, density)
    # What is in focus gives way less: it is what the operator looks for.
    sharp = _tables(style, FOCUS, 0.7 * density)
    focus = slice(*in_focus) if in_focus is not None else slice(0, 0)
    height, rows = ground.shape[0], levels.shape[0]
    # Band by band, so that all of a band's layers stay in the processor's cache.
    bands = max(1, min(rows, ground.size // _BAND_BYTES))
    edges = [rows * band // bands for band in range(bands + 1)]
    for first, last in pairwise(edges):
        planes = [np.asarray(cv2.LUT(levels[first:last], table), np.uint8) for table in plain]
        inside = slice(max(focus.start, first), min(focus.stop, last))
        if inside.start < inside.stop:
            for plane, table in zip(planes, sharp, strict=True):
                plane[inside.start - first : inside.stop - first] = cv2.LUT(levels[inside], table)
        below = ground[height * first // rows : height * last // rows]
        *colour, keep = (_stretched(plane, below.shape[1], below.shape[0]) for plane in planes)
        kept = cv2.multiply(below, cv2.cvtColor(keep, cv2.COLOR_GRAY2BGR), scale=1 / 255)
        below[:] = cv2.add(kept, cv2.merge(colour), dst=kept)


def _stretched(plane: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """A plane at another size, cells with sharp edges; a whole multiple of the size is an order faster than cv2.resize."""
    rows, columns = plane.shape
    factor = width // columns
    if factor > 1 and (columns * factor, rows * factor) == (width, height):
        wide = cv2.merge([plane] * factor).reshape(rows, 1, width)  # as many equal channels are each byte so often
        return np.asarray(np.broadcast_to(wide, (rows, factor, width)).reshape(height, width), np.uint8)
    if (columns, rows) != (width, height):
        return np.asarray(cv2.resize(plane, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)
    return plane


def dim(ground: NDArray[np.uint8], style: PointStyle) -> None:
    """Darken a part of the picture as `paint_levels` does where there is no point, in place."""
    if ground.size and style.dimming * style.opacity > 0:
        ground[:] = cv2.convertScaleAbs(ground, alpha=round(255 * (1 - style.dimming * style.opacity)) / 255)


def _density(levels: NDArray[np.uint8]) -> float:
    """How full the plot is, from 0 (a lidar) to 1 (a depth image), in steps."""
    share = cv2.countNonZero(levels) / levels.size
    return round(_DENSITY_STEPS * min(max((share - _SPARSE) / (_DENSE - _SPARSE), 0.0), 1.0)) / _DENSITY_STEPS


@lru_cache(maxsize=128)
def _tables(style: PointStyle, tint: Colour | None, density: float) -> list[NDArray[np.uint8]]:
    """By level: the blue, green and red laid on, and how much of the ground stays (of 255)."""
    level = np.arange(256, dtype=np.float32)[:, None] / 255
    faintest = _FAINTEST_SPARSE + density * (_FAINTEST_DENSE - _FAINTEST_SPARSE)
    shaped = level ** (0.6 + 1.4 * density)
    point = np.where(level > 0, faintest + (_STRONGEST - faintest) * shaped, 0) * style.opacity
    keep = np.full((256, 1), 1 - style.dimming * style.opacity, np.float32)
    colour = np.zeros((256, 3), np.float32)
    if tint is not None:
        colour += _TINT * style.opacity * np.array(tint, np.float32)
        keep *= 1 - _TINT * style.opacity
    colours = ramp("amber" if tint is not None and style.mark_in_focus else style.colours)
    colour = colour * (1 - point) + point * colours[np.rint(255 * shaped[:, 0]).astype(int)]
    tables = np.concatenate([colour, 255 * keep * (1 - point)], axis=1)
    return list(np.ascontiguousarray(np.rint(tables).astype(np.uint8).T))
