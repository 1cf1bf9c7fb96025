"""The defocus model as a table that was calibrated with pictures (figure 6 of Intelligent Autofocus).

Radius and scale stand over the present position and the best one. Between the rows is interpolated what a step of distance from
the best position makes: `radius / (position - best)` and `(scale - 1) / (position - best)`. These are smooth where the radius has
its kink, so that the blur is exactly 0 at the best position and right on both sides of it, however the rows lie.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics.defocus_model import Positions
from auxfocus_ros.optics.lens import POSITION_TOLERANCE_STEPS, Lens

Table = NDArray[np.float64]

KERNELS = ("disk", "gaussian")
MAX_RADIUS_PX = 2000.0
SCALE_RANGE = (0.05, 20.0)
_SAME_POSITION = 1e-9
"""Part of the table's span below which two positions are one."""


@dataclass(frozen=True, eq=False)
class DefocusTable:
    """Radius and scale over present and best position, as they stand in a lens file.

    Attributes:
        positions_steps: (n,) present positions, at least 2, rising.
        best_positions_steps: (m,) best positions, at least 2, rising.
        radius_px: (m, n) radius of the blur disk on the sensor, pixels, 0 to 2000; a row for each best position. Where both
            positions are the same it is not looked at.
        scale: (m, n) size of the picture against the focused one, 0.05 to 20.
        kernel: 'disk' or 'gaussian' (sigma is half the radius), with which the table was measured.
        gamma: of the pictures it was measured with.

    Raises:
        ConfigurationError: with every problem in one line.
    """

    positions_steps: Table
    best_positions_steps: Table
    radius_px: Table
    scale: Table
    kernel: str = "disk"
    gamma: float = 2.2

    def __post_init__(self) -> None:
        """Check everything."""
        problems = []
        for name in ("positions_steps", "best_positions_steps"):
            values = getattr(self, name)
            if values.ndim != 1 or values.size < 2 or not np.isfinite(values).all() or not (np.diff(values) > 0.0).all():
                problems.append(f"{name} must be at least two numbers that keep rising")
        shape = (self.best_positions_steps.size, self.positions_steps.size)
        for name, (low, high) in (("radius_px", (0.0, MAX_RADIUS_PX)), ("scale", SCALE_RANGE)):
            values = getattr(self, name)
            if values.shape != shape:
                problems.append(f"{name} must be {shape[0]} rows (best positions) of {shape[1]} numbers (positions)")
            elif not ((values >= low) & (values <= high)).all():
                problems.append(f"{name} must be from {low:g} to {high:g}")
        if self.kernel not in KERNELS:
            problems.append(f"kernel must be one of {', '.join(KERNELS)}, got {self.kernel!r}")
        if not 0.1 <= self.gamma <= 10.0:
            problems.append(f"gamma must be from 0.1 to 10, got {self.gamma!r}")
        if problems:
            raise ConfigurationError("defocus table: " + "; ".join(problems))

    def covers(self, low_steps: float, high_steps: float) -> bool:
        """Whether both axes reach over a range of positions."""
        return all(
            axis[0] <= low_steps + POSITION_TOLERANCE_STEPS and axis[-1] >= high_steps - POSITION_TOLERANCE_STEPS
            for axis in (self.positions_steps, self.best_positions_steps)
        )


@dataclass(frozen=True, eq=False)
class TableModel:
    """The defocus model of a calibrated table; see `DefocusModel`. NaN outside the table.

    Attributes:
        table: radius and scale.
        lens: gives the usable range, the circle of confusion, and what a depth means.
    """

    table: DefocusTable
    lens: Lens
    _radius_a_step: Table = field(init=False, repr=False)
    _scale_a_step: Table = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Divide by the distance from the best position."""
        table = self.table
        away = table.positions_steps[None, :] - table.best_positions_steps[:, None]
        same = np.abs(away) <= _SAME_POSITION * np.ptp(table.positions_steps)
        apart = np.where(same, 1.0, away)
        for name, values in (("_radius_a_step", table.radius_px / np.abs(apart)), ("_scale_a_step", (table.scale - 1.0) / apart)):
            object.__setattr__(self, name, _filled(np.where(same, np.nan, values), table.positions_steps))

    @property
    def min_position_steps(self) -> float:
        """Lower end of the lens's usable range."""
        return self.lens.min_position_steps

    @property
    def max_position_steps(self) -> float:
        """Upper end of the lens's usable range."""
        return self.lens.max_position_steps

    def radius_px(self, position_steps: Positions, best_position_steps: Positions) -> NDArray[np.float64]:
        """Radius of the blur disk on the sensor, pixels."""
        position, best = np.asarray(position_steps, np.float64), np.asarray(best_position_steps, np.float64)
        return np.asarray(self._looked_up(self._radius_a_step, position, best) * np.abs(position - best))

    def scale(self, position_steps: Positions, best_position_steps: Positions) -> NDArray[np.float64]:
        """Size of the picture against the focused one."""
        position, best = np.asarray(position_steps, np.float64), np.asarray(best_position_steps, np.float64)
        return np.asarray(1.0 + self._looked_up(self._scale_a_step, position, best) * (position - best))

    def half_depth_of_focus_steps(self, best_position_steps: Positions) -> NDArray[np.float64]:
        """How far to either side the blur disk is no wider than the circle of confusion (a diameter)."""
        best = np.asarray(best_position_steps, np.float64)
        widest_px = 0.5 * self.lens.circle_of_confusion_m / self.lens.pixel_pitch_m
        with np.errstate(divide="ignore"):
            return np.asarray(widest_px / self._looked_up(self._radius_a_step, best, best))

    def best_position_steps(self, depth_m: Positions) -> NDArray[np.float64]:
        """As `Lens.position_for_distance`; NaN beyond the table's best positions."""
        best = np.asarray(self.lens.position_for_distance(np.asarray(depth_m, np.float64)))
        axis = self.table.best_positions_steps
        with np.errstate(invalid="ignore"):
            known = (best >= axis[0] - POSITION_TOLERANCE_STEPS) & (best <= axis[-1] + POSITION_TOLERANCE_STEPS)
        return np.where(known, best, np.nan)

    def _looked_up(self, values: Table, position: NDArray[np.float64], best: NDArray[np.float64]) -> NDArray[np.float64]:
        column, across = _place(self.table.positions_steps, position)
        row, along = _place(self.table.best_positions_steps, best)
        near = values[row, column] * (1.0 - across) + values[row, column + 1] * across
        far = values[row + 1, column] * (1.0 - across) + values[row + 1, column + 1] * across
        return np.asarray(near * (1.0 - along) + far * along)


def _place(axis: Table, values: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Index of the row before each value, and how far it lies on the way to the next; NaN outside."""
    index = np.clip(np.searchsorted(axis, values, side="right") - 1, 0, axis.size - 2)
    part = (values - axis[index]) / (axis[index + 1] - axis[index])
    with np.errstate(invalid="ignore"):
        outside = (values < axis[0] - POSITION_TOLERANCE_STEPS) | (values > axis[-1] + POSITION_TOLERANCE_STEPS)
    return index, np.where(outside, np.nan, np.clip(part, 0.0, 1.0))


def _filled(values: Table, positions: Table) -> Table:
    """Rows with what is missing taken from the row's own neighbours, on a straight line."""
    filled = values.copy()
    for row in filled:
        missing = np.isnan(row)
        if missing.any():
            row[missing] = np.interp(positions[missing], positions[~missing], row[~missing])
    return filled
