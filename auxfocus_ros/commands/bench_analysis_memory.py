"""Whether memory grows with a recording's length, in `auxfocus bench analysis`.

Memory is that of `auxfocus analyze` and all processes that it starts, together: the sum of their proportional set sizes (PSS, so
that a page that several share counts once), looked at every 0.1 s. The analysis makes everything that it can make.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from auxfocus_ros.commands.bench_analysis_recordings import Flight, recorded
from auxfocus_ros.commands.bench_analysis_runs import Analysis, fresh_folder
from auxfocus_ros.commands.bench_autofocus_counting import bar

TIMES_LONGER, BAR = 10, 1.1
EVERY_S = 0.1
FLAGS = ("--video", "--annotated", "--estimate-every", "4", "--workers", "2", "--part-s", "5")
"""The same two workers for both, which have several parts each; the estimator asked now and then, since what it keeps does not
depend on how often.
"""


def run_part(options: argparse.Namespace) -> dict[str, Any]:
    """Measure both, by turns. options: quick, seed, repeats, work.

    Returns:
        `rows` with peaks in bytes, the `ratio` of their medians, and `bars`.
    """
    short = Flight(160, 90, 2_000, 2, 2) if options.quick else Flight(640, 360, 20_000, 40, 40, seed=options.seed)
    flights = (short, replace(short, seconds=TIMES_LONGER * short.seconds))
    flags = (*FLAGS[:-1], "1") if options.quick else FLAGS
    peaks: dict[Flight, list[int]] = {flight: [] for flight in flights}
    for _ in range(1 if options.quick else options.repeats):
        for flight in flights:
            peaks[flight].append(peak_bytes(recorded(flight, options.work), options.work, flags))
    rows: list[dict[str, Any]] = [
        {"flight": flight.name, "seconds": flight.seconds, "peaks": found, "median": float(np.median(found))}
        for flight, found in peaks.items()
    ]
    ratio = rows[1]["median"] / rows[0]["median"]
    what = f"peak memory, a recording {TIMES_LONGER} times longer against the shorter"
    return {"rows": rows, "ratio": ratio, "bars": [bar(what, ratio, BAR, "<=")]}


def peak_bytes(recording: Path, work: Path, flags: tuple[str, ...]) -> int:
    """Peak memory of an analysis, all its processes together."""
    with fresh_folder(work) as output, Analysis([recording], output, flags) as analysis:
        peak = watched_peak_bytes(analysis.process.pid, lambda: analysis.process.poll() is not None)
        analysis.wait()
        return peak


def watched_peak_bytes(pid: int, ended: Callable[[], bool]) -> int:
    """Largest sum of the PSS of a process and all below it, as long as it has not ended; 0: never seen."""
    import psutil

    peak = 0
    try:
        root = psutil.Process(pid)
    except psutil.NoSuchProcess:
        return peak
    while not ended():
        found = 0
        try:
            processes = [root, *root.children(recursive=True)]
        except psutil.Error:
            break
        for process in processes:
            try:
                found += process.memory_full_info().pss
            except (psutil.Error, OSError):  # has just ended
                continue
        peak = max(peak, found)
        time.sleep(EVERY_S)
    return peak


def show(result: Mapping[str, Any]) -> None:
    """The table."""
    from auxfocus_ros.commands.bench_autofocus_showing import print_table, table_of

    table = table_of("recording", "median", "runs", title="peak memory of all processes together")
    for row in result["rows"]:
        runs = ", ".join(f"{peak / 1e6:.0f}" for peak in row["peaks"])
        table.add_row(f"{row['seconds']} s ({row['flight']})", f"{row['median'] / 1e6:.0f} MB", runs)
    print_table(table)
