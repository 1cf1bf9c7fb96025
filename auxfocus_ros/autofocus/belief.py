"""Where focus may be: a probability over a grid of lens positions, and what evidence does to it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.autofocus.terms import DepthReading
from auxfocus_ros.optics.defocus_model import DefocusModel

Grid = NDArray[np.float64]

_NEAREST_M, _FARTHEST_M = 0.01, 1e4


@dataclass(frozen=True)
class Belief:
    """A probability over positions of best focus.

    grid: (G,), positions, steps, rising and evenly spaced. probability: (G,), >= 0, sum 1.
    """

    grid: Grid
    probability: Grid

    @staticmethod
    def of_log(grid: Grid, log_density: Grid, floor: float = 0.0) -> Belief:
        """From an unnormalised log-density; `floor` of the whole is spread evenly, which keeps a way back from any error."""
        finite = np.where(np.isfinite(log_density), log_density, -np.inf)
        top = float(finite.max())
        density = np.exp(finite - top) if math.isfinite(top) else np.ones_like(grid)
        return Belief(grid, (1.0 - floor) * density / density.sum() + floor / len(grid))

    @property
    def spacing_steps(self) -> float:
        """From one position of the grid to the next."""
        return float(self.grid[1] - self.grid[0]) if len(self.grid) > 1 else 1.0

    @property
    def mean_steps(self) -> float:
        """Expected position."""
        return float(self.probability @ self.grid)

    @property
    def sigma_steps(self) -> float:
        """Standard deviation, the grid's own width included."""
        variance = float(self.probability @ (self.grid - self.mean_steps) ** 2)
        return math.sqrt(variance + self.spacing_steps**2 / 12.0)

    def within(self, positions_steps: Grid, half_steps: Grid) -> Grid:
        """Probability that each of some positions is in focus: that the best one is no farther than half the depth of focus.

        Args:
            positions_steps: (P,).
            half_steps: (G,), half the depth of focus if focus is best at each position of the grid.

        Returns:
            (P,), 0 to 1. A position of the grid stands for the interval about it, which may be in by a share.
        """
        away = np.abs(positions_steps[:, None] - self.grid[None, :])
        share = np.clip((half_steps[None, :] - away) / self.spacing_steps + 0.5, 0.0, 1.0)
        return np.asarray(np.minimum(share @ self.probability, 1.0))

    def widened(self, half_steps: float) -> Belief:
        """The belief when every position may be off by up to `half_steps` to either side, all alike probable."""
        reach = int(half_steps / self.spacing_steps)
        if reach < 1:
            return self
        spread = np.convolve(self.probability, np.ones(2 * reach + 1), mode="same")
        return Belief(self.grid, spread / spread.sum())


def depth_log_likelihood(depth: Grid, reading: DepthReading, outlier_share: float) -> Grid:
    """How probable a depth reading is at each of some true depths: natural logarithm of the density, per metre.

    The reading is Gaussian about the true depth but for `outlier_share` of all readings, which may say anything in reach.

    Args:
        depth: (G,), metres; NaN: not known, where only an outlier can be read.
    """
    z = (depth - reading.depth_m) / reading.sigma_m
    with np.errstate(invalid="ignore"):
        regular = np.exp(-0.5 * z * z) / (math.sqrt(2.0 * math.pi) * reading.sigma_m)
    regular = np.where(np.isfinite(regular), regular, 0.0)
    known = depth[np.isfinite(depth)]
    reach = max(float(np.ptp(known)), 10.0 * reading.sigma_m) if known.size else 1.0
    return np.asarray(np.log((1.0 - outlier_share) * regular + outlier_share / reach + 1e-300))


def depths_at(model: DefocusModel, grid: Grid) -> Grid:
    """The depth that is in focus at each position, metres; NaN where the model does not say. Inverted from the model by table."""
    depth = np.geomspace(_NEAREST_M, _FARTHEST_M, 4001)
    position = model.best_position_steps(depth)
    known = np.isfinite(position)
    if not known.any():
        return np.full(len(grid), np.nan)
    depth, position = depth[known], position[known]
    if position[0] > position[-1]:
        depth, position = depth[::-1], position[::-1]
    # Between two depths dioptres, not metres, go with the position.
    return np.asarray(1.0 / np.interp(grid, position, 1.0 / depth, left=np.nan, right=np.nan))
