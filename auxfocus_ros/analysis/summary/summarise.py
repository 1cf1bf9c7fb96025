"""All figures of a recording at once."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from auxfocus_ros.analysis.options import AnalysisOptions
from auxfocus_ros.analysis.summary.autofocus_answers import ANSWERS_KEYS, autofocus_answers
from auxfocus_ros.analysis.summary.hunting import HUNTING_KEYS, hunting
from auxfocus_ros.analysis.summary.in_focus import IN_FOCUS_KEYS, in_focus
from auxfocus_ros.analysis.summary.lag import LAG_KEYS, focus_lag
from auxfocus_ros.analysis.summary.lens_use import LENS_KEYS, lens_use
from auxfocus_ros.analysis.summary.passages import PASSAGES_KEYS, soft_passages
from auxfocus_ros.analysis.summary.terms import Columns, Key, numbers, quantile_of
from auxfocus_ros.analysis.summary.times import durations_s, period_s
from auxfocus_ros.json_values import json_value

SUMMARY_KEYS = (
    Key("frames", "", "how many were analysed"),
    Key("analysed_s", "s", "time that they cover; a frame counts until the next, but for 1.5 periods at most"),
    Key("period_s", "s", "median time between frames"),
    Key(
        "depth_of_focus_steps", "steps", "whole width in which the lens may stand with a target in focus, median over the frames"
    ),
    *IN_FOCUS_KEYS,
    *LAG_KEYS,
    *HUNTING_KEYS,
    *PASSAGES_KEYS,
    *LENS_KEYS,
    *ANSWERS_KEYS,
    Key("not_known.*", "", "why a figure is null, in a sentence; * is its section"),
    Key("streams", "", "health of the recording's streams"),
    Key("options", "", "settings of the analysis"),
)
"""What `summarise` gives, in its order. Shares are from 0 to 1; what is not known is null."""


def summarise(columns: Columns, health: dict[str, Any], options: AnalysisOptions) -> dict[str, Any]:
    """Sum up a table of frames.

    Args:
        columns: the table, with every column of `columns.FRAME_COLUMNS` but `targets` and `depth_counts`, which are not asked.
        health: of the streams, taken over as it is.
        options: of the analysis; `soft_share` and `soft_s` are used, all are written down.

    Returns:
        What SUMMARY_KEYS says, as JSON knows it: every float is finite or None.
    """
    time_s = numbers(columns, "time_s")
    durations = durations_s(time_s)
    width = quantile_of(numbers(columns, "depth_of_focus_steps"), 0.5)
    figures = {
        "frames": time_s.size,
        "analysed_s": float(durations.sum()),
        "period_s": period_s(time_s) or None,
        "depth_of_focus_steps": width,
        "in_focus": in_focus(columns, durations, width),
        "lag": focus_lag(columns, width),
        "hunting": hunting(columns, durations, width),
        "soft": soft_passages(columns, durations, options.soft_share, options.soft_s),
        "lens": lens_use(columns, durations),
        "autofocus": autofocus_answers(columns, width),
        "streams": health,
        "options": asdict(options),
    }
    said: dict[str, Any] = json_value({**figures, "not_known": _not_known(figures, columns)})
    return said


def _not_known(figures: dict[str, Any], columns: Columns) -> dict[str, str]:
    """Section -> why its first figure is null, for those where it is."""
    lens = figures["lens"]["known_share"] > 0
    depth = bool(np.isfinite(numbers(columns, "target_depth_m")).any())
    width = bool(np.isfinite(figures["depth_of_focus_steps"]))
    why = {}
    if not np.isfinite(figures["in_focus"]["share"]):
        why["in_focus"] = (
            "the lens's positions are not known"
            if not lens
            else "no target's depth is known"
            if not depth
            else "no depth of field is known beside a target's depth"
        )
    lag = figures["lag"]
    if not lag["followed"]:
        why["lag"] = (
            "the lens's positions are not known"
            if not lens
            else "the depth of focus in steps is not known: it takes a lens file"
            if not width
            else "no target's depth is known"
            if not depth
            else f"movements of the target that the lens followed: none of {lag['stretches']}"
            if lag["stretches"]
            else "no target moved by more than the depth of focus"
        )
    if not np.isfinite(figures["hunting"]["hunting_reversals"]):
        why["hunting"] = (
            "the lens's positions are not known"
            if not lens
            else "the depth of focus in steps is not known: it takes a lens file"
            if not width
            else "no target's depth is known while the lens goes to and fro"
        )
    return why
