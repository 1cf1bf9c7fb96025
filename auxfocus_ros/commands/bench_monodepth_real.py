"""Real scenes in `auxfocus bench monodepth`: depth up to a factor, that by medians, beside what each row's mean depth would do.

The shipped network has never seen these cameras or places. One scene is then learned from without labels: its first frames
fine-tune the network, its last ones judge. The settings of that were chosen by the frames in between, which take part in nothing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.commands.bench_autofocus_counting import bar
from auxfocus_ros.commands.bench_monodepth_scenes import DRIVE, HANDHELD, DepthOf, RealFrame, RealScene, load_depth, real_frames
from auxfocus_ros.monodepth.evaluation.baselines import RowMeanBaseline
from auxfocus_ros.monodepth.evaluation.metrics import DepthErrors, MeanErrors, frame_errors, mean_errors
from auxfocus_ros.monodepth.training.options import MonodepthTrainingOptions

NETWORK, TUNED = "the network, never trained on it", "fine-tuned without labels"
ROWS, ROWS_BEFORE = "each row's mean depth, of these frames", "each row's mean depth, of the frames before"
LEARNED_FROM, JUDGED_BY = range(60), range(70, 100)
"""Of HANDHELD; those between chose the settings."""
FINE_TUNING = MonodepthTrainingOptions(
    epochs=6, frames=60, batch=4, learning_rate=3e-4, gap=10, pose="epipolar", length="depth", held_out=0.0, width=288, height=224
)
QUICK_FINE_TUNING = replace(FINE_TUNING, epochs=1, frames=8)
RATE_HZ = 30.0
ABS_REL_BAR = 0.20
Figures = tuple[str, MeanErrors]


def run_part(part: str, options: argparse.Namespace) -> dict[str, Any]:
    """Measure. options: quick, seed, data, network (where that is not of our kind, nothing is fine-tuned)."""
    rows: list[dict[str, Any]] = []
    sees = load_depth(options.network)
    for scene in (HANDHELD, DRIVE):
        frames = real_frames(scene, options.data, range(0, scene.frames, 8) if options.quick else None)
        if frames:
            print(f"[bench] real: {scene.name}", file=sys.stderr, flush=True)
            means = RowMeanBaseline.learnt_from((frame.depth_m for frame in frames), cap_m=scene.cap_m)
            rows += rows_of(
                scene, "all frames", [(NETWORK, errors_of(sees, frames, scene)), (ROWS, flat_errors(means, frames, scene))]
            )
    own = options.network is None or options.network.suffix == ".safetensors"
    settings = replace(QUICK_FINE_TUNING if options.quick else FINE_TUNING, seed=options.seed, start=str(options.network or ""))
    tuned = fine_tuned_rows(options.data, settings, sees) if own else []
    return {"rows": [*rows, *tuned], "fine_tuning": asdict(settings) if tuned else None, "bars": bars(tuned)}


def fine_tuned_rows(data: Path, settings: MonodepthTrainingOptions, sees: DepthOf) -> list[dict[str, Any]]:
    """HANDHELD's last frames, by the network before and after it has learned from the first ones, and by two row means."""
    learned_from, judged_by = (real_frames(HANDHELD, data, numbers) for numbers in (LEARNED_FROM, JUDGED_BY))
    if not learned_from:
        return []
    before, own = (
        RowMeanBaseline.learnt_from((frame.depth_m for frame in frames), cap_m=HANDHELD.cap_m)
        for frames in (learned_from, judged_by)
    )
    tuned = fine_tuned(learned_from, settings)
    found = [
        (NETWORK, errors_of(sees, judged_by, HANDHELD)),
        (TUNED, errors_of(tuned, judged_by, HANDHELD)),
        (ROWS_BEFORE, flat_errors(before, judged_by, HANDHELD)),
        (ROWS, flat_errors(own, judged_by, HANDHELD)),
    ]
    return rows_of(HANDHELD, f"frames {JUDGED_BY[0]} to {JUDGED_BY[-1]}", found)


