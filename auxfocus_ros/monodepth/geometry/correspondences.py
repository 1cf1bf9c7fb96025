"""Pairs of points of two pictures that can be trusted: dense flow where there is texture and where the way back agrees."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.geometry.flow import both_flows, sure_flow

MOST_PAIRS = 2000
LEAST_SLOPE = 1.3
"""Grey levels a pixel by which brightness changes in the direction in which it changes least: less is no texture."""
FOUND_AGAIN = 0.5
"""Share of that which the place where it is found must have."""
WINDOW_PX = 5


@dataclass(frozen=True, eq=False)
class Correspondences:
    """Pairs of points, spread over the picture.

    first_px, second_px: (N, 2) float64 pixels. textured_share: how much of what was looked at has texture, 0 to 1; sure_share:
    how much of that was found again and lies inside both masks.
    """

    first_px: NDArray[np.float64]
    second_px: NDArray[np.float64]
    textured_share: float
    sure_share: float


def find_correspondences(
    first: NDArray[np.uint8],
    second: NDArray[np.uint8],
    keep_first: NDArray[np.bool_] | None = None,
    keep_second: NDArray[np.bool_] | None = None,
    most: int = MOST_PAIRS,
) -> Correspondences:
    """Find pairs of points.

    Args:
        first, second: (H, W, 3) BGR or (H, W) grey, uint8, of one size.
        keep_first, keep_second: (H, W), where points may lie in each; None: everywhere.
        most: of the pairs, > 0; fewer come where less can be trusted.

    Raises:
        InputError: other arrays, or pictures of two sizes.
    """
    grey, other = _grey(first), _grey(second)
    for name, keep in (("keep_first", keep_first), ("keep_second", keep_second)):
        if keep is not None and (keep.shape != grey.shape or keep.dtype != np.bool_):
            raise InputError(f"{name}: wanted a mask {grey.shape} of bool, found {keep.shape} {keep.dtype}")
    if other.shape != grey.shape:
        raise InputError(f"pictures: they must have one size, found {first.shape} and {second.shape}")
    flow, back = both_flows(grey, other)
    sure = sure_flow(flow, back)
    slope = least_slope(grey)
    looked_at = np.ones(grey.shape, bool) if keep_first is None else keep_first
    textured = looked_at & (slope > LEAST_SLOPE)
    # Where the second picture is even the way back says what the way there would like to hear.
    findable = least_slope(other) > FOUND_AGAIN * LEAST_SLOPE
    usable = textured & sure & _found_in(findable if keep_second is None else findable & keep_second, flow)
    rows, columns = _spread(usable, slope, most)
    points = np.column_stack((columns, rows)).astype(np.float64)
    return Correspondences(
        points,
        points + flow[rows, columns],
        float(textured.sum() / max(looked_at.sum(), 1)),
        float(usable.sum() / max(textured.sum(), 1)),
    )


def least_slope(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(H, W): rms slope of brightness round each pixel in the direction of least change, grey levels a pixel (Shi, Tomasi)."""
    # OpenCV gives the mean square over the window of twice the slope in units of 255 levels.
    least = np.asarray(cv2.cornerMinEigenVal(grey, WINDOW_PX, ksize=3))
    return np.asarray(np.sqrt(np.maximum(least, 0.0)) * np.float32(0.5 * 255.0))


def _grey(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if picture.ndim == 3 and picture.shape[2] == 3 and picture.dtype == np.uint8:
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
    if picture.ndim != 2 or picture.dtype != np.uint8:
        raise InputError(
            f"picture: wanted (height, width, 3) or (height, width) of 8 bits, found {picture.shape} {picture.dtype}"
        )
    return picture


def _found_in(keep: NDArray[np.bool_], flow: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(H, W): where the flow ends on the mask."""
    height, width = keep.shape
    rows, columns = np.mgrid[:height, :width]
    there = np.rint(flow).astype(np.int64)
    x, y = columns + there[..., 0], rows + there[..., 1]
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    return np.asarray(inside & keep[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)])


def _spread(usable: NDArray[np.bool_], slope: NDArray[np.float32], most: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of the best usable pixel of each cell of a grid so fine that about `most` come."""
    rows, columns = np.nonzero(usable)
    if len(rows) <= most:
        return rows, columns
    side = int(np.ceil(np.sqrt(len(rows) / most)))
    cell = rows // side * usable.shape[1] + columns // side
    order = np.lexsort((-slope[rows, columns], cell))
    best = order[np.unique(cell[order], return_index=True)[1]]
    if len(best) > most:
        best = best[np.linspace(0, len(best) - 1, most).astype(np.int64)]
    return rows[best], columns[best]
