"""The parts `sim`, `gate` and `segmentation` of `auxfocus bench monodepth`: filmed worlds, whose every pixel is known."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.commands.bench_autofocus_counting import bar
from auxfocus_ros.commands.bench_monodepth_variants import (
    BUDGET,
    MASKS,
    QUICK_BUDGET,
    REGIONS,
    SEEDS,
    Run,
    errors_of,
    run_all,
)
from auxfocus_ros.commands.bench_monodepth_worlds import bench_worlds, seen_worlds

if TYPE_CHECKING:
    from auxfocus_ros.monodepth.sequence import Sequence as Pictures
    from auxfocus_ros.monodepth.training.pairs import Judges

MOVING_BAR, STANDING_BAR, ALL_BAR, GATE_BAR, CLASSES_BAR = 0.75, 0.9, 0.12, 0.9, 0.7
START = "depth_start"
"""Weights that know nothing of what can move."""


def run_part(part: str, options: argparse.Namespace) -> dict[str, Any]:
    """Measure. options: quick, processes, work."""
    return {"sim": sim_part, "gate": gate_part, "segmentation": segmentation_part}[part](options)


def show(result: Mapping[str, Any], console: Any) -> None:
    """The table of a part."""
    {"sim": _show_sim, "gate": _show_gate, "segmentation": _show_classes}[result["part"]](result, console)


def sim_part(options: argparse.Namespace) -> dict[str, Any]:
    """Three ways to mask, three seeds each."""
    from auxfocus_ros.monodepth.networks import weights_path

    worlds = bench_worlds(options)
    folders = tuple(options.work / "worlds" / one.name for one in worlds.learned)
    budget, seeds = (QUICK_BUDGET, SEEDS[:1]) if options.quick else (BUDGET, SEEDS)
    start = weights_path(START)
    place: Path = options.work / ("quick" if options.quick else "runs")
    runs = [
        Run(mask, seed, budget, folders, place / "pairs", start, place / f"{mask}_{seed}") for seed in seeds for mask in MASKS
    ]
    found: dict[str, list[dict[str, Any]]] = {mask: [] for mask in MASKS}
    for run, weights in zip(runs, run_all(runs, options.processes), strict=True):
        print(f"[bench] judging {run.mask}, seed {run.seed}", file=sys.stderr, flush=True)
        found[run.mask].append(errors_of(weights, worlds.moving, worlds.standing))
    before = errors_of(start, worlds.moving, worlds.standing)
    on_moving, on_standing = _means(found, "moving: moves"), _means(found, "standing: moves")
    everywhere = _mean(found["gate"], "moving: all"), _mean(found["gate"], "standing: all")
    bars = [
        bar("what moves, AbsRel of the gate over that of no mask", on_moving["gate"] / on_moving["never"], MOVING_BAR, "<="),
        bar(
            "the same standing, AbsRel of the gate over always masking",
            on_standing["gate"] / on_standing["always"],
            STANDING_BAR,
            "<=",
        ),
        bar("all pixels, AbsRel of the gate", float(np.mean(everywhere)), ALL_BAR, "<="),
    ]
    return {"part": "sim", "seeds": list(seeds), "budget": vars(budget), "start": before, "runs": found, "bars": bars}


def gate_part(options: argparse.Namespace) -> dict[str, Any]:
    """Every pair of the test worlds that is moving or standing in truth, as many of the one as of the other."""
    from auxfocus_ros.monodepth.evaluation.gate_truth import balanced_accuracy, pair_truths
    from auxfocus_ros.monodepth.inference.options import SegmentationNetworkOptions
    from auxfocus_ros.monodepth.inference.segmentation_estimator import load_segmentation_estimator
    from auxfocus_ros.monodepth.training.learned_pairs import PairQuestions
    from auxfocus_ros.monodepth.training.options import MonodepthTrainingOptions

    worlds = bench_worlds(options, learned=False)
    pairs = [
        (sequence, number, truth)
        for many in (worlds.moving, worlds.standing)
        for sequence in many
        for number, truth in enumerate(pair_truths(sequence))
        if truth in ("moving", "standing")
    ]
    lot = np.random.default_rng(options.seed)
    least = min(sum(pair[2] == truth for pair in pairs) for truth in ("moving", "standing"))
    chosen = [pair for truth in ("moving", "standing") for pair in _drawn([p for p in pairs if p[2] == truth], least, lot)]
    judges = PairQuestions(MonodepthTrainingOptions(), SegmentationNetworkOptions(), None).judges
    segments = load_segmentation_estimator(SegmentationNetworkOptions())
    decided: dict[str, list[Any]] = {"network": [], "given": []}
    for sequence, number, truth in chosen:
        two = slice(number, number + 2)
        seen = {"network": [segments.classes(np.asarray(one)) for one in sequence.pictures[two]], "given": sequence.classes[two]}
        for source, classes in seen.items():
            decided[source].append((truth, decided_moving(judges, classes, sequence, number)))
    rows = [{"classes": source, **vars(balanced_accuracy(pairs))} for source, pairs in decided.items()]
    bars = [bar("the gate's decision, balanced accuracy", rows[0]["accuracy"], GATE_BAR, ">=")]
    return {"part": "gate", "rows": rows, "bars": bars}


def decided_moving(judges: Judges, classes: Sequence[NDArray[np.uint8]], sequence: Pictures, first: int) -> bool:
    """The gate's verdict on a frame and the next one, by what their pixels show."""
    from auxfocus_ros.monodepth.gate import judge_pair

    settings = judges.gate
    return judge_pair(
        np.asarray(sequence.pictures[first]), np.asarray(sequence.pictures[first + 1]), classes[0], classes[1],
        camera=sequence.camera, estimator=judges.estimator, gate=settings.gate(), table=judges.table, options=settings.options,
    ).moving  # fmt: skip


