"""Whether it was in focus: the target by its depth, the region by its blur, the scene by its readings."""

from __future__ import annotations

from typing import Any

import numpy as np

from auxfocus_ros.analysis.summary.terms import Columns, Floats, Key, mean_of, numbers, quantile_of

IN_FOCUS_KEYS = (
    Key("in_focus.share", "", "share of the time in which the target of interest lay within the depth of field, where known"),
    Key("in_focus.known_share", "", "share of the time in which that is known"),
    Key("in_focus.targets", "", "how many targets of interest there were"),
    Key("in_focus.off_median_steps", "steps", "median distance of the lens from the position that would focus the target"),
    Key("in_focus.off_p90_steps", "steps", "nine tenths of the frames lie nearer to it"),
    Key("in_focus.picture_share", "", "share of the time within the depth of focus by the step estimator, where it was asked"),
    Key("in_focus.deviation_median_steps", "steps", "median size of the step estimator's deviation"),
    Key("in_focus.scene_share", "", "mean share of the depth readings within the depth of field"),
)


def in_focus(columns: Columns, durations_s: Floats, depth_of_focus_steps: float) -> dict[str, Any]:
    """Shares of time in focus; see IN_FOCUS_KEYS.

    Args:
        columns: the table of F frames.
        durations_s: (F,) for how long each counts.
        depth_of_focus_steps: whole width; NaN: not known.

    Returns:
        The figures, NaN where they are not known.
    """
    sharp = numbers(columns, "target_in_focus")
    off = np.abs(numbers(columns, "target_off_steps"))
    deviation = np.abs(numbers(columns, "deviation_steps"))
    ids = numbers(columns, "target_id")
    within = np.where(np.isfinite(deviation), deviation <= depth_of_focus_steps / 2, np.nan)
    return {
        "share": mean_of(sharp, durations_s),
        "known_share": mean_of(np.isfinite(sharp).astype(np.float64), durations_s),
        "targets": np.unique(ids[np.isfinite(ids)]).size,
        "off_median_steps": quantile_of(off, 0.5),
        "off_p90_steps": quantile_of(off, 0.9),
        "picture_share": mean_of(within, durations_s) if np.isfinite(depth_of_focus_steps) else float("nan"),
        "deviation_median_steps": quantile_of(deviation, 0.5),
        "scene_share": mean_of(numbers(columns, "in_depth_of_field"), durations_s),
    }
