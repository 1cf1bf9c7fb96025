"""Where the focus stands, as everybody downstream needs it: a distance and the depth of field, or why there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass

FOCUS_STATES = ("unknown", "finite", "infinity", "beyond_infinity")


@dataclass(frozen=True)
class FocusReading:
    """The focus at one moment.

    Attributes:
        state: 'finite', 'infinity', 'beyond_infinity' (no object is in focus) or 'unknown' (the lens has not said).
        focus_distance_m: depth of the focal plane, metres; +inf at infinity; NaN where there is none.
        near_limit_m: near end of the depth of field, metres; NaN where nothing is in focus.
        far_limit_m: far end, metres; +inf where it reaches infinity; NaN where nothing is in focus.
    """

    state: str
    focus_distance_m: float = math.nan
    near_limit_m: float = math.nan
    far_limit_m: float = math.nan

    @classmethod
    def of(cls, focus_distance_m: float, near_limit_m: float, far_limit_m: float) -> FocusReading:
        """A reading from a lens that has said where it is: NaN means beyond infinity there."""
        if math.isnan(focus_distance_m):
            return cls("beyond_infinity", math.nan, near_limit_m, far_limit_m)
        state = "infinity" if math.isinf(focus_distance_m) else "finite"
        return cls(state, focus_distance_m, near_limit_m, far_limit_m)
