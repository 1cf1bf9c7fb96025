"""A whole table of radius and scale from what was measured here and there, filled up by a thin lens.

The thin lens has two numbers, fitted to all that was measured: `radius = k |v - v0| / v0` and `scale = 1 + b (v - v0) / v0`,
where v is the sensor distance at a position and v0 at the best one. b is 1 for a thin lens; real lenses breathe more or less. In
the table stands that lens times what was measured against it nearby, which goes back to 1 where nothing was.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.calibration.pair import CalibrationOptions
from auxfocus_ros.optics.calibration.sweep import TileSweep
from auxfocus_ros.optics.lens import Lens
from auxfocus_ros.optics.table_model import MAX_RADIUS_PX, SCALE_RANGE, DefocusTable

MOST_COLUMNS = 32
_REACH = 1.0
"""How far round a node of the table a measurement counts: sigma, in distances between nodes."""
_PRIOR = 0.3  # weight of the thin lens, against 1 of a good measurement at the node
_NODE_MEASURED = 0.3  # weight from which a node counts as measured
_SURE_PX = 2.0  # a radius from here on says how the lens goes; smaller ones say less
_LARGEST_CORRECTION = 1.5


@dataclass(frozen=True)
class ThinLensFit:
    """The thin lens that fits what was measured.

    Attributes:
        radius_px_at_double: k, the radius on the sensor where v = 2 v0, pixels; half the aperture in pixels.
        breathing: b, of the scale.
        misfit_px: root mean square of the radii against it.
        misfit_share: the same of the radii above 2 px, against each radius.
        scale_misfit: root mean square of the scales against it.
    """

    radius_px_at_double: float
    breathing: float
    misfit_px: float
    misfit_share: float
    scale_misfit: float


@dataclass(frozen=True, eq=False)
class SweepCalibration:
    """A calibrated table, and how well it is founded.

    Attributes:
        table: radius and scale.
        fit: the thin lens behind it.
        measured: (m, n) bool, which nodes of the table stand on measurements nearby.
        tiles: what was measured.
    """

    table: DefocusTable
    fit: ThinLensFit
    measured: NDArray[np.bool_]
    tiles: tuple[TileSweep, ...]

    def described(self, lens: Lens) -> dict[str, Any]:
        """Plain values by the names of the command's JSON."""
        best = [tile.best_position_steps for tile in self.tiles]
        largest = max(entry.radius_px for tile in self.tiles for entry in tile.measured)
        return {
            "tiles": len(self.tiles),
            "measurements": sum(len(tile.measured) for tile in self.tiles),
            "best_positions_from": min(best),
            "best_positions_to": max(best),
            "largest_measured_radius_px": largest,
            "largest_radius_px": float(self.table.radius_px.max()),
            "measured_share": float(self.measured.mean()),
            "thin_lens_radius_px": self.fit.radius_px_at_double,
            "thin_lens_radius_against_nominal": self.fit.radius_px_at_double * 2.0 * lens.pixel_pitch_m / lens.aperture_m,
            "breathing": self.fit.breathing,
            "misfit_px": self.fit.misfit_px,
            "misfit_share": self.fit.misfit_share,
            "scale_misfit": self.fit.scale_misfit,
            "kernel": self.table.kernel,
            "gamma": self.table.gamma,
        }


def calibrated_table(tiles: Sequence[TileSweep], lens: Lens, options: CalibrationOptions) -> SweepCalibration:
    """Make the table over the lens's range.

    Args:
        tiles: what was measured, of one sweep or of several.
        lens: what positions mean, and the range that the table covers.
        options: with what it was measured.

    Raises:
        InputError: nothing was measured.
    """
    if not tiles:
        raise InputError(
            "nothing in the sweep could be calibrated: no tile is sharp in one frame and more and more blurred away from it"
        )
    fit, points = _thin_lens_fit(tiles, lens)
    grid = _grid(tiles, lens)
    radius, scale = _modelled(grid[None, :], grid[:, None], lens, fit)
    corrections = {name: np.ones_like(radius) for name in ("radius", "scale")}
    index = np.arange(grid.size, dtype=np.float64)
    column, row = np.interp(points.position, grid, index), np.interp(points.best, grid, index)
    # A measurement counts on its own side of focus only.
    side = np.sign(grid[None, :] - grid[:, None])
    apart = (index[None, None, :] - column[:, None, None]) ** 2 + (index[None, :, None] - row[:, None, None]) ** 2
    near = np.exp(-0.5 / _REACH**2 * apart)
    near *= side[None] * np.sign(points.position - points.best)[:, None, None] >= 0.0
    near *= points.weight[:, None, None]
    weight_at = near.sum(axis=0)
    for name, ratio in (("radius", points.radius_ratio), ("scale", points.scale_ratio)):
        pulled = ((near * ratio[:, None, None]).sum(axis=0) + _PRIOR) / (weight_at + _PRIOR)
        corrections[name] = np.clip(pulled, 1.0 / _LARGEST_CORRECTION, _LARGEST_CORRECTION)
    table = DefocusTable(
        grid,
        grid.copy(),
        np.clip(radius * corrections["radius"], 0.0, MAX_RADIUS_PX),
        np.clip(1.0 + (scale - 1.0) * corrections["scale"], *SCALE_RANGE),
        options.kernel,
        options.gamma,
    )
    return SweepCalibration(table, fit, weight_at >= _NODE_MEASURED, tuple(tiles))