def fine_tuned(frames: Sequence[RealFrame], settings: MonodepthTrainingOptions) -> DepthOf:
    """The network after it has learned from consecutive frames' pictures alone."""
    from auxfocus_ros.learning.progress import Told
    from auxfocus_ros.learning.weights import save_weights
    from auxfocus_ros.monodepth.sequence import Sequence as Filmed
    from auxfocus_ros.monodepth.training.self_supervised import train

    def say(told: Told) -> None:
        print(f"[bench] fine-tuning: {told.what} {told.done} of {told.of} {told.note}", file=sys.stderr, flush=True)

    pictures, stamps_s = np.stack([frame.picture for frame in frames]), np.arange(len(frames)) / RATE_HZ
    with tempfile.TemporaryDirectory() as folder:
        filmed = Filmed(HANDHELD.name, pictures, frames[0].camera, stamps_s)
        made = train(settings, [filmed], Path(folder) / "training", resume=False, told=say)
        save_weights(made.network, Path(folder) / "depth.safetensors")
        return load_depth(Path(folder) / "depth.safetensors")


def errors_of(sees: DepthOf, frames: Sequence[RealFrame], scene: RealScene) -> MeanErrors:
    """A network's, with median scaling frame by frame."""
    return mean_errors(frame_errors(sees(frame.picture, frame.camera), frame.depth_m, cap_m=scene.cap_m) for frame in frames)


def flat_errors(means: RowMeanBaseline, frames: Sequence[RealFrame], scene: RealScene) -> MeanErrors:
    """The rows' means, scaled alike."""
    width = frames[0].depth_m.shape[1]
    flat: NDArray[np.float64] = means.predict(width)
    return mean_errors(frame_errors(flat, frame.depth_m, cap_m=scene.cap_m) for frame in frames)


def rows_of(scene: RealScene, which: str, found: Sequence[Figures]) -> list[dict[str, Any]]:
    """For the table and for JSON."""
    return [{"scene": scene.name, "which": which, "cap_m": scene.cap_m, "what": what, **asdict(errors)} for what, errors in found]


def bars(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Of the fine-tuned network: against the better of the two row means, and as it is."""
    abs_rel = {row["what"]: row["errors"]["abs_rel"] for row in rows if row["errors"] is not None}
    if TUNED not in abs_rel:
        return []
    least = min(abs_rel[ROWS], abs_rel[ROWS_BEFORE])
    what = f"{HANDHELD.name}, last {len(JUDGED_BY)} frames, fine-tuned on the first {len(LEARNED_FROM)}: AbsRel"
    return [
        bar(what, abs_rel[TUNED], ABS_REL_BAR, "<="),
        bar(f"{what}, against the rows' mean depth", abs_rel[TUNED], least, "<"),
    ]


def show(result: Mapping[str, Any], console: Any) -> None:
    """The table."""
    from auxfocus_ros.commands.bench_autofocus_showing import table_of

    table = table_of(
        "scene", "frames", "depth cap", "depth by", "AbsRel", "SqRel", "RMSE", "RMSE log", "< 1.25", "< 1.25^2", "< 1.25^3",
        title="real scenes, median scaling frame by frame, means over frames",
    )  # fmt: skip
    before: tuple[str, ...] = ()
    for row in result["rows"]:
        if before and before != (row["scene"], row["which"]):
            table.add_section()
        before = row["scene"], row["which"]
        errors = None if row["errors"] is None else DepthErrors(**row["errors"])
        cells = ["-"] * 7 if errors is None else [
            f"{errors.abs_rel:.3f}", f"{errors.sq_rel_m:.3f} m", f"{errors.rmse_m:.3f} m", f"{errors.rmse_log:.3f}",
            f"{errors.delta_1:.3f}", f"{errors.delta_2:.3f}", f"{errors.delta_3:.3f}",
        ]  # fmt: skip
        table.add_row(row["scene"], f"{row['which']} ({row['frames']})", f"{row['cap_m']:g} m", row["what"], *cells)
    console.print(table)
