"""What a column of the timeline says in words, for the read-out under the pointer and for who cannot see the chart."""

from __future__ import annotations

import math

from auxfocus_ros.analysis.report.timeline import Timeline
from auxfocus_ros.analysis.report.wording import clock, span, words
from auxfocus_ros.analysis.summary.passages import MEASURE

READ_OUT = (
    ("focus_distance_m", "focus", "m"),
    ("target_depth_m", "target at", "m"),
    ("lens_position_steps", "lens", "steps"),
    ("target_best_steps", "best", "steps"),
    ("deviation_steps", "deviation", "steps"),
    (f"sharpness_{MEASURE}", words(MEASURE), ""),
)


def read_outs(timeline: Timeline) -> list[str]:
    """A line for every column, what is not known left out."""
    return [" · ".join(_said(timeline, column)) for column in range(timeline.columns)]


def _said(timeline: Timeline, column: int) -> list[str]:
    first = column * timeline.frames_per_column
    last = min(first + timeline.frames_per_column, timeline.frames) - 1
    said = [clock(float(timeline.time_s[column])), f"frame {first}" if first == last else f"frames {first} to {last}"]
    for name, title, unit in READ_OUT:
        low, high = float(timeline.lows[name][column]), float(timeline.highs[name][column])
        if math.isnan(low):
            continue
        said.append(f"{title} {span(low, high, unit)}")
        if name == "focus_distance_m":
            near, far = float(timeline.lows["near_limit_m"][column]), float(timeline.highs["far_limit_m"][column])
            said[-1] += f" (sharp {span(near, far, 'm')})" if not math.isnan(near) else ""
        if name == "target_depth_m":
            sharp = timeline.lows["target_in_focus"][column], timeline.highs["target_in_focus"][column]
            said[-1] += {(1, 1): ", in focus", (0, 0): ", out of focus", (0, 1): ", partly in focus"}.get(sharp, "")
    return said
