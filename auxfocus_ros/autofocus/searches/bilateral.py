"""The peak of a sharpness curve as the place where the lines of its two sides meet."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FLOOR_SHARE = 0.98
"""Share of the lowest sample that is taken for what noise leaves far from focus."""


def bilateral_peak_steps(
    positions_steps: NDArray[np.float64], values: NDArray[np.float64], low_steps: float, high_steps: float
) -> float:
    """Where the lines of the two sides meet.

    Far from its peak, sharpness falls with the square of the defocus, so `(F - b)^(-1/2)` is a falling line before focus and a
    rising one behind it; `b` is what noise leaves. A line goes through the two samples of its side that are nearest to focus, or
    mirrors the other's slope where there is one only. The sharpest sample belongs to the side with which the two slopes are
    more nearly opposite. The meeting point is kept between the two samples next to it.

    Args:
        positions_steps: (N,), rising.
        values: (N,), the sharpness there.
        low_steps, high_steps: the range.

    Returns:
        The position; the range's end where the sharpest sample is the last that way; the sharpest sample's where no lines meet.
    """
    sharpest = int(np.argmax(values))
    if sharpest in (0, len(values) - 1):
        return low_steps if sharpest == 0 else high_steps
    above = values - FLOOR_SHARE * values.min()
    distance = 1.0 / np.sqrt(np.maximum(above, 1e-9 * np.abs(values).max() + 1e-12))
    meetings = [
        meeting for behind in (sharpest, sharpest + 1) if (meeting := _meeting(positions_steps, distance, behind)) is not None
    ]
    return min(meetings)[1] if meetings else float(positions_steps[sharpest])


def _meeting(positions: NDArray[np.float64], distance: NDArray[np.float64], behind: int) -> tuple[float, float] | None:
    """How unlike their slopes are, 0 to 1, and where the lines before and from `behind` on meet; None: they do not."""
    before = behind - 1
    falling = _slope(positions, distance, before - 1) if before > 0 else None
    rising = _slope(positions, distance, behind) if behind + 1 < len(positions) else None
    if falling is None and rising is not None:
        falling = -rising
    elif rising is None and falling is not None:
        rising = -falling
    if falling is None or rising is None or falling >= 0.0 or rising <= 0.0:
        return None
    gap = positions[behind] - positions[before]
    way = (distance[behind] - distance[before] - rising * gap) / (falling - rising)
    return abs(falling + rising) / (rising - falling), float(positions[before] + np.clip(way, 0.0, gap))


def _slope(positions: NDArray[np.float64], distance: NDArray[np.float64], at: int) -> float:
    return float((distance[at + 1] - distance[at]) / (positions[at + 1] - positions[at]))