@dataclass(frozen=True, eq=False)
class _Points:
    """All measurements side by side, (n,) each; the ratios are of what was measured to the thin lens."""

    position: NDArray[np.float64]
    best: NDArray[np.float64]
    weight: NDArray[np.float64]
    radius_ratio: NDArray[np.float64]
    scale_ratio: NDArray[np.float64]


def _thin_lens_fit(tiles: Sequence[TileSweep], lens: Lens) -> tuple[ThinLensFit, _Points]:
    rows = [
        (entry.position_steps, tile.best_position_steps, entry.radius_px, entry.scale - 1.0, entry.sigma_px)
        for tile in tiles
        for entry in tile.measured
    ]
    position, best, radius, growth, sigma = np.array(rows, np.float64).T
    sensor, image = (np.asarray(lens.sensor_distance_m(values)) for values in (position, best))
    away = (sensor - image) / image
    error = np.sqrt(0.2**2 + (0.03 * radius) ** 2 + sigma**2)
    k = _slope(np.abs(away), radius, error)
    # A scale is known the better the less blur there is to find edges in.
    b = _slope(away, growth, 0.0005 + 0.0002 * radius)
    left = radius - k * np.abs(away)
    sure = radius > _SURE_PX
    share = float(np.sqrt(np.mean((left[sure] / radius[sure]) ** 2))) if sure.any() else math.nan
    scale_left = growth - b * away
    fit = ThinLensFit(k, b, float(np.sqrt(np.mean(left**2))), share, float(np.sqrt(np.mean(scale_left**2))))
    modelled = np.maximum(k * np.abs(away), 1e-6)
    # A small radius weighs little: an error of a tenth of a pixel is much of it.
    weight = 1.0 / (1.0 + (_SURE_PX / modelled) ** 2)
    grown = b * away
    scale_ratio = np.where(np.abs(grown) > 1e-3, growth / np.where(grown == 0.0, 1.0, grown), 1.0)
    return fit, _Points(position, best, weight, radius / modelled, scale_ratio)


def _slope(x: NDArray[np.float64], y: NDArray[np.float64], error: NDArray[np.float64]) -> float:
    """y / x by least squares, outliers down-weighted (Huber)."""
    weight = 1.0 / error**2
    slope = 0.0
    for _ in range(8):
        slope = float((weight * x * y).sum() / max(float((weight * x * x).sum()), 1e-300))
        missed = np.abs(y - slope * x) / error
        weight = np.minimum(1.0, 1.5 / np.maximum(missed, 1e-9)) / error**2
    return slope


def _grid(tiles: Sequence[TileSweep], lens: Lens) -> NDArray[np.float64]:
    """Positions of the table: those of the frames, thinned, and the ends of the lens's range."""
    low, high = lens.min_position_steps, lens.max_position_steps
    seen = sorted({entry.position_steps for tile in tiles for entry in tile.measured if low < entry.position_steps < high})
    thinned = (
        seen if len(seen) <= MOST_COLUMNS else [float(value) for value in np.quantile(seen, np.linspace(0, 1, MOST_COLUMNS))]
    )
    apart = 0.2 * (high - low) / (len(thinned) + 1)
    inner = [value for value in thinned if min(value - low, high - value) > apart]
    return np.unique(np.array([low, *inner, high], np.float64))


def _modelled(
    position: NDArray[np.float64], best: NDArray[np.float64], lens: Lens, fit: ThinLensFit
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    sensor, image = np.asarray(lens.sensor_distance_m(position)), np.asarray(lens.sensor_distance_m(best))
    away = (sensor - image) / image
    return fit.radius_px_at_double * np.abs(away), 1.0 + fit.breathing * away
