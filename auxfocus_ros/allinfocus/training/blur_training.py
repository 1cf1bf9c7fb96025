"""The training of the blur map network from beginning to end: which photographs, how many scenes, what is left in the folder."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from auxfocus_ros.allinfocus.training.blur_scenes import PICTURE_PX, TRUTH_CELLS, blur_scenes
from auxfocus_ros.autofocus.training.data import seconds_spent, simulated
from auxfocus_ros.autofocus.training.sources import PROCEDURAL_SHARE, Sources, training_photos
from auxfocus_ros.autofocus.training.training import VALIDATION_PHOTO
from auxfocus_ros.declaration import demand_valid, parameter
from auxfocus_ros.learning.facts import facts_of
from auxfocus_ros.learning.progress import Result, Told

MODEL = "blur_map"
SCENES, EPOCHS = 5000, 5
BATCH, LEARNING_RATE, WEIGHT_DECAY = 16, 2e-3, 0.02
MOST_VALIDATION = 400


@dataclass(frozen=True)
class BlurTrainingOptions:
    """Settings of a training. 0 scenes or epochs: as many as the shipped weights were made with."""

    seed: int = parameter(1, "of the simulation, the first weights and the order", minimum=0, maximum=2**31 - 1)
    scenes: int = parameter(0, "simulated pictures; 0: as for the shipped weights", minimum=0, maximum=1_000_000)
    epochs: int = parameter(0, "passes over the pictures; 0: as for the shipped weights", minimum=0, maximum=100_000)
    minutes: float = parameter(0.0, "begin no pass after this time of training, to be resumed later; 0: no limit", minimum=0.0)
    workers: int = parameter(0, "processes that simulate; 0: one for each core", minimum=0, maximum=256)

    def __post_init__(self) -> None:
        """Raise ConfigurationError with everything that is out of its range."""
        demand_valid(self, "training")


@dataclass(frozen=True)
class ScenePlan:
    """Of scenes with depth. It is a `data.Plan`."""

    photos: tuple[str, ...]
    rows: int
    seed: int
    procedural_share: float

    def arrays(self) -> dict[str, tuple[tuple[int, ...], Any]]:
        """Name -> (shape of a row, type)."""
        return {"picture": ((PICTURE_PX, PICTURE_PX), np.uint8), "radius_px": ((TRUTH_CELLS, TRUTH_CELLS), np.float32)}

    def values(self, seed: list[int], sources: Sources, count: int) -> Iterator[Mapping[str, Any]]:
        """Rows, name -> value, for ever the same by their seed."""
        for scene in blur_scenes(seed, sources, count):
            yield {"picture": scene.picture, "radius_px": scene.radius_px}


def train(
    options: BlurTrainingOptions, photos: Path | None, folder: Path, *, resume: bool, told: Callable[[Told], None]
) -> Result:
    """Simulate, fit, judge.

    Args:
        options: settings.
        photos: folder of photographs; None: drawn textures alone.
        folder: for the samples and the checkpoint; with `resume` what is there is taken up, without it all is made anew.
        resume: as said.
        told: progress.

    Returns:
        The trained network and what is to be said of it.

    Raises:
        ConfigurationError: a folder or setting that cannot be; a checkpoint of something else.
    """
    from auxfocus_ros.allinfocus.networks.blur_map_goal import BlurMapGoal
    from auxfocus_ros.allinfocus.networks.blur_map_network import BlurMapNetwork
    from auxfocus_ros.allinfocus.training.blur_figures import figures
    from auxfocus_ros.learning import fitting

    files = [] if photos is None else training_photos(photos)
    kept = files[VALIDATION_PHOTO - 1 :: VALIDATION_PHOTO]
    learned = [file for file in files if file not in kept]
    rows = options.scenes or SCENES
    share = PROCEDURAL_SHARE if files else 1.0
    plans = {
        "training": ScenePlan(tuple(map(str, learned)), rows, options.seed, share),
        "validation": ScenePlan(
            tuple(map(str, kept)), max(16, min(MOST_VALIDATION, rows // 8)), options.seed + 500_009, 0.0 if kept else 1.0
        ),
    }
    arrays, spent = {}, 0.0
    for name, plan in plans.items():
        where = folder / f"samples_scenes_{name}"
        if not resume:
            (where / "plan.json").unlink(missing_ok=True)

        def count(done: int, of: int, name: str = name) -> None:
            told(Told(f"simulating, {name}", done, of))

        arrays[name] = simulated(where, plan, options.workers or os.cpu_count() or 1, count)
        spent += seconds_spent(where)
    network = BlurMapNetwork()
    schedule = fitting.Schedule(options.epochs or EPOCHS, min(BATCH, rows), LEARNING_RATE, WEIGHT_DECAY)
    past = fitting.fit(
        network, BlurMapGoal(arrays["training"]), BlurMapGoal(arrays["validation"]), schedule,
        seed=options.seed, checkpoint=folder / f"{MODEL}.checkpoint.safetensors", resume=resume,
        most_seconds=options.minutes * 60 if options.minutes else math.inf,
        told=lambda one: told(Told("training", one.epoch, one.epochs, f"loss {one.training_loss:.4f}, on other photographs "
                                   f"{one.validation_loss:.4f}")),
    )  # fmt: skip
    complete = len(past) == schedule.epochs
    card = {
        "model": MODEL,
        **facts_of(network, schedule, past),
        "seed": options.seed,
        "patches": rows,
        "rows_are": f"pictures of scenes with depth, {PICTURE_PX} px each way",
        "photos_learned_from": [file.name for file in learned],
        "photos_judged_by": [file.name for file in kept],
        "drawn_textures_share": share,
        "minutes_simulating": round(spent / 60, 1),
        "figures": figures(network, arrays["validation"]) if complete else None,
    }
    return Result(network, card, complete)
