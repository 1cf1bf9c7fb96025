"""Soft passages: from when to when the region that counts was not sharp, and by what it is known.

Two witnesses. By depth: the target of interest lies outside the depth of field. By the picture: the region's sharpness has
fallen below a share of the best of the last seconds, of the same target; a passage that lasts longer than these seconds therefore
ends with them, as nothing sharper is then remembered, and a scene that changes its texture looks soft. Each witness's passages
that are too short are dropped, then those that a shorter break separates are joined, then those of both that overlap.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.analysis.summary.terms import Columns, Floats, Key, numbers
from auxfocus_ros.analysis.summary.times import period_s, stretches

MEASURE = "tenengrad"
"""The sharpness measure that is asked, the one that the searches climb by default."""

BEST_OF_S = 10.0
"""The best of as many seconds is what a region's sharpness is held against."""

BY_DEPTH = "target out of focus by depth"

PASSAGES_KEYS = (
    Key("soft.share", "", "share of the time that the soft passages take"),
    Key("soft.count", "", "how many there are"),
    Key("soft.longest_s", "s", "length of the longest; 0: none"),
    Key("soft.passages[].start_s", "s", "time of its first frame, since the recording's first picture"),
    Key("soft.passages[].end_s", "s", "when its last frame ended"),
    Key("soft.passages[].first_frame", "", "number of its first frame"),
    Key("soft.passages[].last_frame", "", "and of its last"),
    Key("soft.passages[].why", "", f"'{BY_DEPTH}', 'sharpness below ... of the best of the last {BEST_OF_S:g} s', or both"),
)


def soft_passages(columns: Columns, durations_s: Floats, soft_share: float, soft_s: float) -> dict[str, Any]:
    """Soft passages; see PASSAGES_KEYS.

    Args:
        columns: the table of F frames.
        durations_s: (F,) for how long each counts.
        soft_share: of the best sharpness, 0 to 1; from there on nothing is soft.
        soft_s: shorter passages, and shorter breaks, do not count.

    Returns:
        The figures, and the passages in the order of their frames.
    """
    time_s, frame = numbers(columns, "time_s"), numbers(columns, "frame")
    by_picture = f"sharpness below {soft_share:g} of the best of the last {BEST_OF_S:g} s"
    witnesses = {
        BY_DEPTH: numbers(columns, "target_in_focus") == 0,
        by_picture: _below_the_best(columns, time_s, soft_share),
    }
    found = [
        (first, last, (why,)) for why, soft in witnesses.items() for first, last in _lasting(time_s, durations_s, soft, soft_s)
    ]
    passages = _overlapping_joined(sorted(found))
    lengths = [float(durations_s[first : last + 1].sum()) for first, last, _ in passages]
    total = durations_s.sum()
    return {
        "share": sum(lengths) / float(total) if total > 0 else float("nan"),
        "count": len(passages),
        "longest_s": max(lengths, default=0.0),
        "passages": [
            {
                "start_s": float(time_s[first]),
                "end_s": float(time_s[last] + durations_s[last]),
                "first_frame": int(frame[first]),
                "last_frame": int(frame[last]),
                "why": " and ".join(why),
            }
            for first, last, why in passages
        ],
    }


def _below_the_best(columns: Columns, time_s: Floats, soft_share: float) -> NDArray[np.bool_]:
    """(F,) whether the region's sharpness, by the median of three frames, is below the share of the best of it."""
    from scipy.ndimage import maximum_filter1d, median_filter

    sharpness = numbers(columns, f"sharpness_{MEASURE}")
    target = np.nan_to_num(numbers(columns, "target_id"), nan=-1.0)
    period = period_s(time_s)
    reach = max(1, round(BEST_OF_S / 2 / period)) if period > 0 else 1
    soft = np.zeros(time_s.size, dtype=bool)
    for places in stretches(time_s, np.isfinite(sharpness), target):
        steady = median_filter(sharpness[places], size=3, mode="nearest")
        best = maximum_filter1d(steady, size=2 * reach + 1, origin=reach, mode="nearest")  # of itself and the 2 reach before it
        soft[places] = steady < soft_share * best
    return soft


def _lasting(time_s: Floats, durations_s: Floats, soft: NDArray[np.bool_], soft_s: float) -> list[tuple[int, int]]:
    """(first, last) frame of each passage that is not too short, those apart by a short break joined."""
    passages: list[tuple[int, int]] = []
    everywhere = np.ones(soft.size, dtype=bool)
    for places in stretches(time_s, everywhere, soft.astype(np.float64)):
        if not soft[places[0]] or durations_s[places].sum() < soft_s * (1 - 1e-9):
            continue
        first, last = int(places[0]), int(places[-1])
        if passages and 0 <= time_s[first] - _end_s(time_s, durations_s, passages[-1][1]) < soft_s:
            first = passages.pop()[0]
        passages.append((first, last))
    return passages


def _end_s(time_s: Floats, durations_s: Floats, frame: int) -> float:
    return float(time_s[frame] + durations_s[frame])


def _overlapping_joined(found: list[tuple[int, int, tuple[str, ...]]]) -> list[tuple[int, int, tuple[str, ...]]]:
    passages: list[tuple[int, int, tuple[str, ...]]] = []
    for first, last, why in found:
        if passages and first <= passages[-1][1]:
            begin, end, known = passages.pop()
            passages.append((begin, max(end, last), known + tuple(one for one in why if one not in known)))
        else:
            passages.append((first, last, why))
    return passages
