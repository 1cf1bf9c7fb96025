"""From counts to brightness, and from brightness to colours over the picture.

Brightness is logarithmic in the count, since a wall gathers a thousand readings in a cell and a twig one, and both must be seen.
Full brightness is tied to the number of readings a column has on average, not to the largest cell: it stays the same from frame to
frame, so that nothing flickers.

A lidar's points are few and each must be seen; a depth image fills half the plot, and would hide the picture if its faint cells
were as strong. So the fainter cells give way as the plot fills up.

Source: US 12,395,751 B2, paragraphs 36 to 38 and 60.
"""

from __future__ import annotations

from functools import lru_cache

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
_SPARSE, _DENSE = 0.04, 0.35  # share of the cells that hold a reading
_DENSITY_STEPS = 16
_TINT = 0.09  # of the depth of field over the picture


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


def paint_levels(
    ground: NDArray[np.uint8],
    levels: NDArray[np.uint8],
    in_focus: tuple[int, int] | None,
    colours: PointColours,
    mark_in_focus: bool,
    dimming: float,
    opacity: float,
) -> None:
    """Lay the cells over a ground, in place: dim it, tint the depth of field, and put the points on top.

    Args:
        ground: (H, W, 3) uint8, a part of the picture or of a panel.
        levels: (bins, columns) uint8 as `brightness` gives them, but the far end first; stretched over the ground.
        in_focus: first row of `levels` inside the depth of field, and first row after it; None: nothing is.
        colours: of the points.
        mark_in_focus: give points in focus their own colour.
        dimming: of the ground where there is no point, 0 to 1.
        opacity: of everything, 0 to 1.
    """
    density = _density(levels)
    colour, keep = (cv2.applyColorMap(levels, table) for table in _tables(colours, None, density, dimming, opacity))
    if in_focus is not None:
        rows = slice(*in_focus)
        # What is in focus gives way less: it is what the operator looks for.
        tables = _tables("amber" if mark_in_focus else colours, FOCUS, density / 2, dimming, opacity)
        for layer, table in zip((colour, keep), tables, strict=True):
            layer[rows] = cv2.applyColorMap(levels[rows], table)
    size = (ground.shape[1], ground.shape[0])
    if size != (levels.shape[1], levels.shape[0]):
        colour, keep = (cv2.resize(layer, size, interpolation=cv2.INTER_NEAREST) for layer in (colour, keep))
    cv2.add(cv2.multiply(ground, keep, scale=1 / 255), colour, dst=keep)
    ground[:] = keep


def dim(ground: NDArray[np.uint8], dimming: float, opacity: float) -> None:
    """Darken a part of the picture as `paint_levels` does where there is no point, in place."""
    if ground.size and dimming * opacity > 0:
        ground[:] = cv2.convertScaleAbs(ground, alpha=round(255 * (1 - dimming * opacity)) / 255)


def _density(levels: NDArray[np.uint8]) -> float:
    """How full the plot is, from 0 (a lidar) to 1 (a depth image), in steps."""
    share = cv2.countNonZero(levels) / levels.size
    return round(_DENSITY_STEPS * min(max((share - _SPARSE) / (_DENSE - _SPARSE), 0.0), 1.0)) / _DENSITY_STEPS


@lru_cache(maxsize=128)
def _tables(
    colours: str, tint: Colour | None, density: float, dimming: float, opacity: float
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """By level: the colour laid on, and how much of the ground stays (of 255); both (256, 1, 3)."""
    level = np.arange(256, dtype=np.float32)[:, None] / 255
    faintest = _FAINTEST_SPARSE + density * (_FAINTEST_DENSE - _FAINTEST_SPARSE)
    shaped = level ** (0.6 + 1.4 * density)
    point = np.where(level > 0, faintest + (_STRONGEST - faintest) * shaped, 0) * opacity
    keep = np.full((256, 1), 1 - dimming * opacity, np.float32)
    colour = np.zeros((256, 3), np.float32)
    if tint is not None:
        colour += _TINT * opacity * np.array(tint, np.float32)
        keep *= 1 - _TINT * opacity
    colour = colour * (1 - point) + point * ramp(colours)[np.rint(255 * shaped[:, 0]).astype(int)]
    keep = np.repeat(keep * (1 - point), 3, axis=1)
    return np.rint(colour).astype(np.uint8)[:, None], np.rint(255 * keep).astype(np.uint8)[:, None]
