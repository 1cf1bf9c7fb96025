"""The positions that a belief is held over, and what blur each of them predicts in a frame: of a calibrated lens by its model, of
another one by a blur that grows evenly with the way, `r = gain |Z - Z0|`, for each gain of a row of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.terms import CaptureTask
from auxfocus_ros.optics.defocus_model import DefocusModel

Floats = NDArray[np.float64]

PER_HALF_DEPTH = 2.0
"""Positions of the belief in half a depth of focus."""
WITHIN = 6
"""Places within the interval about each of them: near focus a blur is told more finely than positions are kept."""
FEWEST, MOST = 50, 400
OUTSIDE_SHARE = 0.15
"""The belief reaches over each end of the range by this share of it: things may be in focus nowhere in the range."""
GAINS = 20
LEAST_PX, MOST_PX = 3.0, 300.0
"""Blur radii that the whole range may make of an uncalibrated lens."""
USUAL_PX, USUAL_SPREAD = 30.0, 1.0
"""Log-normal belief in them before the first frame."""


class Axis(Protocol):
    """The positions of a belief, and the blur that they predict."""

    @property
    def grid_steps(self) -> Floats:
        """(P,) rising, evenly spaced, reaching beyond the range."""

    @property
    def log_gain(self) -> Floats:
        """(A,) how probable each gain is beforehand, unnormalised."""

    def radii_px(self, position_steps: float) -> Floats:
        """(A, P, WITHIN): the blur in a frame from there, pixels, of what is in focus at places within the interval about each
        position of the grid.
        """

    def half_steps(self, gain_share: Floats) -> Floats:
        """(P,): how far a frame may be taken from each position of the grid, where that is best, to be in focus.

        gain_share: (A,), how probable each gain is, sum 1.
        """


@dataclass(frozen=True, eq=False)
class CalibratedAxis:
    """By a defocus model, its radii continued evenly to positions that it does not reach."""

    grid_steps: Floats
    log_gain: Floats
    model: DefocusModel
    half: Floats

    def radii_px(self, position_steps: float) -> Floats:
        """As `Axis`."""
        places = _within(self.grid_steps)
        return _continued(places, self.model.radius_px(position_steps, places)).reshape(1, -1, WITHIN)

    def half_steps(self, gain_share: Floats) -> Floats:
        """As `Axis`."""
        return self.half


@dataclass(frozen=True, eq=False)
class LearnedAxis:
    """By gains, (A,) pixels per unit of position. least_half_steps, told_half_steps: see `axis_of`."""

    grid_steps: Floats
    log_gain: Floats
    gains: Floats
    sharp_radius_px: float
    least_half_steps: float
    told_half_steps: float | None

    def radii_px(self, position_steps: float) -> Floats:
        """As `Axis`."""
        away = np.abs(position_steps - _within(self.grid_steps)).reshape(-1, WITHIN)
        return np.asarray(self.gains[:, None, None] * away)

    def half_steps(self, gain_share: Floats) -> Floats:
        """As `Axis`."""
        half = self.told_half_steps
        if half is None:
            half = self.sharp_radius_px / math.exp(float(gain_share @ np.log(self.gains)))
        return np.full(len(self.grid_steps), max(half, self.least_half_steps))


def axis_of(task: CaptureTask, sharp_radius_px: float) -> Axis:
    """The axis of a task.

    Half the depth of focus is the task's, else the model's, else the way that blurs by `sharp_radius_px`; but at least half the
    gap between the only positions that there are.
    """
    low, high = task.min_position_steps, task.max_position_steps
    positions = np.asarray(task.positions_steps or (), np.float64)
    gap = 0.5 * float(np.median(np.diff(positions))) if len(positions) > 1 else 0.0
    told = task.half_depth_of_focus_steps
    if task.model is None:
        full_px = np.geomspace(LEAST_PX, MOST_PX, GAINS)
        grid = _grid(low, high, max(told or 0.0, gap) or 0.02 * (high - low))
        prior = -0.5 * (np.log(full_px / USUAL_PX) / USUAL_SPREAD) ** 2
        return LearnedAxis(grid, prior, full_px / (high - low), sharp_radius_px, gap, told)
    narrow = told or _median_half(task.model, np.linspace(low, high, 33), 0.01 * (high - low))
    grid = _grid(low, high, max(narrow, gap))
    half = np.full(len(grid), told) if told is not None else _known_half(task.model, grid, narrow)
    return CalibratedAxis(grid, np.zeros(1), task.model, np.maximum(half, gap))


def _grid(low: float, high: float, half: float) -> Floats:
    outside = OUTSIDE_SHARE * (high - low)
    count = math.ceil((high - low + 2.0 * outside) / half * PER_HALF_DEPTH) + 1
    return np.linspace(low - outside, high + outside, min(max(count, FEWEST), MOST))


def _within(grid: Floats) -> Floats:
    """(P * WITHIN,) places spread over the intervals about positions."""
    beside = ((np.arange(WITHIN) + 0.5) / WITHIN - 0.5) * (grid[1] - grid[0])
    return np.asarray((grid[:, None] + beside).ravel())


def _median_half(model: DefocusModel, positions: Floats, otherwise: float) -> float:
    half = model.half_depth_of_focus_steps(positions)
    known = half[np.isfinite(half) & (half > 0.0)]
    return float(np.median(known)) if known.size else otherwise


def _known_half(model: DefocusModel, grid: Floats, otherwise: float) -> Floats:
    half = model.half_depth_of_focus_steps(grid)
    return np.where(np.isfinite(half) & (half > 0.0), half, otherwise)


def _continued(grid: Floats, radii_px: Floats) -> Floats:
    """Radii with the slope of the two outermost known ones beyond these; without two known ones 0 slope."""
    known = np.flatnonzero(np.isfinite(radii_px))
    if len(known) < 2 or len(known) == len(grid):
        return radii_px if len(known) == len(grid) else np.full(len(grid), 1e3)
    filled = np.interp(grid, grid[known], radii_px[known])
    for edge, beside, outside in ((known[0], known[1], grid < grid[known[0]]), (known[-1], known[-2], grid > grid[known[-1]])):
        slope = (radii_px[edge] - radii_px[beside]) / (grid[edge] - grid[beside])
        filled[outside] = radii_px[edge] + slope * (grid[outside] - grid[edge])
    return np.asarray(np.maximum(filled, 0.0))
