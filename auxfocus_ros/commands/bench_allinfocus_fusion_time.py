"""How long the fusion of ten frames takes, against enfuse in the same run.

enfuse is a program that reads files and writes one; so ours is timed from the same files to a file as well (uncompressed TIFF,
in the system's cache), and it is that row that the bar is about. Ours runs in a process that is up; the time that enfuse takes
to start, some milliseconds, is in its row. Every turn runs each once, so that what else the machine does falls on all alike.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from auxfocus_ros.allinfocus.fusion.frames import Picture
from auxfocus_ros.commands.bench_allinfocus_fusion_scores import own_methods
from auxfocus_ros.commands.bench_allinfocus_rivals import (
    ENFUSE_OPTIONS,
    Fuse,
    read_picture,
    rivals,
    run_enfuse,
    write_frames,
    write_picture,
)
from auxfocus_ros.commands.bench_allinfocus_scenes import read_all, real_files
from auxfocus_ros.commands.bench_autofocus_counting import bar
from auxfocus_ros.commands.bench_autofocus_showing import print_table, table_of

FRAMES, STACK, BUNDLED = 10, "switch", "circuit_board"
SHARE_BAR = 0.5
MEMORY, FILES = "from memory", "files to a file"
Row = tuple[str, str]
"""A method and what its time includes: MEMORY or FILES."""


def time_part(options: argparse.Namespace) -> dict[str, Any]:
    """Every method on the same ten frames, turn by turn."""
    frames, name = ten_frames(options.data)
    own, others = own_methods(), rivals()
    ours = next(iter(own))
    with tempfile.TemporaryDirectory() as folder:
        files, fused = write_frames(frames, Path(folder)), Path(folder) / "fused.tif"
        works: dict[Row, Callable[[], object]] = {
            (ours, FILES): partial(from_files, own[ours], files, fused),
            **{(way, FILES): partial(run_enfuse, ENFUSE_OPTIONS[way], files, fused) for way in others if way in ENFUSE_OPTIONS},
            **{(way, MEMORY): partial(fuse, frames) for way, fuse in {**own, **others}.items() if way not in ENFUSE_OPTIONS},
        }
        wall_s, cpu_s = timed(works, options.repeats)
    height, width = frames[0].shape[:2]
    result = {
        "stack": name,
        "frames": len(frames),
        "size_px": [width, height],
        "repeats": options.repeats,
        "ours": ours,
        "rows": [{"method": row[0], "includes": row[1], "wall_s": wall_s[row], "cpu_s": cpu_s[row]} for row in works],
    }
    return {**result, "bars": time_bars(result)}


def ten_frames(data: Path) -> tuple[tuple[Picture, ...], str]:
    """Ten real frames as they were taken, and their stack's name; without the collection the bundled ones, some of them again."""
    stacks = real_files(data)
    name = STACK if STACK in stacks else BUNDLED
    frames = read_all(stacks[name])
    return (frames * FRAMES)[:FRAMES], name


def from_files(fuse: Fuse, files: Sequence[Path], fused: Path) -> None:
    """Read, fuse, write."""
    write_picture(fused, fuse([read_picture(file) for file in files]))


def timed(works: dict[Row, Callable[[], object]], repeats: int) -> tuple[dict[Row, list[float]], dict[Row, list[float]]]:
    """Seconds on the clock, and seconds of processors, children's too, of each after a turn that does not count."""
    wall_s: dict[Row, list[float]] = {row: [] for row in works}
    cpu_s: dict[Row, list[float]] = {row: [] for row in works}
    for turn in range(repeats + 1):
        print(f"[bench] time: turn {turn} of {repeats}", file=sys.stderr, flush=True)
        for row, work in works.items():
            wall, cpu = time.perf_counter(), sum(os.times()[:4])
            work()
            if turn:
                wall_s[row].append(time.perf_counter() - wall)
                cpu_s[row].append(sum(os.times()[:4]) - cpu)
    return wall_s, cpu_s


def time_bars(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Ours against the fastest enfuse, the median of the turns' ratios, on the clock, from files to a file."""
    ratios = ratios_to_enfuse(result, "wall_s")
    what = f"{result['frames']} frames of {result['size_px'][0]} x {result['size_px'][1]}: time over the fastest enfuse's"
    return [bar(what, float(np.median(ratios)) if ratios else None, SHARE_BAR, "<=")]


def ratios_to_enfuse(result: dict[str, Any], clock: str) -> list[float]:
    """Of every turn, ours from files to a file over the enfuse whose median is the least; empty without enfuse."""
    by_files = {row["method"]: row[clock] for row in result["rows"] if row["includes"] == FILES}
    ours = by_files.pop(result["ours"])
    if not by_files:
        return []
    fastest = min(by_files.values(), key=np.median)
    return [mine / theirs for mine, theirs in zip(ours, fastest, strict=True)]


def show_times(result: dict[str, Any]) -> None:
    """Medians and quartiles of each, and the ratio."""
    width, height = result["size_px"]
    title = f"{result['frames']} frames of {width} x {height} ({result['stack']}), {result['repeats']} turns"
    table = table_of("method", "includes", "time", "quartiles", "processor time", title=title)
    for row in result["rows"]:
        low, middle, high = np.percentile(row["wall_s"], [25, 50, 75])
        table.add_row(
            row["method"], row["includes"], f"{middle:.2f} s", f"{low:.2f} to {high:.2f} s", f"{np.median(row['cpu_s']):.2f} s"
        )
    print_table(table)
    for clock, text in (("wall_s", "time"), ("cpu_s", "processor time")):
        ratios = ratios_to_enfuse(result, clock)
        if ratios:
            low, middle, high = np.percentile(ratios, [25, 50, 75])
            print(f"{text} of ours over the fastest enfuse's, files to a file: {middle:.3f} ({low:.3f} to {high:.3f})")
