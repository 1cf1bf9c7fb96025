"""Along what a target's motion is smooth: its depth where the lens's calibration knows depths, else its best position.

A walker goes at so many metres a second; the best position that belongs to that goes with 1 / depth^2. So places are metres
wherever they can be.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.autofocus.following.options import FollowSetup
from auxfocus_ros.optics.defocus_model import DefocusModel

Floats = NDArray[np.float64]

BEYOND = 1.5
"""How far beyond the lens's range places are told apart, in units of half the depth of focus."""
_DEPTHS_M = np.geomspace(0.005, 2000.0, 6000)
_POSITIONS = 600


class Axis:
    """Places and their best positions, both ways.

    Attributes:
        in_metres: places are depths; otherwise they are positions.
        low, high: the ends of the axis, places.
        speed_scale: by which speeds in metres become speeds of places: 1 where places are depths, else a guess for a lens whose
            range is that of an arm's length to a room's.
        span_steps: the length of the axis in positions.
    """

    def __init__(self, setup: FollowSetup, model: DefocusModel) -> None:
        """Tabulate the model: from `BEYOND` below the range to as much above it, as far as the model reaches."""
        ends = np.array([setup.min_position_steps, setup.max_position_steps])
        self._half = half_depth(setup, model)
        margin = BEYOND * self._half(ends)
        low, high = ends[0] - margin[0], ends[1] + margin[1]
        depths_m, positions = _depth_table(model, low, high)
        covered = (positions.max() - positions.min()) / (high - low) if len(positions) else 0.0
        self.in_metres = covered > 0.5
        if not self.in_metres:
            depths_m = positions = np.linspace(low, high, _POSITIONS)
        self._places, self._positions = depths_m, positions
        self._rising = positions[-1] > positions[0]
        self._slopes = np.abs(np.gradient(positions, depths_m))
        self.low, self.high = float(depths_m[0]), float(depths_m[-1])
        self.speed_scale = 1.0 if self.in_metres else 0.15 * (high - low)
        self.span_steps = float(high - low)

    def position(self, place: Any) -> Floats:
        """Best position, steps; beyond the ends of the axis that of the end."""
        return np.asarray(np.interp(place, self._places, self._positions))

    def place(self, position_steps: Any) -> Floats:
        """The inverse of `position`."""
        if self._rising:
            return np.asarray(np.interp(position_steps, self._positions, self._places))
        return np.asarray(np.interp(position_steps, self._positions[::-1], self._places[::-1]))

    def slope(self, place: Any) -> Floats:
        """|d position / d place|, steps per unit of place."""
        return np.asarray(np.interp(place, self._places, self._slopes))

    def half_depth_steps(self, position_steps: Any) -> Floats:
        """Half the depth of focus at best positions, steps."""
        return self._half(position_steps)


def half_depth(setup: FollowSetup, model: DefocusModel) -> Any:
    """The function that gives half the depth of focus, steps, over best positions, steps."""
    if setup.half_depth_of_focus_steps is not None:
        fixed = setup.half_depth_of_focus_steps
        return lambda position_steps: np.full(np.shape(position_steps), fixed)
    grid = np.linspace(setup.min_position_steps, setup.max_position_steps, 200)
    known = np.asarray(model.half_depth_of_focus_steps(grid), np.float64)
    good = np.isfinite(known) & (known > 0)
    if not good.any():
        width = 0.01 * (grid[-1] - grid[0])
        return lambda position_steps: np.full(np.shape(position_steps), width)
    return lambda position_steps: np.asarray(np.interp(position_steps, grid[good], known[good]))


def _depth_table(model: DefocusModel, low: float, high: float) -> tuple[Floats, Floats]:
    """Depths and their positions within [low, high], where the two rise or fall together; empty arrays: none."""
    positions = np.asarray(model.best_position_steps(_DEPTHS_M), np.float64)
    inside = np.isfinite(positions) & (positions >= low) & (positions <= high)
    depths_m, positions = _DEPTHS_M[inside], positions[inside]
    changes = np.diff(positions)
    if len(positions) < 20 or not (np.all(changes > 0) or np.all(changes < 0)):
        return np.empty(0), np.empty(0)
    return depths_m, positions
