"""Where to go next: the fullest bin of a histogram over the deviations of the cells that are not done.

Algorithm 2 prints the histogram over the active cells, `P (.) U`, which are those that need nothing more; section 5.1 rightly
takes the complement, and so does this.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_SAME_WEIGHT = 1e-9


@dataclass(frozen=True)
class FullestBin:
    """centre_steps: of its deviations. weight: of its cells, all together."""

    centre_steps: float
    weight: float


def fullest_bin(
    deviation_steps: NDArray[np.float64], weight: NDArray[np.float64], half_depth_of_focus_steps: float
) -> FullestBin | None:
    """The bin that holds most of the remaining cells.

    Bins are as wide as the depth of field, and one is centred at 0: it holds what is in focus now. So wherever the lens goes it
    leaves the depth of field, and what lies in the bin comes into focus. What remains is never counted into the bin at 0.

    Args:
        deviation_steps: (rows, columns), NaN: unknown.
        weight: (rows, columns), what each cell counts; 0: done, or of no interest.
        half_depth_of_focus_steps: half the width of a bin, > 0.

    Returns:
        Of bins that hold equally much the nearest one, of two equally near ones the upper. None: nothing remains that is known.

    Source: Intelligent Autofocus, section 5.1.
    """
    chosen = np.isfinite(deviation_steps) & (weight > 0.0)
    if not chosen.any():
        return None
    deviation, width = deviation_steps[chosen], 2.0 * half_depth_of_focus_steps
    number = np.where(deviation < 0, -1.0, 1.0) * np.maximum(np.rint(np.abs(deviation) / width), 1.0)
    bins, of_cell = np.unique(number, return_inverse=True)
    held = np.bincount(of_cell.ravel(), weight[chosen])
    best = [index for index in range(len(bins)) if held[index] >= held.max() * (1.0 - _SAME_WEIGHT)]
    first = min(best, key=lambda index: (abs(bins[index]), -bins[index]))
    return FullestBin(float(bins[first] * width), float(held[first]))
