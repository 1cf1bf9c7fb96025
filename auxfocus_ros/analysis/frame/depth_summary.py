"""How a frame's depth readings are spread: counts on an axis that is the same for every frame, and quantiles.

The readings are counted once, on an axis 64 times as fine as that of `depth_counts` and sixteen of its bins longer at each end;
everything else comes from those counts. So a depth image of a million readings costs no sort.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.analysis.columns import DEPTH_BINS, FARTHEST_BIN_M, NEAREST_BIN_M
from auxfocus_ros.analysis.part import Row
from auxfocus_ros.distribution import AcrossAxis, DepthAxis, DepthDistribution, count_points
from auxfocus_ros.view import FocusReading
from auxfocus_ros.view.frame_depth import CloudDepth, FrameDepth

QUANTILES = {
    "depth_p05_m": 0.05,
    "depth_p25_m": 0.25,
    "depth_median_m": 0.5,
    "depth_p75_m": 0.75,
    "depth_p95_m": 0.95,
}
_FINER, _LONGER = 64, 16  # fine bins in a bin; bins beyond each end


def depth_columns(depth: FrameDepth | None, focus: FocusReading, width_px: int) -> Row:
    """The columns of the depth distribution.

    Args:
        depth: the frame's readings; None: it has none.
        focus: where the focus stands.
        width_px: of the picture.

    Returns:
        The number of readings, quantiles, counts and the share within the depth of field. A quantile is the middle of the fine
        bin that holds the reading of that rank: within 0.1 percent of it, from 0.015 m to 1300 m; what lies beyond counts as
        there. Where the picture shows no reading only their number, 0.
    """
    if depth is None:
        return {"readings": 0}
    across, limits_m = AcrossAxis.of_picture(width_px, 1), (focus.near_limit_m, focus.far_limit_m)
    axis = _fine_axis()
    if isinstance(depth, CloudDepth):  # also where a panorama counts what the picture does not show
        found = count_points(depth.points, axis, across, limits_m)
    else:
        found = depth.count(axis, across, limits_m)
    if not found.total:
        return {"readings": 0}
    counts = _with_ends(found)
    ranks = np.ceil(np.array(list(QUANTILES.values())) * found.total)
    bins = np.searchsorted(np.cumsum(counts), ranks)
    depths_m = axis.depth_at((bins + 0.5) / axis.bins)
    return {
        "readings": found.total,
        **dict(zip(QUANTILES, depths_m.tolist(), strict=True)),
        "depth_counts": _coarse(counts).tolist(),
        "in_depth_of_field": None if focus.state == "unknown" else found.split.inside / found.total,
    }


@lru_cache(maxsize=1)
def _fine_axis() -> DepthAxis:
    beyond = (FARTHEST_BIN_M / NEAREST_BIN_M) ** (_LONGER / DEPTH_BINS)
    return DepthAxis(NEAREST_BIN_M / beyond, FARTHEST_BIN_M * beyond, (DEPTH_BINS + 2 * _LONGER) * _FINER, "log")


def _with_ends(found: DepthDistribution) -> NDArray[np.int64]:
    """Counts of the fine bins, (bins,), what lies beyond the axis in the first and the last."""
    counts = found.counts[:, 0].astype(np.int64)
    counts[0] += found.nearer
    counts[-1] += found.farther
    return counts


def _coarse(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Counts of the bins of `depth_counts`, (DEPTH_BINS,)."""
    sums = counts.reshape(-1, _FINER).sum(axis=1)
    inside = sums[_LONGER:-_LONGER]
    inside[0] += sums[:_LONGER].sum()
    inside[-1] += sums[-_LONGER:].sum()
    return inside
