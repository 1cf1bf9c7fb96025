"""What a worker costs that is killed in mid-run, in `auxfocus bench analysis`.

A recording is analysed undisturbed, by this machine's own workers; then on a cluster of two, one of which gets SIGKILL while it
has a part. How often a part was begun is what the scheduler's log of transitions says: a part that goes to a worker a second time
was begun again.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from auxfocus_ros.analysis.output import FRAMES, SUMMARY, WORK
from auxfocus_ros.commands.bench_analysis_cluster import Cluster
from auxfocus_ros.commands.bench_analysis_recordings import Flight, recorded
from auxfocus_ros.commands.bench_analysis_runs import Analysis, fresh_folder
from auxfocus_ros.commands.bench_autofocus_counting import bar
from auxfocus_ros.errors import AuxfocusError

FLAGS = ("--part-s", "2", "--lead-s", "1")
FINISHED_BEFORE = 2
"""Parts that are on disk when the worker is killed."""
TABLES = (FRAMES, SUMMARY)
TIMEOUT_S = 120.0


def run_part(options: argparse.Namespace) -> dict[str, Any]:
    """Both runs. options: quick, seed, work.

    Returns:
        `parts`, `again` (parts that were begun again), `lost` (of them, those that the killed worker had), `differing` (tables
        whose bytes differ), and `bars`.

    Raises:
        AuxfocusError: the run had ended before a worker could be killed.
    """
    flight = Flight(160, 90, 2_000, 12, 12) if options.quick else Flight(640, 360, 20_000, 40, 20, seed=options.seed)
    recording = recorded(flight, options.work)
    with fresh_folder(options.work) as undisturbed, Analysis([recording], undisturbed, FLAGS) as analysis:
        analysis.wait()
        wanted = {name: (undisturbed / name).read_bytes() for name in TABLES}
    with (
        fresh_folder(options.work) as output,
        Cluster(2) as cluster,
        cluster.client() as client,
        Analysis([recording], output, (*FLAGS, "--scheduler", cluster.address)) as analysis,
    ):
        wait_for_parts(output, FINISHED_BEFORE, analysis)
        had = kill_one(cluster, client)
        analysis.wait()
        begun = Counter(client.run_on_scheduler(begun_parts))
        differing = [name for name in TABLES if (output / name).read_bytes() != wanted[name]]
    again = {key: count - 1 for key, count in begun.items() if count > 1}
    others = sum(count for key, count in again.items() if key not in had)
    bars = [
        bar("tables that differ after a worker was killed", float(len(differing)), 0.0, "<="),
        bar("times that a part was begun again", float(sum(again.values())), 1.0, "<="),
        bar("of them, parts that the killed worker did not have", float(others), 0.0, "<="),
    ]
    lost = sum(again.values()) - others
    found = {"parts": len(begun), "again": sum(again.values()), "lost": lost, "differing": differing}
    return {"flight": flight.name, **found, "bars": bars}


def wait_for_parts(output: Path, count: int, analysis: Analysis) -> None:
    """Until so many parts are on disk. Raises AuxfocusError where the run ends before, or takes too long."""
    ends = time.monotonic() + TIMEOUT_S
    while len(list((output / WORK).glob("part-*.zip"))) < count:
        if analysis.process.poll() is not None:
            analysis.wait()
            raise AuxfocusError("the analysis ended before a worker could be killed")
        if time.monotonic() > ends:
            raise AuxfocusError(f"{count} parts were not finished within {TIMEOUT_S:g} s")
        time.sleep(0.05)


def kill_one(cluster: Cluster, client: Any) -> tuple[str, ...]:
    """Kill a worker that has a part; the keys of what it had. Raises AuxfocusError where no worker has one in time."""
    ends = time.monotonic() + TIMEOUT_S
    while time.monotonic() < ends:
        for address, keys in client.processing().items():
            if keys:
                name = client.scheduler_info()["workers"][address]["name"]
                cluster.workers[name].kill()
                return tuple(map(str, keys))
        time.sleep(0.05)
    raise AuxfocusError("no worker had a part to be killed with")


def begun_parts(dask_scheduler: Any) -> list[str]:
    """Runs in the scheduler: the key of a part for each time that it was given to a worker."""
    steps = ((str(step[0]), step[2]) for step in dask_scheduler.transition_log)
    return [key for key, becomes in steps if becomes == "processing" and key.startswith("analysed")]


def show(result: Mapping[str, Any]) -> None:
    """A line."""
    tables = ", ".join(result["differing"]) + " differ" if result["differing"] else f"{' and '.join(TABLES)} are the same bytes"
    print(
        f"a worker of two killed in mid-run ({result['flight']}, {result['parts']} parts): {result['again']} begun again, "
        f"{result['lost']} of them its own; {tables}\n"
    )
