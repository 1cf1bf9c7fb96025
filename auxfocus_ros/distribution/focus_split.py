"""How many readings are inside the depth of field, and how many in front of it and behind it."""

from __future__ import annotations

import math
from typing import NamedTuple

from auxfocus_ros.errors import InputError


class FocusSplit(NamedTuple):
    """Numbers of readings relative to the depth of field."""

    inside: int
    nearer: int
    farther: int


NO_SPLIT = FocusSplit(0, 0, 0)


def check_limits(near_m: float, far_m: float) -> bool:
    """Whether there are limits to split at (neither is NaN). Raises InputError for limits in the wrong order."""
    if math.isnan(near_m) or math.isnan(far_m):
        return False
    if near_m > far_m:
        raise InputError(f"depth of field: the near limit must not be beyond the far limit, got {near_m:g} m to {far_m:g} m")
    return True
