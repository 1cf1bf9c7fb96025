"""How much faster two Dask workers are than one, in `auxfocus bench analysis`: eight recordings on a cluster that is there."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from auxfocus_ros.commands.bench_analysis_cluster import Cluster
from auxfocus_ros.commands.bench_analysis_recordings import Flight, recorded
from auxfocus_ros.commands.bench_analysis_runs import read_ahead, timed
from auxfocus_ros.commands.bench_autofocus_counting import bar

RECORDINGS, BAR = 8, 1.8


def run_part(options: argparse.Namespace) -> dict[str, Any]:
    """A cluster of one worker and one of two, by turns, after a run that does not count. options: quick, seed, repeats, work.

    Returns:
        `rows` with times, their `ratio`, and `bars`.
    """
    recordings = [recorded(flight_of(options, number), options.work) for number in range(RECORDINGS)]
    read_ahead(recordings)
    with Cluster(1) as one, Cluster(2) as two:
        clusters = {1: one, 2: two}
        for cluster in clusters.values():
            on(cluster, recordings[:2], options.work)
        times_s: dict[int, list[float]] = {count: [] for count in clusters}
        for _ in range(1 if options.quick else options.repeats):
            for count, cluster in clusters.items():
                times_s[count].append(on(cluster, recordings, options.work))
    medians = {count: float(np.median(taken)) for count, taken in times_s.items()}
    rows = [{"workers": count, "times_s": taken, "median_s": medians[count]} for count, taken in times_s.items()]
    ratio = medians[1] / medians[2]
    name = flight_of(options, 0).name
    what = f"two Dask workers against one, {RECORDINGS} recordings"
    return {"flight": name, "rows": rows, "ratio": ratio, "bars": [bar(what, ratio, BAR, ">=", unit="times as fast")]}


def flight_of(options: argparse.Namespace, number: int) -> Flight:
    """One of the recordings; each has another seed."""
    seed = RECORDINGS * options.seed + number
    return Flight(160, 90, 2_000, 1, 1, seed=seed) if options.quick else Flight(1280, 720, 100_000, 20, 20, seed=seed)


def on(cluster: Cluster, recordings: list[Path], work: Path) -> float:
    """Seconds of an analysis on a cluster."""
    return timed(recordings, work, ("--scheduler", cluster.address))


def show(result: Mapping[str, Any]) -> None:
    """The table."""
    from auxfocus_ros.commands.bench_autofocus_showing import print_table, table_of

    table = table_of("Dask workers of one core", "median", "runs", title=f"{RECORDINGS} recordings")
    for row in result["rows"]:
        table.add_row(str(row["workers"]), f"{row['median_s']:.2f} s", ", ".join(f"{time_s:.2f}" for time_s in row["times_s"]))
    print_table(table)
    print(f"each is {result['flight']}, or has another seed\n")
