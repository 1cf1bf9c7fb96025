"""How far away a part of the picture is, from the readings in it.

A region rarely shows one thing alone: there is a wall behind the head, a pane before the room, a stray return from the air. Their
mean is where nothing is. So the readings are parted where there are gaps in depth; the part with the most readings is what the
region shows (behind a glass pane, which gives the fewer readings, that is what is behind), and the depth is the middle of its
densest stretch. All of that is done in the logarithm of depth, because both the errors of depth sensors and what a lens can
tell apart grow with it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_BIN = 0.02  # of the depth: gaps are looked for with this resolution
_GAP_BINS = 2  # so many bins without readings, or nearly, do not part two sides yet
_STRAY = 0.004  # of all readings: a bin with a smaller share holds strays
_STRETCH = 0.1  # of the depth: length of the densest stretch
_PRIOR = 0.03  # of the depth: how far readings scatter when there are too few to tell
_MIDDLE_LOSS = 1.2533  # a median scatters by so much more than a mean
_SPREAD_OF_MAD = 1.4826


@dataclass(frozen=True)
class RegionDepth:
    """The depth of a region.

    depth_m: metres, > 0, finite. near_m, far_m: nine tenths of the readings that it rests on lie between. sigma_m: one standard
    deviation of depth_m. count: how many readings it rests on.
    """

    depth_m: float
    near_m: float
    far_m: float
    sigma_m: float
    count: int


def region_depth(depths_m: NDArray[np.float32]) -> RegionDepth | None:
    """The depth at which most of a region's readings are.

    Args:
        depths_m: (n,) the readings, metres; what is not finite and positive is none.

    Returns:
        Where they are densest, in that part of them, between gaps of some 6 percent of the depth, that has the most; of two equal
        parts the nearer. `sigma_m` is that of a median of `count` readings that scatter as these do, where a few readings lean on
        a scatter of 3 percent. None without readings.
    """
    valid = depths_m[(depths_m > 0) & (depths_m < np.inf)]  # NaN is neither
    if not len(valid):
        return None
    values = np.sort(valid.astype(np.float64))
    values = values[_largest_part(np.log(values))]
    logs = np.log(values)
    ends = np.searchsorted(logs, logs + _STRETCH, "right")
    counts = ends - np.arange(len(logs))
    best = int(np.argmax(counts))
    stretch = values[best : ends[best]]
    depth, count = float(np.median(stretch)), len(stretch)
    near, far = np.quantile(stretch, (0.05, 0.95))
    scatter = _SPREAD_OF_MAD * float(np.median(np.abs(stretch - depth)))
    variance = ((count - 1) * scatter**2 + (_PRIOR * depth) ** 2) / count
    return RegionDepth(depth, float(near), float(far), _MIDDLE_LOSS * math.sqrt(variance / count), count)


def _largest_part(logs: NDArray[np.float64]) -> slice:
    """Of sorted values the part between gaps that has the most of them."""
    bins = ((logs - logs[0]) / _BIN).astype(np.int64)
    taken, counts = np.unique(bins, return_counts=True)
    solid = taken[counts > _STRAY * len(logs)]
    breaks = np.flatnonzero(np.diff(solid) > _GAP_BINS + 1)
    if not len(breaks):
        return slice(None)
    firsts = solid[np.append(0, breaks + 1)]
    lasts = solid[np.append(breaks, len(solid) - 1)]
    begins, ends = np.searchsorted(bins, firsts, "left"), np.searchsorted(bins, lasts, "right")
    largest = int(np.argmax(ends - begins))
    return slice(int(begins[largest]), int(ends[largest]))
