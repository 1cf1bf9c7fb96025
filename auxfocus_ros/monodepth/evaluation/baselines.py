"""What depth can be had without looking at the picture: a network that is no better than this has learnt nothing from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.evaluation.metrics import has_depth


@dataclass(frozen=True, eq=False)
class RowMeanBaseline:
    """Knows only the mean depth of each row of the picture.

    row_depth_m: (H,) float64, the arithmetic mean of a row's readings over all the frames it was learnt from, every reading
    counting once; a row without readings has what lies between its neighbours, beyond the last row with readings what that one
    has.
    """

    row_depth_m: NDArray[np.float64]

    @classmethod
    def learnt_from(cls, depths_m: Iterable[NDArray[Any]], *, cap_m: float) -> RowMeanBaseline:
        """Learn the rows from true depth.

        Args:
            depths_m: (H, W) each, of one height; 0, NaN, +inf and what lies beyond `cap_m` are no readings.
            cap_m: farthest depth that counts.

        Raises:
            InputError: frames of several heights, or no reading in any.
        """
        total: NDArray[np.float64] | None = None
        count = np.zeros(0)
        for depth_m in depths_m:
            reads = has_depth(depth_m, cap_m)
            if total is None:
                total, count = np.zeros(len(depth_m)), np.zeros(len(depth_m))
            if len(total) != len(depth_m):
                raise InputError(f"rows learnt from depths of one height: found {len(total)} and {len(depth_m)} px")
            total += np.where(reads, depth_m, 0.0).sum(axis=1, dtype=float)
            count += reads.sum(axis=1)
        if total is None or not count.any():
            raise InputError(f"mean depth of rows: no frame has a depth reading up to {cap_m:g} m")
        known = np.flatnonzero(count)
        return cls(np.interp(np.arange(len(total)), known, total[known] / count[known]))

    def predict(self, width_px: int) -> NDArray[np.float64]:
        """(H, W) depth, metres: the same for every picture."""
        return np.repeat(self.row_depth_m[:, None], width_px, axis=1)
