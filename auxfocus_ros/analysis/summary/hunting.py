"""Hunting: the lens going to and fro by more than the depth of focus while its target stands.

A reversal is a swing one way and one the other way, without the lens standing for LONGEST_STAND_S within them. It is hunting
where the target was known in most of the frames, was the same throughout and its best position stayed within the depth of focus.
A search by contrast that passes the peak once and comes back is one reversal: it is seen as the hunting that it is.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.analysis.summary.steady import steady
from auxfocus_ros.analysis.summary.swings import swings
from auxfocus_ros.analysis.summary.terms import Columns, Floats, Key, numbers
from auxfocus_ros.analysis.summary.times import period_s, stretches

LONGEST_STAND_S = 2.0
"""A lens that stands longer has settled: what comes then is a new start."""

STANDS = 0.1
"""Share of the depth of focus within which a lens stands."""

LEAST_KNOWN = 0.5
"""Share of a reversal's frames in which the target's best position must be known."""

HUNTING_KEYS = (
    Key("hunting.reversals", "", "of the lens, both ways by more than the depth of focus, whatever the target did"),
    Key("hunting.judged", "", "of these, where the target's best position is known"),
    Key("hunting.hunting_reversals", "", "of these, where the target stood"),
    Key("hunting.share", "", "share of the time that the hunting passages take"),
    Key("hunting.passages[].start_s", "s", "when the lens set out, since the recording's first picture"),
    Key("hunting.passages[].end_s", "s", "when it had arrived for the last time"),
    Key("hunting.passages[].first_frame", "", "number of the frame at the start"),
    Key("hunting.passages[].last_frame", "", "and at the end"),
    Key("hunting.passages[].reversals", "", "how many it has"),
)


def hunting(columns: Columns, durations_s: Floats, depth_of_focus_steps: float) -> dict[str, Any]:
    """Reversals of the lens and which of them are hunting; see HUNTING_KEYS.

    Args:
        columns: the table of F frames.
        durations_s: (F,) for how long each counts.
        depth_of_focus_steps: whole width; NaN: not known.

    Returns:
        The figures; NaN where the lens's positions or the depth of focus are not known, and for hunting where there were
        reversals but the target was never known in one.
    """
    time_s, lens = numbers(columns, "time_s"), numbers(columns, "lens_position_steps")
    frame, known = numbers(columns, "frame"), np.isfinite(lens)
    nan = float("nan")
    still = known.any() and np.ptp(lens[known]) == 0
    if not known.any() or not (np.isfinite(depth_of_focus_steps) or still):
        return {"reversals": nan, "judged": nan, "hunting_reversals": nan, "share": nan, "passages": []}
    best, ids = numbers(columns, "target_best_steps"), numbers(columns, "target_id")
    reversals = [] if still else _reversals(time_s, lens, known, depth_of_focus_steps)
    stood = [
        _target_stood(time_s[first : last + 1], best[first : last + 1], ids[first : last + 1], depth_of_focus_steps)
        for first, last in reversals
    ]
    judged = sum(answer is not None for answer in stood)
    passages = _joined([reversal for reversal, answer in zip(reversals, stood, strict=True) if answer])
    total = durations_s.sum()
    taken = sum(durations_s[first:last].sum() for first, last, _ in passages)
    lacking = bool(reversals) and not judged
    return {
        "reversals": len(reversals),
        "judged": judged,
        "hunting_reversals": nan if lacking else sum(count for _, _, count in passages),
        "share": nan if lacking or total == 0 else float(taken / total),
        "passages": [
            {
                "start_s": float(time_s[first]),
                "end_s": float(time_s[last]),
                "first_frame": int(frame[first]),
                "last_frame": int(frame[last]),
                "reversals": count,
            }
            for first, last, count in passages
        ],
    }


def _reversals(time_s: Floats, lens: Floats, known: NDArray[np.bool_], threshold: float) -> list[tuple[int, int]]:
    """(first, last) frame of each: the two swings together."""
    settled = np.zeros(lens.size)
    for places in stretches(time_s, known):
        settled[places] = _settled(time_s[places], lens[places], STANDS * threshold)
    return [
        (int(places[out]), int(places[home]))
        for places in stretches(time_s, known, settled)
        for (out, _), (_, home) in pairwise(swings(lens[places], threshold))
    ]


def _settled(time_s: Floats, lens: Floats, tolerance: float) -> NDArray[np.bool_]:
    """(F,) whether the lens stands half of LONGEST_STAND_S before and after a frame."""
    from scipy.ndimage import maximum_filter1d, minimum_filter1d

    period = period_s(time_s)
    size = 2 * max(1, round(LONGEST_STAND_S / 2 / period)) + 1 if period > 0 else 3
    stands: NDArray[np.bool_] = maximum_filter1d(lens, size) - minimum_filter1d(lens, size) <= tolerance
    return stands


def _target_stood(time_s: Floats, best: Floats, ids: Floats, threshold: float) -> bool | None:
    """Whether it did in all these frames; None: not known."""
    known = np.isfinite(best) & np.isfinite(ids)
    if known.mean() < LEAST_KNOWN:
        return None
    return bool(np.ptp(ids[known]) == 0 and np.ptp(steady(time_s[known], best[known])) <= threshold)


def _joined(reversals: list[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """(first, last, how many) of those that overlap: each swing but the outer two belongs to two reversals."""
    passages: list[tuple[int, int, int]] = []
    for first, last in reversals:
        if passages and first < passages[-1][1]:
            begin, _, count = passages.pop()
            passages.append((begin, last, count + 1))
        else:
            passages.append((first, last, 1))
    return passages
