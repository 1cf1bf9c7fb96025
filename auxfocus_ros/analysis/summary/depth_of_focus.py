"""How far the lens may stand from a target's best position with the target still in focus, out of the table alone.

Thin lens: a position is the vergence `1 / depth` of what it focuses times a constant, plus another, but for a part in
(depth / focal length). So a line through all pairs of vergence and position that the table has (focus distance and lens position,
target's depth and best position) turns the near limit of the depth of field into a position as well.
"""

from __future__ import annotations

import numpy as np

from auxfocus_ros.analysis.summary.terms import Columns, Floats, numbers

MOST_PAIRS = 20_000


def depth_of_focus_steps(columns: Columns) -> float:
    """Whole width of the depth of focus, motor steps: median over the frames, > 0.

    A lens with a strongly bent table has another width at each end; this is that of where it mostly stood. NaN where the table
    does not have a focus distance with its near limit, or never two different positions.
    """
    focus, near = numbers(columns, "focus_distance_m"), numbers(columns, "near_limit_m")
    with np.errstate(divide="ignore"):
        vergences = np.concatenate([1.0 / focus, 1.0 / numbers(columns, "target_depth_m")])
    positions = np.concatenate([numbers(columns, "lens_position_steps"), numbers(columns, "target_best_steps")])
    slope = _slope(vergences, positions)
    halves = abs(slope) * (1.0 / near - vergences[: focus.size])
    halves = halves[halves > 0]
    return 2.0 * float(np.median(halves)) if halves.size else float("nan")


def _slope(vergences: Floats, positions: Floats) -> float:
    known = np.flatnonzero(np.isfinite(vergences) & np.isfinite(positions))
    known = known[:: max(1, known.size // MOST_PAIRS)]
    x, y = vergences[known], positions[known]
    if x.size < 2 or np.ptp(x) < 1e-9 or np.ptp(y) == 0:
        return float("nan")
    x = x - x.mean()
    return float(x @ (y - y.mean()) / (x @ x))
