"""The same training with three ways to mask, in `auxfocus bench monodepth`: same sequences, start, budget and seeds.

All begin with weights that were fitted to the truth of worlds in which nothing can move, so that what is known of people, animals
and vehicles comes from the training that is judged. Depth is scaled by each frame's median over all of its pixels, also where
only things are judged.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from collections.abc import Sequence as Many
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from auxfocus_ros.learning.progress import Told
    from auxfocus_ros.monodepth.gate.options import MaskPolicy
    from auxfocus_ros.monodepth.sequence import Sequence
    from auxfocus_ros.monodepth.training.options import MonodepthTrainingOptions
    from auxfocus_ros.monodepth.training.self_supervised import TrainingParts

MASKS: tuple[MaskPolicy, ...] = ("never", "always", "gate")
SEEDS = (1, 2, 3)
CAP_M = 80.0
LEAST_PX = 60
"""Of things in a frame, for the frame to count."""
MOVED_M = 0.01
"""How far a thing goes from frame to frame, at least, to be one that moves."""
REGIONS = ("all", "rest", "can move", "moves")
"""Pixels: all; those of nothing that can move; of what can; of what does in the world in which things move."""


@dataclass(frozen=True)
class Budget:
    """Of every training alike."""

    epochs: int
    frames: int
    batch: int
    learning_rate: float


BUDGET, QUICK_BUDGET = Budget(3, 3200, 8, 6e-4), Budget(1, 16, 4, 3e-4)
SCALES = 1
"""Of depth that are compared: the start sees well enough that the finest finds its way."""


@dataclass(frozen=True)
class Run:
    """One training. worlds: folders of the sequences. pairs: where judged pairs are kept, for all runs."""

    mask: MaskPolicy
    seed: int
    budget: Budget
    worlds: tuple[Path, ...]
    pairs: Path
    start: Path
    folder: Path


def run_all(runs: Many[Run], processes: int) -> list[Path]:
    """Train each on one thread; the weights' files. What was trained before, by the same settings on the same pairs from the same
    start, is not trained again.
    """
    if processes < 2:
        return [train_one(run) for run in runs]
    shares = [replace(runs[0], worlds=runs[0].worlds[share::processes]) for share in range(processes)]
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        list(pool.map(judge_pairs, [share for share in shares if share.worlds]))
        return list(pool.map(train_one, runs))


def judge_pairs(run: Run) -> None:
    """Judge the pairs that all runs read: they are the same whatever becomes of them."""
    import torch

    from auxfocus_ros.monodepth.sequence import read_sequence
    from auxfocus_ros.monodepth.training.self_supervised import judged_frames

    torch.set_num_threads(1)
    judged_frames(_options(run), [read_sequence(path) for path in run.worlds], _parts(run), run.pairs, _told(run))


def train_one(run: Run) -> Path:
    """The weights of one run."""
    import torch

    from auxfocus_ros.learning.weights import save_weights
    from auxfocus_ros.monodepth.sequence import read_sequence
    from auxfocus_ros.monodepth.training.self_supervised import train

    torch.set_num_threads(1)
    sequences = [read_sequence(path) for path in run.worlds]
    result = train(_options(run), sequences, run.folder, resume=True, told=_told(run), parts=_parts(run))
    weights = run.folder / "depth.safetensors"
    save_weights(result.network, weights)
    return weights


def _options(run: Run) -> MonodepthTrainingOptions:
    from auxfocus_ros.monodepth.training.options import MonodepthTrainingOptions

    return MonodepthTrainingOptions(
        seed=run.seed, epochs=run.budget.epochs, frames=run.budget.frames, batch=run.budget.batch, scales=SCALES,
        learning_rate=run.budget.learning_rate, start=str(run.start), mask=run.mask, length="depth", held_out=0.05,
    )  # fmt: skip


def _parts(run: Run) -> TrainingParts:
    from auxfocus_ros.monodepth.training.self_supervised import TrainingParts

    return TrainingParts(pairs=run.pairs)


def _told(run: Run) -> Callable[[Told], None]:
    def told(one: Told) -> None:
        if one.what == "training" or one.note:
            print(
                f"[bench] {run.mask}, seed {run.seed}: {one.what} {one.done} of {one.of} {one.note}", file=sys.stderr, flush=True
            )

    return told


def errors_of(weights: Path, moving: Many[Sequence], standing: Many[Sequence]) -> dict[str, Any]:
    """All seven errors by world ('moving', 'standing') and region."""
    from dataclasses import asdict

    from auxfocus_ros.monodepth.evaluation.metrics import FrameErrors, frame_errors, mean_errors

    sees = depth_by(weights)
    found: dict[str, list[FrameErrors]] = {}
    for moves, stands in zip(moving, standing, strict=True):
        movers = moving_things(moves)
        for name, sequence in (("moving", moves), ("standing", stands)):
            assert sequence.depth_m is not None and sequence.things is not None
            depths = sees(sequence)
            for frame in range(len(sequence)):
                things = np.asarray(sequence.things[frame])
                regions = {"all": np.ones(things.shape, bool), "rest": things == 0, "can move": things > 0,
                           "moves": np.isin(things, movers)}  # fmt: skip
                for region, where in regions.items():
                    if np.count_nonzero(where) >= LEAST_PX:
                        truth = np.asarray(sequence.depth_m[frame], np.float32)
                        one = frame_errors(depths[frame], truth, cap_m=CAP_M, region=where)
                        found.setdefault(f"{name}: {region}", []).append(one)
    means = {key: mean_errors(frames) for key, frames in found.items()}
    return {key: {**asdict(mean.errors), "frames": mean.frames} for key, mean in means.items() if mean.errors is not None}


def moving_things(sequence: Sequence) -> list[int]:
    """Numbers of the things that go somewhere."""
    assert sequence.world_from_thing is not None
    way = np.linalg.norm(np.diff(sequence.world_from_thing[:, :, :3, 3], axis=0), axis=2)
    return [number + 1 for number, moves in enumerate((way > MOVED_M).any(axis=0)) if moves]


def depth_by(weights: Path) -> Any:
    """(sequence) -> (F, H, W) depth up to a factor, as its network sees the pictures at their own size."""
    from auxfocus_ros.learning.weights import load_weights
    from auxfocus_ros.monodepth.networks.depth_inference import OwnDepth
    from auxfocus_ros.monodepth.networks.depth_network import DepthNetwork

    network = OwnDepth(load_weights(DepthNetwork(), weights))
    return lambda sequence: np.stack([1.0 / network.inverse_depth(np.asarray(picture)) for picture in sequence.pictures])
