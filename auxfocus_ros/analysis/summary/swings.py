"""Where a curve that trembles really goes up and down: its swings that are larger than a threshold.

The curve's turning points are found with hysteresis: a maximum is one as soon as the curve has fallen by more than the threshold
from it. What is smaller is trembling and no swing.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from auxfocus_ros.analysis.summary.terms import Floats

ARRIVED = 0.1
"""Share of the threshold within which the curve stands where a swing begins or ends: standing there is not part of the swing."""


def swings(values: Floats, least: float) -> list[tuple[int, int]]:
    """Movements by more than a threshold, one way each.

    Args:
        values: (F,) finite.
        least: what a swing must exceed, in their unit, > 0.

    Returns:
        (first, last) place of each: where the curve leaves one turning point and where it reaches the next. In order; two
        neighbours go opposite ways.
    """
    turns = _turning_points(values, least)
    return [_trimmed(values, begin, end, ARRIVED * least) for begin, end in pairwise(turns)]


def _turning_points(values: Floats, least: float) -> list[int]:
    low = high = 0
    way = 0
    turns: list[int] = []
    listed = values.tolist()
    for place, value in enumerate(listed):
        if value > listed[high]:
            high = place
        if value < listed[low]:
            low = place
        if way >= 0 and listed[high] - value > least:
            turns.append(high)
            way, low = -1, place
        elif way <= 0 and value - listed[low] > least:
            turns.append(low)
            way, high = 1, place
    if way:
        turns.append(high if way > 0 else low)
    return turns


def _trimmed(values: Floats, begin: int, end: int, tolerance: float) -> tuple[int, int]:
    within = values[begin : end + 1]
    first = begin + int(np.flatnonzero(np.abs(within - values[begin]) <= tolerance)[-1])
    last = begin + int(np.flatnonzero(np.abs(within - values[end]) <= tolerance)[0])
    return first, max(first, last)
