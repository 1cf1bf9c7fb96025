"""When frames were, how long each counts, and which of them follow one another.

Recordings drop pictures and their clocks jump: what is said of a stretch of time must not reach over such a place.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.analysis.summary.terms import Floats

LONGEST_GAP_S = 0.5
"""What is known before and after a longer gap is not taken for one stretch."""

FRAME_COUNTS_FOR = 1.5
"""Periods that a frame counts for at most: a gap is no time in which anything was seen."""

Indices = NDArray[np.intp]


def period_s(time_s: Floats) -> float:
    """Median time between pictures, seconds; 0 where there are not two of different times."""
    apart = np.diff(time_s)
    ahead = apart[apart > 0]
    return float(np.median(ahead)) if ahead.size else 0.0


def durations_s(time_s: Floats) -> Floats:
    """For how long each frame counts: until the next, at most 1.5 periods; one period where the clock does not go on.

    Args:
        time_s: (F,) of the frames, seconds, in their order.

    Returns:
        (F,) seconds; all 0 where there is no period.
    """
    period = period_s(time_s)
    apart = np.diff(time_s, append=time_s[-1:] + period)
    return np.where(apart > 0, np.minimum(apart, FRAME_COUNTS_FOR * period), period)


def stretches(time_s: Floats, known: NDArray[np.bool_], *same: Floats, gap_s: float = LONGEST_GAP_S) -> list[Indices]:
    """Frames that belong together: known, without a gap, with the clock running forward, and of one kind.

    Args:
        time_s: (F,) seconds.
        known: (F,) whether a frame takes part; those between that do not are left out, they alone do not end a stretch.
        same: (F,) each, what must stay equal within a stretch.
        gap_s: longest time between two frames of a stretch.

    Returns:
        Places of the frames, an array for each stretch, in order.
    """
    places = np.flatnonzero(known)
    if not places.size:
        return []
    apart = np.diff(time_s[places])
    ends = (apart > gap_s) | (apart <= 0)
    for values in same:
        ends |= values[places][1:] != values[places][:-1]
    return np.split(places, np.flatnonzero(ends) + 1)
