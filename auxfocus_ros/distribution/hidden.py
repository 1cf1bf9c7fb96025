"""Points that the lidar sees and the camera does not, because something nearer stands in the camera's way.

A lidar beside the camera looks round a post at the wall behind it, and the wall's points are projected onto the post. Where those
points would be, the picture shows the post. They are found by what is round them in the picture: a point is hidden where nearer
points stand on both sides of it, to the left and to the right, or above and below. Nearer points on one side alone are an edge,
behind which the scene goes on; and a slanted surface is nearer on one side and farther on the other.

How far to look is taken from the cloud. Points stand close together along a scan line, and far apart from one line to the next;
to both sides the search goes a little farther than neighbours in the same direction usually are.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution.projection import ProjectedPoints
from auxfocus_ros.errors import InputError

_MARGIN = 0.1  # of the depth: what is nearer by less may be the same surface
_FINEST_PX = 4.0
_CELLS_ALONG = 48  # at least, along the picture's width, however few the points
_GAP_PERCENTILE = 80
_FARTHEST = 8  # cells


def visible_from_camera(points: ProjectedPoints, width_px: int, height_px: int) -> NDArray[np.bool_]:
    """Which of the points in a picture are not hidden behind others.

    Args:
        points: in the picture; N of them.
        width_px, height_px: of the picture, > 0.

    Returns:
        (N,) bool. A point is taken as hidden only behind points nearer than nine tenths of its depth on both sides.

    Raises:
        InputError: a size that is not greater than 0.
    """
    if width_px <= 0 or height_px <= 0:
        raise InputError(f"picture: its size must be greater than 0, got {width_px} x {height_px}")
    if not len(points):
        return np.zeros(0, np.bool_)
    cell_px = _cell_px(len(points), width_px, height_px)
    rows, columns = math.ceil(height_px / cell_px), math.ceil(width_px / cell_px)
    column = np.clip(((points.u_px + 0.5) / cell_px).astype(np.intp), 0, columns - 1)
    row = np.clip(((points.v_px + 0.5) / cell_px).astype(np.intp), 0, rows - 1)
    cell = row * columns + column
    nearest = np.full(rows * columns, np.inf, np.float32)
    np.minimum.at(nearest, cell, points.depth_m)
    cover = _cover(nearest.reshape(rows, columns))
    return points.depth_m * np.float32(1 - _MARGIN) <= cover.reshape(-1)[cell]


def _cell_px(count: int, width_px: int, height_px: int) -> float:
    """Side of a cell: about as far apart as the points would be if they were spread evenly."""
    return min(max(math.sqrt(width_px * height_px / count), _FINEST_PX), max(width_px / _CELLS_ALONG, _FINEST_PX))


def _cover(nearest: NDArray[np.float32]) -> NDArray[np.float32]:
    """For each cell the depth of what stands on both sides of it: the farther of its two sides, the nearer of two directions."""
    across = np.maximum(*_sides(nearest, _reach(nearest)))
    upright = nearest.T
    return np.minimum(across, np.maximum(*_sides(upright, _reach(upright))).T)


def _sides(nearest: NDArray[np.float32], reach: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The nearest depth within reach to the left of each cell, and to the right."""
    left, right = np.full_like(nearest, np.inf), np.full_like(nearest, np.inf)
    for step in range(1, min(reach, nearest.shape[1] - 1) + 1):
        np.minimum(left[:, step:], nearest[:, :-step], out=left[:, step:])
        np.minimum(right[:, :-step], nearest[:, step:], out=right[:, :-step])
    return left, right


def _reach(nearest: NDArray[np.float32]) -> int:
    """How far apart cells with points usually are along the rows."""
    row, column = np.nonzero(nearest < np.inf)
    gaps = np.diff(column)[np.diff(row) == 0]
    return min(int(np.percentile(gaps, _GAP_PERCENTILE)) + 1, _FARTHEST) if len(gaps) else 1
