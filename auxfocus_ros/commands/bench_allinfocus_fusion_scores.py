"""How good fused pictures are: against the truth where it is known, else by what they kept of the frames."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from auxfocus_ros.allinfocus.fusion.frames import ArrayFrames, Picture
from auxfocus_ros.allinfocus.quality import psnr_db, q_abf, q_mi, q_y, ssim
from auxfocus_ros.commands.bench_allinfocus_rivals import SHOWN_ALONE, Fuse, rivals
from auxfocus_ros.commands.bench_allinfocus_scenes import FusionScene, real_stacks, truth_scenes
from auxfocus_ros.commands.bench_autofocus_counting import bar
from auxfocus_ros.commands.bench_autofocus_showing import print_table, table_of

Score = Callable[[FusionScene, Picture], float]
PSNR, SSIM = "PSNR, dB", "SSIM"
ENFUSE_BAR_DB, REAL_SHARE_BAR = 1.0, 0.8


def _against_truth(measure: Callable[[Picture, Picture], float], scene: FusionScene, fused: Picture) -> float:
    assert scene.truth is not None
    return measure(fused, scene.truth)


def _against_frames(measure: Callable[[Sequence[Picture], Picture], float], scene: FusionScene, fused: Picture) -> float:
    return measure(scene.frames, fused)


TRUTH_SCORES: dict[str, Score] = {PSNR: partial(_against_truth, psnr_db), SSIM: partial(_against_truth, ssim)}
REAL_SCORES: dict[str, Score] = {
    "Q_AB/F": partial(_against_frames, q_abf),
    "Q_MI": partial(_against_frames, q_mi),
    "Q_Y": partial(_against_frames, q_y),
}


def truth_part(options: argparse.Namespace) -> dict[str, Any]:
    """Scenes whose all-in-focus picture is known."""
    result = scored("truth", truth_scenes(options.quick, options.seed), TRUTH_SCORES)
    return {**result, "bars": truth_bars(result)}


def q_y_of_the_truth(scene: FusionScene, fused: Mapping[str, Picture]) -> dict[str, float]:
    """What Q_Y makes of the truth itself, beside what was fused: with blurred edges that spill, it need not be the highest."""
    assert scene.truth is not None
    return {name: q_y(scene.frames, picture) for name, picture in {"the truth": scene.truth, **fused}.items()}


def real_part(options: argparse.Namespace) -> dict[str, Any]:
    """Real stacks, aligned."""
    result = scored("real", real_stacks(options.data, options.quick), REAL_SCORES)
    return {"data": str(options.data), **result, "bars": real_bars(result)}


def own_methods() -> dict[str, Fuse]:
    """Ours, the default one first: it is the one that is held against the bars."""
    from auxfocus_ros.allinfocus.fusion import DEFAULT_METHOD, METHODS

    return {name: partial(fuse_by, name) for name in sorted(METHODS, key=lambda name: name != DEFAULT_METHOD)}


def fuse_by(method: str, frames: Sequence[Picture]) -> Picture:
    """By a method of ours."""
    from auxfocus_ros.allinfocus.fusion import fuse

    return fuse(ArrayFrames(frames), method).picture


def scored(part: str, scenes: Iterable[FusionScene], scores: Mapping[str, Score]) -> dict[str, Any]:
    """Fuse every scene by every method and judge it.

    Returns:
        ours: name of the method that bars are about. rivals: names of those that bars count. rows: scene, frames, size_px, by
        measure the value of each method, and with a truth q_y. means: by measure, of each method. margins: by measure, ours less
        the best rival in each scene.
    """
    own, others = own_methods(), rivals()
    if not any(name.startswith("enfuse") for name in others):
        print("[bench] enfuse is not installed (Debian, Ubuntu: apt install enfuse): its rows are left out", file=sys.stderr)
    rows = []
    for scene in scenes:
        print(f"[bench] {part}: {scene.name}", file=sys.stderr, flush=True)
        fused = {name: fuse(scene.frames) for name, fuse in {**own, **others}.items()}
        height, width = scene.frames[0].shape[:2]
        values = {measure: {name: score(scene, fused[name]) for name in fused} for measure, score in scores.items()}
        row = {"scene": scene.name, "frames": len(scene.frames), "size_px": [width, height], "scores": values}
        rows.append(row if scene.truth is None else {**row, "q_y": q_y_of_the_truth(scene, fused)})
    counted = [name for name in others if name not in SHOWN_ALONE]
    return {"ours": next(iter(own)), "rivals": counted, "rows": rows, **summary(rows, next(iter(own)), counted)}


def summary(rows: Sequence[dict[str, Any]], ours: str, others: Sequence[str]) -> dict[str, Any]:
    """Means and margins, see `scored`."""
    means: dict[str, dict[str, float]] = {}
    margins: dict[str, list[float]] = {}
    for measure, first in rows[0]["scores"].items() if rows else ():
        each = [row["scores"][measure] for row in rows]
        means[measure] = {name: float(np.mean([values[name] for values in each])) for name in first}
        margins[measure] = [values[ours] - max(values[name] for name in others) for values in each]
    return {"means": means, "margins": margins}


def truth_bars(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Above every rival on every scene, and so much above the best enfuse in the mean."""
    bars = [_share_bar(result, measure, 1.0) for measure in TRUTH_SCORES]
    means = result["means"].get(PSNR, {})
    by_enfuse = [means[name] for name in means if name.startswith("enfuse")]
    over = means[result["ours"]] - max(by_enfuse) if by_enfuse else None
    return [*bars, bar("truth: mean PSNR over the best enfuse", over, ENFUSE_BAR_DB, ">=", unit="dB")]


def real_bars(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Above every rival in the mean, and on so many scenes, by each measure."""
    bars = []
    for measure in REAL_SCORES:
        means = result["means"].get(measure)
        behind = max(means[name] for name in result["rivals"]) - means[result["ours"]] if means else None
        bars += [
            bar(f"{measure}: the best rival's mean less ours", behind, 0.0, "<"),
            _share_bar(result, measure, REAL_SHARE_BAR),
        ]
    return bars


def _share_bar(result: dict[str, Any], measure: str, share: float) -> dict[str, Any]:
    margins = result["margins"].get(measure)
    reached = 100.0 * float(np.mean(np.asarray(margins) > 0.0)) if margins else None
    return bar(f"{measure}: scenes where ours is above every rival", reached, 100.0 * share, ">=", unit="%")


def show_scores(result: dict[str, Any]) -> None:
    """A table a measure: scenes, methods, and ours less the best rival."""
    for measure, means in result["means"].items():
        digits = 2 if measure == PSNR else 4
        table = table_of("scene", "frames", *means, "ours less the best rival", title=f"{measure} (ours: {result['ours']})")
        for row, margin in zip(result["rows"], result["margins"][measure], strict=True):
            values = row["scores"][measure]
            best = max(values.values())
            cells = (f"{'[bold]' if value == best else ''}{value:.{digits}f}" for value in values.values())
            table.add_row(row["scene"], str(row["frames"]), *cells, f"{margin:+.{digits}f}")
        table.add_section()
        mean_margin = means[result["ours"]] - max(means[name] for name in result["rivals"])
        table.add_row("mean", "", *(f"{value:.{digits}f}" for value in means.values()), f"{mean_margin:+.{digits}f}")
        print_table(table)
    told = [row["q_y"] for row in result["rows"] if "q_y" in row]
    if told:
        means_y = (f"{name} {np.mean([one[name] for one in told]):.4f}" for name in told[0])
        print(f"mean Q_Y, the truth itself beside what was fused: {', '.join(means_y)}")
