"""The training of the depth network without labels, from beginning to end: pairs judged, the fit, what is said of it."""

from __future__ import annotations

import json
import math
import zlib
from collections import Counter
from collections.abc import Callable
from collections.abc import Sequence as Many
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.learning.facts import facts_of
from auxfocus_ros.learning.progress import Result, Told
from auxfocus_ros.monodepth.inference.options import SegmentationNetworkOptions
from auxfocus_ros.monodepth.networks import weights_path
from auxfocus_ros.monodepth.networks.losses.options import LossOptions
from auxfocus_ros.monodepth.sequence import Sequence
from auxfocus_ros.monodepth.training.learned_pairs import PairQuestions, pairs_of
from auxfocus_ros.monodepth.training.learning_frames import LearningFrames, divided, learning_frames
from auxfocus_ros.monodepth.training.options import NEW_WEIGHTS, MonodepthTrainingOptions
from auxfocus_ros.monodepth.training.pair_file import fingerprint
from auxfocus_ros.monodepth.training.preparing import learning_size, prepared
from auxfocus_ros.monodepth.training.sequence_checks import check_sequence, reasons_text

MODEL = "depth"
PLAN = "plan.json"
MOST_JUDGED = 64
"""Frames that a pass is judged by, evenly from all that are held out."""
WEIGHT_DECAY = 0.01
FEW = 3
"""Sequences of whose every couple progress is told; of more it is told by sequence."""


@dataclass(frozen=True)
class TrainingParts:
    """Settings of the parts that a training is made of.

    gate: its file; None: the shipped one. pairs: where judged pairs are kept, for other trainings on the same sequences too;
    None: in the training's own folder.
    """

    losses: LossOptions = field(default_factory=LossOptions)
    segmentation: SegmentationNetworkOptions = field(default_factory=SegmentationNetworkOptions)
    gate: Path | None = None
    pairs: Path | None = None


