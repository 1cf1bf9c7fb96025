"""How far behind the target the focus was: the time shift that best aligns the lens's position with the one that would focus it.

Each stretch in which the target's best position runs one way by more than the depth of focus is aligned for itself, by the mean
distance (robust against a few wrong depths); the lag is the median over the stretches that the lens followed at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from auxfocus_ros.analysis.summary.steady import steady
from auxfocus_ros.analysis.summary.swings import swings
from auxfocus_ros.analysis.summary.terms import Columns, Floats, Key, numbers, quantile_of
from auxfocus_ros.analysis.summary.times import LONGEST_GAP_S, Indices, stretches

LONGEST_LAG_S, LONGEST_LEAD_S = 3.0, 1.0
"""What is later (or, for a lens that goes ahead of its target, earlier) does not count as following."""

COARSE_S, FINE_S = 0.05, 0.005
"""Shifts that are tried: all of the first, then those around the best."""

AROUND_S = 0.5
"""Before and after the target's movement that is looked at as well, where the target is there."""

FOLLOWED_MOVE, FOLLOWED_ERROR = 0.5, 0.2
"""Shares of the target's movement: what the lens must move at least, and may be off on average once it is aligned (half the depth
of focus is always allowed)."""

LEAST_FRAMES = 4

LAG_KEYS = (
    Key("lag.lag_s", "s", "median over the stretches that the lens followed; negative: it went ahead"),
    Key("lag.quartile_low_s", "s", "a quarter of these stretches has less"),
    Key("lag.quartile_high_s", "s", "a quarter has more"),
    Key("lag.stretches", "", "in which the target moved, one way, by more than the depth of focus"),
    Key("lag.followed", "", "how many of them the lens followed"),
    Key("lag.where[].start_s", "s", "when the target began to move, since the recording's first picture"),
    Key("lag.where[].end_s", "s", "when it had arrived"),
    Key("lag.where[].change_steps", "steps", "by how much its best position changed"),
    Key("lag.where[].lag_s", "s", "null: the lens did not follow"),
)


@dataclass(frozen=True)
class _Curve:
    """Lens positions (K,) at times (K,), seconds, rising."""

    time_s: Floats
    steps: Floats

    def at(self, time_s: Floats) -> Floats:
        """Position at times, between the samples on a line; NaN outside and in gaps."""
        right = np.clip(np.searchsorted(self.time_s, time_s), 1, self.time_s.size - 1)
        gap = self.time_s[right] - self.time_s[right - 1] > LONGEST_GAP_S
        at = np.interp(time_s, self.time_s, self.steps, left=np.nan, right=np.nan)
        return np.where(gap, np.nan, at)


def focus_lag(columns: Columns, depth_of_focus_steps: float) -> dict[str, Any]:
    """Lag of the focus behind the target; see LAG_KEYS.

    Args:
        columns: the table.
        depth_of_focus_steps: whole width; NaN: not known, then there are no stretches.

    Returns:
        The figures, NaN where no stretch was followed.
    """
    where = []
    if np.isfinite(depth_of_focus_steps):
        time_s, best = numbers(columns, "time_s"), numbers(columns, "target_best_steps")
        lens, ids = numbers(columns, "lens_position_steps"), numbers(columns, "target_id")
        running = stretches(time_s, np.isfinite(time_s), gap_s=np.inf)
        for places in running:
            where += _of_clock(time_s[places], best[places], lens[places], ids[places], depth_of_focus_steps)
    lags = np.array([entry["lag_s"] for entry in where], dtype=np.float64)
    return {
        "lag_s": quantile_of(lags, 0.5),
        "quartile_low_s": quantile_of(lags, 0.25),
        "quartile_high_s": quantile_of(lags, 0.75),
        "stretches": len(where),
        "followed": int(np.isfinite(lags).sum()),
        "where": where,
    }


def _of_clock(time_s: Floats, best: Floats, lens: Floats, ids: Floats, threshold: float) -> list[dict[str, Any]]:
    """The stretches of frames whose clock runs on throughout."""
    there = np.isfinite(lens)
    if there.sum() < 2:
        return []
    curve = _Curve(time_s[there], lens[there])
    return [
        entry
        for places in stretches(time_s, np.isfinite(best) & np.isfinite(ids), ids)
        for entry in _of_target(time_s[places], best, places, curve, threshold)
    ]


def _of_target(time_s: Floats, best: Floats, places: Indices, curve: _Curve, threshold: float) -> list[dict[str, Any]]:
    """Those of one target, without a gap; `time_s` is that of its frames, `best` that of all."""
    wanted = steady(time_s, best[places])
    found = []
    for first, last in swings(wanted, threshold):
        begin, end = time_s[first], time_s[last]
        around = (time_s >= begin - AROUND_S) & (time_s <= end + AROUND_S)
        if around.sum() >= LEAST_FRAMES:
            change = float(wanted[last] - wanted[first])
            within = max(threshold / 2, FOLLOWED_ERROR * abs(change))
            lag = _shift_s(curve, time_s[around], wanted[around], FOLLOWED_MOVE * abs(change), within)
            found.append({"start_s": float(begin), "end_s": float(end), "change_steps": change, "lag_s": lag})
    return found


def _shift_s(curve: _Curve, time_s: Floats, wanted: Floats, least_move: float, largest_error: float) -> float:
    """The shift at which the lens is nearest to what was wanted; NaN where it did not follow."""

    def error(shift: float) -> float:
        off = np.abs(curve.at(time_s + shift) - wanted)
        known = np.isfinite(off)
        return float(off[known].mean()) if known.mean() >= 0.8 else np.inf

    coarse = np.arange(-LONGEST_LEAD_S, LONGEST_LAG_S + COARSE_S / 2, COARSE_S)
    errors = np.array([error(shift) for shift in coarse])
    if not np.isfinite(errors).any():
        return float("nan")
    rough = _middle_of_best(coarse, errors)
    fine = rough + np.arange(-COARSE_S, COARSE_S + FINE_S / 2, FINE_S)
    shift = _middle_of_best(fine, np.array([error(value) for value in fine]))
    inside = -LONGEST_LEAD_S < shift < LONGEST_LAG_S
    went = curve.at(time_s + shift)
    moved = np.ptp(went[np.isfinite(went)])
    return shift if inside and moved >= least_move and error(shift) <= largest_error else float("nan")


def _middle_of_best(shifts: Floats, errors: Floats) -> float:
    """Of shifts that are equally good the middle: a jump between two pictures leaves the time of it open."""
    best = shifts[errors <= errors.min() * (1 + 1e-9) + 1e-12]
    return float(round((best[0] + best[-1]) / 2, 6))
