"""A target's best position without single wrong depths."""

from __future__ import annotations

from auxfocus_ros.analysis.summary.terms import Floats
from auxfocus_ros.analysis.summary.times import period_s

OVER_S = 0.3
"""Running median over as long: a wrong depth lasts a frame or two, a target's movement does not."""


def steady(time_s: Floats, steps: Floats) -> Floats:
    """Running median, centred, over 0.3 s but at least 3 frames.

    Args:
        time_s: (F,) seconds, rising.
        steps: (F,) finite.

    Returns:
        (F,), not delayed; a value at an end counts as going on beyond it.
    """
    from scipy.ndimage import median_filter

    period = period_s(time_s)
    reach = max(1, round(OVER_S / 2 / period)) if period > 0 else 1
    filtered: Floats = median_filter(steps, size=2 * reach + 1, mode="nearest")
    return filtered
