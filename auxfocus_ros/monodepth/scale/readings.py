"""Metric depths at single places of the picture, and what the network says there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.camera import CameraModel


@dataclass(frozen=True, eq=False)
class Readings:
    """Depths that something else than the network measured.

    u_px, v_px: (N,), where in the picture. depth_m: (N,), z in the optical frame, not the range along the beam. sigma_m: (N,)
    or a number, >= 0, one standard deviation. Readings without a finite depth above 0, or outside the picture, are left out
    when they are used.

    Raises:
        InputError: arrays of several lengths, or an error that is negative or NaN.
    """

    u_px: NDArray[np.float64]
    v_px: NDArray[np.float64]
    depth_m: NDArray[np.float64]
    sigma_m: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Take what comes as vectors of floats, and check them."""
        for name in ("u_px", "v_px", "depth_m", "sigma_m"):
            object.__setattr__(self, name, np.atleast_1d(np.asarray(getattr(self, name), float)))
        if self.sigma_m.shape == (1,):
            object.__setattr__(self, "sigma_m", np.full(self.depth_m.shape, self.sigma_m[0]))
        shapes = {name: getattr(self, name).shape for name in ("u_px", "v_px", "depth_m", "sigma_m")}
        if len(set(shapes.values())) != 1 or self.depth_m.ndim != 1:
            raise InputError(f"readings must be vectors of one length, found {shapes}")
        if not (self.sigma_m >= 0.0).all():
            raise InputError("readings: sigma_m must be at least 0 m everywhere")

    def __len__(self) -> int:
        """How many readings."""
        return len(self.depth_m)

    @classmethod
    def of_points(cls, points_m: NDArray[Any], camera: CameraModel, sigma_m: float | NDArray[Any]) -> Readings:
        """Readings of points in the camera's optical frame: a lidar's, or the one that a beam with a known mounting hits.

        Args:
            points_m: (N, 3). camera: intrinsics of the picture. sigma_m: error of their depth, a number or (N,).
        """
        points_m = np.asarray(points_m, float).reshape(-1, 3)
        u_px, v_px = camera.project(points_m)
        sigmas = np.broadcast_to(np.asarray(sigma_m, float), u_px.shape)
        return cls(u_px.astype(float), v_px.astype(float), points_m[:, 2], sigmas)


@dataclass(frozen=True, eq=False)
class Compared:
    """Readings beside the predicted depth, those that can be compared.

    logs: (N,) ln(measured / predicted). sigmas: (N,) of the logs: the reading's own error, and how unlike the depths in its
    window are.
    cells: (N,) int64, cell of the picture. outside, unpredicted, on_edges: how many were left out, and why.
    """

    logs: NDArray[np.float64]
    sigmas: NDArray[np.float64]
    cells: NDArray[np.int64]
    outside: int
    unpredicted: int
    on_edges: int


def compare(predicted: NDArray[Any], readings: Readings, *, spot_px: int, edge: float, cells: int, most: int = 4000) -> Compared:
    """Set readings beside the predicted depth around them; of more than `most` readings, evenly taken ones.

    Args:
        predicted: (H, W), positive; 0, NaN and inf: nothing predicted.
        spot_px: half width of the window whose median depth counts. edge: largest distance between the
            logarithms in it, from the 16th percentile to the 84th. cells: across the
            picture.
    """
    height, width = predicted.shape
    taken = slice(None, None, max(1, math.ceil(len(readings) / most)))
    u_px, v_px, depth_m, sigma_m = (a[taken] for a in (readings.u_px, readings.v_px, readings.depth_m, readings.sigma_m))
    with np.errstate(invalid="ignore"):
        inside = (u_px > -0.5) & (u_px < width - 0.5) & (v_px > -0.5) & (v_px < height - 0.5)
        usable = inside & np.isfinite(depth_m) & (depth_m > 0.0) & np.isfinite(sigma_m)
    u_px, v_px, depth_m, sigma_m = u_px[usable], v_px[usable], depth_m[usable], sigma_m[usable]
    middle, spread = _window(predicted, np.rint(u_px).astype(int), np.rint(v_px).astype(int), spot_px)
    known = np.isfinite(middle)
    with np.errstate(invalid="ignore"):
        level = known & (2.0 * spread <= edge)
    cell = cell_of(u_px, v_px, width / cells)
    return Compared(
        logs=(np.log(depth_m) - middle)[level],
        sigmas=np.hypot(sigma_m / depth_m, spread)[level],
        cells=cell[level],
        outside=int(usable.size - usable.sum()),
        unpredicted=int((~known).sum()),
        on_edges=int((known & ~level).sum()),
    )


def cell_of(u_px: NDArray[np.float64], v_px: NDArray[np.float64], cell_px: float) -> NDArray[np.int64]:
    """(N,) number of the square cell of the picture that a place lies in."""
    column, row = (np.floor((a + 0.5) / cell_px).astype(np.int64) for a in (u_px, v_px))
    return np.asarray(column + 100_000 * row)


def _window(
    predicted: NDArray[Any], column: NDArray[np.int_], row: NDArray[np.int_], spot_px: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Median of ln depth in a window around each place, and half the distance between its 16th and 84th percentile."""
    if not len(column):
        return np.zeros(0), np.zeros(0)
    height, width = predicted.shape
    step = np.arange(-spot_px, spot_px + 1)
    rows, columns = row[:, None, None] + step[:, None], column[:, None, None] + step
    within = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    depth = predicted[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)].astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        logs = np.where(within & np.isfinite(depth) & (depth > 0.0), np.log(depth), np.nan).reshape(len(column), -1)
    logs.sort(axis=1)  # NaN last
    last = np.maximum(np.isfinite(logs).sum(axis=1) - 1, 0)

    def quantile(share: float) -> NDArray[np.float64]:
        low, high = np.floor(last * share).astype(int), np.ceil(last * share).astype(int)
        each = np.arange(len(logs))
        return np.asarray(0.5 * (logs[each, low] + logs[each, high]))

    return quantile(0.5), 0.5 * (quantile(0.84) - quantile(0.16))
