"""The training of the fusion of video from beginning to end, in two rounds.

In the first the rule decides, and the network learns from the frames that the rule meets. But what a fused frame looks like
depends on who fused the ones before; so in the second round the network itself decides, and learns from the frames that it meets.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auxfocus_ros.allinfocus.training.video_data import SequencePlan, rows, sequences
from auxfocus_ros.autofocus.training.sources import PROCEDURAL_SHARE, training_photos
from auxfocus_ros.autofocus.training.training import VALIDATION_PHOTO
from auxfocus_ros.declaration import demand_valid, parameter
from auxfocus_ros.learning.progress import Result, Told

SEQUENCES, EPOCHS = 120, 10
LENS = "gimbal_25mm_close"
BATCH, LEARNING_RATE, WEIGHT_DECAY = 8, 3e-3, 0.01
SECOND_RATE = 1.5e-3
SECONDS = "seconds.txt"
"""Beside the sequences: how long their simulation took, all runs together."""


@dataclass(frozen=True)
class VideoTrainingOptions:
    """Settings of a training. 0 sequences or epochs: as many as the shipped weights were made with."""

    seed: int = parameter(1, "of the simulation, the first weights and the order", minimum=0, maximum=2**31 - 1)
    sequences: int = parameter(0, "simulated sequences; 0: as for the shipped weights", minimum=0, maximum=1_000_000)
    epochs: int = parameter(0, "passes of each round; 0: as for the shipped weights", minimum=0, maximum=100_000)
    minutes: float = parameter(0.0, "begin no pass after this time of a round, to be resumed later; 0: no limit", minimum=0.0)

    def __post_init__(self) -> None:
        """Raise ConfigurationError with everything that is out of its range."""
        demand_valid(self, "training")


def train(
    options: VideoTrainingOptions,
    photos: Path | None,
    clips: Sequence[Path],
    folder: Path,
    *,
    resume: bool,
    told: Callable[[Told], None],
) -> Result:
    """Simulate, fit, let it fuse, fit again.

    Args:
        options: settings.
        photos: folder of photographs; None: drawn textures alone.
        clips: files of sharp clips (`video_sequences.Clip`), to be learned from too.
        folder: for sequences, rows and checkpoints; with `resume` what is there is taken up, without it all is made anew.
        resume: as said.
        told: progress.

    Raises:
        ConfigurationError: a folder or setting that cannot be; a checkpoint of something else.
    """
    from auxfocus_ros.allinfocus.networks.blend_goal import BlendGoal
    from auxfocus_ros.allinfocus.networks.blend_network import BlendNetwork, NetworkBlend
    from auxfocus_ros.learning import fitting

    files = [] if photos is None else training_photos(photos)
    kept = files[VALIDATION_PHOTO - 1 :: VALIDATION_PHOTO]
    learned = [file for file in files if file not in kept]
    count, epochs = options.sequences or SEQUENCES, options.epochs or EPOCHS
    share = PROCEDURAL_SHARE if files else 1.0
    plans = {
        "training": SequencePlan(tuple(map(str, learned)), tuple(map(str, clips)), count, options.seed, LENS, share),
        "validation": SequencePlan(
            tuple(map(str, kept)), (), max(2, count // 8), options.seed + 500_009, LENS, 0.0 if kept else 1.0
        ),
    }
    clock = folder / SECONDS
    before = float(clock.read_text(encoding="utf-8")) if resume and clock.is_file() else 0.0
    begun = time.monotonic()
    frames = {}
    for name, plan in plans.items():
        if not resume:
            (folder / f"sequences_{name}" / "plan.json").unlink(missing_ok=True)
        frames[name] = sequences(folder / f"sequences_{name}", plan, _counter(told, f"simulating, {name}"))
    spent = before + time.monotonic() - begun
    clock.write_text(f"{spent:.1f}\n", encoding="utf-8")
    network = BlendNetwork()
    past: list[Any] = []
    fitted_s = 0.0
    for number, rate in enumerate((LEARNING_RATE, SECOND_RATE), start=1):
        policy = NetworkBlend(network) if number == 2 else None
        arrays = {}
        for name, plan in plans.items():
            where = folder / f"rows_{name}_{number}"
            if not resume:
                (where / "plan.json").unlink(missing_ok=True)
            about = {**vars(plan), "epochs": epochs if policy else 0}
            arrays[name] = rows(where, frames[name], policy, about, _counter(told, f"fusing, round {number}, {name}"))
        goal = BlendGoal(arrays["training"])
        if policy is not None:
            goal.begin_with(network)
            network = BlendNetwork()
        past = fitting.fit(
            network, goal, BlendGoal(arrays["validation"]),
            fitting.Schedule(epochs, min(BATCH, goal.rows), rate, WEIGHT_DECAY),
            seed=options.seed + number, checkpoint=folder / f"video_fusion_{number}.checkpoint.safetensors", resume=resume,
            most_seconds=options.minutes * 60 if options.minutes else math.inf,
            told=_passes(told, f"training, round {number}"),
        )  # fmt: skip
        fitted_s += past[-1].seconds if past else 0.0
        if len(past) < epochs:
            break
    complete = number == 2 and len(past) == epochs
    card = {
        "model": "video_fusion",
        "architecture": network.architecture,
        "weights": sum(value.numel() for value in network.parameters()),
        "seed": options.seed,
        "sequences": count,
        "rounds": 2,
        "epochs": epochs,
        "batch": BATCH,
        "learning_rate": LEARNING_RATE,
        "lens": LENS,
        "clips": [path.stem for path in clips],
        "photos_learned_from": [file.name for file in learned],
        "photos_judged_by": [file.name for file in kept],
        "drawn_textures_share": share,
        "cores": os.cpu_count(),
        "minutes_simulating": round(spent / 60, 1),
        "minutes_training": round(fitted_s / 60, 1),
        "training_loss": past[-1].training_loss if past else None,
        "validation_loss": min((one.validation_loss for one in past), default=None),
    }
    return Result(network, card, complete)


def _passes(told: Callable[[Told], None], what: str) -> Callable[[Any], None]:
    return lambda one: told(
        Told(what, one.epoch, one.epochs, f"loss {one.training_loss:.4f}, on other photographs {one.validation_loss:.4f}")
    )


def _counter(told: Callable[[Told], None], what: str) -> Callable[[int, int], None]:
    return lambda done, of: told(Told(what, done, of))
