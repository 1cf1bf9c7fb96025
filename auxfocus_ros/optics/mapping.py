"""From motor steps to where the sensor stands, and back: by a formula or by a calibrated table.

Both kinds give the *extension* (sensor distance minus focal length, metres), because that is the quantity in which nothing
cancels near infinity (`thin_lens`). Both put the position of infinity focus into their own representation, so that it maps to
extension 0 exactly, and any other position, however close, to something with a sign.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics.thin_lens import extension_of_distance_m


@dataclass(frozen=True)
class LinearMapping:
    """Constant step: `x = s (Z - Z_inf)`. It has no ends; the lens's position range bounds it.

    Attributes:
        step_m: extension a motor step, metres, not 0. Negative: rising positions focus farther away.
        infinity_position_steps: position of infinity focus, motor steps; may lie outside the lens's range.

    Raises:
        ConfigurationError: a step of 0, or a number that is not finite.
    """

    step_m: float
    infinity_position_steps: float

    def __post_init__(self) -> None:
        """Check the two numbers."""
        if not np.isfinite(self.step_m) or self.step_m == 0:
            raise ConfigurationError(f"linear mapping: the step must be a number other than 0 metres, got {self.step_m}")
        if not np.isfinite(self.infinity_position_steps):
            raise ConfigurationError(
                f"linear mapping: the position of infinity must be a finite number, got {self.infinity_position_steps}"
            )

    @classmethod
    def through(cls, focal_length_m: float, first: tuple[float, float], second: tuple[float, float]) -> "LinearMapping":
        """The line through two (position in steps, focus distance in metres) pairs; a distance may be +inf.

        Raises:
            ConfigurationError: equal positions, equal distances, or a distance not beyond the focal length.
        """
        (position_1, distance_1), (position_2, distance_2) = first, second
        extension_1 = float(extension_of_distance_m(focal_length_m, distance_1))
        extension_2 = float(extension_of_distance_m(focal_length_m, distance_2))
        if np.isnan(extension_1) or np.isnan(extension_2):
            raise ConfigurationError(
                f"linear mapping: both distances must exceed the focal length of {focal_length_m} m, "
                f"got {distance_1} and {distance_2}"
            )
        if position_1 == position_2 or extension_1 == extension_2:
            raise ConfigurationError(
                f"linear mapping: two different positions with two different distances are needed, got {first} and {second}"
            )
        step = (extension_2 - extension_1) / (position_2 - position_1)
        # from the anchor nearer to infinity: the shorter way there loses less
        near_infinity = (position_1, extension_1) if extension_1 <= extension_2 else (position_2, extension_2)
        return cls(step_m=step, infinity_position_steps=near_infinity[0] - near_infinity[1] / step)

    def extension_m(self, position_steps: Any) -> Any:
        """Extension at a position, metres, any shape; negative beyond infinity."""
        return self.step_m * (np.asarray(position_steps, dtype=np.float64) - self.infinity_position_steps)

    def position_at(self, extension_m: Any) -> Any:
        """Position of an extension, steps, any shape."""
        return self.infinity_position_steps + np.asarray(extension_m, dtype=np.float64) / self.step_m


@dataclass(frozen=True)
class TableMapping:
    """A calibrated table of positions and extensions, rising or falling, straight between its rows.

    Straight in extension means straight in sensor distance, which is what a lead screw does; the inverse is exact. Outside the
    table nothing is known: positions and extensions beyond its ends give NaN. What rounding alone pushed over an end (a
    billionth of the table's span) counts as the end.

    Attributes:
        positions_steps: motor steps, at least 2, strictly rising or strictly falling.
        extensions_m: sensor distance minus focal length, metres, as many, strictly rising or strictly falling.

    Raises:
        ConfigurationError: too few rows, different lengths, numbers not finite, or two rows (named from 1) out of order.
    """

    positions_steps: tuple[float, ...]
    extensions_m: tuple[float, ...]
    _segments: "_Segments" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check the rows and prepare the segments."""
        positions = np.array(self.positions_steps, dtype=np.float64)
        extensions = np.array(self.extensions_m, dtype=np.float64)
        if positions.ndim != 1 or positions.shape != extensions.shape or positions.size < 2:
            raise ConfigurationError(
                f"lens table: wanted at least 2 rows with one position and one extension each, "
                f"got {positions.size} positions and {extensions.size} extensions"
            )
        for what, values in (("position", positions), ("extension", extensions)):
            if not np.isfinite(values).all():
                row = int(np.flatnonzero(~np.isfinite(values))[0]) + 1
                raise ConfigurationError(f"lens table: the {what} in row {row} must be a finite number, got {values[row - 1]}")
            row = first_row_out_of_order(values)
            if row:
                raise ConfigurationError(
                    f"lens table is not strictly monotone: the {what} goes from {values[row - 1]} in row {row} "
                    f"to {values[row]} in row {row + 1}"
                )
        object.__setattr__(self, "positions_steps", tuple(positions.tolist()))
        object.__setattr__(self, "extensions_m", tuple(extensions.tolist()))
        object.__setattr__(self, "_segments", _Segments.of(positions, extensions))

    def extension_m(self, position_steps: Any) -> Any:
        """Extension at a position, metres, any shape; negative beyond infinity, NaN outside the table."""
        return self._segments.extension_m(np.asarray(position_steps, dtype=np.float64))

    def position_at(self, extension_m: Any) -> Any:
        """Position of an extension, steps, any shape; NaN outside the table."""
        return self._segments.position_at(np.asarray(extension_m, dtype=np.float64))


Mapping = LinearMapping | TableMapping


def first_row_out_of_order(values: NDArray[np.float64]) -> int:
    """Number (from 1) of the first row whose successor breaks the strict order; 0 where the column is strictly monotone.

    The order is the one that most neighbours follow, so that one slip in a long table is named where it happens.
    """
    steps = np.sign(np.diff(values))
    direction = 1.0 if steps.sum() >= 0 else -1.0
    wrong = np.flatnonzero(steps != direction)
    return int(wrong[0]) + 1 if wrong.size else 0


_END_TOLERANCE = 1e-9
"""Part of the table's span by which a value may lie outside it and still count as its end."""


@dataclass(frozen=True)
class _Segments:
    """The straight pieces between the rows, with a row at infinity put in where the table passes it.

    Each piece is reckoned from the end whose extension is nearer to 0. Within a piece the extension then has one sign and grows
    in magnitude, so the sum does not cancel, and the row at infinity gives 0 exactly.
    """

    knots_steps: NDArray[np.float64]  # (n + 1,) rising
    knots_m: NDArray[np.float64]  # (n + 1,) extensions at the knots
    base_steps: NDArray[np.float64]  # (n,)
    base_m: NDArray[np.float64]  # (n,)
    slope_m: NDArray[np.float64]  # (n,) metres a step
    falling: bool

    @classmethod
    def of(cls, positions: NDArray[np.float64], extensions: NDArray[np.float64]) -> "_Segments":
        order = np.argsort(positions)
        positions, extensions = positions[order], extensions[order]
        crossing = np.flatnonzero(extensions[:-1] * extensions[1:] < 0)
        if crossing.size:
            i = int(crossing[0])
            part = extensions[i] / (extensions[i] - extensions[i + 1])
            infinity = positions[i] + part * (positions[i + 1] - positions[i])
            if positions[i] < infinity < positions[i + 1]:
                positions, extensions = np.insert(positions, i + 1, infinity), np.insert(extensions, i + 1, 0.0)
        from_left = np.abs(extensions[:-1]) <= np.abs(extensions[1:])
        return cls(
            knots_steps=positions,
            knots_m=extensions,
            base_steps=np.where(from_left, positions[:-1], positions[1:]),
            base_m=np.where(from_left, extensions[:-1], extensions[1:]),
            slope_m=np.diff(extensions) / np.diff(positions),
            falling=bool(extensions[0] > extensions[-1]),
        )

    def extension_m(self, position: NDArray[np.float64]) -> Any:
        position = _inside(position, self.knots_steps[0], self.knots_steps[-1])
        piece = self._piece(self.knots_steps, position)
        return self.base_m[piece] + (position - self.base_steps[piece]) * self.slope_m[piece]

    def position_at(self, extension: NDArray[np.float64]) -> Any:
        # searchsorted wants rising knots: a falling table is searched upside down
        knots = -self.knots_m if self.falling else self.knots_m
        extension = _inside(extension, min(self.knots_m[0], self.knots_m[-1]), max(self.knots_m[0], self.knots_m[-1]))
        piece = self._piece(knots, -extension if self.falling else extension)
        return self.base_steps[piece] + (extension - self.base_m[piece]) / self.slope_m[piece]

    @staticmethod
    def _piece(rising: NDArray[np.float64], values: NDArray[np.float64]) -> Any:
        return np.clip(np.searchsorted(rising, values, side="right") - 1, 0, rising.size - 2)


def _inside(values: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """Values within [low, high]; NaN for those outside by more than rounding."""
    margin = _END_TOLERANCE * (high - low)
    with np.errstate(invalid="ignore"):
        known = (values >= low - margin) & (values <= high + margin)
    return np.where(known, np.clip(values, low, high), np.nan)
