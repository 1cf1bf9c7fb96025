"""The real sweeps of `auxfocus bench autofocus`: textured regions of focal stacks, from every frame, without any calibration.

'The sharpest frame' of a region is the median of the peaks of the ten measures of sharpness; a region where too few of them agree
has no sharpest frame (two depths, no texture, things that moved), and is left out and named.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.autofocus.stack_camera import Region, read_picture, texture_energy
from auxfocus_ros.autofocus.terms import DepthReading
from auxfocus_ros.commands.bench_autofocus_cases import CAPS, CLASSICAL_CAP
from auxfocus_ros.commands.bench_autofocus_counting import bar
from auxfocus_ros.commands.bench_autofocus_runs import in_processes
from auxfocus_ros.optics import share_dir

MAIN_STACK = "stack_phone_dioptres"
OTHER_STACKS = ("stack_balls", "stack_circuit_board", "stack_switch")
OURS = "bayes"
METHODS = (OURS, "fibonacci", "hill_climbing", "curve_rol", "curve_bpic")
REGIONS = 10
CANDIDATES = 16
AGREE_FRAMES, AGREE_MEASURES = 1, 8
"""Measures that must peak within so many frames of the median, out of ten."""
WITHIN_FRAMES, SHARE_BAR, MOVES_BAR, LEAST_REGIONS = 1, 0.9, 3.0, 6


@dataclass(frozen=True, eq=False)
class Sweep:
    """One region of a stack. pictures: in rising order of position. peaks: frame at which each measure is greatest."""

    region: Region
    pictures: Sequence[NDArray[np.uint8]]
    peaks: dict[str, int]

    @property
    def sharpest(self) -> int:
        """The frame that the measures agree on."""
        return agreed(self.peaks)[0]


class SweepCamera:
    """A `Camera` over the pictures of one region."""

    def __init__(self, sweep: Sweep, positions: Sequence[float], start: int) -> None:
        """Stand at a frame."""
        self._pictures, self._positions = sweep.pictures, np.asarray(positions)
        self.index = start
        self.position_steps = float(self._positions[start])

    def move(self, position_steps: float) -> None:
        """Stand at the nearest frame."""
        self.index = int(np.argmin(np.abs(self._positions - position_steps)))
        self.position_steps = float(self._positions[self.index])

    def capture(self) -> np.ndarray:
        """The region in the present frame."""
        return self._pictures[self.index]

    def depth(self) -> DepthReading | None:
        """Nothing."""
        return None


def real_part(arguments: argparse.Namespace) -> dict[str, Any]:
    """Every stack that is there."""
    folders = stack_folders(arguments.data)
    if arguments.quick:
        folders = folders[:1]
    make = partial(stack_result, every=4 if arguments.quick else 1)
    stacks = in_processes(make, folders, min(arguments.processes, len(folders)))
    main = next((stack for stack in stacks if stack["stack"] == MAIN_STACK), None)
    return {"data": str(arguments.data), "stacks": stacks, "bars": real_bars(main)}


def real_bars(main: dict[str, Any] | None) -> list[dict[str, Any]]:
    """What the main stack's figures must come to; None: it is not there."""
    regions = None if main is None else float(len(main["regions"]))
    ours = main["methods"][OURS] if main is not None and main["regions"] else {}
    within = 100.0 * ours["within"] if ours else None
    return [
        bar(f"{MAIN_STACK}: within {WITHIN_FRAMES} frame of the sharpest", within, 100.0 * SHARE_BAR, ">=", unit="%"),
        bar(f"{MAIN_STACK}: moves", ours.get("moves"), MOVES_BAR, "<="),
        bar(f"{MAIN_STACK}: regions", regions, LEAST_REGIONS, ">="),
    ]


def stack_folders(data: Path) -> list[Path]:
    """The stacks that are there: of the collection, else the one that travels with the source."""
    found = [data / name for name in (MAIN_STACK, *OTHER_STACKS) if (data / name).is_dir()]
    bundled = share_dir() / "samples" / "stack_circuit_board"
    return found if any(folder.name == bundled.name for folder in found) else [*found, bundled]


def stack_result(folder: Path, every: int = 1) -> dict[str, Any]:
    """One stack: its regions, and every method from every start (or each so many)."""
    from auxfocus_ros.commands.focus_stack import read_stack

    print(f"[bench] real: {folder.name}", file=sys.stderr, flush=True)
    stack = read_stack(folder, None, None)
    sweeps, left_out = sweeps_of([stack.images[index] for index in stack.order], CANDIDATES if every == 1 else 4)
    runs = [
        {"method": name, **run_sweep(name, sweep, stack.positions, start)}
        for name in METHODS
        for sweep in sweeps
        for start in range(0, len(stack.positions), every)
    ]
    return {
        "stack": folder.name,
        "frames": len(stack.images),
        "regions": [{"roi": region_list(sweep.region), "sharpest": sweep.sharpest, "peaks": sweep.peaks} for sweep in sweeps],
        "left_out": [{"roi": region_list(sweep.region), "peaks": sweep.peaks} for sweep in left_out],
        "methods": {name: sweep_summary([run for run in runs if run["method"] == name]) for name in METHODS} if sweeps else {},
        "failures": [run for run in runs if run["method"] == OURS and not run["within"]],
    }


