"""From counts to brightness, and from brightness to colours over the picture.

Brightness is logarithmic in the count, since a wall gathers a thousand readings in a cell and a twig one, and both must be seen.
Full brightness is tied to the number of readings a column has on average, not to the largest cell: it stays the same from frame
to frame, so that nothing flickers.

A lidar's points are few and each must be seen; a depth image fills half the plot, and would hide the picture if its faint cells
were as strong. So the fainter cells give way as the plot fills up.

Source: US 12,395,751 B2, paragraphs 36 to 38, 46 and 60.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution.counts import DepthDistribution
from auxfocus_ros.view.layout import Rect
from auxfocus_ros.view.options import FocusColour, PointColours
from auxfocus_ros.view.palette import FOCUS_COLOURS, focal_plane_colour, ramp

PLAIN, IN_FOCUS, IN_FOCAL_PLANE = 0, 1, 2
"""Kinds of cells."""
DEPTH_OF_FIELD_TINT = 0.09
"""How much of the focus colour the ground takes inside the depth of field."""

_FULL_SHARE = 0.5  # of an average column's readings in one cell: full brightness
_SMALLEST_FULL = 6.0
_FAINTEST_SPARSE, _FAINTEST_DENSE, _STRONGEST = 0.8, 0.12, 1.0  # opacity of the faintest cell, and at full brightness
_SPARSE, _DENSE = 0.04, 0.25  # share of the cells that hold a reading
_DENSITY_STEPS = 16
_NO_COLOURS = np.empty((0, 0, 3), np.uint8)

_Cells = TypeVar("_Cells", np.uint8, np.uint32)


@dataclass(frozen=True)
class PointStyle:
    """How points are painted.

    Attributes:
        colours: of the points.
        focus_colour: of those in focus.
        mark_in_focus: give points in focus their own colour.
        dimming: of the ground where there is no point, 0 to 1.
        opacity: of everything, 0 to 1.
        give_way: how much fainter faint cells become as the plot fills up, 0 to 1.
        tint: how much of the focus colour the ground takes inside the depth of field, 0 to 1.
    """

    colours: PointColours
    focus_colour: FocusColour = "amber"
    mark_in_focus: bool = True
    dimming: float = 0.0
    opacity: float = 1.0
    give_way: float = 1.0
    tint: float = DEPTH_OF_FIELD_TINT


def full_count(distribution: DepthDistribution) -> float:
    """How many readings in one cell are full brightness."""
    return max(_FULL_SHARE * distribution.total / distribution.columns, _SMALLEST_FULL)


def brightness(counts: NDArray[np.uint32], full: float) -> NDArray[np.uint8]:
    """How bright each cell is: 0 for no reading, up to 255, logarithmic in the count.

    Args:
        counts: of any shape.
        full: the count of full brightness (see `full_count`).

    Returns:
        uint8 of the same shape.
    """
    table = _levels(round(full))
    return np.asarray(table[np.minimum(counts, np.uint32(len(table) - 1))], np.uint8)


@lru_cache(maxsize=8)
def _levels(full: int) -> NDArray[np.uint8]:
    """Brightness by count, up to the first count of full brightness."""
    scale = max(np.log1p(full), 2.0)
    level = 255.0 * np.log1p(np.arange(int(np.ceil(np.expm1(scale))) + 1)) / scale
    return np.minimum(level, 255.0).astype(np.uint8)


def fitted(cells: NDArray[_Cells], height: int, width: int) -> NDArray[_Cells]:
    """Cells (rows, columns[, channels]), at most one a pixel: of those that share one the largest is kept: none is lost."""
    rows, columns = cells.shape[:2]
    if rows > height:
        cells = np.maximum.reduceat(cells, np.arange(height) * rows // height, axis=0)
    if columns > width:
        cells = np.maximum.reduceat(cells, np.arange(width) * columns // width, axis=1)
    return cells


def paint_cells(  # noqa: PLR0917 - the order of layers
    image: NDArray[np.uint8],
    plot: Rect,
    levels: NDArray[np.uint8],
    kinds: NDArray[np.uint8] | None,
    style: PointStyle,
    own: NDArray[np.uint8] | None = None,
) -> None:
    """Lay cells over a part of an image, in place: dim it, tint the depth of field, and put the points on top.

    Args:
        image: (H, W, 3) uint8, contiguous.
        plot: the part, within the image; the cells are stretched over it.
        levels: (rows, columns) uint8 as `brightness` gives them, as they stand in the image; at most a cell a pixel.
        kinds: PLAIN, IN_FOCUS or IN_FOCAL_PLANE, uint8 of a shape that is broadcast to that of `levels`; None: all are plain.
        style: colours and strength.
        own: (rows, columns, 3) uint8 BGR, a cell's own colour, black: none; None: no cell has one.
    """
    from auxfocus_ros.view.blending import blend_cells

    codes = levels.astype(np.uint16)
    if kinds is not None:
        codes += kinds.astype(np.uint16) << 8
    rows, columns = levels.shape
    blend_cells(
        image.reshape(len(image), -1),
        plot.top,
        plot.left,
        codes,
        _tables(style, _density(levels)),
        _edges(rows, plot.height),
        _edges(columns, plot.width),
        _NO_COLOURS if own is None else np.ascontiguousarray(own),
    )


def dim(ground: NDArray[np.uint8], style: PointStyle) -> None:
    """Darken a part of the picture as `paint_cells` does where there is no point, in place."""
    if ground.size and style.dimming * style.opacity > 0:
        ground[:] = cv2.convertScaleAbs(ground, alpha=round(255 * (1 - style.dimming * style.opacity)) / 255)


@lru_cache(maxsize=32)
def _edges(cells: int, length: int) -> NDArray[np.int64]:
    """The pixels where cells end: (cells + 1,)."""
    return -(-np.arange(cells + 1, dtype=np.int64) * length // cells)


def _density(levels: NDArray[np.uint8]) -> float:
    """How full the plot is, from 0 (a lidar) to 1 (a depth image), in steps."""
    share = cv2.countNonZero(levels) / levels.size
    return round(_DENSITY_STEPS * min(max((share - _SPARSE) / (_DENSE - _SPARSE), 0.0), 1.0)) / _DENSITY_STEPS


@lru_cache(maxsize=64)
def _tables(style: PointStyle, density: float) -> NDArray[np.uint8]:
    """The tables of all kinds, one after the other, (768, 5); see `blend_cells`."""
    density *= style.give_way
    # What is in focus gives way less: it is what the operator looks for.
    tinted = (FOCUS_COLOURS[style.focus_colour], style.tint)
    focus = ramp(style.focus_colour) if style.mark_in_focus else ramp(style.colours)
    plane = np.full((256, 3), focal_plane_colour(style.focus_colour), np.float32)
    kinds = [(ramp(style.colours), (0, 0, 0), 0.0, density), (focus, *tinted, 0.7 * density), (plane, *tinted, 0.4 * density)]
    return np.concatenate([_table(style, *kind) for kind in kinds])


def _table(
    style: PointStyle, colours: NDArray[np.float32], tint: tuple[int, int, int], tinted: float, density: float
) -> NDArray[np.uint8]:
    level = np.arange(256, dtype=np.float32)[:, None] / 255
    faintest = _FAINTEST_SPARSE + density * (_FAINTEST_DENSE - _FAINTEST_SPARSE)
    shaped = level ** (0.6 + 1.4 * density)
    point = np.where(level > 0, faintest + (_STRONGEST - faintest) * shaped, 0) * style.opacity
    keep = np.full((256, 1), (1 - style.dimming * style.opacity) * (1 - tinted * style.opacity), np.float32)
    ground = tinted * style.opacity * np.array(tint, np.float32)
    colour = ground * (1 - point) + point * colours[np.rint(255 * shaped[:, 0]).astype(int)]
    return np.rint(np.concatenate([colour, 255 * keep * (1 - point), 255 * point], axis=1)).astype(np.uint8)
