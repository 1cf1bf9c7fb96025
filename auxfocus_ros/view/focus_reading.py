"""Where the focus stands, as the picture is to show it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import Lens

FocusState = Literal["unknown", "finite", "infinity", "beyond_infinity"]
FOCUS_STATES: tuple[FocusState, ...] = get_args(FocusState)


LENS_TIMEOUT_S = 2.0
"""A lens state that is so much older than the picture says nothing of it, unless somebody sets another time."""


@dataclass(frozen=True)
class FocusReading:
    """The focus distance and the depth of field at one moment.

    Attributes:
        state: 'unknown' (nothing is known of the lens), 'finite', 'infinity', or 'beyond_infinity' (no object is in focus).
        focus_distance_m: of the focal plane, metres; finite and > 0 where the state is 'finite', +inf at 'infinity', else NaN.
        near_limit_m: near limit of the depth of field, metres; NaN: nothing is in focus, or unknown.
        far_limit_m: far limit, metres; +inf where it reaches infinity; NaN as the near limit.

    Raises:
        InputError: a state that is not known, or distances that do not fit it.
    """

    state: FocusState = "unknown"
    focus_distance_m: float = math.nan
    near_limit_m: float = math.nan
    far_limit_m: float = math.nan

    def __post_init__(self) -> None:
        """Check that the distances fit the state and each other."""
        if self.state not in FOCUS_STATES:
            raise InputError(f"focus: state must be one of {', '.join(FOCUS_STATES)}, got {self.state!r}")
        if self.state == "finite" and not (0 < self.focus_distance_m < math.inf):
            raise InputError(f"focus: a finite focus needs a distance greater than 0 m, got {self.focus_distance_m!r}")
        near, far = self.near_limit_m, self.far_limit_m
        if math.isnan(near) != math.isnan(far) or not (math.isnan(near) or 0 < near <= far):
            raise InputError(f"depth of field: wanted 0 < near <= far, or NaN for both, got {near!r} to {far!r}")

    @classmethod
    def of_distances(
        cls, focus_distance_m: float, near_limit_m: float, far_limit_m: float, beyond_infinity: bool = False
    ) -> FocusReading:
        """What a lens state's distances say: +inf is 'infinity', NaN is 'unknown', or 'beyond_infinity' where that is said."""
        if beyond_infinity:
            return cls("beyond_infinity", math.nan, near_limit_m, far_limit_m)
        if math.isnan(focus_distance_m):
            return cls()
        state: FocusState = "infinity" if focus_distance_m == math.inf else "finite"
        return cls(state, focus_distance_m, near_limit_m, far_limit_m)

    @classmethod
    def of_lens(cls, lens: Lens, position_steps: float) -> FocusReading:
        """The reading of a lens at a position."""
        near, far = lens.depth_of_field_m(position_steps)
        distance = lens.focus_distance_m(position_steps)
        return cls.of_distances(distance, near, far, beyond_infinity=math.isnan(distance))

    @property
    def has_depth_of_field(self) -> bool:
        """Whether anything is in focus at all."""
        return not math.isnan(self.near_limit_m)


def distance_text(distance_m: float) -> str:
    """A distance for a person, three digits: '0.452 m', '2.35 m', '23.5 m', '235 m', '1.2 km'; infinity is its sign."""
    if math.isinf(distance_m):
        return "∞"
    for below, decimals in ((0.9995, 3), (9.995, 2), (99.95, 1), (999.5, 0)):
        if distance_m < below:
            return f"{distance_m:.{decimals}f} m"
    return f"{distance_m / 1000:.1f} km" if distance_m < 9950 else f"{distance_m / 1000:.0f} km"