def train(
    options: MonodepthTrainingOptions,
    sequences: Many[Sequence],
    folder: Path,
    *,
    resume: bool,
    told: Callable[[Told], None],
    parts: TrainingParts | None = None,
) -> Result:
    """Judge pairs, fit, judge.

    Args:
        options: settings.
        sequences: to learn from, without distortion, at any size.
        folder: for pairs and checkpoint; with `resume` the fit goes on from what is there.
        resume: as said.
        told: progress.
        parts: settings of loss, segmentation and gate.

    Returns:
        The trained network and what is to be said of it.

    Raises:
        ConfigurationError: a sequence of one frame or with intrinsics that cannot be its own; sequences in which there is nothing
            to learn from, and why; weights of another shape; a checkpoint of something else.
    """
    from auxfocus_ros.learning import fitting
    from auxfocus_ros.monodepth.networks.depth_network import DepthNetwork
    from auxfocus_ros.monodepth.networks.self_supervised_goal import SelfSupervisedGoal
    from auxfocus_ros.monodepth.training.figures import figures

    parts = parts or TrainingParts()
    start = start_weights(options.start)
    learned, about = judged_frames(options, sequences, parts, parts.pairs or folder / "pairs", told)
    training, judged = divided(learned, options.held_out)
    held_out = sum(map(len, judged))
    judged = _some(judged if held_out else training, MOST_JUDGED)
    plan = _plan(options, parts, about)
    _keep_plan(folder / PLAN, plan, resume)
    batch = min(options.batch, sum(map(len, training)))
    schedule = fitting.Schedule(options.epochs, batch, options.learning_rate, WEIGHT_DECAY)
    losses = replace(parts.losses, least_of_sources=options.least_of_sources)
    network = DepthNetwork()

    def goal(frames: list[LearningFrames], drawn: int) -> SelfSupervisedGoal:
        return SelfSupervisedGoal(
            frames, options.mask, losses, batch=batch, drawn=drawn, scales=options.scales, supervision=options.supervision,
            start=start,
        )  # fmt: skip

    past = fitting.fit(
        network, goal(training, max(1, options.frames // batch) * batch), goal(judged, 0), schedule,
        seed=options.seed, checkpoint=folder / f"{MODEL}.checkpoint.safetensors", resume=resume,
        most_seconds=options.minutes * 60 if options.minutes else math.inf,
        told=lambda one: told(Told("training", one.epoch, one.epochs, f"loss {one.training_loss:.4f}, on frames "
                                   f"{'held out' if held_out else 'learned from'} {one.validation_loss:.4f}")),
    )  # fmt: skip
    complete = len(past) == schedule.epochs
    card = {
        "model": MODEL,
        **facts_of(network, schedule, past),
        "seed": options.seed,
        "options": {**asdict(options), "length": options.length_by},
        "losses": asdict(losses),
        "sequences": about,
        "frames_learned_from": sum(map(len, training)),
        "frames_held_out": held_out,
        "frames_in_a_pass": max(1, options.frames // batch) * batch,
        "figures": figures(network, start, judged, held_out=bool(held_out)) if complete else None,
    }
    return Result(network, card, complete)


def start_weights(start: str) -> dict[str, Any] | None:
    """The state that a training begins with; None: a new one. Raises ConfigurationError for a file of another shape."""
    if start == NEW_WEIGHTS:
        return None
    from auxfocus_ros.learning.weights import load_weights
    from auxfocus_ros.monodepth.networks.depth_network import DepthNetwork

    network = load_weights(DepthNetwork(), Path(start).expanduser() if start else weights_path(MODEL))
    return {name: value.clone() for name, value in network.state_dict().items()}


def judged_frames(
    options: MonodepthTrainingOptions,
    sequences: Many[Sequence],
    parts: TrainingParts,
    folder: Path,
    told: Callable[[Told], None],
) -> tuple[list[LearningFrames], list[dict[str, Any]]]:
    """Target frames of every sequence that has some; what the card says of all. Errors as for `train`.

    folder: pairs that the same judges judged before are read from there, others judged and kept there. The rest as for `train`.
    """
    if not sequences:
        raise ConfigurationError("there is no sequence to learn from")
    for sequence in sequences:
        check_sequence(sequence, options.gap)
    questions = PairQuestions(options, parts.segmentation, parts.gate)
    learned: list[LearningFrames] = []
    about: list[dict[str, Any]] = []
    left_out, used = Counter[str](), 0
    for number, one in enumerate(sequences):
        sequence = prepared(one, *learning_size(one.camera, options.width, options.height))
        pairs = pairs_of(sequence, questions, folder, told if len(sequences) <= FEW else _nobody)
        left_out.update(pairs.left_out)
        used += len(pairs)
        if len(pairs):
            learned.append(learning_frames(sequence, pairs))
        about.append(
            {
                "name": sequence.name,
                "frames": len(sequence),
                "size_px": [sequence.camera.width_px, sequence.camera.height_px],
                "pairs": len(pairs),
                "moving": int(pairs.moving.sum()),
                "left_out": dict(pairs.left_out),
                "fingerprint": fingerprint(sequence),
            }
        )
        note = f"{used} pairs of {len(sequences)} sequences"
        note += f"; left out {reasons_text(left_out)}" if left_out else ""
        told(Told("judging pairs", number + 1, len(sequences), note if number + 1 == len(sequences) else ""))
    if not learned:
        names = ", ".join(f"'{one.name}'" for one in sequences[:3]) + (" and others" if len(sequences) > 3 else "")
        raise ConfigurationError(
            f"nothing can be learned from sequence {names}: all {left_out.total()} pairs are left out: {reasons_text(left_out)}; "
            "wanted a camera that moves on through a scene of which most stands"
        )
    return learned, about


def _nobody(progress: Told) -> None:
    """Who is told of each couple of many sequences."""


def _some(frames: list[LearningFrames], most: int) -> list[LearningFrames]:
    """At most so many target frames, evenly of all."""
    count = sum(map(len, frames))
    chosen = np.unique(np.linspace(0, count - 1, min(most, count)).astype(np.int64))
    ends = np.cumsum([0, *map(len, frames)])
    parts = [
        one.chosen(chosen[(chosen >= low) & (chosen < high)] - low)
        for one, low, high in zip(frames, ends[:-1], ends[1:], strict=True)
    ]
    return [one for one in parts if len(one)]


def _plan(options: MonodepthTrainingOptions, parts: TrainingParts, about: list[dict[str, Any]]) -> dict[str, Any]:
    """All that must be the same for a fit to go on, beside what its checkpoint says itself."""
    settings = asdict(options)
    for name in ("minutes", "start", "epochs", "batch", "learning_rate"):
        settings.pop(name)
    return {
        **settings,
        "start": options.start if options.start == NEW_WEIGHTS else _digest(Path(options.start or weights_path(MODEL))),
        "losses": asdict(parts.losses),
        "sequences": [f"{one['name']}: {one['fingerprint']}, {one['pairs']} pairs, {one['moving']} moving" for one in about],
    }


def _digest(path: Path) -> str:
    return f"{zlib.crc32(path.expanduser().read_bytes()):08x}"


def _keep_plan(path: Path, plan: dict[str, Any], resume: bool) -> None:
    """Write the plan, or with `resume` compare it with the one that stands there."""
    plan = json.loads(json.dumps(plan))
    if resume and path.is_file():
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ConfigurationError(f"{path}: cannot be read; begin anew, without --resume") from error
        other = [name for name in plan if found.get(name) != plan[name]]
        if other:
            said = ", ".join(
                f"{name} {found.get(name)} and not {plan[name]}" if name != "sequences" else "other sequences" for name in other
            )
            raise ConfigurationError(f"{path}: the training was begun with {said}; resume with the same, or begin anew")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(plan, indent=1) + "\n", encoding="utf-8")
