"""One lens with its motor: everything that follows from where the glass stands.

A `Lens` answers the questions of the whole house: how far away is what is sharp now, what does the depth of field hold, how
blurred is a thing at some depth, and which position would make it sharp. Every method takes numbers or arrays (a number gives a
Python float, arrays broadcast and give float64 arrays), and one rule covers what does not exist: it is NaN. A position beyond
infinity focus has no focus distance; a depth at the focal length or nearer (and 0, negative and NaN depths, which depth images
use for 'no reading') has no image; outside a calibrated table nothing is known. Infinity itself is +inf, in and out.

Round trips. Position -> focus distance -> position comes back within 1e-6 steps wherever the distance is finite. In double
precision distances run out only at about 1e16 m for a 25 mm lens with 1.5 um steps: that is one unit in the last place of a
position near 1000.
"""

from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics.arrays import Reals, out, real_array, together
from auxfocus_ros.optics.depth_of_field import depth_of_field_limits_m, depth_of_focus_m
from auxfocus_ros.optics.mapping import LinearMapping, Mapping, TableMapping
from auxfocus_ros.optics.thin_lens import (
    defocus_radius_m,
    distance_of_extension_m,
    extension_of_distance_m,
    hyperfocal_distance_m,
)

POSITION_TOLERANCE_STEPS = 1e-6
"""What a round trip through a distance may cost, and by how much a position may pass an end of the range and still be in it."""


