"""Whether the camera moved while a frame was exposed: its edges are then softer across one direction than its neighbours' are.

Defocus softens edges of all directions alike, wherever it softens them. So of each part of a frame the strength of its slopes is
compared, direction by direction, with that of the same part in the neighbouring frames; content and defocus cancel in the
difference between two directions at right angles. A move shows in all parts at once: the median over them is taken.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.alignment.views import Floats

PARTS = (12, 16)
"""Rows and columns of parts."""
SOFT_PX = 0.8
"""A little blur first, against noise."""
FAINT = 2e-6
"""Mean square slope, white 1, that noise has; it is added, so that parts without texture say that nothing changed."""
TEXTURED = 4.0
"""Parts with slopes of at least so much more than faint ones are counted."""
CLEARLY = 1.5
"""A factor of power."""
DIRECTIONS = np.arange(8) * np.pi / 8


def slope_powers(grey: Floats, inside: Floats) -> NDArray[np.float64]:
    """(8, rows * columns): mean square slope along each of 8 directions over half a turn, in every part; NaN: not inside."""
    soft = cv2.GaussianBlur(grey, (0, 0), SOFT_PX)
    dx, dy = (cv2.Sobel(soft, cv2.CV_32F, *order, ksize=3, scale=0.125) for order in ((1, 0), (0, 1)))
    size = (PARTS[1], PARTS[0])
    xx, yy, xy, there = (
        cv2.resize(product, size, interpolation=cv2.INTER_AREA).ravel().astype(np.float64)
        for product in (dx * dx, dy * dy, dx * dy, inside)
    )
    cos, sin = np.cos(DIRECTIONS)[:, None], np.sin(DIRECTIONS)[:, None]
    powers = cos**2 * xx + sin**2 * yy + 2.0 * cos * sin * xy
    return np.asarray(np.where(there > 0.99, powers + FAINT, np.nan))


def sharpest_share(powers: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    """In which share of the textured parts a frame is clearly sharper than all others, even along its softest direction.

    Args:
        powers: (8, parts) of the frame.
        others: (m, 8, parts) of the others, at least one.
    """
    mine = np.nan_to_num(powers.min(axis=0), nan=0.0)
    theirs = np.nan_to_num(others.min(axis=1), nan=0.0).max(axis=0)
    textured = np.maximum(mine, theirs) > TEXTURED * FAINT
    return float((mine > CLEARLY * theirs)[textured].mean()) if textured.any() else 0.0


def one_sided(powers: NDArray[np.float64], neighbours: NDArray[np.float64]) -> float:
    """How much more a frame's slopes are weakened along one direction than across it, as a factor of their power, at least 1.

    Args:
        powers, neighbours: (8, parts) of the frame, and the mean of its neighbours.
    """
    change = np.log(powers / neighbours)
    uneven = np.roll(change, 4, axis=0) - change
    known = np.isfinite(uneven).all(axis=0)
    if known.sum() < 8:
        return 1.0
    return float(np.exp(max(0.0, np.median(uneven[:, known], axis=1).max())))
