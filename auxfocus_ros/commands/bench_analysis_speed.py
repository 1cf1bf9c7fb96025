"""How much faster than real time `auxfocus analyze` is, in `auxfocus bench analysis`: start, workers and report included."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from auxfocus_ros.commands.bench_analysis_recordings import Flight, recorded
from auxfocus_ros.commands.bench_analysis_runs import read_ahead, timed
from auxfocus_ros.commands.bench_autofocus_counting import bar

WAYS = {
    "full: estimator and video": (("--video",), 3.0),
    "without estimator and video": (("--no-estimator",), 10.0),
}
"""Way -> its flags, and how many times real time it must reach on two cores."""


def run_part(options: argparse.Namespace) -> dict[str, Any]:
    """Measure, the ways by turns. options: quick, seed, repeats, work.

    Returns:
        `rows` with times and multiples of real time, and `bars`.
    """
    flight = Flight(320, 180, 5_000, 4, 4) if options.quick else Flight(1280, 720, 100_000, 240, 60, seed=options.seed)
    recording = recorded(flight, options.work)
    read_ahead([recording])
    times_s: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(1 if options.quick else options.repeats):
        for way, (flags, _) in WAYS.items():
            times_s[way].append(timed([recording], options.work, flags))
    return {"flight": flight.name, "seconds": flight.seconds, **judged(times_s, flight.seconds)}


def judged(times_s: Mapping[str, list[float]], seconds: float) -> dict[str, Any]:
    """Times into multiples of real time. seconds: length of the recording."""
    rows, bars = [], []
    cores = len(os.sched_getaffinity(0))
    for way, taken in times_s.items():
        low, median, high = np.percentile(taken, [25, 50, 75])
        real_time = seconds / median
        rows.append({"what": way, "times_s": taken, "median_s": median, "low_s": low, "high_s": high, "real_time": real_time})
        bars.append(bar(f"{way}, {cores} cores", real_time, WAYS[way][1], ">=", unit="times real time"))
    return {"cores": cores, "rows": rows, "bars": bars}


def show(result: Mapping[str, Any]) -> None:
    """The table."""
    from auxfocus_ros.commands.bench_autofocus_showing import print_table, table_of

    title = f"auxfocus analyze of {result['seconds']} s ({result['flight']}) on {result['cores']} cores"
    table = table_of("what", "median", "quartiles", "times real time", "runs", title=title)
    for row in result["rows"]:
        spread = f"{row['low_s']:.2f} to {row['high_s']:.2f} s"
        table.add_row(row["what"], f"{row['median_s']:.2f} s", spread, f"{row['real_time']:.2f}", str(len(row["times_s"])))
    print_table(table)