@dataclass(frozen=True)
class Lens:
    """A thin lens of which a motor moves the sensor distance.

    Attributes:
        name: as in the lens file.
        focal_length_m: metres, > 0.
        f_number: focal length / aperture diameter, > 0.
        pixel_pitch_m: metres a pixel, > 0.
        circle_of_confusion_m: *diameter* on the sensor, metres, > 0 and smaller than the aperture.
        min_position_steps: lower end of the usable range, motor steps.
        max_position_steps: upper end of the usable range, motor steps, greater than the lower.
        mapping: positions to extensions; a table must cover the whole range.

    Variants come from `dataclasses.replace(lens, f_number=4.0)`.

    Raises:
        ConfigurationError: with every problem in one line.
    """

    name: str
    focal_length_m: float
    f_number: float
    pixel_pitch_m: float
    circle_of_confusion_m: float
    min_position_steps: float
    max_position_steps: float
    mapping: Mapping

    def __post_init__(self) -> None:
        """Check every field, and say all that is wrong at once."""
        problems = self._problems()
        if problems:
            raise ConfigurationError(f"lens '{self.name}': " + "; ".join(problems))

    def _problems(self) -> list[str]:
        problems = [
            f"{key} must be a finite number greater than 0, got {getattr(self, key)!r}"
            for key in ("focal_length_m", "f_number", "pixel_pitch_m", "circle_of_confusion_m")
            if not _is_finite(getattr(self, key)) or getattr(self, key) <= 0
        ]
        low, high = self.min_position_steps, self.max_position_steps
        if not _is_finite(low) or not _is_finite(high) or low >= high:
            problems.append(f"the position range must be two finite numbers, the smaller first, got [{low!r}, {high!r}]")
        if not isinstance(self.mapping, LinearMapping | TableMapping):
            problems.append(f"mapping must be a LinearMapping or a TableMapping, got {type(self.mapping).__name__}")
        if problems:
            return problems  # what follows needs all of these to be numbers
        if self.circle_of_confusion_m >= self.aperture_m:
            problems.append(
                f"circle_of_confusion_m {self.circle_of_confusion_m:g} must be smaller than the aperture {self.aperture_m:g} m"
            )
        ends = self.mapping.extension_m(np.array([low, high]))
        if np.isnan(ends).any():
            problems.append(f"the lens table does not cover the position range [{low:g}, {high:g}]")
        elif max(ends) < 0:
            problems.append(f"every position in [{low:g}, {high:g}] is beyond infinity: nothing could ever be in focus")
        elif min(ends) <= -self.focal_length_m:
            problems.append(f"within [{low:g}, {high:g}] the sensor would stand in front of the lens (sensor distance <= 0)")
        return problems

    # The lens itself

    @property
    def aperture_m(self) -> float:
        """Diameter of the aperture, `A = f / N`, metres."""
        return self.focal_length_m / self.f_number

    @property
    def hyperfocal_m(self) -> float:
        """Nearest focus distance at which the depth of field reaches infinity, metres."""
        return hyperfocal_distance_m(self.focal_length_m, self.f_number, self.circle_of_confusion_m)

    @property
    def hyperfocal_position_steps(self) -> float:
        """Position that focuses the hyperfocal distance, steps, or the one of the usable range that comes nearest to that."""
        nearest_m, farthest_m = self.focus_range_m()
        position = float(self.position_for_distance(min(max(self.hyperfocal_m, nearest_m), farthest_m)))
        return min(max(position, self.min_position_steps), self.max_position_steps)

    @property
    def infinity_position_steps(self) -> float:
        """Position of infinity focus, steps; may lie outside the range; NaN where a table does not reach it."""
        return float(self.mapping.position_at(0.0))

    def contains(self, position_steps: float) -> bool:
        """Whether a position is in the usable range. NaN is not; what rounding pushed over an end by 1e-6 steps is."""
        low = self.min_position_steps - POSITION_TOLERANCE_STEPS
        high = self.max_position_steps + POSITION_TOLERANCE_STEPS
        return bool(low <= position_steps <= high)

    def focus_range_m(self) -> tuple[float, float]:
        """(nearest, farthest) focus distance in the usable range, metres; farthest is +inf where the range reaches infinity."""
        ends = self.mapping.extension_m(np.array([self.min_position_steps, self.max_position_steps]))
        nearest, farthest = distance_of_extension_m(self.focal_length_m, np.maximum([max(ends), min(ends)], 0.0))
        return float(nearest), float(farthest)

    # Position <-> sensor <-> distance

    @overload
    def extension_m(self, position_steps: float) -> float: ...
    @overload
    def extension_m(self, position_steps: NDArray[Any]) -> NDArray[np.float64]: ...
    def extension_m(self, position_steps: Reals) -> Reals:
        """Sensor distance minus focal length, metres; negative beyond infinity; NaN outside a table."""
        return out(self.mapping.extension_m(real_array("position_steps", position_steps)))

    @overload
    def sensor_distance_m(self, position_steps: float) -> float: ...
    @overload
    def sensor_distance_m(self, position_steps: NDArray[Any]) -> NDArray[np.float64]: ...
    def sensor_distance_m(self, position_steps: Reals) -> Reals:
        """Distance `v` from the lens to the sensor, metres; NaN outside a table."""
        return out(self.focal_length_m + self.mapping.extension_m(real_array("position_steps", position_steps)))

    @overload
    def position_at(self, sensor_distance_m: float) -> float: ...
    @overload
    def position_at(self, sensor_distance_m: NDArray[Any]) -> NDArray[np.float64]: ...
    def position_at(self, sensor_distance_m: Reals) -> Reals:
        """Position of a sensor distance, steps; may lie outside the range (`contains`); NaN outside a table."""
        return out(self.mapping.position_at(real_array("sensor_distance_m", sensor_distance_m) - self.focal_length_m))

    @overload
    def focus_distance_m(self, position_steps: float) -> float: ...
    @overload
    def focus_distance_m(self, position_steps: NDArray[Any]) -> NDArray[np.float64]: ...
    def focus_distance_m(self, position_steps: Reals) -> Reals:
        """Depth of the plane that is sharp at a position.

        Args:
            position_steps: motor steps, any shape.

        Returns:
            Metres, > focal length; +inf at infinity focus; NaN beyond it (`beyond_infinity` tells this from NaN in).
        """
        extension = self.mapping.extension_m(real_array("position_steps", position_steps))
        return out(distance_of_extension_m(self.focal_length_m, extension))

    def beyond_infinity(self, position_steps: float) -> bool:
        """Whether the sensor stands nearer than the focal length, so that no object is exactly in focus."""
        return bool(self.mapping.extension_m(real_array("position_steps", position_steps)) < 0)

    @overload
    def position_for_distance(self, distance_m: float) -> float: ...
    @overload
    def position_for_distance(self, distance_m: NDArray[Any]) -> NDArray[np.float64]: ...
    def position_for_distance(self, distance_m: Reals) -> Reals:
        """Position that focuses at a depth.

        Args:
            distance_m: metres, +inf allowed, any shape.

        Returns:
            Motor steps, not bounded by the usable range: ask `contains`. NaN for a depth at the focal length or nearer, for NaN,
            and for what lies outside a table.
        """
        extension = extension_of_distance_m(self.focal_length_m, real_array("distance_m", distance_m))
        return out(self.mapping.position_at(extension))

    @overload
    def image_distance_m(self, depth_m: float) -> float: ...
    @overload
    def image_distance_m(self, depth_m: NDArray[Any]) -> NDArray[np.float64]: ...
    def image_distance_m(self, depth_m: Reals) -> Reals:
        """Distance `v0 = f u / (u - f)` behind the lens at which an object is imaged, metres; NaN where it has no real image."""
        extension = extension_of_distance_m(self.focal_length_m, real_array("depth_m", depth_m))
        return out(self.focal_length_m + extension)

    # Sharpness

    @overload
    def depth_of_field_m(self, position_steps: float) -> tuple[float, float]: ...
    @overload
    def depth_of_field_m(self, position_steps: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
    def depth_of_field_m(self, position_steps: Reals) -> tuple[Reals, Reals]:
        """Nearest and farthest depth whose blur disk is no wider than the circle of confusion.

        Args:
            position_steps: motor steps, any shape.

        Returns:
            (near, far) in metres. far is +inf where the depth of field reaches infinity, which it does from the hyperfocal
            distance on and still does just beyond infinity focus. Farther beyond, nothing is in focus: (NaN, NaN).
        """
        extension = self.mapping.extension_m(real_array("position_steps", position_steps))
        near, far = depth_of_field_limits_m(self.focal_length_m, self.f_number, self.circle_of_confusion_m, extension)
        return out(near), out(far)

    @overload
    def depth_of_focus_steps(self, depth_m: float) -> tuple[float, float]: ...
    @overload
    def depth_of_focus_steps(self, depth_m: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
    def depth_of_focus_steps(self, depth_m: Reals) -> tuple[Reals, Reals]:
        """Lowest and highest position at which a thing at a depth is in focus.

        Args:
            depth_m: metres, +inf allowed, any shape.

        Returns:
            (low, high) in motor steps, low < high whichever way the lens runs, not bounded by the usable range; NaN where the
            depth has no image, or where a table ends before the limit.
        """
        image = extension_of_distance_m(self.focal_length_m, real_array("depth_m", depth_m))
        reach = depth_of_focus_m(self.focal_length_m, self.f_number, self.circle_of_confusion_m, image)
        one, other = self.mapping.position_at(image - reach), self.mapping.position_at(image + reach)
        # fmin would hide the missing end of a table; minimum would spread its NaN to the other end: order by direction instead
        rising = self.mapping.extension_m(self.max_position_steps) > self.mapping.extension_m(self.min_position_steps)
        return (out(one), out(other)) if rising else (out(other), out(one))

    @overload
    def defocus_px(self, position_steps: float, depth_m: float) -> float: ...
    @overload
    def defocus_px(self, position_steps: NDArray[Any], depth_m: Reals) -> NDArray[np.float64]: ...
    @overload
    def defocus_px(self, position_steps: Reals, depth_m: NDArray[Any]) -> NDArray[np.float64]: ...
    def defocus_px(self, position_steps: Reals, depth_m: Reals) -> Reals:
        """Signed radius of the blur disk.

        Args:
            position_steps: motor steps; broadcasts against the depth.
            depth_m: metres, +inf allowed.

        Returns:
            Pixels. Positive: the thing stands behind the plane of focus; negative: in front of it; NaN: a depth without an image.
        """
        return out(self._defocus_px(position_steps, depth_m))

    @overload
    def blur_radius_px(self, position_steps: float, depth_m: float) -> float: ...
    @overload
    def blur_radius_px(self, position_steps: NDArray[Any], depth_m: Reals) -> NDArray[np.float64]: ...
    @overload
    def blur_radius_px(self, position_steps: Reals, depth_m: NDArray[Any]) -> NDArray[np.float64]: ...
    def blur_radius_px(self, position_steps: Reals, depth_m: Reals) -> Reals:
        """Radius of the blur disk, `A |v - v0| / (2 v0 p)`, pixels, >= 0; arguments and NaN as in `defocus_px`."""
        return out(np.abs(self._defocus_px(position_steps, depth_m)))

    @overload
    def scale(self, position_steps: float, depth_m: float) -> float: ...
    @overload
    def scale(self, position_steps: NDArray[Any], depth_m: Reals) -> NDArray[np.float64]: ...
    @overload
    def scale(self, position_steps: Reals, depth_m: NDArray[Any]) -> NDArray[np.float64]: ...
    def scale(self, position_steps: Reals, depth_m: Reals) -> Reals:
        """Size of the picture of a thing against its focused picture, `v / v0` (focus breathing); NaN as in `defocus_px`."""
        position, depth = together(("position_steps", position_steps), ("depth_m", depth_m))
        sensor = self.focal_length_m + self.mapping.extension_m(position)
        return out(sensor / (self.focal_length_m + extension_of_distance_m(self.focal_length_m, depth)))

    def _defocus_px(self, position_steps: Reals, depth_m: Reals) -> Any:
        position, depth = together(("position_steps", position_steps), ("depth_m", depth_m))
        extension = self.mapping.extension_m(position)
        image = extension_of_distance_m(self.focal_length_m, depth)
        return defocus_radius_m(self.aperture_m, self.focal_length_m, extension, image) / self.pixel_pitch_m


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool) and bool(np.isfinite(value))
