"""Homogeneous warps: small motions of a picture, the same warp at another resolution, and what several warps leave in common.

A warp takes a pixel (x, y, 1) of the reference to the pixel of a frame that shows the same thing; pixel centres lie at whole
numbers.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Warp = NDArray[np.float64]
"""(3, 3), its last entry 1."""
SizePx = tuple[int, int]
"""Width, height."""
SIMILARITY = 4
HOMOGRAPHY = 8
"""Numbers of parameters of a motion."""


def velocities(x: Floats, y: Floats, parameters: int) -> list[tuple[Floats, Floats]]:
    """How the points (x, y), two arrays of one shape, move with each parameter of a motion: along x and along y."""
    one, none = np.ones_like(x), np.zeros_like(x)
    fields = [(one, none), (none, one), (x, y), (-y, x), (x, -y), (y, x), (-x * x, -x * y), (-x * y, -y * y)]
    return fields[:parameters]


def motion(step: NDArray[np.float64], centre: tuple[float, float], unit_px: float) -> Warp:
    """The warp of a small motion whose parameters belong to `velocities` of coordinates about `centre` in units of `unit_px`."""
    a = np.zeros(HOMOGRAPHY)
    a[: len(step)] = step
    about = np.array(
        [[1.0 + a[2] + a[4], a[5] - a[3], a[0]], [a[5] + a[3], 1.0 + a[2] - a[4], a[1]], [a[6], a[7], 1.0]],
    )
    to_units = np.array([[1.0, 0.0, -centre[0]], [0.0, 1.0, -centre[1]], [0.0, 0.0, unit_px]]) / unit_px
    warp = np.linalg.inv(to_units) @ about @ to_units
    return np.asarray(warp / warp[2, 2])


def at_scale(warp: Warp, factor: float | tuple[float, float]) -> Warp:
    """The same warp between pictures that were made `factor` times as large, along x and y, edges staying edges."""
    fx, fy = (factor, factor) if isinstance(factor, int | float) else factor
    grow = np.array([[fx, 0.0, 0.5 * fx - 0.5], [0.0, fy, 0.5 * fy - 0.5], [0.0, 0.0, 1.0]])
    scaled = grow @ warp @ np.linalg.inv(grow)
    return np.asarray(scaled / scaled[2, 2])


def corners_of(size: SizePx) -> NDArray[np.float64]:
    """(4, 2): the centres of a picture's corner pixels, clockwise from the upper left."""
    right, bottom = size[0] - 1.0, size[1] - 1.0
    return np.array([[0.0, 0.0], [right, 0.0], [right, bottom], [0.0, bottom]])


def transform(warp: Warp, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 2) points, warped."""
    moved = np.column_stack([points, np.ones(len(points))]) @ warp.T
    return np.asarray(moved[:, :2] / moved[:, 2:])


def furthest_px(first: Warp, second: Warp, size: SizePx) -> float:
    """How far apart two warps bring a corner of a picture, at most, pixels."""
    corners = corners_of(size)
    return float(np.linalg.norm(transform(first, corners) - transform(second, corners), axis=1).max())


def is_possible(warp: Warp, size: SizePx) -> bool:
    """Whether a warp can be the same view again: turned by less than 20 degrees, half to twice as large, half of it there."""
    if not np.isfinite(warp).all():
        return False
    width, height = size
    corners = transform(warp, corners_of(size))
    sides = np.roll(corners, -1, axis=0) - corners
    wanted = np.roll(corners_of(size), -1, axis=0) - corners_of(size)
    along = (sides * wanted).sum(axis=1)
    across = sides[:, 0] * wanted[:, 1] - sides[:, 1] * wanted[:, 0]
    scale = np.linalg.norm(sides, axis=1) / np.linalg.norm(wanted, axis=1)
    straight = along > 0.0
    moved = np.abs(corners.mean(axis=0) - corners_of(size).mean(axis=0)) < 0.5 * np.array([width, height])
    turned = np.abs(across) < np.tan(np.radians(20.0)) * along
    return bool(straight.all() and turned.all() and (scale > 0.5).all() and (scale < 2.0).all() and moved.all())


def common_rectangle(warps: Iterable[Warp], size: SizePx) -> tuple[int, int, int, int]:
    """(left, top, width, height): whole pixels of the reference that lie in every frame, as near to all of it as can be.

    From the whole reference, the side that the worst corner asks for least of is moved inwards until every corner lies in every
    frame; for turns of a few degrees that is the largest rectangle within some pixels. Width and height can be 0.
    """
    width, height = size
    inverses = list(warps)
    left, top, right, bottom = 0.0, 0.0, width - 1.0, height - 1.0
    for _ in range(8):
        for warp in inverses:
            moved = transform(warp, np.array([[left, top], [right, top], [right, bottom], [left, bottom]]))
            scale = np.sqrt(max(abs(np.linalg.det(warp[:2, :2])), 1e-12))
            out = (
                np.maximum(-moved[:, 0], 0.0),
                np.maximum(-moved[:, 1], 0.0),
                np.maximum(moved[:, 0] - (width - 1.0), 0.0),
                np.maximum(moved[:, 1] - (height - 1.0), 0.0),
            )
            left += max(out[0][0], out[0][3]) / scale
            top += max(out[1][0], out[1][1]) / scale
            right -= max(out[2][1], out[2][2]) / scale
            bottom -= max(out[3][2], out[3][3]) / scale
    first = np.ceil(np.round([left, top], 2)).astype(int)
    last = np.floor(np.round([right, bottom], 2)).astype(int)
    extent = np.maximum(last - first + 1, 0)
    return int(first[0]), int(first[1]), int(extent[0]), int(extent[1])
