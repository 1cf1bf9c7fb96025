"""Video in `auxfocus bench allinfocus`: dynamic captures of moving scenes, fused frame by frame, and what the whole chain costs.

The scenes are drawn by the simulator, with the camera moving to the side or forward, and with things that move; none of them was
trained on. The truth is the same frame, sharp all over. What a method brings is measured against the captured frame and against
the copy of the frame before, on the same frames of the same capture.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from auxfocus_ros.allinfocus.training.video_worlds import SharpFrame
from auxfocus_ros.allinfocus.video import VideoFuser, VideoMethod, VideoOptions
from auxfocus_ros.commands.bench_allinfocus_video_runs import METHODS, Shot, bench_lens, fused_figures, shots, task_of
from auxfocus_ros.commands.bench_allinfocus_video_scenes import TEST_SCENES, sharp_frames
from auxfocus_ros.commands.bench_autofocus_counting import bar

FRAMES, QUICK_FRAMES = 48, 16
WIDTH_PX, HEIGHT_PX = 640, 480
STRATEGIES = {"cover": 5, "source": 1}
"""Name -> k."""
OURS: VideoMethod = "network"
THREADS = 2
GAIN_BAR_DB, RATE_BAR_HZ = 3.0, 15.0
TIMED_FROM = 5
FIGURE_SCENES = {"transverse": "table, to the side", "axial": "table, forward"}
FIGURE_FRAMES = (24, 25, 26, 27)


def run_part(options: argparse.Namespace) -> dict[str, Any]:
    """Measure and print. options: quick, seed, and pictures (a folder for example frames, or None)."""
    names = list(TEST_SCENES)[:2] if options.quick else list(TEST_SCENES)
    count = QUICK_FRAMES if options.quick else FRAMES
    lens = bench_lens(WIDTH_PX)
    rows: list[dict[str, Any]] = []
    rate: dict[str, float] = {}
    for scene in names:
        frames = sharp_frames(TEST_SCENES[scene], count, WIDTH_PX, HEIGHT_PX)
        for strategy, keep in STRATEGIES.items():
            taken = shots(frames, strategy, keep, lens, options.seed)
            examples = {number: taken[number].picture for number in (count // 3, count - 1)} if strategy == "cover" else {}
            methods = {
                method: fused_figures(frames, taken, method, lens, examples if method == OURS else None) for method in METHODS
            }
            rows.append(
                {"scene": scene, "motion": TEST_SCENES[scene].motion, "strategy": strategy, "keep": keep, "methods": methods}
            )
            if options.pictures is not None:
                save_examples(options.pictures, scene, frames, taken, examples)
        if not rate:
            rate = chain_rate(frames, "cover", STRATEGIES["cover"], options.seed)
    result = {"frames": count, "rows": rows, "chain": rate, "bars": bars(rows, rate)}
    show(result)
    return result


def bars(rows: Sequence[Mapping[str, Any]], rate: Mapping[str, float]) -> list[dict[str, Any]]:
    """Ours against the captured frame and the copy, by our strategy: in the mean of each kind of motion."""
    found = []
    ours = [row for row in rows if row["strategy"] == "cover"]
    for motion in dict.fromkeys(row["motion"] for row in ours):
        of_motion = [row["methods"] for row in ours if row["motion"] == motion]
        for rival, what, least in (("none", "captured frame", GAIN_BAR_DB), ("copy", "copy of the frame before", 0.0)):
            gain = float(np.mean([methods[OURS]["psnr_db"] - methods[rival]["psnr_db"] for methods in of_motion]))
            found.append(bar(f"{motion}: fused frame above the {what}", gain, least, ">=", unit="dB"))
        more = float(np.mean([methods[OURS]["in_focus"] - methods["none"]["in_focus"] for methods in of_motion]))
        found.append(bar(f"{motion}: share in focus above the captured frame's", more, 0.0, ">="))
    found.append(bar(f"whole chain at {WIDTH_PX} x {HEIGHT_PX}, {THREADS} cores", rate["rate_hz"], RATE_BAR_HZ, ">=", unit="Hz"))
    return found


def chain_rate(frames: Sequence[SharpFrame], name: str, keep: int, seed: int) -> dict[str, float]:
    """How fast estimator, strategy and fusion run one after another on captured frames, medians in milliseconds.

    As the node runs them: PyTorch on one thread, OpenCV on `THREADS`. cpu_ms: of a frame, all threads together.
    """
    from auxfocus_ros.allinfocus.strategy import strategy as make
    from auxfocus_ros.allinfocus.terms import Sight
    from auxfocus_ros.commands.bench_allinfocus_cost import threads

    lens = bench_lens(frames[0].picture.shape[1])
    cpu_ms: list[float] = []
    taken = shots(frames, name, keep, lens, seed)
    spent: dict[str, list[float]] = {"strategy_ms": [], "fusion_ms": []}
    with threads(1):
        cv2.setNumThreads(THREADS)
        strategy, fuser = make(name)(task_of(frames, lens, keep)), VideoFuser(VideoOptions(method=OURS))
        next(strategy)
        for shot in taken:
            begun, begun_cpu = time.perf_counter(), time.process_time()
            look = strategy.send(Sight(shot.picture, shot.position_steps))
            between = time.perf_counter()
            fuser.add(shot.picture, look.known)
            spent["strategy_ms"].append(1e3 * (between - begun))
            spent["fusion_ms"].append(1e3 * (time.perf_counter() - between))
            cpu_ms.append(1e3 * (time.process_time() - begun_cpu))
    measured = {part: float(np.median(times[TIMED_FROM:])) for part, times in spent.items()}
    rate_hz = 1e3 / sum(measured.values())
    return {**measured, "cpu_ms": float(np.median(cpu_ms[TIMED_FROM:])), "rate_hz": rate_hz}


def figure_rows(seed: int = 0) -> list[list[tuple[str, np.ndarray]]]:
    """Figure 11 of the source on our data: rows of (caption, picture), captured frames above fused ones, for both motions.

    The strategy is 'cover' with the k that the benchmark gives it.
    """
    lens = bench_lens(WIDTH_PX)
    rows = []
    for motion, scene in FIGURE_SCENES.items():
        frames = sharp_frames(TEST_SCENES[scene], FIGURE_FRAMES[-1] + 1, WIDTH_PX, HEIGHT_PX)
        taken = shots(frames, "cover", STRATEGIES["cover"], lens, seed)
        fused = {number: taken[number].picture for number in FIGURE_FRAMES}
        fused_figures(frames, taken, OURS, lens, fused)
        rows.append([(f"{motion}, captured, frame {number}", taken[number].picture) for number in FIGURE_FRAMES])
        rows.append([(f"{motion}, fused, frame {number}", fused[number]) for number in FIGURE_FRAMES])
    return rows


def save_examples(
    folder: Path, scene: str, frames: Sequence[SharpFrame], taken: Sequence[Shot], fused: Mapping[int, np.ndarray]
) -> None:
    """Captured beside fused beside truth, a PNG for each frame of `fused`."""
    from auxfocus_ros.errors import InputError

    folder.mkdir(parents=True, exist_ok=True)
    for number, picture in fused.items():
        file = folder / f"video_{scene.replace(', ', '_').replace(' ', '_')}_{number}.png"
        if not cv2.imwrite(str(file), np.hstack([taken[number].picture, picture, frames[number].picture])):
            raise InputError(f"{file}: cannot be written")


def show(result: Mapping[str, Any]) -> None:
    """The tables."""
    from auxfocus_ros.commands.bench_autofocus_showing import print_table, table_of

    table = table_of(
        "scene", "motion", "strategy, k", *METHODS,
        title="PSNR of the fused frame, dB, and share of its pixels that were in focus where they were taken from",
    )  # fmt: skip
    for row in result["rows"]:
        cells = [f"{row['methods'][method]['psnr_db']:.2f}, {row['methods'][method]['in_focus']:.0%}" for method in METHODS]
        table.add_row(row["scene"], row["motion"], f"{row['strategy']}, {row['keep']}", *cells)
    print_table(table)
    chain = result["chain"]
    print(
        f"whole chain, {THREADS} threads: estimator and strategy {chain['strategy_ms']:.1f} ms, fusion "
        f"{chain['fusion_ms']:.1f} ms, {chain['rate_hz']:.1f} frames a second; {chain['cpu_ms']:.1f} ms of processor time a frame"
    )
