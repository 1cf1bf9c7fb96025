"""How well a recording's streams ran: rate, what is missing and where, what met no partner, and whether the clocks are right.

Two clocks speak of every picture: the sensor's, by which it is stamped, and the recorder's, by which it was written down. Their
difference is the way's delay, which is never less than some shortest, and the clocks' offset. So the least difference of a few
neighbours tells the clocks apart from a busy moment: where it steps, a clock was set; where it grows evenly, one runs fast.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from auxfocus_ros.analysis.part import Problem, StreamNotes

HEALTH_KEYS: Mapping[str, tuple[str, str]] = {
    "pictures": ("", "pictures that were recorded"),
    "frames": ("", "of them, those that can be read"),
    "rate_hz": ("Hz", "of the pictures: one over the median time between stamps"),
    "dropped_pictures": ("", "missing from gaps between stamps of more than one and a half periods"),
    "gaps": ("", "the first 100 of these gaps: time_s since the first picture, length_s, missing"),
    "unmatched_pictures": ("", "pictures that met no cloud or depth image"),
    "unmatched_ranges": ("", "clouds and depth images that met no picture"),
    "unreadable": ("", "messages that cannot be used"),
    "stamps_backwards": ("", "pictures with a stamp before that of the picture before"),
    "stamps_repeated": ("", "pictures with the same stamp as the picture before"),
    "clock_jumps": ("", "where the sensor's clock and the recorder's part at one moment: time_s, by_s (sensor's ahead: above 0)"),
    "clock_offset_s": ("s", "the recorder's clock less the sensor's, least of it; with the shortest delay"),
    "clock_drift_ppm": ("ppm", "how much slower the sensor's clock runs than the recorder's; null: too short to tell"),
    "delay_p95_s": ("s", "how much longer than the shortest way nineteen of twenty pictures took at most"),
    "lens_states": ("", "lens states that were recorded"),
    "lens_rate_hz": ("Hz", "of the lens states"),
    "lens_longest_gap_s": ("s", "longest time between two lens states"),
    "lens_stamps_backwards": ("", "lens states with a stamp before that of the one before"),
    "damage": ("", "where the recording is broken, a line each"),
}
"""Of `stream_health`: name -> (unit, meaning). What cannot be told is null."""

GAP_PERIODS = 1.5
PERIOD_NEIGHBOURS = 31  # pictures of which the period around a picture is the median
JUMP_S = 0.25  # the clocks part by so much: more than a hiccup of either
JUMP_NEIGHBOURS = 10  # pictures on each side whose least delay is compared; a busy moment is shorter
DRIFT_LEAST_S = 20.0  # shorter stretches do not tell a drift from a delay
DRIFT_BINS = 200  # of the stretch; the least delay of each is a point of the line
MOST_LISTED = 100
NS = 1e-9


def stream_health(notes: Iterable[StreamNotes], damage: str = "") -> dict[str, Any]:
    """A recording's streams in figures.

    Args:
        notes: of all parts, in order.
        damage: what was known of it when it was opened.

    Returns:
        HEALTH_KEYS, ready for JSON: numbers are finite or None.
    """
    kept = list(notes)
    stamps_ns = np.array([stamp for part in kept for stamp in part.stamps_ns], np.int64)
    logged_ns = np.array([stamp for part in kept for stamp in part.logged_ns], np.int64)
    lens_ns = np.array([stamp for part in kept for stamp in part.lens_ns], np.int64)
    jumps = _jumps(stamps_ns, logged_ns)
    return {
        "pictures": len(stamps_ns),
        "frames": sum(part.frames for part in kept),
        "rate_hz": _rate_hz(stamps_ns),
        **_gaps(stamps_ns, jumps),
        "unmatched_pictures": sum(part.unmatched_pictures for part in kept),
        "unmatched_ranges": sum(part.unmatched_ranges for part in kept),
        "unreadable": sum(part.unreadable for part in kept),
        "stamps_backwards": int(np.count_nonzero(np.diff(stamps_ns) < 0)),
        "stamps_repeated": int(np.count_nonzero(np.diff(stamps_ns) == 0)),
        "clock_jumps": [
            {"time_s": _since_first_s(logged_ns, place), "by_s": by_s} for place, by_s in list(jumps.items())[:MOST_LISTED]
        ],
        **_delays(stamps_ns, logged_ns, jumps),
        "lens_states": len(lens_ns),
        "lens_rate_hz": _rate_hz(lens_ns),
        "lens_longest_gap_s": float(np.diff(lens_ns).max() * NS) if len(lens_ns) > 1 else None,
        "lens_stamps_backwards": int(np.count_nonzero(np.diff(lens_ns) < 0)),
        "damage": list(dict.fromkeys(text for text in (damage, *(part.damage for part in kept)) if text)),
    }


def joined_problems(parts: Iterable[Iterable[Problem]]) -> tuple[Problem, ...]:
    """The problems of all parts, in order: those of one kind on one topic are one, with the first place and the counts' sum.

    What is wrong in general is the same thing in every part, and counts once.
    """
    joined: dict[tuple[str, str], Problem] = {}
    for problems in parts:
        for problem in problems:
            kind = problem.what, problem.where.partition(" at ")[0]
            known = joined.get(kind)
            if known is None:
                joined[kind] = problem
            elif problem.where:
                joined[kind] = Problem(known.what, known.where, known.count + problem.count)
    return tuple(joined.values())


def _since_first_s(times_ns: np.ndarray, place: int) -> float:
    return round(float(times_ns[place] - times_ns[0]) * NS, 6)


def _rate_hz(stamps_ns: np.ndarray) -> float | None:
    """One over the median time between stamps; None where time does not pass."""
    steps_ns = np.diff(stamps_ns)
    steps_ns = steps_ns[steps_ns > 0]
    return float(1.0 / (np.median(steps_ns) * NS)) if len(steps_ns) else None


def _jumps(stamps_ns: np.ndarray, logged_ns: np.ndarray) -> dict[int, float]:
    """Where a clock was set: place of the picture after it -> how far the sensor's clock went ahead of the other, seconds."""
    if len(stamps_ns) < 2:
        return {}
    from scipy.ndimage import minimum_filter1d

    delay_ns = logged_ns - stamps_ns
    before_ns, after_ns = (
        minimum_filter1d(delay_ns, JUMP_NEIGHBOURS, mode="nearest", origin=origin)
        for origin in ((JUMP_NEIGHBOURS - 1) // 2, -(JUMP_NEIGHBOURS // 2))
    )
    shift_s = (after_ns[1:] - before_ns[:-1]) * NS
    step_s = np.diff(delay_ns) * NS
    # Around a jump many windows see it; it lies where the delay itself steps by about as much.
    places = np.flatnonzero((np.abs(shift_s) > JUMP_S) & (np.abs(step_s - shift_s) < JUMP_S / 2 + 0.2 * np.abs(shift_s)))
    return {int(place) + 1: round(-float(shift_s[place]), 6) for place in places}


def _gaps(stamps_ns: np.ndarray, jumps: Mapping[int, float]) -> dict[str, Any]:
    """Dropped pictures: gaps of more than one and a half of the periods around them; where a clock was set nothing is missing."""
    steps_ns = np.diff(stamps_ns).astype(float)
    passing = steps_ns > 0
    if not passing.any():
        return {"dropped_pictures": 0, "gaps": []}
    from scipy.ndimage import median_filter

    places = np.flatnonzero(passing)
    period_ns = median_filter(steps_ns[places], PERIOD_NEIGHBOURS, mode="reflect")
    missing = np.rint(steps_ns[places] / period_ns).astype(np.int64) - 1
    is_gap = (steps_ns[places] > GAP_PERIODS * period_ns) & ~np.isin(places + 1, list(jumps))
    gaps = [
        {
            "time_s": _since_first_s(stamps_ns, place),
            "length_s": round(float(steps_ns[place]) * NS, 6),
            "missing": int(count),
        }
        for place, count in zip(places[is_gap], missing[is_gap], strict=True)
    ]
    return {"dropped_pictures": int(missing[is_gap].sum()), "gaps": gaps[:MOST_LISTED]}


def _delays(stamps_ns: np.ndarray, logged_ns: np.ndarray, jumps: Mapping[int, float]) -> dict[str, float | None]:
    """Offset, drift and spread of the recorder's clock against the sensor's, in the longest stretch in which none was set."""
    if not len(stamps_ns):
        return {"clock_offset_s": None, "clock_drift_ppm": None, "delay_p95_s": None}
    borders = [0, *jumps, len(stamps_ns)]
    start, stop = max(pairwise(borders), key=lambda stretch: stretch[1] - stretch[0])
    delay_ns, time_s = (logged_ns - stamps_ns)[start:stop], (logged_ns[start:stop] - logged_ns[start]) * NS
    offset_ns = int(delay_ns.min())
    delay_s = (delay_ns - offset_ns) * NS
    drift = _drift(time_s, delay_s)
    if drift is not None:
        delay_s = delay_s - drift * time_s
        delay_s -= delay_s.min()
    return {
        "clock_offset_s": offset_ns * NS,
        "clock_drift_ppm": None if drift is None else round(drift * 1e6, 3),
        "delay_p95_s": float(np.percentile(delay_s, 95.0)),
    }


def _drift(time_s: np.ndarray, delay_s: np.ndarray) -> float | None:
    """Slope of the least delay over time; None where too little time passes.

    Source: Theil (1950), Sen (1968): the median slope between all pairs of points.
    """
    if time_s[-1] - time_s[0] < DRIFT_LEAST_S:
        return None
    from scipy.stats import theilslopes

    bins = np.minimum(DRIFT_BINS - 1, (time_s - time_s[0]) / (time_s[-1] - time_s[0]) * DRIFT_BINS).astype(np.int64)
    order = np.lexsort((delay_s, bins))
    _, first = np.unique(bins[order], return_index=True)
    least = order[first]
    return float(theilslopes(delay_s[least], time_s[least])[0]) if len(least) > 2 else None
