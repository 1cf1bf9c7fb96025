"""What a camera's focus does to a picture, in motor positions: the radius of the blur and the scale, over where the lens stands
and where it would have to stand (figure 6 of Intelligent Autofocus).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.optics.lens import Lens

Positions = float | NDArray[Any]


class DefocusModel(Protocol):
    """Blur and scale over (present position, best position), and where the lens may stand.

    Every method broadcasts its arguments and gives float64; NaN where the model does not reach.
    """

    @property
    def min_position_steps(self) -> float:
        """Lower end of the usable range."""

    @property
    def max_position_steps(self) -> float:
        """Upper end of the usable range."""

    def radius_px(self, position_steps: Positions, best_position_steps: Positions) -> NDArray[np.float64]:
        """Radius of the blur disk on the sensor, pixels, >= 0."""

    def scale(self, position_steps: Positions, best_position_steps: Positions) -> NDArray[np.float64]:
        """Size of the picture against the focused one."""

    def half_depth_of_focus_steps(self, best_position_steps: Positions) -> NDArray[np.float64]:
        """How far the lens may stand from the best position and the thing is still in focus, steps."""

    def best_position_steps(self, depth_m: Positions) -> NDArray[np.float64]:
        """Where a thing at this depth is in focus; NaN where that is not known."""


@dataclass(frozen=True)
class ThinLensModel:
    """The defocus model of a thin lens: no pictures are needed for it. Source: the formulas in `optics.lens`."""

    lens: Lens

    @property
    def min_position_steps(self) -> float:
        """Lower end of the lens's usable range."""
        return self.lens.min_position_steps

    @property
    def max_position_steps(self) -> float:
        """Upper end of the lens's usable range."""
        return self.lens.max_position_steps

    def radius_px(self, position_steps: Positions, best_position_steps: Positions) -> NDArray[np.float64]:
        """`A |v - v0| / (2 v0 p)`, pixels."""
        sensor, image = self._sensor_m(position_steps), self._sensor_m(best_position_steps)
        return np.asarray(self.lens.aperture_m * np.abs(sensor - image) / (2.0 * image * self.lens.pixel_pitch_m))

    def scale(self, position_steps: Positions, best_position_steps: Positions) -> NDArray[np.float64]:
        """`v / v0`."""
        return np.asarray(self._sensor_m(position_steps) / self._sensor_m(best_position_steps))

    def half_depth_of_focus_steps(self, best_position_steps: Positions) -> NDArray[np.float64]:
        """`c v0 / A` over the length of a step there; the narrower side of the two."""
        best = np.asarray(best_position_steps, np.float64)
        image = self._sensor_m(best)
        reach = self.lens.circle_of_confusion_m * image / self.lens.aperture_m
        ends = [np.abs(self.lens.position_at(np.asarray(image + side * reach)) - best) for side in (-1.0, 1.0)]
        return np.asarray(np.fmin(ends[0], ends[1]))

    def best_position_steps(self, depth_m: Positions) -> NDArray[np.float64]:
        """As `Lens.position_for_distance`."""
        return np.asarray(self.lens.position_for_distance(np.asarray(depth_m, np.float64)))

    def _sensor_m(self, position_steps: Positions) -> NDArray[np.float64]:
        return np.asarray(self.lens.sensor_distance_m(np.asarray(position_steps, np.float64)))
