"""The other axis of the distribution: what its columns mean.

A reading has a place across the scene as well as a depth. Across may be counted in pixels of the picture, in metres (so that a
thing is as wide in the distribution as it is in the world), or by bearing in a frame that does not turn with the camera; and it
may run along the picture's rows, its columns, or any direction between them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import ConfigurationError

AcrossUnit = Literal["pixels", "metres", "radians"]
ACROSS_UNITS: tuple[AcrossUnit, ...] = get_args(AcrossUnit)
MAX_COLUMNS = 16384


@dataclass(frozen=True)
class AcrossAxis:
    """What the columns of a distribution mean.

    Attributes:
        low, high: ends, in the unit, low < high. In pixels the picture's edges: -0.5 to width - 0.5.
        columns: number of columns, 1 to 16384, all of one length.
        unit: 'pixels' of the picture, 'metres' in the camera's optical frame, or 'radians' of bearing to the right of straight
            ahead in a frame that stands still while the camera turns.
        angle_rad: the direction across: 0 along the picture's x axis (the scene is projected along the vertical), pi / 2 along
            its y axis (projected along the horizontal). Bearings have none.

    Raises:
        ConfigurationError: a value out of its range.

    Source: US 12,395,751 B2, paragraphs 29, 30, 34, 39 and 56.
    """

    low: float
    high: float
    columns: int
    unit: AcrossUnit = "pixels"
    angle_rad: float = 0.0

    def __post_init__(self) -> None:
        """Check every field."""
        if self.unit not in ACROSS_UNITS:
            raise ConfigurationError(f"axis across: unit must be one of {', '.join(ACROSS_UNITS)}, got {self.unit!r}")
        if isinstance(self.columns, bool) or not 1 <= self.columns <= MAX_COLUMNS:
            raise ConfigurationError(f"axis across: columns must be 1 to {MAX_COLUMNS}, got {self.columns!r}")
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high and math.isfinite(self.angle_rad)):
            raise ConfigurationError(
                f"axis across: wanted finite ends in rising order and a finite angle, "
                f"got {self.low!r} to {self.high!r} at {self.angle_rad!r} rad"
            )

    @classmethod
    def of_picture(cls, size_px: int, columns: int, angle_rad: float = 0.0) -> AcrossAxis:
        """Columns that span a picture's width (or, at pi / 2, its height), edge to edge."""
        return cls(-0.5, size_px - 0.5, columns, "pixels", angle_rad)

    def position_of(self, value: float | NDArray[Any]) -> Any:
        """Where values stand: 0 at the low end, 1 at the high one, not clipped."""
        return (np.asarray(value, np.float64) - self.low) / (self.high - self.low)

    def edges(self) -> NDArray[np.float64]:
        """Where the columns end: (columns + 1,), in the unit."""
        return np.linspace(self.low, self.high, self.columns + 1)
