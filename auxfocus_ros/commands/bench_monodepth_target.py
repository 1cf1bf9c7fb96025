"""Metric depth at a chosen target in `auxfocus bench monodepth`: real scenes, metres from one beam that points elsewhere.

Target and beam are pixels with a reading, drawn by a seed, at least a fifth of the picture's width from each other. The beam's
reading is the only one that is given. Beams that fall on an edge of what the network sees give no scale, and are counted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.commands.bench_autofocus_counting import bar
from auxfocus_ros.commands.bench_monodepth_scenes import SCENES, DepthOf, RealFrame, beam_scale, load_depth, real_frames
from auxfocus_ros.monodepth.evaluation.baselines import RowMeanBaseline
from auxfocus_ros.monodepth.evaluation.metrics import has_depth

OURS, ROWS, BEAM = "depth from the picture", "each row's mean depth", "the beam's own depth"
WAYS = (OURS, ROWS, BEAM)
PAIRS, QUICK_FRAMES = 2000, 2
"""Pairs in each scene, shared evenly by its frames."""
APART = 0.2
"""Of the picture's width, target and beam at least."""
BAR_PERCENT = 15.0
Pixel = tuple[int, int]


def run_part(part: str, options: argparse.Namespace) -> dict[str, Any]:
    """Measure. options: quick, seed, data, network."""
    sees = load_depth(options.network)
    rows: list[dict[str, Any]] = []
    every = {way: np.zeros(0) for way in WAYS}
    for number, scene in enumerate(SCENES):
        wanted = range(min(QUICK_FRAMES, scene.frames)) if options.quick else None
        frames = real_frames(scene, options.data, wanted)
        if not frames:
            continue
        print(f"[bench] target: {scene.name}", file=sys.stderr, flush=True)
        errors, unanswered = scene_errors(frames, scene.cap_m, sees, np.random.default_rng([options.seed, number]))
        rows.append(row_of(scene.name, len(frames), errors, unanswered))
        every = {way: np.append(every[way], errors[way]) for way in WAYS}
    return result_of(rows, every)


def scene_errors(
    frames: Sequence[RealFrame], cap_m: float, sees: DepthOf, rng: np.random.Generator
) -> tuple[dict[str, NDArray[np.float64]], int]:
    """Relative errors of each way at the same targets, and how many beams gave no scale. The rows' means are of these frames."""
    rows = RowMeanBaseline.learnt_from((frame.depth_m for frame in frames), cap_m=cap_m)
    errors: dict[str, list[float]] = {way: [] for way in WAYS}
    unanswered = 0
    for frame in frames:
        seen, flat = sees(frame.picture, frame.camera), rows.predict(frame.depth_m.shape[1])
        for target, beam in pairs_of(frame.depth_m, cap_m, -(-PAIRS // len(frames)), rng):
            true_m, beam_m = float(frame.depth_m[target]), float(frame.depth_m[beam])
            scale = beam_scale(seen, beam, beam_m)
            if not scale.metric:
                unanswered += 1
                continue
            said_m = {OURS: scale.scale * float(seen[target]), ROWS: beam_m * flat[target] / flat[beam], BEAM: beam_m}
            for way, depth_m in said_m.items():
                errors[way].append(abs(depth_m - true_m) / true_m)
    return {way: np.asarray(found) for way, found in errors.items()}, unanswered


def pairs_of(depth_m: NDArray[np.float32], cap_m: float, count: int, rng: np.random.Generator) -> Iterator[tuple[Pixel, Pixel]]:
    """(row, column) of a target and of where the beam points; none where nothing with a reading lies far enough from a target."""
    places = np.argwhere(has_depth(depth_m, cap_m))
    for row, column in places[rng.integers(len(places), size=count)]:
        away = np.hypot(places[:, 0] - row, places[:, 1] - column)
        others = places[away >= APART * depth_m.shape[1]]
        if len(others):
            beam = others[rng.integers(len(others))]
            yield (int(row), int(column)), (int(beam[0]), int(beam[1]))


def row_of(name: str, frames: int, errors: Mapping[str, NDArray[np.float64]], unanswered: int) -> dict[str, Any]:
    """Median and quartiles of each way, per cent."""
    ways = {}
    for way, of_way in errors.items():
        low, middle, high = np.percentile(100.0 * of_way, [25, 50, 75]).tolist() if len(of_way) else [None] * 3
        ways[way] = {"median_percent": middle, "low_percent": low, "high_percent": high}
    return {"scene": name, "frames": frames, "targets": len(errors[OURS]), "no_scale": unanswered, "ways": ways}


def result_of(rows: Sequence[dict[str, Any]], every: Mapping[str, NDArray[np.float64]]) -> dict[str, Any]:
    """The table's rows, and the bar: over all targets, each scene having as many."""
    total = row_of("all", sum(row["frames"] for row in rows), every, sum(row["no_scale"] for row in rows))
    median = total["ways"][OURS]["median_percent"]
    said = "metric depth at a target, scale from one beam elsewhere, median error"
    return {"rows": [*rows, total], "bars": [bar(said, median, BAR_PERCENT, "<=", unit="%")]}


def show(result: Mapping[str, Any], console: Any) -> None:
    """The table."""
    from auxfocus_ros.commands.bench_autofocus_showing import table_of

    title = "relative error of the depth at a target, scale from one beam elsewhere: median (quartiles)"
    table = table_of("scene", "frames", "targets", "beams without scale", *WAYS, title=title)
    for row in result["rows"]:
        if row["scene"] == "all":
            table.add_section()
        cells = [
            "-" if one["median_percent"] is None
            else f"{one['median_percent']:.1f} % ({one['low_percent']:.1f} to {one['high_percent']:.1f})"
            for one in row["ways"].values()
        ]  # fmt: skip
        table.add_row(row["scene"], str(row["frames"]), str(row["targets"]), str(row["no_scale"]), *cells)
    console.print(table)
