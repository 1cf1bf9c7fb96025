"""Which frame each pixel comes from: the sharpest, with seams between frames where they do not show.

Costs are gathered along rows and columns, both ways each: a path that comes into a pixel brings what it cost so far, and may
change the frame at a price. The price is low where frames look alike and high where they differ, so that a seam shows nowhere;
where nothing tells, changing gains nothing, and pixels take the frame of what surrounds them.

Source: the paths of Hirschmüller, Stereo processing by semiglobal matching, 2008, with one price for every change; the price of
a seam as in Agarwala et al., Interactive digital photomontage, 2004.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.fusion.tiles import Plane

SLAB = 256
"""Columns of rows that are turned at once, so that no second copy of all costs is held."""


def along_all_paths(costs: NDArray[np.float16], price: Plane) -> NDArray[np.float32]:
    """Sum of the costs of the best paths into every pixel.

    Args:
        costs: (N, h, w) of taking each frame there.
        price: (h, w); between two neighbours a change costs the sum of theirs.

    Returns:
        (N, h, w); the least is the frame to take.
    """
    summed = np.zeros(costs.shape, np.float32)
    _both_ways(costs, price, summed)
    for top in range(0, costs.shape[1], SLAB):
        rows = slice(top, top + SLAB)
        turned = np.ascontiguousarray(costs[:, rows].transpose(0, 2, 1))
        gathered = np.zeros(turned.shape, np.float32)
        _both_ways(turned, np.ascontiguousarray(price[rows].T), gathered)
        summed[:, rows] += gathered.transpose(0, 2, 1)
    return summed


def _both_ways(costs: NDArray[Any], price: Plane, summed: NDArray[np.float32]) -> None:
    _one_way(costs, price, summed, range(costs.shape[1]))
    _one_way(costs, price, summed, range(costs.shape[1] - 1, -1, -1))


def _one_way(costs: NDArray[Any], price: Plane, summed: NDArray[np.float32], rows: Iterable[int]) -> None:
    path = np.zeros((len(costs), costs.shape[2]), np.float32)
    before = None
    for row in rows:
        if before is not None:
            least = path.min(axis=0)
            np.minimum(path, least + (price[row] + price[before]), out=path)
            path -= least
        path += costs[:, row]
        summed[:, row] += path
        before = row


def least_first_from_middle(costs: Iterable[tuple[int, Plane]]) -> tuple[NDArray[np.uint16], Plane]:
    """Of planes (h, w) with their numbers, the number of the least one of each pixel, and its value; of equal ones the first."""
    number, least = None, None
    for k, plane in costs:
        if number is None or least is None:
            number, least = np.full(plane.shape, k, np.uint16), plane.copy()
            continue
        lower = plane < least
        number[lower] = k
        np.minimum(least, plane, out=least)
    if number is None or least is None:
        raise ValueError("there is no plane")
    return number, least


def from_middle(count: int) -> list[int]:
    """Numbers 0 to count - 1, the middle one first."""
    return sorted(range(count), key=lambda k: (abs(2 * k - (count - 1)), k))