def run_sweep(name: str, sweep: Sweep, positions: Sequence[float], start: int) -> dict[str, Any]:
    """One run on real pictures, without a calibration; where it failed its moves are the cap."""
    from auxfocus_ros.autofocus.driving import drive
    from auxfocus_ros.autofocus.methods import method
    from auxfocus_ros.autofocus.terms import Reason, Task

    cap = CAPS.get(name, CLASSICAL_CAP)
    camera = SweepCamera(sweep, positions, start)
    # Ours learns from the frames how far focus reaches; the classical ones, which cannot, are told how far apart the frames are.
    half = None if name == OURS else 0.5 * float(np.median(np.diff(positions)))
    task = Task(
        positions[0], positions[-1], camera.position_steps, half_depth_of_focus_steps=half,
        positions_steps=tuple(positions), max_moves=cap, max_captures=CLASSICAL_CAP,
    )  # fmt: skip
    run = drive(method(name)(task), camera, task)
    failed = run.outcome.reason != Reason.NONE or not run.outcome.in_focus
    off = camera.index - sweep.sharpest
    return {
        "roi": region_list(sweep.region),
        "start": start,
        "sharpest": sweep.sharpest,
        "end": camera.index,
        "off": off,
        "within": abs(off) <= WITHIN_FRAMES,
        "moves": cap if failed else run.journal.moves,
        "captures": cap if failed else run.journal.captures,
        "reversals": run.journal.reversals,
        "failed": failed,
        "reason": Reason(run.outcome.reason).name.lower(),
        "looked_at": [int(np.argmin(np.abs(np.asarray(positions) - at))) for at, _ in run.journal.trace],
    }


def sweep_summary(runs: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Shares and means over regions and starts."""
    off = np.abs([run["off"] for run in runs])
    return {
        "runs": len(runs),
        "within": float(np.mean([run["within"] for run in runs])),
        "exact": float(np.mean(off == 0)),
        "mean_off": float(off.mean()),
        "moves": float(np.mean([run["moves"] for run in runs])),
        "captures": float(np.mean([run["captures"] for run in runs])),
        "reversals": float(np.mean([run["reversals"] for run in runs])),
        "failed": sum(run["failed"] for run in runs),
    }


# Regions


def sweeps_of(images: Sequence[Path], candidates: int) -> tuple[list[Sweep], list[Sweep]]:
    """The most textured regions of a stack that do not overlap: those with a sharpest frame, at most REGIONS, and the others."""
    from auxfocus_ros.autofocus.sharpness import MEASURES, measure

    pictures = [read_picture(image) for image in images]
    taken, left_out = [], []
    for region in textured_regions(pictures, candidates):
        cuts = [
            np.ascontiguousarray(p[region.y : region.y + region.height, region.x : region.x + region.width]) for p in pictures
        ]
        peaks = {name: int(np.argmax([measure(name, cut) for cut in cuts])) for name in MEASURES}
        sweep = Sweep(region, cuts, peaks)
        if agreed(peaks)[1] >= AGREE_MEASURES:
            taken.append(sweep)
        else:
            left_out.append(sweep)
        if len(taken) == REGIONS:
            break
    return taken, left_out


def agreed(peaks: dict[str, int]) -> tuple[int, int]:
    """The median of the measures' peaks, and how many of them lie within AGREE_FRAMES of it."""
    frames = np.array(list(peaks.values()))
    middle = int(np.floor(np.median(frames) + 0.5))
    return middle, int(np.count_nonzero(np.abs(frames - middle) <= AGREE_FRAMES))


def textured_regions(pictures: Sequence[np.ndarray], count: int) -> list[Region]:
    """Squares that do not overlap, the most textured first, by the texture that each shows in its best frame."""
    height, width = pictures[0].shape[:2]
    edge = min(512, min(height, width) // 3)
    rows, columns = range(0, height - edge + 1, edge // 2), range(0, width - edge + 1, edge // 2)
    best = np.zeros((len(rows), len(columns)))
    for picture in pictures:
        energy = texture_energy(picture)
        tiles = np.array([[float(energy[y : y + edge, x : x + edge].mean()) for x in columns] for y in rows])
        best = np.maximum(best, tiles)
    chosen: list[Region] = []
    for flat in np.argsort(best, axis=None)[::-1]:
        row, column = np.unravel_index(int(flat), best.shape)
        region = Region(columns[int(column)], rows[int(row)], edge, edge)
        if all(abs(region.x - other.x) >= edge or abs(region.y - other.y) >= edge for other in chosen):
            chosen.append(region)
        if len(chosen) == count:
            break
    return chosen


def region_list(region: Region) -> list[int]:
    """For JSON: x, y, width, height."""
    return [region.x, region.y, region.width, region.height]