def segmentation_part(options: argparse.Namespace) -> dict[str, Any]:
    """The shipped network on the first frame of every test world."""
    from auxfocus_ros.monodepth.classes import load_class_table
    from auxfocus_ros.monodepth.evaluation.segmentation import confusion_matrix, intersection_over_union, mean_iou
    from auxfocus_ros.monodepth.inference.options import SegmentationNetworkOptions
    from auxfocus_ros.monodepth.inference.segmentation_estimator import load_segmentation_estimator

    names = load_class_table().names
    worlds = seen_worlds(options)
    estimator = load_segmentation_estimator(SegmentationNetworkOptions())
    total = np.zeros((len(names), len(names)), np.int64)
    for sequence in worlds:
        assert sequence.classes is not None
        total += confusion_matrix(
            np.asarray(sequence.classes[0]), estimator.classes(np.asarray(sequence.pictures[0])), len(names)
        )
    each = dict(zip(names, intersection_over_union(total).tolist(), strict=True))
    bars = [bar("classes on unseen worlds, mean IoU", mean_iou(total), CLASSES_BAR, ">=")]
    return {"part": "segmentation", "pictures": len(worlds), "iou": each, "bars": bars}


def _drawn(pairs: list[Any], count: int, lot: np.random.Generator) -> list[Any]:
    return [pairs[index] for index in sorted(lot.choice(len(pairs), count, replace=False))]


def _mean(runs: list[dict[str, Any]], key: str) -> float:
    return float(np.mean([run[key]["abs_rel"] for run in runs]))


def _means(found: Mapping[str, list[dict[str, Any]]], key: str) -> dict[str, float]:
    return {mask: _mean(runs, key) for mask, runs in found.items()}


def _show_sim(result: Mapping[str, Any], console: Any) -> None:
    from auxfocus_ros.commands.bench_autofocus_showing import table_of

    count = len(result["seeds"])
    for world in ("moving", "standing"):
        table = table_of("mask", *(f"{region}: AbsRel" for region in REGIONS), "RMSE, all", "< 1.25, all",
                         title=f"worlds with things {world}; mean (least to most) of {count} seeds")  # fmt: skip
        rows = {"before training": [result["start"]], **result["runs"]}
        for mask, runs in rows.items():
            cells = []
            for region in REGIONS:
                values = [run[f"{world}: {region}"]["abs_rel"] for run in runs]
                cells.append(
                    f"{np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})" if len(values) > 1 else f"{values[0]:.3f}"
                )
            for figure, form in (("rmse_m", "{:.2f} m"), ("delta_1", "{:.3f}")):
                cells.append(form.format(np.mean([run[f"{world}: all"][figure] for run in runs])))
            table.add_row(mask, *cells)
        console.print(table)


def _show_gate(result: Mapping[str, Any], console: Any) -> None:
    from auxfocus_ros.commands.bench_autofocus_showing import table_of

    table = table_of("classes by", "balanced accuracy", "moving told", "standing told", "pairs", title="the gate's decision")
    for row in result["rows"]:
        shares = [f"{row[key]:.3f}" for key in ("accuracy", "moving_right", "standing_right")]
        table.add_row(row["classes"], *shares, f"{row['moving']} + {row['standing']}")
    console.print(table)


def _show_classes(result: Mapping[str, Any], console: Any) -> None:
    from auxfocus_ros.commands.bench_autofocus_showing import table_of

    table = table_of(*result["iou"], title=f"intersection over union of classes, {result['pictures']} unseen worlds")
    table.add_row(*(f"{value:.3f}" for value in result["iou"].values()))
    console.print(table)
