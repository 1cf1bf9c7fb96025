"""How many readings are inside the depth of field, and how many in front of it and behind it."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import InputError


class FocusSplit(NamedTuple):
    """Numbers of readings relative to the depth of field."""

    inside: int
    nearer: int
    farther: int


NO_SPLIT = FocusSplit(0, 0, 0)


def split_by_focus(depth: NDArray[Any], near_m: float, far_m: float, unit_m: float = 1.0) -> FocusSplit:
    """Split readings at the limits of the depth of field.

    Args:
        depth: depths of any shape, float metres, or integers in units of `unit_m`. 0, negative, NaN and infinite: no reading.
        near_m: near limit of the depth of field, metres, counted as inside.
        far_m: far limit, metres, counted as inside; +inf where it reaches infinity.
        unit_m: metres a unit of `depth`.

    Returns:
        (inside, nearer, farther), which together are all readings. Limits that do not exist (NaN) give all zeros: there is
        nothing to be nearer than.

    Raises:
        InputError: limits in the wrong order.
    """
    if not check_limits(near_m, far_m):
        return NO_SPLIT
    # In the readings' own type, so that a limit and a reading of the same value compare equal.
    number = depth.dtype.type if np.issubdtype(depth.dtype, np.floating) else np.float64
    readings = int(np.count_nonzero(depth > 0))
    no_upper_end = int(np.count_nonzero(depth == np.inf)) if np.issubdtype(depth.dtype, np.floating) else 0
    not_positive = depth.size - readings - int(np.count_nonzero(np.isnan(depth)))
    nearer = int(np.count_nonzero(depth < number(near_m / unit_m))) - not_positive if near_m > 0 else 0
    farther = int(np.count_nonzero(depth > number(far_m / unit_m))) - no_upper_end if far_m < math.inf else 0
    return FocusSplit(readings - no_upper_end - nearer - farther, nearer, farther)


def check_limits(near_m: float, far_m: float) -> bool:
    """Whether there are limits to split at (neither is NaN). Raises InputError for limits in the wrong order."""
    if math.isnan(near_m) or math.isnan(far_m):
        return False
    if near_m > far_m:
        raise InputError(f"depth of field: the near limit must not be beyond the far limit, got {near_m:g} m to {far_m:g} m")
    return True
