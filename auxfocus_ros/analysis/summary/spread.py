"""By how much a mean over frames would differ had the recording been another of its kind.

Frames follow one another closely, so that their own scatter says far too little: a second in which the focus was lost is thirty
wrong frames and one event. Means over blocks of time that are longer than such an event are taken as the independent ones.
"""

from __future__ import annotations

import numpy as np

from auxfocus_ros.analysis.summary.terms import Floats

LEAST_BLOCK_S, MOST_BLOCKS = 2.0, 30

LEAST_BLOCKS = 4
"""Of fewer no spread is known."""


def mean_and_spread(time_s: Floats, values: Floats) -> tuple[float, float]:
    """Mean of a quantity over frames with its standard error.

    Args:
        time_s: (F,) seconds.
        values: (F,), NaN where it is not known.

    Returns:
        (mean, standard error), of the ratio estimator over blocks of at least 2 s, at most 30 of them; NaN where there is nothing
        to take the mean of, and the error NaN where it covers fewer than 4 blocks.
    """
    known = np.isfinite(values)
    if not known.any():
        return float("nan"), float("nan")
    x, t = values[known], time_s[known]
    mean = float(x.mean())
    block_s = max(LEAST_BLOCK_S, float(np.ptp(t)) / MOST_BLOCKS)
    _, block = np.unique(np.floor((t - t.min()) / block_s), return_inverse=True)
    blocks = int(block.max()) + 1
    if blocks < LEAST_BLOCKS:
        return mean, float("nan")
    off = np.bincount(block, weights=x - mean)
    return mean, float(np.sqrt(blocks / (blocks - 1) * (off @ off)) / x.size)
